"""Incidents as the store keeps them, and what merging is given and gives back.

Rules
-----
1. Every value here goes through JSON and back unchanged (``to_json``, ``from_json``).
2. An article is named by ``article_id``, a report by ``report_id`` = ``article_id#k``.
3. ``Component`` is all that ``merge.decide`` may look at; ``Changes`` is all that it may want.
   Nothing else passes between merging and the store.

Theory of operation
-------------------
The store gathers a component with ``merge.component`` (which reports could be one incident with
the incoming ones, which announced incidents hold them), calls ``merge.decide`` and carries out the
``Changes`` in one transaction: a ``Change`` is a new revision and is published; ``kept`` incidents
are stored again without one; ``links`` are those of the articles asked about; ``timers``
replace those of (incident, kind).
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter

from worker.core.domain.canonical import adapter_of
from worker.core.domain.document import Article
from worker.core.domain.remembered import WORST_DAY_REPORTS, Names, Remembered
from worker.core.domain.report import Report, Statement
from worker.core.domain.snapshot import (
    SNAPSHOT,
    Casualties,
    ChangeNote,
    LinkCertainty,
    Member,
    Snapshot,
    State,
    TimelinePoint,
)
from worker.core.domain.vocabulary import Band, EntryStatus, Label, PublishedBasis, Role

ConstraintKind = Literal["must", "pin", "cannot", "apart", "confirm", "retract", "erase"]
TimerKind = Literal["settle", "close"]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ArticleRef:
    """What merging needs to know of an article: whose it is and when, without its text."""

    article_id: str
    version: int
    outlet: str | None
    url: str | None
    lang: str
    published: dt.datetime | None
    published_basis: PublishedBasis
    first_seen: dt.datetime | None
    version_time: dt.datetime | None
    text_sha256: str
    title: str | None = None
    status: EntryStatus = "new"
    copy_signature: tuple[int, ...] = ()
    agency: str | None = None

    @classmethod
    def of(cls, article: Article) -> ArticleRef:
        """The reference of an article."""
        return cls(
            article_id=article.article_id,
            version=article.version,
            outlet=article.outlet,
            url=article.url,
            lang=article.lang,
            published=article.published,
            published_basis=article.published_basis,
            first_seen=article.first_seen,
            version_time=article.version_time,
            text_sha256=article.text_sha256,
            title=article.title,
            status=article.status,
            copy_signature=article.copy_signature,
            agency=article.agency,
        )

    @property
    def document_time(self) -> dt.datetime | None:
        """The time decisions rest on: ``published``, else ``first_seen``."""
        return self.published or self.first_seen


@dataclass(frozen=True, slots=True)
class FiledReport:
    """A report with the article it stands in, and that article's verdict."""

    report: Report
    article: ArticleRef
    band: Band
    label: Label = "attack_report"

    @property
    def report_id(self) -> str:
        """Id of the report; reports are ordered by it wherever an order is needed."""
        return self.report.report_id


@dataclass(frozen=True, slots=True)
class FrozenIncident:
    """A closed incident as one node: its slots as a report, its used statements, its members.

    Forgetting the old reports therefore changes nothing. ``report.report_id`` is
    ``incident_id#frozen``; its statements keep the ``report_id`` of those who printed them.
    """

    incident_id: str
    report: Report
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """The stored state of an incident: its last snapshot and what identity over time needs.

    ``ordinal`` says how early it was announced, over all incidents; the earliest survives a merge.
    ``founding_n``: it is the n-th incident that ``founding_article`` founded (0, 1, …).
    ``members`` are the current ones, all of them (the snapshot may show fewer), in its order.
    ``former`` are report ids that once were members; one that comes back reopens this id.
    ``frozen`` stands for members whose reports may be forgotten: all of them while closed. Of one that
    lost all it stands for none, and says what would be told again.
    ``settle_at`` and ``close_at`` repeat the timers, so that a decision knows what is due.
    """

    snapshot: Snapshot
    content_hash: str
    founding_article: str
    founding_n: int
    ordinal: int
    members: tuple[Member, ...]
    former: tuple[str, ...] = ()
    frozen: FrozenIncident | None = None
    settle_at: dt.datetime | None = None
    close_at: dt.datetime | None = None

    @property
    def incident_id(self) -> str:
        """Minted once, never reused."""
        return self.snapshot.incident_id

    @property
    def revision(self) -> int:
        """Of the last published state; 1, 2, 3 … without holes."""
        return self.snapshot.revision

    @property
    def state(self) -> State:
        """State in the last published revision."""
        return self.snapshot.state

    @property
    def superseded_by(self) -> str | None:
        """The survivor, when this one was merged away."""
        return self.snapshot.superseded_by

    @property
    def is_emptied(self) -> bool:
        """Whether all its reports were withdrawn."""
        return self.state == "retracted" and not self.members

    @property
    def article_ids(self) -> frozenset[str]:
        """Articles of current and former members."""
        return self.member_articles.union(map(article_of, self.former))

    @property
    def member_articles(self) -> frozenset[str]:
        """Articles of current members."""
        return _ARTICLE_IDS.of(self.members)

    @property
    def member_ids(self) -> frozenset[str]:
        """The reports that are members."""
        return report_ids(self.members)


def report_ids(members: tuple[Member, ...]) -> frozenset[str]:
    """The reports of some members."""
    return _REPORT_IDS.of(members)


_ARTICLE_IDS: Names[Member] = Names(attrgetter("article_id"))
_REPORT_IDS: Names[Member] = Names(attrgetter("report_id"))


@dataclass(frozen=True, slots=True)
class Constraint:
    """A person's decision, over article ids (or report ids, where an article tells of several).

    ``must``: one incident. ``pin``: they are one already, and stay so. ``cannot``: any two of them
    apart. ``apart``: the first apart from each other one. ``confirm``: reports in band ``review``
    act. ``retract``: the incident that holds them is retracted. ``erase``: nothing of these
    articles is kept.
    ``incidents``: those that the person named, which stand for members whose reports are gone.
    """

    kind: ConstraintKind
    articles: tuple[str, ...]
    incidents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """Everything one decision looks at.

    ``reports``: the current reports of every live member and candidate (a withdrawn article has
    none). ``frozen``: nodes of closed incidents (those inside ``announced`` count too).
    ``announced``: stored states of all incidents that hold or held one of these articles,
    superseded and closed ones too. ``founded``: (article, n) pairs in use for these articles.
    ``next_ordinal``: one more than any incident's so far. ``copies``: the pairs of articles of which
    one repeats the other's text; None: nobody looked.
    """

    reports: tuple[FiledReport, ...] = ()
    frozen: tuple[FrozenIncident, ...] = ()
    announced: tuple[Incident, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    founded: tuple[tuple[str, int], ...] = ()
    next_ordinal: int = 1
    copies: frozenset[frozenset[str]] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One new revision of one incident: ``incident.snapshot`` is published and stored."""

    incident: Incident

    @property
    def note(self) -> ChangeNote:
        """Kind, material, cause, affected incidents, change id, fields."""
        return self.incident.snapshot.change


@dataclass(frozen=True, slots=True)
class TimerSet:
    """Set, move or (``due_at`` None) clear the one timer of (incident, kind)."""

    incident_id: str
    kind: TimerKind
    due_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Link:
    """Where a report belongs now; ``incident_id`` None: to no incident."""

    report_id: str
    incident_id: str | None
    certainty: LinkCertainty
    role: Role


@dataclass(frozen=True, slots=True)
class Changes:
    """What a decision wants done, in order; empty when nothing is new.

    ``changes``: survivors before those they supersede. ``kept``: stored again, no revision.
    ``copies``: article → the article whose text it repeats. ``links``: where the reports of the articles
    that were asked about belong.
    """

    changes: tuple[Change, ...] = ()
    kept: tuple[Incident, ...] = ()
    timers: tuple[TimerSet, ...] = ()
    copies: dict[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()

    def links_of(self, article_id: str) -> tuple[Link, ...]:
        """The links of the reports of an article; links are in order of report id."""
        first, last = (
            bisect_left(self.links, f"{article_id}{end}", key=attrgetter("report_id"))
            for end in ("#", "$")  # the sign that follows
        )
        return self.links[first:last]


def article_of(report_id: str) -> str:
    """The article that a report stands in."""
    return report_id.rpartition("#")[0]


def _remembered(kind: type[Any]) -> Remembered[Any, bytes]:
    return Remembered(lambda value: adapter_of(kind).dump_json(value), 10 * WORST_DAY_REPORTS)


_MEMBERS, _STATEMENTS, _POINTS = map(_remembered, (Member, Statement, TimelinePoint))
"""As JSON: of the thousand members and figures of an incident a revision changes one or two."""


def to_json(value: object) -> bytes:
    """One of this module's values as JSON (UTF-8)."""
    if not isinstance(value, Incident):
        return adapter_of(type(value)).dump_json(value)
    snapshot, figures = value.snapshot, value.snapshot.casualties
    lists = {
        "statements": _listed(_STATEMENTS.all(figures.statements)),
        "timeline": _listed(_POINTS.all(figures.timeline)),
    }
    parts = {
        "reports": _listed(_MEMBERS.all(snapshot.reports)),
        "casualties": _with_written(figures, adapter_of(Casualties), lists),
    }
    whole = {
        "snapshot": _with_written(snapshot, SNAPSHOT, parts),
        "members": _listed(_MEMBERS.all(value.members)),
    }
    return _with_written(value, adapter_of(Incident), whole)


def _listed(elements: Iterable[bytes]) -> bytes:
    return b"[%b]" % b",".join(elements)


def _with_written(value: object, adapter: TypeAdapter[Any], written: Mapping[str, bytes]) -> bytes:
    """A value as JSON of which some fields are written already."""
    rest = adapter.dump_json(value, exclude=set(written))
    return b"%b,%b}" % (
        rest[:-1],
        b",".join(b'"%b":%b' % (n.encode(), w) for n, w in written.items()),
    )


def from_json(kind: type[_T], data: bytes | str) -> _T:
    """The inverse of ``to_json``. Raises ``pydantic.ValidationError`` when it is no such value."""
    value: _T = adapter_of(kind).validate_json(data)
    return value
