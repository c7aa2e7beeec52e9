"""RSS 0.90 to 2.0, RDF, Atom 0.3 and 1.0, CDF: by feedparser.

Rules
-----
1. feedparser gets an ``io.BytesIO``, never bytes or str: those it takes for a path or an address
   and opens (the body ``/etc/passwd`` would be read).
2. Entries of ill-formed feeds are kept: about half of the real feeds of feed readers' test suites
   are ill-formed somewhere.
3. An export of WordPress (WXR) is RSS that carries whole articles, and beside them pages, pictures and
   drafts, which are no news.
4. Without ``sanitize_html`` and ``resolve_relative_uris``: we want text, and the sanitiser is
   quadratic in ``<!--``. Dates are read here: feedparser takes AFT for UTC.
5. feedparser is given UTF-8; it believes declarations that are wrong.
6. The words of a picture (``media:description``) are not the item's, which feedparser takes for one.
7. A relative link of RSS counts from the channel's own link: the feed may be on a CDN.
8. The summary is the richest text that an item has besides a whole article.
9. An empty ``<link/>`` is none, and no reason for feedparser to overlook the guid that is a permalink.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

import feedparser

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import LINE_BREAKS, MAX_ITEMS, Found, Hint, Item
from worker.core.sources.head import Head
from worker.core.sources.instant import read_news_instant
from worker.core.text.charset import xml_as_utf_8
from worker.core.text.markup import text_of

_HUGE_REFERENCE = re.compile(rb"&#(?:\d{8,}|[xX][0-9a-fA-F]{7,});")
_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*\?>")
_ITEM = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{2,30})", re.IGNORECASE)
_CHANNEL_LINK = re.compile(
    rb"<link>\s*(?:<!\[CDATA\[)?\s*(https?://[^\s<\]]{4,2000})", re.IGNORECASE
)
_CAPTION = re.compile(
    rb"<media:(description|title)\b[^<>]{0,200}(?:/>|>.{0,20000}?</media:\1\s*>)", re.DOTALL
)
_EMPTY_LINK = re.compile(
    rb"<link\s{0,9}/>|<link>(?:\s|<!\[CDATA\[\s{0,99}\]\]>){0,99}</link\s{0,9}>", re.IGNORECASE
)
_OWN_TEXT = re.compile(rb"<(?:description|summary|content|content:encoded)[\s>]")
_ITEM_END = re.compile(rb"</(?:[\w.-]{1,40}:)?(?:item|entry)\s*>", re.IGNORECASE)
_CLOSED = re.compile(rb"</(?:\w+:)?(?:rss|rdf|feed|channel)\s*>", re.IGNORECASE)
_WXR = b"wordpress.org/export/"
_ROOTS = {"rss": "rss", "rdf": "rdf", "feed": "atom", "channel": "cdf"}
_WHOLE = 1200
"""Characters from which the content of an item may be the whole article."""
_TEASER = re.compile(
    r"(?:\[?(?:…|\.\.\.)\]?|(?i:read more|continue reading|read the full (?:story|article))\W*)\s*"
    r"(?:</\w+>\s*)*$|(?i:the post .{0,300} appeared first on)"
)
_FIRST_APPEARED = re.compile(r"(?is)<p>\s*The post\b.{0,600}\bappeared first on\b.{0,300}</p>\s*$")
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800}


def matches(head: Head) -> str | None:
    """By the root: ``rss``, ``RDF``, ``feed``, ``channel``."""
    return _ROOTS.get(head.root.name) if head.root else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The items of a feed. Raises ``FeedError`` (not_a_feed), and whatever feedparser raises."""
    charset = _CHARSET.search(hint.content_type or "")
    text = xml_as_utf_8(data, charset[1] if charset else None)
    if text is not data:
        hint = replace(hint, content_type="application/xml; charset=utf-8")
    data, many = _first_items(_HUGE_REFERENCE.sub(b"", text))
    data = _EMPTY_LINK.sub(b"", _without_captions(data))
    try:
        feed = _parse(data, hint)
    except (UnicodeError, LookupError):
        # A declared encoding that cannot be used ("punycode"): the bytes are nearly always UTF-8.
        feed = _parse(_DECLARATION.sub(b"", data), hint)
    if not feed.get("version") and not any(e.get("link") or e.get("title") for e in feed.entries):
        raise FeedError("not_a_feed", "no version and no items")
    hint = replace(hint, base=_channel_link(data) or hint.base or hint.url)
    if _WXR in data[:4096]:
        hint = replace(hint, full_text=True)
    items = [_item(entry, hint) for entry in feed.entries if _is_published(entry)]
    problem = "too_many" if many else _problem(feed, data)
    if problem == "truncated" and not _last_is_whole(data):
        items.pop()
    return Found(items, problem, _next_hint(feed.feed), _string(feed.feed.get("language")))


def _is_published(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is for readers; only exports of WordPress say anything about it."""
    kind, status = entry.get("wp_post_type", "post"), entry.get("wp_status", "publish")
    return kind == "post" and status in ("publish", "inherit")


def _parse(data: bytes, hint: Hint) -> Any:
    headers = {"content-type": hint.content_type or "application/xml"}
    return feedparser.parse(
        io.BytesIO(data),
        response_headers=headers,
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _channel_link(data: bytes) -> str | None:
    """The address of the site that an RSS feed is of, as its channel says it."""
    item = _ITEM.search(data)
    found = _CHANNEL_LINK.search(data, 0, item.start() if item else len(data))
    return found[1].decode("ascii", "ignore") if found else None


def _without_captions(data: bytes) -> bytes:
    """The feed without titles and descriptions of pictures, in items that have their own."""
    starts = [found.start() for found in _ITEM.finditer(data)]
    if not starts or b"<media:" not in data:
        return data
    pieces = [data[: starts[0]]]
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        item = data[start:end]
        pieces.append(_CAPTION.sub(b"", item) if _OWN_TEXT.search(item) else item)
    return b"".join(pieces)


def _first_items(data: bytes) -> tuple[bytes, bool]:
    """At most ``MAX_ITEMS`` items: 100,000 tiny ones cost feedparser a minute."""
    for count, found in enumerate(_ITEM.finditer(data)):
        if count == MAX_ITEMS:
            return data[: found.start()], True
    return data, False


def _problem(feed: Any, data: bytes) -> str | None:
    if not feed.get("bozo"):
        return None
    if not _CLOSED.search(data[-4096:]):
        return "truncated"
    name = type(feed.get("bozo_exception")).__name__
    return "encoding" if "Encoding" in name or "ContentType" in name else "ill_formed"


def _last_is_whole(data: bytes) -> bool:
    """Whether the last item was closed; half of one may lack half of its figures."""
    starts = [found.start() for found in _ITEM.finditer(data)]
    return not starts or _ITEM_END.search(data, starts[-1]) is not None


def _next_hint(channel: Mapping[str, Any]) -> float | None:
    """Seconds that ``ttl`` (minutes) or ``sy:updatePeriod`` ask for, the longer of the two.

    "Once hourly" is what WordPress prints into every feed, so it says nothing of this one.
    """
    hints = []
    ttl = _number(channel.get("ttl"))
    if ttl is not None and ttl > 0:
        hints.append(ttl * 60)
    period = _PERIODS.get(str(channel.get("sy_updateperiod", "")).strip().lower())
    often = max(1.0, _number(channel.get("sy_updatefrequency")) or 1.0)
    if period and (period, often) != (_PERIODS["hourly"], 1.0):
        hints.append(period / often)
    return max(hints) if hints else None


def _number(value: Any) -> float | None:
    text = str(value).strip()
    return float(text) if re.fullmatch(r"\d{1,6}(?:\.\d{1,3})?", text) else None


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _item(entry: Mapping[str, Any], hint: Hint) -> Item:
    summary, content = _string(entry.get("summary")), _longest(entry)
    body = _body(content, summary, hint)
    # `in`, because feedparser answers a missing `updated` with `published`.
    updated = entry["updated"] if "updated" in entry else None  # noqa: SIM401
    published = entry.get("published") or updated
    return Item(
        guid=_string(entry.get("id")),
        link=_link(entry, hint.base),
        title=_string(entry.get("title")),
        summary=_richer(summary, content) if body is None else summary,
        body=body,
        published=read_news_instant(_string(published), hint.default_tz, hint.received),
        updated=read_news_instant(_string(updated), hint.default_tz, hint.received),
        lang=_string(entry.get("language")),
        outlet=_credit(entry),
    )


def _link(entry: Mapping[str, Any], base: str | None) -> str | None:
    """The address of the page. A guid in its place is one only when it is a whole address itself."""
    link = _string(entry.get("link"))
    # feedparser puts a guid where no link is; a relative link may well have the same words.
    guessed = entry.get("guidislink") is True
    if link is None or (guessed and not link.strip().startswith(("http", "//"))):
        return None
    try:
        return urljoin(base or "", LINE_BREAKS.sub("", link).strip())
    except ValueError:
        return None


def _richer(summary: str | None, content: str | None) -> str | None:
    """Of the two the one with more text, as printed."""
    content = _FIRST_APPEARED.sub("", content) if content else None
    if summary is None or content is None:
        return summary or content
    return content if len(text_of(content)) > len(text_of(summary)) else summary


def _longest(entry: Mapping[str, Any]) -> str | None:
    values = [_string(part.get("value")) for part in entry.get("content") or ()]
    return max((v for v in values if v), key=len, default=None)


def _body(content: str | None, summary: str | None, hint: Hint) -> str | None:
    """The article itself, when the feed carries it: long, and not a teaser of something longer."""
    if hint.full_text:
        return max(filter(None, (content, summary)), key=len, default=None)
    if content is None or len(content) < _WHOLE:
        return None
    content = _FIRST_APPEARED.sub("", content)
    return None if _TEASER.search(content[-400:]) else content


def _credit(entry: Mapping[str, Any]) -> str | None:
    """The outlet that an aggregator names for an item (RSS ``source``)."""
    source = entry.get("source")
    return _string(source.get("title")) if isinstance(source, Mapping) else None
