"""Whether two mentions of past attacks, in one article, may be of one.

Rules
-----
1. A mention without a day may be the one before it; two days are two attacks.
2. "Last week's bombing" is the attack told before that was in that week, where there is only one, and
   it was a bombing: "a week after a blast at a bank … Last week's bombing killed two".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from worker.core.domain.report import IncidentDate
from worker.core.segment.clauses import Clause

Days = tuple[dt.date, dt.date]
_MOST_DAYS = 11
"""An attack that is told with more days than these is told with none: "three weeks after"."""
_SPANS = frozenset({"week", "month"})
_ANY = frozenset({"unknown", ""})
"""Types of words that name no kind: "the attack"."""


def may_be_same(one: IncidentDate, two: IncidentDate) -> bool:
    """Whether two attacks have the same days, or one of them has none."""
    if one.start is None or two.start is None:
        return True
    return one.start == two.start and one.end == two.end


def named_by_its_span(
    clause: Clause, date: IncidentDate, told: Mapping[Days, Sequence[Clause]]
) -> Days | None:
    """The days of the one attack told before that a clause names by the week or month it was in."""
    if date.precision not in _SPANS or date.start is None or date.end is None:
        return None
    if not clause.triggers or not all(t.definite for t in clause.triggers):
        return None
    within = [days for days in told if days[0] <= date.end and date.start <= days[1]]
    if len(within) != 1 or (within[0][1] - within[0][0]).days > _MOST_DAYS:
        return None
    return within[0] if _is_of_one_kind(clause, told[within[0]]) else None


def _is_of_one_kind(clause: Clause, told: Sequence[Clause]) -> bool:
    """Whether a clause and what was told before name attacks of one kind, or one of them none."""
    one = {t.type for t in clause.triggers} - _ANY
    two = {t.type for other in told for t in other.triggers} - _ANY
    return not one or not two or bool(one & two)
