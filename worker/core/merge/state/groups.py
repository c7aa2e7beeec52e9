"""Related incidents: sites struck together, combined tolls, possible duplicates.

Rules
-----
1. Incidents form a group when a round-up tells of them as one story, or when one article reports
   them as its news of the same day; and only if they cannot be one incident. Where a report says of
   how many attacks it tells, it is enough that nobody would take them for one.
2. A combined toll ("seven killed in the two blasts") belongs to the group and to no member.
3. The id of a group is that of its earliest announced member.
4. Two incidents may be duplicates when their evidence is plausible but below the threshold.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import combinations

from worker.core.domain.report import Statement
from worker.core.domain.snapshot import IncidentGroup, PossibleDuplicate
from worker.core.figures.decide import decide_toll
from worker.core.merge.cluster.membership import Membership
from worker.core.merge.cluster.merge_input import MergeInput
from worker.core.merge.cluster.partition import Cell, Partition, score
from worker.core.merge.evidence.nodes import Node
from worker.core.merge.identity.assign_ids import IdentifiedCluster
from worker.core.merge.state.toll import statements_of

_NEWS = ("primary", "roundup")


def find_groups(
    named: Sequence[IdentifiedCluster], parted: Partition, merge_input: MergeInput
) -> dict[str, IncidentGroup]:
    """Incident id → its group, for incidents that have one."""
    by_cell = {entry.cluster.cell.core[0].key: entry for entry in named}
    pairs = set(_sharing_a_roundup(parted, by_cell)) | set(
        _sharing_an_article(named, merge_input.evidence.articles_of_several_news)
    )
    counted = _counted_together(parted, by_cell)
    apart = [
        (a, b)
        for a, b in sorted(pairs | counted)
        if (a, b) in counted or _cannot_be_one(named[a], named[b], merge_input)
    ]
    groups: dict[str, IncidentGroup] = {}
    for cluster in _connected(len(named), apart):
        group = _group([named[k] for k in cluster], parted, merge_input)
        groups.update(dict.fromkeys(group.members, group))
    return groups


def find_duplicates(
    named: Sequence[IdentifiedCluster], parted: Partition, merge_input: MergeInput
) -> dict[str, tuple[PossibleDuplicate, ...]]:
    """Incident id → the incidents that may be the same."""
    by_cell = {entry.cluster.cell.core[0].key: entry.incident_id for entry in named}
    found: dict[str, list[PossibleDuplicate]] = {}
    for a, b, value in parted.near:
        first, second = (by_cell[cell.core[0].key] for cell in (a, b))
        chance = probability(value, merge_input.knowledge.merge_weights)
        found.setdefault(first, []).append(PossibleDuplicate(second, chance))
        found.setdefault(second, []).append(PossibleDuplicate(first, chance))
    return {key: tuple(sorted(value, key=_by_id)) for key, value in found.items()}


def probability(value: float, weights: Mapping[str, float]) -> float:
    """The chance that two cells with this score are one attack, in tenths.

    Finer would say more than is known, and every report of one would be a revision of the other.
    """
    odds = value - weights["merge.threshold"] + weights["merge.odds_at_threshold"]
    return round(1 / (1 + math.exp(-odds)), 1)


def _by_id(duplicate: PossibleDuplicate) -> str:
    return duplicate.incident_id


def _shared(parted: Partition) -> Iterable[tuple[Node, tuple[Cell, ...]]]:
    """What tells of several cells; not what counts fewer attacks than it fits: nobody knows which."""
    for node, cells in parted.shared_roundups:
        if node.facts.attacks == 1 or len(cells) <= node.facts.attacks:
            yield node, cells


def _sharing_a_roundup(
    parted: Partition, by_cell: Mapping[str, IdentifiedCluster]
) -> Iterable[tuple[int, int]]:
    """Pairs of cells that one round-up reports."""
    rank = {entry.incident_id: k for k, entry in enumerate(by_cell.values())}
    for _, cells in _shared(parted):
        ids = sorted(rank[by_cell[cell.core[0].key].incident_id] for cell in cells)
        yield from combinations(ids, 2)


def _counted_together(
    parted: Partition, by_cell: Mapping[str, IdentifiedCluster]
) -> set[tuple[int, int]]:
    """Pairs of cells that one report counts as several, and that are no possible duplicates."""
    rank = {entry.incident_id: k for k, entry in enumerate(by_cell.values())}

    def numbers(cells: Iterable[Cell]) -> list[int]:
        return sorted(rank[by_cell[cell.core[0].key].incident_id] for cell in cells)

    near = {tuple(numbers(pair[:2])) for pair in parted.near}
    counting = (cells for node, cells in _shared(parted) if node.facts.attacks > 1)
    pairs = (pair for cells in counting for pair in combinations(numbers(cells), 2))
    return {pair for pair in pairs if pair not in near}


def _sharing_an_article(
    named: Sequence[IdentifiedCluster], several: AbstractSet[str]
) -> Iterable[tuple[int, int]]:
    """Pairs of cells that one article reports as its news of the same day; ``several``: the articles
    that bring several pieces of news. (Most of a busy day have one, and mention the past beside it.)
    """
    holders: dict[str, list[tuple[int, Node]]] = {}
    for k, entry in enumerate(named if several else ()):
        if several.isdisjoint(entry.cluster.cell.articles):
            continue
        sure = [node for node, c in entry.cluster.cell.attached if c == "certain"]
        for node in (*entry.cluster.cell.core, *sure):
            if node.article_id in several and node.kind in _NEWS:
                holders.setdefault(node.article_id, []).append((k, node))
    for places in holders.values():
        for (a, x), (b, y) in combinations(places, 2):
            if a != b and _same_day(x, y):
                yield (a, b) if a < b else (b, a)


def _same_day(a: Node, b: Node) -> bool:
    return a.facts.dated and b.facts.dated and a.facts.first == b.facts.first


def _cannot_be_one(a: IdentifiedCluster, b: IdentifiedCluster, merge_input: MergeInput) -> bool:
    return score(a.cluster.cell.core, b.cluster.cell.core, merge_input.evidence) is None


def _connected(size: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    root = list(range(size))
    for a, b in pairs:
        old, new = max(root[a], root[b]), min(root[a], root[b])
        root = [new if h == old else h for h in root]
    clusters = [[k for k in range(size) if root[k] == h] for h in sorted(set(root))]
    return [cluster for cluster in clusters if len(cluster) > 1]


def _group(
    members: Sequence[IdentifiedCluster], parted: Partition, merge_input: MergeInput
) -> IncidentGroup:
    ordered = sorted(members, key=lambda m: (m.ordinal, m.incident_id))
    toll = decide_toll(_combined(members, parted, merge_input))
    return IncidentGroup(
        id=ordered[0].incident_id,
        members=tuple(m.incident_id for m in ordered),
        killed=toll.killed,
        injured=toll.injured,
    )


def _combined(
    members: Sequence[IdentifiedCluster], parted: Partition, merge_input: MergeInput
) -> tuple[Statement, ...]:
    """Statements about all of them: aggregate ones, and those of reports that count several as one.

    What a round-up says of one attack, and nobody knows of which, is no toll of several.
    """
    cells = {m.cluster.cell.core[0].key for m in members}
    sharing = [
        node
        for node, reported in _shared(parted)
        if {cell.core[0].key for cell in reported} <= cells
    ]
    roundups = [Membership(merge_input.filed[node.key], "certain") for node in sharing]
    counting = [m for m, node in zip(roundups, sharing, strict=True) if node.facts.attacks > 1]
    contributing = [m for member in members for m in member.cluster.members if m.contributes]
    mixed = statements_of(counting, "incident") + statements_of(
        (*roundups, *contributing), "aggregate"
    )
    return tuple(replace(statement, scope="incident") for statement in dict.fromkeys(mixed))
