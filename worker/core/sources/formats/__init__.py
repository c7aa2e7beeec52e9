"""Bytes of a feed or wire document in, entries out.

Rules
-----
1. ``parse`` raises ``FeedError`` with a reason from ``REASONS`` and nothing else, whatever the bytes.
2. A format is one module here and one line in ``FORMATS``. It knows no other format, and nothing
   else knows it. What several of them need stands beside this package, where each may import it:
   ``wire_xml`` (a tree, names, paragraphs, NITF inside NewsML, ids), ``wire_json``, ``wire_text``,
   ``wire_status`` (what codes order), ``instant`` (dates).
3. Untrusted bytes can cost minutes of processor time (an e-mail regex of feedparser is quadratic);
   whoever calls this on such bytes does so in a process that can be killed.

Theory of operation
-------------------
``read_head`` decodes the beginning once. The formats are asked in the order of the table: first about
text, bytes and JSON keys (``head.root`` is None), then about each element that may be the root, in
the order of the document. The first that says its name reads the document; ``build`` makes entries
of its items. So a page that quotes a feed stays a page, and a feed behind a warning of PHP is a feed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Protocol

from worker.core.domain.errors import FeedError
from worker.core.knowledge.notices import Notices
from worker.core.sources.entries import Found, Hint, Item, Parsed, build
from worker.core.sources.formats import (
    anpa,
    ap_media,
    cp_publish,
    digitalwires,
    iptc7901,
    json_feed,
    mail,
    news_sitemap,
    newsml_1,
    newsml_g2,
    ninjs,
    nitf,
    press_release,
    refused,
    ritzau,
    syndication,
    zczc,
)
from worker.core.sources.head import Head, read_head, read_roots
from worker.core.sources.notice import with_notices
from worker.core.sources.story import with_story

__all__ = ["FORMATS", "REASONS", "Format", "Hint", "Parsed", "parse"]

REASONS = frozenset(
    {"empty", "not_a_feed", "no_entries", "not_a_news_item", "too_many", "truncated", "parse_error"}
)
"""All reasons of a ``FeedError`` raised here."""


class Format(Protocol):
    """What a module of a format has."""

    def matches(self, head: Head) -> str | None:
        """The format's name, as entries carry it, when the document is in it; else None.

        Called many times on strange documents: look at ``head.root`` or ``head.kind`` first.
        """

    def read(self, data: bytes, head: Head, hint: Hint) -> Found:
        """The items of a document that ``matches`` took; ``data`` is all of it.

        Raises ``FeedError`` for what it refuses. Anything else that it raises becomes the
        ``FeedError`` parse_error.
        """


FORMATS: tuple[Format, ...] = (
    syndication,
    news_sitemap,
    newsml_g2,
    newsml_1,
    nitf,
    ritzau,
    press_release,
    cp_publish,
    digitalwires,
    ap_media,
    ninjs,
    json_feed,
    iptc7901,
    anpa,
    zczc,
    mail,
    refused,
)
"""In the order in which they are tried."""


def parse(
    data: bytes,
    hint: Hint,
    formats: Sequence[Format] = FORMATS,
    notices: Notices | None = None,
) -> Parsed:
    """The entries of a document, whatever its format; ``notices``: words that order what to do.

    Raises ``FeedError``: ``empty`` (no bytes), ``not_a_feed``, ``no_entries`` (a feed, nothing in
    it), ``not_a_news_item``, ``too_many``, ``truncated`` (cut off, and no item is whole),
    ``parse_error``.
    """
    if not data.strip(b" \t\r\n\x00"):
        raise FeedError("empty")
    if notices is not None:
        hint = replace(hint, months=notices.months)
    try:
        name, found = _read(data, hint, formats)
        hint = replace(hint, lang=hint.lang or found.lang)
        parsed = build(name, found, hint, _orders(notices, hint))
    except FeedError:
        raise
    except (Exception, RecursionError) as error:
        # feedparser raises OverflowError, UnicodeError, LookupError and more on hostile bytes.
        raise FeedError("parse_error", f"{type(error).__name__}: {str(error)[:200]}") from error
    if not parsed.entries and not parsed.follow:
        if parsed.problem == "truncated":
            raise FeedError("truncated", "it ends too early, and no item of it is whole")
        raise FeedError("no_entries", f"no items in this document ({name})")
    return parsed


def _orders(notices: Notices | None, hint: Hint) -> Callable[[Item], Item]:
    """What adds to an item what its words order, and which story it is of."""
    if notices is None:
        return lambda item: item
    return lambda item: with_story(with_notices(item, notices, hint), notices)


def _read(data: bytes, hint: Hint, formats: Sequence[Format]) -> tuple[str, Found]:
    """The name of the document's format, and what that found."""
    plain = read_head(data)
    for head in chain((plain,), read_roots(plain)):
        for one in formats:
            if name := one.matches(head):
                return name, one.read(data, head, hint)
    reason = "not_a_news_item" if plain.kind in ("fragment", "binary") else "not_a_feed"
    raise FeedError(reason, f"looks like {plain.kind}")
