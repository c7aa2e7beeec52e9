"""The evidence between units as numbers in a table, for as long as the units live.

A bond is the log-odds of a node of one unit with another node of the other; ``-inf``: they cannot be
one. Each is worked out when it is first asked for, and forgotten with its unit. 8 bytes each: a day of
a thousand different facts takes 8 MB.

Bonds are whole millionths, to which weights are rounded: a sum of them is exact, in whatever order they
are added.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import mul

import numpy as np
from numpy.typing import NDArray

from worker.core.merge.cluster.unit import Unit
from worker.core.merge.evidence.pairs import MILLION

Table = NDArray[np.float64]
BondsOf = Callable[[Unit, Sequence[Unit]], Sequence[float]]
"""The bonds of a unit with each of others."""
_FIRST_ROOM = 64


@dataclass(frozen=True, slots=True)
class Placed:
    """Units and where they stand in the table, for as long as none of them is forgotten."""

    units: Sequence[Unit]
    places: NDArray[np.intp]


def score_of_one(bonds: Sequence[float], counts: Sequence[int]) -> float | None:
    """What a node scores with a group, of the bonds with its units and how many nodes these have: as
    ``Units.score`` says, without a table, which is slower for one.
    """
    if min(bonds) == -math.inf:
        return None
    total: float = sum(map(mul, counts, bonds))
    return round(0.5 * (total / sum(counts) + max(bonds))) / MILLION


class Bonds:
    """Bonds by unit. For one thread."""

    def __init__(self) -> None:
        self._place: dict[Unit, int] = {}
        self._free: list[int] = []
        self._known: Table = np.full((_FIRST_ROOM, _FIRST_ROOM), np.nan)

    def among(self, units: Sequence[Unit], bonds_of: BondsOf) -> Table:
        """The bonds of each of these units with each; what is not known is asked of ``bonds_of``.

        (That of a unit of one node with itself means nothing.)
        """
        placed = self.placed(units)
        return self.between(placed, placed, bonds_of)

    def between(self, a: Placed, b: Placed, bonds_of: BondsOf) -> Table:
        """The bonds of each of some units with each of others."""
        found = self._found(a, b)
        while np.isnan(np.maximum.reduce(found, axis=None)):
            unknown = np.count_nonzero(np.isnan(found), axis=1)
            for row in np.flatnonzero(unknown == unknown.max()).tolist():
                self._ask(a, row, b, bonds_of)  # which answers for who else asks for it, too
            found = self._found(a, b)
        return found

    def _found(self, a: Placed, b: Placed) -> Table:
        found: Table = self._known.take(a.places, axis=0).take(b.places, axis=1)
        return found

    def _ask(self, a: Placed, row: int, b: Placed, bonds_of: BondsOf) -> None:
        """Find out what is not known of one of some units with others."""
        own = a.places[row]
        unknown = np.flatnonzero(np.isnan(self._known[own, b.places])).tolist()
        places = b.places[unknown]
        bonds = bonds_of(a.units[row], [b.units[k] for k in unknown])
        if np.isnan(bonds).any():
            raise ValueError("a bond is no number")
        self._known[own, places] = self._known[places, own] = bonds

    def forget(self, unit: Unit) -> None:
        """A unit is gone."""
        place = self._place.pop(unit, None)
        if place is not None:
            self._known[place, :] = self._known[:, place] = np.nan
            self._free.append(place)

    def forget_self(self, unit: Unit) -> None:
        """A unit has another node now, or has none any more."""
        place = self._place.get(unit)
        if place is not None:
            self._known[place, place] = np.nan

    def placed(self, units: Sequence[Unit]) -> Placed:
        """These units with their places; whoever is new gets one."""
        for unit in [unit for unit in units if unit not in self._place]:
            place = self._free.pop() if self._free else len(self._place)
            if place >= len(self._known):
                self._widen()
            self._place[unit] = place
        return Placed(units, np.array([self._place[unit] for unit in units], dtype=np.intp))

    def _widen(self) -> None:
        size = len(self._known)
        wider: Table = np.full((2 * size, 2 * size), np.nan)
        wider[:size, :size] = self._known
        self._known = wider
