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
4. What was joined in the last decision is kept in ``joins``, and joined again where it can be.
"""

from __future__ import annotations

import heapq
import itertools
import math
import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from worker.core.merge.cluster.joins import Joins, Order, Part, Rejoining, Step, part_of_group
from worker.core.merge.cluster.units import Unit, Units
from worker.core.merge.evidence.nodes import Node


def agglomerate(
    groups: Sequence[Sequence[Node]], units: Units, *, keep: bool = False
) -> list[tuple[Node, ...]]:
    """Join groups of nodes (most of one node) into cells, each in order of key.

    ``units``: of all nodes of the groups, and perhaps of others. ``keep``: of all calls with these
    units this is the one whose joins the next decision starts from.
    """
    alone = [group[0] for group in groups if len(group) == 1]
    joined = [group for group in groups if len(group) > 1]
    known = units.joins if keep else None
    joins = Joins()
    if isinstance(known, Joins):
        if known.follows(alone):
            found = Rejoining(known, alone, joined, units).run()
            if found is not None:
                return found
            known.pause = _PAUSE
        joins.pause = known.pause
    if keep:
        units.joins = joins
    joins.start(alone, units)
    cells: list[tuple[Node, ...]] = []
    for singles, firm in _heaps(alone, joined, units):
        if len(singles) + len(firm) == 1:
            cells.append(tuple(singles or firm[0]))
        else:
            joining = _Joining(singles, firm, units, joins.alone)
            cells += joining.run()
            joins.sequences.append(joining.made)
    return cells


_PAUSE = 20
"""Where one incident holds nearly all reports, most joins change with each: then they are not looked
at for so many decisions."""


def _heaps(
    alone: Sequence[Node], joined: Sequence[Sequence[Node]], units: Units
) -> Iterable[tuple[list[Node], list[Sequence[Node]]]]:
    """What hangs together by pairs at the threshold; a group hangs together by itself."""
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
        found, taken = _reach(start, left, firm, joined, units)
        twins = start in units.strong(start)
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
) -> tuple[list[Unit], list[int]]:
    """The units that hang together with one, taken out of ``left``, and their groups."""
    found, taken = [start], dict[int, None]()
    del left[start]
    for unit in found:  # grows while we go
        fresh = set(units.strong(unit))
        for k in firm.get(unit, ()):
            if k not in taken:
                taken[k] = None
                fresh.update(units.of[node.key] for node in joined[k])
        for other in fresh & left.keys():
            del left[other]
            found.append(other)
    return found, list(taken)


class _Cell:
    """Nodes that were joined. ``total`` and ``top`` are of its evidence with one more node of each
    unit, by the unit's place in the heap; ``-inf``: vetoed.
    """

    __slots__ = ("counts", "key", "part", "size", "top", "total")

    def __init__(
        self,
        part: Part,
        counts: dict[int, int],
        total: list[float],
        top: list[float],
    ) -> None:
        self.part = part
        self.counts = counts
        self.key = part.key
        self.size = part.size
        self.total = total
        self.top = top

    def joined_with(self, other: _Cell) -> _Cell:
        """Both as one; a veto against either is a veto against both."""
        counts = dict(self.counts)
        for k, n in other.counts.items():
            counts[k] = counts.get(k, 0) + n
        total = list(map(operator.add, self.total, other.total))
        tops = zip(self.top, other.top, strict=True)
        top = [a if a > b else b for a, b in tops]  # noqa: FURB136 - innermost: a call costs more
        return _Cell(self.part.joined_with(other.part), counts, total, top)

    def scores_of(self, places: Iterable[int]) -> list[float]:
        """Against one more node of each of these units."""
        total, top, size = self.total, self.top, self.size
        return [0.5 * total[k] / size + 0.5 * top[k] for k in places]

    def score(self, other: _Cell) -> float:
        """Against another cell."""
        total, top = 0.0, -math.inf
        for k, n in other.counts.items():
            if self.total[k] == -math.inf:
                return -math.inf
            total += n * self.total[k]
            top = max(top, self.top[k])
        return 0.5 * total / (self.size * other.size) + 0.5 * top


_Thing = int | _Cell
"""What can be joined: a cell, or the next node that is still alone of the k-th unit."""


class _Joining:
    """One heap: the nodes that are still alone, by unit, and the cells made so far.

    Waiting are the best pair of each cell (with anything), and all pairs of units. What was best and
    is gone is looked for again when its turn comes.
    """

    def __init__(
        self,
        singles: Iterable[Node],
        firm: Iterable[Sequence[Node]],
        units: Units,
        parts: Mapping[str, Part],
    ) -> None:
        """``parts``: the singles as such, by key."""
        self.made: list[Step] = []
        self._parts = parts
        self._threshold = units.evidence.weights["merge.threshold"]
        self._waiting: list[tuple[float, str, str, int, _Thing, _Thing]] = []
        self._serial = itertools.count()
        self._cells: dict[_Cell, None] = {}
        groups = list(firm)
        nodes = sorted(singles, key=lambda node: node.key, reverse=True)
        everyone = (units.of[node.key] for group in (nodes, *groups) for node in group)
        self._all = list(dict.fromkeys(everyone))
        place = {unit: k for k, unit in enumerate(self._all)}
        self._queues: list[list[Node]] = [[] for _ in self._all]
        for node in nodes:
            self._queues[place[units.of[node.key]]].append(node)
        self._left = [k for k, queue in enumerate(self._queues) if queue]
        self._rows = [_row(unit, self._all, units) for unit in self._all]
        alone = set(self._left)
        for k in self._left:
            for strong in units.strong(self._all[k]):
                other = place.get(strong, len(place))
                if other <= k and other in alone:
                    self._offer(self._rows[k][other], k, other)
        for group in groups:
            part = part_of_group(group, units)
            self._add(self._cell_of(part, [place[units.of[node.key]] for node in group]))

    def run(self) -> list[tuple[Node, ...]]:
        """The cells, when nothing reaches the threshold any more."""
        while self._waiting:
            value, first, second, _, a, b = heapq.heappop(self._waiting)
            now = self._keys(a, b)
            if now == (first, second):
                self._join((value, first, second), self._take(a), self._take(b))
            if isinstance(a, int) and isinstance(b, int):
                self._offer(-value, a, b)
            elif now != (first, second):
                self._offer_best(a if isinstance(a, _Cell) else b)
        cells = [cell.part.members() for cell in self._cells]
        return cells + [(node,) for queue in self._queues for node in queue]

    def _join(self, order: Order, a: _Cell, b: _Cell) -> None:
        joined = a.joined_with(b)
        self.made.append((order, a.part, b.part, joined.part))
        self._add(joined)

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
        queue = self._queues[thing]
        return queue[-nth].key if len(queue) >= nth else None

    def _take(self, thing: _Thing) -> _Cell:
        """A cell, or a node as one, to be joined."""
        if isinstance(thing, _Cell):
            del self._cells[thing]
            return thing
        node = self._queues[thing].pop()
        if not self._queues[thing]:
            self._left.remove(thing)
        row = self._rows[thing]
        return _Cell(self._parts[node.key], {thing: 1}, row, row)

    def _cell_of(self, part: Part, places: Sequence[int]) -> _Cell:
        """What a person put together, whatever speaks against it."""
        total, top = [0.0] * len(self._all), [-math.inf] * len(self._all)
        for k in places:
            total = list(map(operator.add, total, self._rows[k]))
            top = list(map(max, top, self._rows[k]))
        return _Cell(part, dict(Counter(places)), total, top)

    def _add(self, cell: _Cell) -> None:
        self._cells[cell] = None
        self._offer_best(cell)

    def _offer_best(self, cell: _Thing) -> None:
        """Offer the best pair of a cell, unless the cell is gone."""
        if not isinstance(cell, _Cell) or cell not in self._cells:
            return
        alone = cell.scores_of(self._left)
        cells = [(cell.score(other), other) for other in self._cells if other is not cell]
        best = max((*alone, *(value for value, _ in cells)), default=-math.inf)
        if best > -math.inf:
            value, least = round(best, 6), best - 1 / _NEARLY
            equal: list[_Thing] = [
                k
                for score, k in zip(alone, self._left, strict=True)
                if score > least and round(score, 6) == value
            ]
            equal += [o for score, o in cells if score > least and round(score, 6) == value]
            ties = ((self._keys(cell, other), other) for other in equal)
            _, other = min(((keys, o) for keys, o in ties if keys), key=lambda tie: tie[0])
            self._offer(value, cell, other)

    def _offer(self, score: float, a: _Thing, b: _Thing) -> None:
        value = round(score, 6) if score > -math.inf else score
        keys = self._keys(a, b)
        if value >= self._threshold and keys is not None:
            heapq.heappush(self._waiting, (-value, *keys, next(self._serial), a, b))


_NEARLY = 100_000
"""Scores are rounded to six places; what differs by less than this part may be equal then."""


def _row(unit: Unit, everyone: Sequence[Unit], units: Units) -> list[float]:
    """The evidence of a node of one unit with another node of each; ``-inf``: vetoed."""
    bonds = units.bonds_of(unit, everyone)
    return [bonds[other] for other in everyone]
