"""NITF 2 and 3 (https://iptc.org/standards/nitf/): AP, AAP, PA, NTB, EFE, ANSA.

::

    <nitf><head><docdata management-status="usable">
        <doc-id id-string="…"/> <urgency ed-urg="3"/> <date.issue norm="20310508T101500Z"/>
        <evloc city="…" iso-cc="…"/> <ed-msg info="…"/> <du-key key="…" version="2"/>
      <body><body.head> hedline, byline, dateline, abstract <body.content> <p> …

Rules
-----
1. The identity is ``doc-id`` without the version that some write behind it, told by ``du-key``. The key
   itself is none: "NU-FLASH" comes every day.
2. ``management-doc-idref`` with a cancelled status names the item that is withdrawn; ``correction``
   the one that this one corrects.
3. ``date.release`` is an embargo when the status says so or when it is after ``date.issue``.
4. Dates stand in ``norm``. What is printed beside it may be wrong (EFE says so itself).
5. A picture without a text is its caption.
"""

from __future__ import annotations

import datetime as dt
import re

from worker.core.sources.entries import Found, Hint, Item
from worker.core.sources.head import Head
from worker.core.sources.instant import read_news_instant
from worker.core.sources.wire_status import status_of
from worker.core.sources.wire_xml import (
    Node,
    attribute,
    child,
    children,
    iptc_code,
    lang_of,
    line,
    newsml_id,
    nitf_text,
    number,
    read_tree,
    spaced,
    unique,
    within,
    without_revision,
)

_SLUGS = frozenset({"slug", "slugline", "ntbstikkord", "slugword"})
_BEHIND = re.compile(r"_(\d{1,4})$")
_PLACE = ("city", "state-prov", "county-dist", "region", "iso-cc")


def matches(head: Head) -> str | None:
    """By the root."""
    return "nitf" if head.root and head.root.name == "nitf" else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The one item of a document. Raises ``FeedError`` (parse_error)."""
    root = read_tree(data)
    nitf = next(within(root, "nitf"), root)
    return Found([_item(nitf, hint)])


def _item(root: Node, hint: Hint) -> Item:
    head, top = child(root, "head"), child(root, "body", "body.head")
    data = next(within(head, "docdata"), None)
    key = child(data, "du-key")
    issued, released = (_moment(data, name, hint) for name in ("date.issue", "date.release"))
    written = _moment(root, "story.date", hint)
    corrected = child(data, "correction")
    correction = "correction" if corrected is not None else None
    status = status_of(attribute(data, "management-status"), correction)
    delayed = released is not None and issued is not None and released > issued
    other = attribute(data, "management-doc-idref")
    gone = status_of(
        attribute(data, "management-idref-status") or attribute(data, "management-status")
    )
    named = other if gone == "kill" else attribute(corrected, "id-string")
    subjects = within(head, "tobject.subject")
    own = attribute(child(data, "doc-id"), "id-string")
    return Item(
        guid=_identity(own, attribute(key, "version")),
        version=attribute(key, "version") or attribute(key, "generation"),
        title=_title(root),
        summary=line(child(top, "abstract")),
        body=nitf_text(root),
        published=issued or written or released,
        updated=issued,
        lang=attribute(root, "baselang") or lang_of(root) or lang_of(child(root, "body")),
        status=status,
        embargo_until=released if delayed or status == "embargo" else None,
        withdraws=without_revision(named) if named != own else None,
        urgency=number(attribute(child(data, "urgency"), "ed-urg")),
        slugline=_slugline(head, data),
        dateline=line(child(top, "dateline")),
        byline=spaced(child(top, "byline")),
        genre=attribute(next(within(head, "tobject.property"), None), "tobject.property.type"),
        located=_located(data) or line(child(top, "dateline", "location")),
        provider=_provider(data, top),
        subjects=unique(map(_subject, subjects)),
        notes=unique(
            (*(attribute(m, "info") for m in children(data, "ed-msg")), line(child(top, "note")))
        ),
        plain=True,
    )


def _identity(printed: str | None, version: str | None) -> str | None:
    behind = _BEHIND.search(printed or "")
    if printed and behind and version and version.isascii() and version.isdecimal():
        if int(version[:9]) - int(behind[1]) in (0, 1):
            return printed[: behind.start()]
    return newsml_id(printed)


def _title(root: Node) -> str | None:
    heads = (
        *within(root, "hl1"),
        *within(root, "hedline", "headline"),
        child(root, "head", "title"),
    )
    return next(filter(None, map(line, heads)), None)


def _moment(node: Node | None, name: str, hint: Hint) -> dt.datetime | None:
    found = next(within(node, name), None)
    return read_news_instant(attribute(found, "norm"), hint.default_tz)


def _slugline(head: Node | None, data: Node | None) -> str | None:
    for meta in children(head, "meta"):
        if (meta.get("name") or "").lower() in _SLUGS and attribute(meta, "content"):
            return attribute(meta, "content")
    keys = unique(attribute(k, "key") or line(k) for k in within(data, "keyword"))
    return ", ".join(keys) or attribute(child(data, "du-key"), "key")


def _located(data: Node | None) -> str | None:
    place = child(data, "evloc")
    return ", ".join(unique(attribute(place, name) for name in _PLACE)) or None


def _provider(data: Node | None, top: Node | None) -> str | None:
    return (
        spaced(child(top, "distributor"))
        or attribute(next(within(data, "from-src"), None), "src-name")
        or attribute(child(data, "doc-id"), "regsrc")
        or attribute(child(data, "doc.copyright"), "holder")
    )


def _subject(node: Node) -> str | None:
    return iptc_code(attribute(node, "tobject.subject.refnum") or "") or None
