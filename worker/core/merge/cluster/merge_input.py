"""A component made ready for deciding: nodes, evidence, copies, and which frozen nodes stand.

Rules
-----
1. A closed incident is one node; reports of its members stay out, so forgetting them changes
   nothing. What is *thawed* (by a member's new version, or by a late report) takes part by its
   stored reports again.
2. While an incident is live, its frozen part stands only for members whose reports are gone; a
   withdrawn article is gone on purpose and leaves the frozen part as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from worker.core.domain.incident import Component, FiledReport, FrozenIncident, Incident
from worker.core.domain.remembered import Names, Remembered
from worker.core.domain.snapshot import Member
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.cluster.component import as_filed
from worker.core.merge.evidence.constraints import ConstraintIndex, names
from worker.core.merge.evidence.copies import Pairs, find_pairs
from worker.core.merge.evidence.facts import MOST_REPORTS, Gazetteer, gazetteer_of
from worker.core.merge.evidence.nodes import (
    Evidence,
    Node,
    evidence_of,
    frozen_node,
    nodes_of,
)


@dataclass(frozen=True, slots=True)
class MergeInput:
    """Everything that one decision looks at, by key. ``frozen``: node key → its incident."""

    knowledge: Knowledge
    gazetteer: Gazetteer
    constraint_index: ConstraintIndex
    filed: dict[str, FiledReport]
    nodes: tuple[Node, ...]
    keys: Sequence[str]
    """Those of the nodes, in order."""
    background: tuple[Node, ...]
    """Those that mention a past attack."""
    frozen: dict[str, FrozenIncident]
    copies: Pairs
    evidence: Evidence
    touched: str | None
    """The incoming article."""
    thawed: frozenset[str]

    def is_closed(self, incident: Incident) -> bool:
        """Whether an incident stands as a node of its own."""
        return incident.state == "closed" and incident.incident_id not in self.thawed


def prepare(
    component: Component, touched: str | None, thawed: frozenset[str], knowledge: Knowledge
) -> MergeInput:
    """Nodes and evidence of a component.

    ``touched``: the incoming article; ``thawed``: closed incidents that are open again.
    """
    gazetteer = gazetteer_of(knowledge)
    constraint_index = ConstraintIndex(component.constraints)
    frozen_parts = tuple(_frozen_nodes(component, touched, thawed))
    hidden = {m.report_id for f in frozen_parts for m in f.members}
    acting = constraint_index.acting(component.reports)
    if hidden:
        acting = [filed for filed in acting if filed.report_id not in hidden]
    wrapped = {f.report.report_id: as_filed(f) for f in frozen_parts}
    keys, nodes = _KEYS.all(acting), nodes_of(acting, gazetteer)
    filed = dict(zip(keys, acting, strict=True)) | wrapped
    nodes += [frozen_node(f, wrapped[f.report.report_id], gazetteer) for f in frozen_parts]
    if frozen_parts or keys != sorted(keys):
        nodes.sort(key=attrgetter("key"))
        keys = [node.key for node in nodes]
    copies = component.copies
    if copies is None:
        copies = find_pairs((f.article for f in component.reports), knowledge.merge_weights)
    evidence = evidence_of(nodes, constraint_index, copies, knowledge.merge_weights)
    return MergeInput(
        knowledge=knowledge,
        gazetteer=gazetteer,
        constraint_index=constraint_index,
        filed=filed,
        nodes=tuple(nodes),
        keys=keys,
        background=evidence.of_part.get("background", ()),
        frozen={f.report.report_id: f for f in frozen_parts},
        copies=copies,
        evidence=evidence,
        touched=touched,
        thawed=thawed,
    )


_KEYS: Remembered[FiledReport, str] = Remembered(attrgetter("report_id"), MOST_REPORTS)


def touched_by(component: Component, article_id: str | None) -> frozenset[str]:
    """The closed incidents that an article is a member of."""
    return frozenset(
        incident.incident_id
        for incident in component.announced
        if incident.state == "closed" and article_id in {m.article_id for m in incident.members}
    )


def parted_by_person(component: Component) -> frozenset[str]:
    """The closed incidents of which a person put two members apart: their reports count again."""
    index = ConstraintIndex(component.constraints)
    return frozenset(
        incident.incident_id
        for incident in component.announced
        if incident.state == "closed"
        and index.parts({name for m in incident.members for name in names(m.report_id)})
    )


def _frozen_nodes(
    component: Component, touched: str | None, thawed: frozenset[str]
) -> Iterable[FrozenIncident]:
    """The frozen nodes that take part, reduced to the members they stand for."""
    given = {f.incident_id: f for f in component.frozen}
    for incident in component.announced:
        frozen = incident.frozen or given.get(incident.incident_id)
        if frozen is None or incident.state == "superseded":
            continue
        if incident.state == "closed" and incident.incident_id not in thawed:
            yield frozen
        else:
            known = _STORED.of(component.reports) | {touched}
            gone = [m for m in frozen.members if m.article_id not in known]
            if gone:
                yield _reduced(frozen, gone)


_STORED: Names[FiledReport] = Names(attrgetter("article.article_id"))


def _reduced(frozen: FrozenIncident, members: Sequence[Member]) -> FrozenIncident:
    """A frozen part for some of its members only, with their statements."""
    kept = {m.report_id for m in members}
    statements = tuple(s for s in frozen.report.statements if s.report_id in kept)
    report = replace(frozen.report, statements=statements)
    return FrozenIncident(frozen.incident_id, report, tuple(members))
