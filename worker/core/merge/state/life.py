"""The life of an incident: which state it is in, and when time alone will change it.

Rules
-----
1. Whatever changes a state stands in ``LIFE`` and nowhere else. A pair that is not there is never
   gone through: ``follow`` raises, because then the store contradicts itself.
2. A decision finds one event for each incident, the strongest of what it sees: lost to another
   incident (``draft.draft_superseded``), then retracted, then nothing new of a closed one
   (``draft.draft_cell``), then the clock, then what its sources and its identity say (``event_of``).
3. Only a tick asks whether a timer is due; an article that arrives never closes anything (its
   ``now`` merely dates the timers that are set). Nor does a tick that finds the identity moved: the wait begins anew.
4. Each state has at most one timer, and it is that of the state: ``active`` waits to be settled,
   ``provisional`` and ``settled`` wait to be closed. A state that is kept keeps its timer.

Theory of operation
-------------------
``corroboration_of`` (the members) → ``event_of`` (with identity and clock) → ``follow`` (the table) →
``due_after`` (the timer that the table names). A closed incident that no decision opened is not
asked at all: it is a node, and rests.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from worker.core.domain.errors import StateError
from worker.core.domain.incident import Incident, TimerSet
from worker.core.domain.report import Place
from worker.core.domain.snapshot import Snapshot, State
from worker.core.domain.vocabulary import WIDE_PLACES
from worker.core.merge.cluster.membership import Cluster, is_trusted, primary_sources
from worker.core.merge.cluster.merge_input import MergeInput
from worker.core.merge.evidence.pairs import Weights

Stage = State | Literal["new"]
"""A state, or that of an incident which is announced for the first time."""
Corroboration = Literal["corroborated", "uncorroborated", "retracted"]
"""What the members alone say."""
Event = Literal[
    "corroborated",
    "moved",
    "uncorroborated",
    "settle_due",
    "close_due",
    "immaterial",
    "retracted",
    "taken_over",
]
EVENTS: Mapping[Event, str] = {
    "corroborated": "enough sources, and the identity stands; not the property of that name",
    "moved": "enough sources, and the identity is new or has moved",
    "uncorroborated": "too few sources",
    "settle_due": "its 72 hours are over, with enough sources and the identity as it was",
    "close_due": "its 30 days are over, and the identity is as it was",
    "immaterial": "a member's new version or withdrawal that changes nothing material",
    "retracted": "a retraction holds, or no primary and no round-up is left",
    "taken_over": "its reports belong to another incident",
}
"""What each event means. The numbers are ``life.*`` of ``merge/weights.toml``."""
Timer = Literal["settle", "close", "keep", "none"]
"""Which timer an incident has afterwards: set anew, as it was, or none."""


@dataclass(frozen=True, slots=True)
class Next:
    """Where an event leads, and the timer that is set."""

    state: State
    timer: Timer


_ACTIVE = Next("active", "settle")
_PROVISIONAL = Next("provisional", "close")
_SETTLED = Next("settled", "close")
_CLOSED = Next("closed", "none")
_SUPERSEDED = Next("superseded", "none")
_RETRACTED = Next("retracted", "none")

LIFE: Mapping[Stage, Mapping[Event, Next]] = {
    "new": {
        "moved": _ACTIVE,
        "uncorroborated": _PROVISIONAL,
        "retracted": _RETRACTED,
    },
    "provisional": {
        "corroborated": _ACTIVE,
        "moved": _ACTIVE,
        "uncorroborated": Next("provisional", "keep"),
        "close_due": _CLOSED,
        "retracted": _RETRACTED,
        "taken_over": _SUPERSEDED,
    },
    "active": {
        "corroborated": Next("active", "keep"),
        "moved": _ACTIVE,
        "uncorroborated": _PROVISIONAL,
        "settle_due": _SETTLED,
        "retracted": _RETRACTED,
        "taken_over": _SUPERSEDED,
    },
    "settled": {
        "corroborated": Next("settled", "keep"),
        "moved": _ACTIVE,
        "uncorroborated": _PROVISIONAL,
        "close_due": _CLOSED,
        "retracted": _RETRACTED,
        "taken_over": _SUPERSEDED,
    },
    "closed": {
        "corroborated": _ACTIVE,
        "moved": _ACTIVE,
        "uncorroborated": _PROVISIONAL,
        "immaterial": _CLOSED,
        "retracted": _RETRACTED,
        "taken_over": _SUPERSEDED,
    },
    "superseded": {
        "corroborated": _ACTIVE,
        "moved": _ACTIVE,
        "uncorroborated": _PROVISIONAL,
        "retracted": _RETRACTED,
        "taken_over": _SUPERSEDED,
    },
    "retracted": {
        "corroborated": _ACTIVE,
        "moved": _ACTIVE,
        "uncorroborated": _PROVISIONAL,
        "retracted": _RETRACTED,
        "taken_over": _SUPERSEDED,
    },
}
"""Every transition there is: stage → event → what follows."""

_TIMER_OF: Mapping[State, Timer] = {"active": "settle", "provisional": "close", "settled": "close"}
_IDENTITY = ("attack_types", "supersedes", "split_from")


@dataclass(frozen=True, slots=True)
class Due:
    """When time will change an incident: active to settled, settled or provisional to closed."""

    settle_at: dt.datetime | None = None
    close_at: dt.datetime | None = None


def follow(prior: Incident | None, event: Event) -> Next:
    """What an event makes of an incident (None: a new one). Raises ``StateError`` when the table
    does not know the pair.
    """
    stage: Stage = "new" if prior is None else prior.state
    found = LIFE[stage].get(event)
    if found is None:
        name = "an incident" if prior is None else prior.incident_id
        raise StateError(f"{name}: {event} cannot happen to what is {stage}")
    return found


def corroboration_of(cluster: Cluster, merge_input: MergeInput) -> Corroboration:
    """What the members alone say: two independent sources of primary reports, or a trusted one with
    target and a place finer than the city, corroborate an attack.
    """
    if cluster.retracted:
        return "retracted"
    if len(primary_sources(cluster)) >= merge_input.knowledge.merge_weights["life.sources"]:
        return "corroborated"
    alone = (
        is_trusted(m, merge_input.gazetteer)
        and m.filed.report.targets
        and _is_fine(m.filed.report.place)
        for m in cluster.primaries
    )
    return "corroborated" if any(alone) else "uncorroborated"


def _is_fine(place: Place | None) -> bool:
    return place is not None and place.precision not in WIDE_PLACES


def identity_moved(prior: Snapshot, fresh: Snapshot) -> bool:
    """Whether what makes it this attack has changed: the day, not how it is told; the place, not its
    spelling.
    """
    return _identity(prior) != _identity(fresh)


def _identity(snapshot: Snapshot) -> tuple[object, ...]:
    place = snapshot.place
    return (
        day_told(snapshot),
        place_told(snapshot),
        place.name if place is not None and not place.path else None,
        targets_told(snapshot),
        *(getattr(snapshot, name) for name in _IDENTITY),
    )


def day_told(snapshot: Snapshot) -> tuple[object, ...]:
    """The day of the attack, whether a weekday or a date says it."""
    date = snapshot.date
    return date.start, date.end, date.precision


def place_told(snapshot: Snapshot) -> tuple[object, ...] | None:
    """The place by its rows of the gazetteer, however it is spelt."""
    place = snapshot.place
    if place is None:
        return None
    return place.path, place.neighbourhood, place.police_district, place.landmark


def targets_told(snapshot: Snapshot) -> tuple[object, ...]:
    """The targets by the words that tell them apart."""
    return tuple((t.id or t.name, t.type, t.role) for t in snapshot.targets)


def event_of(
    corroboration: Corroboration,
    prior: Incident | None,
    *,
    moved: bool,
    tick_at: dt.datetime | None,
) -> Event:
    """What happened to an incident that has reports. ``tick_at``: the clock of a tick, else None."""
    if corroboration == "retracted":
        return "retracted"
    if tick_at is not None and prior is not None and not moved:
        if corroboration == "corroborated" and _is_due(prior.settle_at, tick_at):
            return "settle_due"
        if _is_due(prior.close_at, tick_at):
            return "close_due"
    return "moved" if moved and corroboration == "corroborated" else corroboration


def _is_due(at: dt.datetime | None, now: dt.datetime) -> bool:
    return at is not None and at <= now


def due_after(
    timer: Timer,
    prior: Incident | None,
    now: dt.datetime,
    weights: Weights,
    *,
    tick_at: dt.datetime | None = None,
) -> Due:
    """The timers after a decision. One that this tick consumed, and that is kept, is set anew."""
    settle = now + dt.timedelta(hours=weights["life.settle_hours"])
    close = now + dt.timedelta(days=weights["life.close_days"])
    if timer == "settle":
        return Due(settle_at=settle)
    if timer == "close":
        return Due(close_at=close)
    if timer == "none" or prior is None:
        return Due()
    if tick_at is None:
        return Due(prior.settle_at, prior.close_at)
    return Due(
        settle if _is_due(prior.settle_at, tick_at) else prior.settle_at,
        close if _is_due(prior.close_at, tick_at) else prior.close_at,
    )


def due_since(state: State, since: dt.datetime, weights: Weights) -> Due:
    """The timers of an incident that came into this state at ``since``."""
    return due_after(_TIMER_OF.get(state, "none"), None, since, weights)


def timers(incident: Incident, prior: Incident | None) -> Iterable[TimerSet]:
    """The timers that differ from those before."""
    old = (prior.settle_at, prior.close_at) if prior is not None else (None, None)
    if incident.settle_at != old[0]:
        yield TimerSet(incident.incident_id, "settle", incident.settle_at)
    if incident.close_at != old[1]:
        yield TimerSet(incident.incident_id, "close", incident.close_at)
