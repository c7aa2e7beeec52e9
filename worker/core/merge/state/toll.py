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
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter

from worker.core.domain.incident import FiledReport
from worker.core.domain.moments import aware
from worker.core.domain.remembered import Equal, Remembered
from worker.core.domain.report import Statement
from worker.core.domain.snapshot import Casualties, TimelinePoint
from worker.core.domain.vocabulary import Scope, StatementStatus
from worker.core.figures import decide_toll
from worker.core.merge.cluster.members import Cluster, Membership
from worker.core.merge.evidence.facts import MOST_REPORTS
from worker.core.said_again import alike

_TOTALS = ("killed", "injured", "casualties")


def decide_casualties(cluster: Cluster) -> Casualties:
    """The figures of a cluster, with every statement's part in them."""
    contributing = cluster.counted
    statements = statements_of(contributing, "incident")
    seen = dict(filter(None, _FIRST_SEEN.all([m.filed for m in contributing])))
    toll = decide_toll(statements, _judged, seen, _ALIKE.all)
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
    filed = [told.get(scope, ()) for told in _STATEMENTS.all(given)]
    repeated = {m.source.article_id for m in given if m.source is not None}
    said: dict[str, set[tuple[object, ...]]] = {}
    for member, statements in zip(given, filed, strict=True) if repeated else ():
        article_id = member.filed.article.article_id
        if member.source is None and article_id in repeated:
            said.setdefault(article_id, set()).update(map(_content, statements))
    own: list[tuple[str, Sequence[Statement]]] = []
    for member, statements in zip(given, filed, strict=True):
        kept = statements
        if member.source is not None:
            known = said.get(member.source.article_id, set())
            kept = [s for s in statements if _content(s) not in known]
        own.append((member.filed.report.report_id, kept))
    own.sort(key=itemgetter(0))
    found = itertools.chain.from_iterable(statements for _, statements in own)
    if any(member.frozen is not None for member in given):
        return tuple(sorted(found, key=_order))
    return tuple(found)


def _statements(member: Membership) -> Mapping[Scope, Sequence[Statement]]:
    """Statements in order by scope, with report and time filled in; those of a closed incident have
    them already.
    """
    filed = member.filed
    at = filed.article.version_time or filed.article.document_time
    found: dict[Scope, list[Statement]] = {}
    for s in filed.report.statements:
        if member.frozen is None:
            whole = replace(s.of_report(filed.report_id), said_at=s.said_at or at)
        else:
            whole = s
        found.setdefault(s.scope, []).append(whole)
    for statements in found.values():
        statements.sort(key=_order)
    return found


def _order(statement: Statement) -> tuple[str, int, str]:
    return statement.report_id or "", statement.start, statement.id


def _first_seen(filed: FiledReport) -> tuple[str, dt.datetime] | None:
    seen = filed.article.first_seen
    return None if seen is None else (filed.report_id, aware(seen))


_FIRST_SEEN = Remembered(_first_seen, MOST_REPORTS)


_STATEMENTS = Remembered(_statements, MOST_REPORTS)


def _judged(
    statements: Sequence[Statement], statuses: Sequence[StatementStatus]
) -> Sequence[Statement]:
    """Statements with their statuses; each is made once."""
    made = list(statements)
    places: dict[StatementStatus, list[int]] = {}
    for k, status in enumerate(statuses):
        if statements[k].status != status:
            places.setdefault(status, []).append(k)
    for status, changed in places.items():
        known = _JUDGED.get(status)
        if known is None:
            known = _JUDGED[status] = Remembered(_judge(status), MOST_REPORTS)
        for k, whole in zip(changed, known.all([statements[k] for k in changed]), strict=True):
            made[k] = whole
    return made


def _judge(status: StatementStatus) -> Callable[[Statement], Statement]:
    return lambda statement: replace(statement, status=status)


_JUDGED: dict[StatementStatus, Remembered[Statement, Statement]] = {}


def _kind(statement: Statement) -> Hashable:
    """``alike`` as a number: equal ones get one."""
    return _KINDS.of(alike(statement))


_NEXT = itertools.count()
_KINDS: Equal[Hashable, int] = Equal(lambda _: next(_NEXT), MOST_REPORTS)
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
    ordered = sorted(zip(_PLACES.all(totals), totals, strict=True), key=itemgetter(0))
    for _, s in ordered:
        number = (s.low, s.high, s.value)
        if last.get((s.speaker_id, s.measure)) != number:
            last[s.speaker_id, s.measure] = number
            yield _POINTS.of(s)


def _place(s: Statement) -> tuple[float, str, int]:
    return _instant(s.said_at), s.report_id or "", s.start


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
_PLACES = Remembered(_place, 2 * MOST_REPORTS)


def _instant(moment: dt.datetime | None) -> float:
    if moment is None:
        return 0.0
    return aware(moment).timestamp()
