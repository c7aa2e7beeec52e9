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
4. A heap of the same parts as in an earlier decision is joined as it was then, to the same values.

Theory of operation
-------------------
A heap is three tables of part by part: summed evidence, strongest evidence, score. The parts stand in
order of their least report id, and what is joined takes the place of the lesser one, so that the first
of equal scores is the one that goes first. A join adds two rows; the best score of each row is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from worker.core.domain.remembered import WORST_DAY_REPORTS
from worker.core.merge.cluster.bonds import Table
from worker.core.merge.cluster.unit import Core, Part, Unit, core_of
from worker.core.merge.cluster.units import Units
from worker.core.merge.evidence.nodes import Node

_DIGITS = 6
"""Places after the point that a score is rounded to."""
_MOST_KEPT = WORST_DAY_REPORTS // 4
"""Heaps and cores that are remembered: each holds its nodes, of 8 bytes each."""
_Places = tuple[tuple[int, ...], ...]
"""For each cell of a heap the places of its parts."""


def agglomerate(
    lone: Mapping[Unit, Sequence[Node]], groups: Sequence[Sequence[Node]], units: Units
) -> list[Core]:
    """Join nodes into what is one attack each.

    ``lone``: nodes by unit, in order of key; ``groups``: nodes that are one already, in order of key.
    ``units``: of all of them, and perhaps of others.
    """
    parts = [Part(tuple(group), units.count(group)) for group in groups]
    for unit, nodes in lone.items():
        parts += _parts(unit, nodes, units)
    cores: list[Core] = []
    for heap in _heaps(parts, units):
        cores += _joined(heap, units) if len(heap) > 1 else [heap[0].alone]
    return cores


def _joined(heap: Sequence[Part], units: Units) -> Sequence[Core]:
    """What becomes of the parts of a heap."""
    parts = tuple(sorted(heap, key=lambda part: part.key))
    found = units.heaps.pop(parts, None)
    if found is None:
        joined = _Joining(parts, units).run()
        found = [_core([parts[k] for k in sorted(places)], units) for places in joined]
        if len(units.heaps) >= _MOST_KEPT:
            del units.heaps[next(iter(units.heaps))]
    units.heaps[parts] = found
    return found


def _core(parts: Sequence[Part], units: Units) -> Core:
    """What some parts are together; of the same parts it is the same value."""
    name = tuple(parts)
    found = units.cores.pop(name, None)
    if found is None:
        first = parts[0].counted[0][0]
        found = core_of(parts, units.last_cores.get(first))
        units.last_cores[first] = found
        if len(units.cores) >= _MOST_KEPT:
            del units.cores[next(iter(units.cores))]
            units.last_cores.clear()
    units.cores[name] = found
    return found


def _parts(unit: Unit, nodes: Sequence[Node], units: Units) -> Sequence[Part]:
    """The nodes of a unit as parts: together, where they reach the threshold."""
    whole = len(nodes) == len(unit.nodes)
    if whole and unit.parts is not None:
        return unit.parts
    if len(nodes) > 1 and unit in units.strong(unit):
        parts = [Part(tuple(nodes), ((unit, len(nodes)),))]
    else:
        parts = [Part((node,), ((unit, 1),)) for node in nodes]
    if whole:
        unit.parts = parts
    return parts


def _heaps(parts: Iterable[Part], units: Units) -> Iterable[list[Part]]:
    """What hangs together by pairs at the threshold; a part hangs together by itself."""
    holding: dict[Unit, list[Part]] = {}
    for part in parts:
        for unit, _ in part.counted:
            holding.setdefault(unit, []).append(part)
    left = set(holding)
    for start, held in holding.items():
        if start not in left:
            continue
        found = _reach(start, left, holding, units)
        if found == [start] and start not in units.strong(start):
            yield from ([part] for part in held)
        else:
            yield list(dict.fromkeys(part for unit in found for part in holding[unit]))


def _reach(
    start: Unit, left: set[Unit], holding: dict[Unit, list[Part]], units: Units
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
    """One heap. A row is ``-inf`` where a veto stands; of scores there are none below the diagonal, and
    none of a part that is gone, whose own row is not looked at any more.
    """

    def __init__(self, parts: Sequence[Part], units: Units) -> None:
        self._threshold = units.evidence.weights["merge.threshold"]
        self._size: Table = np.array([len(part.nodes) for part in parts], dtype=np.float64)
        pairs: Table = np.outer(self._size, self._size)
        self._total, self._top = _evidence(parts, pairs, units)
        count = len(parts)
        score = self._scores(self._total, self._top, pairs)
        score[np.tri(count, dtype=bool)] = -np.inf
        self._score = score
        self._bound: Table = score.max(axis=1)
        """No score of the row is higher."""
        self._gone: Table = np.zeros(count)
        """``-inf`` where a part is gone."""
        self._cells: dict[int, list[int]] = {k: [k] for k in range(count)}

    def run(self) -> _Places:
        """The cells, when nothing reaches the threshold any more."""
        bound, score = self._bound, self._score
        while True:
            a = int(bound.argmax())
            if bound[a] < self._threshold:
                return tuple(map(tuple, self._cells.values()))
            b = int(score[a].argmax())
            if score[a, b] == bound[a]:
                self._join(a, b)
            else:
                bound[a] = score[a, b]

    def _join(self, a: int, b: int) -> None:
        """Put b to a, which stands before it."""
        self._cells[a] += self._cells.pop(b)
        total, top, scores, bound = self._total, self._top, self._score, self._bound
        self._size[a] += self._size[b]
        total[a] += total[b]
        total[:, a] = total[a]
        top[a] = np.maximum(top[a], top[b])
        top[:, a] = top[a]
        scores[:b, b] = bound[b] = self._gone[b] = -np.inf
        score = self._scores(total[a], top[a], self._size[a] * self._size) + self._gone
        scores[a, a + 1 :] = score[a + 1 :]
        scores[:a, a] = score[:a]
        np.maximum(bound[:a], score[:a], out=bound[:a])
        bound[a] = np.maximum.reduce(scores[a])

    def _scores(self, total: Table, top: Table, pairs: Table) -> Table:
        score: Table = total / pairs
        score += top
        score *= 0.5
        score.round(_DIGITS, out=score)
        return score


def _evidence(parts: Sequence[Part], pairs: Table, units: Units) -> tuple[Table, Table]:
    """Of each part with each: the evidence summed, and the strongest. ``pairs``: of their nodes."""
    everyone = list(dict.fromkeys(unit for part in parts for unit, _ in part.counted))
    bonds = units.bonds.among(everyone, units.bond)
    place = {unit: k for k, unit in enumerate(everyone)}
    first = [place[part.counted[0][0]] for part in parts]
    mixed = [k for k, part in enumerate(parts) if len(part.counted) > 1]
    top: Table = bonds
    if mixed or len(everyone) < len(parts):
        top = bonds.take(first, axis=0).take(first, axis=1)
    total: Table = top * pairs
    for k in mixed:
        for j, other in enumerate(parts):
            told = [
                (bonds[place[x], place[y]], n * m)
                for x, n in parts[k].counted
                for y, m in other.counted
            ]
            total[k, j] = total[j, k] = sum(bond * n for bond, n in told)
            top[k, j] = top[j, k] = max(bond for bond, _ in told)
    return total, top
