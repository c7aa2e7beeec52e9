"""What an article says: verdict, reports, their slots, and every figure as a statement.

Rules
-----
1. Values only: no I/O, no clock, no defaults that hide a decision.
2. ``None`` means *not reported*. It is never 0, and 0 is never written for "unknown".
3. ``Statement`` and ``Report`` have one shape everywhere: in ``analyze``, in the reports topic and
   in the snapshot of an incident. Fields are only ever added.

The words are those of GTD and ACLED for incidents, and of MUC-4 for the confidence of an
attribution.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Literal

from worker.core.domain.document import Article, Span
from worker.core.domain.vocabulary import (
    Attribution,
    Band,
    DateBasis,
    DatePrecision,
    Label,
    Measure,
    PlacePrecision,
    Qualifier,
    Role,
    Scope,
    StatementStatus,
    TargetRole,
    Trust,
    WhyDerived,
    Zone,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One signed term of a verdict. A reason with no place in the text has no span."""

    code: str
    weight: float
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Does the article freshly report an attack here? ``probability`` is that of attack_report."""

    label: Label
    probability: float
    band: Band
    reasons: tuple[Reason, ...] = ()
    places: tuple[str, ...] = ()
    """Names of the other places that the article is about, if any."""


@dataclass(frozen=True, slots=True)
class IncidentDate:
    """Local calendar days on which the attack may have begun, both inclusive."""

    start: dt.date | None
    end: dt.date | None
    precision: DatePrecision
    basis: DateBasis


@dataclass(frozen=True, slots=True)
class Place:
    """Where it happened. ``name`` is the finest place phrase as printed; the rest is canonical.

    ``path`` runs from the finest gazetteer id to the widest; merging compares it, people read the
    names. A coordinate is never invented: ``lat`` and ``lon`` come from the gazetteer with a
    ``trust``, or are None.
    """

    name: str
    neighbourhood: str | None = None
    police_district: int | None = None
    landmark: str | None = None
    lat: float | None = None
    lon: float | None = None
    precision: PlacePrecision = "city"
    trust: Trust | None = None
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weapon:
    """GTD weapon type and subtype, by name (``explosives``/``vehicle``), and the words used."""

    type: str
    subtype: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What was hit or aimed at. ``id`` is a canonical key for comparing; ``parent`` its owner.

    ``lang`` is the language of ``name`` and ``id``; None in what was written before it was kept. It
    says how to read the name, not what was hit, so it makes no other target.
    """

    name: str
    type: str
    role: TargetRole
    subtype: str | None = None
    id: str | None = None
    parent: str | None = None
    lang: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Perpetrator:
    """Who did it, and how surely (MUC-4 scale)."""

    name: str
    actor_class: str
    attribution: Attribution


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim or denial of responsibility, with who spoke for the group."""

    group: str
    claimed: Literal["yes", "denied"]
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """Bounds of a number of people. ``high`` None: open; ``best`` None: no number was printed."""

    low: int | None
    best: int | None
    high: int | None
    open_upper: bool = False
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class CategoryFigure:
    """A figure for one class of victims ("nine children"): never added to a total."""

    measure: Measure
    victim_class: str
    low: int | None
    best: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class OtherCount:
    """A count that is no casualty: rescued, arrested, missing, hostages."""

    kind: str
    low: int | None
    best: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Statement:
    """One figure as printed: what was counted, the number, who said it, where in the text.

    ``id`` is unique within its report ("k1"), and everywhere once ``of_report`` has made it so
    ("a-4bhh#1/k1"); ``subset_of`` names another statement's ``id``.
    ``victim_class`` is "unspecified", "perpetrator", or a class such as "children", "civilians",
    "security_forces". ``low`` and ``high`` are the bounds of the wording (docs/method.md, Figures);
    ``value`` is the number as printed, None for a wording without a number.
    ``said_at`` is the version time of the article that printed it.
    """

    id: str
    measure: Measure
    victim_class: str
    value: int | None
    low: int | None
    high: int | None
    qualifier: Qualifier
    speaker: str | None
    speaker_id: str
    speaker_type: str
    anonymous: bool
    perpetrator_party: bool
    said_at: dt.datetime | None
    scope: Scope
    status: StatementStatus
    subset_of: str | None
    zone: Zone
    quote: str
    start: int
    end: int
    derived: bool = False
    """True when the figure is no opinion of its own about the whole: the outlet's repetition of what a
    speaker gave, a headline's of the body, a number that the text itself replaces, some of a larger
    one. ``why_derived`` says which."""
    report_id: str | None = None
    person: str | None = None
    """The one person counted, when a figure is no number: an age, a surname, "" for a nameless one."""
    replaces: int | None = None
    """The number that its text says it takes the place of ("to five from eight")."""
    why_derived: WhyDerived | None = None
    """The first reason that was found, where it is ``derived``."""

    def as_derived(self, why: WhyDerived) -> Statement:
        """The same as no opinion of its own; a reason that was found before stays."""
        return self if self.derived else replace(self, derived=True, why_derived=why)

    @property
    def span(self) -> Span:
        """Where the article prints it."""
        return Span(self.start, self.end, self.quote)

    def of_report(self, report_id: str) -> Statement:
        """The same as one of many reports' statements: their ids begin with that of the report.

        One that has a ``report_id`` already is as it must be.
        """
        if self.report_id is not None:
            return self
        part = self.subset_of and f"{report_id}/{self.subset_of}"
        return replace(self, id=f"{report_id}/{self.id}", subset_of=part, report_id=report_id)


@dataclass(frozen=True, slots=True)
class Quoted:
    """Somebody who is quoted for what is no figure, as a ``Statement`` names its speaker."""

    speaker: str | None
    speaker_id: str
    speaker_type: str


@dataclass(frozen=True, slots=True)
class Report:
    """What one article says about one attack."""

    report_id: str
    role: Role
    date: IncidentDate
    time: str | None
    place: Place | None
    attack_types: tuple[str, ...]
    suicide: Literal["yes", "no"] | None
    weapons: tuple[Weapon, ...]
    targets: tuple[Target, ...]
    perpetrators: tuple[Perpetrator, ...]
    claims: tuple[Claim, ...]
    killed: Figure | None
    injured: Figure | None
    attackers_killed: Figure | None
    by_category: tuple[CategoryFigure, ...]
    statements: tuple[Statement, ...]
    incident_status: Literal["ongoing", "ended", "unknown"]
    evidence: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    attackers_injured: Figure | None = None
    other_counts: tuple[OtherCount, ...] = ()
    n_blasts: int | None = None
    n_attacks: int | None = None
    """Of how many attacks its figures are, where it tells several as one, with no site for each."""
    victims: tuple[str, ...] = ()
    """Names of victims as printed: weak evidence that two reports are one incident."""
    probability: float | None = None
    """Of this segment being a fresh attack here; the verdict's is the highest of them."""
    retracted_by: tuple[Quoted, ...] = ()
    """Of a retraction those who are quoted for it, in the order of the text; () for the outlet alone."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that the pure chain found in one version of one article."""

    article: Article
    verdict: Verdict
    reports: tuple[Report, ...]
