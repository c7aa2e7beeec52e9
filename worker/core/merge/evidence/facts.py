"""What can be compared of a report: days, clock, place, targets, kind, claims. No figures.

Rules
-----
1. Missing is missing: it neither joins nor parts.
2. A date is *dated* when the text states it; a date that only echoes the day of publication is
   not, and stretches back over the week before.
3. Places are compared by gazetteer path; a city or province is no fine place.
4. Names that no gazetteer knows can agree, never contradict.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

from worker.core.domain.incident import ArticleRef, FiledReport
from worker.core.domain.moments import local_day
from worker.core.domain.report import IncidentDate, Place, Report
from worker.core.domain.vocabulary import FINE_PLACES, PEOPLE, WIDE_PLACES
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.profile import PlaceEntry

Window = tuple[dt.date, dt.date]

_T = TypeVar("_T")
_AT_LARGE = ("unknown",)
_HIT_ANYWHERE = PEOPLE | {"named_civilian"}
"""Subtypes that tell no attack apart: people stand in and beside every target. (Extraction takes a
civilian with a name for a target of its own: ``extract.target``.)"""
_WORD = re.compile(r"[^\W_]+")
_INFERRED = ("published", "first_seen", "none")


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A place as gazetteer ids, finest first, without city and province."""

    ids: tuple[str, ...]
    named: frozenset[str]
    """Names outside the gazetteer, case-folded."""
    district: int | None
    district_only: bool
    side: str | None
    lat: float | None
    lon: float | None
    area: str | None
    """The town or province, when nothing finer is known and no gazetteer row stands behind it."""


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """A target as its telling words, without the watched city's own name.

    ``named``: it has a capital or an owner, so the same words are the same thing. ``proper``: it
    has two capitals or an owner ("Harbour Aid"), so other words are another thing. ``aside``: it
    was not aimed at; it can agree, never contradict.
    """

    words: frozenset[str]
    owner: str | None
    kind: str | None
    """GTD type and subtype; None for people at large, who are hit by every attack."""
    named: bool
    proper: bool
    aside: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """The comparable form of a report. ``first`` and ``last`` are days; None: no day at all."""

    first: dt.date | None
    last: dt.date | None
    dated: bool
    minutes: int | None
    place: PlaceFacts | None
    targets: frozenset[TargetFacts]
    kinds: frozenset[str]
    claims: frozenset[str]
    victims: frozenset[str]

    @property
    def under_specified(self) -> bool:
        """Too little to tell it from other attacks of its days."""
        return not self.dated or (self.place is None and not self.targets)


class Gazetteer:
    """The profile's places by id, and the zone its days are counted in."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.places: Mapping[str, PlaceEntry] = {p.id: p for p in knowledge.profile.places}
        self.zone = ZoneInfo(knowledge.profile.zone)
        names = (
            name
            for row in knowledge.profile.places
            if row.kind in WIDE_PLACES
            for name in (row.name, *row.variants)
        )
        self.own = frozenset(word for name in names for word in _WORD.findall(name.casefold()))

    def local_day(self, article: ArticleRef) -> dt.date | None:
        """The day of the document on the watched area's calendar."""
        return local_day(article.document_time, self.zone)


def facts_of(filed: FiledReport, gazetteer: Gazetteer) -> Facts:
    """The comparable form of a filed report."""
    report = filed.report
    first, last, dated = _days(report.date, filed.article, gazetteer)
    return Facts(
        first=first,
        last=last,
        dated=dated,
        minutes=_minutes(report.time),
        place=_place(report.place, gazetteer),
        targets=frozenset(_targets(report, gazetteer)),
        kinds=frozenset(report.attack_types) - {"unknown"},
        claims=frozenset(c.group for c in report.claims if c.claimed == "yes"),
        victims=frozenset(" ".join(name.casefold().split()) for name in report.victims),
    )


def window_of(facts: Facts, weights: Mapping[str, float]) -> Window | None:
    """The days on which the attack may have been, for loading and for the date veto."""
    if facts.first is None or facts.last is None:
        return None
    margin = dt.timedelta(days=int(weights["date.stated_margin_days"]))
    if facts.dated:
        return facts.first - margin, facts.last + margin
    back = dt.timedelta(days=int(weights["date.inferred_back_days"]))
    return facts.first - back, facts.last + margin


def overlap(a: Window | None, b: Window | None) -> bool:
    """Whether two windows share a day; an unknown window shares every day."""
    return a is None or b is None or (a[0] <= b[1] and b[0] <= a[1])


def _days(
    date: IncidentDate, article: ArticleRef, gazetteer: Gazetteer
) -> tuple[dt.date | None, dt.date | None, bool]:
    """First and last day, and whether the text itself states them.

    "Yesterday" in a page whose own day is unknown counts from when we saw it: no statement.
    """
    guessed = date.basis == "relative" and article.published is None
    if date.start is None or date.basis in _INFERRED or guessed:
        day = date.start or gazetteer.local_day(article)
        return day, day, False
    return date.start, max(date.start, date.end or date.start), True


def _minutes(time: str | None) -> int | None:
    if not time or ":" not in time:
        return None
    hours, _, minutes = time.partition(":")
    return int(hours) * 60 + int(minutes[:2])


def _targets(report: Report, gazetteer: Gazetteer) -> Iterator[TargetFacts]:
    for target in report.targets:
        words = frozenset(_WORD.findall((target.id or target.name).casefold())) - gazetteer.own
        if not words:
            continue
        people = target.type in _AT_LARGE or target.subtype in _HIT_ANYWHERE
        capitals = 0 if people else _capitals(target.name, gazetteer.own)
        yield TargetFacts(
            words=words,
            owner=target.parent,
            kind=None if people else f"{target.type}/{target.subtype or ''}",
            named=target.parent is not None or capitals > 0,
            proper=target.parent is not None or capitals > 1,
            aside=target.role == "incidental",
        )


def _capitals(name: str, own: frozenset[str]) -> int:
    """Words with a capital that are not the watched city's name, where the script has capitals."""
    return sum(w[:1].isupper() and w.casefold() not in own for w in _WORD.findall(name))


def _place(place: Place | None, gazetteer: Gazetteer) -> PlaceFacts | None:
    if place is None:
        return None
    rows = [gazetteer.places[key] for key in place.path if key in gazetteer.places]
    fine = [row for row in rows if row.kind in FINE_PLACES]
    elsewhere = [row for row in rows if row.kind == "elsewhere"]
    names = frozenset(
        n.casefold()
        for n in (place.neighbourhood, place.landmark)
        if n and n not in {row.name for row in fine}
    )
    coarse = place.precision in WIDE_PLACES
    area = None if rows or not coarse else place.name.casefold()
    if not (fine or elsewhere or names or area or place.police_district):
        return None
    district = place.police_district or _first(row.police_district for row in fine)
    located = next((row for row in fine if row.lat is not None), None)
    return PlaceFacts(
        ids=tuple(row.id for row in (*fine, *elsewhere)),
        named=names,
        district=district,
        district_only=not names and all(row.kind == "district" for row in fine),
        side=_first(row.side for row in fine),
        lat=place.lat if place.lat is not None else (located.lat if located else None),
        lon=place.lon if place.lon is not None else (located.lon if located else None),
        area=area,
    )


def _first(values: Iterable[_T | None]) -> _T | None:
    return next((value for value in values if value is not None), None)
