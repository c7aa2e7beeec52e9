"""JSON Schema 2020-12 of everything published, made from the very dataclasses.

Rules
-----
1. There is no second tree of models: shapes are what ``pydantic`` reads off the values that
   ``message`` encodes; words are those of the codebook.
2. Nothing is closed: an unknown property is no error, and no value of a string is one either. Known
   values are ``examples``. A generator makes no enumerated type of them, so a consumer that was
   built last year reads a value that was added today.
3. Titles are names that a generator can use; only records have one. ``$id`` is the ``ce_dataschema``
   of a message, and the file's name is the last part of it and ``.schema.json``.
4. Required is what every record has. Each is written whole, nulls and empty lists too, so that is
   every property but those that came after the first records were out (``ADDED_LATER``): what lies
   in a topic from before lacks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from worker.core.contract.codebook import Codebook, Property
from worker.core.contract.records import ARTICLE_RECORD, DEAD_LETTER, DECISION, HEARTBEAT
from worker.core.domain.snapshot import SNAPSHOT

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DEFINITIONS = "#/$defs/"
ADAPTERS: Mapping[str, TypeAdapter[Any]] = {
    "incident.v1": SNAPSHOT,
    "report.v1": ARTICLE_RECORD,
    "dead-letter.v1": DEAD_LETTER,
    "decision.v1": DECISION,
    "heartbeat.v1": HEARTBEAT,
}
"""By the name of the schema."""
ADDED_LATER: frozenset[tuple[str, str]] = frozenset(
    {
        ("PublishedReport", "retracted_by"),
        ("Statement", "replaces"),
        ("Statement", "why_derived"),
    }
)
"""(class, property) that records written by the first version of the contract lack."""


def shapes(name: str) -> dict[str, dict[str, Any]]:
    """The records of a schema by the names of their classes, the outermost first, as pydantic says."""
    whole: dict[str, Any] = ADAPTERS[name].json_schema(mode="serialization")
    parts: dict[str, dict[str, Any]] = whole.pop("$defs", {})
    return {whole["title"]: whole, **parts}


def json_schema(name: str, codebook: Codebook) -> dict[str, Any]:
    """The JSON Schema of one kind of value. Raises ``KnowledgeError`` for what is not explained."""
    first, *parts = components(name, codebook, _DEFINITIONS).items()
    whole = {"$schema": _DIALECT, "$id": f"urn:kabulwire:schema:{name}", **first[1]}
    return {**whole, "$defs": dict(parts)} if parts else whole


def components(name: str, codebook: Codebook, where: str) -> dict[str, dict[str, Any]]:
    """The records of a schema by title, the outermost first; references lead below ``where``."""
    return {
        codebook.record(record).title: _explained(record, shape, codebook, where)
        for record, shape in shapes(name).items()
    }


def _explained(
    record: str, shape: Mapping[str, Any], codebook: Codebook, where: str
) -> dict[str, Any]:
    known = codebook.record(record)
    properties = {
        name: _property(_open(value, codebook, where), codebook.property(record, name), codebook)
        for name, value in shape["properties"].items()
    }
    return {
        "title": known.title,
        "description": known.meaning,
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if (record, name) not in ADDED_LATER],
    }


def _property(shape: dict[str, Any], known: Property, codebook: Codebook) -> dict[str, Any]:
    out = {"description": known.description, **shape}
    values = list(codebook.values(known))
    if values and "items" in out:
        out["items"] = {**out["items"], "examples": values}
    elif values:
        out["examples"] = values
    return out


def _open(value: Any, codebook: Codebook, where: str) -> Any:
    """The same shape, closed to nothing and titled by nobody, with references to our titles."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in ("enum", "const", "title")}
        if kept.get("additionalProperties") is False:
            del kept["additionalProperties"]
        if "$ref" in kept:
            return {"$ref": where + codebook.record(kept["$ref"].rpartition("/")[2]).title}
        return {k: _open(v, codebook, where) for k, v in kept.items()}
    if isinstance(value, list):
        return [_open(item, codebook, where) for item in value]
    return value
