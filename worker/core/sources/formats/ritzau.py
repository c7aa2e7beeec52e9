"""Ritzau's XML of Denmark: one ``RBNews``, or the answer of its queue with many.

::

    <RBNews><NewsID>…</NewsID><PublishDate>2031-05-08T14:30:00</PublishDate>
      <strapline>NU/FLASH</strapline><headline>…</headline><town>…</town><version>2</version>
      <content>&lt;p&gt;…</content><Priority>3</Priority><HistID>…</HistID><replacedID/>
      <Annuleret>false</Annuleret><Korrektion>false</Korrektion><NyVersion>false</NyVersion>

Versions share ``HistID``; ``NewsID`` is new each time, and ``replacedID`` names the one replaced.
``strapline`` is the keyword line. The text is HTML, escaped once or twice. An item without a headline
("NU/FLASH") is the first sentence of its text.
"""

from __future__ import annotations

from html import unescape

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Found, Hint, Item
from worker.core.sources.head import Head
from worker.core.sources.instant import read_news_instant
from worker.core.sources.whole_items import read_items
from worker.core.sources.wire_status import status_of
from worker.core.sources.wire_xml import Node, child, is_true, line, number, unique
from worker.core.text.markup import text_of

_ROOTS = frozenset({"rbnews", "xmlnewsqueuedresponse"})
_FLAGS = (("Annuleret", "canceled"), ("Korrektion", "correction"), ("NyVersion", "update"))
_TITLE_CHARS = 200


def matches(head: Head) -> str | None:
    """By the root."""
    return "ritzau" if head.root and head.root.name in _ROOTS else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The items. Raises ``FeedError`` (parse_error, no_entries)."""
    _, nodes, problem = read_items(data, "RBNews")
    items = [_item(node, hint) for node in nodes]
    if not items:
        raise FeedError("no_entries", "a ritzau document without items")
    return Found(items, problem, lang="da")


def _item(node: Node, hint: Hint) -> Item:
    body = _html(node, "content")
    opening = (body or "").partition("\n")[0]
    title = _html(node, "headline")
    published = read_news_instant(
        _value(node, "PublishDate"), hint.default_tz or "Europe/Copenhagen"
    )
    flags = (code for name, code in _FLAGS if is_true(_value(node, name)))
    return Item(
        guid=_value(node, "HistID") or _value(node, "NewsID"),
        version=_value(node, "version"),
        title=title
        or (opening if len(opening) <= _TITLE_CHARS else opening[: _TITLE_CHARS - 1] + "…"),
        summary=_html(node, "subtitle"),
        body=body,
        published=published,
        updated=published,
        status=status_of(*flags),
        urgency=number(_value(node, "Priority")),
        slugline=_value(node, "strapline"),
        dateline=_value(node, "town"),
        byline=_value(node, "byLine"),
        genre=_value(node, "format"),
        located=_value(node, "town"),
        provider=(_value(node, "origin") or "").strip("/ ") or None,
        subjects=unique([_value(node, "section")]),
        notes=unique([_html(node, "TilRedaktionen")]),
        plain=True,
    )


def _value(node: Node, name: str) -> str | None:
    return line(child(node, name))


def _html(node: Node, name: str) -> str | None:
    """HTML of an element as text; ``&amp;apos;`` was escaped twice."""
    found = child(node, name)
    text = text_of(found.text or "") if found is not None else ""
    return (unescape(text) if "&" in text else text) or None
