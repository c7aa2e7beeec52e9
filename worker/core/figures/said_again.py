"""Figures that a speaker says again: only the newest of equal ones can count.

A thousand reports of one attack print some dozens of different figures. Of those that are alike in all
that judges them, but for time and report, the newest stands for all: whatever drops it drops the
others too, and where it counts they are superseded, or stale.

An outlet says nothing again by leaving it standing: a version with the figures of the version before is
no newer word on them (``with_first_times``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

from worker.core.domain.report import Report, Statement
from worker.core.domain.vocabulary import StatementStatus

Key = tuple[str, str]
Seen = Mapping[str, dt.datetime]
"""When reports' articles were first seen, by the report's id."""
Statuses = dict[Key, StatementStatus]
Horizons = dict[Key, dt.datetime | None]
"""What was said by then is stale beside the figure with this key."""
STALE_AFTER = dt.timedelta(hours=24)
_LONG_AGO = dt.datetime(1, 1, 1, tzinfo=dt.UTC)


def alike(statement: Statement) -> Hashable:
    """What is equal for figures that only time and report tell apart. (Persons told singly are told
    apart by their reports.)
    """
    return (
        statement.measure,
        statement.victim_class,
        statement.value,
        statement.low,
        statement.high,
        statement.qualifier,
        statement.speaker_id,
        statement.speaker_type,
        statement.perpetrator_party,
        statement.said_at is None,
        statement.scope,
        statement.subset_of is None,
        statement.zone,
        statement.derived,
        statement.replaces,
        None if statement.person is None else (statement.report_id, statement.id),
    )


def with_first_times(reports: Sequence[Report], before: Sequence[Report]) -> tuple[Report, ...]:
    """The reports of a version; the dead are as old as they were before where all their figures are
    those of before, and so are the wounded.

    One other figure of the dead, and all of them are new: a version is judged as one text. So are those
    of another day: under one address a page may come to tell of the next attack.
    """
    known = {report.report_id: report for report in before}
    return tuple(_as_first_told(report, known.get(report.report_id)) for report in reports)


def _as_first_told(report: Report, before: Report | None) -> Report:
    if before is None or report.date.start != before.date.start:
        return report
    now, then = _by_measure(report), _by_measure(before)
    same = [m for m in now if m in then and _opinions(now[m]) == _opinions(then[m])]
    first = {measure: then[measure][0].said_at for measure in same}
    said = (replace(s, said_at=first.get(s.measure, s.said_at)) for s in report.statements)
    return replace(report, statements=tuple(said))


def _by_measure(report: Report) -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = {}
    for statement in report.statements:
        found.setdefault(statement.measure, []).append(statement)
    return found


def _opinions(statements: Iterable[Statement]) -> set[Hashable]:
    """What is the same in two versions that say the same, in whatever place and however often."""
    own = [s for s in statements if not s.derived]
    return {(alike(replace(s, person=None, said_at=None)), s.person) for s in own}


def newest_of_each(
    statements: Sequence[Statement], seen: Seen, alike: Callable[[Statement], Hashable] = alike
) -> list[tuple[Statement, list[Statement]]]:
    """The newest of those that are alike, each with the earlier ones."""
    groups: dict[Hashable, list[Statement]] = {}
    for statement in statements:
        groups.setdefault(alike(statement), []).append(statement)
    found = []
    for group in groups.values():
        last = newest_of(group, seen)
        found.append((last, [s for s in group if s is not last]))
    return found


def newest_of(alike: Sequence[Statement], seen: Seen) -> Statement:
    """The one that its speaker's last word is taken from: of one version the first printed."""
    if len(alike) == 1:
        return alike[0]
    return min(newest_version(alike, seen), key=lambda s: (s.start, s.report_id or "", s.id))


def status_before(
    statement: Statement, status: StatementStatus, horizon: dt.datetime | None
) -> StatementStatus:
    """What becomes of a figure that was said again, of which the newest is ``status``.

    They share it; where it was usable, the earlier is out of date.
    """
    if status not in ("used", "superseded", "stale"):
        return status
    return "stale" if is_stale(statement, horizon) else "superseded"


def key_of(statement: Statement) -> Key:
    """What a statement is called among those of many reports."""
    return (statement.report_id or "", statement.id)


def horizon_of(usable: Iterable[Statement]) -> dt.datetime | None:
    """What was said by then is stale; None when nobody knows when anything was said."""
    times = [s.said_at for s in usable if s.said_at is not None]
    return max(times) - STALE_AFTER if times else None


def is_stale(statement: Statement, horizon: dt.datetime | None) -> bool:
    """Whether it is too old to count beside the newest."""
    said_at = statement.said_at
    return horizon is not None and said_at is not None and said_at <= horizon


def moment_of(statement: Statement) -> dt.datetime:
    """When it was said; long ago, when nobody knows."""
    return statement.said_at or _LONG_AGO


def newest_version(statements: Sequence[Statement], seen: Seen) -> list[Statement]:
    """Those of the latest moment; of several articles of one moment, of that which was seen last."""
    moment = max(map(moment_of, statements))
    last = [s for s in statements if moment_of(s) == moment]
    if len(last) == 1:
        return last
    version = max(_version(s, seen) for s in last)
    return [s for s in last if _version(s, seen) == version]


def _version(statement: Statement, seen: Seen) -> tuple[dt.datetime, str]:
    report = statement.report_id or ""
    return seen.get(report, _LONG_AGO), report.rpartition("#")[0]
