"""Which reports are one attack: a pure function of the set of reports, in whatever order.

Theory of operation
-------------------
1. *Bridges* are set aside: reports whose best partners exclude each other ("a blast in the city"
   on a day with two). They never glue two attacks together.
2. The rest is put together best first: of all pairs of cells without a veto between any two
   members, the one with the highest score (mean of average and strongest evidence), while it
   reaches the threshold. Ties go by report id.
3. Then, against those cells and not against each other: bridges go to the cell with clearly the
   highest score, else to the best one as ``ambiguous``; cells with exactly one compatible cell
   join it as ``probable``; round-ups, each to at most one cell; retractions.
   A combined round-up tells of every cell that agrees with it in something and is not vetoed; it is
   an ``ambiguous`` member of the best, whatever place it names.
``probable`` and ``ambiguous`` members contribute neither identity nor figures.

Nothing is compared that is not near (``units``, ``evidence.compared``): the cost is that of the
different facts, not of the reports. ``tests/core/merge_oracle.py`` says the same plainly.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from worker.core.domain.snapshot import LinkCertainty
from worker.core.merge.cluster.agglomerate import agglomerate
from worker.core.merge.cluster.placing import Placing
from worker.core.merge.cluster.unit import Unit
from worker.core.merge.cluster.units import Units, units_of
from worker.core.merge.evidence.nodes import Evidence, Node


@dataclass(frozen=True, slots=True)
class Cell:
    """One attack: ``core`` carries identity, ``attached`` are the less certain members."""

    core: tuple[Node, ...]
    attached: tuple[tuple[Node, LinkCertainty], ...] = ()

    @property
    def order(self) -> tuple[bool, str, str]:
        """By the earliest of its core."""
        return min(node.order for node in self.core)

    @property
    def keys(self) -> frozenset[str]:
        """Report ids of the members that are certain or probable."""
        attached = (node.key for node, certainty in self.attached if certainty != "ambiguous")
        return frozenset((*(node.key for node in self.core), *attached))


@dataclass(frozen=True, slots=True)
class Partition:
    """Cells in order of their earliest report; ``shared_roundups`` tell of several cells each."""

    cells: tuple[Cell, ...]
    shared_roundups: tuple[tuple[Node, tuple[Cell, ...]], ...] = ()
    near: tuple[tuple[Cell, Cell, float], ...] = ()
    """Pairs of cells that may be one attack, with their score below the threshold."""


def partition(nodes: Iterable[Node], evidence: Evidence) -> Partition:
    """Put primary, round-up, retraction and frozen nodes together into attacks.

    What is kept for the next decision is dropped when this one breaks off: half of it would be of
    one decision and half of another.
    """
    whole = False
    try:
        found = _parted(nodes, evidence)
        whole = True
    finally:
        if not whole:
            evidence.units.clear()
    return found


def _parted(nodes: Iterable[Node], evidence: Evidence) -> Partition:
    ordered = sorted(nodes, key=attrgetter("key"))
    core = [node for node in ordered if node.kind in ("primary", "frozen")]
    units = units_of("core", core, evidence)
    seeds = _seeds(core, evidence)
    bridges = _find_bridges(seeds, units)
    held = {node.key for node in bridges}
    cells = agglomerate([s for s in seeds if s[0].key not in held], units)
    placing = Placing(evidence)
    placing.add(cells, units)
    _place_bridges(placing, bridges, units)
    _join_probable(placing)
    _place_roundups(placing, [node for node in ordered if node.kind == "roundup"])
    _place_retractions(placing, [node for node in ordered if node.kind == "retraction"])
    return _result(placing)


def score(a: Sequence[Node], b: Sequence[Node], evidence: Evidence) -> float | None:
    """Evidence between two groups: mean of average and strongest; None when a veto stands."""
    one, other = Units(a, evidence), Units(b, evidence)
    return one.score(one.count(a), other.count(b))


def _seeds(core: Sequence[Node], evidence: Evidence) -> list[list[Node]]:
    """What a person put together, and every other node alone. ``core`` is in order of key."""
    joined = evidence.joined(core)
    if not joined:
        return [[node] for node in core]
    group = {node.key: [node] for node in core}
    for a, b in joined:
        if group[a.key] is not group[b.key]:
            merged = sorted(group[a.key] + group[b.key], key=lambda node: node.key)
            group.update({node.key: merged for node in merged})
    unique = {id(members): members for members in group.values()}
    return sorted(unique.values(), key=lambda members: members[0].key)


def _find_bridges(seeds: Sequence[list[Node]], units: Units) -> list[Node]:
    """The bridges; the nodes of a unit are judged once."""
    judged, of = units.bridges, units.of
    bridges = []
    for members in seeds:
        node = members[0]
        if len(members) > 1 or node.kind != "primary":
            continue
        unit = of[node.key]
        if unit not in judged:
            judged[unit] = _is_bridge(unit, units)
        if judged[unit]:
            bridges.append(node)
    return bridges


def _is_bridge(unit: Unit, units: Units) -> bool:
    """Whether its near-best partners exclude each other: it cannot choose by its own evidence."""
    plausible = units.evidence.weights["merge.plausible"]
    partners = units.near(unit)
    best = max(partners.values(), default=0.0)
    floor = max(plausible, best - units.evidence.weights["merge.margin"])
    near = [other for other, weight in partners.items() if weight >= floor]
    return units.exclude_each_other(near)


def _place_bridges(placing: Placing, bridges: Sequence[Node], units: Units) -> None:
    weights = placing.evidence.weights
    unplaced = []
    for node in bridges:
        options = placing.options(node, units.of[node.key], placing.plausible)
        if not options:
            unplaced.append([node])
            continue
        (best, cell), rest = options[0], options[1:]
        clear = not rest or best - rest[0][0] >= weights["merge.margin"]
        sure = best >= weights["merge.threshold"]
        cell.attached.append((node, "certain" if sure and clear else "ambiguous"))
    placing.add(agglomerate(unplaced, units), units)


def _join_probable(placing: Placing) -> None:
    """A cell with exactly one compatible cell joins it; small ones first, later ones first.

    Joining takes one cell away. It changes nothing but for those that were near that cell.
    """
    rank = {cell: (len(cell.core), -k) for k, cell in enumerate(placing.cells)}
    near = {cell: set(others) for cell, others in placing.related().items()}
    by_rank = {order: cell for cell, order in rank.items()}
    waiting = sorted(by_rank)
    while waiting:
        cell = by_rank[heapq.heappop(waiting)]
        if cell.is_frozen or len(near.get(cell, ())) != 1:
            continue
        into = next(iter(near[cell]))
        if placing.agree(cell.counted, into):
            placing.absorb(cell, into)
            del near[cell]
            near[into].discard(cell)
            heapq.heappush(waiting, rank[into])


def _place_roundups(placing: Placing, roundups: Sequence[Node]) -> None:
    """Each to at most one cell; one that tells of several is an ambiguous member of the best."""
    units = units_of("roundup", roundups, placing.evidence)
    threshold = placing.evidence.weights["merge.threshold"]
    alone = []
    for node in roundups:
        unit = units.of[node.key]
        options = placing.options(node, unit, placing.plausible)
        if not options:
            alone.append([node])
        elif len(options) == 1 and not node.combined:
            value, cell = options[0]
            if value >= threshold:
                cell.attached.append((node, "certain"))
            elif placing.agree(((unit, 1),), cell):
                cell.attached.append((node, "probable"))
            else:
                alone.append([node])
        else:
            options[0][1].attached.append((node, "ambiguous"))
            placing.shared_roundups.append((node, tuple(cell for _, cell in options)))
    placing.add(agglomerate(alone, units), units)


def _place_retractions(placing: Placing, retractions: Sequence[Node]) -> None:
    units = units_of("retraction", retractions, placing.evidence)
    threshold = placing.evidence.weights["merge.threshold"]
    for node in retractions:
        options = placing.options(node, units.of[node.key], threshold)
        if options:
            options[0][1].attached.append((node, "certain"))


def _result(placing: Placing) -> Partition:
    """The partition, with the cells that may be one."""
    ended = {cell: Cell(cell.core, tuple(cell.attached)) for cell in placing.cells}
    rank = {cell: k for k, cell in enumerate(ended)}
    related = placing.related()
    near = [
        (ended[other], ended[cell], value)
        for cell in ended
        for other, value in sorted(related[cell].items(), key=lambda found: rank[found[0]])
        if rank[other] < rank[cell]
    ]
    shared = tuple(
        (node, tuple(ended[cell] for cell in cells)) for node, cells in placing.shared_roundups
    )
    return Partition(tuple(ended.values()), shared, tuple(near))
