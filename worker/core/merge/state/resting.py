"""Which incidents rest: drafted before from the very same things, with nothing new to say.

A busy day is one component of many incidents; an article changes one or two. A draft depends on the
cluster, on what is near the incident and on the incident itself. While these are the same values
(most are the same ones in memory), drafting again would find again that nothing is new.

Only decisions without a tick may rest: the clock changes the others. What is remembered here may be
forgotten at any time; the ``MOST_INCIDENTS`` last asked for are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from worker.core.domain.incident import Incident
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.cluster.membership import Cluster
from worker.core.merge.identity.assign_ids import IdentifiedCluster
from worker.core.merge.state.draft import DecisionContext

MOST_INCIDENTS = 500


@dataclass(frozen=True, slots=True)
class _Drafted:
    """What an incident was drafted from."""

    prior: Incident
    knowledge: Knowledge
    cluster: Cluster
    inputs: tuple[Any, ...]


_STANDING = ("provisional", "active", "settled")
_RESTING: dict[str, _Drafted] = {}


def rests(entry: IdentifiedCluster, context: DecisionContext) -> bool:
    """Whether a draft would find nothing new."""
    known = _RESTING.get(entry.incident_id)
    return (
        known is not None
        and known.prior is entry.prior
        and known.knowledge is context.merge_input.knowledge
        and (known.cluster is entry.cluster or _members(known.cluster) == _members(entry.cluster))
        and known.inputs == _inputs(entry, context)
    )


def note(entry: IdentifiedCluster, incident: Incident, context: DecisionContext) -> None:
    """Remember what a draft made of an incident: from the same things it would be made again.

    (Of one that is closed, its day of closing is looked at anew.)
    """
    _RESTING.pop(entry.incident_id, None)
    if incident is not entry.prior and incident.state not in _STANDING:
        return
    after = replace(entry, prior=incident)
    _RESTING[entry.incident_id] = _Drafted(
        incident,
        context.merge_input.knowledge,
        entry.cluster,
        _inputs(after, context),
    )
    while len(_RESTING) > MOST_INCIDENTS:
        _RESTING.pop(next(iter(_RESTING)), None)


def _inputs(entry: IdentifiedCluster, context: DecisionContext) -> tuple[Any, ...]:
    """All that a draft looks at beside the incident itself and its members."""
    own = entry.incident_id
    return (
        entry.split_from,
        context.groups.get(own),
        context.duplicates.get(own),
        context.merged_into(own),
        frozenset(old for old, new in context.announced.superseded.items() if new != own),
        _revived(entry, context),
    )


def _members(cluster: Cluster) -> tuple[Any, ...]:
    return cluster.retracted, cluster.members, cluster.follow_ups, cluster.withdrawn


def _revived(entry: IdentifiedCluster, context: DecisionContext) -> frozenset[str]:
    """Incidents that it had superseded and that live again."""
    earlier = entry.prior.snapshot.supersedes if entry.prior is not None else ()
    if not earlier:
        return frozenset()
    return frozenset(earlier) & {other.incident_id for other in context.announced.named}
