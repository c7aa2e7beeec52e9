"""Bounds and best of the statements in use, one for each speaker.

Rules
-----
1. low = smallest lower bound used, None where none is told ("up to 30"). Where all that is said of
   the whole is a word without a number, what one hospital received is the least, if that is more
   ("several were wounded", "we admitted 12 patients": 12 or more). high = largest of the upper bounds
   of closed figures and the lone best of open ones. A figure nobody gave is None, never 0.
2. A lower bound in use leaves the figure open, whoever printed more: "at least nine" and 14 are 9 to
   14 or more.
3. "Around 30" beside somebody's 30 is that number, and widens nothing.
4. best = the first by: attributed to somebody other than the outlet; how many other used speakers'
   bounds hold its value; exact, around, bounded, vague; later; lower. What one hospital received is
   a lower bound for the others. ("At least 5", 8 and 12: overlapping bounds would choose 5, with
   which everything is compatible and which nobody still says; 8 and 12 both fit it.)
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from worker.core.domain.report import Figure, Statement
from worker.core.domain.vocabulary import Qualifier
from worker.core.figures.said_again import moment_of

OUTLET = "outlet_narrator"
RECEIVED = "received_at_hospital"
"""Class of the people whom one hospital received."""
PRECISION: dict[Qualifier, int] = {
    "exact": 0, "around": 1,
    "at_least": 2, "more_than": 2, "nearly": 2, "fewer_than": 2, "up_to": 2, "range": 2,
    "several": 3, "a_number_of": 3, "many": 3, "score": 3, "scores": 3, "dozens": 3, "hundreds": 3,
}  # fmt: skip
"""How sure a wording is, the surest first; from ``VAGUE`` on it has no number."""
VAGUE = 3
NO_END = 1 << 40


def decide_figure(used: list[Statement]) -> Figure | None:
    """Bounds and best of the used statements, one per speaker; None when there are none."""
    if not used:
        return None
    exact = {s.value for s in used if s.qualifier == "exact"}
    used = [s for s in used if s.qualifier != "around" or s.value not in exact]
    totals = [s for s in used if s.victim_class != RECEIVED] or used
    numbered = [s for s in totals if PRECISION[s.qualifier] < VAGUE] or totals
    low = min((s.low for s in numbered if s.low is not None), default=None)
    if low is not None and all(PRECISION[s.qualifier] == VAGUE for s in totals):
        low = max([low, *(s.low or 0 for s in used if s.victim_class == RECEIVED)])
    closed = [s.high for s in used if s.high is not None]
    lone = [best for s in used if s.high is None and (best := lone_best(s)) is not None]
    return Figure(
        low=low,
        best=_best(used, low),
        high=max(closed + lone, default=None),
        open_upper=_is_open(numbered, used),
        conflict=len({s.value for s in used if s.value is not None}) > 1,
    )


def _is_open(numbered: Sequence[Statement], used: Sequence[Statement]) -> bool:
    """Whether a lower bound is in use. What one hospital received leaves open only what is more than
    everybody else's ("the ministry gives 23; a doctor counted at least 30 bodies").
    """
    most = max((s.high or 0 for s in used if s.low is not None), default=0)
    received = (s for s in used if s.victim_class == RECEIVED and s.high is None)
    return any(s.high is None for s in numbered) or any((s.low or 0) > most for s in received)


def _best(used: list[Statement], low: int | None) -> int | None:
    """The best of many: a wording without a number is chosen only where there is no other, and none
    that is below what everybody gives at least ("up to one", beside "around two").
    """
    floors = [s.low for s in used if s.victim_class != RECEIVED and s.low is not None]
    floor = max(floors, default=0)
    numbered = [
        s
        for s in used
        if (value := lone_best(s)) is not None and value >= (low or 0) and not _is_short(s, floor)
    ]
    if not numbered:
        return None
    return lone_best(min(numbered, key=_preference(used)))


def _is_short(statement: Statement, floor: int) -> bool:
    """Whether one hospital's count is less than others say there were at least."""
    value = lone_best(statement)
    return statement.victim_class == RECEIVED and value is not None and value < floor


def _preference(used: list[Statement]) -> Callable[[Statement], tuple[object, ...]]:
    lows, highs = sorted(map(_least, used)), sorted(map(_most, used))

    def rank(statement: Statement) -> tuple[object, ...]:
        value = lone_best(statement) or 0
        supporters = bisect_right(lows, value) - bisect_left(highs, value)
        supporters -= _least(statement) <= value <= _most(statement)
        return (
            statement.speaker_type == OUTLET,
            -supporters,
            PRECISION[statement.qualifier],
            -moment_of(statement).timestamp(),
            value,
            statement.speaker_id,
        )

    return rank


def _least(statement: Statement) -> int:
    """The least that what a statement says leaves room for."""
    return statement.low or 0


def _most(statement: Statement) -> int:
    """The most that it leaves room for."""
    is_open = statement.high is None or statement.victim_class == RECEIVED
    return NO_END if is_open else max(_least(statement) - 1, statement.high or 0)


def closed_high(figure: Figure) -> int | None:
    """The upper bound where there is no ``open_upper`` beside it to say that it is open."""
    return None if figure.open_upper else figure.high


def lone_best(statement: Statement) -> int | None:
    """The best value of one figure alone; None for a wording without a number."""
    if statement.value is None or PRECISION[statement.qualifier] == VAGUE:
        return None
    if statement.qualifier == "more_than":
        return statement.low
    if statement.qualifier in ("nearly", "fewer_than", "up_to"):
        return statement.high
    return statement.low if statement.qualifier == "range" else statement.value
