"""The profile as a value: which city is watched, and everything that is true of that city only.

Rules
-----
1. Nothing outside the profile folder knows the city: no name, group, institution or date.
2. A profile is data that an analyst can read and change; ``kabulwire check`` tries its examples.
3. Names are matched in normalised form (``text.normalise``), so files keep natural spelling.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from worker.core.domain.vocabulary import Trust

PlaceKind = Literal["city", "province", "district", "neighbourhood", "landmark", "elsewhere"]


@dataclass(frozen=True, slots=True)
class PlaceEntry:
    """One gazetteer row. ``parent`` is the id it lies in; "elsewhere" rows are other places.

    ``generic`` names ("Company", "capital") count only after a locative cue.
    ``side`` is the side of the city ("west", "centre"), used when districts are unknown.
    """

    id: str
    name: str
    kind: PlaceKind
    variants: tuple[str, ...]
    parent: str | None = None
    police_district: int | None = None
    lat: float | None = None
    lon: float | None = None
    trust: Trust | None = None
    generic: bool = False
    side: str | None = None

    def __hash__(self) -> int:
        """By id alone: tables are remembered by the rows they were made of, asked for every article."""
        return hash(self.id)


@dataclass(frozen=True, slots=True)
class Actor:
    """An armed group or a state: names in all scripts, class, and people who speak for it."""

    id: str
    name: str
    actor_class: str
    """non_state_armed_group | state | foreign_state | criminal | unknown."""
    variants: tuple[str, ...]
    speakers: tuple[str, ...] = ()
    in_power_from: dt.date | None = None
    """The day from which it holds power: its people are the authorities then, not the attackers."""

    def __hash__(self) -> int:
        """By id alone: tables are remembered by the rows they were made of, asked for every article."""
        return hash(self.id)


@dataclass(frozen=True, slots=True)
class Institution:
    """Who may be quoted: ministry, hospital, police. ``people`` are its known spokespersons."""

    id: str
    name: str
    speaker_type: str
    """government_interior | government_health | government_defence | government_unspecified |
    police | security_forces | hospital | armed_group | witness | media_sources |
    international_organisation | outlet_narrator | unknown."""
    variants: tuple[str, ...]
    people: tuple[str, ...] = ()
    official: bool = False
    target_type: str | None = None
    """GTD target type by name, when it is itself attacked."""
    target_subtype: str | None = None

    def __hash__(self) -> int:
        """By id alone: tables are remembered by the rows they were made of, asked for every article."""
        return hash(self.id)


@dataclass(frozen=True, slots=True)
class KnownAttack:
    """A past attack that later articles mention, with the source of its date."""

    id: str
    date: dt.date
    names: tuple[str, ...]
    place: str | None
    killed: int | None
    source: str


@dataclass(frozen=True, slots=True)
class Confusers:
    """Phrases that contain the place's name and mean something else, by language ("*" = all).

    ``not_here``: regexes on normalised text ("bank of X in another province").
    ``needs_context``: regexes of which one must stand in the same article, for languages in which
    the bare name is an ordinary word too.
    ``proper``: the same as ``not_here``, if what follows the name has a capital in a cased text (the
    "X Bank" of another city; "an X bank" is a bank in X).
    ``direction``: regexes for "south of X", "30 km from X": near, not in.
    ``vicinity``: regexes for "near X", which is in it, unless the story goes on in another place.
    """

    not_here: dict[str, tuple[str, ...]]
    proper: dict[str, tuple[str, ...]]
    needs_context: dict[str, tuple[str, ...]]
    direction: dict[str, tuple[str, ...]]
    vicinity: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Gate:
    """The cheap test on title, summary and URL: lower-cased substrings, all scripts."""

    places: tuple[str, ...]
    attack_words: tuple[str, ...]
    always_outlets: tuple[str, ...]
    min_summary: int = 40


@dataclass(frozen=True, slots=True)
class Policy:
    """Switches and thresholds of ``profile.toml``. ``anywhere`` turns the first three off."""

    require_place: bool = True
    require_fresh: bool = True
    require_main: bool = True
    count_state_strikes: bool = True
    count_crime: bool = False
    fresh_hours: int = 48
    report_at: float = 0.5
    review_at: float = 0.1
    thresholds_by_lang: dict[str, tuple[float, float]] | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything about one watched area."""

    name: str
    title: str
    country: str
    zone: str
    """IANA time zone of the area; naive times are read in it."""
    calendars: tuple[str, ...]
    policy: Policy
    places: tuple[PlaceEntry, ...]
    actors: tuple[Actor, ...]
    institutions: tuple[Institution, ...]
    known: tuple[KnownAttack, ...]
    confusers: Confusers
    gate: Gate
    outlet_trust: dict[str, str]
    """outlet name → "wire" | "local" | "national" | "aggregator"; wires and locals are trusted."""
    soft_names: dict[str, tuple[str, ...]]
    """Language → phrases that mean the city without naming it ("the <country> capital")."""

    def __hash__(self) -> int:
        """By name alone: tables are remembered by the profile they were made of."""
        return hash(self.name)
