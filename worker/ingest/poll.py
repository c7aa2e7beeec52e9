"""One poll of one feed: ask, parse, and say what changed. Nothing is stored here.

Rules
-----
1. The new state travels with the entries it belongs to; whoever admits them writes both in one
   transaction. Lost in between, the same entries simply come again.
2. A failure changes no validator. A document cut short leaves none, its whole entries are used.
3. Nothing but cancelling leaves this function as an exception: one bad feed ends one poll.

Outcomes: ``entries`` (parsed), ``not_modified`` (304), ``unchanged`` (same bytes), ``empty`` (a feed
without entries), ``failed`` with a reason of ``fetch.REASONS``, ``formats.REASONS`` or ``parse_…``.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from worker.config.schema import FeedConfig
from worker.core.domain.document import Entry
from worker.core.domain.errors import FeedError, FetchError
from worker.core.sources.entries import Hint, Parsed
from worker.core.sources.gate import GateDecision
from worker.ingest import spool
from worker.ingest.fetch import Fetcher, Response, Validators
from worker.ingest.schedule import (
    UNCONDITIONAL_EVERY,
    FeedState,
    Pace,
    after_failure,
    after_success,
    pace_of,
)
from worker.sandbox.pool import Sandbox, SandboxKilledError

Outcome = Literal["entries", "not_modified", "unchanged", "empty", "failed"]

_SPOOL_S = 5.0
"""Seconds between two looks into a spool that sets no interval."""


@dataclass(frozen=True, slots=True)
class PollResult:
    """What a poll brought. ``state`` is to be stored together with ``entries``.

    ``problem``: what was wrong with a document that could be used all the same (``Parsed.problem``).
    """

    state: FeedState
    entries: tuple[tuple[Entry, GateDecision], ...]
    outcome: Outcome
    reason: str = ""
    problem: str | None = None


async def poll_feed(
    feed: FeedConfig,
    state: FeedState,
    fetcher: Fetcher,
    sandbox: Sandbox,
    now: dt.datetime,
    *,
    pace: Pace | None = None,
    headers: Mapping[str, str] | None = None,
    chance: Callable[[], float] = random.random,
) -> PollResult:
    """Ask a feed once, or look into its spool.

    ``now`` is when; ``pace`` how often (else from the settings); ``chance`` gives numbers in [0, 1).
    """
    pace, jitter = pace or pace_of(feed, fetcher.settings), chance()
    if feed.path is not None:
        return await _poll_spool(
            feed, feed.path, state, fetcher.settings.max_feed_bytes, sandbox, now
        )
    try:
        response = await fetcher.get(
            feed.url or "", validators=_validators(state, now), headers=headers, proxy=feed.proxy
        )
        return await _parsed_result(response, feed, state, sandbox, pace, now, jitter)
    except (FetchError, FeedError, SandboxKilledError) as error:
        killed = isinstance(error, SandboxKilledError)
        reason = f"parse_{error.reason}" if killed else error.reason
        wait = error.retry_after if isinstance(error, FetchError) else None
        failed = after_failure(state, reason, wait, pace, now, jitter)
        return PollResult(failed, (), "failed", reason)


def _validators(state: FeedState, now: dt.datetime) -> Validators | None:
    if state.last_full is None or now - state.last_full >= UNCONDITIONAL_EVERY:
        return None
    return state.validators


async def _parsed_result(
    response: Response,
    feed: FeedConfig,
    state: FeedState,
    sandbox: Sandbox,
    pace: Pace,
    now: dt.datetime,
    jitter: float,
) -> PollResult:
    if response.status == 304:
        return PollResult(after_success(state, response, pace, now, jitter), (), "not_modified")
    digest = hashlib.sha256(response.body).hexdigest()
    if digest == state.body_hash:
        same = after_success(state, response, pace, now, jitter, body_hash=digest)
        return PollResult(same, (), "unchanged")
    hint = hint_for(feed, response.headers.get("content-type"), now, response.url)
    try:
        parsed, gates = await sandbox.parse(response.body, hint)
    except FeedError as error:
        if error.reason != "no_entries":
            raise
        parsed, gates = Parsed("", ()), ()
    new = after_success(
        state,
        response,
        pace,
        now,
        jitter,
        feed_hint_s=parsed.next_hint_s,
        body_hash=digest,
        durable=parsed.problem != "truncated",
    )
    entries = tuple(zip(parsed.entries, gates, strict=True))
    outcome: Outcome = "entries" if entries else "empty"
    return PollResult(new, entries, outcome, problem=parsed.problem)


async def _poll_spool(
    feed: FeedConfig,
    folder: Path,
    state: FeedState,
    limit: int,
    sandbox: Sandbox,
    now: dt.datetime,
) -> PollResult:
    """All documents that a spool holds now; those of the stored state are moved away first."""
    wait = dt.timedelta(seconds=feed.interval_s or _SPOOL_S)
    again = replace(state, next_at=now + wait, last_attempt=now, reason="interval", spooled=())
    try:
        await asyncio.to_thread(spool.clear, folder, state.spooled)
        files = await asyncio.to_thread(spool.take, folder, now, limit)
    except OSError as error:
        lost = replace(again, failures=state.failures + 1, last_reason="spool_unreadable")
        return PollResult(lost, (), "failed", "spool_unreadable", type(error).__name__)
    entries: list[tuple[Entry, GateDecision]] = []
    named: list[tuple[str, bool]] = []
    for file in files:
        reason = file.refused
        if not reason:
            reason = await _parse_into(entries, file.data, hint_for(feed, None, now), sandbox)
        named.append((file.name, bool(reason)))
    done = replace(again, failures=0, last_success=now, last_reason="", spooled=tuple(named))
    return PollResult(done, tuple(entries), "entries" if entries else "unchanged")


async def _parse_into(
    entries: list[tuple[Entry, GateDecision]], data: bytes, hint: Hint, sandbox: Sandbox
) -> str:
    """Add the entries of one document; the reason when it has none."""
    try:
        parsed, gates = await sandbox.parse(data, hint)
    except (FeedError, SandboxKilledError) as error:
        return error.reason
    entries.extend(zip(parsed.entries, gates, strict=True))
    return ""


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
