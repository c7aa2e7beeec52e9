"""The other records that are published: articles with their reports, dead letters, heartbeats.

``PublishedReport`` is a ``Report`` that knows which incident it is part of; so analyze, the
reports topic and the snapshot speak of statements and reports in the same words.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pydantic import TypeAdapter

from worker.core.domain.incident import ConstraintKind
from worker.core.domain.report import Report, Verdict
from worker.core.domain.snapshot import LinkCertainty
from worker.core.domain.vocabulary import EntryStatus, PublishedBasis


@dataclass(frozen=True, slots=True)
class PublishedReport(Report):
    """A report and the incident it belonged to when it was settled; None: to none."""

    incident_id: str | None = None
    link: LinkCertainty | None = None


@dataclass(frozen=True, slots=True)
class ArticleRecord:
    """One version of one article: verdict and all its reports, never its text."""

    article_id: str
    version: int
    status: EntryStatus
    outlet: str | None
    url: str | None
    title: str | None
    lang: str
    published: dt.datetime | None
    published_basis: PublishedBasis
    first_seen: dt.datetime | None
    version_time: dt.datetime | None
    text_sha256: str
    copy_signature: tuple[int, ...]
    copy_of: str | None
    as_of: dt.datetime
    profile: str
    verdict: Verdict
    reports: tuple[PublishedReport, ...]
    truncated: bool = False
    """Statements, evidence or reasons were left out to keep the record small."""
    agency: str | None = None
    """The news agency whose text it is."""
    maybe_withdrawn: bool = False
    """The page was gone (404, 410) when it was asked again, twice; no agency or outlet says why."""
    page_checked_at: dt.datetime | None = None
    """When ``maybe_withdrawn`` last changed within this version; null: never."""


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """What a person decided about articles; it is kept for ever, so it outlives a lost store.

    ``articles`` are what the decision is about (ids of reports where an article tells of several
    attacks), in the order that its kind gives a meaning; ``incidents`` those that the person named.
    ``undone_at``: when it was taken back; null: it holds.
    """

    decision_id: str
    kind: ConstraintKind
    articles: tuple[str, ...]
    incidents: tuple[str, ...]
    made_at: dt.datetime
    undone_at: dt.datetime | None
    as_of: dt.datetime
    profile: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What could not be processed: the original id, why, and how often it was tried."""

    id: str
    kind: str
    reason: str
    detail: str
    attempts: int
    as_of: dt.datetime
    url: str | None = None
    feed: str | None = None
    article_id: str | None = None
    first_seen: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The worker is alive and reads: a silent topic without it means nothing happened or nothing
    works.
    """

    instance: str
    profile: str
    as_of: dt.datetime
    newest_article: dt.datetime | None
    feeds_ok: int
    feeds_failing: int
    version: str
    knowledge: str


ARTICLE_RECORD: TypeAdapter[ArticleRecord] = TypeAdapter(ArticleRecord)
DEAD_LETTER: TypeAdapter[DeadLetter] = TypeAdapter(DeadLetter)
DECISION: TypeAdapter[DecisionRecord] = TypeAdapter(DecisionRecord)
HEARTBEAT: TypeAdapter[Heartbeat] = TypeAdapter(Heartbeat)
