"""Joins the parts of one heap, best first, until nothing reaches the threshold.

Rules
-----
1. Of all pairs of cells without a veto between any two members the one with the highest score is
   joined (mean of average and strongest evidence), while it reaches the threshold. Ties go by the
   least report ids of the two.
2. All evidence is whole millionths. So sums are exact, in whatever order parts are joined.

Theory of operation
-------------------
A heap is three tables of part by part: summed evidence, strongest evidence, score. The parts stand in
order of their least report id, and what is joined takes the place of the lesser one, so that the first
of equal scores is the one that goes first. A join adds two rows; the best score of each row is kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from worker.core.merge.cluster.bonds import Table
from worker.core.merge.cluster.unit import Join, Joined, Part
from worker.core.merge.cluster.units import Units
from worker.core.merge.evidence.pairs import in_millionths


def join(parts: Sequence[Part], units: Units) -> Joined:
    """Join the parts of a heap, which are in order of key."""
    return _Joining(tuple(parts), units).run()


class _Joining:
    """One heap. A row is ``-inf`` where a veto stands; of scores there are none below the diagonal, and
    none of a part that is gone, whose own row is not looked at any more.
    """

    def __init__(self, parts: tuple[Part, ...], units: Units) -> None:
        self._parts = parts
        self._threshold = in_millionths(units.evidence.weights["merge.threshold"])
        self._size: Table = np.array([len(part.nodes) for part in parts], dtype=np.float64)
        pairs: Table = np.outer(self._size, self._size)
        count = len(parts)
        self._total, self._top = HeapEvidence(parts, units).of([[k] for k in range(count)])
        score = scores(self._total, self._top, pairs)
        score[np.tri(count, dtype=bool)] = -np.inf
        self._score = score
        self._bound: Table = score.max(axis=1)
        """No score of the row is higher."""
        self._gone: Table = np.zeros(count)
        """``-inf`` where a part is gone."""
        self._cells: dict[int, list[int]] = {k: [k] for k in range(count)}
        self._joins: list[Join] = []

    def run(self) -> Joined:
        """Join until nothing reaches the threshold any more."""
        bound, score = self._bound, self._score
        while True:
            a = int(bound.argmax())
            if bound[a] < self._threshold:
                cells = [[self._parts[k] for k in sorted(cell)] for cell in self._cells.values()]
                return Joined(self._parts, self._joins, cells)
            b = int(score[a].argmax())
            if score[a, b] == bound[a]:
                self._join(a, b)
            else:
                bound[a] = score[a, b]

    def _join(self, a: int, b: int) -> None:
        """Put b to a, which stands before it."""
        self._joins.append(Join(float(self._score[a, b]), self._parts[a], self._parts[b]))
        self._cells[a] += self._cells.pop(b)
        total, top, table, bound = self._total, self._top, self._score, self._bound
        self._size[a] += self._size[b]
        total[a] += total[b]
        total[:, a] = total[a]
        top[a] = np.maximum(top[a], top[b])
        top[:, a] = top[a]
        table[:b, b] = bound[b] = self._gone[b] = -np.inf
        score = scores(total[a], top[a], self._size[a] * self._size) + self._gone
        table[a, a + 1 :] = score[a + 1 :]
        table[:a, a] = score[:a]
        np.maximum(bound[:a], score[:a], out=bound[:a])
        bound[a] = np.maximum.reduce(table[a])


class HeapEvidence:
    """The evidence between the parts of a heap."""

    def __init__(self, parts: Sequence[Part], units: Units) -> None:
        self._parts = parts
        self._units = units
        self._counted = units.bonds.placed([u for part in parts for u, _ in part.counted])
        self._counts: Table = np.array([n for p in parts for _, n in p.counted], dtype=np.float64)
        self._begins = begins_of([part.counted for part in parts])

    def of(self, cells: Sequence[Sequence[int]]) -> tuple[Table, Table]:
        """Of some cells with each part: the evidence summed, and the strongest."""
        counted = [[c for k in places for c in self._parts[k].counted] for places in cells]
        begins, bonds = begins_of(counted), self._units.bonds
        units = bonds.placed([unit for group in counted for unit, _ in group])
        nodes: Table = np.array([[n] for group in counted for _, n in group], dtype=np.float64)
        top = bonds.between(units, self._counted, self._units.bonds_of)
        total = np.add.reduceat(top * nodes * self._counts, begins, axis=0)
        top = np.maximum.reduceat(top, begins, axis=0)
        total = np.add.reduceat(total, self._begins, axis=1)
        return total, np.maximum.reduceat(top, self._begins, axis=1)


def begins_of(groups: Iterable[Sequence[object]]) -> list[int]:
    """Where each of some groups begins, when they stand in one row."""
    return [0, *itertools.accumulate(map(len, groups))][:-1]


def scores(total: Table, top: Table, pairs: Table) -> Table:
    """The mean of average and strongest, in whole millionths."""
    score: Table = total / pairs
    score += top
    score *= 0.5
    return np.rint(score, out=score)
