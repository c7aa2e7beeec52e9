"""JSON lines in and out of ``analyze`` and ``replay``: one document a line, one answer a line.

A line is ``{id, title, text | html, outlet?, agency?, url?, lang?, published?}``; replaying also reads
``version, first_seen, updated, status``. Title or text alone is enough.

Rules
-----
1. ``id`` comes back as it was given. A line without one is called after its number.
2. A time is whatever a person or program writes (RFC 3339, RFC 2822, "8 May 2019", seconds since
   1970); without an offset it is local time of the profile; what cannot be read is absent.
3. Wrong types of title, text or html are errors of the line; of anything else, absence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from worker.core.domain.document import Document
from worker.core.domain.errors import InputError
from worker.core.domain.vocabulary import EntryStatus
from worker.core.sources.instant import read_instant

_STATUSES = frozenset(get_args(EntryStatus))
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Line:
    """One input line: the id as given, and the document or why there is none."""

    given_id: Any
    document: Document | None
    error: str | None = None
    fields: Mapping[str, Any] | None = None
    """The whole object, for callers that read more than a document."""


def read_line(text: str | bytes, number: int, zone: str) -> Line:
    """The document of one JSON line; never raises. ``number`` names a line without ``id``."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Line(None, None, f"not_json: {str(error)[:200]}")
    if not isinstance(fields, dict):
        return Line(None, None, "not_an_object: a line holds one JSON object")
    given = fields.get("id")
    try:
        return Line(given, document_of(fields, number, zone), fields=fields)
    except InputError as error:
        return Line(given, None, str(error), fields)


def document_of(fields: Mapping[str, Any], number: int, zone: str) -> Document:
    """The document that ``fields`` describe. Raises ``InputError`` (bad_field, no_text)."""
    title, text, html = (_words(fields, key) for key in ("title", "text", "html"))
    if not any((title, text, html)):
        raise InputError("no_text", "a line needs title, text or html")
    given = fields.get("id")
    version = fields.get("version")
    status = _optional(fields, "status")
    first_seen = read_instant(fields.get("first_seen"), zone)
    published = read_instant(fields.get("published"), zone, first_seen)
    return Document(
        article_id=f"line-{number}" if given is None or given == "" else str(given),
        version=version if isinstance(version, int) and version > 0 else 1,
        title=title,
        text=None if html else text or "",
        html=html.encode("utf-8", "replace") if html else None,
        charset="utf-8" if html else None,
        outlet=_optional(fields, "outlet"),
        agency=_optional(fields, "agency"),
        url=_optional(fields, "url"),
        lang=_optional(fields, "lang"),
        published=published,
        published_basis="feed" if published else "none",
        updated=read_instant(fields.get("updated"), zone, first_seen),
        first_seen=first_seen,
        status=cast("EntryStatus", status) if status in _STATUSES else "new",
    )


def _words(fields: Mapping[str, Any], key: str) -> str | None:
    value = fields.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InputError("bad_field", f"{key} must be a string")
    if _SURROGATE.search(value):
        raise InputError("bad_field", f"{key} holds half a surrogate pair")
    return value


def _optional(fields: Mapping[str, Any], key: str) -> str | None:
    value = fields.get(key)
    return value if isinstance(value, str) and value.strip() else None
