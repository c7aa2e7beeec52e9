"""Matches announced incidents to cells by the reports they share.

Rules
-----
1. Reports are matched by report id. Only those of the incoming article, whose new version may
   count its reports anew, are matched by article as well, and then by how well the slots match. What
   lost all its reports is matched by its last slots alone, if no report of it comes back.
2. A member that is ambiguous in a cell counts only when there is no better one.
3. The part of an incident that holds its founding report comes first, then the part whose earliest
   report is the earliest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from worker.core.domain.incident import FiledReport, Incident, article_of
from worker.core.domain.remembered import Remembered
from worker.core.merge.cluster.component import as_filed
from worker.core.merge.cluster.membership import Cluster, Derived, Membership
from worker.core.merge.cluster.merge_input import MergeInput
from worker.core.merge.evidence.facts import facts_of
from worker.core.merge.evidence.nodes import Node
from worker.core.merge.identity.freeze import freeze


class IdMatcher:
    """Which cell holds the reports of which incident. Caches; made anew for each decision."""

    def __init__(self, clusters: Sequence[Cluster], merge_input: MergeInput) -> None:
        self.clusters = clusters
        self._merge_input = merge_input
        self.sure = [_names(cluster, merge_input, weak=False) for cluster in clusters]
        self.held = [_names(cluster, merge_input, weak=True) for cluster in clusters]
        self._holder: dict[str, int] = {}
        """Name → the last cell that holds it."""
        self._shared: set[str] = set()
        """Names that several cells hold: the incoming article's, for instance."""
        for k, held in enumerate(self.held):
            self._shared |= self._holder.keys() & held
            self._holder.update(dict.fromkeys(held, k))
        self._holding: dict[str, list[int]] = {}
        self._current: dict[str, AbstractSet[str]] = {}
        self._numbers: dict[int, set[int]] = {}

    def is_sure(self, incident: Incident) -> bool:
        """Whether a current member is more than an ambiguous part of some cell."""
        current = self.current(incident)
        return any(not self.sure[k].isdisjoint(current) for k in self._cells(incident))

    def _cells(self, incident: Incident) -> list[int]:
        """The cells that hold a current member, in order."""
        found = self._holding.get(incident.incident_id)
        if found is None:
            current = self.current(incident)
            shared, holding = current & self._shared, set[int]()
            left = (self._holder.keys() & current) - shared
            while left:
                holder = self._holder[next(iter(left))]
                holding.add(holder)
                left -= self.held[holder]
            if shared:
                holding |= {k for k, held in enumerate(self.held) if not held.isdisjoint(shared)}
            found = self._holding[incident.incident_id] = sorted(holding)
        return found

    def best(self, incident: Incident, taken: Mapping[int, Incident]) -> int | None:
        """The free cell that keeps an incident's id, by its current members."""
        current = self.current(incident)
        cells = self._cells(incident)
        if len(cells) == 1 and cells[0] not in taken:
            return cells[0]
        matching = [k for k in cells if self.match_weight(incident, k) is not None] or cells
        best = self._top(incident, matching)
        if best is None or best not in taken:
            return best
        return self._top(
            incident, [k for k in matching if k not in taken and self.sure[k] & current]
        )

    def owner(self, incident: Incident, taken: Mapping[int, Incident]) -> str | None:
        """Who holds the members of an incident that found no cell of its own."""
        cells = [k for k in self._cells(incident) if k in taken]
        best = self._top(incident, cells)
        return None if best is None else taken[best].incident_id

    def comes_back(self, incident: Incident, k: int) -> bool:
        """Whether a cell holds a report that once was this incident's, and still matches it."""
        once = {*self.current(incident), *incident.former}
        if self._merge_input.touched in {article_of(name) for name in incident.former}:
            once.add(self._merge_input.touched or "")
        return bool(self.sure[k] & once) and (self.match_weight(incident, k) or 0.0) > 0

    def told_again(self, incident: Incident, k: int) -> float | None:
        """How well a cell tells again what an incident told that lost all its reports; None: not surely, or
        a person said that it never happened.
        """
        index = self._merge_input.constraint_index
        if not incident.is_emptied or any(map(index.retracted, incident.former)):
            return None
        weight = self.match_weight(incident, k)
        threshold = self._merge_input.evidence.weights["merge.threshold"]
        return weight if weight is not None and weight >= threshold else None

    def lost(self, incident: Incident, own: int, k: int) -> int:
        """How many current members an incident with a cell of its own lost to another cell.

        An article that stays where it was and now tells of one more attack is not lost.
        """
        stays = self._merge_input.touched if self._merge_input.touched in self.sure[own] else None
        moved = (self.sure[k] - self.sure[own]) & self.current(incident)
        return sum(article_of(name) != stays for name in moved)

    def current(self, incident: Incident) -> AbstractSet[str]:
        """The names of an incident's current members, and its own."""
        known = self._current.get(incident.incident_id)
        if known is None:
            touched = self._merge_input.touched
            known = incident.member_ids | {incident.incident_id}
            if touched is not None and touched in incident.member_articles:
                known |= {touched}
            self._current[incident.incident_id] = known
        return known

    def match_weight(self, incident: Incident, k: int) -> float | None:
        """How well an incident's last slots match a cell; None when they contradict it."""
        facts = facts_of(_LAST.of(incident), self._merge_input.gazetteer)
        evidence = self._merge_input.evidence
        own = evidence.number_of(facts)
        numbers = self._numbers.get(k)
        if numbers is None:
            nodes = _sure_nodes(self.clusters[k])
            numbers = self._numbers[k] = {evidence.number(node) for node in nodes}
        pairs = (evidence.pair_of(own, number) for number in numbers)
        return max((pair.weight for pair in pairs if pair.possible), default=None)

    def _top(self, incident: Incident, cells: Iterable[int]) -> int | None:
        """The cell with the best right to an id; cells are in order of their earliest report."""
        return max(cells, key=lambda k: (*self._rank(incident, k), -k), default=None)

    def _rank(self, incident: Incident, k: int) -> tuple[bool, bool, bool, int, float, bool]:
        founding = self._founding(incident)
        current = self.current(incident)
        founded = bool(founding & self.held[k])
        return (
            incident.incident_id in self.held[k],
            bool(founding & self.sure[k]),
            founded,
            len(self.sure[k] & {m.report_id for m in incident.members}) if founded else 0,
            (self.match_weight(incident, k) or 0.0) if founded else 0.0,
            bool(self.sure[k] & current),
        )

    def _founding(self, incident: Incident) -> set[str]:
        names = (*self.current(incident), *incident.former)
        own = {name for name in names if article_of(name) == incident.founding_article}
        return own | ({incident.founding_article} & {self._merge_input.touched})


def _last(incident: Incident) -> FiledReport:
    """The last slots of an incident, as a report."""
    return as_filed(freeze(incident.snapshot, incident.snapshot.reports, ()))


_LAST = Remembered(_last, 2_000)


def _names(cluster: Cluster, merge_input: MergeInput, *, weak: bool) -> AbstractSet[str]:
    """Report ids of a cell, those behind a closed incident and its own id included."""
    known = (_ALL_KEYS if weak else _SURE_KEYS).of(cluster)
    touched = merge_input.evidence.of_article(merge_input.touched or "")
    frozen = merge_input.frozen.keys() & known
    if not frozen and known.isdisjoint([node.key for node in touched]):
        return known
    found = set(known) | {node.article_id for node in touched if node.key in known}
    for key in frozen:
        found.add(article_of(key))
        found.update(m.report_id for m in merge_input.frozen[key].members)
    return found


def _sure_nodes(cluster: Cluster) -> list[Node]:
    sure = [node for node, certainty in cluster.cell.attached if certainty != "ambiguous"]
    return [*cluster.cell.core, *sure]


def _with_key(known: set[str], member: Membership) -> set[str]:
    known.add(member.filed.report_id)
    return known


_SURE_KEYS = Derived(lambda c: {node.key for node in _sure_nodes(c)}, _with_key)
_ALL_KEYS = Derived(lambda c: {node.key for node, _ in c.cell.placed}, _with_key)
