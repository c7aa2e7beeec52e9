"""Clock times as news writes them, as HH:MM on the watched place's clock.

Rules
-----
1. A bare number is no time: it needs minutes after a colon, or a word of the lexicon beside it
   (table ``meridiem``: "a.m.", "in the morning", "local time", "gmt").
2. A time in UTC is turned into local time, since reports of one incident are compared by it; for
   that the day must be known, so it is done when the attack's is (``ClockMention.local``).

("8.55 am" with a dot, "8:55 a.m.", "around 9:30 in the morning", "0910 local time".)
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import lru_cache
from zoneinfo import ZoneInfo

from worker.core.domain.light_value import light_value
from worker.core.lang.lexicon import Lexicon, Table
from worker.core.lang.normalise import Range
from worker.core.lang.phrases import NOT_INSIDE_A_WORD
from worker.core.text.prose import Prose

_CLOCK = re.compile(r"(?<![\d.:,$/-])(\d{1,2})(?:([.:h])([0-5]\d))?(?!\d|[.:,]\d|%)")
_MILITARY = re.compile(r"(?<![\d.:,$/-])([01]\d|2[0-3])([0-5]\d)(?!\d|[.:,]\d)")


@light_value
class ClockMention(Range):
    """Words that name a time of day, as HH:MM on the watched place's clock, or on that of UTC."""

    time: str
    utc: bool = False

    def local(self, zone: str, day: dt.date | None) -> str:
        """HH:MM local; ``day`` is needed only to convert from UTC."""
        if not self.utc:
            return self.time
        day = day or dt.date(2000, 1, 1)
        moment = dt.datetime.combine(day, dt.time.fromisoformat(self.time), dt.UTC)
        return moment.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def find_times(prose: Prose, lexicon: Lexicon) -> tuple[ClockMention, ...]:
    """All clock times of a text, in order, none of them across two sentences."""
    found = (m for sentence in prose.sentences for m in _times(prose.text, sentence, lexicon))
    return tuple(sorted(found, key=lambda m: m.start))


def _times(text: str, at: Range, lexicon: Lexicon) -> Iterator[ClockMention]:
    table = lexicon.table("meridiem")
    for found, value in lexicon.table("clock_word").find(text, at.start, at.end):
        yield ClockMention(found.start(), found.end(), value)
    for shape in (_CLOCK, _MILITARY):
        for found in shape.finditer(text, at.start, at.end):
            word, stop = _word_after(text, found.end(), at.end, table)
            military = shape is _MILITARY
            hour = int(found[1])
            minute = int(found[2] if military else (found[3] or 0))
            certain = not military and found[2] in (":", "h")
            if word is None and not certain:
                continue
            if word == "military" and not (military or certain):  # "a siege of 12 hours"
                continue
            time = _written(hour, minute, word or "24")
            if time is not None and not (military and word in ("am", "pm")):
                yield ClockMention(found.start(), stop, time, word == "utc")


def _word_after(text: str, position: int, end: int, table: Table) -> tuple[str | None, int]:
    at = position + (1 if text[position : position + 1] == " " else 0)
    found = _glued(table.pattern.pattern).match(text, at, end) if table.pattern else None
    if found is None:
        return None, position
    return table.values[int((found.lastgroup or "v0")[1:])], found.end()


@lru_cache(maxsize=64)
def _glued(pattern: str) -> re.Pattern[str]:
    """The same words where they may follow a digit without a blank: "9am"."""
    return re.compile(pattern.removeprefix(NOT_INSIDE_A_WORD))


def _written(hour: int, minute: int, word: str) -> str | None:
    """HH:MM of an hour with its word (am, pm, 24, utc), or None when there is no such hour."""
    if word in ("am", "pm") and 1 <= hour <= 12:
        hour = hour % 12 + (12 if word == "pm" else 0)
    return f"{hour:02d}:{minute:02d}" if hour <= 23 else None
