"""Subscription lists (OPML) as feed readers export them: which feeds, under which headings.

Rules
-----
1. Nothing is fetched: listparser gets bytes. A str that begins with ``http://`` it would ask for.
2. A list must be well-formed. listparser reads it with a parser of HTML, which repairs whatever it
   meets and says nothing; of a list that was cut off, half would be imported.
3. A list that declares entities is refused: no reader writes them, and a few nested ones are enough
   to fill a machine.
4. A long ``category`` costs listparser the square of its length; whoever calls this on bytes of
   strangers does so in a process that can be killed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import listparser
from lxml import etree

from worker.core.domain.errors import FeedError
from worker.core.sources.hardened_xml import hardened_parser

MAX_FEEDS = 2000


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed of a list: everything as written. ``category``: headings from the outermost in."""

    url: str
    title: str
    category: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubscriptionList:
    """``lists`` are addresses of further lists that this one includes."""

    feeds: tuple[Subscription, ...]
    lists: tuple[str, ...] = ()


def read_subscriptions(data: bytes) -> SubscriptionList:
    """The feeds of an OPML document, each address once, in the order of the document.

    Raises ``FeedError``: ``empty``, ``parse_error`` (not well-formed, or with entities),
    ``not_a_feed`` (no OPML), ``no_entries``, ``too_many`` (above 2,000).
    """
    if not data.strip():
        raise FeedError("empty")
    root = _root(data)
    # Plain ASCII and no declarations: what the second parser sees is what the first one checked.
    found = listparser.parse(etree.tostring(root, encoding="ascii"))
    feeds = tuple(
        Subscription(feed["url"], feed["title"], _category(feed["categories"]))
        for feed in found["feeds"]
    )
    if not feeds:
        raise FeedError("no_entries", "an OPML document without feeds")
    if len(feeds) > MAX_FEEDS:
        raise FeedError("too_many", f"{len(feeds)} feeds, at most {MAX_FEEDS}")
    return SubscriptionList(feeds, tuple(other["url"] for other in found["lists"]))


def _root(data: bytes) -> etree._Element:
    try:
        root = etree.fromstring(data, hardened_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FeedError("parse_error", str(error)[:200]) from error
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and next(dtd.iterentities(), None) is not None:
        raise FeedError("parse_error", "the list declares entities")
    if str(root.tag).lower() != "opml":
        raise FeedError("not_a_feed", f"no OPML: the root is {str(root.tag)[:60]!r}")
    return root


def _category(categories: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Where a feed stands: listparser puts the headings around it behind what it says of itself."""
    return tuple(categories[-1]) if categories else ()
