r"""A printed date, in whatever form, as an aware instant. The one place where dates are parsed.

Forms: RFC 3339 and ISO 8601 (extended, basic, with or without seconds), W3C-DTF, RFC 822, 2822 and
1123, asctime, "8 May 2019", "May 8, 2019 at 2:30 PM EST", "08.05.2019 14:30", and numbers: seconds
or milliseconds since 1970.

Rules
-----
1. A printed zone is part of the time, wherever it stands and however it is written (``zones``).
   Without one it is local time of the zone that the caller gives, else UTC. A zone that nobody knows
   leaves the date unread: hours of error look like a fact.
2. ``-0000`` is UTC: RFC 2822 means by it that the zone of the *sender* is unknown, and Python's own
   ``formatdate`` prints it for UTC.
3. Half a date is not completed ("May 8", "10:30"): what is no definite day is None.
4. "05/11/2026" is 5 November or 11 May. A dot says day first; the zone of a country that writes the
   month first says that; else it is the reading that fits the time of arrival, else nothing.
5. Nothing is raised, whatever the value.

Theory of operation
-------------------
What the standard library reads as ISO is read by it. Of anything else the zone is cut out first and
the numeric day is spelled out, so that dateutil sees neither: it takes names of zones from the
machine that it runs on, and the month first.
"""

from __future__ import annotations

import datetime as dt
import re

from dateutil import parser as dates

from worker.core.sources.zones import MONTH_FIRST, find_zone, read_zone

EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
"""Bounds of what feeds and pages may print: seconds since 1970 read as a year, or Solar Hijri years
read as Gregorian ones, lie outside."""

_SHORTEST_CHARS, _LONGEST_CHARS = 6, 99
_MILLISECONDS = 1e11
_TWO_DEFAULTS = (dt.datetime(1999, 1, 1), dt.datetime(2003, 3, 5))  # noqa: DTZ001 - a probe
_FRESH_DAYS = 45
"""How old what has just arrived may be, by the reading of its date that is believed."""
_SINCE_1970 = re.compile(r"\d{10}|\d{13}")
_ISO_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?)?(Z|[+-]\d\d:?\d\d)?$")
_ISO_DAY_ZONE = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:?\d\d)")
_CLOCK = re.compile(
    r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s*[ap]\.?\s?m\b\.?)?|(?<![\d:])\d{1,2}\s?[ap]\.?m\b\.?",
    re.IGNORECASE,
)
_PRINTED_ZONE = re.compile(
    r"[\s,(\[]*((?:GMT|UTC?|Z)?\s?[+\-−–]\d{1,2}(?::?\d\d)?(?::?00)?(?!\d|[-/.]\d)"
    r"|[A-Za-z]{2,10}/[A-Za-z_]{2,20}(?:/[A-Za-z_]{2,20})?(?:[+-]\d{1,2})?|[A-Za-z]{1,5}(?![A-Za-z.]))[)\]]?",
    re.IGNORECASE,
)
_REMARK = re.compile(r"\s*\([^()]*\)\s*$")
_NUMERIC_DAY = re.compile(r"(?<![\d:.+-])(\d{1,4})([./-])(\d{1,2})\2(\d{4}|\d\d)(?![\d:])")
_MIDNIGHT = re.compile(r"(?<![\d:])24:00(:00)?(?![:\d])")
_DAY_NAMES = dates.parserinfo()
"""The words for days, months and joints that dateutil knows."""


def read_instant(
    value: object, zone: str | None = None, arrived: dt.datetime | None = None
) -> dt.datetime | None:
    """A date or instant of any year; None when ``value`` cannot be read as one definite day.

    ``zone``: IANA name for dates without an offset; None, or one that does not exist, is UTC.
    ``arrived``: when the text that prints it came to us; tells day from month.
    """
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _since_1970(value)
        text = value.strip() if isinstance(value, str) else ""
        if not _SHORTEST_CHARS <= len(text) <= _LONGEST_CHARS:
            return None
        found = _counted(text) or _iso(text) or _loose(text, zone, arrived)
        if found is None or found.tzinfo is not None:
            return found
        return found.replace(tzinfo=find_zone(zone) or dt.UTC)
    except (ValueError, ArithmeticError, OSError, TypeError, AttributeError, LookupError):
        return None  # what dateutil, datetime and the C library raise on junk


def read_news_instant(
    printed: str | None, zone: str | None = None, arrived: dt.datetime | None = None
) -> dt.datetime | None:
    """As ``read_instant``, of what feeds and pages print: None outside 1990 to 2100."""
    found = read_instant(printed, zone, arrived)
    try:
        return found if found is not None and EARLIEST <= found < LATEST else None
    except OverflowError:
        return None  # 31 December 9999 in a zone west of Greenwich


def _since_1970(number: float) -> dt.datetime:
    seconds = number / 1000 if abs(number) > _MILLISECONDS else number
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _counted(text: str) -> dt.datetime | None:
    """``1795669200``: ten digits, or thirteen. Those that begin with a year ("2026112605") are none."""
    if not _SINCE_1970.fullmatch(text) or text.startswith(("19", "20")):
        return None
    return _since_1970(int(text))


def _iso(text: str) -> dt.datetime | None:
    if found := _ISO_BASIC.match(text):
        return _basic(found)
    if found := _ISO_DAY_ZONE.fullmatch(text):
        return dt.datetime.fromisoformat(f"{found[1]}T00:00{found[2]}")
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def _basic(found: re.Match[str]) -> dt.datetime:
    """``20310508``, ``20310508T143000Z``: dateutil and feedparser lose the time of some of these."""
    year, month, day, hour, minute, second, zone = found.groups()
    clock = f"T{hour}:{minute}:{second or '00'}{zone or ''}" if hour else ""
    return dt.datetime.fromisoformat(f"{year}-{month}-{day}{clock}")


def _loose(text: str, own: str | None, arrived: dt.datetime | None) -> dt.datetime | None:
    """Of any other form; the zone cut out, the day spelled out, the rest by dateutil."""
    next_day = _MIDNIGHT.search(text) is not None
    text, printed = _without_zone(_MIDNIGHT.sub("00:00", text))
    spelled, other = _spelled(text, printed)
    readings = [moment for one in (spelled, other) if one and (moment := _definite(one))]
    if not readings:
        return None
    moment = readings[0] if len(readings) == 1 else _fitting(readings, arrived)
    if moment is None:
        return None
    moment += dt.timedelta(days=next_day)
    if printed is None:
        return moment
    zone = read_zone(printed, moment, own)
    return None if zone is None else moment.replace(tzinfo=zone)


def _without_zone(text: str) -> tuple[str, str | None]:
    """The text without its zone, and the zone as printed: what stands behind the clock."""
    clock = _CLOCK.search(text)
    if clock is None:
        return text, None
    found = _PRINTED_ZONE.match(text, clock.end())
    if found is None or _is_word_of_dates(found[1]):
        return text, None
    rest = f"{text[: clock.end()]} {_REMARK.sub('', text[found.end() :])}"
    return rest, found[1]


def _is_word_of_dates(word: str) -> bool:
    """A month, a day of the week, "on", "at": no zone."""
    return (
        _DAY_NAMES.month(word) is not None
        or _DAY_NAMES.weekday(word) is not None
        or (_DAY_NAMES.jump(word) and word.upper() != "Z")
    )


def _spelled(text: str, zone: str | None) -> tuple[str, str | None]:
    """The text with its numeric day as ISO has it, and the other reading where there are two."""
    found = _NUMERIC_DAY.search(text)
    if found is None:
        return text, None
    first, mark, second, last = found.groups()
    if len(first) >= 3:
        days = [(int(first), int(second), int(last))] if len(last) == 2 else []
    else:
        year = int(last) if len(last) == 4 else 2000 + int(last)
        day_first, month_first = (year, int(second), int(first)), (year, int(first), int(second))
        days = [day_first, month_first]
        if mark == "." or day_first == month_first:
            days = [day_first]
        elif zone is not None and zone.upper() in MONTH_FIRST:
            days = [month_first] if month_first[1] <= 12 else [day_first]
    named = [f"{y:04}-{m:02}-{d:02}" for y, m, d in days if 1 <= m <= 12 and 1 <= d <= 31]
    whole = [text[: found.start()] + name + text[found.end() :] for name in named]
    return (whole[0] if whole else "", whole[1] if len(whole) == 2 else None)


def _fitting(readings: list[dt.datetime], arrived: dt.datetime | None) -> dt.datetime | None:
    """The one reading that lies shortly before the arrival."""
    if arrived is None:
        return None
    latest = arrived.astimezone(dt.UTC).replace(tzinfo=None) + dt.timedelta(days=1)
    earliest = latest - dt.timedelta(days=_FRESH_DAYS)
    fresh = [moment for moment in readings if earliest <= moment <= latest]
    return fresh[0] if len(fresh) == 1 else None


def _definite(text: str) -> dt.datetime | None:
    """What dateutil makes of it, when it does not have to fill in year, month or day."""
    if not re.search(r"[0-9]", text):
        return None
    try:
        first, second = (dates.parse(text, default=d, tzinfos=_left_over) for d in _TWO_DEFAULTS)
    except (ValueError, OverflowError, TypeError, AttributeError, IndexError):
        return None
    return first if first == second and first.tzinfo is None else None


def _left_over(name: str | None, seconds: int | None) -> dt.tzinfo | None:
    """What is left of a zone makes the date unreadable: it was printed where nobody prints one."""
    return None if name is None and seconds is None else dt.UTC
