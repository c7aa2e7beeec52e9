"""From a named cluster to a revision: the fresh snapshot, how it differs, and the stored incident.

Rules
-----
1. A revision is made iff the snapshot without ``as_of``, ``change``, ``revision`` and
   ``background`` differs from the stored one, as published (after the size caps).
2. ``material`` iff state, links between incidents, the value of a slot or claim, or best, low,
   high or conflict of a total changed. One more outlet that says the same is not material.
3. Revisions count 1, 2, 3 … per incident, without holes.
4. All revisions of one decision name each other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from worker.core.domain.canonical import plain
from worker.core.domain.caps import cap_snapshot
from worker.core.domain.incident import FrozenIncident, Incident, report_ids
from worker.core.domain.published import Parts, forget, joined, keep, parts_of, write
from worker.core.domain.report import Figure
from worker.core.domain.snapshot import SNAPSHOT, ChangeKind, ChangeNote, Member, Snapshot
from worker.core.merge.state.life import Due, day_told, place_told, targets_told

_NOT_CONTENT = ("as_of", "change", "revision", "background")
_LINKS = ("supersedes", "superseded_by", "split_from", "incident_group")
_QUIET = ("settled", "closed")
_VALUES = ("time", "attack_types", "suicide", "incident_status", "n_blasts", "victims", "claims")
_TOTALS = ("killed", "injured", "attackers_killed", "attackers_injured")


_MOST_AFFECTED = 100
"""What the room that is left for a change note holds with ease."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What made this decision happen: an article version, a person, or the clock."""

    change_id: str
    article_id: str | None
    backfill: bool
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """A fresh state of an incident before it is known whether it says anything new."""

    snapshot: Snapshot
    prior: Incident | None
    members: tuple[Member, ...]
    founding_article: str
    founding_n: int
    ordinal: int
    due: Due
    kind: ChangeKind
    affected: tuple[str, ...]
    cause_report: str | None
    frozen: FrozenIncident | None


def revise(draft: Draft, cause: Cause) -> tuple[Incident, bool]:
    """The incident to store, and whether it is a new revision."""
    fresh = cap_snapshot(draft.snapshot)
    parts = parts_of(fresh)
    forget(fresh)
    content = {name: part for name, part in parts.items() if name not in _NOT_CONTENT}
    content_hash = hashlib.sha256(joined(content)).hexdigest()
    prior = draft.prior
    if prior is not None and prior.content_hash == content_hash:
        return _stored(draft, prior.snapshot, content_hash), False
    fields = _fields(prior, content)
    note = ChangeNote(
        kind=draft.kind,
        material=prior is None or is_material(prior.snapshot, fresh),
        backfill=cause.backfill,
        cause_report=draft.cause_report,
        affected=draft.affected,
        change_id=cause.change_id,
        fields=fields,
    )
    revision = prior.revision + 1 if prior is not None else 1
    published = replace(fresh, revision=revision, as_of=cause.now, change=note)
    keep(published, {**parts, **write(published, ("revision", "as_of", "change"))})
    return _stored(draft, published, content_hash), True


def concerning(incident: Incident, revised: Sequence[str]) -> Incident:
    """A new revision that names all incidents which the same decision revised, after those of its own
    kind of change (of a merge the survivor first).
    """
    snapshot = incident.snapshot
    affected = tuple(dict.fromkeys((*snapshot.change.affected, *revised)))[:_MOST_AFFECTED]
    if affected == snapshot.change.affected:
        return incident
    parts = parts_of(snapshot)
    published = replace(snapshot, change=replace(snapshot.change, affected=affected))
    forget(snapshot)
    keep(published, {**parts, **write(published, ("change",))})
    return replace(incident, snapshot=published)


def content_of(snapshot: Snapshot) -> dict[str, Any]:
    """What a snapshot says happened, without when and how we know."""
    whole: dict[str, Any] = plain(snapshot, SNAPSHOT)
    return {name: value for name, value in whole.items() if name not in _NOT_CONTENT}


def is_material(old: Snapshot, new: Snapshot) -> bool:
    """Whether a consumer that only follows facts must look again.

    That nothing came for three days, or for thirty, is no fact of the attack: of one article every
    reader was told three times.
    """
    moved = old.state != new.state and new.state not in _QUIET
    return moved or _facts(old) != _facts(new)


def _facts(snapshot: Snapshot) -> tuple[object, ...]:
    return (
        *(getattr(snapshot, name) for name in (*_LINKS, *_VALUES)),
        tuple(sorted(d.incident_id for d in snapshot.possible_duplicate_of)),
        day_told(snapshot),
        place_told(snapshot),
        tuple((w.type, w.subtype) for w in snapshot.weapons),
        targets_told(snapshot),
        snapshot.perpetrators,
        tuple(_numbers(getattr(snapshot.casualties, name)) for name in _TOTALS),
    )


def _numbers(figure: Figure | None) -> tuple[object, ...] | None:
    if figure is None:
        return None
    return figure.low, figure.best, figure.high, figure.conflict


def _fields(prior: Incident | None, content: Parts) -> tuple[str, ...]:
    if prior is None:
        return ()
    before = parts_of(prior.snapshot)
    return tuple(name for name, part in content.items() if before.get(name) != part)


def _stored(draft: Draft, snapshot: Snapshot, content_hash: str) -> Incident:
    prior = draft.prior
    current = report_ids(draft.members)
    once = prior.member_ids.union(prior.former) if prior else frozenset[str]()
    return Incident(
        snapshot=snapshot,
        content_hash=content_hash,
        founding_article=draft.founding_article,
        founding_n=draft.founding_n,
        ordinal=draft.ordinal,
        members=draft.members,
        former=tuple(sorted(once - current)),
        frozen=draft.frozen,
        settle_at=draft.due.settle_at,
        close_at=draft.due.close_at,
    )
