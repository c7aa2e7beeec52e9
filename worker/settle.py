"""Ends a piece of work: decide what it means for the incidents, and commit that in one transaction.

Rules
-----
1. One transaction: the inbox row out; article version, reports, incident changes, timers, outbox in.
2. Version n replaces all reports of version n - 1 (a kill replaces them by none); then the component
   is decided anew. Late, equal or shrunken versions and identical content change nothing. A part of a
   story that was missing is never late. Figures that all stand as they were keep their time.
3. The decision itself is pure (``core.merge``); this module only gathers, carries out and writes.
4. ``as_of`` is the ``now`` of the settle; of a tick it is the moment at which the timer was due.
5. Of an article that a person had erased no later version is taken.

Every function here runs on the writer thread, inside the transaction that the writer opened.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from worker import crash_points
from worker.core.contract.message import dead_letter_record, messages, report_record, wants_record
from worker.core.contract.records import DeadLetter
from worker.core.domain.document import Article
from worker.core.domain.incident import Change, Changes
from worker.core.domain.report import Analysis, Verdict
from worker.core.domain.vocabulary import EntryStatus
from worker.core.figures.said_again import with_first_times
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.decide import decide
from worker.core.sources.story import completes
from worker.store import articles, dead_letters, inbox, incidents, outbox
from worker.store.component import gather_component
from worker.store.connect import Connection
from worker.store.constraints import is_erased
from worker.store.inbox import Work
from worker.store.parts import drop_parts, keep_part
from worker.store.timers import clear_due_timers, due_timers

Outcome = Literal[
    "reported", "review", "set_aside", "withdrawn", "unmatched", "unchanged", "late", "shrunk",
    "corrected", "maybe_withdrawn", "back", "erased",
]  # fmt: skip
SHRUNK_BELOW = 0.35
"""A page that lost two thirds of its text is a paywall or an error page, not a new version."""
_TIMERS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Settled:
    """What a settle did: the outcome, and each incident that got a revision."""

    outcome: Outcome
    article_id: str
    version: int
    verdict: Verdict | None = None
    changes: tuple[Change, ...] = ()
    """One for each incident that got a revision."""
    home: str | None = None
    """The incident that the article's first report is part of now; of a withdrawal, was part of."""
    report: str | None = None
    """Of a withdrawal the article's first report, which is gone."""
    decision: str | None = None
    """Of a person's decision its id, whether it was made or taken back."""
    erased: tuple[str, ...] = ()
    """The incidents of which nothing is kept."""


def settle(
    conn: Connection,
    work: Work,
    analysis: Analysis,
    now: dt.datetime,
    knowledge: Knowledge,
) -> Settled:
    """Settle the analysis of one version of one article. Raises ``StateError`` on our own fault."""
    if is_erased(conn, work.article_id):
        inbox.finish(conn, work)
        return Settled("erased", work.article_id, work.version)
    standing = articles.standing(conn, work.article_id)
    told_at = _told_at(work)
    if standing is not None and work.entry is not None and completes(work.entry, work.parts):
        told_at = max(filter(None, (told_at, standing.told_at)), default=None)
    idle = _changes_nothing(standing, analysis, told_at)
    inbox.finish(conn, work)
    if idle is not None:
        settled = Settled(idle, work.article_id, analysis.article.version, analysis.verdict)
        return _committing(settled)
    if work.entry is not None and work.kind == "entry":
        keep_part(conn, work.article_id, work.entry, now)
    before = _before(standing)
    analysis = _with_first_times(conn, analysis)
    settle_id = outbox.next_settle_id(conn)
    articles.replace_version(
        conn,
        analysis,
        settle_id,
        now,
        told_at=told_at,
        published_record=wants_record(analysis, written_before=before.written),
    )
    articles.file_reports(conn, analysis, knowledge)
    changes = conclude(conn, analysis, settle_id, now, knowledge, before, backfill=work.backfill)
    return _committing(_settled(analysis, changes))


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier versions of an article left. ``told``: reports; ``written``: a record in the reports
    topic.
    """

    told: bool
    written: bool


def _before(standing: articles.Standing | None) -> Before:
    if standing is None:
        return Before(told=False, written=False)
    return Before(standing.has_reports, standing.published_record)


def conclude(
    conn: Connection,
    analysis: Analysis,
    settle_id: int,
    now: dt.datetime,
    knowledge: Knowledge,
    before: Before,
    *,
    backfill: bool = False,
) -> Changes:
    """Decide what a version that was just filed means, and queue what is to be said of it.

    ``backfill``: it came with the first poll of its feed.
    """
    changes = Changes()
    if analysis.reports or before.told:
        names = {analysis.article.article_id}
        changes = _decide(conn, names, analysis, now, knowledge, backfill=backfill)
    _enqueue(conn, settle_id, changes, now, knowledge)
    record = report_record(
        analysis,
        changes.links_of(analysis.article.article_id),
        now,
        knowledge,
        written_before=before.written,
        copy_of=changes.copies.get(analysis.article.article_id),
    )
    if record is not None:
        outbox.append(conn, settle_id, (record,), now)
    return changes


def decide_again(
    conn: Connection,
    names: Collection[str],
    settle_id: int,
    now: dt.datetime,
    knowledge: Knowledge,
) -> Changes:
    """Decide the component of these articles anew, for a reason other than a version of one."""
    changes = _decide(conn, names, None, now, knowledge)
    _enqueue(conn, settle_id, changes, now, knowledge)
    return changes


def withdraw(conn: Connection, work: Work, now: dt.datetime, knowledge: Knowledge) -> Settled:
    """A kill or hold: the article's reports go, and what they held up is decided anew.

    Nothing may be here yet to be withdrawn; then what comes later, but was made before, is late.
    """
    standing = articles.standing(conn, work.article_id)
    status = _ordered(work)
    if standing is not None and standing.article.status == status:
        inbox.finish(conn, work)
        return Settled("unchanged", work.article_id, work.version)
    told_at = _told_at(work) or work.admitted_at
    article = replace(
        standing.article if standing is not None else _unseen(work),
        version=work.version,
        status=status,
        version_time=told_at,
    )
    if status == "kill":
        drop_parts(conn, work.article_id)
    nothing = Analysis(article, Verdict("other", 0.0, "drop"), ())
    held = incidents.held_up(conn, work.article_id)
    settled = settle(conn, work, nothing, now, knowledge)
    if settled.outcome == "late":
        return settled
    if held is not None:
        settled = replace(settled, home=held[0], report=held[1])
    return replace(settled, outcome="withdrawn" if standing is not None else "unmatched")


def _ordered(work: Work) -> EntryStatus:
    """Kill or hold, as the item says, else the document in its place."""
    told = work.entry or work.document
    return told.status if told is not None and told.status in ("kill", "hold") else "kill"


def _unseen(work: Work) -> Article:
    """The article of an item that was withdrawn before any version of it was read: no text at all."""
    entry = work.entry
    return Article(
        article_id=work.article_id,
        version=work.version,
        title=None,
        body="",
        text="",
        text_sha256=hashlib.sha256(b"").hexdigest(),
        outlet=entry.outlet if entry is not None else None,
        url=None,
        lang=(entry.lang if entry is not None else None) or "und",
        published=None,
        published_basis="none",
        first_seen=work.admitted_at,
        version_time=None,
    )


def note_gone(
    conn: Connection, work: Work, now: dt.datetime, knowledge: Knowledge, *, gone: bool
) -> Settled:
    """Say of an article's reports that their page is gone (or back); its words stand all the same.

    A publisher that takes an article down without a word may have moved it. The record of the article
    is published again with the mark; no figure changes for it.
    """
    inbox.finish(conn, work)
    known = articles.analysis_of(conn, work.article_id)
    if known is None or known[0].article.maybe_withdrawn == gone:
        return _committing(Settled("unchanged", work.article_id, work.version))
    article = replace(known[0].article, maybe_withdrawn=gone, page_checked_at=now)
    articles.mark_maybe_withdrawn(conn, article)
    analysis = replace(known[0], article=article)
    settle_id = outbox.next_settle_id(conn)
    changes = decide_again(conn, {work.article_id}, settle_id, now, knowledge)
    record = report_record(analysis, changes.links_of(work.article_id), now, knowledge, written_before=True,
                           copy_of=changes.copies.get(work.article_id))  # fmt: skip
    if record is not None:
        outbox.append(conn, settle_id, (record,), now)
    outcome: Outcome = "maybe_withdrawn" if gone else "back"
    return _committing(
        Settled(outcome, work.article_id, analysis.article.version, changes=changes.changes)
    )


def file_withdrawal(
    conn: Connection, analysis: Analysis, settle_id: int, now: dt.datetime, knowledge: Knowledge
) -> Changes:
    """File a version without reports, and decide what its article held up; the reports topic is not
    told.
    """
    articles.replace_version(conn, analysis, settle_id, now, told_at=None, published_record=False)
    changes = _decide(conn, {analysis.article.article_id}, analysis, now, knowledge)
    _enqueue(conn, settle_id, changes, now, knowledge)
    return changes


def bury(
    conn: Connection,
    work: Work,
    reason: str,
    detail: str,
    now: dt.datetime,
    knowledge: Knowledge,
) -> None:
    """Give a piece of work up: to the dead letters, in the store and in the topic."""
    inbox.finish(conn, work)
    dead_letters.add(conn, work, reason, detail, now)
    letter = DeadLetter(
        id=work.entry.id if work.entry is not None else work.article_id,
        kind=work.kind,
        reason=reason,
        detail=detail[:500],
        attempts=work.attempts,
        as_of=now,
        url=work.entry.url if work.entry is not None else None,
        feed=work.entry.feed if work.entry is not None else None,
        article_id=work.article_id,
        first_seen=work.admitted_at,
    )
    settle_id = outbox.next_settle_id(conn)
    outbox.append(conn, settle_id, (dead_letter_record(letter, knowledge),), now)


def tick(conn: Connection, now: dt.datetime, knowledge: Knowledge) -> tuple[Change, ...]:
    """Settle the timers due by ``now``, oldest first, at most 100 a call; returns the revisions made.

    Each is decided as of the moment it was due, so a worker that slept decides the same.
    """
    made: list[Change] = []
    for timer in due_timers(conn, now, _TIMERS_AT_ONCE):
        clear_due_timers(conn, timer.incident_id, timer.due_at)
        settle_id = outbox.next_settle_id(conn)
        changes = _decide(conn, {timer.incident_id}, None, timer.due_at, knowledge)
        _enqueue(conn, settle_id, changes, timer.due_at, knowledge)
        made.extend(changes.changes)
    crash_points.point("tick.before_commit")
    return tuple(made)


def _changes_nothing(
    standing: articles.Standing | None, analysis: Analysis, told_at: dt.datetime | None
) -> Outcome | None:
    """Why a version changes nothing, or None when it does change something."""
    if standing is None:
        return None
    old, new = standing.article, analysis.article
    if new.version <= old.version:
        return "late"
    if told_at is not None and standing.told_at is not None:
        ended = old.status == "kill" and new.status != "kill"
        if told_at < standing.told_at or (ended and told_at == standing.told_at):
            return "late"
    if new.text_sha256 == old.text_sha256 and new.status == old.status:
        return "unchanged"
    if new.status in ("new", "update") and len(new.text) < SHRUNK_BELOW * len(old.text):
        return "shrunk"
    return None


def _with_first_times(conn: Connection, analysis: Analysis) -> Analysis:
    """The analysis, with the times that its figures have from the version that stands."""
    before = articles.analysis_of(conn, analysis.article.article_id) if analysis.reports else None
    if before is None:
        return analysis
    return replace(analysis, reports=with_first_times(analysis.reports, before[0].reports))


def _told_at(work: Work) -> dt.datetime | None:
    """The time that the source itself gives this version, if any."""
    if work.entry is not None and work.entry.updated is not None:
        return work.entry.updated
    return work.document.updated if work.document is not None else None


def _decide(
    conn: Connection,
    names: Collection[str],
    incoming: Analysis | None,
    now: dt.datetime,
    knowledge: Knowledge,
    *,
    backfill: bool = False,
) -> Changes:
    component = gather_component(conn, names, knowledge)
    changes = decide(component, incoming, now, knowledge, backfill=backfill, asked=names)
    incidents.carry_out(conn, changes, now)
    return changes


def _enqueue(
    conn: Connection,
    settle_id: int,
    changes: Changes,
    now: dt.datetime,
    knowledge: Knowledge,
) -> None:
    for change in changes.changes:
        outbox.append(conn, settle_id, messages(change, now, knowledge), now)


def _settled(analysis: Analysis, changes: Changes) -> Settled:
    article = analysis.article
    outcome: Outcome = "set_aside"
    if any(report.role != "background" for report in analysis.reports):
        outcome = "review" if analysis.verdict.band == "review" else "reported"
    own = changes.links_of(article.article_id)
    links = {link.report_id: link.incident_id for link in own}
    homes = [links.get(report.report_id) for report in analysis.reports]
    return Settled(
        outcome=outcome,
        article_id=article.article_id,
        version=article.version,
        verdict=analysis.verdict,
        changes=changes.changes,
        home=next((home for home in homes if home is not None), None),
    )


def _committing(settled: Settled) -> Settled:
    """The last thing before the caller commits."""
    crash_points.point("settle.before_commit")
    return settled
