"""Press releases as NTB and STT hand them on (Solita): one ``release`` of HTML, or several.

::

    <release id="17854144" lang="no"><title>…</title><body>&lt;p&gt;…</body><leadtext>…</leadtext>
      <publicationDate>08.05.2031 12:00</publicationDate><embargo/><publisher id="…"><name>…</name>
"""

from __future__ import annotations

import datetime as dt
import re

from lxml import etree

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Found, Hint, Item
from worker.core.sources.head import Head
from worker.core.sources.instant import read_news_instant
from worker.core.sources.whole_items import read_items
from worker.core.sources.wire_xml import Node, attribute, child, line

_PRINTED = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d)")


def matches(head: Head) -> str | None:
    """By the root."""
    return "press-release" if head.root and head.root.name in ("release", "releases") else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The releases. Raises ``FeedError`` (parse_error, no_entries)."""
    _, nodes, problem = read_items(data, "release")
    items = [_item(node, hint) for node in nodes]
    if not items:
        raise FeedError("no_entries", "a document without releases")
    return Found(items, problem)


def _item(node: Node, hint: Hint) -> Item:
    body = child(node, "body")
    return Item(
        guid=attribute(node, "id") or line(child(node, "id")),
        link=line(child(node, "longurl")) or line(child(node, "url")),
        title=line(child(node, "title")),
        summary=line(child(node, "leadtext")),
        body=_html(body) if body is not None else None,
        published=_moment(node, "publicationDate", hint),
        embargo_until=_moment(node, "embargo", hint),
        lang=attribute(node, "lang"),
        genre="press release",
        provider=line(child(node, "publisher", "name")) or line(child(node, "publisher")),
    )


def _html(body: Node) -> str:
    """HTML that was escaped, or that stands there as elements."""
    return str(etree.tostring(body, encoding="unicode")) if len(body) else body.text or ""


def _moment(node: Node, name: str, hint: Hint) -> dt.datetime | None:
    """The day stands first: 08.05.2031 is 8 May."""
    printed = line(child(node, name))
    found = _PRINTED.fullmatch(printed or "")
    if found:
        printed = f"{found[3]}-{found[2]}-{found[1]}T{found[4]}:00"
    return read_news_instant(printed, hint.default_tz)
