"""Weights: numbers of judgement, each with one name and one reason, in one file, checked when loaded.

Rules
-----
1. A number that weighs evidence stands in a TOML file beside the code that uses it, with its reason in
   a comment. Code holds none (``tests/core/test_weights.py``).
2. File and code agree exactly. A name that the code does not know, or one that the file lacks, is a
   ``KnowledgeError`` that names the file and the nearest name, at load and not at some later article.
3. Where names are fixed they are the fields of the classes below. Where names are made from what a
   text holds (features of a verdict, evidence of merging) they are keys of one flat mapping,
   ``section.name``, checked against the list that the code declares.

Unless a name says otherwise a weight is added to a score: above 0 speaks for, below 0 against. Only the
order of the scores and their distance from 0 matter, so units are free within one section.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from worker.core.domain.declared import misfits
from worker.core.domain.errors import KnowledgeError
from worker.core.domain.vocabulary import Zone

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ZoneWeights:
    """What standing in a zone of the text is worth."""

    title: float
    lead: float
    body: float
    caption: float

    def of(self, zone: Zone) -> float:
        """The weight of one zone."""
        value: float = getattr(self, zone)
        return value


@dataclass(frozen=True, slots=True)
class MainDateWeights:
    """What makes a date the day of the main attack (``main_date``)."""

    zone: ZoneWeights
    per_sentence: float
    beside_attack: float
    beside_harm: float
    alone: float
    far_chars: float
    anaphoric: float
    spoken: float
    other_matter: float
    stamp: float
    quoted: float
    denied: float
    last: float
    late_death: float
    abducted: float
    subordinate: float
    stale: float
    ended: float
    begun: float
    aftermath: float
    buried: float
    another: float


@dataclass(frozen=True, slots=True)
class LinkingWeights:
    """How clauses are given to attacks (``clause_linking``)."""

    tail_share: float


@dataclass(frozen=True, slots=True)
class EventWeights:
    """What makes one event word of a sentence its main one (``event_mention``)."""

    main: float
    harm_main: float
    sub: float
    here: float
    fresh: float
    indefinite: float
    harm: float
    actor: float
    away: float
    old: float
    threat: float
    many: float
    earlier: float
    weeks: float
    year: float
    reaction: float
    politics: float
    harm_only: float
    known: float


@dataclass(frozen=True, slots=True)
class ScopeWeights:
    """What puts a figure into the main attack or out of it, in log-odds (``scope``)."""

    default: float
    title: float
    first: float
    early: float
    body: float
    caption: float
    far: float
    many_count: float
    many_later: float
    many_near: float
    many_stated: float
    many_over_time: float
    part: float
    toll: float
    thousands: float
    history: float
    earlier_near: float
    event_earlier: float
    event_weeks: float
    event_year: float
    event_old: float
    event_past: float
    event_threat: float
    event_known: float
    event_many: float
    event_away: float
    event_rival: float
    sentence_earlier: float
    aside_earlier: float
    event_here: float
    event_fresh: float
    event_definite: float
    event_new: float
    nobody_by_new: float
    event_plural: float
    event_after_long: float
    after_span: float
    after_span_top: float
    after_span_event: float
    fronted: float
    other_day: float
    day_apart: float
    frame_opened: float
    frame_going_on: float
    in_scenario: float
    after: float
    place_away: float
    place_beside: float
    place_next: float
    place_put: float
    places_joint: float
    place_here: float
    date_old: float
    date_year: float
    date_fresh: float
    points_back: float
    separate: float
    meanwhile: float
    turned: float
    repeated: float
    repeated_large: float
    repeated_other: float
    speaker: float
    events_together: float
    sum_of_places: float
    item_inside: float
    item_outside: float


@dataclass(frozen=True, slots=True)
class SegmentWeights:
    """The file of weights for cutting a text into attacks."""

    main_date: MainDateWeights
    linking: LinkingWeights
    event: EventWeights
    scope: ScopeWeights


@dataclass(frozen=True, slots=True)
class WhereWeights:
    """What makes a place the place of the attack (``extract.where``)."""

    zone: ZoneWeights
    named: float
    with_attack: float
    per_sentence: float
    located: float
    received: float
    received_with_attack: float
    primary_target: float
    other_target: float
    near: float
    other_attack: float
    not_site: float
    threatened: float
    launched: float
    part_named: float
    is_target: float
    landmark_least: float


@dataclass(frozen=True, slots=True)
class TargetWeights:
    """What makes a thing the target (``extract.target``)."""

    zone: ZoneWeights
    aimed_at: float
    said_aim: float
    passive: float
    harmed: float
    near: float
    in_clause: float
    per_word_between: float
    proper: float
    owned: float
    people: float
    unknown: float
    other_attack: float
    bare: float
    repeated: float
    least: float
    in_area: float
    proper_site: float


@dataclass(frozen=True, slots=True)
class WhenWeights:
    """What makes a clock time the time of the attack (``extract.when``)."""

    beside_attack: float
    far_chars: float
    per_sentence: float


@dataclass(frozen=True, slots=True)
class NounPhraseWeights:
    """How noun phrases are read (``extract.noun_phrase``)."""

    headline_share: float


@dataclass(frozen=True, slots=True)
class HomeWeights:
    """How sure a count must be to leave its stretch for the main attack (``extract.toll.homes``)."""

    alone: float
    beside_harm: float
    beside_same: float


@dataclass(frozen=True, slots=True)
class ExtractWeights:
    """The file of weights for filling the slots of a report."""

    where: WhereWeights
    target: TargetWeights
    when: WhenWeights
    noun_phrase: NounPhraseWeights
    home: HomeWeights


MERGE_NAMES: Mapping[str, tuple[str, ...]] = {
    "date": (
        "same", "within", "adjacent", "inferred", "inferred_late", "inferred_early", "both_inferred",
        "both_inferred_late", "unstated_apart", "apart_days",
        "stated_margin_days", "inferred_back_days",
    ),
    "time": ("same", "same_minutes", "differ", "differ_minutes"),
    "place": (
        "same", "same_district", "contained", "beside", "unrelated", "outside", "differ", "near_km", "far_km",
        "same_area",
    ),
    "target": (
        "same", "close", "close_share", "related", "alike", "same_kind", "other_type", "other",
        "differ",
    ),
    "attack": ("same", "differ"),
    "claim": ("same", "differ"),
    "victims": ("same",),
    "copy": ("same", "jaccard", "within", "hours"),
    "merge": (
        "threshold", "plausible", "margin", "contradictions", "same_article", "never",
        "odds_at_threshold",
    ),
    "life": (
        "followup_hours", "settle_hours", "close_days", "sources", "slot_share", "backfill_hours",
    ),
}  # fmt: skip
"""Every weight that merging asks for, by section: ``date.same`` and so on."""


def merge_names() -> Iterator[str]:
    """The names of ``MERGE_NAMES`` as keys: ``section.name``."""
    return (f"{section}.{name}" for section, names in MERGE_NAMES.items() for name in names)


def read_weights(data: Mapping[str, Any], names: Iterable[str], source: str) -> dict[str, float]:
    """The numbers of a file as one flat table: ``[section] name = 1.5`` is ``section.name``.

    Raises ``KnowledgeError`` for a value that is no number and for every name that the file lacks or
    that is none of ``names``; ``source`` is the file in the message.
    """
    found = dict(_flatten(data, "", source))
    declared = set(names)
    problems = misfits(found, declared, declared)
    if problems:
        raise KnowledgeError("\n".join(f"{source}: weight {problem}" for problem in problems))
    return found


def build_weights(kind: type[T], data: Mapping[str, Any], source: str) -> T:
    """A file of weights as a value of ``kind``, whose fields are floats or such values themselves.

    Raises ``KnowledgeError`` like ``read_weights``.
    """
    return _built(kind, read_weights(data, _names_of(kind, ""), source), "")


def _names_of(kind: type[Any], prefix: str) -> Iterator[str]:
    for name, inner in _fields(kind):
        if inner is float:
            yield f"{prefix}{name}"
        else:
            yield from _names_of(inner, f"{prefix}{name}.")


def _built(kind: type[T], numbers: Mapping[str, float], prefix: str) -> T:
    return kind(
        **{
            name: numbers[f"{prefix}{name}"]
            if inner is float
            else _built(inner, numbers, f"{prefix}{name}.")
            for name, inner in _fields(kind)
        }
    )


def _fields(kind: type[Any]) -> Iterator[tuple[str, type[Any]]]:
    hints = get_type_hints(kind)
    return ((field.name, hints[field.name]) for field in dataclasses.fields(kind))


def _flatten(data: Mapping[str, Any], prefix: str, source: str) -> Iterator[tuple[str, float]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.", source)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{key}", float(value)
        else:
            raise KnowledgeError(f"{source}: weight {prefix}{key} is no number: {value!r}")
