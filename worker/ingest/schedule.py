"""What is remembered of a feed between two polls, and when it is asked next.

Rules
-----
1. A state is a value and survives restarts. After one every feed is asked soon, spread over a minute;
   those that were told to wait, or are gone, keep their time. Nobody is asked twice within the floor.
2. Validators are kept as opaque strings, with the entries they came with. Once a day a feed is asked
   without them: some servers answer 304 for ever.
3. A feed that moved for good (301, 308 all the way, to the same place for seven days) is asked at its
   new place. The configured address is tried again when that fails. Nobody moves from https to http,
   and no feed that is asked with a secret moves at all: the secret is for the old place.
4. Intervals count from the beginning of a poll. One that is over by its end is followed by the floor.
5. A feed whose newest entry is far older than it usually gets is stale: it answers, and says nothing.

How long the wait is: ``ingest.pace``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from worker.config.schema import FeedConfig
from worker.ingest.cursor import CursorState
from worker.ingest.fetch import Response, Validators
from worker.ingest.pace import (
    DAY_S,
    PATIENCE,
    Pace,
    freshness,
    usual_gap_s,
    wait_after_failure,
    wait_after_success,
)

UNCONDITIONAL_EVERY = dt.timedelta(hours=24)
ADOPTED_AFTER = dt.timedelta(days=7)
_SPREAD_S = 60.0
_STALE_GAPS = 20
_KEEPS_ITS_TIME = frozenset({"retry_after", "gone"})


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is remembered of a feed between two polls. Instants are aware, in UTC; ``body_hash`` is SHA-256 of the body.

    ``failures``: in a row. ``reason``: why ``next_at`` is what it is (``pace.Wait``), ``every_s``
    seconds after the last poll; ``asked_s``: the freshness that was declared. ``feed_hint_s``: what
    the document itself said of it. ``newest``: date of the newest entry, else when the document last
    changed; ``gap_s``: usual time between two entries. ``moved_to``: where permanent redirects lead,
    ``moved_since`` then; ``adopted``: the address that is asked for the configured one, ``adopted_for``.
    """

    feed: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    next_at: dt.datetime | None = None
    failures: int = 0
    last_attempt: dt.datetime | None = None
    last_success: dt.datetime | None = None
    last_full: dt.datetime | None = None
    last_reason: str = ""
    reason: str = ""
    every_s: float | None = None
    asked_s: float | None = None
    feed_hint_s: float | None = None
    newest: dt.datetime | None = None
    gap_s: float | None = None
    moved_to: str | None = None
    moved_since: dt.datetime | None = None
    adopted: str | None = None
    adopted_for: str | None = None
    spool_read: tuple[tuple[str, str], ...] = ()
    """Files of a spool whose entries are stored with this state, and why one was refused, or ""."""
    spool_at: dt.datetime | None = None
    """When a look into a spool last found a file."""
    cursor: CursorState | None = None
    """How far a feed that hands out pages was read; None: from the look-back."""

    @property
    def validators(self) -> Validators:
        """What the next request sends back, as the last answer gave it."""
        return Validators(self.etag, self.last_modified)


def address_of(feed: FeedConfig, state: FeedState) -> str:
    """Where a feed is asked: at the place it moved to for good, else as configured."""
    if state.adopted is not None and state.adopted_for == feed.url and may_move(feed):
        return state.adopted
    return feed.url or ""


def may_move(feed: FeedConfig) -> bool:
    """Whether a feed may be asked elsewhere than its settings say."""
    secret = feed.auth_file or feed.headers_file or urlsplit(feed.url or "").username
    return not secret and feed.cursor is None


def first_poll(state: FeedState, pace: Pace, now: dt.datetime, chance: float) -> dt.datetime:
    """When to ask at start: soon. ``chance`` is in [0, 1).

    A remembered time more than a day ahead is a clock that was wrong.
    """
    soon = now + dt.timedelta(seconds=min(_SPREAD_S, pace.interval) * chance)
    if state.last_attempt is not None and state.last_attempt <= now:
        soon = max(soon, state.last_attempt + dt.timedelta(seconds=pace.floor))
    then = state.next_at
    if then is None or not now < then <= now + dt.timedelta(seconds=DAY_S * 1.2):
        return soon
    return then if state.reason in _KEEPS_ITS_TIME else min(then, soon)


def after_success(
    state: FeedState,
    response: Response,
    pace: Pace,
    now: dt.datetime,
    chance: float,
    *,
    feed_hint_s: float | None = None,
    body_hash: str | None = None,
    durable: bool = True,
) -> FeedState:
    """The state after an answer that was understood.

    ``durable``: False for a document cut short; its validators would hide the rest for ever, so it
    is asked for again without any.
    """
    hints = [h for h in (freshness(response.headers), feed_hint_s) if h is not None]
    asked_s = max(hints, default=None)
    wait = wait_after_success(pace, hint_s=asked_s, gap_s=state.gap_s, chance=chance)
    full = response.status == 200
    etag = response.etag if full else response.etag or state.etag
    modified = response.last_modified if full else response.last_modified or state.last_modified
    return replace(
        state,
        etag=etag if durable else None,
        last_modified=modified if durable else None,
        body_hash=(body_hash if full else state.body_hash) if durable else None,
        next_at=now + dt.timedelta(seconds=wait.seconds),
        failures=0,
        last_attempt=now,
        last_success=now,
        last_full=now if full else state.last_full,
        last_reason="",
        reason=wait.reason,
        every_s=wait.every_s,
        asked_s=asked_s,
        feed_hint_s=feed_hint_s,
    )


def after_failure(
    state: FeedState,
    reason: str,
    wait_s: float | None,
    pace: Pace,
    now: dt.datetime,
    chance: float,
) -> FeedState:
    """The state after a failure: validators stay as they were, the next poll is further away."""
    failures = state.failures + 1
    wait = wait_after_failure(pace, failures=failures, cause=reason, wait_s=wait_s, chance=chance)
    return replace(
        state,
        next_at=now + dt.timedelta(seconds=wait.seconds),
        failures=failures,
        last_attempt=now,
        last_reason=reason,
        reason=wait.reason,
        every_s=wait.every_s,
        # A place that was moved to and then lost is left again.
        adopted=state.adopted if failures < PATIENCE else None,
    )


def after_the_end(state: FeedState, ended: dt.datetime, floor_s: float) -> FeedState:
    """The state with its next poll in the future: a poll that took longer than its interval, as one that
    nobody answers, would be followed by the next at once, for ever. What has more at once keeps its time.
    """
    if state.next_at is None or state.next_at > ended or state.reason == "more":
        return state
    return replace(state, next_at=ended + dt.timedelta(seconds=floor_s))


def with_rhythm(state: FeedState, moments: Sequence[dt.datetime], now: dt.datetime) -> FeedState:
    """The state with what the dates of a document's items tell: its newest, and how often there is one."""
    newest = min(max(moments, default=now), now)
    return replace(state, newest=newest, gap_s=usual_gap_s(moments))


def with_move(
    state: FeedState, feed: FeedConfig, moved_to: str | None, now: dt.datetime
) -> FeedState:
    """The state with where permanent redirects led this time (None: nowhere); adopts the new place
    once they have led there for a week.
    """
    if moved_to is None or moved_to != state.moved_to:
        return replace(state, moved_to=moved_to, moved_since=now if moved_to else None)
    since = state.moved_since or now
    downgraded = urlsplit(feed.url or "").scheme == "https" and not moved_to.startswith("https:")
    if now - since < ADOPTED_AFTER or downgraded or not may_move(feed):
        return replace(state, moved_since=since)
    return replace(state, adopted=moved_to, adopted_for=feed.url, moved_to=None, moved_since=None)


def is_stale(state: FeedState, stale_s: float, now: dt.datetime) -> bool:
    """Whether a feed that answers has had nothing new for ``stale_s``, and for far longer than usual."""
    if state.newest is None or not stale_s:
        return False
    return (now - state.newest).total_seconds() > max(stale_s, _STALE_GAPS * (state.gap_s or 0.0))
