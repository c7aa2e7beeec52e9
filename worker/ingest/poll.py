"""One poll of one feed: ask, parse, and say what changed. Nothing is stored here.

Rules
-----
1. The new state travels with the entries it belongs to; whoever admits them writes both in one
   transaction. Lost in between, the same entries simply come again.
2. A failure changes no validator. A document cut short leaves none, its whole entries are used, and
   it is named as refused when the one before was whole.
3. The first answer of a feed is what was there before us: what is older than ``ingest.backfill_h`` is
   noted and not read, and what is read is no news to consumers (``change.backfill``).
4. Of a changed feed only the items are read that did not stand there before, byte for byte. What stood
   there is remembered in memory: after a start the first answer is read as a whole.
5. Nothing but cancelling leaves this function as an exception: one bad feed ends one poll.

Outcomes: ``entries`` (parsed), ``not_modified`` (304), ``unchanged`` (same bytes, or same items),
``empty`` (a feed without entries), ``failed`` with a reason of ``fetch.REASONS``,
``formats.REASONS`` or ``parse_…``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from worker.config import delivery
from worker.config.schema import FeedConfig
from worker.core.domain.errors import FeedError, FetchError
from worker.core.sources.entries import Parsed
from worker.core.sources.gate import GateDecision, shut_to_old
from worker.core.sources.seen import SeenFeed
from worker.ingest.asking import Asking
from worker.ingest.fetch import Fetcher, Response, Validators
from worker.ingest.follow import read_listed
from worker.ingest.pace import Pace
from worker.ingest.poll_pages import poll_page
from worker.ingest.poll_spool import poll_spool
from worker.ingest.results import Outcome, PollResult, hint_for, with_cut
from worker.ingest.schedule import (
    UNCONDITIONAL_EVERY,
    FeedState,
    address_of,
    after_failure,
    after_success,
    with_move,
    with_rhythm,
)
from worker.ingest.spool import Spool
from worker.sandbox.pool import Sandbox, SandboxKilledError

_Read = tuple[Parsed, tuple[GateDecision, ...], SeenFeed | None]
"""The entries of an answer, whether each page is worth fetching, and what to remember of the feed."""


async def poll_feed(
    feed: FeedConfig,
    state: FeedState,
    fetcher: Fetcher,
    sandbox: Sandbox,
    now: dt.datetime,
    asking: Asking,
) -> PollResult:
    """Ask a feed once, or look into its spool. ``now`` is when."""
    if feed.path is not None:
        spool = asking.spool or spool_of(feed, fetcher.settings.max_feed_bytes)
        return await poll_spool(feed, state, spool, sandbox, now)
    pace, jitter = asking.pace, asking.chance()
    try:
        if feed.cursor is not None:
            return await poll_page(feed, feed.cursor, state, fetcher, sandbox, now, asking)
        response = await fetcher.get(
            address_of(feed, state), validators=_validators(state, now), headers=asking.headers,
            proxy=feed.proxy,
        )  # fmt: skip
        read = partial(_read, feed=feed, fetcher=fetcher, sandbox=sandbox, now=now, asking=asking)
        result = await _parsed_result(response, read, state, pace, now, jitter)
        if result.outcome in ("not_modified", "unchanged") and not result.known:
            result = replace(result, seen=asking.seen)
        result = replace(result, state=with_move(result.state, feed, response.moved_to, now))
        result = _without_old(result, fetcher.settings.backfill_h, now)
        if feed.websub is None or result.outcome not in ("entries", "empty"):
            return result
        links = await sandbox.find_links(response.headers.get("link", ""), response.body)
        return replace(result, links=links)
    except (FetchError, FeedError, SandboxKilledError) as error:
        killed = isinstance(error, SandboxKilledError)
        reason = f"parse_{error.reason}" if killed else error.reason
        wait = error.retry_after if isinstance(error, FetchError) else None
        failed = after_failure(state, reason, wait, pace, now, jitter)
        return PollResult(failed, (), "failed", reason, detail=error.detail, seen=asking.seen)


def _without_old(result: PollResult, hours: float, now: dt.datetime) -> PollResult:
    """What a first poll brought: entries older than ``hours`` are noted, not read."""
    if not result.first or not hours:
        return result
    return replace(result, entries=shut_to_old(result.entries, now - dt.timedelta(hours=hours)))


def spool_of(feed: FeedConfig, limit: int) -> Spool:
    """The spool of a feed that has one. ``limit``: bytes of the largest file that is read."""
    if feed.path is None:
        raise ValueError(f"feed {feed.id} has no path")
    return Spool(feed.path, limit, (feed.spool or delivery.Spool()).quiet_s)


def _validators(state: FeedState, now: dt.datetime) -> Validators | None:
    if state.last_full is None or now - state.last_full >= UNCONDITIONAL_EVERY:
        return None
    return state.validators


async def _read(
    response: Response,
    *,
    feed: FeedConfig,
    fetcher: Fetcher,
    sandbox: Sandbox,
    now: dt.datetime,
    asking: Asking,
) -> _Read:
    """The entries of an answer, those of what an index lists among them, with the gate's decisions, and
    what to remember.

    Raises ``FeedError``, ``SandboxKilledError``; ``FetchError`` when nothing of an index can be had.
    """
    hint = hint_for(feed, response.headers.get("content-type"), now, response.url)
    try:
        parsed, gates, now_seen = await sandbox.parse_unseen(response.body, hint, asking.seen)
    except FeedError as error:
        if error.reason != "no_entries":
            raise
        return Parsed("", ()), (), None
    if parsed.follow:
        get = partial(fetcher.get, headers=asking.headers, proxy=feed.proxy)
        return *await read_listed(parsed, hint, get, sandbox), None
    return parsed, gates, now_seen


def _moments(parsed: Parsed, seen: SeenFeed | None) -> tuple[dt.datetime, ...]:
    """The dates of a feed's items, those that were not read among them."""
    new = tuple(entry.published for entry in parsed.entries if entry.published is not None)
    return seen.moments if seen is not None and parsed.known else new


async def _parsed_result(
    response: Response,
    read: Callable[[Response], Awaitable[_Read]],
    state: FeedState,
    pace: Pace,
    now: dt.datetime,
    jitter: float,
) -> PollResult:
    if response.status == 304:
        same = after_success(state, response, pace, now, jitter, feed_hint_s=state.feed_hint_s)
        return PollResult(same, (), "not_modified")
    digest = hashlib.sha256(response.body).hexdigest()
    if digest == state.body_hash:
        same = after_success(
            state, response, pace, now, jitter, feed_hint_s=state.feed_hint_s, body_hash=digest
        )
        return PollResult(same, (), "unchanged")
    parsed, gates, seen = await read(response)
    # The same index may list a document that has changed: nothing says "unchanged" of it.
    whole = parsed.problem != "truncated" and not parsed.follow
    new = after_success(
        with_rhythm(state, _moments(parsed, seen), now),
        response,
        pace,
        now,
        jitter,
        feed_hint_s=parsed.next_hint_s,
        body_hash=digest,
        durable=whole,
    )
    entries = tuple(zip(parsed.entries, gates, strict=True))
    outcome: Outcome = "entries" if entries else "unchanged" if parsed.known else "empty"
    result = PollResult(new, entries, outcome, problem=parsed.problem, first=not state.last_success,
                        known=parsed.known, seen=seen)  # fmt: skip
    return with_cut(result, state, response.url) if parsed.problem == "truncated" else result
