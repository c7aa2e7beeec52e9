"""The snapshot of an incident: the value of a Kafka message, field by field.

Rules
-----
1. This module is the contract. Inside v1 fields are only added; consumers ignore unknown ones.
2. Slots have the names and shapes of ``Report``; ``support`` says which report gave which slot,
   and where in its text. A value that nobody printed is None, never 0.
3. Statements, spans and support carry a ``report_id``.
4. ``as_of``, ``change``, ``revision`` and ``background`` say how and when we know; everything
   else says what happened. A revision is made iff the latter differs.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from pydantic import TypeAdapter

from worker.core.domain.report import (
    CategoryFigure,
    Claim,
    Figure,
    IncidentDate,
    OtherCount,
    Perpetrator,
    Place,
    Statement,
    Target,
    Weapon,
)
from worker.core.domain.vocabulary import Measure, Qualifier, Role

State = Literal["provisional", "active", "settled", "closed", "superseded", "retracted"]
ChangeKind = Literal[
    "created", "updated", "merged", "split", "retracted", "reopened", "closed", "resync"
]
LinkCertainty = Literal["certain", "probable", "ambiguous"]


@dataclass(frozen=True, slots=True)
class Support:
    """One report that gave a slot its value, with the words when the report points at them."""

    report_id: str
    start: int | None = None
    end: int | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One report of an incident: whose, in which version, how surely, and whether it is a copy.

    ``copy_of`` is the article whose text this one repeats; both count as one source. So do all that
    credit one ``agency``.
    """

    report_id: str
    article_id: str
    version: int
    outlet: str | None
    url: str | None
    title: str | None
    lang: str
    role: Role
    link: LinkCertainty
    copy_of: str | None
    published: dt.datetime | None
    first_seen: dt.datetime | None
    text_sha256: str
    agency: str | None = None


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """Another incident that may be this one; the probability is too low to merge."""

    incident_id: str
    probability: float


@dataclass(frozen=True, slots=True)
class IncidentGroup:
    """Sites struck together. A combined toll belongs to the group, never to a member."""

    id: str
    members: tuple[str, ...]
    killed: Figure | None
    injured: Figure | None


@dataclass(frozen=True, slots=True)
class TimelinePoint:
    """What one speaker said of one total, when it was new or changed. Oldest first."""

    at: dt.datetime | None
    measure: Measure
    value: int | None
    low: int | None
    high: int | None
    qualifier: Qualifier
    speaker_id: str
    report_id: str


@dataclass(frozen=True, slots=True)
class Casualties:
    """Figures of the incident. Victims and attackers are never added up."""

    killed: Figure | None = None
    injured: Figure | None = None
    attackers_killed: Figure | None = None
    attackers_injured: Figure | None = None
    by_category: tuple[CategoryFigure, ...] = ()
    other_counts: tuple[OtherCount, ...] = ()
    timeline: tuple[TimelinePoint, ...] = ()
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class BackgroundLink:
    """A past attack mentioned by this incident's own articles; ``incident_id`` None: not ours."""

    report_id: str
    date: IncidentDate
    killed: Figure | None
    perpetrator: str | None
    quote: str | None
    incident_id: str | None


@dataclass(frozen=True, slots=True)
class Codes:
    """The incident in the words of other databases: GTD and ACLED, names and numbers."""

    gtd: dict[str, str] = field(default_factory=dict)
    acled: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeNote:
    """Why this revision exists. ``fields`` are the top-level names that differ from the last."""

    kind: ChangeKind
    material: bool
    backfill: bool
    cause_report: str | None
    affected: tuple[str, ...]
    change_id: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One published state of an incident: complete, so that the newest record says it all."""

    incident_id: str
    revision: int
    state: State
    as_of: dt.datetime
    change: ChangeNote
    profile: str
    country: str
    zone: str
    supersedes: tuple[str, ...]
    superseded_by: str | None
    split_from: str | None
    incident_group: IncidentGroup | None
    possible_duplicate_of: tuple[PossibleDuplicate, ...]
    date: IncidentDate
    time: str | None
    place: Place | None
    attack_types: tuple[str, ...]
    suicide: Literal["yes", "no"] | None
    weapons: tuple[Weapon, ...]
    targets: tuple[Target, ...]
    perpetrators: tuple[Perpetrator, ...]
    claims: tuple[Claim, ...]
    incident_status: Literal["ongoing", "ended", "unknown"]
    n_blasts: int | None
    victims: tuple[str, ...]
    casualties: Casualties
    support: dict[str, tuple[Support, ...]]
    reports: tuple[Member, ...]
    reports_total: int
    n_independent: int
    codes: Codes
    corroborated: bool = False
    background: tuple[BackgroundLink, ...] = ()
    truncated: tuple[str, ...] = ()
    """What was left out to keep the record small: "statements", "timeline", "reports", …"""


SNAPSHOT: TypeAdapter[Snapshot] = TypeAdapter(Snapshot)
"""Reader, writer and JSON Schema of a snapshot."""
