"""Follow-ups: what is published long after the day and says nothing that was not said before.

Rules
-----
1. A *follow-up* is published more than 48 hours after the day and says nothing that an earlier
   member had not said: it is linked, not counted. This looks at the whole set, not at arrival.
   Names in a language that no earlier member is in say nothing new where the slot is filled.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

from worker.core.domain.incident import FiledReport
from worker.core.domain.moments import aware
from worker.core.domain.remembered import Remembered
from worker.core.lang.names import words_of, written
from worker.core.merge.cluster.membership import Membership
from worker.core.merge.cluster.merge_input import MergeInput
from worker.core.merge.evidence.facts import MOST_REPORTS, Gazetteer, facts_of

Times = tuple[dt.date | None, float]


def split_follow_ups(
    reporting: Sequence[Membership], merge_input: MergeInput
) -> tuple[list[Membership], list[Membership]]:
    """Members in order of publication; a late one that adds nothing is a follow-up."""
    members: list[Membership] = []
    late: list[Membership] = []
    stated: set[tuple[object, ...]] = set()
    gazetteer = merge_input.gazetteer
    times = times_of(reporting, gazetteer)
    deadline = _deadline(times[0], merge_input)
    if deadline is None or times[1] <= deadline:
        return list(reporting), []
    told = gazetteer.remembered(_day_and_moment).all([m.filed for m in reporting])
    lateness = [
        m.frozen is None and moment > deadline
        for m, (_, moment) in zip(reporting, told, strict=True)
    ]
    for member, is_late in zip(reporting, lateness, strict=True):
        facts = _STATED.of(member.filed)
        if members and is_late and not _is_news(facts, stated):
            late.append(member)
        else:
            members.append(member)
            stated |= facts
    return members, late


def times_of(members: Iterable[Membership], gazetteer: Gazetteer) -> Times:
    """The last day that members state, and when the last of them was published."""
    told = gazetteer.remembered(_day_and_moment).all([m.filed for m in members])
    days = {day for day, _ in told if day is not None}
    return max(days, default=None), max(map(itemgetter(1), told), default=-math.inf)


def both(a: Times, b: Times) -> Times:
    """The times of two together."""
    return max(filter(None, (a[0], b[0])), default=None), max(a[1], b[1])


def nobody_is_late(times: Times, merge_input: MergeInput) -> bool:
    """Whether what has these times can have no follow-up."""
    deadline = _deadline(times[0], merge_input)
    return deadline is None or times[1] <= deadline


def _day_and_moment(filed: FiledReport, gazetteer: Gazetteer) -> tuple[dt.date | None, float]:
    """The last day that a report states, and when it was published; long ago, if nobody knows."""
    moment = filed.article.document_time
    end = filed.report.date.end if facts_of(filed, gazetteer).dated else None
    return end, -math.inf if moment is None else aware(moment, gazetteer.zone).timestamp()


def _deadline(day: dt.date | None, merge_input: MergeInput) -> float | None:
    """When an article about an attack of this day begins to be late."""
    if day is None:
        return None
    midnight = dt.datetime.combine(
        day + dt.timedelta(days=1), dt.time(), merge_input.gazetteer.zone
    )
    hours = merge_input.knowledge.merge_weights["life.followup_hours"]
    return (midnight + dt.timedelta(hours=hours)).timestamp()


def _stated_facts(filed: FiledReport) -> set[tuple[object, ...]]:
    """Every slot value and figure of a report, in comparable form."""
    report = filed.report
    facts: set[tuple[object, ...]] = {("kind", kind) for kind in report.attack_types}
    facts |= {_printed("target", t.id or t.name, filed) for t in report.targets}
    facts |= {("by", p.name, p.attribution) for p in report.perpetrators}
    facts |= {("claim", c.group, c.claimed) for c in report.claims}
    facts |= {("weapon", w.type, w.subtype) for w in report.weapons}
    facts |= {_printed("victim", name, filed) for name in report.victims}
    if report.place is not None and report.place.path:
        facts |= {("place", key) for key in report.place.path}
    elif report.place is not None:
        facts.add(_printed("place", report.place.name, filed))
    singles = ("time", report.time), ("suicide", report.suicide), ("blasts", report.n_blasts)
    facts |= {pair for pair in singles if pair[1] is not None}
    return facts | {
        ("figure", s.measure, s.victim_class, s.low, s.high)
        for s in report.statements
        if s.scope == "incident"
    }


class _PrintedName(NamedTuple):
    """A name that a report gives a slot, its words in order, and what it is written in."""

    slot: str
    words: tuple[str, ...]
    written: str | None


def _printed(slot: str, name: str, filed: FiledReport) -> _PrintedName:
    lang = filed.article.lang
    return _PrintedName(slot, tuple(sorted(words_of(name))), written(name, lang))


_STATED = Remembered(_stated_facts, MOST_REPORTS)


def _is_news(facts: set[tuple[object, ...]], stated: set[tuple[object, ...]]) -> bool:
    """Whether facts say more than those stated before.

    A name in a language in which its slot has none yet cannot be compared: it is news only where
    nobody named anything. (The Spanish follow-up would else always be new: "Universidad".)
    """
    known = {fact for fact in stated if isinstance(fact, _PrintedName)}
    filled = {name.slot for name in known}
    comparable = {(name.slot, name.written) for name in known}
    return any(
        not isinstance(fact, _PrintedName)
        or fact.slot not in filled
        or (fact.slot, fact.written) in comparable
        for fact in facts - stated
    )
