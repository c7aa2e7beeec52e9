"""Moments without a zone, as some feeds and pages give them, made comparable; and the local day."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo


def aware(moment: dt.datetime, zone: dt.tzinfo = dt.UTC) -> dt.datetime:
    """``moment`` itself when it has a zone, else read in ``zone``."""
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def local_day(moment: dt.datetime | None, zone: ZoneInfo) -> dt.date | None:
    """The day of a moment on the calendar of ``zone``; a moment without a zone is local already."""
    if moment is None:
        return None
    return (moment.astimezone(zone) if moment.tzinfo else moment).date()
