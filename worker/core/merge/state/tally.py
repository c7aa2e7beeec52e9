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
from bisect import insort
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from typing import TypeVar

from worker.core.domain.report import Statement
from worker.core.domain.snapshot import Casualties, TimelinePoint
from worker.core.domain.vocabulary import StatementStatus
from worker.core.figures import Decided, Figures, decide_newest
from worker.core.said_again import Seen, is_stale, moment_of, newest_of, status_before

T = TypeVar("T")
Placed = tuple[tuple[float, str, int, str], TimelinePoint]
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


@dataclass(slots=True, eq=False)
class _Count:
    """Statements that are alike, by who told them and where among what he told."""

    own: tuple[str, str]
    """Their speaker and measure."""
    said: dict[tuple[Told, int], Statement] = field(default_factory=dict)
    newest: Statement | None = None
    """None: one came or went since it was asked for."""
    oldest: dt.datetime | None = None
    part: _Part | None = None
    """That of the newest, when all were judged last."""

    def look(self, seen: Seen) -> Statement:
        """The newest."""
        if self.newest is None:
            self.newest = newest_of(list(self.said.values()), seen)
            self.oldest = min(map(moment_of, self.said.values()))
            self.part = None
        return self.newest

    def needs_judging(self, part: _Part) -> bool:
        """Whether any of them may be judged otherwise than last."""
        if self.part is None or self.part[0] != part[0]:
            return True
        before, now = self.part[1], part[1]
        oldest = self.oldest
        if before == now or all(h is None or oldest is None or h < oldest for h in (before, now)):
            return False
        return any(is_stale(s, before) != is_stale(s, now) for s in self.said.values())


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
        self._told: dict[Hashable, Told] = {}
        self._ordered: list[Told] = []
        self._counts: dict[Hashable, _Count] = {}
        self._seen: dict[str, dt.datetime] = {}
        self._timeline: dict[tuple[str, str], list[Placed]] = {}
        self._moved: set[tuple[str, str]] = set()
        """Speakers and measures of which a statement came, went or may be judged otherwise."""

    def follow(self, members: Mapping[Hashable, T], tell: Callable[[T], Told]) -> Casualties:
        """The figures of these members, by name. Only those that are new are asked what they tell."""
        for name in self._told.keys() - members.keys():
            self._leave(self._told.pop(name))
        for name in members.keys() - self._told.keys():
            self._told[name] = told = tell(members[name])
            self._enter(told)
        counts = self._counts.values()
        decided = decide_newest([count.look(self._seen) for count in counts], self._seen)
        for count in counts:
            self._judge_count(count, decided)
        judged = itertools.chain.from_iterable([told.judged for told in self._ordered])
        return casualties_of(decided, self._all_points(), tuple(judged))

    def _enter(self, told: Told) -> None:
        insort(self._ordered, told, key=attrgetter("report_id"))
        if told.seen is not None:
            self._seen[told.report_id] = told.seen
        for k, statement in enumerate(told.statements):
            count = self._counts.setdefault(self._kind(statement), _Count(_own(statement)))
            count.said[told, k] = statement
            count.newest = None

    def _leave(self, told: Told) -> None:
        self._ordered.remove(told)
        self._seen.pop(told.report_id, None)
        for k, statement in enumerate(told.statements):
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
                told.judged[k] = self._judge(statement, status)
        if judging:
            self._moved.add(count.own)

    def _all_points(self) -> tuple[TimelinePoint, ...]:
        """Each speaker's totals when new or changed, oldest first."""
        said: dict[tuple[str, str], list[Statement]] = {own: [] for own in self._moved}
        for count in self._counts.values() if said else ():
            if count.own in said:
                said[count.own] += [told.judged[k] for told, k in count.said]
        self._timeline.update((own, self._points(judged)) for own, judged in said.items())
        self._moved.clear()
        placed = itertools.chain.from_iterable(self._timeline.values())
        return tuple([point for _, point in sorted(placed, key=itemgetter(0))])


def _own(statement: Statement) -> tuple[str, str]:
    return statement.speaker_id, statement.measure


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
