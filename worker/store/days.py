"""Windows of days in the tables: looked up between two bounds, so that the past costs nothing.

A window that begins more than ``LONG_DAYS`` before the days asked for cannot meet them, unless it is
*long*. Long ones are few ("in recent years") and have an index of their own.
"""

from __future__ import annotations

import datetime as dt

LONG_DAYS = 31
"""As in the migration that told the long ones first (``report_days.sql``)."""


def is_long(first: dt.date, last: dt.date) -> bool:
    """Whether a window is longer than most."""
    return (last - first).days > LONG_DAYS


def earliest(first: dt.date) -> str:
    """The first day on which a window may begin that is not long and reaches ``first``."""
    return (first - dt.timedelta(days=min(LONG_DAYS, (first - dt.date.min).days))).isoformat()
