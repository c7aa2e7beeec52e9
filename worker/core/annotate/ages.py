"""Counted distances in time: "a month ago", "just over two weeks after", "days earlier".

Rules
-----
1. A count needs a direction beside it (tables ``time_direction``, ``time_direction_before``): "for
   two weeks" and "a two-week siege" are no dates.
2. A rounded count is wide: "a month" is 24 to 37 days; "just over" opens it to one side only.
3. A bare plural ("weeks ago") means two or more, up to the next unit.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import partial

from worker.core.annotate.date_mention import LOOK_CHARS, DatePhrase, Interval, precision_of
from worker.core.lang.lexicon import Lexicon, Table
from worker.core.lang.normalise import Range, words_end

_UNIT_DAYS = {"day": 1.0, "week": 7.0, "month": 30.44, "year": 365.25, "decade": 3652.5}
_SLACK_DAYS = {"day": 0.0, "week": 2.0, "month": 7.0, "year": 75.0, "decade": 720.0}
"""How far off a rounded count may be, per unit counted: "a month ago" was 24 to 37 days in real articles."""
_VAGUE_COUNT = {"day": (2, 6), "week": (2, 8), "month": (2, 11), "year": (2, 9), "decade": (1, 5)}
"""What a bare plural ("weeks ago") may mean, in its unit."""
_MOST_SLACK_DAYS = 400
_HALF_A_DAY_HOURS = 12
_OF_A_MOMENT = frozenset({"second", "minute"})


def counted(text: str, lexicon: Lexicon) -> Iterator[DatePhrase]:
    """Counted units: "a month ago", "just over two weeks after", "hace dos semanas", "weeks earlier"."""
    for found, unit in lexicon.table("time_unit").find(text, 0, len(text)):
        count, start = _count_before(text, lexicon, found.start())
        directed = _direction(text, lexicon, Range(start, found.end()))
        if directed is None:
            continue
        direction, stretch = directed
        if unit in _OF_A_MOMENT and direction != "ago":
            continue  # "shared tea with minutes earlier": the same scene, and no day
        if count is None and not lexicon.ends_with("time_plural", text, found.end(), LOOK_CHARS):
            continue
        amount, start = _amount_before(text, lexicon, stretch.start)
        near, far = _days_back(unit, count, amount)
        yield DatePhrase(start, stretch.end, partial(_back, near, far), direction != "ago")


def _back(near: int, far: int, day: dt.date | None) -> Interval | None:
    """From ``far`` to ``near`` days before a day."""
    if day is None:
        return None
    try:
        first, last = day - dt.timedelta(days=far), day - dt.timedelta(days=near)
    except OverflowError:  # "300 decades ago"
        return None
    return Interval(first, last, precision_of(first, last), "relative")


def _count_before(text: str, lexicon: Lexicon, end: int) -> tuple[int | None, int]:
    digits = re.search(r"(?<![\d.,])(\d{1,3})[\s-]?$", text[max(0, end - 5) : end])
    if digits:
        return int(digits[1]), end - len(digits.group())
    stop = end
    while stop > 0 and text[stop - 1] in " -":
        stop -= 1
    found = _ending_at(lexicon.table("count_word"), text, stop)
    return (int(found[1]), found[0].start()) if found is not None else (None, end)


def _direction(text: str, lexicon: Lexicon, words: Range) -> tuple[str, Range] | None:
    """Finds "ago" or "after" beside a counted unit, and the stretch including it."""
    table, end = lexicon.table("time_direction"), words.end
    if table.pattern is not None:
        at = end
        while text[at : at + 1] == " ":
            at += 1
        after = table.pattern.match(text, at)
        if after:
            value = table.values[int((after.lastgroup or "v0")[1:])]
            return value, Range(words.start, after.end())
    table = lexicon.table("time_direction_before")
    found = _ending_at(table, text, words_end(text, words.start))
    return (found[1], Range(found[0].start(), end)) if found is not None else None


def _amount_before(text: str, lexicon: Lexicon, end: int) -> tuple[str, int]:
    found = _ending_at(lexicon.table("vague_amount"), text, words_end(text, end))
    return (found[1], found[0].start()) if found is not None else ("plain", end)


def _ending_at(table: Table, text: str, stop: int) -> tuple[re.Match[str], str] | None:
    return table.ending_at(text, max(0, stop - LOOK_CHARS), stop)


def _days_back(unit: str, count: int | None, amount: str) -> tuple[int, int]:
    """Nearest and farthest day, counted back. Some hours and minutes are the same day."""
    if unit not in _UNIT_DAYS:
        hours = count or 0 if unit == "hour" else 0
        return (hours // 24, -(-hours // 24)) if hours > _HALF_A_DAY_HOURS else (0, 0)
    days = _UNIT_DAYS[unit]
    if count is None:
        low, high = _VAGUE_COUNT[unit]
        return int(low * days), int(high * days)
    middle = round(count * days)
    slack = int(min(_SLACK_DAYS[unit] * count, _MOST_SLACK_DAYS))
    if unit == "day" and (amount != "plain" or count > 9):
        slack = max(1, count // 7)
    if amount == "over":
        return middle, middle + slack
    if amount == "under":
        return max(0, middle - slack), middle
    return max(0, middle - max(0, slack - 1)), middle + slack
