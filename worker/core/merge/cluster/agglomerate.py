"""Joins reports best first, until nothing reaches the threshold.

Rules
-----
1. Of all pairs of cells without a veto between any two members the one with the highest score is
   joined (mean of average and strongest evidence), while it reaches the threshold. Ties go by the
   least report ids of the two.
2. A score is no higher than its strongest pair. So only reports that hang together by pairs at the
   threshold can ever be joined, and each such *heap* is worked on alone.
3. Nodes of a unit are interchangeable, and the first of those that are still alone goes first: so
   one of them is looked at for all.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Sequence

from worker.core.merge.cluster.units import Unit, Units
from worker.core.merge.evidence.nodes import Node


def agglomerate(groups: Sequence[Sequence[Node]], units: Units) -> list[tuple[Node, ...]]:
    """Join groups of nodes (most of one node) into cells, each in order of key.

    ``units``: of all nodes of the groups, and perhaps of others.
    """
    alone = [group[0] for group in groups if len(group) == 1]
    joined = [group for group in groups if len(group) > 1]
    cells: list[tuple[Node, ...]] = []
    for singles, firm in _heaps(alone, joined, units):
        if len(singles) + len(firm) == 1:
            cells.append(tuple(singles or firm[0]))
        else:
            cells += _joined(singles, firm, units)
    return cells


def _joined(
    singles: Sequence[Node], firm: Sequence[Sequence[Node]], units: Units
) -> Iterable[tuple[Node, ...]]:
    """The cells of one heap. Those of a heap that was seen before are remembered: they depend on
    its nodes and their evidence alone.
    """
    held = dict.fromkeys(units.of[node.key] for node in singles)
    if firm or any(unit.alone for unit in held):
        return _Joining(singles, firm, units).run()
    known = units.evidence.cells
    key = frozenset((u.number, u.tie, tuple(node.key for node in u.nodes)) for u in held)
    found = known.get(key)
    if found is None:
        if len(known) >= _MOST_HEAPS:
            known.clear()
        cells = _Joining(singles, firm, units).run()
        known[key] = tuple(tuple(node.key for node in cell) for cell in cells)
        return cells
    nodes = {node.key: node for node in singles}
    return [tuple(nodes[name] for name in cell) for cell in found]


_MOST_HEAPS = 2_000


def _heaps(
    alone: Sequence[Node], joined: Sequence[Sequence[Node]], units: Units
) -> Iterable[tuple[list[Node], list[Sequence[Node]]]]:
    """What hangs together by pairs at the threshold; a group hangs together by itself."""
    threshold = units.evidence.weights["merge.threshold"]
    singles: dict[Unit, list[Node]] = {}
    for node in alone:
        singles.setdefault(units.of[node.key], []).append(node)
    firm: dict[Unit, list[int]] = {}
    for k, group in enumerate(joined):
        for unit, _ in units.count(group):
            firm.setdefault(unit, []).append(k)
    left = dict.fromkeys((*singles, *firm))
    while left:
        start = next(iter(left))
        found, taken = _reach(start, left, firm, joined, units, threshold)
        twins = any(unit is start and weight >= threshold for unit, weight in units.near(start))
        if found == [start] and not taken and not twins:
            yield from (([node], []) for node in singles[start])
        else:
            yield [n for u in found for n in singles.get(u, ())], [joined[k] for k in taken]


def _reach(
    start: Unit,
    left: dict[Unit, None],
    firm: dict[Unit, list[int]],
    joined: Sequence[Sequence[Node]],
    units: Units,
    threshold: float,
) -> tuple[list[Unit], list[int]]:
    """The units that hang together with one, taken out of ``left``, and their groups."""
    found, taken = [start], dict[int, None]()
    del left[start]
    for unit in found:  # grows while we go
        fresh = {other for other, weight in units.near(unit) if weight >= threshold}
        for k in firm.get(unit, ()):
            if k not in taken:
                taken[k] = None
                fresh.update(units.of[node.key] for node in joined[k])
        for other in fresh & left.keys():
            del left[other]
            found.append(other)
    return found, list(taken)


class _Cell:
    """Nodes that were joined. ``total`` and ``top`` are of its evidence with one node of each unit;
    a unit that is not there is vetoed.
    """

    __slots__ = ("counts", "key", "nodes", "top", "total")

    def __init__(self, nodes: list[Node], counts: dict[Unit, int], key: str) -> None:
        self.nodes = nodes
        self.counts = counts
        self.key = key
        self.total: dict[Unit, float] = {}
        self.top: dict[Unit, float] = {}

    def against(self, other: _Cell) -> tuple[float, float] | None:
        """Sum and strongest of the evidence with another cell; None when a veto stands."""
        total, top = 0.0, float("-inf")
        for unit, n in other.counts.items():
            if unit not in self.total:
                return None
            total += n * self.total[unit]
            top = max(top, self.top[unit])
        return total, top


_Thing = Unit | _Cell
"""What can be joined: the next node of a unit that is still alone, or a cell."""


class _Joining:
    """One heap: the nodes that are still alone, by unit, and the cells made so far."""

    def __init__(
        self, singles: Iterable[Node], firm: Iterable[Sequence[Node]], units: Units
    ) -> None:
        self._units = units
        self._threshold = units.evidence.weights["merge.threshold"]
        self._queue: dict[Unit, list[Node]] = {}
        for node in sorted(singles, key=lambda node: node.key, reverse=True):
            self._queue.setdefault(units.of[node.key], []).append(node)
        self._all = dict.fromkeys(self._queue)
        self._rows: dict[Unit, _Cell] = {}
        self._cells: dict[_Cell, None] = {}
        self._heap: list[tuple[float, str, str, int, _Thing, _Thing]] = []
        self._serial = itertools.count()
        groups = list(firm)
        for group in groups:
            self._all.update(dict.fromkeys(unit for unit, _ in units.count(group)))
        for k, unit in enumerate(list(self._queue)):
            for other in list(self._queue)[: k + 1]:
                self._offer_units(unit, other)
        for group in groups:
            self._add(self._measured(list(group), dict(units.count(group))))

    def run(self) -> list[tuple[Node, ...]]:
        """The cells, when nothing reaches the threshold any more."""
        while self._heap:
            value, first, second, _, a, b = heapq.heappop(self._heap)
            now = self._keys(a, b)
            if now == (first, second):
                self._join(a, b)
            elif now is not None:
                self._push(value, now, a, b)
        cells = [tuple(sorted(c.nodes, key=lambda n: n.key)) for c in self._cells]
        return cells + [(node,) for queue in self._queue.values() for node in queue]

    def _keys(self, a: _Thing, b: _Thing) -> tuple[str, str] | None:
        """The least report ids of the two as they are now; None when one is gone."""
        one, other = self._key(a, 1), self._key(b, 2 if a is b else 1)
        if one is None or other is None:
            return None
        return (one, other) if one < other else (other, one)

    def _key(self, thing: _Thing, nth: int) -> str | None:
        """The least report id of a cell, or of the n-th node of a unit that is still alone."""
        if isinstance(thing, _Cell):
            return thing.key if thing in self._cells else None
        queue = self._queue[thing]
        return queue[-nth].key if len(queue) >= nth else None

    def _join(self, a: _Thing, b: _Thing) -> None:
        """Replace the two by one."""
        parts = [self._take(thing) for thing in (a, b)]
        self._add(_merged(*parts))

    def _take(self, thing: _Thing) -> _Cell:
        if isinstance(thing, _Cell):
            del self._cells[thing]
            return thing
        node = self._queue[thing].pop()
        row = self._rows.get(thing)
        if row is None:
            row = self._rows[thing] = self._measured([node], {thing: 1})
        alone = _Cell([node], row.counts, node.key)
        alone.total, alone.top = row.total, row.top
        return alone

    def _measured(self, nodes: list[Node], counts: dict[Unit, int]) -> _Cell:
        cell = _Cell(nodes, counts, min(node.key for node in nodes))
        for unit in self._all:
            if any(self._units.cannot(unit, own) for own in counts if unit is not own):
                continue
            values = [(self._weight(unit, own), n) for own, n in counts.items()]
            cell.total[unit] = sum(value * n for value, n in values)
            cell.top[unit] = max(value for value, _ in values)
        return cell

    def _weight(self, unit: Unit, own: Unit) -> float:
        """Of a unit with a node of its own too; a single node is never weighed against itself."""
        return 0.0 if unit is own and unit.alone else self._units.weight(unit, own)

    def _add(self, cell: _Cell) -> None:
        """Make it one of the cells, and offer it to everything that is there."""
        size = len(cell.nodes)
        for unit, queue in self._queue.items():
            if queue and unit in cell.total:
                self._offer(cell.total[unit] / size, cell.top[unit], cell, unit)
        for other in self._cells:
            found = cell.against(other)
            if found is not None:
                total, top = found
                self._offer(total / (size * len(other.nodes)), top, cell, other)
        self._cells[cell] = None

    def _offer(self, average: float, top: float, cell: _Cell, other: _Thing) -> None:
        value = round(0.5 * average + 0.5 * top, 6)
        if value >= self._threshold:
            key = self._key(other, 1) or ""
            self._push(-value, (min(cell.key, key), max(cell.key, key)), cell, other)

    def _offer_units(self, a: Unit, b: Unit) -> None:
        keys = self._keys(a, b)
        if keys is None or self._units.cannot(a, b):
            return
        weight = self._units.weight(a, b)
        if weight >= self._threshold:
            self._push(-round(weight, 6), keys, a, b)

    def _push(self, value: float, keys: tuple[str, str], a: _Thing, b: _Thing) -> None:
        heapq.heappush(self._heap, (value, *keys, next(self._serial), a, b))


def _merged(a: _Cell, b: _Cell) -> _Cell:
    counts = dict(a.counts)
    for unit, n in b.counts.items():
        counts[unit] = counts.get(unit, 0) + n
    merged = _Cell(a.nodes + b.nodes, counts, min(a.key, b.key))
    for unit in a.total.keys() & b.total.keys():
        merged.total[unit] = a.total[unit] + b.total[unit]
        merged.top[unit] = max(a.top[unit], b.top[unit])
    return merged
