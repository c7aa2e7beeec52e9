"""Joins reports best first, until nothing reaches the threshold.

Rules
-----
1. Reports of one unit are one part from the start, when their evidence with each other reaches the
   threshold: nothing can be said of one that is not true of the other.
2. Of all pairs of parts without a veto between any two members the one with the highest score is
   joined (mean of average and strongest evidence), while it reaches the threshold. Ties go by the
   least report ids of the two.
3. A score is no higher than its strongest pair. So only reports that hang together by pairs at the
   threshold can ever be joined, and each such *heap* is worked on alone.
4. A heap of the same parts as in an earlier decision is joined as it was then.

Theory of operation
-------------------
A heap is three tables of part by part: summed evidence, strongest evidence, score. The parts stand in
order of their least report id, and what is joined takes the place of the lesser one, so that the first
of equal scores is the one that goes first. A join adds two rows; the best score of each row is kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from worker.core.domain.remembered import WORST_DAY_REPORTS
from worker.core.merge.cluster.bonds import Table
from worker.core.merge.cluster.unit import Counted, Unit
from worker.core.merge.cluster.units import Units
from worker.core.merge.evidence.nodes import Node

_DIGITS = 6
"""Places after the point that a score is rounded to."""
_MOST_HEAPS = 2 * WORST_DAY_REPORTS
_Places = tuple[tuple[int, ...], ...]
"""For each cell of a heap the places of its parts."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Nodes in order of key that are one to begin with."""

    nodes: tuple[Node, ...]
    counted: Counted

    @property
    def key(self) -> str:
        return self.nodes[0].key


def agglomerate(groups: Sequence[Sequence[Node]], units: Units) -> list[tuple[Node, ...]]:
    """Join groups of nodes (most of one node) into cells, each in order of key.

    ``units``: of all nodes of the groups, and perhaps of others.
    """
    cells: list[tuple[Node, ...]] = []
    for heap in _heaps(groups, units):
        if len(heap) == 1:
            cells.append(heap[0].nodes)
            continue
        parts = sorted(heap, key=lambda part: part.key)
        for places in _joined(parts, units):
            nodes = itertools.chain.from_iterable([parts[k].nodes for k in places])
            cells.append(tuple(sorted(nodes, key=attrgetter("key"))))
    return cells


def _joined(parts: Sequence[_Part], units: Units) -> _Places:
    """What becomes of the parts of a heap, in order of key."""
    name: Hashable = tuple((part.key, part.counted) for part in parts)
    found = units.heaps.pop(name, None)
    if found is None:
        found = _Joining(parts, units).run()
        if len(units.heaps) >= _MOST_HEAPS:
            units.heaps.clear()
    units.heaps[name] = found
    return found


def _heaps(groups: Sequence[Sequence[Node]], units: Units) -> Iterable[list[_Part]]:
    """What hangs together by pairs at the threshold; a group hangs together by itself."""
    holding: dict[Unit, list[_Part]] = {}
    for part in _parts(groups, units):
        for unit, _ in part.counted:
            holding.setdefault(unit, []).append(part)
    left = set(holding)
    for start, parts in holding.items():
        if start not in left:
            continue
        found = _reach(start, left, holding, units)
        if found == [start] and start not in units.strong(start):
            yield from ([part] for part in parts)
        else:
            yield list(dict.fromkeys(part for unit in found for part in holding[unit]))


def _parts(groups: Sequence[Sequence[Node]], units: Units) -> Iterable[_Part]:
    """The groups as parts; those of one node that are of one unit together, where they reach the
    threshold.
    """
    alone: dict[Unit, list[Node]] = {}
    of = units.of
    for group in groups:
        if len(group) == 1:
            node = group[0]
            alone.setdefault(of[node.key], []).append(node)
        else:
            yield _Part(tuple(sorted(group, key=lambda node: node.key)), units.count(group))
    for unit, nodes in alone.items():
        if len(nodes) > 1 and unit in units.strong(unit):
            ordered = nodes if len(nodes) < len(unit.nodes) else unit.nodes
            yield _Part(tuple(ordered), ((unit, len(ordered)),))
        else:
            yield from (_Part((node,), ((unit, 1),)) for node in nodes)


def _reach(
    start: Unit, left: set[Unit], holding: dict[Unit, list[_Part]], units: Units
) -> list[Unit]:
    """The units that hang together with one, taken out of ``left``."""
    found = [start]
    left.discard(start)
    for unit in found:  # grows while we go
        if not left:
            break
        fresh = left & units.strong(unit)
        for part in holding[unit]:
            if len(part.counted) > 1:
                fresh |= left.intersection([other for other, _ in part.counted])
        left -= fresh
        found += fresh
    return found


class _Joining:
    """One heap. A row is ``-inf`` where a veto stands, where a part is gone, and, of scores, where
    they do not reach the threshold; below the diagonal there are none.
    """

    def __init__(self, parts: Sequence[_Part], units: Units) -> None:
        self._threshold = units.evidence.weights["merge.threshold"]
        self._size: Table = np.array([len(part.nodes) for part in parts], dtype=np.float64)
        self._total, self._top = _evidence(parts, self._size, units)
        count = len(parts)
        score = self._scores(self._total, self._top, np.outer(self._size, self._size))
        self._score: Table = np.where(
            np.triu(np.ones((count, count), dtype=bool), 1), score, -np.inf
        )
        self._best: Table = self._score.max(axis=1)
        self._cells: dict[int, list[int]] = {k: [k] for k in range(count)}

    def run(self) -> _Places:
        """The cells, when nothing reaches the threshold any more."""
        while True:
            a = int(self._best.argmax())
            if self._best[a] == -np.inf:
                return tuple(map(tuple, self._cells.values()))
            self._join(a, int(self._score[a].argmax()))

    def _join(self, a: int, b: int) -> None:
        """Put b to a, which stands before it. Only rows before b have a score with it."""
        self._cells[a] += self._cells.pop(b)
        scores, top, best = self._score, self._top, self._best
        before = np.maximum(scores[:b, a], scores[:b, b])
        self._size[a] += self._size[b]
        scores[b] = scores[:, b] = -np.inf
        self._total[a] += self._total[b]
        self._total[:, a] = self._total[a]
        top[a] = top[:, a] = np.maximum(top[a], top[b])
        top[:, b] = -np.inf  # so every score with it
        score = self._scores(self._total[a], top[a], self._size[a] * self._size)
        scores[a, a + 1 :] = score[a + 1 :]
        scores[:a, a] = score[:a]
        stale = np.flatnonzero((before == best[:b]) & (before > -np.inf))
        np.maximum(best[:a], score[:a], out=best[:a])
        if len(stale):
            best[stale] = scores[stale].max(axis=1)
        best[a], best[b] = scores[a].max(), -np.inf

    def _scores(self, total: Table, top: Table, pairs: Table) -> Table:
        score: Table = total / pairs
        score += top
        score *= 0.5
        score = score.round(_DIGITS)
        score[score < self._threshold] = -np.inf
        return score


def _evidence(parts: Sequence[_Part], size: Table, units: Units) -> tuple[Table, Table]:
    """Of each part with each: the evidence summed, and the strongest."""
    everyone = list(dict.fromkeys(unit for part in parts for unit, _ in part.counted))
    bonds = units.bonds.among(everyone, units.bond)
    place = {unit: k for k, unit in enumerate(everyone)}
    first = [place[part.counted[0][0]] for part in parts]
    top: Table = bonds[np.ix_(first, first)]
    total: Table = top * np.outer(size, size)
    mixed = [k for k, part in enumerate(parts) if len(part.counted) > 1]
    for k in mixed:
        for j, other in enumerate(parts):
            pairs = [
                (bonds[place[x], place[y]], n * m)
                for x, n in parts[k].counted
                for y, m in other.counted
            ]
            total[k, j] = total[j, k] = sum(bond * n for bond, n in pairs)
            top[k, j] = top[j, k] = max(bond for bond, _ in pairs)
    return total, top
