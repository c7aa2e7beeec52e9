"""News sitemaps (https://www.google.com/schemas/sitemap-news/0.9): how AP and Reuters list news.

Rules
-----
1. Only addresses with a ``news:news`` element are entries; other addresses of a sitemap are not news.
2. An index of sitemaps has no entries. It says what to read for them: those that call themselves news
   first, then the newest, ``MAX_FOLLOWED`` at most.
3. One fault costs one entry. A sitemap that is not well-formed is read ``<url>`` by ``<url>``: a bare
   ``&``, an entity of HTML, a byte that is no character, a prefix that nobody declared are mended,
   what is left out at the end is left out.

The parser loads no external entity and no DTD; libxml2 itself refuses entity bombs and deep trees.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from lxml import etree

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Found, Hint, Item, bounded
from worker.core.sources.hardened_xml import hardened_parser
from worker.core.sources.head import Head
from worker.core.sources.instant import EARLIEST, read_news_instant

MAX_FOLLOWED = 5
_URL = re.compile(
    r"<(?:[\w.-]+:)?url(?:\s[^<>]*)?>(?:(?!<(?:[\w.-]+:)?url[\s>]).){0,50000}?</(?:[\w.-]+:)?url\s*>",
    re.DOTALL,
)
_END = re.compile(r"</(?:[\w.-]+:)?urlset\s*>")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});)")
_PREFIX = re.compile(r"[<\s/]([A-Za-z_][\w.-]{0,40}):[A-Za-z_]")
_NAMES = {"urlset": "sitemap", "sitemapindex": "sitemap-index"}


def matches(head: Head) -> str | None:
    """By the root."""
    return _NAMES.get(head.root.name) if head.root else None


def read(data: bytes, head: Head, hint: Hint) -> Found:
    """The news of a sitemap. Raises ``FeedError`` (parse_error, no_entries)."""
    problem, root = None, _whole(data)
    urls: Iterator[etree._Element]
    if root is not None:
        if _local(root) == "sitemapindex":
            return _index(root, hint)
        urls = (element for element in root.iter() if _local(element) == "url")
    else:
        text = data.decode(head.encoding or "utf-8", "replace")
        if "<sitemapindex" in text[:2000]:
            raise FeedError("parse_error", "an index of sitemaps that is not well-formed")
        problem = "ill_formed" if _END.search(text) else "truncated"
        urls = _pieces(text)
    items, cut = bounded(item for url in urls if (item := _item(url, hint)) is not None)
    if not items and problem != "truncated":
        raise FeedError("no_entries", "a sitemap without news")
    return Found(items, problem or cut)


def _whole(data: bytes) -> etree._Element | None:
    """The root of a well-formed document, else None."""
    try:
        return etree.fromstring(data.strip(), hardened_parser())
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return None


def _pieces(text: str) -> Iterator[etree._Element]:
    """Each ``<url>`` of a document that is not well-formed, read for itself and mended."""
    parser = hardened_parser()
    for found in _URL.finditer(text):
        piece = _BARE_AMPERSAND.sub("&amp;", _ENTITY.sub(_character, _CONTROL.sub("", found[0])))
        prefixes = {name for name in _PREFIX.findall(piece) if name not in ("xml", "xmlns")}
        declared = "".join(f' xmlns:{name}="urn:{name}"' for name in sorted(prefixes))
        try:
            yield etree.fromstring(f"<urlset{declared}>{piece}</urlset>", parser)[0]
        except (etree.XMLSyntaxError, ValueError):
            continue


def _character(entity: re.Match[str]) -> str:
    """What an entity of HTML stands for; those of XML stay."""
    return entity[0] if entity[1] in _OF_XML else html.unescape(entity[0])


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
