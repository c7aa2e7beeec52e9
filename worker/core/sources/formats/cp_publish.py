"""What the editorial system of The Canadian Press hands on: ``Publish`` with one ``ContentItem``.

::

    <Publish><PublishID>…</PublishID><ContentItem>
      <SystemSlug>…</SystemSlug> <Headline>…</Headline> <SlugProper>…</SlugProper> <Credit>…</Credit>
      <UpdateNote>UPDATES: …</UpdateNote> <EmbargoTime>0001-01-01T00:00:00</EmbargoTime>
      <HoldFlag>false</HoldFlag> <TrashFlag>false</TrashFlag> <ContentText>&lt;p&gt;…</ContentText>

``SystemSlug`` is the identity of the story, ``WritethruValue`` its version. The year 1 is no embargo.
A picture has its caption for a body.
"""

from __future__ import annotations

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Found, Hint, Item
from worker.core.sources.head import Head
from worker.core.sources.instant import read_news_instant
from worker.core.sources.whole_items import read_items
from worker.core.sources.wire_status import status_of
from worker.core.sources.wire_xml import Node, child, is_true, line, unique
from worker.core.text.markup import text_of

_FLAGS = (("HoldFlag", "hold"), ("TrashFlag", "canceled"))


def matches(head: Head) -> str | None:
    """By the root."""
    return "cp-publish" if head.root and head.root.name == "publish" else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The items. Raises ``FeedError`` (parse_error, no_entries)."""
    _, nodes, problem = read_items(data, "ContentItem")
    items = [_item(node, hint) for node in nodes]
    if not items:
        raise FeedError("no_entries", "a document without content items")
    return Found(items, problem)


def _item(node: Node, hint: Hint) -> Item:
    flags = (code for name, code in _FLAGS if is_true(_value(node, name)))
    content = child(node, "ContentText")
    text = text_of(content.text or "") or None if content is not None else None
    brief = text_of(_value(node, "DirectoryText") or _value(node, "EnglishCaption") or "") or None
    version = _value(node, "WritethruValue")
    created, updated, until = (
        read_news_instant(_value(node, name), hint.default_tz)
        for name in ("CreatedDateTime", "UpdatedDateTime", "EmbargoTime")
    )
    return Item(
        guid=_value(node, "SystemSlug") or _value(node, "ContentItemID"),
        version=version,
        title=_value(node, "Headline") or _value(node, "Headline2") or _value(node, "SlugProper"),
        summary=brief if text else None,
        body=text or brief,
        published=created,
        updated=updated,
        status=status_of(*flags, "update" if version and version != "0" else None),
        embargo_until=until,
        slugline=_value(node, "SlugProper"),
        dateline=_place(node),
        byline=_value(node, "Byline"),
        genre=_value(node, "Ranking"),
        located=_place(node),
        provider=_value(node, "Credit") or _value(node, "Source"),
        subjects=unique(key.strip() for key in (_value(node, "Keyword") or "").split(",")),
        notes=unique([_value(node, "UpdateNote")]),
        plain=True,
    )


def _value(node: Node, name: str) -> str | None:
    return line(child(node, name))


def _place(node: Node) -> str | None:
    """City, province, country, any of them empty: ``Portsmere;;Westmark``."""
    return ", ".join(unique((_value(node, "Placeline") or "").split(";"))) or None
