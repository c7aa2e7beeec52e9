"""News sitemaps (https://www.google.com/schemas/sitemap-news/0.9): how AP and Reuters list news.

Only addresses with a ``news:news`` element are entries; other addresses of a sitemap are not news.
An index of sitemaps has no entries. It says what to read for them: those that call themselves news
first, then the newest, ``MAX_FOLLOWED`` at most.
The parser loads no external entity and no DTD; libxml2 itself refuses entity bombs and deep trees.
"""

from __future__ import annotations

from lxml import etree

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Found, Hint, Item
from worker.core.sources.hardened_xml import hardened_parser
from worker.core.sources.head import Head
from worker.core.sources.instant import EARLIEST, read_news_instant

MAX_FOLLOWED = 5
_NAMES = {"urlset": "sitemap", "sitemapindex": "sitemap-index"}


def matches(head: Head) -> str | None:
    """By the root."""
    return _NAMES.get(head.root.name) if head.root else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The news of a sitemap. Raises ``FeedError`` (parse_error, no_entries)."""
    try:
        root = etree.fromstring(data.strip(), hardened_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FeedError("parse_error", str(error)[:200]) from error
    if _local(root) == "sitemapindex":
        return _index(root, hint)
    items = [item for url in root if (item := _item(url, hint)) is not None]
    if not items:
        raise FeedError("no_entries", "a sitemap without news")
    return Found(items)


def _index(root: etree._Element, hint: Hint) -> Found:
    listed = []
    for sitemap in root:
        fields = {_local(child): _text(child) for child in sitemap}
        address = fields.get("loc")
        if address:
            changed = read_news_instant(fields.get("lastmod"), hint.default_tz) or EARLIEST
            listed.append(("news" in address.lower(), changed, address))
    if not listed:
        raise FeedError("no_entries", "an index without sitemaps")
    listed.sort(key=lambda one: one[:2], reverse=True)
    return Found([], follow=[address for _, _, address in listed[:MAX_FOLLOWED]])


def _item(url: etree._Element, hint: Hint) -> Item | None:
    fields = {_local(child): child for child in url}
    news = fields.get("news")
    if news is None or "loc" not in fields:
        return None
    texts = {_local(child): _text(child) for child in news.iter()}
    modified = _text(fields["lastmod"]) if "lastmod" in fields else None
    return Item(
        link=_text(fields["loc"]),
        title=texts.get("title"),
        published=read_news_instant(texts.get("publication_date"), hint.default_tz, hint.received),
        updated=read_news_instant(modified, hint.default_tz, hint.received),
        lang=texts.get("language"),
        outlet=texts.get("name"),
    )


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _text(element: etree._Element) -> str | None:
    return (element.text or "").strip() or None
