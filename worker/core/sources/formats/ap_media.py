"""AP Media API (https://api.ap.org/media/v/docs): a page of the feed, or one item.

::

    {"api_version": "2.1", "data": {"items": [{"item": {
        "altids": {"itemid": "…", "etag": "…"}, "version": 3, "type": "text", "pubstatus": "usable",
        "editorialpriority": "r", "headline": "…", "slugline": "BC-AS--Blast", "ednote": "…",
        "renditions": {"nitf": {"href": "…"}}}}], "next_page": "…"}}

Rules
-----
1. The identity is ``itemid``; ``uri`` changes with every version.
2. A text's words are elsewhere, in the NITF rendition: the entry has its summary. Where a client put
   the words beside the item (``nitf.body_html``), they are the body. A picture's caption is its body.
3. ``urgency``, else AP's letter of priority.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Found, Hint, Item
from worker.core.sources.head import Head
from worker.core.sources.instant import read_news_instant
from worker.core.sources.wire_json import Object, listed, load, name_of, names, text
from worker.core.sources.wire_status import PRIORITIES, status_of
from worker.core.sources.wire_xml import number, unique

_AROUND = frozenset({"data", "item"})
_MARKS = ('"editorialpriority"', '"altids"')
_PLACE = ("city", "countryareaname", "countryname")


def matches(head: Head) -> str | None:
    """By the envelope that the interface puts around everything, or by keys of its own in an item."""
    if head.kind != "json" or not _AROUND.intersection(head.keys):
        return None
    own = "api_version" in head.keys or any(mark in head.text for mark in _MARKS)
    return "ap-media" if own else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The items. Raises ``FeedError`` (parse_error, no_entries)."""
    loaded = load(data)
    items = [_item(raw, words, hint) for raw, words in _found(loaded)]
    if not items:
        raise FeedError("no_entries", "an answer of the AP Media API without items")
    return Found(items)


def _found(loaded: Any) -> Iterator[tuple[Object, str | None]]:
    """Items, each with its words when a client has put them beside it."""
    data = loaded.get("data", loaded) if isinstance(loaded, dict) else None
    if not isinstance(data, dict):
        return
    if isinstance(data.get("item"), dict):
        yield data["item"], text(loaded.get("nitf"), "body_html", "body")
    for one in data.get("items") or ():
        if isinstance(one, dict) and isinstance(one.get("item", one), dict):
            yield one.get("item", one), text(one.get("nitf"), "body_html", "body")


def _item(raw: Object, words: str | None, hint: Hint) -> Item:
    created = read_news_instant(text(raw, "versioncreated"), hint.default_tz)
    until = read_news_instant(text(raw, "embargoed"), hint.default_tz)
    caption = text(raw, "description_caption")
    is_text = text(raw, "type") == "text"
    kinds = [name_of(one) for one in listed(raw, "editorialtypes")]
    letter = (text(raw, "editorialpriority") or "").lower()
    return Item(
        guid=text(raw.get("altids"), "itemid") or text(raw, "uri"),
        version=text(raw, "version"),
        title=text(raw, "headline", "title", "slugline"),
        summary=text(raw, "description_summary", "headline_extended"),
        body=words or text(raw, "body_html", "body_text") or (None if is_text else caption),
        published=read_news_instant(text(raw, "firstcreated"), hint.default_tz) or created,
        updated=created,
        lang=text(raw, "language"),
        status=status_of(text(raw, "pubstatus"), *map(_squeezed, kinds)),
        embargo_until=until,
        urgency=number(text(raw, "urgency")) or PRIORITIES.get(letter),
        slugline=text(raw, "slugline"),
        dateline=", ".join(unique(text(raw.get("datelinelocation"), n) for n in _PLACE)) or None,
        byline=", ".join(unique(text(b, "by", "name") for b in listed(raw, "bylines"))) or None,
        genre=text(raw, "profile"),
        located=text(raw, "located") or text(raw.get("datelinelocation"), "city"),
        provider=text(raw, "provider") or next(iter(names(raw, "infosource")), None),
        subjects=unique(map(_subject, listed(raw, "subject"))),
        notes=unique([text(raw, "ednote")]),
    )


def _squeezed(kind: str | None) -> str:
    return (kind or "").replace(" ", "")


def _subject(value: Any) -> str | None:
    code = text(value, "code")
    if code is None:
        return None
    return f"apsubject:{code}" if len(code) > 20 else f"apcategorycode:{code}"
