"""The members of an incident: which reports contribute slots and figures, which are only listed.

Rules
-----
1. A late report that says nothing new is a follow-up (``follow_ups``).
2. Probable and ambiguous members are listed; they contribute neither slots nor figures.
3. Round-ups contribute slots only where there is no primary.
4. A retraction by an official speaker, whichever outlet prints it, or by the outlet that holds all
   members, retracts the incident, unless enough sources report it again later; any other withdraws its
   own outlet's.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from worker.core.domain.remembered import WORST_DAY_REPORTS, Continued
from worker.core.merge.cluster.follow_ups import split_follow_ups, times_of
from worker.core.merge.cluster.growth import Copies, Sorted, grow
from worker.core.merge.cluster.membership import (
    BY_ITSELF,
    ORDERS,
    Cluster,
    Membership,
    agencies_of,
    member_of,
    order_of,
    sources_of,
)
from worker.core.merge.cluster.merge_input import MergeInput
from worker.core.merge.cluster.partition import Cell
from worker.core.merge.evidence.copies import outlet_key, sources

_OFFICIAL = ("government", "police", "security_forces")
_FOREIGN = "government_foreign"
"""Of another country: what it says did not happen it may have done."""


def gather(cell: Cell, merge_input: MergeInput) -> Cluster:
    """Sort out the members of a cell. Those of the same cell are sorted out once; of one that grew by
    one member the others stand, where they can (``growth``).

    (A cell is the same value while its nodes are, and each node is made of one report: ``partition``.)
    """
    index, frozen = merge_input.constraint_index, merge_input.frozen
    if frozen and not cell.articles.isdisjoint([f.incident_id for f in frozen.values()]):
        return _sorted_out(cell, merge_input)
    copies = merge_input.evidence.copies_among(cell.articles)
    retracted = index.retracts and any(index.retracted(node.key) for node, _ in cell.placed)
    known = cell.gathered.get((copies, retracted))
    if not isinstance(known, Cluster):
        known = cell.gathered[copies, retracted] = _fresh(cell, copies, retracted, merge_input)
    return known


def _fresh(cell: Cell, copies: Copies, retracted: bool, merge_input: MergeInput) -> Cluster:
    """The members of a cell that was not asked for yet."""
    if retracted:
        return _sorted_out(cell, merge_input)
    before = _LAST.taken(cell.core[0])
    found = None if before is None else grow(before, cell, copies, merge_input)
    if found is None:
        cluster = _sorted_out(cell, merge_input)
        found = Sorted(cluster, copies, times_of(cluster.members, merge_input.gazetteer))
    _LAST.keep(cell.core[0], found)
    return found.cluster


_LAST: Continued[Sorted | None] = Continued(lambda: None, WORST_DAY_REPORTS // 4)
"""Of the cells last asked for, by their first node."""


def _sorted_out(cell: Cell, merge_input: MergeInput) -> Cluster:
    placed = cell.placed
    filed = [merge_input.filed[node.key] for node, _ in placed]
    articles = [f.article for f in filed]
    found = sources(articles, merge_input.evidence.copied)
    agencies = agencies_of(articles, found)
    all_members = BY_ITSELF.all(filed)
    for k, (node, certainty) in enumerate(placed):
        name = node.article_id
        if certainty != "certain" or name in found or name in agencies or node.kind == "frozen":
            all_members[k] = member_of(
                filed[k],
                certainty,
                merge_input.frozen.get(node.key),
                found.get(name),
                agencies.get(name),
            )
    ranked = sorted(zip(ORDERS.all(filed), all_members, strict=True), key=itemgetter(0))
    reporting = [m for _, m in ranked if m.filed.report.role != "retraction"]
    retractions = []
    if len(reporting) < len(ranked):
        retractions = [m for _, m in ranked if m.filed.report.role == "retraction"]
    members, follow_ups = split_follow_ups(reporting, merge_input)
    retracted = _is_retracted(members, retractions, merge_input)
    withdrawn = []
    if retractions and not retracted:
        withdrawn = [m for m in members if _withdrew(m, retractions)]
    gone = set(map(id, withdrawn))
    kept = [m for m in members if id(m) not in gone] if gone else members
    return Cluster(
        cell=cell,
        members=tuple(kept + retractions),
        follow_ups=tuple(follow_ups),
        withdrawn=tuple(withdrawn),
        retracted=retracted
        or not any(m.contributes for m in kept)
        or _is_retracted_by_person(kept, merge_input),
    )


def _is_retracted(
    members: Sequence[Membership], retractions: Sequence[Membership], merge_input: MergeInput
) -> bool:
    strong = [r for r in retractions if _is_official(r, merge_input) or _holds_all(r, members)]
    if not strong:
        return False
    last = max(order_of(r.filed) for r in strong)
    again = [m for m in members if m.contributes and order_of(m.filed) > last]
    outlets = frozenset[str]().union(*(sources_of(m) for m in again))
    return len(outlets) < merge_input.knowledge.merge_weights["life.sources"]


def _is_official(member: Membership, merge_input: MergeInput) -> bool:
    """Whether an authority takes it back; of what was filed before ``retracted_by``, any quoted one."""
    official = {i.id for i in merge_input.knowledge.profile.institutions if i.official}
    report = member.filed.report
    return any(
        (s.speaker_id in official or s.speaker_type.startswith(_OFFICIAL))
        and s.speaker_type != _FOREIGN
        for s in report.retracted_by or report.statements
    )


def _holds_all(retraction: Membership, members: Sequence[Membership]) -> bool:
    mine = outlet_key(retraction.filed.article)
    return bool(members) and all(
        m.frozen is None and outlet_key(m.filed.article) == mine for m in members
    )


def _withdrew(member: Membership, retractions: Sequence[Membership]) -> bool:
    """Whether the member's own outlet took it back later."""
    if member.frozen is not None:
        return False
    mine = outlet_key(member.filed.article)
    return any(
        outlet_key(r.filed.article) == mine and order_of(r.filed) >= order_of(member.filed)
        for r in retractions
    )


def _is_retracted_by_person(members: Sequence[Membership], merge_input: MergeInput) -> bool:
    """Whether a person retracted what one of the members tells of."""
    index = merge_input.constraint_index
    return index.retracts and any(index.retracted(m.filed.report_id) for m in members)
