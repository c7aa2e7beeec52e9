"""Windows of days: looked up in the tables between two bounds, so that the past costs nothing.

A window that begins more than ``LONG_DAYS`` before the days asked for cannot meet them, unless it is
*long*. Long ones are few ("in recent years") and have an index of their own.

Days of several windows are *stretches*: apart from each other and in order. An article of today that
mentions an attack of three years ago is about two stretches; what lies between is nobody's business.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

Days = tuple[dt.date, dt.date]
"""First and last day."""
Stretches = tuple[Days, ...]
LONG_DAYS = 31
"""As in the migration that told the long ones first (``report_days.sql``)."""


def is_long(first: dt.date, last: dt.date) -> bool:
    """Whether a window is longer than most."""
    return (last - first).days > LONG_DAYS


def earliest(first: dt.date) -> str:
    """The first day on which a window may begin that is not long and reaches ``first``."""
    return (first - dt.timedelta(days=min(LONG_DAYS, (first - dt.date.min).days))).isoformat()


def united(windows: Iterable[Days | None]) -> Stretches:
    """All days of some windows."""
    found: list[Days] = []
    for first, last in sorted({window for window in windows if window is not None}):
        if found and (first - found[-1][1]).days <= 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return tuple(found)


def left_out(looked_at: Stretches, days: Stretches) -> Iterator[Days]:
    """The stretches of some days that were not looked at."""
    one = dt.timedelta(days=1)
    for first, last in days:
        begin = first
        for known_first, known_last in looked_at:
            if known_last < begin or known_first > last:
                continue
            if begin < known_first:
                yield begin, known_first - one
            begin = known_last + one
        if begin <= last:
            yield begin, last


def meets(window: Days | None, days: Stretches) -> bool:
    """Whether any day of a window is one of these."""
    return window is not None and any(
        window[0] <= last and window[1] >= first for first, last in days
    )


def lies_within(window: Days | None, days: Stretches) -> bool:
    """Whether all days of a window are among these."""
    return window is not None and any(
        first <= window[0] and window[1] <= last for first, last in days
    )
