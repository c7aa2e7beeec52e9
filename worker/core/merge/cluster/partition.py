"""Which reports are one attack: a pure function of the set of reports, in whatever order.

Theory of operation
-------------------
1. *Bridges* are set aside: reports whose best partners exclude each other ("a blast in the city"
   on a day with two), and those that tell of several attacks as one ("two bombings killed nine"). They
   never glue two attacks together.
2. The rest is put together best first: of all pairs of cells without a veto between any two
   members, the one with the highest score (mean of average and strongest evidence), while it
   reaches the threshold. Ties go by report id.
3. Then, against those cells and not against each other: bridges go to the cell with clearly the
   highest score, else to the best one as ``ambiguous``; cells with exactly one compatible cell
   join it as ``probable``; round-ups, each to at most one cell; retractions.
   A report of several attacks that fits several cells goes the way of a round-up, before those.
   A combined round-up tells of every cell that agrees with it in something and is not vetoed; it is
   an ``ambiguous`` member of the best, whatever place it names.
``probable`` and ``ambiguous`` members contribute neither identity nor figures.
4. Mentions of past attacks are held against the cells when all stand, and change none. No mention is
   of a cell that has its own article's news at its core.

Nothing is compared that is not near (``units``, ``evidence.compared``): the cost is that of the
different facts, not of the reports. ``tests/core/merge_oracle.py`` says the same plainly.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from worker.core.domain.snapshot import LinkCertainty
from worker.core.merge.cluster.agglomerate import agglomerate, agglomerate_all
from worker.core.merge.cluster.mentions import ARTICLES
from worker.core.merge.cluster.nearby import Choice
from worker.core.merge.cluster.placing import OpenCell, Placing
from worker.core.merge.cluster.unit import Unit
from worker.core.merge.cluster.units import Units, units_of
from worker.core.merge.evidence.nodes import Evidence, Node

_CERTAIN: LinkCertainty = "certain"


@dataclass(frozen=True, slots=True)
class Cell:
    """One attack: ``core`` carries identity, ``attached`` are the less certain members."""

    core: tuple[Node, ...]
    attached: tuple[tuple[Node, LinkCertainty], ...] = ()
    articles: frozenset[str] = field(init=False, compare=False, repr=False)
    """Those of its members."""
    gathered: dict[Hashable, object] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    """Its members sorted out (``members.gather``), by what else that depends on."""

    def __post_init__(self) -> None:
        """It is asked for in each decision."""
        articles = ARTICLES.of(self.core).union([node.article_id for node, _ in self.attached])
        object.__setattr__(self, "articles", articles)

    @property
    def order(self) -> tuple[bool, str, str]:
        """By the earliest of its core."""
        return min(node.order for node in self.core)

    @property
    def placed(self) -> list[tuple[Node, LinkCertainty]]:
        """All its members, the core first."""
        return [*zip(self.core, itertools.repeat(_CERTAIN)), *self.attached]

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
    mentions: tuple[tuple[Node, tuple[tuple[float, Cell], ...]], ...] = ()
    """Each background node that fits a cell, with those that are plausible and their scores, best
    first."""


def partition(evidence: Evidence) -> Partition:
    """Put the primary, round-up, retraction and frozen nodes of some evidence together into attacks, and
    find those that its background nodes may mean.

    What is kept for the next decision is dropped when this one breaks off: half of it would be of
    one decision and half of another.
    """
    whole = False
    try:
        found = _parted(evidence)
        whole = True
    finally:
        if not whole:
            evidence.units.clear()
    return found


def _parted(evidence: Evidence) -> Partition:
    core = evidence.of_part.get("core", ())
    units = units_of("core", core, evidence)
    groups = _groups(core, evidence)
    grouped = {units.of[node.key] for group in groups for node in group}
    lone = [unit for unit in units if unit not in grouped]
    bridges = [u for u in lone if u.first.facts.attacks > 1 or _is_bridge(u, units)]
    sure = dict.fromkeys(lone)
    for unit in bridges:
        del sure[unit]
    placing = Placing(evidence)
    placing.add(agglomerate_all(sure, groups, units), units)
    several = _place_bridges(placing, bridges, units)
    _join_probable(placing)
    _place_roundups(placing, several, "several")
    _place_roundups(placing, evidence.of_part.get("roundup", ()), "roundup")
    _place_retractions(placing, evidence.of_part.get("retraction", ()))
    return _result(placing, evidence.of_part.get("background", ()))


def score(a: Sequence[Node], b: Sequence[Node], evidence: Evidence) -> float | None:
    """Evidence between two groups: mean of average and strongest; None when a veto stands."""
    one, other = Units(a, evidence), Units(b, evidence)
    return one.score(one.count(a), other.count(b))


def _groups(core: Sequence[Node], evidence: Evidence) -> list[list[Node]]:
    """What a person put together. ``core`` is in order of key. (Each node of it is a unit of its own.)"""
    joined = evidence.joined(core)
    group = {node.key: [node] for pair in joined for node in pair}
    for a, b in joined:
        if group[a.key] is not group[b.key]:
            merged = sorted(group[a.key] + group[b.key], key=lambda node: node.key)
            group.update({node.key: merged for node in merged})
    unique = {id(members): members for members in group.values()}
    return sorted(unique.values(), key=lambda members: members[0].key)


def _is_bridge(unit: Unit, units: Units) -> bool:
    """Whether its near-best partners exclude each other: it cannot choose by its own evidence."""
    known = units.nearby.choices.get(unit)
    if known is not None:
        return known.is_bridge
    weights, partners = units.evidence.weights, units.near(unit)
    best = max(partners.values(), default=0.0)
    floor = max(weights["merge.plausible"], best - weights["merge.margin"])
    near = dict.fromkeys([other for other, weight in partners.items() if weight >= floor])
    near[unit] = None  # which excludes none of them, and is among the near ones of the next
    is_bridge = unit.first.kind == "primary" and units.exclude_each_other([*near])
    units.nearby.choices[unit] = Choice(is_bridge, best, floor)
    return is_bridge


def _place_bridges(placing: Placing, bridges: Sequence[Unit], units: Units) -> list[Node]:
    """The nodes of a unit go the same way. They are attached in order of key.

    Returned are those that tell of several attacks as one and fit several cells: they wait until it is
    known which of these are one.
    """
    weights = placing.evidence.weights
    unplaced = {}
    several: list[Node] = []
    placed: list[tuple[Node, OpenCell, LinkCertainty]] = []
    for unit in bridges:
        options = placing.options(unit.first, unit)
        is_of_several = unit.first.facts.attacks > 1
        if is_of_several and len(options) > 1:
            several += unit.nodes
            continue
        if not options or (is_of_several and options[0][0] < weights["merge.threshold"]):
            unplaced[unit] = unit.nodes
            continue
        (best, cell), rest = options[0], options[1:]
        clear = not rest or best - rest[0][0] >= weights["merge.margin"]
        sure = best >= weights["merge.threshold"]
        placed += [
            (node, cell, "certain" if sure and clear else "ambiguous") for node in unit.nodes
        ]
    for node, cell, certainty in sorted(placed, key=lambda row: row[0].key):
        cell.attached.append((node, certainty))
    placing.add(agglomerate(unplaced, (), units), units)
    return sorted(several, key=attrgetter("key"))


def _join_probable(placing: Placing) -> None:
    """A cell with exactly one compatible cell joins it; small ones first, later ones first.

    Joining takes one cell away. It changes nothing but for those that were near that cell.
    """
    rank = {cell: (len(cell.core.nodes), -k) for k, cell in enumerate(placing.cells)}
    near = {cell: set(others) for cell, others in placing.related().items()}
    by_rank = {order: cell for cell, order in rank.items()}
    waiting = sorted(by_rank)
    while waiting:
        cell = by_rank[heapq.heappop(waiting)]
        if cell.core.is_frozen or len(near.get(cell, ())) != 1:
            continue
        into = next(iter(near[cell]))
        if placing.agree(cell.counted, into):
            placing.absorb(cell, into)
            del near[cell]
            near[into].discard(cell)
            heapq.heappush(waiting, rank[into])


def _place_roundups(placing: Placing, roundups: Sequence[Node], name: str) -> None:
    """Each to at most one cell; one that tells of several is an ambiguous member of the best."""
    units = units_of(name, roundups, placing.evidence)
    threshold = placing.evidence.weights["merge.threshold"]
    alone: dict[Unit, list[Node]] = {}
    for node in roundups:
        unit = units.of[node.key]
        options = placing.options(node, unit)
        if not options:
            alone.setdefault(unit, []).append(node)
        elif len(options) == 1 and not node.combined:
            value, cell = options[0]
            if value >= threshold:
                cell.attached.append((node, "certain"))
            elif placing.agree(((unit, 1),), cell):
                cell.attached.append((node, "probable"))
            else:
                alone.setdefault(unit, []).append(node)
        else:
            options[0][1].attached.append((node, "ambiguous"))
            placing.shared_roundups.append((node, tuple(cell for _, cell in options)))
    placing.add(agglomerate(alone, (), units), units)


def _place_retractions(placing: Placing, retractions: Sequence[Node]) -> None:
    """Each to the cell that it surely tells of and clearly rather than of others; else to none: what is
    taken back wrongly is lost.
    """
    units = units_of("retraction", retractions, placing.evidence)
    weights = placing.evidence.weights
    for node in retractions:
        options = placing.options(node, units.of[node.key])
        if not options:
            continue
        (best, cell), rest = options[0], options[1:]
        clear = not rest or best - rest[0][0] >= weights["merge.margin"]
        if clear and best >= weights["merge.threshold"]:
            cell.attached.append((node, "certain"))


def _result(placing: Placing, background: Sequence[Node]) -> Partition:
    """The partition, with the cells that may be one and those that are mentioned."""
    ended = {cell: _ended(cell) for cell in placing.cells}
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
    by_core = {cell.core: told for cell, told in ended.items()}
    mentions = tuple(
        (node, tuple([(value, by_core[core]) for value, core in options]))
        for node, options in placing.mentions(background)
    )
    return Partition(tuple(ended.values()), shared, tuple(near), mentions)


def _ended(cell: OpenCell) -> Cell:
    """The cell as it is told; of the same members it is the same value as in the last decision."""
    attached, known = tuple(cell.attached), cell.core.cell
    if isinstance(known, Cell) and are_the_same(known.attached, attached):
        return known
    cell.core.cell = made = Cell(cell.core.nodes, attached)
    return made


def are_the_same(a: Sequence[tuple[Node, str]], b: Sequence[tuple[Node, str]]) -> bool:
    """Whether these are the very same nodes: equal ones may be of another version of a report."""
    pairs = zip(a, b, strict=False)
    return len(a) == len(b) and all(x[0] is y[0] and x[1] == y[1] for x, y in pairs)
