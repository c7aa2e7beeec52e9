"""A date mention: what ``dates`` and ``ages`` find, and how precise an interval is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from worker.core.domain.vocabulary import DateBasis, DatePrecision
from worker.core.lang.normalise import Range

LOOK_CHARS = 24
"""How many characters left and right of a word may hold its day, year or qualifier."""


@dataclass(frozen=True, slots=True)
class DateMention(Range):
    """Words that name a day or a stretch of days; ``first`` and ``last`` are inclusive.

    ``anaphoric``: it is counted from another attack ("a day after …"), not from the day of
    publication.
    """

    first: dt.date
    last: dt.date
    precision: DatePrecision
    basis: DateBasis
    anaphoric: bool = False

    def shifted(self, days: int) -> DateMention:
        """The same mention, counted from another day."""
        move = dt.timedelta(days=days)
        return replace(self, first=self.first + move, last=self.last + move)

    def meets(self, first: dt.date, last: dt.date) -> bool:
        """Whether the two intervals share a day."""
        return self.first <= last and first <= self.last


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
