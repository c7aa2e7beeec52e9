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

import datetime as dt
import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from worker.config import FeedConfig
from worker.core.entries import Hint, Parsed
from worker.core.errors import FeedError, FetchError
from worker.core.gate import GateDecision
from worker.core.model import Entry
from worker.ingest.fetch import Fetcher, Response, Validators
from worker.ingest.schedule import (
    UNCONDITIONAL_EVERY,
    FeedState,
    Pace,
    after_failure,
    after_success,
)
from worker.sandbox import Sandbox, SandboxKilledError

Outcome = Literal["entries", "not_modified", "unchanged", "empty", "failed"]
OUTCOMES: tuple[Outcome, ...] = ("entries", "not_modified", "unchanged", "empty", "failed")


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
    """Ask a feed once. ``now`` is when; ``pace`` how often; ``chance`` gives numbers in [0, 1)."""
    pace, lot = pace or Pace(), chance()
    try:
        response = await fetcher.get(
            feed.url or "", validators=_validators(state, now), headers=headers, proxy=feed.proxy
        )
        return await _understood(response, feed, state, sandbox, pace, now, lot)
    except (FetchError, FeedError, SandboxKilledError) as error:
        killed = isinstance(error, SandboxKilledError)
        reason = f"parse_{error.reason}" if killed else error.reason
        wait = error.retry_after if isinstance(error, FetchError) else None
        failed = after_failure(state, reason, wait, pace, now, lot)
        return PollResult(failed, (), "failed", reason)


def _validators(state: FeedState, now: dt.datetime) -> Validators | None:
    if state.last_full is None or now - state.last_full >= UNCONDITIONAL_EVERY:
        return None
    return state.validators


async def _understood(
    response: Response,
    feed: FeedConfig,
    state: FeedState,
    sandbox: Sandbox,
    pace: Pace,
    now: dt.datetime,
    lot: float,
) -> PollResult:
    if response.status == 304:
        return PollResult(after_success(state, response, pace, now, lot), (), "not_modified")
    digest = hashlib.sha256(response.body).hexdigest()
    if digest == state.body_hash:
        same = after_success(state, response, pace, now, lot, body_hash=digest)
        return PollResult(same, (), "unchanged")
    hint = hint_for(feed, response.headers.get("content-type"), now)
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
        lot,
        feed_hint_s=parsed.next_hint_s,
        body_hash=digest,
        durable=parsed.problem != "truncated",
    )
    entries = tuple(zip(parsed.entries, gates, strict=True))
    outcome: Outcome = "entries" if entries else "empty"
    return PollResult(new, entries, outcome, problem=parsed.problem)


def hint_for(feed: FeedConfig, content_type: str | None, now: dt.datetime) -> Hint:
    """What a feed's configuration tells the parser. The configured address, not the one reached."""
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
    )
