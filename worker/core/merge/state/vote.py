"""Counts sources for the values of slots.

A *ballot* is what some reports say alike, in every slot: a day of a thousand reports of one attack has
a few dozen. So values are counted by ballot, and of its reports is kept what a count asks for.
"""

from __future__ import annotations

import datetime as dt
import heapq
from bisect import insort
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter
from typing import TypeVar

from worker.core.domain.caps import MAX_SUPPORTS
from worker.core.domain.incident import FiledReport
from worker.core.domain.moments import aware
from worker.core.domain.remembered import Equal, alike_at_ends
from worker.core.domain.report import Report
from worker.core.domain.snapshot import Support
from worker.core.merge.evidence.facts import MOST_REPORTS

T = TypeVar("T")
EARLIEST = dt.datetime.min.replace(tzinfo=dt.UTC)
Rank = tuple[int, int, dt.datetime]
"""Sources, trusted sources, latest: what a value's supporters weigh."""


@dataclass(frozen=True, slots=True)
class SlotSource:
    """A report that contributes slots, and the outlets that stand behind it."""

    filed: FiledReport
    sources: frozenset[str]
    trusted: bool
    report: Report = field(init=False, compare=False)
    """What it says."""
    stated_at: dt.datetime = field(init=False, compare=False)
    """When this version was made, as an aware instant."""
    order: tuple[float, str] = field(init=False, compare=False)
    """Of reports the earlier stated comes first."""
    said: Hashable = field(init=False, compare=False)
    """Its slots; those of reports that say the same are mostly one value in memory."""

    def __post_init__(self) -> None:
        """All are asked for all the time."""
        moment = self.filed.article.version_time or self.filed.article.document_time
        stated_at = EARLIEST if moment is None else aware(moment)
        object.__setattr__(self, "report", self.filed.report)
        object.__setattr__(self, "stated_at", stated_at)
        object.__setattr__(self, "order", (stated_at.timestamp(), self.filed.report_id))
        object.__setattr__(self, "said", _SAID.of(_slots_of(self.report)))


def _slots_of(report: Report) -> Hashable:
    return (
        report.date,
        report.time,
        report.place,
        report.attack_types,
        report.suicide,
        report.weapons,
        report.targets,
        report.perpetrators,
        report.claims,
        report.incident_status,
        report.n_blasts,
        report.victims,
    )


_SAID: Equal[Hashable, Hashable] = Equal(lambda said: said, MOST_REPORTS)


class Ballot:
    """Reports that say the same, in order. ``report`` speaks for all."""

    __slots__ = ("latest", "report", "slot_sources", "sources", "trusted")

    def __init__(self, slot_sources: Sequence[SlotSource]) -> None:
        self.slot_sources = slot_sources
        self.report = slot_sources[0].report
        self.latest = slot_sources[-1].stated_at
        self.sources = _united([s.sources for s in slot_sources])
        self.trusted = _united([s.sources for s in slot_sources if s.trusted])


def _united(sources: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sources)


class Ballots:
    """The ballots of reports that come and go: only those that change are made anew. For one thread."""

    def __init__(self) -> None:
        self._here: tuple[SlotSource, ...] = ()
        """Those in the ballots; of equal ones that which was taken in."""
        self._alike: dict[int, list[SlotSource]] = {}
        """By the place of what they say; in order."""
        self._made: dict[int, Ballot] = {}

    def follow(self, slot_sources: Sequence[SlotSource]) -> list[Ballot]:
        """The ballots of these, in order of the earliest of each."""
        before, now = self._here, tuple(slot_sources)
        first, last = alike_at_ends(before, now)
        gone = dict(_by_place(before[first : len(before) - last]))
        come = dict(_by_place(now[first : len(now) - last]))
        for source in [source for place, source in gone.items() if place not in come]:
            alike = self._alike[id(source.said)]
            alike.remove(source)
            self._made.pop(id(source.said), None)
            if not alike:
                del self._alike[id(source.said)]
        for source in [source for place, source in come.items() if place not in gone]:
            insort(self._alike.setdefault(id(source.said), []), source, key=_order)
            self._made.pop(id(source.said), None)
        self._here = (*before[:first], *come.values(), *before[len(before) - last :])
        for said in self._alike.keys() - self._made.keys():
            self._made[said] = Ballot(tuple(self._alike[said]))
        return sorted(self._made.values(), key=lambda ballot: ballot.slot_sources[0].order)


def _by_place(slot_sources: Sequence[SlotSource]) -> Iterable[tuple[int, SlotSource]]:
    return zip(map(id, slot_sources), slot_sources, strict=True)


_order = attrgetter("order")


class Vote:
    """Counts sources for values, and notes which reports supported what was chosen."""

    def __init__(self, ballots: Sequence[Ballot], share: float) -> None:
        """``ballots``: in order of the earliest of each."""
        self.ballots = ballots
        self.share = share
        self.support: dict[str, tuple[Support, ...]] = {}

    def note(self, slot: str, ballots: Iterable[Ballot]) -> None:
        """Remember who supports a slot."""
        each = [ballot.slot_sources for ballot in ballots]
        self.note_sources(slot, islice(heapq.merge(*each, key=_order), MAX_SUPPORTS))

    def note_sources(self, slot: str, slot_sources: Iterable[SlotSource]) -> None:
        """The same for reports, in order."""
        supports = tuple(_support(slot, source) for source in slot_sources)
        if supports:
            self.support[slot] = supports

    def rank(self, ballots: Sequence[Ballot]) -> Rank:
        """What the supporters of a value weigh."""
        return (
            len(_united(b.sources for b in ballots)),
            len(_united(b.trusted for b in ballots)),
            max(b.latest for b in ballots),
        )

    def by_value(self, read: Callable[[Report], Iterable[T]]) -> dict[T, list[Ballot]]:
        """Every value given, with the ballots that give it, in order of speaking."""
        given: dict[T, list[Ballot]] = {}
        for ballot in self.ballots:
            for value in dict.fromkeys(read(ballot.report)):
                given.setdefault(value, []).append(ballot)
        return given

    def single(self, slot: str, read: Callable[[Report], T | None]) -> T | None:
        """The best supported value of a slot with one value."""
        given = self.by_value(lambda report: some(read(report)))
        if not given:
            return None
        value = max(given, key=lambda v: (*self.rank(given[v]), str(v)))
        self.note(slot, given[value])
        return value

    def listed(
        self, slot: str, read: Callable[[Report], Iterable[T]], share: float | None = None
    ) -> list[T]:
        """The values of a slot with many, best supported first."""
        given = self.by_value(read)
        self.note(slot, dict.fromkeys(b for ballots in given.values() for b in ballots))
        kept = self.common(given, share)
        return sorted(kept, key=lambda v: (-self.rank(given[v])[0], str(v)))

    def common(self, given: dict[T, list[Ballot]], share: float | None = None) -> list[T]:
        """The values that enough of the sources give."""
        filled = len(_united(b.sources for ballots in given.values() for b in ballots))
        least = filled * (self.share if share is None else share)
        return [value for value, ballots in given.items() if self.rank(ballots)[0] >= least]


def some(value: T | None) -> tuple[T, ...]:
    """A value, if there is one."""
    return () if value is None else (value,)


def _support(slot: str, source: SlotSource) -> Support:
    spans = source.report.evidence.get(slot, ())
    if not spans:
        return Support(source.filed.report_id)
    return Support(source.filed.report_id, spans[0].start, spans[0].end, spans[0].quote)
