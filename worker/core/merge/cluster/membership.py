"""A report as a member of an incident, and the members of one incident together.

A cluster is a value: of the same members everything that is made of it is the same. When one more member
comes, what was made of it is continued (``Derived``): of a thousand members one is looked at.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Generic, TypeVar

from worker.core.domain.incident import ArticleRef, FiledReport, FrozenIncident
from worker.core.domain.moments import aware
from worker.core.domain.remembered import Remembered
from worker.core.domain.snapshot import LinkCertainty
from worker.core.merge.cluster.partition import Cell
from worker.core.merge.evidence.copies import outlet_key
from worker.core.merge.evidence.facts import MOST_REPORTS, Gazetteer

V = TypeVar("V")
_TRUSTED = ("wire", "local")


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
class Grown:
    """What a cluster was before one more member came: its members that count, and what was made of it."""

    member: Membership
    counted: tuple[Membership, ...]
    primaries: tuple[Membership, ...]
    made: dict[object, Any]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cell with its members sorted by their part in it."""

    cell: Cell
    members: tuple[Membership, ...]
    follow_ups: tuple[Membership, ...]
    withdrawn: tuple[Membership, ...]
    retracted: bool
    grown: Grown | None = field(default=None, compare=False, repr=False)
    """None: it was sorted out from nothing."""
    counted: tuple[Membership, ...] = field(init=False, compare=False)
    """Members that contribute, primaries and round-ups."""
    primaries: tuple[Membership, ...] = field(init=False, compare=False)
    """Certain members that report the attack as their own news."""
    made: dict[object, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """By what it is made with: a ``Derived``, or the class of what is made (``draft``)."""

    def __post_init__(self) -> None:
        """Both are asked for several times."""
        if self.grown is not None:
            counted = with_one(self.grown.counted, self.grown.member)
            primaries = with_one(self.grown.primaries, self.grown.member)
        else:
            counted = tuple([m for m in self.members if m.contributes])
            primaries = tuple([m for m in counted if m.filed.report.role == "primary"])
        object.__setattr__(self, "counted", counted)
        object.__setattr__(self, "primaries", primaries)

    @property
    def contributing(self) -> tuple[Membership, ...]:
        """Members whose slots and figures count: primaries, else round-ups."""
        return self.primaries or self.counted

    def with_more(self, cell: Cell, member: Membership) -> Cluster:
        """The cluster of a cell that has one more primary; of this one nobody is a follow-up, withdrawn
        or a retraction.
        """
        grown = Grown(member, self.counted, self.primaries, self.made)
        return Cluster(cell, with_one(self.members, member), (), (), retracted=False, grown=grown)


class Derived(Generic[V]):
    """What is made of a cluster once. Of one that grew it is made of what was made of it before, which
    is handed on and may be changed.
    """

    def __init__(self, make: Callable[[Cluster], V], more: Callable[[V, Membership], V]) -> None:
        self._make, self._more = make, more

    def of(self, cluster: Cluster) -> V:
        """What is made of a cluster."""
        if self not in cluster.made:
            grown = cluster.grown
            before = None if grown is None else grown.made.pop(self, None)
            if grown is None or before is None:
                cluster.made[self] = self._make(cluster)
            else:
                cluster.made[self] = self._more(before, grown.member)
        found: V = cluster.made[self]
        return found


def has_frozen(cluster: Cluster) -> bool:
    """Whether a closed incident is among the members."""
    return _HAS_FROZEN.of(cluster)


_HAS_FROZEN = Derived(
    lambda cluster: any(map(attrgetter("frozen"), cluster.members)), lambda known, _: known
)


def _by_article(cluster: Cluster) -> dict[str, list[Membership]]:
    found: dict[str, list[Membership]] = {}
    for member in cluster.members:
        _of_article(found, member)
    return found


def _of_article(
    found: dict[str, list[Membership]], member: Membership
) -> dict[str, list[Membership]]:
    found.setdefault(member.filed.article.article_id, []).append(member)
    return found


BY_ARTICLE = Derived(_by_article, _of_article)
"""Article → its reports among the members."""


def with_one(members: tuple[Membership, ...], member: Membership) -> tuple[Membership, ...]:
    """Members in order of publication, with one more at its place."""
    place = bisect_left(members, order_of(member.filed), key=lambda m: order_of(m.filed))
    return *members[:place], member, *members[place:]


def member_of(
    filed: FiledReport,
    certainty: LinkCertainty,
    frozen: FrozenIncident | None,
    source: ArticleRef | None,
    agency: str | None,
) -> Membership:
    """A member of a cell; of the same things it is the same value in every decision."""
    plain = certainty == "certain" and frozen is None and source is None
    if plain and agency == filed.article.agency:
        return BY_ITSELF.of(filed)
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


BY_ITSELF = Remembered(_by_itself, MOST_REPORTS)
_OTHERWISE = Remembered(_no_members, MOST_REPORTS)
_MOST_WAYS = 4
"""Of one report: how it is a member, beside by itself. (Each holds what it is known by.)"""


def agencies_of(articles: Iterable[ArticleRef], copies: Mapping[str, ArticleRef]) -> dict[str, str]:
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


def sources_of(member: Membership) -> frozenset[str]:
    """The outlets behind a member: a copy counts for the outlet of its source, and what an agency wrote
    for the agency.
    """
    return _SOURCES.of(member)


def counted_sources(cluster: Cluster) -> AbstractSet[str]:
    """The outlets behind the members that count."""
    return _COUNTED_SOURCES.of(cluster)


def primary_sources(cluster: Cluster) -> AbstractSet[str]:
    """The outlets behind the primaries."""
    return _PRIMARY_SOURCES.of(cluster)


def _all_sources_of(members: Iterable[Membership]) -> set[str]:
    return set[str]().union(*_SOURCES.all(members))


def _with_sources_of(known: set[str], member: Membership) -> set[str]:
    known |= _SOURCES.of(member)
    return known


_COUNTED_SOURCES = Derived(lambda c: _all_sources_of(c.counted), _with_sources_of)
_PRIMARY_SOURCES = Derived(lambda c: _all_sources_of(c.primaries), _with_sources_of)


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


def is_trusted(member: Membership, gazetteer: Gazetteer) -> bool:
    """Whether an outlet behind the member is one that the profile trusts alone."""
    trust = gazetteer.outlet_trust
    outlets = [member.filed.article.outlet]
    if member.frozen is not None:
        outlets = [m.outlet for m in member.frozen.members]
    return any(trust.get((outlet or "").casefold()) in _TRUSTED for outlet in outlets)


def _order(filed: FiledReport) -> tuple[bool, float, str]:
    return (*instant(filed.article.document_time), filed.report_id)


ORDERS = Remembered(_order, MOST_REPORTS)
order_of = ORDERS.of
"""What puts the earlier published first, then by report id."""


def instant(moment: dt.datetime | None) -> tuple[bool, float]:
    """What puts the earlier first, and what has no time last."""
    if moment is None:
        return True, 0.0
    return False, aware(moment).timestamp()
