"""Bytes of a feed or wire document in, entries out.

Rules
-----
1. ``parse`` raises ``FeedError`` with a reason from ``REASONS`` and nothing else, whatever the bytes.
2. One module a format, one line in ``TABLE``; a module turns bytes into ``Found`` and knows no other.
3. Untrusted bytes can cost minutes of processor time (an e-mail regex of feedparser is quadratic);
   whoever calls this on such bytes does so in a process that can be killed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Found, Hint, Parsed, build
from worker.core.sources.formats import json_feed, news_sitemap, sniff, syndication

__all__ = ["REASONS", "TABLE", "Hint", "Parsed", "parse"]

REASONS = frozenset(
    {"empty", "not_a_feed", "no_entries", "not_a_news_item", "too_many", "parse_error"}
)
"""All reasons of a ``FeedError`` raised here."""

TABLE: Mapping[str, Callable[[bytes, Hint], Found]] = {
    "rss": syndication.read,
    "rdf": syndication.read,
    "atom": syndication.read,
    "cdf": syndication.read,
    "sitemap": news_sitemap.read,
    "jsonfeed": json_feed.read,
}


def parse(data: bytes, hint: Hint) -> Parsed:
    """The entries of a document, whatever its format.

    Raises ``FeedError``: ``empty`` (no bytes), ``not_a_feed``, ``no_entries`` (a feed, nothing in
    it), ``not_a_news_item``, ``too_many``, ``parse_error``.
    """
    if not data.strip(b" \t\r\n\x00"):
        raise FeedError("empty")
    name = sniff.find_format(data)
    if name not in TABLE:
        reason = "not_a_news_item" if name in sniff.NO_NEWS else "not_a_feed"
        raise FeedError(reason, f"looks like {name}")
    try:
        found = TABLE[name](data, hint)
        parsed = build(name, found, replace(hint, lang=hint.lang or found.lang))
    except FeedError:
        raise
    except (Exception, RecursionError) as error:
        # feedparser raises OverflowError, UnicodeError, LookupError and more on hostile bytes.
        raise FeedError("parse_error", f"{type(error).__name__}: {str(error)[:200]}") from error
    if not parsed.entries:
        raise FeedError("no_entries", f"a {name} document without items")
    return parsed
