r"""dpa digitalwires JSON (``"format": "digitalwires@0.9.1"``), alone or in the answer of a wireQ.

::

    {"format": "digitalwires@1.0.0", "urn": "urn:newsml:dpa.com:20090101:310508-99-1", "version": 2,
     "pubstatus": "usable", "signal": "sig:correction", "embargoed": null, "urgency": 3,
     "kicker": "…", "headline": "…", "article_html": "<section class=\"main\">…",
     "ednotes": [{"role": "dpaednoterole:correctionshort", "ednote": "…"}], "categories": […]}

Rules
-----
1. The identity is the urn, the same as in dpa's NewsML-G2. ``entry_id`` changes with every version.
2. A picture has a caption and no article. Boxes with links are no part of the text.
3. Contacts and closing lines ("dpa kre/su yysw a3") are notes of no use to anybody here.
"""

from __future__ import annotations

from typing import Any

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Found, Hint, Item
from worker.core.sources.head import Head
from worker.core.sources.instant import read_news_instant
from worker.core.sources.wire_json import Object, listed, load, name_of, objects, text
from worker.core.sources.wire_status import status_of
from worker.core.sources.wire_xml import iptc_code, newsml_id, number, unique
from worker.core.text.markup import text_of

_KEYS = frozenset({"urn", "entry_id"})
_MARKS = ('"article_html"', '"ednotes"', '"version_created"')
_NOT_TOLD = ("contacts", "closingline", "contact")


def matches(head: Head) -> str | None:
    """By the format's own name, or by keys that no other has together."""
    if head.kind != "json":
        return None
    named = '"digitalwires@' in head.text
    return "digitalwires" if named or all(mark in head.text for mark in _MARKS) else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The items. Raises ``FeedError`` (parse_error, no_entries)."""
    items = [_item(raw, hint) for raw in objects(load(data), _KEYS)]
    if not items:
        raise FeedError("no_entries", "a digitalwires document without items")
    return Found(items)


def _item(raw: Object, hint: Hint) -> Item:
    version = text(raw, "version")
    created = read_news_instant(
        text(raw, "version_created") or text(raw, "updated"), hint.default_tz
    )
    until = read_news_instant(text(raw, "embargoed"), hint.default_tz)
    undated = "embargo" if text(raw, "embargoed") and until is None else None
    categories = listed(raw, "categories")
    codes = [text(c, "qcode") for c in categories]
    signals = [c for c in codes if c and c.startswith(("sig:", "stat:"))]
    body, described = text(raw, "article_html"), _caption(raw)
    teaser = text(raw, "teaser")
    return Item(
        guid=newsml_id(text(raw, "urn", "entry_id"), version),
        version=version,
        title=text(raw, "headline", "kicker"),
        summary=teaser,
        body=body or described,
        published=created,
        updated=created,
        lang=text(raw, "language"),
        status=status_of(text(raw, "pubstatus"), text(raw, "signal"), *signals, undated),
        embargo_until=until,
        urgency=number(text(raw, "urgency")),
        slugline=text(raw, "kicker") or ", ".join(_strings(raw, "keyword_names")[:3]) or None,
        dateline=text(raw, "dateline"),
        byline=text(raw, "byline"),
        genre=next(iter(_strings(raw, "genre_names")), None),
        located=next(iter(_strings(raw, "geosubject_names")), None),
        provider=text(raw, "creditline"),
        subjects=unique(_subject(c) for c in categories),
        notes=tuple(_notes(raw)),
    )


def _strings(raw: Object, name: str) -> list[str]:
    return [found for value in listed(raw, name) if (found := name_of(value))]


def _caption(raw: Object) -> str | None:
    found = [text(d, "description", "name", "value") or "" for d in listed(raw, "descriptions")]
    return max(found, key=len, default=None) or None


def _notes(raw: Object) -> list[str]:
    """What editors are told: the notes, without contacts."""
    notes = []
    for one in listed(raw, "ednotes"):
        role = (text(one, "role") or "").rpartition(":")[2]
        told = text(one, "ednote") or (one if isinstance(one, str) else None)
        if told and role not in _NOT_TOLD:
            notes.append(text_of(told))
    return notes


def _subject(category: Any) -> str | None:
    code = text(category, "qcode")
    if code is None or not code.startswith(("medtop:", "subj:", "dpasubject:")):
        return None
    return iptc_code(code)
