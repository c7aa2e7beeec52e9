"""The life of an incident: which state it is in, and when time alone will change it.

::

    provisional ─(two independent outlets, or a trusted one with place and target)─► active
    active ─(identity unchanged for 72 h)─► settled ─(30 days)─► closed
    provisional ─(30 days)─► closed
    closed ─(a late primary report)─► active again, same id
    any ─(retraction, or no primary and no round-up left)─► retracted, reversibly

Only the timers look at the clock; an article that arrives never closes anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from worker.core.domain.incident import Incident, TimerSet
from worker.core.domain.report import Place
from worker.core.domain.snapshot import Snapshot, State
from worker.core.domain.vocabulary import WIDE_PLACES
from worker.core.merge.cluster.members import Cluster, is_trusted, sources_of
from worker.core.merge.cluster.merge_input import MergeInput
from worker.core.merge.evidence.pairs import Weights

_IDENTITY = ("date", "place", "targets", "attack_types", "supersedes", "split_from")


@dataclass(frozen=True, slots=True)
class Due:
    """When time will change an incident: active to settled, settled or provisional to closed."""

    settle_at: dt.datetime | None = None
    close_at: dt.datetime | None = None


def state_of(cluster: Cluster, merge_input: MergeInput) -> State:
    """The state that the members alone give: provisional, active or retracted."""
    if cluster.retracted:
        return "retracted"
    primaries = cluster.primaries
    outlets = frozenset[str]().union(*(sources_of(m) for m in primaries))
    if len(outlets) >= merge_input.knowledge.merge_weights["life.sources"]:
        return "active"
    alone = (
        is_trusted(m, merge_input.knowledge)
        and m.filed.report.targets
        and _is_fine(m.filed.report.place)
        for m in primaries
    )
    return "active" if any(alone) else "provisional"


def _is_fine(place: Place | None) -> bool:
    return place is not None and place.precision not in WIDE_PLACES


def carry_on(base: State, prior: Incident | None, *, moved: bool) -> State:
    """The state after a decision: a settled incident stays settled while its identity stands."""
    if prior is not None and prior.state == "settled" and base == "active" and not moved:
        return "settled"
    return base


def identity_moved(prior: Snapshot, fresh: Snapshot) -> bool:
    """Whether what makes it this attack has changed."""
    return any(getattr(prior, name) != getattr(fresh, name) for name in _IDENTITY)


def due_after(
    state: State, prior: Incident | None, now: dt.datetime, weights: Weights, *, moved: bool
) -> Due:
    """The timers after a decision, kept as they were unless state or identity changed."""
    if prior is not None and prior.state == state and not moved:
        return Due(prior.settle_at, prior.close_at)
    settle = dt.timedelta(hours=weights["life.settle_hours"])
    close = dt.timedelta(days=weights["life.close_days"])
    match state:
        case "active":
            return Due(settle_at=now + settle)
        case "provisional" if prior is not None and prior.state == "provisional":
            return Due(close_at=prior.close_at)
        case "provisional" | "settled":
            return Due(close_at=now + close)
        case _:
            return Due()


def rearm(due: Due, now: dt.datetime, weights: Weights) -> Due:
    """Timers that a tick consumed without changing the state, set anew; the others as they are."""
    settle = dt.timedelta(hours=weights["life.settle_hours"])
    close = dt.timedelta(days=weights["life.close_days"])
    return Due(_later(due.settle_at, now, settle), _later(due.close_at, now, close))


def _later(at: dt.datetime | None, now: dt.datetime, period: dt.timedelta) -> dt.datetime | None:
    return now + period if at is not None and at <= now else at


def ripen(state: State, prior: Incident | None, now: dt.datetime) -> State:
    """What a due timer makes of a state; only a tick asks."""
    if prior is None or state not in ("provisional", "active", "settled"):
        return state
    if state == "active" and prior.settle_at is not None and prior.settle_at <= now:
        return "settled"
    if prior.close_at is not None and prior.close_at <= now:
        return "closed"
    return state


def timers(incident: Incident, prior: Incident | None) -> Iterable[TimerSet]:
    """The timers that differ from those before."""
    old = (prior.settle_at, prior.close_at) if prior is not None else (None, None)
    if incident.settle_at != old[0]:
        yield TimerSet(incident.incident_id, "settle", incident.settle_at)
    if incident.close_at != old[1]:
        yield TimerSet(incident.incident_id, "close", incident.close_at)
