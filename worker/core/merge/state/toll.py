"""The figures of an incident: which statements count, and how they went over time.

Rules
-----
1. Only members that contribute count: certain primaries, and round-ups where they speak of this attack
   alone. A combined toll belongs to the group (``groups``).
2. What a copy repeats of its source is said once. A figure that a copy changed stays.
3. Of two articles with one date the one that was seen later has the last word.
4. ``core.figures`` decides, for an article and for an incident alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from worker.core.domain.incident import FiledReport
from worker.core.domain.moments import aware
from worker.core.domain.report import Statement
from worker.core.domain.snapshot import Casualties, TimelinePoint
from worker.core.domain.vocabulary import Scope, StatementStatus
from worker.core.figures import decide_toll, judged
from worker.core.merge.cluster.members import Cluster, Membership
from worker.core.merge.evidence.facts import MOST_REPORTS
from worker.core.merge.evidence.remembered import Remembered

_TOTALS = ("killed", "injured", "casualties")


def decide_casualties(cluster: Cluster) -> Casualties:
    """The figures of a cluster, with every statement's part in them."""
    contributing = [m for m in cluster.members if m.contributes]
    statements = statements_of(contributing, "incident")
    articles = ((m.filed.report_id, m.filed.article) for m in contributing)
    seen = {report: aware(a.first_seen) for report, a in articles if a.first_seen is not None}
    toll = decide_toll(statements, _judged, seen)
    return Casualties(
        killed=toll.killed,
        injured=toll.injured,
        attackers_killed=toll.attackers_killed,
        attackers_injured=toll.attackers_injured,
        by_category=toll.by_category,
        other_counts=toll.other_counts,
        timeline=tuple(timeline(toll.statements)),
        statements=toll.statements,
    )


def statements_of(members: Iterable[Membership], scope: Scope) -> tuple[Statement, ...]:
    """The statements of members in one scope, each with its report, copies said once."""
    own: list[Statement] = []
    by_article: dict[str, set[tuple[object, ...]]] = {}
    copies: list[tuple[str, list[Statement]]] = []
    for member in members:
        statements = [s for s in _filed(member) if s.scope == scope]
        if member.source is None:
            own += statements
            known = by_article.setdefault(member.filed.article.article_id, set())
            known.update(map(_content, statements))
        else:
            copies.append((member.source.article_id, statements))
    for source, statements in copies:
        known = by_article.get(source, set())
        own += [s for s in statements if _content(s) not in known]
    return tuple(sorted(own, key=lambda s: (s.report_id or "", s.start, s.id)))


def _filed(member: Membership) -> Iterable[Statement]:
    """Statements with report and time filled in; those of a closed incident have them already."""
    if member.frozen is not None:
        return member.frozen.report.statements
    return _STATEMENTS.of(member.filed)


def _statements(filed: FiledReport) -> tuple[Statement, ...]:
    article = filed.article
    at = article.version_time or article.document_time
    return tuple(
        replace(s.of_report(filed.report_id), said_at=s.said_at or at)
        for s in filed.report.statements
    )


_STATEMENTS = Remembered(_statements, MOST_REPORTS)


def _judged(statement: Statement, status: StatementStatus) -> Statement:
    """A statement with its status; each is made once."""
    if statement.status == status:
        return statement
    made = _JUDGED.get(status)
    if made is None:
        made = Remembered(lambda s: judged(s, status), MOST_REPORTS)
        _JUDGED[status] = made
    return made.of(statement)


_JUDGED: dict[StatementStatus, Remembered[Statement, Statement]] = {}


def _content(statement: Statement) -> tuple[object, ...]:
    return statement.measure, statement.victim_class, statement.low, statement.high, statement.value


def timeline(statements: Sequence[Statement]) -> Iterable[TimelinePoint]:
    """Each speaker's totals when new or changed, oldest first."""
    last: dict[tuple[str, str], tuple[object, ...]] = {}
    for s in sorted(statements, key=lambda s: (_instant(s.said_at), s.report_id or "", s.start)):
        total = s.measure in _TOTALS and s.victim_class == "unspecified"
        if not total or s.status not in ("used", "stale", "superseded"):
            continue
        number = (s.low, s.high, s.value)
        if last.get((s.speaker_id, s.measure)) != number:
            last[s.speaker_id, s.measure] = number
            yield _point(s)


def _point(s: Statement) -> TimelinePoint:
    return TimelinePoint(
        at=s.said_at,
        measure=s.measure,
        value=s.value,
        low=s.low,
        high=s.high,
        qualifier=s.qualifier,
        speaker_id=s.speaker_id,
        report_id=s.report_id or "",
    )


def _instant(moment: dt.datetime | None) -> float:
    if moment is None:
        return 0.0
    return aware(moment).timestamp()
