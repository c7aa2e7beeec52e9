"""What runs in the killable processes: parse a feed, read a subscription list, analyze a document.

Each job is a plain function over plain values; its last argument is the knowledge of the profile. The
heavy imports stand inside: the worker itself, which only names these functions, never loads a parser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.domain.document import Document, Entry
from worker.core.domain.errors import FeedError
from worker.core.domain.report import Analysis
from worker.core.knowledge.knowledge import Knowledge
from worker.core.sources.entries import Hint, Parsed
from worker.core.sources.gate import GateDecision, decide
from worker.core.sources.seen import SeenFeed

if TYPE_CHECKING:
    from worker.core.sources.answer_paths import FeedLinks
    from worker.core.sources.opml import SubscriptionList
    from worker.core.sources.site import Site

ParsedOrRefused = tuple[Parsed, tuple[GateDecision, ...]] | tuple[str, str]
"""What ``parse_document`` returns, or reason and detail of what it raised."""


@dataclass(frozen=True, slots=True)
class Places:
    """Dotted paths into an answer: the next page, the values to go on from, the documents."""

    next: str | None = None
    at: str | None = None
    items: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an API. ``refused``: number (from 1) and reason of each document left out."""

    parsed: Parsed
    gates: tuple[GateDecision, ...]
    next: str | None = None
    at: tuple[str, ...] = ()
    refused: tuple[tuple[int, str], ...] = ()


def warm_up(_knowledge: Knowledge) -> None:
    """The first job of a process: what it has to read, it reads now."""


def parse_document(
    data: bytes, hint: Hint, knowledge: Knowledge
) -> tuple[Parsed, tuple[GateDecision, ...]]:
    """The entries of a delivered document, each with what the gate says. Raises ``FeedError``."""
    from worker.core.sources.formats import parse

    parsed = parse(data, hint, notices=knowledge.notices)
    gate = knowledge.profile.gate
    return parsed, tuple(decide(entry, gate) for entry in parsed.entries)


def parse_unseen_of(
    data: bytes, hint: Hint, seen: SeenFeed | None, knowledge: Knowledge
) -> tuple[Parsed, tuple[GateDecision, ...], SeenFeed | None]:
    """The same for what a feed did not have at its last poll, and what to remember of it."""
    from worker.core.sources.unseen import parse_unseen

    parsed, now = parse_unseen(data, hint, seen, knowledge.notices)
    gate = knowledge.profile.gate
    return parsed, tuple(decide(entry, gate) for entry in parsed.entries), now


def parse_each(
    documents: tuple[bytes, ...], hint: Hint, knowledge: Knowledge
) -> tuple[ParsedOrRefused, ...]:
    """Many small documents in one job: handing a job over takes longer than parsing one of them."""
    return tuple(_parsed_or_refused(data, hint, knowledge) for data in documents)


def _parsed_or_refused(data: bytes, hint: Hint, knowledge: Knowledge) -> ParsedOrRefused:
    try:
        return parse_document(data, hint, knowledge)
    except FeedError as error:
        return error.reason, error.detail


def parse_page(data: bytes, hint: Hint, places: Places, knowledge: Knowledge) -> Page:
    """The documents of one page of an API, and where the next is. Raises ``FeedError`` when none of
    them can be read.
    """
    from worker.core.sources.answer_paths import documents_at, values_at

    following = values_at(data, places.next)[:1] if places.next else ()
    at = values_at(data, places.at) if places.at else ()
    documents = documents_at(data, places.items) if places.items else (data,)
    parsed, refused = _parse_all(documents, hint)
    if refused and len(refused) == len(documents):
        raise FeedError(refused[0][1], "none of the page's documents can be read")
    gates = tuple(decide(entry, knowledge.profile.gate) for entry in parsed.entries)
    return Page(parsed, gates, next(iter(following), None), at, refused)


def _parse_all(
    documents: tuple[bytes, ...], hint: Hint
) -> tuple[Parsed, tuple[tuple[int, str], ...]]:
    """The entries of all documents, and which could not be read. One without entries is no fault."""
    from worker.core.sources.formats import parse

    found: list[Parsed] = []
    refused: list[tuple[int, str]] = []
    for number, document in enumerate(documents, 1):
        try:
            found.append(parse(document, hint))
        except FeedError as error:
            if error.reason != "no_entries":
                refused.append((number, error.reason))
    return Parsed(
        found[0].format if found else "",
        tuple(entry for parsed in found for entry in parsed.entries),
        next((parsed.problem for parsed in found if parsed.problem), None),
        next((parsed.next_hint_s for parsed in found if parsed.next_hint_s is not None), None),
    ), tuple(refused)


def find_links(header: str, data: bytes, _knowledge: Knowledge) -> FeedLinks:
    """The hubs and addresses that a feed names, in its ``Link`` header or in itself."""
    from worker.core.sources.answer_paths import feed_links

    return feed_links(header, data)


def read_site_page(data: bytes, base: str, _knowledge: Knowledge) -> Site:
    """What a page, or a feed, at the address ``base`` says of its site."""
    from worker.core.sources.site import read_site

    return read_site(data, base)


def read_subscription_list(data: bytes, _knowledge: Knowledge) -> SubscriptionList:
    """The feeds of an OPML file. Raises ``FeedError``."""
    from worker.core.sources.opml import read_subscriptions

    return read_subscriptions(data)


def analyze_document(document: Document, entry: Entry | None, knowledge: Knowledge) -> Analysis:
    """What ``core.analyze`` finds. Raises ``PageError`` for a page that shows no article."""
    from worker.core.analyze import analyze

    return analyze(document, entry, knowledge)
