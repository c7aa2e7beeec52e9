"""What a site says of its own feeds: the addresses that its page names, and what the site is called.

Rules
-----
1. A page names feeds by ``<link rel="alternate">`` with a type of feeds; where it has none, by links
   that look like one (``/feed/``, ``/rss.xml``). Relative addresses count from the page, or its ``base``.
2. Feeds of comments are none of the site's news, and come last.
3. A feed says what its site is called by the title of its channel.
4. Strangers wrote the bytes, so call this where it can be killed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from worker.core.sources.answer_paths import values_at
from worker.core.text.markup import clean

_TYPES = ("application/rss+xml", "application/atom+xml", "application/rdf+xml",
          "application/feed+json", "application/json")  # fmt: skip
_LOOKS_LIKE_FEED = re.compile(
    r"/(?:feeds?|rss|atom|index\.(?:rdf|rss))/?$|[./](?:rss|atom|feed)\.(?:xml|json)$|\.rss$",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"comment|kommentar|comentario|yorum|تعليق|نظر", re.IGNORECASE)
_FEEDS, _URL_CHARS, _NAME_CHARS, _LINKS = 20, 2000, 200, 5000


@dataclass(frozen=True, slots=True)
class Site:
    """``name``: as page or feed prints it; ``feeds``: absolute addresses, the likeliest first."""

    name: str | None = None
    feeds: tuple[str, ...] = ()


def read_site(data: bytes, base: str) -> Site:
    """What a page, or a feed, at the address ``base`` says of its site; nothing, when it is neither."""
    for path in ("channel.title", "title"):
        if found := values_at(data, path):
            return Site(_name(found[0]))
    try:
        tree = html.fromstring(data, parser=html.HTMLParser(no_network=True, huge_tree=False))
    except (etree.LxmlError, ValueError, TypeError):
        return Site()
    addresses = dict.fromkeys(_addresses(tree, base))
    feeds = sorted(addresses, key=lambda address: bool(_COMMENTS.search(address)))
    return Site(_called(tree), tuple(feeds[:_FEEDS]))


def _addresses(tree: Any, base: str) -> Iterator[str]:
    """The addresses of feeds on a page, absolute; what looks like one only where none is declared."""
    for place in tree.xpath("//base/@href")[:1]:
        base = _absolute(place, base) or base
    links = tree.xpath("//link[@rel and @href]")[:_LINKS]
    declared = [
        address
        for link in links
        if "alternate" in link.get("rel", "").lower().split()
        and link.get("type", "").partition(";")[0].strip().lower() in _TYPES
        and "wp-json" not in link.get("href", "")
        and (address := _absolute(link.get("href", ""), base))
    ]
    if declared:
        yield from declared
        return
    for anchor in tree.xpath("//a/@href")[:_LINKS]:
        address = _absolute(anchor, base)
        if address and _LOOKS_LIKE_FEED.search(urlsplit(address).path):
            yield address


def _called(tree: Any) -> str | None:
    names = tree.xpath("//meta[@property='og:site_name']/@content") or tree.xpath("//title/text()")
    return _name(str(names[0])) if names else None


def _name(text: str) -> str | None:
    return " ".join(clean(text).split())[:_NAME_CHARS].rstrip() or None


def _absolute(address: str, base: str) -> str | None:
    """The address as http(s), or None."""
    try:
        found = urljoin(base, "".join(address.split()))
        parts = urlsplit(found)
    except ValueError:
        return None
    good = parts.scheme in ("http", "https") and parts.hostname and len(found) <= _URL_CHARS
    return parts._replace(fragment="").geturl() if good else None
