"""Who is near whom among some units, and what follows from it, while units come and go.

A unit that comes is near dozens that stay. For nearly all of these nothing else follows: it is a weaker
partner than those they would choose among. So what was found out about a unit is corrected, and asked
for anew only where the newcomer, or who left, has a part in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from worker.core.merge.cluster.unit import Unit

_DIGITS = 6
"""Places after the point that a weight is rounded to, before it is held against the threshold."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether the best partners of a unit exclude each other (``partition``)."""

    is_bridge: bool
    best: float
    """The weight of the best of them."""
    floor: float
    """The least weight of a partner that it would choose among."""

    def stands_with(self, weight: float) -> bool:
        """Whether it is the same with one more partner of this weight."""
        return weight < self.floor or (self.is_bridge and weight <= self.best)

    def stands_without(self, weight: float) -> bool:
        """Whether it is the same when a partner of this weight has gone."""
        return weight < self.floor


class Nearby:
    """By unit those near it, with the weight. For one thread."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._near: dict[Unit, dict[Unit, float]] = {}
        self._strong: dict[Unit, set[Unit]] = {}
        self.choices: dict[Unit, Choice] = {}

    def of(self, unit: Unit) -> Mapping[Unit, float] | None:
        """Those near a unit, if it was asked for before."""
        return self._near.get(unit)

    def keep(self, unit: Unit, near: Iterable[tuple[Unit, float]]) -> Mapping[Unit, float]:
        """Remember who is near a unit."""
        kept = self._near[unit] = dict(near)
        return kept

    def strong(self, unit: Unit, near: Mapping[Unit, float]) -> AbstractSet[Unit]:
        """Those of the near ones that reach the threshold."""
        found = self._strong.get(unit)
        if found is None:
            found = {other for other, weight in near.items() if self._reaches(weight)}
            self._strong[unit] = found
        return found

    def come(self, unit: Unit, other: Unit, weight: float) -> bool:
        """A unit is new and near another one; returns whether that one was asked for before."""
        near = self._near.get(other)
        if near is None:
            return False
        near[unit] = weight
        if other in self._strong and self._reaches(weight):
            self._strong[other].add(unit)
        choice = self.choices.get(other)
        if choice is not None and not choice.stands_with(weight):
            del self.choices[other]
        return True

    def go(self, unit: Unit, other: Unit) -> bool:
        """A unit that is near another one goes; returns whether that one was asked for before."""
        near = self._near.get(other)
        if near is None:
            return False
        weight = near.pop(unit, None)
        self._strong.get(other, set()).discard(unit)
        choice = self.choices.get(other)
        if choice is not None and weight is not None and not choice.stands_without(weight):
            del self.choices[other]
        return True

    def forget(self, unit: Unit) -> None:
        """A unit is gone, or is not what it was."""
        self._near.pop(unit, None)
        self._strong.pop(unit, None)
        self.choices.pop(unit, None)

    def _reaches(self, weight: float) -> bool:
        return round(weight, _DIGITS) >= self._threshold
