"""A printed date, in whatever form, as an aware instant. The one place where dates are parsed.

Forms: RFC 3339 and ISO 8601 (extended, basic, with or without seconds), W3C-DTF, RFC 822, 2822 and
1123, asctime, "8 May 2019", "May 8, 2019 2:30 PM", and numbers: seconds or milliseconds since 1970.

Rules
-----
1. Without an offset it is local time of the zone that the caller gives, else UTC. The same holds for
   a name of a zone that nobody knows ("AFT"): feedparser takes those for UTC.
2. ``-0000`` is UTC: RFC 2822 means by it that the zone of the *sender* is unknown, and Python's own
   ``formatdate`` prints it for UTC.
3. Half a date is not completed ("May 8", "10:30"): what is no definite day is None.
4. Nothing is raised, whatever the value.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil import parser as dates

EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
"""Bounds of what feeds and pages may print: seconds since 1970 read as a year, or Solar Hijri years
read as Gregorian ones, lie outside."""

_SHORTEST_CHARS, _LONGEST_CHARS = 6, 99
_MILLISECONDS = 1e11
_TWO_DEFAULTS = (dt.datetime(1999, 1, 1), dt.datetime(2003, 3, 5))  # noqa: DTZ001 - a probe
_MERIDIEM = re.compile(r"\d\s*[ap]\.?m\b", re.IGNORECASE)
_ISO_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?)?(Z|[+-]\d\d:?\d\d)?$")


def read_instant(value: object, zone: str | None = None) -> dt.datetime | None:
    """A date or instant of any year; None when ``value`` cannot be read as one definite day.

    ``zone``: IANA name for dates without an offset; None, or one that does not exist, is UTC.
    """
    try:
        found = _parsed(value)
        if found is None or found.tzinfo is not None:
            return found
        utc = str(value).strip().endswith("-0000")
        return found.replace(tzinfo=dt.UTC if utc else _zone(zone))
    except (ValueError, ArithmeticError, OSError, TypeError, AttributeError, LookupError):
        return None  # what dateutil, datetime and the C library raise on junk


def read_news_instant(printed: str | None, zone: str | None = None) -> dt.datetime | None:
    """As ``read_instant``, of what feeds and pages print: None outside 1990 to 2100."""
    found = read_instant(printed, zone)
    try:
        return found if found is not None and EARLIEST <= found < LATEST else None
    except OverflowError:
        return None  # 31 December 9999 in a zone west of Greenwich


def _parsed(value: object) -> dt.datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if abs(value) > _MILLISECONDS else value
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not _SHORTEST_CHARS <= len(text) <= _LONGEST_CHARS:
        return None
    return _basic(text) or _standard(text) or _loose(text)


def _basic(text: str) -> dt.datetime | None:
    """``20310508``, ``20310508T143000Z``: dateutil and feedparser lose the time of some of these."""
    found = _ISO_BASIC.match(text)
    if not found:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    clock = f"T{hour}:{minute}:{second or '00'}{zone or ''}" if hour else ""
    return dt.datetime.fromisoformat(f"{year}-{month}-{day}{clock}")


def _standard(text: str) -> dt.datetime | None:
    if _MERIDIEM.search(text):  # parsedate drops the "PM" of "May 8, 2019 2:30 PM"
        return None
    for read in (dt.datetime.fromisoformat, email.utils.parsedate_to_datetime):
        try:
            return read(text)
        except (ValueError, TypeError, IndexError):
            continue
    return None


def _loose(text: str) -> dt.datetime | None:
    """What dateutil makes of it, when it does not have to fill in year, month or day."""
    if not re.search(r"[0-9]", text):
        return None
    first, second = (dates.parse(text, default=d, tzinfos=_offset) for d in _TWO_DEFAULTS)
    return first if first == second else None


def _offset(_name: str | None, seconds: int | None) -> dt.tzinfo | None:
    """Printed offsets only: dateutil alone takes names of zones from the machine that it runs on."""
    return None if seconds is None else dt.timezone(dt.timedelta(seconds=seconds))


def _zone(name: str | None) -> dt.tzinfo:
    if not name:
        return dt.UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return dt.UTC
