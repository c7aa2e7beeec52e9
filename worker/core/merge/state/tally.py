"""The figures of an incident while its reports come and go: only what changed is judged anew.

Rules
-----
1. What is alike in all that counts (``said_again``) is one *count*: a thousand reports of one attack
   make some dozens. Of each the newest statement is judged (``figures.decide_newest``); the earlier
   ones follow from it.
2. A statement is judged again when its count got another newest one or lost it, when that is judged
   otherwise, or when time makes it stale. All others keep the value that they had.
3. The answer is that of ``toll.plain_casualties`` for the same members; a test compares them.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeVar

from worker.core.domain.caps import said_when
from worker.core.domain.report import Statement
from worker.core.domain.snapshot import Casualties, TimelinePoint
from worker.core.domain.vocabulary import StatementStatus
from worker.core.figures.decide import Decided, Figures, decide_newest
from worker.core.figures.said_again import Seen, is_stale, moment_of, newest_of, status_before
from worker.core.merge.state.in_order import InOrder

T = TypeVar("T")
_Moment = tuple[float, str, int, str]
Placed = tuple[_Moment, TimelinePoint]
"""A point of the timeline with what it is sorted by."""


@dataclass(slots=True, eq=False)
class Told:
    """What a report says. ``judged``: the same ``statements`` in their order, with their part in the
    figures.
    """

    report_id: str
    seen: dt.datetime | None
    statements: Sequence[Statement]
    of: object
    """What it was made of, held so that its place in memory means nothing else."""
    judged: list[Statement] = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is judged yet."""
        self.judged = list(self.statements)


_Part = tuple[StatementStatus, dt.datetime | None]
"""A status, and what is stale beside it."""


_Place = tuple[Told, int]
"""Who told a statement, and where among what he told."""


@dataclass(slots=True, eq=False)
class _Count:
    """Statements that are alike, by place."""

    one: Statement
    """Any of them, to tell what they are."""
    said: dict[_Place, Statement] = field(default_factory=dict)
    newest: Statement | None = None
    """The one that is judged. None: one came or went since it was asked for."""
    at: _Place | None = None
    """The place of the newest."""
    last: _Place | None = None
    """The place of the one that was said last, by its time and report alone."""
    when: tuple[float, str, int] = (0.0, "", 0)
    """What is compared to find the last."""
    oldest: dt.datetime | None = None
    part: _Part | None = None
    """That of the newest, when all were judged last."""

    @property
    def own(self) -> tuple[str, str]:
        """Their speaker and measure."""
        return self.one.speaker_id, self.one.measure

    def look(self, seen: Seen) -> Statement:
        """The newest."""
        if self.newest is None:
            newest = newest_of(list(self.said.values()), seen)
            self.at = next(place for place, s in self.said.items() if s is newest)
            self.when, self.last = max(
                [((*said_when(s), place[1]), place) for place, s in self.said.items()],
                key=itemgetter(0),
            )
            self.oldest = min(map(moment_of, self.said.values()))
            self.newest, self.part = newest, None
        return self.newest

    def needs_judging(self, part: _Part) -> bool:
        """Whether any of them may be judged otherwise than last."""
        if self.part is None or self.part[0] != part[0]:
            return True
        before, now = self.part[1], part[1]
        if before == now or not (self._may_be_stale(before) or self._may_be_stale(now)):
            return False
        return any(is_stale(s, before) != is_stale(s, now) for s in self.said.values())

    def _may_be_stale(self, horizon: dt.datetime | None) -> bool:
        return horizon is not None and self.oldest is not None and self.oldest <= horizon


class Tally:
    """The figures of some members, and what they were worked out from. For one thread."""

    def __init__(
        self,
        kind: Callable[[Statement], Hashable],
        judge: Callable[[Statement, StatementStatus], Statement],
        points: Callable[[Iterable[Statement]], list[Placed]],
    ) -> None:
        """``kind``: what is equal for statements that are alike. ``points``: one speaker's."""
        self._kind, self._judge, self._points = kind, judge, points
        self._members: Mapping[Hashable, Any] = {}
        self._told: dict[Hashable, Told] = {}
        self._judged: InOrder[Statement] = InOrder()
        self._counts: dict[Hashable, _Count] = {}
        self._seen: dict[str, dt.datetime] = {}
        self._points_of: dict[tuple[str, str], dict[_Moment, TimelinePoint]] = {}
        """By speaker and measure."""
        self._timeline: InOrder[TimelinePoint] = InOrder()
        self._moved: set[tuple[str, str]] = set()
        """Speakers and measures of which a statement came, went or may be judged otherwise."""

    def follow(self, members: Mapping[Hashable, T], tell: Callable[[T], Told]) -> Casualties:
        """The figures of these members, by name. Only those that are new are asked what they tell.

        The same mapping as the last may have more at its end, and has all others still.
        """
        if members is not self._members:
            for name in self._told.keys() - members.keys():
                self._leave(self._told.pop(name))
        for name in self._new_ones(members):
            self._told[name] = told = tell(members[name])
            self._enter(told)
        self._members = members
        counts = self._counts.values()
        decided = decide_newest([count.look(self._seen) for count in counts], self._seen)
        for count in counts:
            self._judge_count(count, decided)
        self._move_points()
        return casualties_of(decided, self._timeline.values(), self._judged.values())

    def needed(self) -> list[Statement]:
        """Of the statements, in their order, the last of each speaker, measure and class, and those that
        are used.
        """
        last: dict[Hashable, _Count] = {}
        places: set[_Place | None] = set()
        for count in self._counts.values():
            said = *count.own, count.one.victim_class
            other = last.setdefault(said, count)
            if other.when < count.when:
                last[said] = count
            if count.part is not None and count.part[0] == "used":
                places.add(count.at)
        places.update([count.last for count in last.values()])
        found = [(told.report_id, k, told) for told, k in filter(None, places)]
        found.sort(key=itemgetter(0, 1))
        return [told.judged[k] for _, k, told in found]

    def _new_ones(self, members: Mapping[Hashable, T]) -> Collection[Hashable]:
        if members is self._members:
            return list(itertools.islice(reversed(members), len(members) - len(self._told)))
        return members.keys() - self._told.keys()

    def _enter(self, told: Told) -> None:
        if told.seen is not None:
            self._seen[told.report_id] = told.seen
        for k, statement in enumerate(told.statements):
            self._judged.put((told.report_id, k), statement)
            count = self._counts.setdefault(self._kind(statement), _Count(statement))
            count.said[told, k] = statement
            count.newest = None

    def _leave(self, told: Told) -> None:
        self._seen.pop(told.report_id, None)
        for k, statement in enumerate(told.statements):
            self._judged.drop((told.report_id, k))
            kind = self._kind(statement)
            count = self._counts[kind]
            del count.said[told, k]
            count.newest = None
            if not count.said:
                del self._counts[kind]
            self._moved.add(count.own)

    def _judge_count(self, count: _Count, decided: Decided) -> None:
        newest = count.look(self._seen)
        part = decided.part_of(newest)
        judging = count.needs_judging(part)
        count.part = part
        for (told, k), statement in count.said.items() if judging else ():
            status = part[0] if statement is newest else status_before(statement, *part)
            if told.judged[k].status != status:
                told.judged[k] = judged = self._judge(statement, status)
                self._judged.put((told.report_id, k), judged)
        if judging:
            self._moved.add(count.own)

    def _move_points(self) -> None:
        """Each speaker's totals when new or changed, oldest first."""
        said: dict[tuple[str, str], list[Statement]] = {own: [] for own in self._moved}
        for count in self._counts.values() if said else ():
            if count.own in said:
                said[count.own] += [told.judged[k] for told, k in count.said]
        for own, judged in said.items():
            before, points = self._points_of.get(own, {}), dict(self._points(judged))
            for place in before.keys() - points.keys():
                self._timeline.drop(place)
            for place, point in points.items():
                if before.get(place) is not point:
                    self._timeline.put(place, point)
            self._points_of[own] = points
        self._moved.clear()


def casualties_of(
    figures: Figures, timeline: tuple[TimelinePoint, ...], statements: tuple[Statement, ...]
) -> Casualties:
    """The figures of an incident as they are told, with what they rest on."""
    return Casualties(
        killed=figures.killed,
        injured=figures.injured,
        attackers_killed=figures.attackers_killed,
        attackers_injured=figures.attackers_injured,
        by_category=figures.by_category,
        other_counts=figures.other_counts,
        timeline=timeline,
        statements=statements,
    )
