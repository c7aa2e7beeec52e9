"""What can be compared of a report: days, clock, place, targets, kind, claims. No figures.

Rules
-----
1. Missing is missing: it neither joins nor parts.
2. A date is *dated* when the text states it; a date that only echoes the day of publication is
   not, and stretches back over the week before.
3. Places are compared by gazetteer path; a city or province is no fine place.
4. Names that no gazetteer knows can agree; of places they never contradict.
5. A target is what the profile knows it by, in whatever script. Else it is its GTD subtype, the
   folded words of its name, and what these are written in: names in two languages may be one
   ("American University", "Universidad Americana"), so ``pairs`` lets them contradict in one only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from worker.core.domain.incident import ArticleRef, FiledReport
from worker.core.domain.moments import local_day
from worker.core.domain.remembered import WORST_DAY_REPORTS, Remembered
from worker.core.domain.report import Claim, IncidentDate, Place, Report, Target
from worker.core.domain.vocabulary import ANYBODY, FINE_PLACES, PEOPLE, WIDE_PLACES
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.profile import PlaceEntry
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.names import Wording, has_capitals, words_of, written
from worker.core.lang.normalise import plain
from worker.core.merge.evidence.known_names import known_names

Window = tuple[dt.date, dt.date]

_K = TypeVar("_K")
_T = TypeVar("_T")
MOST_REPORTS = 10 * WORST_DAY_REPORTS
"""Reports of which facts and node are remembered: about 2 KB each."""
_AT_LARGE = ("unknown",)
_HIT_ANYWHERE = PEOPLE | {"named_civilian"}
"""Subtypes that tell no attack apart: people stand in and beside every target. (Extraction takes a
civilian with a name for a target of its own: ``extract.target``.)"""
_INFERRED = ("published", "first_seen", "none")


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A place as gazetteer ids, finest first, without city and province."""

    ids: tuple[str, ...]
    named: frozenset[str]
    """Names outside the gazetteer, folded."""
    district: int | None
    outer: str | None
    """The district beyond the city that it is, or lies in."""
    district_only: bool
    side: str | None
    lat: float | None
    lon: float | None
    area: Wording | None
    """The town or province, when nothing finer is known and no gazetteer row stands behind it."""


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """A target as its telling words, without the watched city's own name.

    ``named``: it has a name or an owner, so the same words are the same thing. ``proper``: its name
    is long enough ("Harbour Aid") that other words are another thing. ``aside``: it was not aimed
    at; it can agree, never contradict.
    """

    words: frozenset[str]
    written: str | None
    """Language and script of its name."""
    sites: tuple[str, ...]
    """The landmark of the profile that it is, then those around it; empty when it is none."""
    owners: frozenset[str]
    """Institutions and landmarks of the profile that it belongs to."""
    kind: str | None
    """GTD type and subtype; None for people at large, who are hit by every attack."""
    named: bool
    proper: bool
    aside: bool

    @property
    def type(self) -> str | None:
        """GTD type alone."""
        return self.kind and self.kind.partition("/")[0]


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
    claims: frozenset[Wording]
    victims: frozenset[str]
    """Names as folded: they only ever agree, in whatever language."""
    seen_only: bool = False
    """Its day is that on which we saw it: nobody says when it was published."""
    attacks: int = 1
    """How many it tells of as one. It is compared with nothing: it says where a report may go."""
    _hash: int = field(init=False, compare=False, repr=False, default=0)

    def __post_init__(self) -> None:
        """Facts are asked for by value all the time; their hash is made once."""
        values = (self.first, self.last, self.dated, self.minutes, self.place, self.targets)
        rest = (self.kinds, self.claims, self.victims, self.seen_only, self.attacks)
        object.__setattr__(self, "_hash", hash((values, rest)))

    def __hash__(self) -> int:
        return self._hash


class Gazetteer:
    """The profile's places by id, its names, and the zone its days are counted in."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.places: Mapping[str, PlaceEntry] = {p.id: p for p in knowledge.profile.places}
        self.zone = ZoneInfo(knowledge.profile.zone)
        self.weights: Mapping[str, float] = knowledge.merge_weights
        names = (
            name
            for row in knowledge.profile.places
            if row.kind in WIDE_PLACES
            for name in (row.name, *row.variants)
        )
        self.own = frozenset(word for name in names for word in words_of(name))
        self.names = known_names(knowledge.profile.places, knowledge.profile.institutions)
        trust = knowledge.profile.outlet_trust
        self.outlet_trust = {name.casefold(): level for name, level in trust.items()}
        self.actors = frozenset(actor.name for actor in knowledge.profile.actors)
        self._languages = knowledge.languages
        self._remembered: dict[Any, Remembered[Any, Any]] = {}

    def remembered(self, make: Callable[[_K, Gazetteer], _T]) -> Remembered[_K, _T]:
        """What ``make`` made of reports or members with this gazetteer."""
        found = self._remembered.get(make)
        if found is None:
            found = Remembered(lambda value: make(value, self), MOST_REPORTS)
            self._remembered[make] = found
        return found

    def phrases(self, lang: str) -> Lexicon | None:
        """The phrases of a language, also of one that cannot be judged yet; None without a pack."""
        pack = self._languages.get(lang)
        return pack.phrases if pack is not None else None

    def local_day(self, article: ArticleRef) -> dt.date | None:
        """The day of the document on the watched area's calendar."""
        return local_day(article.document_time, self.zone)


def gazetteer_of(knowledge: Knowledge) -> Gazetteer:
    """The gazetteer of some knowledge, made once."""
    for known, made in _GAZETTEERS:
        if known is knowledge:
            return made
    made = Gazetteer(knowledge)
    _GAZETTEERS.insert(0, (knowledge, made))
    del _GAZETTEERS[_MOST_GAZETTEERS:]
    return made


_MOST_GAZETTEERS = 4
_GAZETTEERS: list[tuple[Knowledge, Gazetteer]] = []


def facts_of(filed: FiledReport, gazetteer: Gazetteer) -> Facts:
    """The comparable form of a filed report."""
    return gazetteer.remembered(_facts_of).of(filed)


def windows_of(reports: Iterable[FiledReport], gazetteer: Gazetteer) -> list[Window | None]:
    """The windows of many reports, in order."""
    return gazetteer.remembered(_window_of_report).all(reports)


def _window_of_report(filed: FiledReport, gazetteer: Gazetteer) -> Window | None:
    return window_of(facts_of(filed, gazetteer), gazetteer.weights)


def _facts_of(filed: FiledReport, gazetteer: Gazetteer) -> Facts:
    report, lang = filed.report, filed.article.lang
    first, last, dated = _days(report.date, filed.article, gazetteer)
    return Facts(
        first=first,
        last=last,
        dated=dated,
        minutes=_minutes(report.time),
        place=_place(report.place, lang, gazetteer),
        targets=frozenset(_targets(report, lang, gazetteer)),
        kinds=frozenset(report.attack_types) - {"unknown"},
        claims=frozenset(_claims(report.claims, lang, gazetteer)),
        victims=frozenset(plain(name) for name in report.victims if len(list(words_of(name))) > 1),
        seen_only=not dated
        and (filed.article.published is None or report.date.basis == "first_seen"),
        attacks=report.n_attacks or 1 if report.role in ("primary", "roundup") else 1,
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
        day = date.end or date.start or gazetteer.local_day(article)
        return day, day, False
    return date.start, max(date.start, date.end or date.start), True


def _minutes(time: str | None) -> int | None:
    if not time or ":" not in time:
        return None
    hours, _, minutes = time.partition(":")
    return int(hours) * 60 + int(minutes[:2])


def _claims(claims: Iterable[Claim], lang: str, gazetteer: Gazetteer) -> Iterator[Wording]:
    """The groups that claim it; those of the profile go by its name for them."""
    for claim in claims:
        if claim.claimed == "yes":
            group = claim.group
            known = group in gazetteer.actors
            yield Wording(group if known else plain(group), written(group, lang), known)


def _targets(report: Report, lang: str, gazetteer: Gazetteer) -> Iterator[TargetFacts]:
    for target in report.targets:
        words = frozenset(words_of(target.id or target.name)) - gazetteer.own
        lexicon = gazetteer.phrases(target.lang or lang)
        known = gazetteer.names.find(target.name, lexicon, gazetteer.own)
        if not words and not known.sites:
            continue
        if target.subtype == ANYBODY and not known.owners and not known.sites:
            continue  # "a guard" was hit in many an attack
        people = target.type in _AT_LARGE or target.subtype in _HIT_ANYWHERE
        owners = known.owners | ({target.parent} if target.parent else set())
        owned = bool(owners or known.sites)
        telling = 0 if people else _telling(target, lexicon, gazetteer)
        yield TargetFacts(
            words=words,
            written=written(target.name, target.lang or lang),
            sites=known.sites,
            owners=owners,
            kind=None if people else f"{target.type}/{target.subtype or ''}",
            named=owned or telling > 0,
            proper=owned or telling > 1,
            aside=target.role == "incidental",
        )


def _telling(target: Target, lexicon: Lexicon | None, gazetteer: Gazetteer) -> int:
    """Words that make a name of a thing, the watched city's name left out.

    Those with a capital. Where the script has none: two or more beyond the kind of thing, as the
    words of the language have it ("girls' school" is no name); none where we have no such words.
    """
    if has_capitals(target.name):
        words = (part for word in target.name.split() for part in word.split("-"))
        return sum(_is_capital(w) and not gazetteer.own.issuperset(words_of(w)) for w in words)
    kinds = lexicon.table("target_type").pattern if lexicon is not None else None
    if kinds is None:
        return 0
    beyond = set(words_of(kinds.sub(" ", plain(target.name)))) - gazetteer.own
    return len(beyond) if len(beyond) > 1 else 0


def _is_capital(word: str) -> bool:
    """Whether the first letter of a word is a capital."""
    return next((c.isupper() for c in word if c.isalnum()), False)


def _place(place: Place | None, lang: str, gazetteer: Gazetteer) -> PlaceFacts | None:
    if place is None:
        return None
    rows = [gazetteer.places[key] for key in place.path if key in gazetteer.places]
    fine = [row for row in rows if row.kind in FINE_PLACES]
    elsewhere = [row for row in rows if row.kind == "elsewhere"]
    names = frozenset(
        plain(n)
        for n in (place.neighbourhood, place.landmark)
        if n and n not in {row.name for row in fine}
    )
    coarse = place.precision in WIDE_PLACES
    area = None if rows or not coarse else Wording(plain(place.name), written(place.name, lang))
    if not (fine or elsewhere or names or area or place.police_district):
        return None
    district = place.police_district or _first(row.police_district for row in fine)
    located = next((row for row in fine if row.lat is not None), None)
    return PlaceFacts(
        ids=tuple(row.id for row in (*fine, *elsewhere)),
        named=names,
        district=district,
        outer=next((row.id for row in fine if _is_outer(row, gazetteer)), None),
        district_only=not names and all(row.kind == "district" for row in fine),
        side=_first(row.side for row in fine),
        lat=place.lat if place.lat is not None else (located.lat if located else None),
        lon=place.lon if place.lon is not None else (located.lon if located else None),
        area=area,
    )


def _is_outer(row: PlaceEntry, gazetteer: Gazetteer) -> bool:
    """Whether a row is a district that is no part of a city."""
    parent = gazetteer.places.get(row.parent or "")
    return row.kind == "district" and (parent is None or parent.kind != "city")


def _first(values: Iterable[_T | None]) -> _T | None:
    return next((value for value in values if value is not None), None)
