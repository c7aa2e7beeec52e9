"""The codebook and the schemas: everything explained, nothing closed, all of it as the code is."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from tests.core.published import one_of_each
from worker.config.codebook import load_codebook
from worker.core.contract.async_api import async_api
from worker.core.contract.documents import documents
from worker.core.contract.message import SCHEMAS
from worker.core.contract.schema import ADAPTERS, ADDED_LATER, components, json_schema, shapes
from worker.core.domain.vocabulary import SpeakerType, VictimClass
from worker.core.figures.decide import ATTACKERS, MIXED, PART

DOCS = Path(__file__).parents[2] / "docs"
LANGUAGES = DOCS.parent / "worker" / "core" / "lang"
CODES = DOCS.parent / "worker" / "core" / "merge" / "state" / "codes.toml"
CODEBOOK = load_codebook()


def test_documents_are_the_files_in_docs() -> None:
    """Schemas, AsyncAPI and docs/codebook.md are as the code makes them; KABULWIRE_WRITE_DOCS=1
    writes them."""
    fresh = documents(CODEBOOK, one_of_each())
    if os.environ.get("KABULWIRE_WRITE_DOCS") == "1":
        for name, text in fresh.items():
            (DOCS / name).write_text(text, encoding="utf-8")
    stored = {
        path.relative_to(DOCS).as_posix(): path.read_text("utf-8")
        for path in (*(DOCS / "schema").glob("*.json"), DOCS / "codebook.md")
    }
    assert stored == fresh


def properties() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Record, property and shape, as pydantic reads them off the dataclasses."""
    for name in ADAPTERS:
        for record, shape in shapes(name).items():
            for part, value in shape["properties"].items():
                yield record, part, value


def test_codebook_explains_what_there_is_and_nothing_else() -> None:
    """No property without an entry, no entry without a property, shared or not."""
    there = {(record, name) for record, name, _ in properties()}
    own = {(r, name) for r, rows in CODEBOOK.fields.items() if r != "shared" for name in rows}
    assert own - there == set()
    assert set(CODEBOOK.records) == {record for record, _ in there}
    for name in CODEBOOK.fields["shared"]:
        assert {r for r, n in there if n == name and (r, n) not in own}, name
    for record, name in there:
        assert CODEBOOK.property(record, name).meaning.endswith((".", "?", ")", "…")), name


def test_codebook_says_what_each_null_means_and_each_number_counts() -> None:
    """Null may stand where the shape allows it and the codebook explains it; a number has a unit."""
    for record, name, shape in properties():
        known = CODEBOOK.property(record, name)
        nullable = {"type": "null"} in shape.get("anyOf", ())
        assert nullable == (known.null is not None), f"{record}.{name}: null"
        number = '"integer"' in json.dumps(shape) or '"number"' in json.dumps(shape)
        assert number == (known.unit is not None), f"{record}.{name}: unit"


def closed(shape: Any) -> list[str]:
    """The values that a type of the code admits."""
    if isinstance(shape, dict):
        found = [*shape.get("enum", ()), *([shape["const"]] if "const" in shape else [])]
        return found + [v for part in shape.values() for v in closed(part)]
    return [v for part in shape for v in closed(part)] if isinstance(shape, list) else []


def test_codebook_lists_the_values_that_the_code_has() -> None:
    """Every `Literal` has a vocabulary with just its values; every vocabulary is used."""
    counted = 0
    for record, name, shape in properties():
        if values := closed(shape):
            counted += 1
            listed = CODEBOOK.values(CODEBOOK.property(record, name))
            assert set(values) == set(listed), f"{record}.{name}"
    assert counted > 20
    every = [*CODEBOOK.headers.values()]
    every += [known for rows in CODEBOOK.fields.values() for known in rows.values()]
    assert set(CODEBOOK.vocabularies) == {known.values for known in every if known.values}


def test_codebook_lists_what_words_are_read_as() -> None:
    """Victims and speakers: what any language's words can become is listed."""
    listed = {name: set(v.values) for name, v in CODEBOOK.vocabularies.items()}
    special = {ATTACKERS, MIXED, PART, "received_at_hospital"}
    assert listed["victim_class"] == {*get_args(VictimClass), *special}
    assert listed["speaker_type"] == set(get_args(SpeakerType))


OWN_PAIRS = {
    "weapon": {"chemical/unknown_chemical", "explosives/aerial", "vehicle/automobile"},
    "target_type": {"unknown/unknown"},
}
"""What words are read as that GTD has no code for: ours (docs/codebook.md)."""


def test_a_finer_type_stands_under_its_own_type() -> None:
    """In every language a weapon or target is a type of GTD's, or a pair that has a code or is ours."""
    codes = tomllib.loads(CODES.read_text("utf-8"))
    read: dict[str, set[str]] = {"weapon": set(), "target_type": set()}
    for path in LANGUAGES.glob("*/phrases.toml"):
        tables = tomllib.loads(path.read_text("utf-8")).get("tables", {})
        for table, values in read.items():
            values.update(tables.get(table, {}).values())
    for table, values in read.items():
        kind = table.removesuffix("_type")
        known = {*codes[f"{kind}_type"], *codes[f"{kind}_subtype"]}
        assert values - known == OWN_PAIRS[table], table


def test_codebook_has_the_codes_of_gtd_for_its_lists() -> None:
    """A value with a meaning has a code, and none of GTD's values is left out."""
    for name, vocabulary in CODEBOOK.vocabularies.items():
        if vocabulary.means and vocabulary.codes:
            assert list(vocabulary.means) == list(vocabulary.codes), name


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a document."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list):
            yield from parts(part)


@pytest.mark.parametrize("name", ADAPTERS)
def test_json_schema_closes_nothing_and_titles_records_alone(name: str) -> None:
    """No enumeration, no forbidden property; a title is a name of a class, once."""
    schema = json_schema(name, CODEBOOK)
    every = list(parts(schema))
    assert not [p for p in every if p.get("additionalProperties") is False]
    assert not [p for p in every if isinstance(p.get("enum"), list) or "const" in p]
    titles = [part["title"] for part in every if isinstance(part.get("title"), str)]
    assert len(titles) == len(set(titles)) == 1 + len(schema.get("$defs", {}))
    assert all(title.isalpha() and title[0].isupper() for title in titles)


@pytest.mark.parametrize("name", ADAPTERS)
def test_json_schema_requires_every_property_that_every_record_has(name: str) -> None:
    """What is always written is required, in parts of a record too; what came later is not."""
    made = components(name, CODEBOOK, "").values()
    for record, schema in zip(shapes(name), made, strict=True):
        later = {part for holder, part in ADDED_LATER if holder == record}
        assert set(schema["required"]) == set(schema["properties"]) - later, record


def test_json_schema_is_named_by_its_messages_and_its_file() -> None:
    """`ce_dataschema` is the `$id` of a file, whose name is its last part; it accepts the value."""
    for topic, message in one_of_each().items():
        urn = message.headers["ce_dataschema"]
        file = DOCS / "schema" / f"{urn.rpartition(':')[2]}.schema.json"
        schema = json.loads(file.read_text("utf-8"))
        assert schema["$id"] == urn
        assert urn.endswith(SCHEMAS[topic])
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(json.loads(message.value), schema)


def test_async_api_names_six_messages_and_all_of_its_parts_are_there() -> None:
    """Each channel has a message of its own name; every reference leads somewhere inside."""
    document = async_api(CODEBOOK, one_of_each())
    named = [name for c in document["channels"].values() for name in c["messages"]]
    assert len(named) == len(set(named)) == 6
    references = [part["$ref"] for part in parts(document) if "$ref" in part]
    assert len(references) > 50
    for reference in references:
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
    assert not [part for part in parts(document["components"]["schemas"]) if "$id" in part]
    assert document["servers"]["broker"]["protocol"] == "kafka"


def test_async_api_shows_each_message_with_headers_that_it_declares() -> None:
    """The example of a message has just the headers that are described, and a payload that fits."""
    document = async_api(CODEBOOK, one_of_each())
    for message in document["components"]["messages"].values():
        (example,) = message["examples"]
        assert set(example["headers"]) == set(message["headers"]["properties"])
        schema = {**message["payload"], "components": document["components"]}
        jsonschema.validate(example["payload"], schema)
