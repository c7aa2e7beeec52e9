"""The members of an incident: which reports contribute slots and figures, which are only listed.

Rules
-----
1. A *follow-up* is published more than 48 hours after the day and says nothing that an earlier
   member had not said: it is linked, not counted. This looks at the whole set, not at arrival.
   Names in a language that no earlier member is in say nothing new where the slot is filled.
2. Probable and ambiguous members are listed; they contribute neither slots nor figures.
3. Round-ups contribute slots only where there is no primary.
4. A retraction by an official speaker, or by the outlet that holds all members, retracts the
   incident, unless enough sources report it again later; any other withdraws its own outlet's.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from typing import NamedTuple

from worker.core.domain.incident import ArticleRef, FiledReport, FrozenIncident
from worker.core.domain.moments import aware
from worker.core.domain.remembered import Remembered
from worker.core.domain.snapshot import LinkCertainty
from worker.core.lang.names import words_of, written
from worker.core.merge.cluster.merge_input import MergeInput
from worker.core.merge.cluster.partition import Cell
from worker.core.merge.evidence.copies import outlet_key, sources
from worker.core.merge.evidence.facts import MOST_REPORTS, Gazetteer, facts_of

_TRUSTED = ("wire", "local")
_OFFICIAL = ("government", "police", "security_forces")


@dataclass(frozen=True, slots=True)
class Membership:
    """One report in one cell."""

    filed: FiledReport
    certainty: LinkCertainty
    frozen: FrozenIncident | None = None
    source: ArticleRef | None = None
    """The article of this incident whose text it repeats."""
    agency: str | None = None
    """The news agency whose text it is, as it or one of its copies says."""
    contributes: bool = field(init=False, compare=False)
    """Whether it contributes to the incident's slots and figures."""

    def __post_init__(self) -> None:
        """It is asked for all the time."""
        counts = self.certainty == "certain" and self.filed.report.role in ("primary", "roundup")
        object.__setattr__(self, "contributes", counts)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cell with its members sorted by their part in it."""

    cell: Cell
    members: tuple[Membership, ...]
    follow_ups: tuple[Membership, ...]
    withdrawn: tuple[Membership, ...]
    retracted: bool
    counted: tuple[Membership, ...] = field(init=False, compare=False)
    """Members that contribute, primaries and round-ups."""
    primaries: tuple[Membership, ...] = field(init=False, compare=False)
    """Certain members that report the attack as their own news."""

    def __post_init__(self) -> None:
        """Both are asked for several times."""
        counted = tuple([m for m in self.members if m.contributes])
        primaries = tuple([m for m in counted if m.filed.report.role == "primary"])
        object.__setattr__(self, "counted", counted)
        object.__setattr__(self, "primaries", primaries)

    @property
    def contributing(self) -> tuple[Membership, ...]:
        """Members whose slots and figures count: primaries, else round-ups."""
        return self.primaries or self.counted


def gather(cell: Cell, merge_input: MergeInput) -> Cluster:
    """Sort out the members of a cell. Those of the same cell are sorted out once.

    (A cell is the same value while its nodes are, and each node is made of one report: ``partition``.)
    """
    index, frozen = merge_input.constraint_index, merge_input.frozen
    if frozen and not cell.articles.isdisjoint([f.incident_id for f in frozen.values()]):
        return _sorted_out(cell, merge_input)
    key = (
        merge_input.evidence.copies_among(cell.articles),
        index.retracts and any(index.retracted(node.key) for node, _ in cell.placed),
    )
    known = cell.gathered.get(key)
    if not isinstance(known, Cluster):
        known = cell.gathered[key] = _sorted_out(cell, merge_input)
    return known


def _sorted_out(cell: Cell, merge_input: MergeInput) -> Cluster:
    placed = cell.placed
    filed = [merge_input.filed[node.key] for node, _ in placed]
    articles = [f.article for f in filed]
    found = sources(articles, merge_input.evidence.copied)
    agencies = _agencies(articles, found)
    all_members = _BY_ITSELF.all(filed)
    for k, (node, certainty) in enumerate(placed):
        name = node.article_id
        if certainty != "certain" or name in found or name in agencies or node.kind == "frozen":
            all_members[k] = _member(
                filed[k],
                certainty,
                merge_input.frozen.get(node.key),
                found.get(name),
                agencies.get(name),
            )
    ranked = sorted(zip(_ORDER.all(filed), all_members, strict=True), key=itemgetter(0))
    reporting = [m for _, m in ranked if m.filed.report.role != "retraction"]
    retractions = []
    if len(reporting) < len(ranked):
        retractions = [m for _, m in ranked if m.filed.report.role == "retraction"]
    members, follow_ups = _split_follow_ups(reporting, merge_input)
    retracted = _is_retracted(members, retractions, merge_input)
    withdrawn = []
    if retractions and not retracted:
        withdrawn = [m for m in members if _withdrew(m, retractions)]
    gone = set(map(id, withdrawn))
    kept = [m for m in members if id(m) not in gone] if gone else members
    return Cluster(
        cell=cell,
        members=tuple(kept + retractions),
        follow_ups=tuple(follow_ups),
        withdrawn=tuple(withdrawn),
        retracted=retracted
        or not any(m.contributes for m in kept)
        or _is_retracted_by_person(kept, merge_input),
    )


def _member(
    filed: FiledReport,
    certainty: LinkCertainty,
    frozen: FrozenIncident | None,
    source: ArticleRef | None,
    agency: str | None,
) -> Membership:
    """A member; of the same things it is the same value in every decision."""
    plain = certainty == "certain" and frozen is None and source is None
    if plain and agency == filed.article.agency:
        return _BY_ITSELF.of(filed)
    made = _OTHERWISE.of(filed)
    key = certainty, id(frozen), id(source), agency
    if key not in made:
        if len(made) >= _MOST_WAYS:
            made.clear()
        made[key] = Membership(filed, certainty, frozen, source, agency)
    return made[key]


def _by_itself(filed: FiledReport) -> Membership:
    return Membership(filed, "certain", agency=filed.article.agency)


def _no_members(_: FiledReport) -> dict[Hashable, Membership]:
    return {}


_BY_ITSELF = Remembered(_by_itself, MOST_REPORTS)
_OTHERWISE = Remembered(_no_members, MOST_REPORTS)
_MOST_WAYS = 4
"""Of one report: how it is a member, beside by itself. (Each holds what it is known by.)"""


def sources_of(member: Membership) -> frozenset[str]:
    """The outlets behind a member: a copy counts for the outlet of its source, and what an agency wrote
    for the agency.
    """
    return _SOURCES.of(member)


def all_sources_of(members: Iterable[Membership]) -> frozenset[str]:
    """The outlets behind any of some members."""
    return frozenset[str]().union(*_SOURCES.all(members))


def _sources_of(member: Membership) -> frozenset[str]:
    if member.frozen is not None:
        outlets = {m.article_id: m.outlet for m in member.frozen.members}
        roots = ((m.agency, m.copy_of or m.article_id) for m in member.frozen.members)
        names = (agency or outlets.get(root) or f"#{root}" for agency, root in roots)
        return frozenset(name.casefold() for name in names)
    if member.agency is not None:
        return frozenset((member.agency.casefold(),))
    return frozenset((outlet_key(member.source or member.filed.article),))


_SOURCES = Remembered(_sources_of, MOST_REPORTS)


def _agencies(articles: Iterable[ArticleRef], copies: Mapping[str, ArticleRef]) -> dict[str, str]:
    """Article → the agency it credits, or one of its copies does; the earliest published counts."""
    by_root: dict[str, list[ArticleRef]] = {}
    told = list(articles)
    if {*map(attrgetter("agency"), told)} <= {None}:
        return {}
    unique = {a.article_id: a for a in told}.values()
    for article in unique:
        root = copies.get(article.article_id, article)
        by_root.setdefault(root.article_id, []).append(article)
    agencies: dict[str, str] = {}
    for group in by_root.values():
        credited = [a for a in group if a.agency is not None]
        if credited:
            first = min(credited, key=lambda a: (*instant(a.document_time), a.article_id)).agency
            agencies |= {a.article_id: a.agency or first or "" for a in group}
    return agencies


def is_trusted(member: Membership, gazetteer: Gazetteer) -> bool:
    """Whether an outlet behind the member is one that the profile trusts alone."""
    trust = gazetteer.outlet_trust
    outlets = [member.filed.article.outlet]
    if member.frozen is not None:
        outlets = [m.outlet for m in member.frozen.members]
    return any(trust.get((outlet or "").casefold()) in _TRUSTED for outlet in outlets)


def _order(filed: FiledReport) -> tuple[bool, float, str]:
    return (*instant(filed.article.document_time), filed.report_id)


_ORDER = Remembered(_order, MOST_REPORTS)


def instant(moment: dt.datetime | None) -> tuple[bool, float]:
    """What puts the earlier first, and what has no time last."""
    if moment is None:
        return True, 0.0
    return False, aware(moment).timestamp()


def _split_follow_ups(
    reporting: Sequence[Membership], merge_input: MergeInput
) -> tuple[list[Membership], list[Membership]]:
    """Members in order of publication; a late one that adds nothing is a follow-up."""
    members: list[Membership] = []
    late: list[Membership] = []
    stated: set[tuple[object, ...]] = set()
    gazetteer = merge_input.gazetteer
    told = gazetteer.remembered(_day_and_moment).all([m.filed for m in reporting])
    last = max({*map(itemgetter(0), told)} - {None}, default=None)
    deadline = _deadline(last, merge_input)
    if deadline is None or max(map(itemgetter(1), told)) <= deadline:
        return list(reporting), []
    lateness = [
        m.frozen is None and moment > deadline
        for m, (_, moment) in zip(reporting, told, strict=True)
    ]
    for member, is_late in zip(reporting, lateness, strict=True):
        facts = _STATED.of(member.filed)
        if members and is_late and not _is_news(facts, stated):
            late.append(member)
        else:
            members.append(member)
            stated |= facts
    return members, late


def _day_and_moment(filed: FiledReport, gazetteer: Gazetteer) -> tuple[dt.date | None, float]:
    """The last day that a report states, and when it was published; long ago, if nobody knows."""
    moment = filed.article.document_time
    end = filed.report.date.end if facts_of(filed, gazetteer).dated else None
    return end, -math.inf if moment is None else aware(moment, gazetteer.zone).timestamp()


def _deadline(day: dt.date | None, merge_input: MergeInput) -> float | None:
    """When an article about an attack of this day begins to be late."""
    if day is None:
        return None
    midnight = dt.datetime.combine(
        day + dt.timedelta(days=1), dt.time(), merge_input.gazetteer.zone
    )
    hours = merge_input.knowledge.merge_weights["life.followup_hours"]
    return (midnight + dt.timedelta(hours=hours)).timestamp()


def _stated_facts(filed: FiledReport) -> set[tuple[object, ...]]:
    """Every slot value and figure of a report, in comparable form."""
    report = filed.report
    facts: set[tuple[object, ...]] = {("kind", kind) for kind in report.attack_types}
    facts |= {_printed("target", t.id or t.name, filed) for t in report.targets}
    facts |= {("by", p.name, p.attribution) for p in report.perpetrators}
    facts |= {("claim", c.group, c.claimed) for c in report.claims}
    facts |= {("weapon", w.type, w.subtype) for w in report.weapons}
    facts |= {_printed("victim", name, filed) for name in report.victims}
    if report.place is not None and report.place.path:
        facts |= {("place", key) for key in report.place.path}
    elif report.place is not None:
        facts.add(_printed("place", report.place.name, filed))
    singles = ("time", report.time), ("suicide", report.suicide), ("blasts", report.n_blasts)
    facts |= {pair for pair in singles if pair[1] is not None}
    return facts | {
        ("figure", s.measure, s.victim_class, s.low, s.high)
        for s in report.statements
        if s.scope == "incident"
    }


class _PrintedName(NamedTuple):
    """A name that a report gives a slot, its words in order, and what it is written in."""

    slot: str
    words: tuple[str, ...]
    written: str | None


def _printed(slot: str, name: str, filed: FiledReport) -> _PrintedName:
    lang = filed.article.lang
    return _PrintedName(slot, tuple(sorted(words_of(name))), written(name, lang))


_STATED = Remembered(_stated_facts, MOST_REPORTS)


def _is_news(facts: set[tuple[object, ...]], stated: set[tuple[object, ...]]) -> bool:
    """Whether facts say more than those stated before.

    A name in a language in which its slot has none yet cannot be compared: it is news only where
    nobody named anything. (The Spanish follow-up would else always be new: "Universidad".)
    """
    known = {fact for fact in stated if isinstance(fact, _PrintedName)}
    filled = {name.slot for name in known}
    comparable = {(name.slot, name.written) for name in known}
    return any(
        not isinstance(fact, _PrintedName)
        or fact.slot not in filled
        or (fact.slot, fact.written) in comparable
        for fact in facts - stated
    )


def _is_retracted(
    members: Sequence[Membership], retractions: Sequence[Membership], merge_input: MergeInput
) -> bool:
    strong = [r for r in retractions if _is_official(r, merge_input) or _holds_all(r, members)]
    if not strong:
        return False
    last = max(_order(r.filed) for r in strong)
    again = [m for m in members if m.contributes and _order(m.filed) > last]
    outlets = frozenset[str]().union(*(sources_of(m) for m in again))
    return len(outlets) < merge_input.knowledge.merge_weights["life.sources"]


def _is_official(member: Membership, merge_input: MergeInput) -> bool:
    official = {i.id for i in merge_input.knowledge.profile.institutions if i.official}
    return any(
        s.speaker_id in official or s.speaker_type.startswith(_OFFICIAL)
        for s in member.filed.report.statements
    )


def _holds_all(retraction: Membership, members: Sequence[Membership]) -> bool:
    mine = outlet_key(retraction.filed.article)
    return bool(members) and all(
        m.frozen is None and outlet_key(m.filed.article) == mine for m in members
    )


def _withdrew(member: Membership, retractions: Sequence[Membership]) -> bool:
    """Whether the member's own outlet took it back later."""
    if member.frozen is not None:
        return False
    mine = outlet_key(member.filed.article)
    return any(
        outlet_key(r.filed.article) == mine and _order(r.filed) >= _order(member.filed)
        for r in retractions
    )


def _is_retracted_by_person(members: Sequence[Membership], merge_input: MergeInput) -> bool:
    """Whether a person retracted what one of the members tells of."""
    index = merge_input.constraint_index
    return index.retracts and any(index.retracted(m.filed.report_id) for m in members)
