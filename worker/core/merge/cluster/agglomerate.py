"""Joins reports best first, until nothing reaches the threshold.

Rules
-----
1. Reports of one unit are one part from the start, when their evidence with each other reaches the
   threshold: nothing can be said of one that is not true of the other.
2. What reaches the threshold is joined, best first (``joining``, ``continuing``).
3. A score is no higher than its strongest pair. So only reports that hang together by pairs at the
   threshold can ever be joined, and each such *heap* is worked on alone.
4. A heap of the same parts as in an earlier decision is joined as it was then, to the same values. One
   of many parts with the same first one goes on from what that was joined to last.
5. Heaps are carried on from the last decision (``heaps``), but where a person put reports together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from worker.core.domain.remembered import WORST_DAY_REPORTS
from worker.core.merge.cluster.continuing import go_on
from worker.core.merge.cluster.joining import join
from worker.core.merge.cluster.unit import Core, Part, Unit, core_of
from worker.core.merge.cluster.units import Units
from worker.core.merge.evidence.nodes import Node

_MOST_KEPT = WORST_DAY_REPORTS // 4
"""Heaps and cores that are remembered: each holds its nodes, of 8 bytes each."""
_FEWEST_CONTINUED = 64
"""Parts of a heap that is gone on from; fewer are joined as quickly from nothing."""
_MOST_RECORDED = 32
"""Heaps of which the joins are remembered, some 100 bytes a join, in each set of units."""


def agglomerate_all(
    lone: Iterable[Unit], groups: Sequence[Sequence[Node]], units: Units
) -> list[Core]:
    """``agglomerate`` for all nodes of units that are most of these, going on from the last decision."""
    if groups:
        return agglomerate({unit: unit.nodes for unit in lone}, groups, units)
    parts = {unit: _parts(unit, unit.nodes, units) for unit in lone}
    cores: list[Core] = []
    for heap in units.hanging.follow(parts, units.strong):
        if heap.cores is None:
            heap.cores = _cores(heap.parts(units.strong), units)
        cores += heap.cores
    return cores


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
    return _cores(_heaps(parts, units), units)


def _cores(heaps: Iterable[Sequence[Part]], units: Units) -> list[Core]:
    """What becomes of some heaps."""
    cores: list[Core] = []
    for heap in heaps:
        cores += _joined(heap, units) if len(heap) > 1 else [heap[0].alone]
    return cores


def _joined(heap: Sequence[Part], units: Units) -> Sequence[Core]:
    """What becomes of the parts of a heap."""
    parts = tuple(sorted(heap, key=lambda part: part.key))
    found = units.heaps.pop(parts, None)
    if found is None:
        before = units.last_joined.pop(parts[0], None)
        if before is None or len(parts) < _FEWEST_CONTINUED:
            joined = join(parts, units)
        else:
            joined = go_on(parts, units, before)
        units.last_joined[parts[0]] = joined
        if len(units.last_joined) > _MOST_RECORDED:
            del units.last_joined[next(iter(units.last_joined))]
        found = [_core(cell, units) for cell in joined.cells]
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
