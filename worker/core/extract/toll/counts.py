"""Counted people, and how counts that stand together are read.

Rules
-----
1. Classes under one harm ("two policemen and three civilians") are parts of one figure, which the
   clause prints as a whole: the whole comes first, with all of it in its quote.
2. A figure that has attackers in it is a total of neither side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from worker.core.annotate.numbers import Number, bounds
from worker.core.domain.vocabulary import Measure, Qualifier
from worker.core.figures import MIXED
from worker.core.lang.normalise import Range

PERPETRATOR = "perpetrator"
PART = "some_of_them"
"""People counted as part of a toll that is not told here ("two engineers among the dead")."""


@dataclass(frozen=True, slots=True)
class Count(Range):
    """A number that counts people, with the people and the harm."""

    number: Number
    measure: Measure
    victim_class: str
    received: bool = False
    aggregate: bool = False
    hypothetical: bool = False
    parent: Range | None = None
    mixed_with: Range | None = None
    """The figure that these attackers were counted in."""

    @property
    def key(self) -> Range:
        """Names the count within its article."""
        return Range(self.start, self.end)


def is_perpetrator(victim_class: str) -> bool:
    """Whether a class of people is the attacking side."""
    return victim_class == PERPETRATOR


def mark_mixed(counts: Sequence[Count]) -> list[Count]:
    """A figure that has attackers in it ("including five attackers") is a total of neither side."""
    out: list[Count] = []
    for count in counts:
        whole = out[-1] if out else None
        if count.mixed_with is not None and whole is not None and count.mixed_with == whole.key:
            out[-1] = replace(whole, victim_class=MIXED)
        out.append(count)
    return out


def with_total(group: list[Count]) -> list[Count]:
    """One count as it is; several with the figure that they make, first."""
    if len(group) < 2:
        return group
    value = sum(count.number.value or 0 for count in group)
    exact = all(count.number.qualifier == "exact" for count in group)
    qualifier: Qualifier = "exact" if exact else "at_least"
    start, end = group[0].start, max(count.end for count in group)
    number = Number(group[0].number.start, end, value, *bounds(value, qualifier), qualifier)
    whole = replace(group[0], number=number, start=start, end=end, victim_class="unspecified")
    return [whole, *(replace(count, parent=whole.key) for count in group)]
