"""Gives each cell the id of an incident: a known one that it continues, or a new one.

Rules
-----
1. An incident follows its reports. Current members decide before former ones; of a split, the
   part with the founding report keeps the id, else the part with the earliest report.
2. Of several incidents in one cell the earliest announced survives; the others are superseded.
   An incident whose reports are all ambiguous gives way to one that is sure.
3. A cell without an id takes back that of an incident which once held one of its articles and now
   holds none (an un-merge, a report that comes back); else that of one which lost all its reports and
   of which it tells again; else a new id is minted, in order of the cells' earliest reports.
4. An id is made of profile, founding article and the smallest n that article never used: no
   randomness, no slots.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from worker.core.domain.incident import Component, Incident
from worker.core.merge.cluster.membership import Cluster
from worker.core.merge.cluster.merge_input import MergeInput
from worker.core.merge.identity.id_matcher import IdMatcher


@dataclass(frozen=True, slots=True)
class IdentifiedCluster:
    """A cluster and the incident it is. ``prior`` None: new. ``split_from``: whose part it was."""

    cluster: Cluster
    incident_id: str
    prior: Incident | None
    founding_article: str
    founding_n: int
    ordinal: int
    split_from: str | None


@dataclass(frozen=True, slots=True)
class AssignedIds:
    """Cells with their ids; ``superseded``: incident id → survivor; ``emptied``: without members."""

    named: tuple[IdentifiedCluster, ...]
    superseded: dict[str, str]
    emptied: tuple[Incident, ...]


def assign_ids(
    clusters: Sequence[Cluster], component: Component, merge_input: MergeInput
) -> AssignedIds:
    """Give every cluster its incident id. Depends on what was announced before, by design."""
    matcher = IdMatcher(clusters, merge_input)
    ranked = sorted(component.announced, key=lambda i: (i.ordinal, i.incident_id))
    taken: dict[int, Incident] = {}
    without_cell: list[Incident] = []
    present = [incident for incident in ranked if incident.state != "superseded"]
    sure = [incident for incident in present if matcher.is_sure(incident)]
    for incident in (*sure, *(i for i in present if not matcher.is_sure(i))):
        k = matcher.best(incident, taken)
        if k is None:
            without_cell.append(incident)
        else:
            taken[k] = incident
    lost = {i.incident_id: matcher.owner(i, taken) for i in without_cell}
    _give_back(ranked, lost, matcher, taken)
    returned = {incident.incident_id for incident in taken.values()}
    superseded = {k: v for k, v in lost.items() if v is not None and k not in returned}
    emptied = (
        i for i in without_cell if i.incident_id not in superseded and i.incident_id not in returned
    )
    named = _name(clusters, component, merge_input, taken, matcher)
    return AssignedIds(named, _last_survivors(superseded, ranked, returned), tuple(emptied))


def _give_back(
    ranked: Iterable[Incident],
    lost: dict[str, str | None],
    matcher: IdMatcher,
    taken: dict[int, Incident],
) -> None:
    """Give cells without an id back to incidents that once held their articles, or that told the same."""
    used = {incident.incident_id for incident in taken.values()}
    free = [i for i in ranked if i.incident_id not in used and lost.get(i.incident_id) is None]
    for k in range(len(matcher.clusters)):
        found = None if k in taken else next((i for i in free if matcher.comes_back(i, k)), None)
        if found is not None:
            taken[k] = found
            free.remove(found)
    emptied = [incident for incident in free if incident.is_emptied]
    for k in range(len(matcher.clusters)) if emptied else ():
        if k not in taken and (found := _told_again(emptied, k, matcher)) is not None:
            taken[k] = found
            emptied.remove(found)


def _told_again(emptied: Iterable[Incident], k: int, matcher: IdMatcher) -> Incident | None:
    """The one that a cell tells best again, the earliest announced first."""
    told = [(weight, i) for i in emptied if (weight := matcher.told_again(i, k)) is not None]
    return max(told, key=lambda one: (one[0], -one[1].ordinal), default=(0.0, None))[1]


def _last_survivors(
    superseded: dict[str, str], ranked: Iterable[Incident], returned: set[str]
) -> dict[str, str]:
    """Every superseded incident with its last survivor: chains are one hop long."""
    links = {i.incident_id: i.superseded_by for i in ranked if i.superseded_by} | superseded
    resolved = {}
    for incident_id, survivor in links.items():
        end = survivor
        while end in links and end not in returned:
            end = links[end]
        resolved[incident_id] = end
    return {old: survivor for old, survivor in resolved.items() if old not in returned}


def _name(
    clusters: Sequence[Cluster],
    component: Component,
    merge_input: MergeInput,
    taken: dict[int, Incident],
    matcher: IdMatcher,
) -> tuple[IdentifiedCluster, ...]:
    used = set(component.founded)
    used |= {(i.founding_article, i.founding_n) for i in component.announced}
    ordinal = component.next_ordinal
    named = []
    for k, cluster in enumerate(clusters):
        prior = taken.get(k)
        if prior is not None:
            found = (prior.founding_article, prior.founding_n, prior.ordinal)
            named.append(
                IdentifiedCluster(
                    cluster, prior.incident_id, prior, *found, prior.snapshot.split_from
                )
            )
            continue
        article = min(cluster.cell.core, key=lambda node: node.order).article_id
        n = next(n for n in range(len(used) + 1) if (article, n) not in used)
        used.add((article, n))
        origin = _origin(k, matcher, taken)
        made = mint(merge_input.knowledge.profile.name, article, n)
        named.append(IdentifiedCluster(cluster, made, None, article, n, ordinal, origin))
        ordinal += 1
    return tuple(named)


def _origin(k: int, matcher: IdMatcher, taken: dict[int, Incident]) -> str | None:
    """The live incident that lost most reports to a new cell, if any did."""
    losses = [(matcher.lost(i, own, k), -i.ordinal, i) for own, i in taken.items()]
    most = max(losses, key=lambda loss: loss[:2], default=None)
    return most[2].incident_id if most is not None and most[0] > 0 else None


def mint(profile: str, article_id: str, n: int) -> str:
    """The id of the n-th incident that an article founded: ``kw-`` and 16 letters or digits."""
    digest = hashlib.sha256(f"{profile}\0{article_id}\0{n}".encode()).digest()
    return "kw-" + base64.b32encode(digest[:10]).decode().lower()
