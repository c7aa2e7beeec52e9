"""What a poll or a delivery brought, as a value."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

from worker.config.schema import FeedConfig
from worker.core.domain.counted import counted
from worker.core.domain.document import Entry
from worker.core.sources.answer_paths import FeedLinks
from worker.core.sources.entries import Hint
from worker.core.sources.gate import GateDecision
from worker.core.sources.seen import SeenFeed
from worker.ingest.schedule import FeedState

Outcome = Literal["entries", "not_modified", "unchanged", "empty", "failed"]
GatedEntry = tuple[Entry, GateDecision]
_LOSSES = {
    "truncated": "it ends too early or is broken further down; kept of it: {0}",
    "too_many": "too many items; kept of them: the newest {1}",
}
"""What to say of a document of which some items are lost, by its problem."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that was not taken in: its name, the reason, and more in words."""

    name: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PollResult:
    """What a poll brought. ``state`` is to be stored together with ``entries``.

    ``problem``: what was wrong with a document that could be used all the same (``Parsed.problem``).
    ``detail``: more on a failure, in words. ``more``: there is more to be had at once. ``documents``:
    files of a spool that were read. ``refused``: documents that could not be read, or not as a whole;
    ``waiting``: files left.
    ``restarted``: the server had forgotten the cursor, the next poll starts from the look-back.
    ``first``: the feed had never answered before; what it brought is no news.
    ``known``: items of the feed that were not read, because they stand there as they stood. ``seen``:
    what to remember of it until the next poll, once the entries are stored.
    ``links``: hubs and topic that the feed names, looked for where its settings ask for a hub.
    """

    state: FeedState
    entries: tuple[GatedEntry, ...]
    outcome: Outcome
    reason: str = ""
    problem: str | None = None
    detail: str = ""
    more: bool = False
    documents: int = 0
    refused: tuple[Refused, ...] = ()
    waiting: int = 0
    restarted: bool = False
    links: FeedLinks | None = None
    first: bool = False
    known: int = 0
    seen: SeenFeed | None = None


def loss_of(problem: str | None, kept: int) -> str:
    """What was lost of a document that could be used all the same, in words; "" when nothing was.

    ``problem``: as ``Parsed`` has it; ``kept``: entries that were read.
    """
    return _LOSSES.get(problem or "", "").format(counted(kept, "whole item"), kept)


def with_cut(result: PollResult, before: FeedState, address: str) -> PollResult:
    """The result of a poll whose document was cut off; told once while this lasts."""
    state = replace(result.state, last_reason="truncated")
    if before.last_reason == "truncated":
        return replace(result, state=state)
    cut = Refused(address, "truncated", loss_of("truncated", len(result.entries)))
    return replace(result, state=state, refused=(*result.refused, cut))


def hint_for(
    feed: FeedConfig, content_type: str | None, now: dt.datetime, base: str | None = None
) -> Hint:
    """What a feed's configuration tells the parser; ``base`` is the address that was reached."""
    return Hint(
        feed=feed.id,
        url=feed.url,
        content_type=content_type,
        kind=feed.kind,
        default_tz=feed.default_tz,
        lang=feed.lang,
        outlet=feed.outlet,
        received=now,
        full_text=feed.full_text,
        base=base,
    )
