"""The fresh state of an incident, before it is known whether it says anything new.

Rules
-----
1. A live incident is drafted from its members alone; of its past it keeps the id, the incident it
   was split from and those it superseded.
2. A superseded incident keeps its last slots and points at the survivor; nothing of it is deleted.
3. An incident that lost all its reports is retracted: it keeps day, place and kind, so that one
   can tell what was withdrawn, and nothing that an article said beyond that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from worker.core.contract.codes import code
from worker.core.contract.snapshot import (
    Casualties,
    ChangeKind,
    ChangeNote,
    Codes,
    IncidentGroup,
    Member,
    PossibleDuplicate,
    Snapshot,
    State,
)
from worker.core.incident import FrozenIncident, Incident
from worker.core.merge import life
from worker.core.merge.freeze import freeze
from worker.core.merge.identity import Announced, Named
from worker.core.merge.links import background_of
from worker.core.merge.members import Membership, Party, records, sources_of, voices
from worker.core.merge.revise import Cause, Draft, is_material
from worker.core.merge.scene import Scene
from worker.core.merge.slots import choose_slots
from worker.core.merge.toll import decide_casualties
from worker.core.model import Analysis

_NO_CHANGE = ChangeNote(
    kind="updated",
    material=False,
    backfill=False,
    cause_report=None,
    affected=(),
    change_id="",
    fields=(),
)
"""Stands in a draft until it is known whether it says anything new."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a draft must know of the decision around it."""

    scene: Scene
    announced: Announced
    groups: Mapping[str, IncidentGroup]
    duplicates: Mapping[str, tuple[PossibleDuplicate, ...]]
    homes: Mapping[str, str]
    incoming: Analysis | None

    def merged_into(self, incident_id: str) -> tuple[str, ...]:
        """Incidents that this one supersedes, as far as this decision knows them."""
        links = self.announced.superseded
        return tuple(sorted(old for old, survivor in links.items() if survivor == incident_id))


def draft_cell(entry: Named, around: Surroundings, cause: Cause, *, ticking: bool) -> Draft:
    """The fresh state of a live incident."""
    scene, prior, party = around.scene, entry.prior, entry.party
    snapshot = _snapshot(entry, around, cause)
    moved = prior is None or life.identity_moved(prior.snapshot, snapshot)
    tick_at = cause.now if ticking else None
    evidence = life.evidence_of(party, scene)
    event = life.event_of(evidence, prior, moved=moved, tick_at=tick_at)
    members = records(party)
    if (
        prior is not None
        and event != "retracted"
        and _stays_closed(prior, snapshot, members, cause)
    ):
        event = "immaterial"
    after = life.follow(prior, event)
    weights = scene.knowledge.merge_weights
    due = life.due_after(after.timer, prior, cause.now, weights, tick_at=tick_at)
    snapshot = replace(snapshot, state=after.state)
    kind, affected = _kind(entry, snapshot, around)
    return Draft(
        snapshot=snapshot,
        prior=prior,
        members=members,
        founding_article=entry.founding_article,
        founding_n=entry.founding_n,
        ordinal=entry.ordinal,
        due=due,
        kind=kind,
        affected=affected,
        cause_report=_cause_report(entry, around),
        frozen=_frozen(entry, snapshot),
    )


def draft_superseded(
    incident: Incident, survivor: str, around: Surroundings, cause: Cause
) -> Draft:
    """The last state of an incident that another one took over."""
    snapshot = replace(
        incident.snapshot,
        state=life.follow(incident, "taken_over").state,
        superseded_by=survivor,
        supersedes=(),
        incident_group=None,
        possible_duplicate_of=(),
        as_of=cause.now,
    )
    return _ended(incident, snapshot, "merged", (survivor, incident.incident_id), around)


def draft_emptied(incident: Incident, around: Surroundings, cause: Cause) -> Draft:
    """The state of an incident whose reports were all withdrawn."""
    snapshot = replace(
        incident.snapshot,
        state=life.follow(incident, "retracted").state,
        incident_group=None,
        possible_duplicate_of=(),
        time=None,
        suicide=None,
        weapons=(),
        perpetrators=(),
        claims=(),
        n_blasts=None,
        victims=(),
        casualties=Casualties(),
        support={},
        reports=(),
        reports_total=0,
        n_independent=0,
        background=(),
        truncated=(),
        as_of=cause.now,
    )
    table = around.scene.knowledge.codes
    snapshot = replace(snapshot, codes=code(snapshot, snapshot.casualties, table))
    return _ended(incident, snapshot, "retracted", (incident.incident_id,), around)


def _ended(
    incident: Incident,
    snapshot: Snapshot,
    kind: ChangeKind,
    affected: tuple[str, ...],
    around: Surroundings,
) -> Draft:
    return Draft(
        snapshot=snapshot,
        prior=incident,
        members=(),
        founding_article=incident.founding_article,
        founding_n=incident.founding_n,
        ordinal=incident.ordinal,
        due=life.Due(),
        kind=kind,
        affected=affected,
        cause_report=_first_incoming(around),
        frozen=None,
    )


def _snapshot(entry: Named, around: Surroundings, cause: Cause) -> Snapshot:
    """All that a live incident says, but for its state."""
    scene, party = around.scene, entry.party
    profile, weights = scene.knowledge.profile, scene.knowledge.merge_weights
    table = scene.knowledge.codes
    order = tuple(table.get("attack_type", ()))
    slots = choose_slots(voices(_speaking(party), scene), weights["life.slot_share"], order)
    casualties = decide_casualties(party)
    members = records(party)
    return Snapshot(
        incident_id=entry.incident_id,
        revision=0,
        state="provisional",
        as_of=cause.now,
        change=_NO_CHANGE,
        profile=profile.name,
        country=profile.country,
        zone=profile.zone,
        supersedes=_supersedes(entry, around),
        superseded_by=None,
        split_from=entry.split_from,
        incident_group=around.groups.get(entry.incident_id),
        possible_duplicate_of=around.duplicates.get(entry.incident_id, ()),
        date=slots.date,
        time=slots.time,
        place=slots.place,
        attack_types=slots.attack_types,
        suicide=slots.suicide,
        weapons=slots.weapons,
        targets=slots.targets,
        perpetrators=slots.perpetrators,
        claims=slots.claims,
        incident_status=slots.incident_status,
        n_blasts=slots.n_blasts,
        victims=slots.victims,
        casualties=casualties,
        support=slots.support,
        reports=members,
        reports_total=len(members),
        n_independent=_independent(party),
        codes=code(slots, casualties, table) if table else Codes(),
        background=background_of(entry, around.homes, scene),
    )


def _speaking(party: Party) -> Sequence[Membership]:
    """Who fills the slots; of a retracted incident everyone who ever told of it."""
    told = (*party.members, *party.withdrawn)
    return party.lending or [m for m in told if m.filed.report.role != "retraction"]


def _independent(party: Party) -> int:
    lending = (m for m in party.members if m.lends)
    return len(frozenset[str]().union(*(sources_of(m) for m in lending)))


def _supersedes(entry: Named, around: Surroundings) -> tuple[str, ...]:
    earlier = entry.prior.snapshot.supersedes if entry.prior is not None else ()
    live = {other.incident_id for other in around.announced.named}
    moved = {old for old, new in around.announced.superseded.items() if new != entry.incident_id}
    own = set(earlier) - live - moved
    return tuple(sorted(own | set(around.merged_into(entry.incident_id))))


def _stays_closed(
    prior: Incident, fresh: Snapshot, members: Sequence[Member], cause: Cause
) -> bool:
    """A new version or a kill that changes nothing leaves a closed incident closed.

    Unless it lost reports to another incident: then both are open again.
    """
    if prior.state != "closed":
        return False
    kept = {member.report_id for member in members}
    lost = [m for m in prior.members if m.report_id not in kept]
    if any(member.article_id != cause.article_id for member in lost):
        return False
    return not is_material(prior.snapshot, replace(fresh, state="closed"))


def _kind(
    entry: Named, snapshot: Snapshot, around: Surroundings
) -> tuple[ChangeKind, tuple[str, ...]]:
    """What kind of change this is, and which incidents it concerns, this one included."""
    own, prior = entry.incident_id, entry.prior
    if prior is None:
        origin = entry.split_from
        return ("created", (own,)) if origin is None else ("split", (origin, own))
    taken_over = tuple(i for i in snapshot.supersedes if i not in prior.snapshot.supersedes)
    if taken_over:
        return "merged", (own, *taken_over)
    parts = [n for n in around.announced.named if n.prior is None and n.split_from == own]
    if parts:
        return "split", (own, *(part.incident_id for part in parts))
    return _by_state(prior.state, snapshot.state), (own,)


def _by_state(before: State, after: State) -> ChangeKind:
    if before == after:
        return "updated"
    if after == "retracted" or after == "closed":
        return after
    return "reopened" if before in ("closed", "superseded", "retracted") else "updated"


def _cause_report(entry: Named, around: Surroundings) -> str | None:
    """The incoming report that is part of this incident, else the first of the article."""
    if around.incoming is None:
        return None
    article = around.incoming.article.article_id
    party = entry.party
    for member in (*party.primaries, *party.members, *party.follow_ups, *party.withdrawn):
        if member.filed.article.article_id == article:
            return member.filed.report_id
    return _first_incoming(around)


def _first_incoming(around: Surroundings) -> str | None:
    reports = around.incoming.reports if around.incoming is not None else ()
    return reports[0].report_id if reports else None


def _frozen(entry: Named, snapshot: Snapshot) -> FrozenIncident | None:
    """A closing incident is frozen whole; a live one keeps the frozen part it still rests on."""
    if snapshot.state == "closed":
        used = [s for s in snapshot.casualties.statements if s.status == "used"]
        return freeze(snapshot, records(entry.party), used)
    nodes = [m.frozen for m in entry.party.members if m.frozen is not None]
    if not nodes:
        return None
    report = replace(nodes[0].report, report_id=f"{entry.incident_id}#frozen")
    return FrozenIncident(entry.incident_id, report, nodes[0].members)
