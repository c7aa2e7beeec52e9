"""ninjs 1, 2 and 3 (https://iptc.org/standards/ninjs/) and what Superdesk sends: AAP, NTB, TT, CP.

::

    1  {"uri": "…", "versioncreated": "…", "headline": "…", "body_html": "…", "subject": [{"code": "…"}]}
    2  {"uri": "…", "headlines": [{"role": "main", "value": "…"}], "bodies": [{"role": "html", …}]}
    3  as 2, with versionCreated, pubStatus, edNote, altIds

Rules
-----
1. Real documents mix the versions and add names of their own behind an underscore (``body_main``);
   so keys are read without regard to case, and the best of several texts is taken: HTML, then XHTML,
   then the longest plain one.
2. A picture's description is its body, and a text's is its summary. What hangs on an item
   (``associations``) is no item of its own, but where a package has no text itself.
3. Superdesk: the identity is ``guid``, the agency ``source``, the codes ``code``.
4. Events and planning items are no news.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Found, Hint, Item
from worker.core.sources.head import Head
from worker.core.sources.instant import read_news_instant
from worker.core.sources.wire_json import Object, listed, load, name_of, names, objects, text
from worker.core.sources.wire_status import status_of
from worker.core.sources.wire_xml import iptc_code, newsml_id, number, unique
from worker.core.text.markup import text_of

_IDS = frozenset({"uri", "guid", "Uri", "GUID"})
_TYPES = frozenset({"type", "versioncreated", "versionCreated", "headline", "headlines", "body_html",
                    "body_text", "bodies", "pubstatus", "pubStatus", "headline_main", "body_main",
                    "associations", "descriptions", "renditions", "$standard"})  # fmt: skip
_NO_NEWS = frozenset({"event", "planning", "concept", "location", "person", "organisation"})
_HTML = ("html", "xhtml", "richtext")
_CAPTIONED = frozenset({"picture", "photo", "graphic", "video", "audio", "image"})


def matches(head: Head) -> str | None:
    """By keys of an item, the document itself or inside a list or an answer of an interface."""
    if head.kind != "json":
        return None
    keys = frozenset(head.keys)
    if not keys.isdisjoint(_IDS) and not keys.isdisjoint(_TYPES):
        return "ninjs"
    wraps = not keys.isdisjoint({"_items", "item", "items", "results"})
    inside = ('"versioncreated"', '"versionCreated"', '"pubstatus"', '"pubStatus"')
    return "ninjs" if wraps and any(name in head.text for name in inside) else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The items. Raises ``FeedError`` (parse_error, not_a_news_item, no_entries)."""
    found = [_lower(raw) for raw in objects(load(data), _IDS)]
    news = [raw for raw in found if not _is_no_news(raw)]
    if found and not news:
        raise FeedError("not_a_news_item", f"looks like {text(found[0], 'type') or 'event'}")
    items = [item for raw in news for item in _items(raw, hint)]
    if not items:
        raise FeedError("no_entries", "a ninjs document without items")
    return Found(items)


def _lower(raw: Object) -> Object:
    return {key.lower(): value for key, value in raw.items()}


def _is_no_news(raw: Object) -> bool:
    has_text = any(key.startswith(("body", "bodies")) for key in raw)
    return (text(raw, "type") or "").lower() in _NO_NEWS or ("eventdetails" in raw and not has_text)


def _items(raw: Object, hint: Hint) -> Iterator[Item]:
    """The item; of a package without a text, the texts that it holds."""
    item = _item(raw, hint)
    parts = [_lower(p) for p in listed(raw, "associations", "groups") if isinstance(p, Mapping)]
    texts = [part for part in parts if text(part, "uri", "guid") and _best(part, "bod")]
    if item.body is None and texts and (text(raw, "type") or "") in ("composite", "package"):
        yield from (_item(part, hint) for part in texts)
    else:
        yield item


def _item(raw: Object, hint: Hint) -> Item:
    version = text(raw, "version")
    body, described = _best(raw, "bod"), _best(raw, "description")
    if body is None and (text(raw, "type") or "").lower() in _CAPTIONED:
        body, described = described, None
    created = _moment(raw, hint, "versioncreated", "firstpublished")
    notes = names(raw, "ednote", "ednotes")
    embargo = text(raw, "embargoed")
    until = read_news_instant(embargo, hint.default_tz)
    undated = "embargo" if embargo and until is None else None
    return Item(
        guid=newsml_id(_identity(raw), version),
        link=_link(raw),
        version=version,
        title=_best(raw, "headline") or text(raw, "title", "name", "slugline"),
        summary=described,
        body=body,
        published=_moment(raw, hint, "firstcreated", "contentcreated") or created,
        updated=created,
        lang=text(raw, "language"),
        status=status_of(text(raw, "pubstatus"), *_signals(raw), undated),
        embargo_until=until,
        urgency=number(text(raw, "urgency")),
        slugline=text(raw, "slugline"),
        dateline=text(raw.get("dateline"), "text") or text(raw, "dateline"),
        byline=_plain(text(raw, "byline", "by")),
        genre=next(iter(names(raw, "genre", "genres")), None),
        located=text(raw, "located") or ", ".join(names(raw, "place", "places")[:1]) or None,
        provider=_provider(raw),
        subjects=unique(map(_subject, listed(raw, "subject", "subjects"))),
        notes=tuple(_plain(note) or "" for note in notes),
    )


def _signals(raw: Object) -> Iterator[str | None]:
    """What an item's signals are called: by name, by code, by address."""
    for one in listed(raw, "signals", "signal"):
        yield name_of(one)
        yield text(one, "code", "qcode", "uri")


def _identity(raw: Object) -> str | None:
    """``guid``, else ``uri`` without a query that names the version (AP's ``et``)."""
    found = text(raw, "guid", "uri")
    return found.partition("?")[0] if found and "et=" in found.partition("?")[2] else found


def _moment(raw: Object, hint: Hint, *fields: str) -> dt.datetime | None:
    found = (read_news_instant(text(raw, name), hint.default_tz) for name in fields)
    return next(filter(None, found), None)


def _link(raw: Object) -> str | None:
    """An address of the item, when its identity is none."""
    if text(raw, "guid") is None and text(raw, "link") is None:
        return None
    return next((v for n in ("link", "uri") if (v := text(raw, n)) and v.startswith("http")), None)


def _best(raw: Object, stem: str) -> str | None:
    """The best of all texts whose key begins so: ``body_html``, ``body``, ``bodies``."""
    plain: list[str] = []
    for key, value in raw.items():
        if key.startswith(stem):
            for role, found in _forms(key, value):
                if role.startswith(_HTML) and text_of(found):
                    return found
                plain.append(found)
    longest = max(plain, key=len, default=None)
    return _escaped(longest)


def _forms(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and value.strip():
        yield key.rpartition("_")[2], value
    for one in value if isinstance(value, list) else ():
        found = text(one, "value")
        if found:
            kind = (text(one, "contenttype", "contentType") or "").lower()
            yield "html" if "html" in kind else (text(one, "role") or "").lower(), found


def _escaped(plain: str | None) -> str | None:
    """Plain text as HTML; what is called plain and has tags is HTML."""
    if plain is None or "</" in plain or "<br" in plain or "<p>" in plain:
        return plain
    return "".join(f"<p>{_safe(part)}</p>" for part in plain.split("\n") if part.strip())


def _safe(plain: str) -> str:
    return plain.replace("&", "&amp;").replace("<", "&lt;") if "<" in plain else plain


def _plain(html: str | None) -> str | None:
    return text_of(html) if html else None


def _provider(raw: Object) -> str | None:
    credited = text(raw, "source", "creditline", "provider")
    sources = names(raw, "infosources", "infosource")
    return credited or next(iter(sources), None) or text(raw, "copyrightholder")


def _subject(value: Any) -> str | None:
    found = (
        text(value, "qcode", "code", "uri", "literal", "name")
        if isinstance(value, Mapping)
        else None
    )
    return iptc_code(found) if found else None
