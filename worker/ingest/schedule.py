"""When a feed is asked next, and what is remembered between two polls.

Rules
-----
1. A feed is never given up: after failures the interval doubles, up to a ceiling, and stays there.
2. Never sooner than the floor, never sooner than the server asked (Retry-After, max-age, Expires,
   the feed's own ttl); what is asked for is capped at a day.
3. A little chance in every interval keeps feeds from marching in step; the chance is passed in.
4. A state is a value and survives restarts: starting again is no reason to ask everybody at once.

Validators are kept as opaque strings, with the entries they came with. Once a day a feed is asked
without them: some servers answer 304 for ever.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from worker.config.schema import FeedConfig, Ingest
from worker.ingest.answer_headers import RETRY_AFTER_CAP_S, http_date
from worker.ingest.cursor import CursorState
from worker.ingest.fetch import Response, Validators

UNCONDITIONAL_EVERY = dt.timedelta(hours=24)
_DAY_S = 86_400.0
_JITTER = 0.1
_GONE_S = _DAY_S
_SLOW = frozenset({"http_401", "http_403", "challenge"})
_SPREAD_S = 60.0
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is remembered of a feed between two polls. Instants are aware, in UTC; ``body_hash`` is SHA-256 of the body.

    ``failures``: in a row. ``reason``: why ``next_at`` is what it is. ``moved_to``: where permanent
    redirects led last time; told to the operator, never followed without the configured address.
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
    moved_to: str | None = None
    spool_read: tuple[tuple[str, str], ...] = ()
    """Files of a spool whose entries are stored with this state, and why one was refused, or ""."""
    cursor: CursorState | None = None
    """How far a feed that hands out pages was read; None: from the look-back."""

    @property
    def validators(self) -> Validators:
        return Validators(self.etag, self.last_modified)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one feed is asked. All in seconds."""

    interval: float = 300.0
    floor: float = 60.0
    ceiling: float = 3600.0


def pace_of(feed: FeedConfig, settings: Ingest) -> Pace:
    """The pace of a feed: its own interval, or the general one; never below the floor."""
    interval = settings.interval_s if feed.interval_s is None else feed.interval_s
    floor = settings.min_interval_s
    interval = max(interval, floor)
    return Pace(interval, floor, max(settings.max_interval_s, interval))


def first_poll(state: FeedState, pace: Pace, now: dt.datetime, chance: float) -> dt.datetime:
    """When to ask at start: as remembered; new feeds are spread over up to a minute.

    ``chance`` is in [0, 1). A remembered time more than a day ahead is a clock that was wrong.
    """
    if state.next_at is not None and state.next_at <= now + dt.timedelta(seconds=_DAY_S * 1.2):
        return max(state.next_at, now)
    return now + dt.timedelta(seconds=min(_SPREAD_S, pace.interval) * chance)


def next_poll(
    pace: Pace,
    *,
    failures: int,
    hint_s: float | None,
    wait_s: float | None,
    reason: str,
    chance: float,
) -> tuple[float, str]:
    """Seconds until the next poll, and why.

    ``hint_s``: freshness that server or feed declared. ``wait_s``: Retry-After. ``reason``: of the
    failure, when ``failures`` > 0. ``chance`` in [0, 1) adds up to a tenth.
    """
    seconds, why = pace.interval, "interval"
    if failures:
        seconds, why = min(pace.interval * 2.0 ** min(failures, 20), pace.ceiling), "backoff"
        if reason == "http_410":
            seconds, why = _GONE_S, "gone"
        elif reason in _SLOW:
            seconds = pace.ceiling
    elif hint_s is not None and min(hint_s, _DAY_S) > seconds:
        seconds, why = min(hint_s, _DAY_S), "freshness"
    if wait_s is not None and min(wait_s, RETRY_AFTER_CAP_S) > seconds:
        seconds, why = min(wait_s, RETRY_AFTER_CAP_S), "retry_after"
    return max(seconds, pace.floor) * (1.0 + _JITTER * chance), why


def freshness(headers: Mapping[str, str]) -> float | None:
    """Seconds for which an answer is fresh: max-age less Age, else Expires less Date; None if unsaid.

    Times are compared with the server's own ``Date``.
    """
    control = headers.get("cache-control", "")
    if "no-store" in control.lower() or "no-cache" in control.lower():
        return None
    found = _MAX_AGE.search(control)
    if found:
        age = headers.get("age", "").strip()
        return max(0.0, float(found[1]) - (float(age) if age.isdigit() else 0.0))
    expires, date = http_date(headers.get("expires", "")), http_date(headers.get("date", ""))
    if expires is None or date is None:
        return None
    return max(0.0, (expires - date).total_seconds())


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
    seconds, why = next_poll(pace, failures=0, hint_s=max(hints, default=None), wait_s=None,
                             reason="", chance=chance)  # fmt: skip
    full = response.status == 200
    etag = response.etag if full else response.etag or state.etag
    modified = response.last_modified if full else response.last_modified or state.last_modified
    return replace(
        state,
        etag=etag if durable else None,
        last_modified=modified if durable else None,
        body_hash=(body_hash if full else state.body_hash) if durable else None,
        next_at=now + dt.timedelta(seconds=seconds),
        failures=0,
        last_attempt=now,
        last_success=now,
        last_full=now if full else state.last_full,
        last_reason="",
        reason=why,
        moved_to=response.moved_to,
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
    seconds, why = next_poll(pace, failures=failures, hint_s=None, wait_s=wait_s, reason=reason,
                             chance=chance)  # fmt: skip
    return replace(
        state,
        next_at=now + dt.timedelta(seconds=seconds),
        failures=failures,
        last_attempt=now,
        last_reason=reason,
        reason=why,
    )
