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
import itertools
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from worker.core.domain.incident import FiledReport
from worker.core.domain.moments import aware
from worker.core.domain.remembered import Remembered
from worker.core.domain.report import Statement
from worker.core.domain.snapshot import Casualties, TimelinePoint
from worker.core.domain.vocabulary import Scope, StatementStatus
from worker.core.figures import decide_toll, judged
from worker.core.merge.cluster.members import Cluster, Membership
from worker.core.merge.evidence.facts import MOST_REPORTS
from worker.core.said_again import alike

_TOTALS = ("killed", "injured", "casualties")


def decide_casualties(cluster: Cluster) -> Casualties:
    """The figures of a cluster, with every statement's part in them."""
    contributing = [m for m in cluster.members if m.contributes]
    statements = statements_of(contributing, "incident")
    articles = ((m.filed.report_id, m.filed.article) for m in contributing)
    seen = {report: aware(a.first_seen) for report, a in articles if a.first_seen is not None}
    toll = decide_toll(statements, _judged, seen, _ALIKE.of)
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
    given = list(members)
    repeated = {m.source.article_id for m in given if m.source is not None}
    said: dict[str, set[tuple[object, ...]]] = {}
    for member in given:
        article_id = member.filed.article.article_id
        if member.source is None and article_id in repeated:
            known = said.setdefault(article_id, set())
            known.update(map(_content, _filed(member, scope)))
    own: list[Statement] = []
    for member in given:
        statements = _filed(member, scope)
        if member.source is None:
            own += statements
        else:
            known = said.get(member.source.article_id, set())
            own += [s for s in statements if _content(s) not in known]
    return tuple(sorted(own, key=lambda s: (s.report_id or "", s.start, s.id)))


def _filed(member: Membership, scope: Scope) -> Sequence[Statement]:
    """Statements with report and time filled in; those of a closed incident have them already."""
    if member.frozen is not None:
        return [s for s in member.frozen.report.statements if s.scope == scope]
    return _STATEMENTS.of(member.filed).get(scope, ())


def _statements(filed: FiledReport) -> dict[Scope, list[Statement]]:
    article = filed.article
    at = article.version_time or article.document_time
    found: dict[Scope, list[Statement]] = {}
    for s in filed.report.statements:
        whole = replace(s.of_report(filed.report_id), said_at=s.said_at or at)
        found.setdefault(s.scope, []).append(whole)
    return found


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


def _kind(statement: Statement) -> Hashable:
    """``alike`` as a number: equal ones get one."""
    if len(_KINDS) >= MOST_REPORTS:
        _KINDS.clear()
    return _KINDS.setdefault(alike(statement), next(_NEXT))


_KINDS: dict[Hashable, int] = {}
_NEXT = itertools.count()
_ALIKE: Remembered[Statement, Hashable] = Remembered(_kind, 2 * MOST_REPORTS)


def _content(statement: Statement) -> tuple[object, ...]:
    return statement.measure, statement.victim_class, statement.low, statement.high, statement.value


def timeline(statements: Sequence[Statement]) -> Iterable[TimelinePoint]:
    """Each speaker's totals when new or changed, oldest first."""
    totals = [
        s
        for s in statements
        if s.measure in _TOTALS
        and s.victim_class == "unspecified"
        and s.status in ("used", "stale", "superseded")
    ]
    last: dict[tuple[str, str], tuple[object, ...]] = {}
    for s in sorted(totals, key=lambda s: (_instant(s.said_at), s.report_id or "", s.start)):
        number = (s.low, s.high, s.value)
        if last.get((s.speaker_id, s.measure)) != number:
            last[s.speaker_id, s.measure] = number
            yield _POINTS.of(s)


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


_POINTS = Remembered(_point, MOST_REPORTS)


def _instant(moment: dt.datetime | None) -> float:
    if moment is None:
        return 0.0
    return aware(moment).timestamp()
