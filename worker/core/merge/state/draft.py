"""The fresh state of an incident, before it is known whether it says anything new.

Rules
-----
1. A live incident is drafted from its members alone; of its past it keeps the id, the incident it
   was split from and those it superseded.
2. A superseded incident keeps its last slots and points at the survivor; nothing of it is deleted.
3. An incident that lost all its reports is retracted: it keeps day, place, targets and kind, so that a
   reader knows what was withdrawn, and whoever tells it again is known; nothing else that an article said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from worker.core.domain.incident import FrozenIncident, Incident
from worker.core.domain.report import Analysis
from worker.core.domain.snapshot import (
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
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.cluster.membership import Cluster, Membership, counted_sources, has_frozen
from worker.core.merge.cluster.merge_input import MergeInput
from worker.core.merge.cluster.records import records
from worker.core.merge.identity.assign_ids import AssignedIds, IdentifiedCluster
from worker.core.merge.identity.freeze import freeze
from worker.core.merge.state import life
from worker.core.merge.state.codes import code
from worker.core.merge.state.links import background_of
from worker.core.merge.state.revise import Cause, Draft, is_material
from worker.core.merge.state.slots import Slots, choose_slots, slot_sources
from worker.core.merge.state.toll import decide_casualties

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
class DecisionContext:
    """What a draft must know of the decision around it."""

    merge_input: MergeInput
    announced: AssignedIds
    groups: Mapping[str, IncidentGroup]
    duplicates: Mapping[str, tuple[PossibleDuplicate, ...]]
    mentioned: Mapping[str, str]
    incoming: Analysis | None

    def merged_into(self, incident_id: str) -> tuple[str, ...]:
        """Incidents that this one supersedes, as far as this decision knows them."""
        links = self.announced.superseded
        return tuple(sorted(old for old, survivor in links.items() if survivor == incident_id))


def draft_cell(
    entry: IdentifiedCluster, context: DecisionContext, cause: Cause, *, ticking: bool
) -> Draft:
    """The fresh state of a live incident."""
    merge_input, prior, cluster = context.merge_input, entry.prior, entry.cluster
    snapshot = _snapshot(entry, context, cause)
    moved = prior is None or life.identity_moved(prior.snapshot, snapshot)
    tick_at = cause.now if ticking else None
    corroboration = life.corroboration_of(cluster, merge_input)
    event = life.event_of(corroboration, prior, moved=moved, tick_at=tick_at)
    members = records(cluster)
    if (
        prior is not None
        and event != "retracted"
        and _changes_nothing_material(prior, snapshot, members, cause)
    ):
        event = "immaterial"
    after = life.follow(prior, event)
    weights = merge_input.knowledge.merge_weights
    due = life.due_after(after.timer, prior, cause.now, weights, tick_at=tick_at)
    snapshot = replace(
        snapshot,
        state=after.state,
        corroborated=_is_corroborated(event, corroboration, prior),
    )
    kind, affected = _kind(entry, snapshot, context)
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
        cause_report=_cause_report(entry, context),
        frozen=_frozen(entry, snapshot),
    )


def _is_corroborated(
    event: life.Event, corroboration: life.Corroboration, prior: Incident | None
) -> bool:
    """Whether enough sources stand behind it; a closed incident that nothing opens keeps its answer.

    The state alone does not say so of a closed one, nor does the number of outlets: a trusted outlet
    is enough, and several round-ups are not.
    """
    if event == "immaterial" and prior is not None:
        return prior.snapshot.corroborated
    return corroboration == "corroborated"


def draft_superseded(
    incident: Incident, survivor: str, context: DecisionContext, cause: Cause
) -> Draft:
    """The last state of an incident that another one took over."""
    snapshot = replace(
        incident.snapshot,
        state=life.follow(incident, "taken_over").state,
        superseded_by=survivor,
        corroborated=False,
        supersedes=(),
        incident_group=None,
        possible_duplicate_of=(),
        as_of=cause.now,
    )
    return _ended(incident, snapshot, "merged", (survivor, incident.incident_id), context)


def is_taken_over(incident: Incident, survivor: str) -> bool:
    """Whether an incident says already all that ``draft_superseded`` would."""
    snapshot = incident.snapshot
    return (
        incident.state == "superseded"
        and snapshot.superseded_by == survivor
        and snapshot.incident_group is None
        and incident.settle_at is None
        and incident.close_at is None
        and incident.frozen is None
        and not (snapshot.supersedes or snapshot.possible_duplicate_of or snapshot.truncated)
        and not incident.members
    )


def draft_emptied(incident: Incident, context: DecisionContext, cause: Cause) -> Draft:
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
        corroborated=False,
        background=(),
        truncated=(),
        as_of=cause.now,
    )
    table = context.merge_input.knowledge.codes
    snapshot = replace(snapshot, codes=code(snapshot, snapshot.casualties, table))
    ended = _ended(incident, snapshot, "retracted", (incident.incident_id,), context)
    return replace(ended, frozen=freeze(snapshot, (), ()))


def _ended(
    incident: Incident,
    snapshot: Snapshot,
    kind: ChangeKind,
    affected: tuple[str, ...],
    context: DecisionContext,
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
        cause_report=_first_of(incident, context),
        frozen=None,
    )


def _snapshot(entry: IdentifiedCluster, context: DecisionContext, cause: Cause) -> Snapshot:
    """All that a live incident says, but for its state."""
    merge_input, cluster = context.merge_input, entry.cluster
    profile = merge_input.knowledge.profile
    told = _told(cluster, merge_input)
    slots, members = told.slots, records(cluster)
    return Snapshot(
        incident_id=entry.incident_id,
        revision=0,
        state="provisional",
        as_of=cause.now,
        change=_NO_CHANGE,
        profile=profile.name,
        country=profile.country,
        zone=profile.zone,
        supersedes=_supersedes(entry, context),
        superseded_by=None,
        split_from=entry.split_from,
        incident_group=context.groups.get(entry.incident_id),
        possible_duplicate_of=context.duplicates.get(entry.incident_id, ()),
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
        casualties=told.casualties,
        support=slots.support,
        reports=members,
        reports_total=len(members),
        n_independent=_independent(cluster),
        codes=told.codes,
        background=background_of(entry, context.mentioned, merge_input),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What the members of a cluster say: of the same cluster it is the same, whatever is near it."""

    knowledge: Knowledge
    slots: Slots
    casualties: Casualties
    codes: Codes


def _told(cluster: Cluster, merge_input: MergeInput) -> _Told:
    knowledge = merge_input.knowledge
    known = cluster.made.get(_Told)
    if known is None or known.knowledge is not knowledge:
        table = knowledge.codes
        share, order = knowledge.merge_weights["life.slot_share"], table.get("attack_type", ())
        sources = slot_sources(_slot_members(cluster), merge_input)
        slots = choose_slots(sources, share, tuple(order))
        casualties = decide_casualties(cluster)
        codes = code(slots, casualties, table) if table else Codes()
        known = cluster.made[_Told] = _Told(knowledge, slots, casualties, codes)
    found: _Told = known
    return found


def _slot_members(cluster: Cluster) -> Sequence[Membership]:
    """Who fills the slots; of a retracted incident everyone who ever told of it."""
    reporting = (*cluster.members, *cluster.withdrawn)
    return cluster.contributing or [m for m in reporting if m.filed.report.role != "retraction"]


def _independent(cluster: Cluster) -> int:
    return len(counted_sources(cluster))


def _supersedes(entry: IdentifiedCluster, context: DecisionContext) -> tuple[str, ...]:
    earlier = entry.prior.snapshot.supersedes if entry.prior is not None else ()
    live = {other.incident_id for other in context.announced.named}
    moved = {old for old, new in context.announced.superseded.items() if new != entry.incident_id}
    own = set(earlier) - live - moved
    return tuple(sorted(own | set(context.merged_into(entry.incident_id))))


def _changes_nothing_material(
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
    entry: IdentifiedCluster, snapshot: Snapshot, context: DecisionContext
) -> tuple[ChangeKind, tuple[str, ...]]:
    """What kind of change this is, and which incidents it concerns, this one included."""
    own, prior = entry.incident_id, entry.prior
    if prior is None:
        origin = entry.split_from
        return ("created", (own,)) if origin is None else ("split", (origin, own))
    taken_over = tuple(i for i in snapshot.supersedes if i not in prior.snapshot.supersedes)
    if taken_over:
        return "merged", (own, *taken_over)
    parts = [n for n in context.announced.named if n.prior is None and n.split_from == own]
    if parts:
        return "split", (own, *(part.incident_id for part in parts))
    return _by_state(prior.state, snapshot.state), (own,)


def _by_state(before: State, after: State) -> ChangeKind:
    if before == after:
        return "updated"
    if after == "retracted" or after == "closed":
        return after
    return "reopened" if before in ("closed", "superseded", "retracted") else "updated"


def _cause_report(entry: IdentifiedCluster, context: DecisionContext) -> str | None:
    """The incoming report that is part of this incident, else the first of the article. Where the
    article has none (any more), the one that is taken back.
    """
    if context.incoming is None:
        return None
    article = context.incoming.article.article_id
    cluster = entry.cluster
    if article not in cluster.cell.articles:
        return _first_of(entry.prior, context)
    own = context.merge_input.evidence.of_article(article)
    if len(own) == 1:
        return own[0].key
    for member in (*cluster.primaries, *cluster.members, *cluster.follow_ups, *cluster.withdrawn):
        if member.filed.article.article_id == article:
            return member.filed.report_id
    return _first_of(entry.prior, context)


def _first_of(prior: Incident | None, context: DecisionContext) -> str | None:
    """The first report of the incoming article, else the one that it had before: in this incident, or
    in one whose reports this one took over when it was withdrawn.
    """
    incoming = context.incoming
    if incoming is None:
        return None
    if incoming.reports:
        return incoming.reports[0].report_id
    article = incoming.article.article_id
    others = (named.prior for named in context.announced.named)
    before = (incident for incident in (prior, *others) if incident is not None)
    had = (m.report_id for i in before for m in i.members if m.article_id == article)
    return next(had, None)


def _frozen(entry: IdentifiedCluster, snapshot: Snapshot) -> FrozenIncident | None:
    """A closing incident is frozen whole; a live one keeps the frozen part it still rests on."""
    if snapshot.state == "closed":
        used = [s for s in snapshot.casualties.statements if s.status == "used"]
        return freeze(snapshot, records(entry.cluster), used)
    if not has_frozen(entry.cluster):
        return None
    nodes = [m.frozen for m in entry.cluster.members if m.frozen is not None]
    report = replace(nodes[0].report, report_id=f"{entry.incident_id}#frozen")
    return FrozenIncident(entry.incident_id, report, nodes[0].members)
