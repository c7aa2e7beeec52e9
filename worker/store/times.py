"""Instants as the store writes them: UTC text of one width, so that they sort as they read."""

from __future__ import annotations

import datetime as dt


def stamp(moment: dt.datetime) -> str:
    """``2031-03-04T09:24:00.000000Z``. Raises ``ValueError`` for a naive instant."""
    if moment.tzinfo is None:
        raise ValueError(f"an instant needs a zone: {moment!r}")
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def stamp_or_none(moment: dt.datetime | None) -> str | None:
    """The same; None stays None."""
    return None if moment is None else stamp(moment)


def instant(text: str) -> dt.datetime:
    """The inverse of ``stamp``."""
    return dt.datetime.fromisoformat(text)


def instant_or_none(text: str | None) -> dt.datetime | None:
    """The same; None stays None."""
    return None if text is None else instant(text)
