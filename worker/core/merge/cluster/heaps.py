"""What hangs together by pairs at the threshold, carried on from one decision to the next.

A heap stands for as long as its units and their parts do. A unit that came is put to the heaps that it
hangs together with, which become one; a heap that lost a unit is taken apart, and its units are put
together anew. So an arrival asks for one unit's partners, and what became of all other heaps
(``agglomerate``) is not asked for at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from worker.core.merge.cluster.unit import Core, Part, Unit

Strong = Callable[[Unit], AbstractSet[Unit]]
"""The units of which a node and one of a unit reach the threshold; itself too, where two of its own do."""


@dataclass(slots=True, eq=False)
class Heap:
    """Units that hang together, with their parts."""

    units: dict[Unit, Sequence[Part]]
    cores: Sequence[Core] | None = None
    """What became of them; None: not asked since one came."""

    def parts(self, strong: Strong) -> Iterable[Sequence[Part]]:
        """The parts that hang together: of a unit alone whose nodes do not, each by itself."""
        together = [part for parts in self.units.values() for part in parts]
        if len(self.units) > 1 or not strong(next(iter(self.units))).isdisjoint(self.units):
            return (together,)
        return [[part] for part in together]


class Heaps:
    """The heaps of the last decision. For one thread."""

    def __init__(self) -> None:
        self._parts: Mapping[Unit, Sequence[Part]] = {}
        self._of: dict[Unit, Heap] = {}

    def follow(self, parts: Mapping[Unit, Sequence[Part]], strong: Strong) -> Iterable[Heap]:
        """The heaps of units with these parts."""
        before, self._parts = self._parts, parts
        waiting = self._taken_apart(before.keys() - parts.keys())
        for unit in [unit for unit, own in parts.items() if before.get(unit) is not own]:
            heap = self._of.get(unit)
            if heap is None:
                waiting.add(unit)
            else:  # who it hangs together with does not depend on how many nodes it has
                heap.units[unit], heap.cores = parts[unit], None
        for unit in waiting:
            self._put(unit, strong(unit))
        return dict.fromkeys(self._of.values())

    def _taken_apart(self, gone: Iterable[Unit]) -> set[Unit]:
        """The units of the heaps that had some that are gone, without these."""
        left: set[Unit] = set()
        for heap in {self._of[unit] for unit in gone}:
            for unit in heap.units:
                del self._of[unit]
            left |= heap.units.keys()
        return left.difference(gone)

    def _put(self, unit: Unit, partners: AbstractSet[Unit]) -> None:
        """Put a unit to what it hangs together with, of what is there already."""
        held = {self._of[other] for other in partners & self._of.keys()}
        into = max(held, key=_size, default=None) or Heap({})
        into.units[unit], into.cores = self._parts[unit], None
        self._of[unit] = into
        for other in held:
            if other is not into:
                into.units |= other.units
                self._of.update(dict.fromkeys(other.units, into))


def _size(heap: Heap) -> int:
    return len(heap.units)
