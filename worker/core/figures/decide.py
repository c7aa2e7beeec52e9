"""Statements → low, best, high: the one decision about figures, for an article and an incident alike.

Rules (docs/method.md, Figures; UCDP's low/best/high; GTD codebook 2019, nkill, for the order)
-----
1. Victims and attackers are decided apart and never added up. Nothing is added up here but persons
   whom one report tells of singly (rule 4).
2. Dropped, each with its status: figures of another scope (``background``), of the party that
   attacked (``perpetrator_party``), parts of another figure (``subset``), the outlet's repetitions
   (``derived``), and those 24 h or more older than the newest usable one (``stale``).
3. Of one speaker the newest version counts, by its time, then what was seen later, then article.
   Within it the first figure does: news begins with the newest, and goes on with how it was before.
   Body before headline and caption, the more specific before the vague; but a plain number is short
   for the same number told before as "at least". The others are ``superseded``. What words make
   newer or older ("later said", "first said", "we reported") was told apart when the article was read
   (``extract/toll/replaced.py``).
4. Persons told singly are parts of a number that anybody gives. Where nobody does, those of one report
   add up: as many as have names of their own (``Statement.person``), and at least one. Each keeps its
   own quote.
5. Dropped as ``superseded`` is also what is less than others are known to have counted: an outlet's
   own number below somebody's "at least", the authorities' below an international organisation's.
6. low, best and high of what is left: ``bounds``.

Theory of operation
-------------------
``decide_toll`` splits statements by measure and by side (victims, attackers), drops, keeps one per
speaker, and reads the bounds off what is left. It sees no article and no order: the same set of
statements gives the same answer. (TRT World 2019-05-08 prints "nearly a dozen", "more than a dozen"
and 15 wounded, from three speakers: 10 - 15 - 15, and never 37.)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from worker.core.domain.report import CategoryFigure, Figure, OtherCount, Statement
from worker.core.domain.victim_classes import OF_ANY_TRADE
from worker.core.domain.vocabulary import Measure, StatementStatus, Zone
from worker.core.figures.bounds import (
    OUTLET,
    PRECISION,
    RECEIVED,
    VAGUE,
    closed_high,
    decide_figure,
)
from worker.core.figures.outgrown import OF_ALL, is_whole, without_outgrown, without_replaced
from worker.core.figures.said_again import (
    Horizons,
    Key,
    Seen,
    Statuses,
    alike,
    horizon_of,
    is_stale,
    key_of,
    newest_of_each,
    newest_version,
    status_before,
)

ATTACKERS = "perpetrator"
MIXED = "with_attackers"
"""A printed sum of victims and attackers ("14 dead, including five attackers"): a total of neither."""
PART = "some_of_them"
"""A class of people counted as part of a toll that is not told there ("two engineers among the dead")."""
FOREIGNERS = "foreigners"
_CASUALTY: tuple[Measure, ...] = "killed", "injured"
_ZONE: dict[Zone, int] = {"lead": 0, "body": 0, "title": 1, "caption": 2}


@dataclass(frozen=True, slots=True)
class Figures:
    """What a set of statements comes to."""

    killed: Figure | None
    injured: Figure | None
    attackers_killed: Figure | None
    attackers_injured: Figure | None
    by_category: tuple[CategoryFigure, ...]
    other_counts: tuple[OtherCount, ...]


@dataclass(frozen=True, slots=True)
class Toll(Figures):
    """The figures, and the statements that they rest on: the input, in its order, judged."""

    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Decided(Figures):
    """The figures, with the part of each statement in them, by its key."""

    statuses: Statuses
    horizons: Horizons

    def part_of(self, newest: Statement) -> tuple[StatementStatus, dt.datetime | None]:
        """The status of one of the statements, and what is stale beside it."""
        key = key_of(newest)
        return self.statuses[key], self.horizons[key]


def decide_toll(
    statements: Iterable[Statement],
    seen: Seen = MappingProxyType({}),
    alike: Callable[[Statement], Hashable] = alike,
) -> Toll:
    """Decide all figures of a set of statements; their order does not matter.

    ``seen``: which of two articles of one moment has the last word. ``alike``: of what is equal only
    the newest is looked at.
    """
    whole = tuple(statements)
    said = newest_of_each(whole, seen, alike)
    decided = decide_newest([newest for newest, _ in said], seen)
    statuses = dict(decided.statuses)
    for newest, earlier in said:
        status, horizon = decided.part_of(newest)
        statuses.update((key_of(s), status_before(s, status, horizon)) for s in earlier)
    return Toll(
        killed=decided.killed,
        injured=decided.injured,
        attackers_killed=decided.attackers_killed,
        attackers_injured=decided.attackers_injured,
        by_category=decided.by_category,
        other_counts=decided.other_counts,
        statements=tuple(replace(s, status=statuses[key_of(s)]) for s in whole),
    )


def decide_newest(given: Sequence[Statement], seen: Seen) -> Decided:
    """The same, where nobody said twice what is alike in all that counts (``said_again``)."""
    statuses: Statuses = {}
    horizons: Horizons = {}
    sides: dict[tuple[Measure, bool], list[Statement]] = {
        (measure, attackers): [] for measure in _CASUALTY for attackers in (False, True)
    }
    for s in given:
        if s.measure in _CASUALTY:
            sides[s.measure, s.victim_class == ATTACKERS].append(s)
    totals = {side: _total(group, statuses, horizons, seen) for side, group in sides.items()}
    others = _other_counts(given, statuses, horizons, seen)
    return Decided(
        killed=totals["killed", False],
        injured=totals["injured", False],
        attackers_killed=totals["killed", True],
        attackers_injured=totals["injured", True],
        by_category=_categories(given, seen),
        other_counts=others,
        statuses=statuses,
        horizons=horizons,
    )


def _total(
    group: list[Statement], statuses: Statuses, horizons: Horizons, seen: Seen
) -> Figure | None:
    """Judge one group, write every status, and give its figure."""
    usable = _usable(group, statuses)
    usable = _without_parts(usable, statuses)
    horizon = horizon_of(usable)
    horizons.update((key_of(s), horizon) for s in group)
    usable = _without_stale(usable, horizon, statuses)
    usable = without_outgrown(without_replaced(usable, statuses), statuses)
    usable, told = _with_persons(usable)
    used = _one_per_speaker(usable, statuses, seen)
    for statement in used:
        statuses[key_of(statement)] = "used"
    for key, persons in told.items():
        for person in persons:
            statuses[key_of(person)] = statuses[key]
    return decide_figure(used)


def _usable(group: Iterable[Statement], statuses: Statuses) -> list[Statement]:
    """The statements that are usable; of the others the status is written."""
    usable = []
    for statement in group:
        if statement.scope != "incident":
            statuses[key_of(statement)] = "background"
        elif statement.perpetrator_party:
            statuses[key_of(statement)] = "perpetrator_party"
        elif statement.subset_of is not None:
            statuses[key_of(statement)] = "subset"
        elif statement.derived or statement.victim_class == MIXED:
            statuses[key_of(statement)] = "derived"
        else:
            usable.append(statement)
    return usable


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
        first = min(persons, key=lambda s: (_ZONE[s.zone], s.start, key_of(s)))
        count = _told_singly(persons)
        out.append(replace(first, value=count, low=count, high=count))
        told[key_of(first)] = persons
    return out, told


def _told_singly(persons: Sequence[Statement]) -> int:
    """How many persons they are for certain: those with names of their own, and at least one."""
    return max(1, len({s.person for s in persons} - {""}))


def _without_parts(usable: list[Statement], statuses: Statuses) -> list[Statement]:
    """A class of victims stands for the total only where nobody gave a total, with its least number.

    ("Two policemen were killed" is all that is known of a small attack; beside "12 people were
    killed" nine children are a part of it, whoever counted them. Three policemen are no part of
    two dead, nor of three: that is an opinion of the total. Nor are 14 soldiers one of "several", nor is
    anybody a part of a printed zero.)
    """
    whole = [s for s in usable if is_whole(s)]
    whole += [s for s in usable if s.victim_class == "civilians" and _is_all_victims(s, usable)]
    told = [s.low or 0 for s in usable if s.victim_class != PART and s.person is None]
    parts = [s.low or 0 for s in usable if s.victim_class == PART]
    some = [s for s in usable if s.victim_class == PART or s.person is None]
    for statement in [s for s in some if not is_whole(s)]:
        most = max([*parts, *told] if statement.victim_class == PART else parts, default=0)
        if (statement.low or 0) < most:
            statuses[key_of(statement)] = "subset"
            usable = [s for s in usable if s is not statement]
    if not any(s.victim_class != RECEIVED and s.low is not None for s in whole):
        return _without_persons_of_parts(usable, statuses)
    most = max(map(_least_beside, whole))
    standing = []
    counted = set(map(id, whole))
    for statement in usable:
        if id(statement) in counted:
            continue
        if most == 0 or (statement.person is None and (statement.low or 0) >= most):
            standing.append(statement)
        else:
            statuses[key_of(statement)] = "subset"
    return whole + standing


def _least_beside(whole: Statement) -> int:
    """How many people of a class are no part of a whole any more: as many, or more than "at least"."""
    return 1 + (whole.low or 0) if whole.high is None else whole.high


def _without_persons_of_parts(usable: list[Statement], statuses: Statuses) -> list[Statement]:
    """Without the persons whom a number of people of some whole holds, where nobody gives the whole.

    ("A man attacked guards, wounding two of them", and somebody else: "one was hit in the neck"; "a
    tailor lost two fingers", and a hospital received 33; "a Dane dies", of "three foreigners killed".)
    """
    persons = [s for s in usable if s.person is not None]
    told = {s.victim_class for s in persons if s.victim_class != "unspecified"} or {FOREIGNERS}
    classes = {PART, RECEIVED} | (told if len(told) == 1 else set())
    some = [s.low or 0 for s in usable if s.victim_class in classes and s.person is None]
    if not persons or max(some, default=0) < _told_singly(persons):
        return usable
    for person in persons:
        statuses[key_of(person)] = "subset"
    return [s for s in usable if s.person is None]


def _is_all_victims(statement: Statement, usable: Sequence[Statement]) -> bool:
    """Whether somebody quoted counts civilians, and nobody else of the dead: all victims, as he sees it.

    ("Five civilians were killed, police said. Witnesses spoke of 20 dead." Two women are among them. Six
    bodies that a shopkeeper counted are people of no class.)
    """
    if statement.speaker_type == OUTLET or statement.person is not None:
        return False
    others = [s for s in usable if s.victim_class not in (statement.victim_class, PART)]
    others = [s for s in others if s.person is None]
    own = any(s.speaker_id == statement.speaker_id for s in others)
    least = statement.low or 0
    among = [s for s in others if s.victim_class in OF_ANY_TRADE and (s.low or 0) < least]
    return not own and all(is_whole(s) or s in among for s in others)


def _without_stale(
    usable: list[Statement], horizon: dt.datetime | None, statuses: Statuses
) -> list[Statement]:
    fresh = []
    for statement in usable:
        if is_stale(statement, horizon):
            statuses[key_of(statement)] = "stale"
        else:
            fresh.append(statement)
    return fresh


def _one_per_speaker(usable: list[Statement], statuses: Statuses, seen: Seen) -> list[Statement]:
    by_speaker: dict[tuple[str, bool], list[Statement]] = {}
    for statement in usable:
        beside = statement.victim_class == RECEIVED and _is_beside_total(statement, usable)
        opinion = statement.speaker_id, beside
        by_speaker.setdefault(opinion, []).append(statement)
    kept = []
    for of_speaker in by_speaker.values():
        last = _first_of_newest(of_speaker, seen)
        kept.append(last)
        for statement in of_speaker:
            if statement is not last:
                statuses[key_of(statement)] = "superseded"
    return kept


def _is_beside_total(statement: Statement, usable: Sequence[Statement]) -> bool:
    """Whether an outlet tells what one hospital received beside a total, which it does not revise."""
    if statement.victim_class != RECEIVED or statement.speaker_type != OUTLET:
        return False
    own = (s for s in usable if s.speaker_id == statement.speaker_id and s.person is None)
    return any(s.victim_class != RECEIVED and (s.low or 0) >= (statement.low or 0) for s in own)


def _first_of_newest(of_speaker: list[Statement], seen: Seen) -> Statement:
    """Of the newest version the figure that stands for all: in its text, exact, and printed first."""
    last = newest_version(of_speaker, seen)
    if len(last) == 1:
        return last[0]
    return min(
        [s for s in last if not (_is_outgrown(s, last) or _is_short_for(s, last))],
        key=lambda s: (_is_brief(s), PRECISION[s.qualifier], _ZONE[s.zone], s.start, key_of(s)),
    )


def _is_outgrown(statement: Statement, last: Sequence[Statement]) -> bool:
    """Whether a number is less than its speaker says there were at least: it was told of before.

    ("More than 90 are known to have died. It was 80 in the morning.")
    """
    bounding = [s for s in last if s.high is None and PRECISION[s.qualifier] < VAGUE]
    least = (s.low or 0 for s in bounding if not _is_brief(s))
    return statement.high is not None and statement.high < max(least, default=0)


def _is_short_for(statement: Statement, last: Sequence[Statement]) -> bool:
    """Whether a plain number is short for one that its speaker has told as a bound before.

    ("At least five people were killed … the five were on their way to work".)
    """
    if statement.qualifier != "exact" or statement.value is None:
        return False
    bounds = (s for s in last if s.qualifier == "at_least" and not _is_brief(s))
    return any(s.value == statement.value and s.start < statement.start for s in bounds)


def _is_brief(statement: Statement) -> bool:
    """Whether it stands where there is no room for "at least"."""
    return statement.zone in ("title", "caption")


def _categories(statements: Sequence[Statement], seen: Seen) -> tuple[CategoryFigure, ...]:
    """Figures by class of victims. A part of a total is wanted here, so ``subset`` counts."""
    groups: dict[tuple[Measure, str], list[Statement]] = {}
    for s in statements:
        plain = s.victim_class in OF_ALL or s.victim_class == MIXED
        if s.measure in _CASUALTY and not plain and s.scope == "incident":
            if not s.perpetrator_party:
                groups.setdefault((s.measure, s.victim_class), []).append(s)
    out = []
    for (measure, victim_class), told in sorted(groups.items()):
        # a child who died since is one of the seven that somebody counted, and no newer number
        counted = [s for s in told if s.person is None]
        group = counted if any((s.low or 0) > 1 for s in counted) else told
        figure = decide_figure(
            _one_per_speaker(_without_stale(group, horizon_of(group), {}), {}, seen)
        )
        if figure is not None:
            out.append(
                CategoryFigure(measure, victim_class, figure.low, figure.best, closed_high(figure))
            )
    return tuple(out)


def _other_counts(
    statements: Sequence[Statement], statuses: Statuses, horizons: Horizons, seen: Seen
) -> tuple[OtherCount, ...]:
    groups: dict[str, list[Statement]] = {}
    for statement in statements:
        if statement.measure not in _CASUALTY:
            groups.setdefault(statement.measure, []).append(statement)
    totals: Mapping[str, Figure | None] = {
        kind: _total(group, statuses, horizons, seen) for kind, group in sorted(groups.items())
    }
    return tuple(
        OtherCount(kind, figure.low, figure.best, closed_high(figure))
        for kind, figure in totals.items()
        if figure is not None
    )
