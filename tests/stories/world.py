"""A store of dictionaries: what merging needs around it, so that stories can be told in memory.

It gathers components the way the real store does (widen the window until nothing new is found),
carries out what is decided, and checks on the way what must always hold.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from worker.core.domain.document import Article
from worker.core.domain.incident import (
    ArticleRef,
    Change,
    Changes,
    Component,
    Constraint,
    FiledReport,
    Incident,
    from_json,
    to_json,
)
from worker.core.domain.report import Analysis, Report, Verdict
from worker.core.domain.vocabulary import Band, Label
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.cluster.component import collect
from worker.core.merge.decide import decide


@dataclass
class World:
    """Reports, incidents, timers and the log of revisions."""

    knowledge: Knowledge
    reports: dict[str, FiledReport] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    constraints: list[Constraint] = field(default_factory=list)
    founded: set[tuple[str, int]] = field(default_factory=set)
    timers: dict[tuple[str, str], dt.datetime] = field(default_factory=dict)
    links: dict[str, str | None] = field(default_factory=dict)
    log: list[Change] = field(default_factory=list)

    def arrive(
        self,
        article: Article,
        reports: tuple[Report, ...],
        now: dt.datetime,
        *,
        band: Band = "report",
        label: Label = "attack_report",
    ) -> Changes:
        """A version of an article, with all its reports, replaces the one before."""
        ref = ArticleRef.of(article)
        self._forget(article.article_id)
        for report in reports:
            self.reports[report.report_id] = FiledReport(report, ref, band, label)
        analysis = Analysis(article, Verdict(label, 0.9, band), reports)
        return self._settle({article.article_id}, analysis, now)

    def kill(self, article: Article, now: dt.datetime) -> Changes:
        """The agency withdraws an article."""
        self._forget(article.article_id)
        analysis = Analysis(article, Verdict("other", 0.0, "drop"), ())
        return self._settle({article.article_id}, analysis, now)

    def correct(self, constraint: Constraint, now: dt.datetime) -> Changes:
        """A person decides."""
        self.constraints.append(constraint)
        return self._settle(set(constraint.articles), None, now)

    def tick(self, now: dt.datetime) -> None:
        """Fire what is due, oldest first."""
        while due := sorted((at, key) for key, at in self.timers.items() if at <= now):
            at, key = due[0]
            del self.timers[key]
            self._settle({key[0]}, None, at)

    def live(self) -> list[Incident]:
        """Incidents that a consumer would count, by id."""
        gone = ("superseded", "retracted")
        return [i for _, i in sorted(self.incidents.items()) if i.state not in gone]

    def _forget(self, article_id: str) -> None:
        for key in [k for k, f in self.reports.items() if f.article.article_id == article_id]:
            del self.reports[key]

    def _component(self, names: set[str]) -> Component:
        everyone = list(self.reports.values())
        announced = list(self.incidents.values())
        kept, concerned = collect(everyone, names, self.knowledge, announced, self.constraints)
        return Component(
            reports=kept,
            announced=tuple(self.incidents[key] for key in concerned),
            constraints=tuple(self.constraints),
            founded=tuple(sorted(self.founded)),
            next_ordinal=1 + max((i.ordinal for i in announced), default=0),
        )

    def _carry_out(self, names: set[str], incoming: Analysis | None, now: dt.datetime) -> Changes:
        """Decide once, and make it so."""
        component = self._component(names)
        assert from_json(Component, to_json(component)) == component
        changes = decide(component, incoming, now, self.knowledge)
        assert from_json(Changes, to_json(changes)) == changes
        for change in changes.changes:
            before = self.incidents.get(change.incident.incident_id)
            assert change.incident.revision == (before.revision + 1 if before else 1)
            self.log.append(change)
        for incident in (*(c.incident for c in changes.changes), *changes.kept):
            self.incidents[incident.incident_id] = incident
            self.founded.add((incident.founding_article, incident.founding_n))
        for timer in changes.timers:
            self.timers.pop((timer.incident_id, timer.kind), None)
            if timer.due_at is not None:
                self.timers[timer.incident_id, timer.kind] = timer.due_at
        self.links.update({link.report_id: link.incident_id for link in changes.links})
        return changes

    def _settle(self, names: set[str], incoming: Analysis | None, now: dt.datetime) -> Changes:
        """And see that deciding again says nothing more."""
        changes = self._carry_out(names, incoming, now)
        kinds = {change.note.kind for change in changes.changes}
        if not kinds & {"closed", "reopened", "merged", "retracted"}:
            # What closes, or loses all its reports, becomes a node of its own, what opens is told by
            # its reports again: the next decision may see its neighbours a little differently.
            again = decide(self._component(names), incoming, now, self.knowledge)
            told = [(c.incident.incident_id, c.note) for c in again.changes]
            assert not told, f"a decision taken twice changes nothing: {told}"
        return changes
