"""Which incident a cell is: ids over time.

Rules
-----
1. An incident follows its articles. Current members decide before former ones; of a split, the
   part with the founding article keeps the id, else the part with the earliest report.
2. Of several incidents in one cell the earliest announced survives; the others are superseded.
   An incident whose reports are all ambiguous has no claim against one that is sure.
3. A cell without an id takes back that of an incident which once held one of its articles and now
   holds none (an un-merge, a report that comes back); else a new id is minted, in order of the
   cells' earliest reports.
4. An id is made of profile, founding article and the smallest n that article never used: no
   randomness, no slots.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from worker.core.incident import Component, FiledReport, Incident
from worker.core.merge.component import as_filed
from worker.core.merge.evidence import Node
from worker.core.merge.facts import Facts, facts_of
from worker.core.merge.freeze import freeze
from worker.core.merge.members import Party
from worker.core.merge.pairs import compare
from worker.core.merge.scene import Scene


@dataclass(frozen=True, slots=True)
class Named:
    """A party and the incident it is. ``prior`` None: new. ``split_from``: whose part it was."""

    party: Party
    incident_id: str
    prior: Incident | None
    founding_article: str
    founding_n: int
    ordinal: int
    split_from: str | None


@dataclass(frozen=True, slots=True)
class Announced:
    """Cells with their ids; ``superseded``: incident id → survivor; ``emptied``: without members."""

    named: tuple[Named, ...]
    superseded: dict[str, str]
    emptied: tuple[Incident, ...]


def announce(parties: Sequence[Party], component: Component, scene: Scene) -> Announced:
    """Give every party its incident id. Depends on what was announced before, by design."""
    claims = _Claims(parties, scene)
    ranked = sorted(component.announced, key=lambda i: (i.ordinal, i.incident_id))
    taken: dict[int, Incident] = {}
    homeless: list[Incident] = []
    present = [incident for incident in ranked if incident.state != "superseded"]
    sure = [incident for incident in present if claims.is_sure(incident)]
    for incident in (*sure, *(i for i in present if not claims.is_sure(i))):
        k = claims.best(incident, taken)
        if k is None:
            homeless.append(incident)
        else:
            taken[k] = incident
    lost = {i.incident_id: claims.owner(i, taken) for i in homeless}
    _reclaim(ranked, lost, claims, taken)
    back = {incident.incident_id for incident in taken.values()}
    superseded = {k: v for k, v in lost.items() if v is not None and k not in back}
    emptied = (i for i in homeless if i.incident_id not in superseded and i.incident_id not in back)
    named = _name(parties, component, scene, taken, claims)
    return Announced(named, _follow(superseded, ranked, back), tuple(emptied))


class _Claims:
    """Which incidents may be which cells, by articles."""

    def __init__(self, parties: Sequence[Party], scene: Scene) -> None:
        self.parties = parties
        self._scene = scene
        self.sure = [_articles(party, scene, weak=False) for party in parties]
        self.held = [_articles(party, scene, weak=True) for party in parties]
        self._told = [{node.key for node in _nodes(party)} for party in parties]

    def is_sure(self, incident: Incident) -> bool:
        """Whether a current member is more than an ambiguous part of some cell."""
        current = {m.article_id for m in incident.members} | {incident.incident_id}
        return any(held & current for held in self.sure)

    def best(self, incident: Incident, taken: dict[int, Incident]) -> int | None:
        """The free cell that keeps an incident's id, by its current members."""
        current = {m.article_id for m in incident.members} | {incident.incident_id}
        cells = [k for k, held in enumerate(self.held) if held & current]
        fitting = [k for k in cells if self.fit(incident, k) is not None] or cells
        best = max(fitting, key=lambda k: self._rank(incident, k, current), default=None)
        if best is None or best not in taken:
            return best
        free = [k for k in fitting if k not in taken and self.sure[k] & current]
        return max(free, key=lambda k: self._rank(incident, k, current), default=None)

    def owner(self, incident: Incident, taken: dict[int, Incident]) -> str | None:
        """Who holds the members of an incident that found no cell of its own."""
        current = {m.article_id for m in incident.members} | {incident.incident_id}
        cells = [k for k, held in enumerate(self.held) if held & current and k in taken]
        best = max(cells, key=lambda k: self._rank(incident, k, current), default=None)
        return None if best is None else taken[best].incident_id

    def fit(self, incident: Incident, k: int) -> float | None:
        """How well an incident's last slots match a cell; None when they contradict it."""
        facts = snapshot_facts(incident, self._scene)
        pairs = [
            compare(facts, node.facts, self._scene.knowledge.merge_weights)
            for node in _nodes(self.parties[k])
        ]
        possible = [pair.weight for pair in pairs if pair.possible]
        return max(possible, default=None)

    def _rank(self, incident: Incident, k: int, current: set[str]) -> tuple[object, ...]:
        founded = incident.founding_article in self.held[k]
        order = self.parties[k].cell.order
        return (
            incident.incident_id in self.held[k],
            founded and incident.founding_article in self.sure[k],
            founded,
            len(self._told[k] & {m.report_id for m in incident.members}) if founded else 0,
            (self.fit(incident, k) or 0.0) if founded else 0.0,
            bool(self.sure[k] & current),
            _Reversed(order),
        )


class _Reversed:
    """Orders the other way round, inside a key for ``max``."""

    def __init__(self, value: tuple[bool, str, str]) -> None:
        self._value = value

    def __lt__(self, other: _Reversed) -> bool:
        return other._value < self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)


def snapshot_facts(incident: Incident, scene: Scene) -> Facts:
    """The comparable form of what an incident last said."""
    return facts_of(snapshot_report(incident), scene.gazetteer)


def snapshot_report(incident: Incident) -> FiledReport:
    """The last slots of an incident as a report, so that they compare like one."""
    return as_filed(freeze(incident.snapshot, incident.snapshot.reports, ()))


def _nodes(party: Party) -> list[Node]:
    sure = [node for node, certainty in party.cell.attached if certainty != "ambiguous"]
    return [*party.cell.core, *sure]


def _articles(party: Party, scene: Scene, *, weak: bool) -> set[str]:
    """Articles of a cell, those behind a frozen node and that incident's own id included."""
    found: set[str] = set()
    attached = [n for n, c in party.cell.attached if weak or c != "ambiguous"]
    for node in (*party.cell.core, *attached):
        found.add(node.article_id)
        if node.key in scene.frozen:
            found.update(m.article_id for m in scene.frozen[node.key].members)
    return found


def _reclaim(
    ranked: Iterable[Incident],
    lost: dict[str, str | None],
    claims: _Claims,
    taken: dict[int, Incident],
) -> None:
    """Give cells without an id back to incidents that once held their articles."""
    used = {incident.incident_id for incident in taken.values()}
    for k in range(len(claims.parties)):
        if k in taken:
            continue
        for incident in ranked:
            free = incident.incident_id not in used and lost.get(incident.incident_id) is None
            shared = claims.sure[k] & incident.article_ids
            if free and shared and (claims.fit(incident, k) or 0.0) > 0:
                taken[k] = incident
                used.add(incident.incident_id)
                break


def _follow(
    superseded: dict[str, str], ranked: Iterable[Incident], back: set[str]
) -> dict[str, str]:
    """Every superseded incident with its last survivor: chains are one hop long."""
    links = {i.incident_id: i.superseded_by for i in ranked if i.superseded_by} | superseded
    resolved = {}
    for incident_id, survivor in links.items():
        end = survivor
        while end in links and end not in back:
            end = links[end]
        resolved[incident_id] = end
    return {old: survivor for old, survivor in resolved.items() if old not in back}


def _name(
    parties: Sequence[Party],
    component: Component,
    scene: Scene,
    taken: dict[int, Incident],
    claims: _Claims,
) -> tuple[Named, ...]:
    used = set(component.founded)
    used |= {(i.founding_article, i.founding_n) for i in component.announced}
    ordinal = component.next_ordinal
    named = []
    for k, party in enumerate(parties):
        prior = taken.get(k)
        if prior is not None:
            found = (prior.founding_article, prior.founding_n, prior.ordinal)
            named.append(Named(party, prior.incident_id, prior, *found, prior.snapshot.split_from))
            continue
        article = min(party.cell.core, key=lambda node: node.order).article_id
        n = next(n for n in range(len(used) + 1) if (article, n) not in used)
        used.add((article, n))
        origin = _origin(k, claims, taken)
        made = mint(scene.knowledge.profile.name, article, n)
        named.append(Named(party, made, None, article, n, ordinal, origin))
        ordinal += 1
    return tuple(named)


def _origin(k: int, claims: _Claims, taken: dict[int, Incident]) -> str | None:
    """The live incident that lost articles to a new cell, if any.

    An article that stays where it was and now tells of one more attack makes no split.
    """
    best: tuple[int, int, str] | None = None
    for home, incident in taken.items():
        moved = claims.sure[k] - claims.sure[home]
        lost = moved & {m.article_id for m in incident.members}
        option = (-len(lost), incident.ordinal, incident.incident_id)
        if lost and (best is None or option < best):
            best = option
    return best[2] if best is not None else None


def mint(profile: str, article_id: str, n: int) -> str:
    """The id of the n-th incident that an article founded: ``kw-`` and 16 letters or digits."""
    digest = hashlib.sha256(f"{profile}\0{article_id}\0{n}".encode()).digest()
    return "kw-" + base64.b32encode(digest[:10]).decode().lower()
