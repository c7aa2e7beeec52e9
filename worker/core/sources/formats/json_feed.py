"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), which feedparser 6 cannot read.

Ids are strings by the standard and numbers in the wild; both are taken. A broken item is left out,
the others stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Found, Hint, Item
from worker.core.sources.head import Head
from worker.core.sources.instant import read_news_instant

_KEYS = frozenset(
    {"version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url",
     "icon", "favicon", "author", "authors", "language", "expired", "hubs", "items"}
)  # fmt: skip


def matches(head: Head) -> str | None:
    """By the address of the standard; when that is not at the beginning (keys may be sorted), by keys
    that are all its own, the list of items among them.
    """
    if head.kind != "json":
        return None
    named = "jsonfeed.org/version" in head.text.replace("\\/", "/")
    early = head.text[0] == "{" and head.keys[:1] in (("title",), ("version",), ("items",))
    own = all(key in _KEYS or key.startswith("_") for key in head.keys)
    known = head.text[0] == "{" and own and "items" in head.keys
    return "jsonfeed" if named or known or (early and '"items"' in head.text) else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The items of a JSON Feed. Raises ``FeedError`` (parse_error, not_a_feed)."""
    try:
        feed = json.loads(data.decode(json.detect_encoding(data), "replace"))
    except (ValueError, RecursionError) as error:
        raise FeedError("parse_error", f"no JSON: {str(error)[:100]}") from error
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise FeedError("not_a_feed", "JSON without a list of items")
    items = [_item(raw, hint) for raw in feed["items"] if isinstance(raw, dict)]
    return Found(items, lang=_text(feed, "language"))


def _item(raw: Mapping[str, Any], hint: Hint) -> Item:
    body = _text(raw, "content_html") or _text(raw, "content_text")
    summary = _text(raw, "summary")
    whole = body is not None and (hint.full_text or summary is not None or len(body) > 1200)
    return Item(
        guid=_text(raw, "id"),
        link=_text(raw, "url") or _text(raw, "external_url"),
        title=_text(raw, "title"),
        summary=summary if whole else summary or body,
        body=body if whole else None,
        published=read_news_instant(_text(raw, "date_published"), hint.default_tz, hint.received),
        updated=read_news_instant(_text(raw, "date_modified"), hint.default_tz, hint.received),
        lang=_text(raw, "language"),
    )


def _text(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None
