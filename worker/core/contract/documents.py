"""The files about the contract that are made from the code: schemas, AsyncAPI, docs/codebook.md.

A test compares them with what stands in docs/, and writes them when asked to
(``KABULWIRE_WRITE_DOCS=1``).
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from worker.core.contract.async_api import async_api
from worker.core.contract.codebook import Codebook, Property
from worker.core.contract.message import Message
from worker.core.contract.schema import ADAPTERS, components, json_schema, shapes

_LINE = 100
_OPENING = """\
# Codebook

What every property of every record means. An example: `casualties.killed.high` of an incident is
the largest number that the wordings in use give, in people; `null` there means that no number
bounds it ("dozens").

Made from `worker/core/contract/codebook.toml` and the code, as are the files in
[schema/](schema/). How to read the records stands in [contract.md](contract.md), how figures are
chosen in [method.md](method.md).

- Every list of values may grow. Ignore values that you do not know.
- `null` means what stands here, and never zero.
- Days and clocks are local to `zone`; instants are RFC 3339 with an offset.
- `victims`, `person`, `speaker` and quotes name people.
"""


def documents(codebook: Codebook, examples: Mapping[str, Message]) -> dict[str, str]:
    """Path below docs/ → text. ``examples``: one message for each topic, for AsyncAPI."""
    schemas: dict[str, Any] = {
        f"schema/{name}.schema.json": json_schema(name, codebook) for name in ADAPTERS
    }
    schemas["schema/asyncapi.json"] = async_api(codebook, examples)
    written = {
        name: json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        for name, value in schemas.items()
    }
    return {**written, "codebook.md": "\n".join(_page(codebook)) + "\n"}


def _page(codebook: Codebook) -> Iterator[str]:
    yield _OPENING
    yield "## Records\n"
    told: set[str] = set()
    for name in ADAPTERS:
        for record, title in zip(shapes(name), components(name, codebook, ""), strict=True):
            if title not in told:
                told.add(title)
                yield from _record(name, record, codebook)
    yield "## Values\n"
    for name, vocabulary in codebook.vocabularies.items():
        yield f"### `{name}`\n\n{_prose(f'Source: {vocabulary.source}.')}\n"
        yield from _values(vocabulary.means, vocabulary.codes)
        yield ""
    yield "## Headers\n"
    rows = [[f"`{name}`", known.description] for name, known in codebook.headers.items()]
    yield from _grid(("header", "meaning"), rows)


def _record(name: str, record: str, codebook: Codebook) -> Iterator[str]:
    title = codebook.record(record).title
    shape = components(name, codebook, "")[title]
    yield f"### {title}\n\n{_prose(codebook.record(record).meaning)}\n"
    rows = [
        _row(part, shown, codebook.property(record, part))
        for part, shown in shape["properties"].items()
    ]
    yield from _grid(("property", "type", "meaning", "unit", "null means"), rows)
    yield ""


def _row(name: str, shape: Mapping[str, Any], known: Property) -> list[str]:
    values = f" Values: [`{known.values}`](#{known.values})." if known.values is not None else ""
    return [
        f"`{name}`", _kind(shape), known.meaning + values, known.unit or "", known.null or "",
    ]  # fmt: skip


def _prose(text: str) -> str:
    return textwrap.fill(text, _LINE, break_long_words=False, break_on_hyphens=False)


def _kind(shape: Mapping[str, Any]) -> str:
    """The type in words: "list of Weapon", "date-time or null"."""
    if "$ref" in shape:
        title = str(shape["$ref"])
        return f"[{title}](#{title.lower()})"
    if "anyOf" in shape:
        return " or ".join(map(_kind, shape["anyOf"]))
    if "items" in shape:
        return f"list of {_kind(shape['items'])}"
    if "additionalProperties" in shape:
        return f"object of {_kind(shape['additionalProperties'])}"
    return str(shape.get("format") or shape.get("type"))


def _values(means: Mapping[str, str], codes: Mapping[str, str]) -> Iterator[str]:
    if not codes:
        return _grid(("value", "meaning"), ([f"`{v}`", text] for v, text in means.items()))
    if not means:
        return _grid(("type/subtype", "code"), ([f"`{v}`", code] for v, code in codes.items()))
    rows = ([f"`{v}`", text, codes[v]] for v, text in means.items())
    return _grid(("value", "meaning", "code"), rows)


def _grid(head: Iterable[str], rows: Iterable[list[str]]) -> Iterator[str]:
    names = list(head)
    yield f"| {' | '.join(names)} |"
    yield "|" + "---|" * len(names)
    for row in rows:
        yield f"| {' | '.join(row)} |"
