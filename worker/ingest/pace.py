"""How long to wait until a feed is asked again, and why.

Rules
-----
1. The operator's interval is the pace. What a feed or its server says of freshness may lengthen it,
   ``hint_factor`` times at most: WordPress prints "hourly" into every feed, a CDN says ``max-age`` of
   a month, and five minutes became a day without a word. So may a feed that rarely has news.
2. The first failures are retried at the normal pace; then the interval doubles, up to a ceiling. No
   feed is given up.
3. What a server asks for by name (Retry-After) is granted, up to a day. A feed that is gone (410)
   is suspended: it is asked once a day.
4. A feed that told of an incident still under way is asked more often. Its server may then slow us
   down to the normal interval, no further.
5. Never sooner than the floor. A little chance in every wait keeps feeds from marching in step.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.config.schema import FeedConfig, Ingest
from worker.ingest.answer_headers import RETRY_AFTER_CAP_S, http_date

DAY_S = 86_400.0
PATIENCE = 3
"""Failures in a row that are retried at the normal pace."""
_JITTER = 0.1
_REFUSED = frozenset({"http_401", "http_403", "challenge"})
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one feed is asked; all in seconds. ``burst``: the interval while an incident that it
    told of is under way, None when there is none.
    """

    interval: float = 300.0
    floor: float = 60.0
    ceiling: float = 3600.0
    hint_factor: float = 2.0
    burst: float | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """``seconds`` until the next poll, ``chance`` apart (``every_s``), and why.

    ``reason``: ``interval``, ``hint`` (freshness that was declared), ``hint_capped`` (it asked for
    more than it gets), ``quiet`` (news is rare), ``burst``, ``retry``, ``backoff``, ``retry_after``,
    ``gone``.
    """

    seconds: float
    every_s: float
    reason: str


def pace_of(feed: FeedConfig, settings: Ingest) -> Pace:
    """The pace of a feed: its own interval, or the general one; never below the floor."""
    interval = settings.interval_s if feed.interval_s is None else feed.interval_s
    floor = settings.min_interval_s
    interval = max(interval, floor)
    ceiling = max(settings.max_interval_s, interval)
    return Pace(interval, floor, ceiling, settings.hint_factor)


def wait_after_success(
    pace: Pace, *, hint_s: float | None, gap_s: float | None, chance: float
) -> Wait:
    """``hint_s``: freshness that server or feed declared; ``gap_s``: the usual time between two of
    its entries; ``chance`` in [0, 1) adds up to a tenth.
    """
    longest = pace.interval * max(1.0, pace.hint_factor)
    seconds, reason = pace.interval, "interval"
    if pace.burst is not None and pace.burst < pace.interval:
        seconds, reason, longest = pace.burst, "burst", pace.interval
    elif gap_s is not None and min(gap_s / 2, longest) > seconds:
        seconds, reason = min(gap_s / 2, longest), "quiet"
    if hint_s is not None and min(hint_s, longest) > seconds:
        seconds, reason = min(hint_s, longest), "hint"
    if hint_s is not None and hint_s > longest:
        reason = "hint_capped"
    return _wait(pace, seconds, reason, chance)


def wait_after_failure(
    pace: Pace, *, failures: int, cause: str, wait_s: float | None, chance: float
) -> Wait:
    """``failures`` in a row, this one included, for ``cause``; ``wait_s``: what Retry-After says."""
    seconds, reason = pace.interval, "retry"
    if failures > PATIENCE:
        doubled = pace.interval * 2.0 ** min(failures - PATIENCE, 20)
        seconds, reason = min(doubled, pace.ceiling), "backoff"
        if cause in _REFUSED:
            seconds = pace.ceiling
    if cause == "http_410" and failures > 1:
        seconds, reason = DAY_S, "gone"
    if wait_s is not None and min(wait_s, RETRY_AFTER_CAP_S) > seconds:
        seconds, reason = min(wait_s, RETRY_AFTER_CAP_S), "retry_after"
    return _wait(pace, seconds, reason, chance)


def _wait(pace: Pace, seconds: float, reason: str, chance: float) -> Wait:
    every_s = max(seconds, pace.floor)
    return Wait(every_s * (1.0 + _JITTER * chance), every_s, reason)


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
        return max(0.0, float(found[1]) - (float(age) if age.isdecimal() else 0.0))
    expires, date = http_date(headers.get("expires", "")), http_date(headers.get("date", ""))
    if expires is None or date is None:
        return None
    return max(0.0, (expires - date).total_seconds())


def usual_gap_s(moments: Sequence[dt.datetime]) -> float | None:
    """The usual time between two entries, by the ten newest dates; None with fewer than four."""
    newest = sorted(moments, reverse=True)[:10]
    if len(newest) < 4:
        return None
    return (newest[0] - newest[-1]).total_seconds() / (len(newest) - 1)
