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

from worker.core.annotate.date_mention import LOOK_CHARS, DateMention, ends_with, precision_of
from worker.core.lang.lexicon import Lexicon

_UNIT_DAYS = {"day": 1.0, "week": 7.0, "month": 30.44, "year": 365.25, "decade": 3652.5}
_SLACK_DAYS = {"day": 0.0, "week": 2.0, "month": 7.0, "year": 75.0, "decade": 720.0}
"""How far off a rounded count may be, per unit counted: "a month ago" was 24 to 37 days in real articles."""
_VAGUE_COUNT = {"day": (2, 6), "week": (2, 8), "month": (2, 11), "year": (2, 9), "decade": (1, 5)}
"""What a bare plural ("weeks ago") may mean, in its unit."""
_MOST_SLACK_DAYS = 400


def counted(text: str, lexicon: Lexicon, document: dt.date) -> Iterator[DateMention]:
    """Counted units: "a month ago", "just over two weeks after", "hace dos semanas", "weeks earlier"."""
    for found, unit in lexicon.table("time_unit").find(text, 0, len(text)):
        count, start = _count_before(text, lexicon, found.start())
        direction, end = _direction(text, lexicon, start, found.end())
        if direction is None:
            continue
        start = min(start, end[0])
        if count is None and not ends_with(lexicon, "time_plural", text, found.end()):
            continue
        amount, start = _amount_before(text, lexicon, start)
        near, far = _days_back(unit, count, amount)
        first, last = document - dt.timedelta(days=far), document - dt.timedelta(days=near)
        yield DateMention(
            start, end[1], first, last, precision_of(first, last), "relative",
            anaphoric=direction != "ago",
        )  # fmt: skip


def _count_before(text: str, lexicon: Lexicon, end: int) -> tuple[int | None, int]:
    digits = re.search(r"(?<![\d.,])(\d{1,3})[\s-]?$", text[max(0, end - 5) : end])
    if digits:
        return int(digits[1]), end - len(digits.group())
    stop = len(text[:end].rstrip(" -"))
    low = max(0, stop - LOOK_CHARS)
    for found, value in lexicon.table("count_word").find(text, low, stop):
        if found.end() == stop:
            return int(value), found.start()
    return None, end


def _direction(
    text: str, lexicon: Lexicon, start: int, end: int
) -> tuple[str | None, tuple[int, int]]:
    """Finds "ago" or "after" beside a counted unit, and the stretch including it."""
    table = lexicon.table("time_direction")
    if table.pattern is not None:
        at = end + (len(text[end:]) - len(text[end:].lstrip(" ")))
        found = table.pattern.match(text, at)
        if found:
            return table.values[int((found.lastgroup or "v0")[1:])], (start, found.end())
    stop = len(text[:start].rstrip())
    for found, value in lexicon.table("time_direction_before").find(
        text, max(0, stop - LOOK_CHARS), stop
    ):
        if found.end() == stop:
            return value, (found.start(), end)
    return None, (start, end)


def _amount_before(text: str, lexicon: Lexicon, end: int) -> tuple[str, int]:
    stop = len(text[:end].rstrip())
    for found, value in lexicon.table("vague_amount").find(text, max(0, stop - LOOK_CHARS), stop):
        if found.end() == stop:
            return value, found.start()
    return "plain", end


def _days_back(unit: str, count: int | None, amount: str) -> tuple[int, int]:
    """Nearest and farthest day, counted back. Hours and minutes are the same day."""
    if unit not in _UNIT_DAYS:
        return (0, 1) if unit == "hour" and (count or 2) > 12 else (0, 0)
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
