"""The evidence between units as numbers in a table, for as long as the units live.

A bond is the log-odds of a node of one unit with another node of the other; ``-inf``: they cannot be
one. Each is worked out when it is first asked for, and forgotten with its unit. 8 bytes each: a day of
a thousand different facts takes 8 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from worker.core.merge.cluster.unit import Unit

Table = NDArray[np.float64]
_FIRST_ROOM = 64


class Bonds:
    """Bonds by unit. For one thread."""

    def __init__(self) -> None:
        self._place: dict[Unit, int] = {}
        self._free: list[int] = []
        self._known: Table = np.full((_FIRST_ROOM, _FIRST_ROOM), np.nan)

    def among(self, units: Sequence[Unit], bond: Callable[[Unit, Unit], float]) -> Table:
        """The bonds of each of these units with each; what is not known is asked of ``bond``.

        (That of a unit of one node with itself means nothing.)
        """
        return self.between(units, units, bond)

    def between(
        self, a: Sequence[Unit], b: Sequence[Unit], bond: Callable[[Unit, Unit], float]
    ) -> Table:
        """The bonds of each of some units with each of others."""
        rows, columns = self._placed(a), self._placed(b)
        found: Table = self._known.take(rows, axis=0).take(columns, axis=1)
        if not np.isnan(np.maximum.reduce(found, axis=None)):
            return found
        own, others = rows.tolist(), columns.tolist()
        pairs = ((i, j, own[i], others[j]) for i, j in np.argwhere(np.isnan(found)).tolist())
        unknown = {(min(x, y), max(x, y)): (a[i], b[j]) for i, j, x, y in pairs}
        for (x, y), (one, other) in unknown.items():
            self._known[x, y] = self._known[y, x] = bond(one, other)
        return self._known.take(rows, axis=0).take(columns, axis=1)

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

    def _placed(self, units: Sequence[Unit]) -> NDArray[np.intp]:
        for unit in [unit for unit in units if unit not in self._place]:
            place = self._free.pop() if self._free else len(self._place)
            if place >= len(self._known):
                self._widen()
            self._place[unit] = place
        return np.array([self._place[unit] for unit in units], dtype=np.intp)

    def _widen(self) -> None:
        size = len(self._known)
        wider: Table = np.full((2 * size, 2 * size), np.nan)
        wider[:size, :size] = self._known
        self._known = wider
