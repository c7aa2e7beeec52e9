"""A component made ready for deciding: nodes, evidence, copies, and which frozen nodes stand.

Rules
-----
1. A closed incident is one node; reports of its members stay out, so forgetting them changes
   nothing. The incoming article thaws the incidents that it is a member of.
2. While an incident is live, its frozen part stands only for members whose reports are gone; a
   withdrawn article is gone on purpose and leaves the frozen part as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from worker.core.contract.snapshot import Member
from worker.core.incident import (
    ArticleRef,
    Component,
    FiledReport,
    FrozenIncident,
    Incident,
)
from worker.core.knowledge import Knowledge
from worker.core.merge.component import as_filed
from worker.core.merge.copies import find_copies
from worker.core.merge.evidence import Evidence, Node, frozen_node, node_of
from worker.core.merge.facts import Gazetteer, facts_of
from worker.core.merge.vetoes import Decisions
from worker.core.model import Analysis


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that one decision looks at, by key. ``frozen``: node key → its incident."""

    knowledge: Knowledge
    gazetteer: Gazetteer
    decisions: Decisions
    filed: dict[str, FiledReport]
    nodes: tuple[Node, ...]
    frozen: dict[str, FrozenIncident]
    articles: dict[str, ArticleRef]
    copies: dict[str, str]
    evidence: Evidence

    def is_dated(self, filed: FiledReport) -> bool:
        """Whether a report states its day (with an end to count from)."""
        return facts_of(filed, self.gazetteer).dated and filed.report.date.end is not None


def prepare(component: Component, incoming: Analysis | None, knowledge: Knowledge) -> Scene:
    """Nodes and evidence of a component."""
    gazetteer = Gazetteer(knowledge)
    decisions = Decisions(component.constraints)
    touched = incoming.article.article_id if incoming is not None else None
    standing = tuple(_standing(component, touched))
    hidden = {m.report_id for f in standing for m in f.members}
    acting = [
        filed
        for filed in component.reports
        if decisions.acts(filed) and filed.report_id not in hidden
    ]
    wrapped = {f.report.report_id: as_filed(f) for f in standing}
    filed = {f.report_id: f for f in acting} | wrapped
    nodes = [node_of(f, gazetteer) for f in acting]
    nodes += [frozen_node(f, wrapped[f.report.report_id], gazetteer) for f in standing]
    articles = {f.article.article_id: f.article for f in component.reports}
    copies = find_copies(articles.values(), knowledge.merge_weights)
    return Scene(
        knowledge=knowledge,
        gazetteer=gazetteer,
        decisions=decisions,
        filed=filed,
        nodes=tuple(sorted(nodes, key=lambda node: node.key)),
        frozen={f.report.report_id: f for f in standing},
        articles=articles,
        copies=copies,
        evidence=Evidence(nodes, decisions, copies, knowledge.merge_weights),
    )


def _standing(component: Component, touched: str | None) -> Iterable[FrozenIncident]:
    """The frozen nodes that take part, reduced to the members they stand for."""
    given = {f.incident_id: f for f in component.frozen}
    stored = {f.article.article_id for f in component.reports}
    for incident in component.announced:
        frozen = incident.frozen or given.get(incident.incident_id)
        if frozen is None or incident.state == "superseded":
            continue
        if is_closed(incident, touched):
            yield frozen
        else:
            gone = [m for m in frozen.members if m.article_id not in stored | {touched}]
            if gone:
                yield _reduced(frozen, gone)


def is_closed(incident: Incident, touched: str | None) -> bool:
    """Whether an incident stands as a node of its own, not thawed by one of its articles."""
    return incident.state == "closed" and touched not in {m.article_id for m in incident.members}


def _reduced(frozen: FrozenIncident, members: Sequence[Member]) -> FrozenIncident:
    """A frozen part for some of its members only, with their statements."""
    kept = {m.report_id for m in members}
    statements = tuple(s for s in frozen.report.statements if s.report_id in kept)
    report = replace(frozen.report, statements=statements)
    return FrozenIncident(frozen.incident_id, report, tuple(members))
