"""Moments without a zone, as some feeds and pages give them, made comparable with the others."""

from __future__ import annotations

import datetime as dt


def aware(moment: dt.datetime, zone: dt.tzinfo = dt.UTC) -> dt.datetime:
    """``moment`` itself when it has a zone, else read in ``zone``."""
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
