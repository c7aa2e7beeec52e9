"""The figures of an incident: which statements count, and how they went over time.

Rules
-----
1. Only members that contribute count: certain primaries, and round-ups where they speak of this attack
   alone. A combined toll belongs to the group (``groups``).
2. What a copy repeats of its source is said once. A figure that a copy changed stays.
3. Of two articles with one date the one that was seen later has the last word.
4. ``core.figures.decide`` decides, for an article and for an incident alike. Of an incident that is asked for
   again only what changed is judged anew (``tally``).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter

from worker.core.domain.caps import keep_short
from worker.core.domain.incident import FiledReport
from worker.core.domain.moments import aware
from worker.core.domain.remembered import Continued, Equal, Remembered
from worker.core.domain.report import Statement
from worker.core.domain.snapshot import Casualties, TimelinePoint
from worker.core.domain.vocabulary import Scope, StatementStatus
from worker.core.figures.decide import decide_toll
from worker.core.figures.said_again import alike
from worker.core.merge.cluster.membership import Cluster, Derived, Membership, has_frozen
from worker.core.merge.evidence.facts import MOST_REPORTS
from worker.core.merge.state.tally import Placed, Tally, Told, casualties_of

_TOTALS = ("killed", "injured", "casualties")


def decide_casualties(cluster: Cluster) -> Casualties:
    """The figures of a cluster, with every statement's part in them."""
    if has_frozen(cluster):
        return plain_casualties(cluster)
    first = next(iter(cluster.counted), None)
    tally = _TALLIES.taken(first)
    found = tally.follow(_WITH_SOURCES.of(cluster).named, _told)
    keep_short(found, tally.needed())
    _TALLIES.keep(first, tally)
    return found


class _WithSources:
    """Members that count by their place in memory, each with those whose text it repeats."""

    def __init__(self, cluster: Cluster) -> None:
        self.named: dict[Hashable, tuple[Membership, ...]] = {}
        self._alone: dict[str, list[Membership]] = {}
        """Those that repeat nobody's, by article."""
        for member in sorted(cluster.counted, key=lambda m: m.source is not None):
            self.add(member)

    def add(self, member: Membership) -> _WithSources:
        """One more member, that none of them repeats."""
        if member.source is None:
            self._alone.setdefault(member.filed.article.article_id, []).append(member)
            self.named[id(member)] = (member,)
        else:
            members = member, *self._alone.get(member.source.article_id, ())
            self.named[tuple(map(id, members))] = members
        return self


_WITH_SOURCES = Derived(_WithSources, _WithSources.add)


def _told(members: tuple[Membership, ...]) -> Told:
    """What a member says of the attack; ``members``: it and those whose text it repeats."""
    member, *roots = members
    said = {_content(s) for root in roots for s in _STATEMENTS.of(root).get("incident", ())}
    statements = _STATEMENTS.of(member).get("incident", ())
    first_seen = member.filed.article.first_seen
    return Told(
        report_id=member.filed.report_id,
        seen=None if first_seen is None else aware(first_seen),
        statements=[s for s in statements if _content(s) not in said] if said else statements,
        of=members,
    )


def plain_casualties(cluster: Cluster) -> Casualties:
    """The same, with nothing remembered."""
    contributing = cluster.counted
    seen = dict(filter(None, map(_first_seen, [m.filed for m in contributing])))
    toll = decide_toll(statements_of(contributing, "incident"), seen)
    by_speaker: dict[tuple[str, str], list[Statement]] = {}
    for s in toll.statements:
        by_speaker.setdefault((s.speaker_id, s.measure), []).append(s)
    placed = itertools.chain.from_iterable(map(_points, by_speaker.values()))
    points = tuple([point for _, point in sorted(placed, key=itemgetter(0))])
    return casualties_of(toll, points, toll.statements)


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


_STATEMENTS = Remembered(_statements, MOST_REPORTS)


def _judge(statement: Statement, status: StatementStatus) -> Statement:
    return replace(statement, status=status)


def _kind(statement: Statement) -> Hashable:
    """``alike`` as a number: equal ones get one."""
    return _KINDS.of(alike(statement))


_TALLIES = Continued(lambda: Tally(_kind, _judge, _points), 64)
"""Of the incidents last asked for, by their earliest member."""
_NEXT = itertools.count()
_KINDS: Equal[Hashable, int] = Equal(lambda _: next(_NEXT), MOST_REPORTS)


def _content(statement: Statement) -> tuple[object, ...]:
    """What a copy repeats by saying it again: a number that takes another's place is a new one."""
    s = statement
    return s.measure, s.victim_class, s.low, s.high, s.value, s.replaces


def _points(statements: Iterable[Statement]) -> list[Placed]:
    """A speaker's totals of one measure when new or changed, oldest first."""
    totals = [
        (_place(s), s)
        for s in statements
        if s.measure in _TOTALS
        and s.victim_class == "unspecified"
        and s.status in ("used", "stale", "superseded")
    ]
    points: list[Placed] = []
    last: tuple[object, ...] | None = None
    for place, s in sorted(totals, key=itemgetter(0)):
        number = (s.low, s.high, s.value)
        if last != number:
            last = number
            points.append((place, _POINTS.of(s)))
    return points


def _place(s: Statement) -> tuple[float, str, int, str]:
    instant = 0.0 if s.said_at is None else aware(s.said_at).timestamp()
    return instant, s.report_id or "", s.start, s.id


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
