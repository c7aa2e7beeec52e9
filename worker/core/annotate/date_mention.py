"""A date mention: words, the days they name, and how precise an interval is.

What a phrase names depends on the day that the text speaks from ("on Monday"). So phrases are found
first, which costs a look at every word, and turned into mentions once that day is known.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from worker.core.domain.light_value import light_value
from worker.core.domain.vocabulary import DateBasis, DatePrecision
from worker.core.lang.normalise import Range

LOOK_CHARS = 24
"""How many characters left and right of a word may hold its day, year or qualifier."""


@light_value
class DateMention(Range):
    """Words that name a day or a stretch of days; ``first`` and ``last`` are inclusive.

    ``anaphoric``: it is counted from another attack ("a day after …"), not from the day of
    publication; ``counted``: from a day that the text names before it.
    """

    first: dt.date
    last: dt.date
    precision: DatePrecision
    basis: DateBasis
    anaphoric: bool = False
    counted: bool = False

    def shifted(self, days: int) -> DateMention:
        """The same mention, counted from another day."""
        move = dt.timedelta(days=days)
        return replace(self, first=self.first + move, last=self.last + move)

    def meets(self, first: dt.date, last: dt.date) -> bool:
        """Whether the two intervals share a day."""
        return self.first <= last and first <= self.last


@dataclass(frozen=True, slots=True)
class Interval:
    """The days that a phrase names, both inclusive, and how it names them."""

    first: dt.date
    last: dt.date
    precision: DatePrecision
    basis: DateBasis


@light_value
class DatePhrase(Range):
    """Words that name days as soon as it is known from which day the text speaks."""

    days: Callable[[dt.date | None], Interval | None]
    """The days, seen from a day; from None only what is written with its year."""
    anaphoric: bool = False

    def seen_from(self, day: dt.date | None) -> DateMention | None:
        """The mention that the phrase is on that day; None when it names no day then."""
        named = self.days(day)
        if named is None:
            return None
        return DateMention(
            self.start, self.end, named.first, named.last, named.precision, named.basis,
            self.anaphoric,
        )  # fmt: skip


def precision_of(first: dt.date, last: dt.date) -> DatePrecision:
    """The precision that an interval deserves."""
    days = (last - first).days
    steps: tuple[tuple[int, DatePrecision], ...] = (
        (0, "day"),
        (3, "days"),
        (9, "week"),
        (61, "month"),
    )
    return next((name for limit, name in steps if days <= limit), "year")


def period(unit: str, back: int, document: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of the week, month or year so many back ("last month")."""
    if unit == "week":
        first = document - dt.timedelta(days=7 * (back + 1))
        return first, first + dt.timedelta(days=7)
    if unit == "year":
        return dt.date(document.year - back, 1, 1), dt.date(document.year - back, 12, 31)
    months = document.year * 12 + document.month - 1 - back
    after = months + 1
    first = dt.date(months // 12, months % 12 + 1, 1)
    return first, dt.date(after // 12, after % 12 + 1, 1) - dt.timedelta(days=1)
