"""Statements → low, best, high: the one decision about figures, for an article and an incident alike.

Rules (docs/method.md, Figures; UCDP's low/best/high; GTD codebook 2019, nkill, for the order)
-----
1. Victims and attackers are decided apart and never added up. Nothing here adds two figures.
2. Dropped, each with its status: figures of another scope (``background``), of the party that
   attacked (``perpetrator_party``), parts of another figure (``subset``), the outlet's repetitions
   (``derived``), and those 24 h or more older than the newest usable one (``stale``).
3. Of one speaker the latest counts, the others are ``superseded``: latest version time, then what was
   seen later, then article; within a version body before headline and caption, then the more specific, then first.
4. Persons told singly are parts of a number that anybody gives. Where nobody does, those of one report
   add up: as many as have names of their own (``Statement.person``), and at least one. Each keeps its
   own quote.
5. low = smallest lower bound used, None where none is told ("up to 30"). high = largest of the upper
   bounds of closed figures and the lone best of open ones. A figure nobody gave is None, never 0.
6. best = the first by: attributed to somebody other than the outlet; how many other used speakers'
   bounds hold its value; exact, around, bounded, vague; later; lower. What one hospital received is
   a lower bound for the others. ("At least 5", 8 and 12: overlapping bounds would choose 5, with
   which everything is compatible and which nobody still says; 8 and 12 both fit it.)

Theory of operation
-------------------
``decide_toll`` splits statements by measure and by side (victims, attackers), drops, keeps one per
speaker, and reads the bounds off what is left. It sees no article and no order: the same set of
statements gives the same answer. (TRT World 2019-05-08 prints "nearly a dozen", "more than a dozen"
and 15 wounded, from three speakers: 10 - 15 - 15, and never 37.)
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from worker.core.domain.report import CategoryFigure, Figure, OtherCount, Statement
from worker.core.domain.vocabulary import Measure, Qualifier, StatementStatus, Zone

STALE_AFTER = dt.timedelta(hours=24)
OUTLET = "outlet_narrator"
ATTACKERS = "perpetrator"
MIXED = "with_attackers"
"""A printed sum of victims and attackers ("14 dead, including five attackers"): a total of neither."""
PART = "some_of_them"
"""A class of people counted as part of a toll that is not told there ("two engineers among the dead")."""
_RECEIVED = "received_at_hospital"
_TOTAL_CLASSES = frozenset({"unspecified", _RECEIVED})
_CASUALTY: tuple[Measure, ...] = ("killed", "injured")
_PRECISION: dict[Qualifier, int] = {
    "exact": 0, "around": 1, "at_least": 2, "more_than": 2, "nearly": 2, "up_to": 2, "range": 2,
    "several": 3, "a_number_of": 3, "many": 3, "score": 3, "scores": 3, "dozens": 3, "hundreds": 3,
}  # fmt: skip
_ZONE: dict[Zone, int] = {"lead": 0, "body": 0, "title": 1, "caption": 2}
_NO_END = 1 << 40
_LONG_AGO = dt.datetime(1, 1, 1, tzinfo=dt.UTC)

Key = tuple[str, str]
Seen = Mapping[str, dt.datetime]
"""When reports' articles were first seen, by the report's id."""
Statuses = dict[Key, StatementStatus]


@dataclass(frozen=True, slots=True)
class Toll:
    """What a set of statements comes to. ``statements`` are the input, in its order, judged."""

    killed: Figure | None
    injured: Figure | None
    attackers_killed: Figure | None
    attackers_injured: Figure | None
    by_category: tuple[CategoryFigure, ...]
    other_counts: tuple[OtherCount, ...]
    statements: tuple[Statement, ...]


def judged(statement: Statement, status: StatementStatus) -> Statement:
    """A statement with its part in the figures."""
    return replace(statement, status=status)


def decide_toll(
    statements: Iterable[Statement],
    judged: Callable[[Statement, StatementStatus], Statement] = judged,
    seen: Seen = MappingProxyType({}),
) -> Toll:
    """Decide all figures of a set of statements; their order does not matter.

    ``judged``: how a statement gets its status, for who asks for the same ones often. ``seen``: which
    of two articles of one moment has the last word.
    """
    given = tuple(statements)
    statuses: Statuses = {}
    totals = {
        (measure, attackers): _total(_side(given, measure, attackers), statuses, seen)
        for measure in _CASUALTY
        for attackers in (False, True)
    }
    others = _other_counts(given, statuses, seen)
    return Toll(
        killed=totals["killed", False],
        injured=totals["injured", False],
        attackers_killed=totals["killed", True],
        attackers_injured=totals["injured", True],
        by_category=_categories(given, seen),
        other_counts=others,
        statements=tuple(judged(s, statuses[_key(s)]) for s in given),
    )


def lone_best(statement: Statement) -> int | None:
    """The best value of one figure alone; None for a wording without a number."""
    if statement.value is None or _PRECISION[statement.qualifier] == 3:
        return None
    if statement.qualifier == "more_than":
        return statement.low
    if statement.qualifier in ("nearly", "up_to"):
        return statement.high
    return statement.low if statement.qualifier == "range" else statement.value


def _key(statement: Statement) -> Key:
    return (statement.report_id or "", statement.id)


def _side(statements: Sequence[Statement], measure: Measure, attackers: bool) -> list[Statement]:
    return [
        s for s in statements if s.measure == measure and (s.victim_class == ATTACKERS) == attackers
    ]


def _total(group: list[Statement], statuses: Statuses, seen: Seen) -> Figure | None:
    """Judge one group, write every status, and give its figure."""
    usable = [s for s in group if _is_usable(s, statuses)]
    usable = _without_parts(usable, statuses)
    usable = _without_stale(usable, statuses)
    usable = _without_outgrown(usable, statuses)
    usable, told = _with_persons(usable)
    used = _one_per_speaker(usable, statuses, seen)
    for statement in used:
        statuses[_key(statement)] = "used"
    for key, persons in told.items():
        for person in persons:
            statuses[_key(person)] = statuses[key]
    return _figure(used)


def _is_usable(statement: Statement, statuses: Statuses) -> bool:
    """Whether a statement is usable; if not, its status is written."""
    status: StatementStatus | None = None
    if statement.scope != "incident":
        status = "background"
    elif statement.perpetrator_party:
        status = "perpetrator_party"
    elif statement.subset_of is not None:
        status = "subset"
    elif statement.derived or statement.victim_class == MIXED:
        status = "derived"
    if status is not None:
        statuses[_key(statement)] = status
    return status is None


def _with_persons(
    usable: list[Statement],
) -> tuple[list[Statement], dict[Key, list[Statement]]]:
    """The same, with the persons that a report tells of singly made one figure.

    Also who stands behind each such figure, by the key of its first.
    """
    reports: dict[str, list[Statement]] = {}
    for statement in usable:
        if statement.person is not None:
            reports.setdefault(statement.report_id or "", []).append(statement)
    out = [s for s in usable if s.person is None]
    told = {}
    for persons in reports.values():
        first = min(persons, key=lambda s: (_ZONE[s.zone], s.start, _key(s)))
        count = _told_singly(persons)
        out.append(replace(first, value=count, low=count, high=count))
        told[_key(first)] = persons
    return out, told


def _told_singly(persons: Sequence[Statement]) -> int:
    """How many persons they are for certain: those with names of their own, and at least one."""
    return max(1, len({s.person for s in persons} - {""}))


def _without_parts(usable: list[Statement], statuses: Statuses) -> list[Statement]:
    """A class of victims stands for the total only where nobody gave a total.

    ("Two policemen were killed" is all that is known of a small attack; beside "12 people were
    killed" nine children are a part of it, whoever counted them. Three policemen are no part of
    two dead: that is another opinion of the total.)
    """
    whole = [s for s in usable if _is_whole(s)]
    whole += [s for s in usable if _is_all_victims(s, usable)]
    told = [s.low or 0 for s in usable if s.victim_class != PART and s.person is None]
    for statement in [s for s in usable if s.victim_class == PART]:
        if (statement.low or 0) < max(told, default=0):
            statuses[_key(statement)] = "subset"
            usable = [s for s in usable if s is not statement]
    if not any(s.victim_class != _RECEIVED for s in whole):
        return usable
    most = max((s.high if s.high is not None else _NO_END for s in whole), default=_NO_END)
    larger = []
    for statement in usable:
        if statement in whole:
            continue
        if statement.person is None and (statement.low or 0) > most:
            larger.append(statement)
        else:
            statuses[_key(statement)] = "subset"
    return whole + larger


def _is_all_victims(statement: Statement, usable: Sequence[Statement]) -> bool:
    """Whether somebody quoted counts civilians, and nobody else of the dead: all victims, as he sees it.

    ("Five civilians were killed, police said. Witnesses spoke of 20 dead.")
    """
    if statement.victim_class != "civilians" or statement.speaker_type == OUTLET:
        return False
    others = [s for s in usable if s.victim_class != statement.victim_class and s.person is None]
    own = any(s.speaker_id == statement.speaker_id for s in others)
    return not own and all(_is_whole(s) for s in others)


def _is_whole(statement: Statement) -> bool:
    """Whether a figure counts all of its side, and not a class of people or a person."""
    total = statement.victim_class in _TOTAL_CLASSES or statement.victim_class == ATTACKERS
    return total and statement.person is None


def _without_stale(usable: list[Statement], statuses: Statuses) -> list[Statement]:
    times = [s.said_at for s in usable if s.said_at is not None]
    if not times:
        return usable
    horizon = max(times) - STALE_AFTER
    fresh = []
    for statement in usable:
        if statement.said_at is not None and statement.said_at <= horizon:
            statuses[_key(statement)] = "stale"
        else:
            fresh.append(statement)
    return fresh


def _without_outgrown(usable: list[Statement], statuses: Statuses) -> list[Statement]:
    """Without the outlets' own numbers that are less than somebody says there are at least.

    ("At least five were killed, police said. A reporter saw four bodies.")
    """
    floors = [s for s in usable if s.high is None and s.speaker_type != OUTLET and _is_whole(s)]
    floors = [s for s in floors if _PRECISION[s.qualifier] < 3]
    kept = []
    for statement in usable:
        own = statement.speaker_type == OUTLET and statement.high is not None
        if own and any(_goes_beyond(s, statement) for s in floors):
            statuses[_key(statement)] = "superseded"
        else:
            kept.append(statement)
    return kept


def _goes_beyond(floor: Statement, statement: Statement) -> bool:
    """Whether a lower bound, told no earlier, is more than a number leaves room for."""
    is_later = (floor.said_at or _LONG_AGO) >= (statement.said_at or _LONG_AGO)
    return is_later and (floor.low or 0) > (statement.high or 0)


def _one_per_speaker(usable: list[Statement], statuses: Statuses, seen: Seen) -> list[Statement]:
    by_speaker: dict[tuple[str, bool], list[Statement]] = {}
    for statement in usable:
        opinion = statement.speaker_id, _is_beside_total(statement, usable)
        by_speaker.setdefault(opinion, []).append(statement)
    kept = []
    for of_speaker in by_speaker.values():
        last = _latest(of_speaker, seen)
        kept.append(last)
        for statement in of_speaker:
            if statement is not last:
                statuses[_key(statement)] = "superseded"
    return kept


def _is_beside_total(statement: Statement, usable: Sequence[Statement]) -> bool:
    """Whether an outlet tells what one hospital received beside a total, which it does not revise."""
    if statement.victim_class != _RECEIVED or statement.speaker_type != OUTLET:
        return False
    own = (s for s in usable if s.speaker_id == statement.speaker_id and s.person is None)
    return any(s.victim_class != _RECEIVED and (s.low or 0) >= (statement.low or 0) for s in own)


def _latest(of_speaker: list[Statement], seen: Seen) -> Statement:
    newest = max(_version(s, seen) for s in of_speaker)
    last = [s for s in of_speaker if _version(s, seen) == newest]
    return min(
        [s for s in last if not _is_outgrown(s, last)],
        key=lambda s: (_is_brief(s), _PRECISION[s.qualifier], _ZONE[s.zone], s.start, _key(s)),
    )


def _is_outgrown(statement: Statement, last: Sequence[Statement]) -> bool:
    """Whether a number is less than its speaker says there were at least: it was told of before.

    ("More than 90 are known to have died. It was 80 in the morning.")
    """
    bounding = [s for s in last if s.high is None and _PRECISION[s.qualifier] < 3]
    least = (s.low or 0 for s in bounding if not _is_brief(s))
    return statement.high is not None and statement.high < max(least, default=0)


def _is_brief(statement: Statement) -> bool:
    """Whether it stands where there is no room for "at least"."""
    return statement.zone in ("title", "caption")


def _version(statement: Statement, seen: Seen) -> tuple[dt.datetime, dt.datetime, str]:
    report = statement.report_id or ""
    seen_at = seen.get(report, _LONG_AGO)
    return (statement.said_at or _LONG_AGO, seen_at, report.rpartition("#")[0])


def _figure(used: list[Statement]) -> Figure | None:
    """Bounds and best of the used statements, one per speaker; None when there are none."""
    if not used:
        return None
    totals = [s for s in used if s.victim_class != _RECEIVED] or used
    numbered = [s for s in totals if _PRECISION[s.qualifier] < 3] or totals
    lows = [s.low for s in numbered if s.low is not None]
    closed = [s.high for s in used if s.high is not None]
    lone = [best for s in used if s.high is None and (best := lone_best(s)) is not None]
    best = _best(used)
    return Figure(
        low=min(lows, default=None),
        best=best,
        high=max(closed + lone, default=None),
        open_upper=_is_open(numbered, used),
        conflict=len({s.value for s in used if s.value is not None}) > 1,
    )


def _is_open(numbered: Sequence[Statement], used: Sequence[Statement]) -> bool:
    """Whether a lower bound is in use. What one hospital received leaves open only what is more than
    everybody else's ("the ministry gives 23; a doctor counted at least 30 bodies").
    """
    most = max((s.high or 0 for s in used), default=0)
    received = (s for s in used if s.victim_class == _RECEIVED and s.high is None)
    return any(s.high is None for s in numbered) or any((s.low or 0) > most for s in received)


def _best(used: list[Statement]) -> int | None:
    """The best of many: a wording without a number is chosen only where there is no other."""
    floors = [s.low for s in used if s.victim_class != _RECEIVED and s.low is not None]
    floor = max(floors, default=0)
    numbered = [s for s in used if lone_best(s) is not None and not _is_short(s, floor)]
    if not numbered:
        return None
    return lone_best(min(numbered, key=_preference(used)))


def _is_short(statement: Statement, floor: int) -> bool:
    """Whether one hospital's count is less than others say there were at least."""
    value = lone_best(statement)
    return statement.victim_class == _RECEIVED and value is not None and value < floor


def _preference(used: list[Statement]) -> Callable[[Statement], tuple[object, ...]]:
    lows, highs = sorted(map(_least, used)), sorted(map(_most, used))

    def rank(statement: Statement) -> tuple[object, ...]:
        value = lone_best(statement) or 0
        supporters = bisect_right(lows, value) - bisect_left(highs, value)
        supporters -= _least(statement) <= value <= _most(statement)
        return (
            statement.speaker_type == OUTLET,
            -supporters,
            _PRECISION[statement.qualifier],
            -(statement.said_at or _LONG_AGO).timestamp(),
            value,
            statement.speaker_id,
        )

    return rank


def _least(statement: Statement) -> int:
    """The least that what a statement says leaves room for."""
    return statement.low or 0


def _most(statement: Statement) -> int:
    """The most that it leaves room for."""
    is_open = statement.high is None or statement.victim_class == _RECEIVED
    return _NO_END if is_open else max(_least(statement) - 1, statement.high or 0)


def _categories(statements: Sequence[Statement], seen: Seen) -> tuple[CategoryFigure, ...]:
    """Figures by class of victims. A part of a total is wanted here, so ``subset`` counts."""
    groups: dict[tuple[Measure, str], list[Statement]] = {}
    for s in statements:
        plain = s.victim_class in _TOTAL_CLASSES or s.victim_class in (ATTACKERS, MIXED)
        if s.measure in _CASUALTY and not plain and s.scope == "incident":
            if not s.perpetrator_party:
                groups.setdefault((s.measure, s.victim_class), []).append(s)
    out = []
    for (measure, victim_class), group in sorted(groups.items()):
        figure = _figure(_one_per_speaker(_without_stale(group, {}), {}, seen))
        if figure is not None:
            out.append(
                CategoryFigure(measure, victim_class, figure.low, figure.best, _closed(figure))
            )
    return tuple(out)


def _other_counts(
    statements: Sequence[Statement], statuses: Statuses, seen: Seen
) -> tuple[OtherCount, ...]:
    groups: dict[str, list[Statement]] = {}
    for statement in statements:
        if statement.measure not in _CASUALTY:
            groups.setdefault(statement.measure, []).append(statement)
    totals: Mapping[str, Figure | None] = {
        kind: _total(group, statuses, seen) for kind, group in sorted(groups.items())
    }
    return tuple(
        OtherCount(kind, figure.low, figure.best, _closed(figure))
        for kind, figure in totals.items()
        if figure is not None
    )


def _closed(figure: Figure) -> int | None:
    """The upper bound where there is no ``open_upper`` beside it to say that it is open."""
    return None if figure.open_upper else figure.high
