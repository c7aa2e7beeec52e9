"""Which reports one decision must see together: pure connectivity, no clustering.

Rules
-----
1. Two reports are connected when one is a plausible partner of the other, without a veto; a
   combined round-up, with what agrees with it; reports of one article whose days meet. Less cannot
   matter to a partition: no score exceeds its strongest pair. (Days that merely meet connect
   nothing: a few reports without a day would else tie a busy month together.)
2. Whoever was once in one incident, or was put together by a person, stays connected, so that a
   split is seen whole.
3. Background reports, closed incidents and those that lost all their reports are leaves: they come
   along, they connect nothing. (A chain of mentions would else tie the whole past together.) What an
   incoming article mentions leads to what it is of, and not to others that mention it. So what once held a report of such a
   closed incident, and has reports of its own, is not concerned: those are not here, and a decision
   without them would empty it. (A report moved to another attack by its article's second version; that
   attack was closed first.) What holds nothing any more is: its id may return, or its survivor change.

Theory of operation
-------------------
``collect`` is given a superset and says what of it belongs together. A store that cannot load
everything widens until nothing new is found::

    days = the windows of the reports of the incoming article, before and after
    repeat:
        reports   = all whose window meets ``days``, and all of the articles of ``announced``
        announced = incidents that hold or held one of their articles, and closed ones whose
                    frozen window meets ``days``
        kept, concerned = collect(reports, {incoming article}, knowledge, announced, constraints)
        days = the windows of kept, but for what other articles mention, and of ``concerned``
    until kept and concerned stay the same

``Component.reports`` is ``kept``; ``Component.announced`` is the ``concerned`` incidents.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import attrgetter

from worker.core.domain.incident import (
    ArticleRef,
    Constraint,
    FiledReport,
    FrozenIncident,
    Incident,
    article_of,
)
from worker.core.domain.remembered import Remembered
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.cluster.connected import Connected, around
from worker.core.merge.cluster.unit import Unit
from worker.core.merge.cluster.units import Units, units_of
from worker.core.merge.evidence.constraints import ConstraintIndex
from worker.core.merge.evidence.copies import Pairs, find_pairs
from worker.core.merge.evidence.facts import Gazetteer, gazetteer_of, windows_of
from worker.core.merge.evidence.nodes import Evidence, Node, evidence_of, frozen_node, nodes_of


def window(filed: FiledReport, knowledge: Knowledge) -> tuple[dt.date, dt.date] | None:
    """Days on which the attack of this report may have been; None when nothing is known.

    Stated day ±1; otherwise from seven days before the document's day to one after.
    """
    return windows_of((filed,), gazetteer_of(knowledge))[0]


def windows(
    reports: Iterable[FiledReport], knowledge: Knowledge
) -> set[tuple[dt.date, dt.date] | None]:
    """The different windows of these reports."""
    return set(windows_of(reports, gazetteer_of(knowledge)))


def frozen_window(frozen: FrozenIncident, knowledge: Knowledge) -> tuple[dt.date, dt.date] | None:
    """The same for a closed incident."""
    return window(as_filed(frozen), knowledge)


def as_filed(frozen: FrozenIncident) -> FiledReport:
    """A closed incident in the form of a report, published when its first member was.

    Its language is that of its members, when they share one: names of its slots are in it.
    """
    return _FROZEN.of(frozen)


def _as_filed(frozen: FrozenIncident) -> FiledReport:
    languages = {m.lang for m in frozen.members}
    first = min(
        frozen.members,
        key=lambda m: (m.published is None, str(m.published), m.report_id),
        default=None,
    )
    article = ArticleRef(
        article_id=frozen.incident_id,
        version=1,
        outlet=None,
        url=None,
        lang=languages.pop() if len(languages) == 1 else "und",
        published=first.published if first else None,
        published_basis="none",
        first_seen=first.first_seen if first else None,
        version_time=None,
        text_sha256="",
    )
    return FiledReport(frozen.report, article, "report")


_FROZEN = Remembered(_as_filed, 2_000)


def collect(
    reports: Sequence[FiledReport],
    incoming: Collection[str],
    knowledge: Knowledge,
    announced: Sequence[Incident] = (),
    constraints: Sequence[Constraint] = (),
    copies: Pairs | None = None,
) -> tuple[tuple[FiledReport, ...], tuple[str, ...]]:
    """What ``connect`` finds: the reports, and the ids of the incidents concerned."""
    found = connect(reports, incoming, knowledge, announced, constraints, copies)
    return found.kept, found.concerned


def connect(
    reports: Sequence[FiledReport],
    incoming: Collection[str],
    knowledge: Knowledge,
    announced: Sequence[Incident] = (),
    constraints: Sequence[Constraint] = (),
    copies: Pairs | None = None,
    *,
    lasting: bool = False,
) -> Connected:
    """The reports connected to those of the incoming articles, and the incidents concerned.

    ``incoming``: article ids, or ``incident_id`` of an incident to look at again. ``announced``:
    every incident that could be concerned, closed ones too. ``copies``: the pairs of articles of
    which one repeats the other's text; None: they are looked for. A closed incident is concerned when
    its node is connected.

    ``lasting``: what a mention of an incoming article is of stays out, as for all who ask later.
    """
    gazetteer = gazetteer_of(knowledge)
    constraint_index = ConstraintIndex(constraints)
    acting = constraint_index.acting(reports, incoming)
    nodes = _nodes(acting, announced, gazetteer)
    if copies is None:
        copies = find_pairs((f.article for f in reports), knowledge.merge_weights)
    ordered = sorted(nodes.values(), key=attrgetter("key"))
    evidence = evidence_of(ordered, constraint_index, copies, knowledge.merge_weights)
    groups = _groups(announced, constraints)
    seeds = set(incoming).union(*(g for g in groups if not g.isdisjoint(incoming)))
    later = _leaves(nodes, announced, ())
    leaves = later if lasting else _leaves(nodes, announced, incoming)
    started = {key for key, node in nodes.items() if node.article_id in seeds}
    found = _reach(nodes, evidence, _Ties(evidence, groups), leaves, started)
    by_key = {filed.report.report_id: filed for filed in acting}
    kept = tuple([by_key[node.key] for node in ordered if node.key in found and node.key in by_key])
    reporting = {key for key in found if nodes[key].kind != "background"}
    concerned = _concerned(reporting, reporting & leaves.keys(), set(incoming), announced)
    plain = (  # whoever else of it asked would find the same
        concerned == _concerned(reporting, reporting & leaves.keys(), set(), announced)
        and len(acting) == len(constraint_index.acting(reports))
        and not any(node.combined and node.key not in found for node in ordered)
        and not any(i.state == "closed" and i.incident_id in concerned for i in announced)
        and None not in windows_of(kept, gazetteer)
        and {nodes[key].article_id for key in found - later.keys()}.isdisjoint(
            [node.article_id for node in ordered if node.key not in found]
        )
        and _is_found_later(found, started, later, nodes, evidence, _Ties(evidence, groups))
    )
    looked_at = around(ordered, found, later.keys(), evidence, constraint_index) if plain else None
    return Connected(kept, concerned, looked_at)


def _is_found_later(
    found: AbstractSet[str],
    started: AbstractSet[str],
    later: Mapping[str, set[str]],
    nodes: Mapping[str, Node],
    evidence: Evidence,
    ties: _Ties,
) -> bool:
    """Whether one report that it started from leads to all, once mentions of the others lead nowhere.
    (What mentions a past attack then hangs on the incident that has its article's news.)
    """
    news = started - later.keys()
    if not news:
        return False
    if len(started) == 1:
        return True
    mentions = started & later.keys()
    if mentions and not any(nodes[key].kind in ("primary", "roundup") for key in news):
        return False
    return found == _reach(nodes, evidence, ties, later, {min(news)}) | mentions


def _nodes(
    acting: Iterable[FiledReport], announced: Iterable[Incident], gazetteer: Gazetteer
) -> dict[str, Node]:
    """The nodes of reports, and of incidents that are closed or lost all theirs, by key."""
    nodes = {node.key: node for node in nodes_of(acting, gazetteer)}
    for incident in announced:
        if incident.frozen is not None:
            node = frozen_node(incident.frozen, as_filed(incident.frozen), gazetteer)
            nodes[node.key] = node
    return nodes


def _groups(
    announced: Iterable[Incident], constraints: Iterable[Constraint]
) -> list[frozenset[str]]:
    """Sets of names that stay together whatever the evidence: incidents and constraints."""
    groups = [_NAMES.of(incident) for incident in announced]
    return groups + [
        frozenset((*map(_as_article, c.articles), *c.incidents))
        for c in constraints
        if c.kind in ("must", "pin")
    ]


def _names_of(incident: Incident) -> frozenset[str]:
    return incident.article_ids | {incident.incident_id}


def _reports_of(incident: Incident) -> frozenset[str]:
    """What an incident holds or held."""
    frozen = () if incident.frozen is None else (incident.frozen.report.report_id,)
    return frozenset((*(m.report_id for m in incident.members), *incident.former, *frozen))


def _own_reports_of(incident: Incident) -> frozenset[str]:
    """What an incident holds; what it held, when that is nothing."""
    reports = _REPORTS.of(incident)
    return reports.difference(incident.former) if incident.members else reports


_NAMES = Remembered(_names_of, 2_000)
_REPORTS = Remembered(_reports_of, 2_000)
_OWN_REPORTS = Remembered(_own_reports_of, 2_000)


class _Ties:
    """Which nodes are tied to a node, by the sets of names that stay together. Each set is told
    once: whoever asks follows all that it is told.
    """

    def __init__(self, evidence: Evidence, groups: Sequence[frozenset[str]]) -> None:
        self._evidence = evidence
        self._groups = list(groups)
        self._of: dict[str, list[int]] = {}
        for k, group in enumerate(groups):
            for name in group:
                self._of.setdefault(name, []).append(k)

    @property
    def untold(self) -> AbstractSet[str]:
        """The names of which it was not asked yet what is tied to them."""
        return self._of.keys()

    def of(self, node: Node) -> set[str]:
        """The nodes tied to one, but for those told before."""
        told: set[str] = set()
        for k in self._of.pop(node.article_id):
            group, self._groups[k] = self._groups[k], frozenset()
            if group:
                of_article = self._evidence.of_article
                told.update([other.key for name in group for other in of_article(name)])
        return told


def _leaves(
    nodes: Mapping[str, Node], announced: Iterable[Incident], incoming: Collection[str]
) -> dict[str, set[str]]:
    """Nodes that lead no further, with those they bring along: background, and incidents that are closed
    or lost all their reports.
    """
    leaves: dict[str, set[str]] = {
        key: set()
        for key, node in nodes.items()
        if node.kind == "background" and node.article_id not in incoming
    }
    for incident in announced:
        if incident.frozen is None or not (incident.state == "closed" or incident.is_emptied):
            continue
        if _NAMES.of(incident).isdisjoint(incoming):
            keys = {m.report_id for m in incident.members} | {incident.frozen.report.report_id}
            here = {key for key in keys if key in nodes}
            leaves.update(dict.fromkeys(here, here))
    return leaves


def _as_article(name: str) -> str:
    return article_of(name) or name


def _reach(
    nodes: Mapping[str, Node],
    evidence: Evidence,
    ties: _Ties,
    leaves: Mapping[str, set[str]],
    started: AbstractSet[str],
) -> set[str]:
    """Everything that hangs together with these nodes."""
    units = units_of("component", list(nodes.values()), evidence)
    combined = [node for node in nodes.values() if node.combined]
    found = set(started)
    frontier = sorted(found)
    asked: set[Unit] = set()
    untold = set(units)
    of_unit, bound, several = units.of, ties.untold, evidence.articles_of_several
    while frontier:
        key = frontier.pop()
        node = nodes[key]
        if key in leaves:
            fresh = leaves[key] - found
        else:
            fresh = ties.of(node) if node.article_id in bound else set()
            if node.kind == "background":
                fresh |= _mentioned(of_unit[key], units)
            elif of_unit[key] not in asked:
                fresh |= _around(of_unit[key], units, asked, untold)
            if node.article_id in several:
                fresh |= _siblings(node, evidence)
            others = nodes.values() if node.combined else combined
            if others:
                fresh |= {o.key for o in others if _tells_of(node, o, evidence)}
        if fresh:
            fresh -= found
            found |= fresh
            frontier.extend(fresh)
    return found


def _siblings(node: Node, evidence: Evidence) -> set[str]:
    """What else its article reports of these days."""
    return {
        other.key
        for other in evidence.of_article(node.article_id)
        if "background" not in (node.kind, other.kind) and evidence.pair(node, other).veto != "date"
    }


def _around(unit: Unit, units: Units, asked: set[Unit], untold: set[Unit]) -> set[str]:
    """What is near the nodes of a unit. What was told before is left out."""
    asked.add(unit)
    told = units.near(unit).keys() & untold
    untold -= told
    return {n.key for other in told for n in other.nodes}


def _mentioned(unit: Unit, units: Units) -> set[str]:
    """The news that is near a mention."""
    near = (node for other in units.near(unit) for node in other.nodes)
    return {node.key for node in near if node.kind != "background"}


def _tells_of(a: Node, b: Node, evidence: Evidence) -> bool:
    """Whether a combined round-up may tell of the other: something agrees, and nothing forbids."""
    return not evidence.cannot(a, b) and evidence.agreeing(a, b) >= evidence.plausible


def _concerned(
    found: set[str], brought: set[str], incoming: set[str], announced: Iterable[Incident]
) -> tuple[str, ...]:
    """Incidents that hold or held one of these reports, or are asked for by article or id.

    ``brought``: those of them that came along as leaves; whoever merely held one is left out.
    """
    connected = found - brought
    concerned = [
        incident.incident_id
        for incident in announced
        if not connected.isdisjoint(_REPORTS.of(incident))
        or not brought.isdisjoint(_OWN_REPORTS.of(incident))
        or not incoming.isdisjoint(_NAMES.of(incident))
    ]
    return tuple(sorted(concerned))
