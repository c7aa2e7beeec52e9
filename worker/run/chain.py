"""One piece of work, from the inbox to the transaction that ends it: fetch, analyze, settle.

Rules
-----
1. Work leaves the inbox only by a settle, a postponing or a burial, each one transaction on the
   writer's connection. Cancelled in between, it is simply still there.
2. A page that cannot be had now is tried again later; one that cannot be had at all, or has no
   article in it, is replaced by what the feed itself said: a headline is better than nothing. While
   the entry is young its page is asked for again: a page may be later than the feed that tells of it.
3. A job that had to be killed is tried once more, then alone, then kept in the dead letters.
   Errors of the store pass through: they end the worker.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from worker import crash_points
from worker.config.schema import FeedConfig
from worker.core.domain.caps import readable
from worker.core.domain.document import Document, Entry
from worker.core.domain.errors import FetchError, InputError, PageError
from worker.core.domain.incident import Change
from worker.core.domain.report import Analysis
from worker.core.knowledge.knowledge import Knowledge
from worker.core.sources.story import whole
from worker.decisions import command_of, correct
from worker.ingest.fetch import Fetcher, Response, Validators
from worker.ingest.fetch_page import ask_page, document_of, with_page
from worker.ingest.host_waits import host_waits
from worker.ingest.robots import Robots
from worker.observe import log
from worker.observe.article_line import ArticleLine
from worker.observe.metrics import Metrics
from worker.run.full_store import FullStore
from worker.sandbox.pool import Sandbox, SandboxKilledError
from worker.settle import Settled, bury, settle, withdraw
from worker.store import inbox, incidents
from worker.store.connect import Connection
from worker.store.inbox import Recheck, Work
from worker.store.times import stamp_or_none
from worker.store.writer import Writer

LATER = frozenset(
    {"timeout", "dns", "connect", "reset", "tls", "protocol", "truncated", "http_429", "http_5xx",
     "rate_limited", "robots_unavailable", "unexpected_status"}
)  # fmt: skip
"""Reasons of ``FetchError`` that may pass by themselves."""
_FIRST_WAIT = dt.timedelta(minutes=1)
_LONGEST_WAIT = dt.timedelta(hours=1)
_PAGE_TRIES = 5
AGAIN = frozenset(
    {"http_404", "http_410", "http_403", "redirect", "challenge", "consent", "maintenance",
     "login", "soft_404", "home_page", "stub", "other_text", "too_short", "unreadable"}
)  # fmt: skip
"""Why a page was not the article, and may be it in a while."""
_REVISITS = (dt.timedelta(minutes=2), dt.timedelta(minutes=20), dt.timedelta(hours=3))
_YOUNG = dt.timedelta(days=1)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was read. ``page``: ``read``, ``partial``, or why the feed's own words were read instead;
    None when no page was wanted.
    """

    analysis: Analysis
    page: str | None = None
    answer: Response | None = None
    """The page as it was sent, when it was the article."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What working on an article needs, and the working."""

    full: FullStore
    writer: Writer
    sandbox: Sandbox
    fetcher: Fetcher
    robots: Robots
    knowledge: Knowledge
    feeds: Mapping[str, FeedConfig]
    metrics: Metrics

    async def work_off(self, work: Work, now: Callable[[], dt.datetime]) -> None:
        """End one piece of work, or put it off. ``now`` is asked when it is settled."""
        began = time.monotonic()
        if work.attempts > inbox.TAKES_ALONE:
            detail = f"the process ended {inbox.TAKES_ALONE} times while this was worked on"
            await self._bury(work, "crashed", detail, now(), tries=work.attempts - 1)
            return
        if work.kind in {"kill", "correction"}:
            await self._obey(work, now(), began)
            return
        try:
            with host_waits() as waits:
                reading = await self._read(work, now())
        except FetchError as error:
            await self._put_off(work, error, now())
        except PageError as error:
            await self._bury(work, error.reason, error.detail, now())
        except SandboxKilledError as error:
            await self._after_kill(work, error.reason, now())
        else:
            moment, analysis = now(), reading.analysis
            again = _revisit_at(work, reading.page, moment)
            settled, revision = await self.write(
                lambda conn: self._settle(conn, work, reading, again, moment)
            )
            crash_points.point("settle.after_commit")
            text = analysis.article.text
            line = replace(
                line_of(work, settled, revision, began),
                text_cut=len(text) - len(readable(text)) or None,
                page=reading.page,
                wait_ms=round(sum(waits) * 1000) if waits else None,
                page_again=stamp_or_none(again),
            )
            self.tell(line, settled.changes)
            self._measure(analysis, moment)

    def _settle(
        self,
        conn: Connection,
        work: Work,
        reading: _Reading,
        again: dt.datetime | None,
        now: dt.datetime,
    ) -> tuple[Settled, int | None]:
        if again is not None:
            inbox.plant_revisit(conn, work, again, now)
        settled = settle(conn, work, reading.analysis, now, self.knowledge)
        if reading.answer is not None:
            self.plan_recheck(conn, work, known_of(reading.answer, now), now)
        return with_revision(conn, settled)

    def plan_recheck(self, conn: Connection, work: Work, known: Recheck, now: dt.datetime) -> None:
        """Plan when the page of an article is asked again, while it holds up a live incident."""
        due = next_recheck(known.since, self.fetcher.settings.recheck_s, now)
        if due is not None and incidents.is_live(conn, work.article_id):
            inbox.plant_recheck(conn, work, known, due, now)

    async def _obey(self, work: Work, now: dt.datetime, began: float) -> None:
        """A kill by the outlet, or a person's correction: nothing is read."""
        end = withdraw if work.kind == "kill" else correct
        try:
            settled, revision = await self.write(
                lambda conn: with_revision(conn, end(conn, work, now, self.knowledge))
            )
        except InputError as error:
            await self._bury(work, error.reason, error.detail, now)
            return
        if work.correction is not None:
            self._tell_decision(work, settled)
            return
        self.tell(line_of(work, settled, revision, began), settled.changes)
        if settled.outcome == "unmatched":
            entry = work.entry
            log.get().warning(
                "kill.unmatched",
                names=entry and (entry.withdraws or entry.withdraws_slugline or entry.slugline),
                **names(work),
            )

    async def write(self, job: Callable[[Connection], _T]) -> _T:
        """Run ``job`` in a transaction on the writer thread, waiting out a full disk."""
        return await self.full.wait_out(lambda: asyncio.wrap_future(self.writer.submit(job)))

    async def _read(self, work: Work, now: dt.datetime) -> _Reading:
        """What there is to read, read. Raises ``FetchError`` when it is worth trying again."""
        if work.entry is None:
            if work.document is None:
                raise PageError("no_text", "work without entry and document")
            return _Reading(await self.analyze(replace(work.document, version=work.version), None))
        entry = whole(work.entry, work.parts)
        try:
            return await self._read_page(entry, work, now)
        except FetchError as error:
            self.metrics.page_fetches.labels(error.reason).inc()
            if error.reason in LATER and work.postponed < _PAGE_TRIES:
                raise
            reason = error.reason
        except PageError as error:
            if work.kind != "entry" or entry.body is not None or entry.url is None:
                raise
            reason = error.reason
        return _Reading(await self.analyze(from_entry(entry, work), entry), reason)

    async def _read_page(self, entry: Entry, work: Work, now: dt.datetime) -> _Reading:
        """The page of an entry, or of the address that it sends its readers on to."""
        document = document_of(entry, now, article_id=work.article_id, version=work.version)
        document = replace(document, first_seen=work.admitted_at)
        if document.text is not None or entry.url is None:
            return _Reading(await self.analyze(document, entry))
        answer = await self.ask(entry, entry.url, now)
        self.metrics.page_fetches.labels("ok").inc()
        try:
            analysis = await self.analyze(with_page(document, answer), entry)
        except PageError as error:
            if error.reason != "redirect":
                raise
            answer = await self.ask(entry, error.detail, now)
            document = replace(document, url=error.detail)
            analysis = await self.analyze(with_page(document, answer), entry)
        return _Reading(analysis, "partial" if analysis.article.partial else "read", answer)

    async def ask(
        self, entry: Entry, url: str, now: dt.datetime, validators: Validators | None = None
    ) -> Response:
        """The page at ``url``, as the feed of ``entry`` wants it asked. Raises ``FetchError``."""
        feed = self.feeds.get(entry.feed)
        return await ask_page(
            url,
            self.fetcher,
            self.robots if feed is None or feed.robots else None,
            now,
            proxy=feed.proxy if feed else None,
            validators=validators,
        )

    async def analyze(self, document: Document, entry: Entry | None) -> Analysis:
        """What a document says. Raises ``PageError``, ``SandboxKilledError``."""
        with self.metrics.analyze_duration.time():
            return await self.sandbox.analyze(document, entry)

    async def _put_off(self, work: Work, error: FetchError, now: dt.datetime) -> None:
        wait = min(_FIRST_WAIT * 2**work.postponed, _LONGEST_WAIT)
        due = now + max(wait, dt.timedelta(seconds=error.retry_after or 0))
        await self.write(
            lambda conn: inbox.postpone(conn, work, due, error.reason, attempted=False)
        )
        told = log.get(reason=error.reason, again=due, tries=tries_of(work))
        told.info("article.failed", **names(work))

    async def _after_kill(self, work: Work, reason: str, now: dt.datetime) -> None:
        self.metrics.killed_jobs.labels(reason).inc()
        log.get().warning("sandbox.killed", reason=reason, **names(work))
        if work.attempts >= inbox.TAKES_ALONE:
            await self._bury(work, reason, f"killed {work.attempts} times", now)
        else:
            await self.write(lambda conn: inbox.postpone(conn, work, now, reason, attempted=True))

    async def _bury(
        self, work: Work, reason: str, detail: str, now: dt.datetime, *, tries: int | None = None
    ) -> None:
        await self.write(lambda conn: bury(conn, work, reason, detail, now, self.knowledge))
        self.metrics.dead_letters.labels(reason).inc()
        told = log.get(reason=reason, detail=detail, tries=tries or tries_of(work))
        told.warning("article.failed", **names(work))

    def tell(self, line: ArticleLine, changes: tuple[Change, ...]) -> None:
        """The canonical line of an article, and one for each incident that it changed."""
        self.metrics.articles.labels(line.outcome).inc()
        log.get().info("article.processed", **line.keys())
        tell_changes(changes, self.metrics)

    def _tell_decision(self, work: Work, settled: Settled) -> None:
        """What a person decided is no version of an article: it has a line of its own."""
        changed = [change.incident.incident_id for change in settled.changes]
        incidents = list((work.correction or {}).get("incidents") or ())
        named = {"decision": settled.decision, "incidents": incidents, "erased": settled.erased}
        keys = {key: value for key, value in named.items() if value}
        self.metrics.articles.labels(settled.outcome).inc()
        log.get().info("decision.settled", **names(work), **keys, changed=changed)
        tell_changes(settled.changes, self.metrics)

    def _measure(self, analysis: Analysis, now: dt.datetime) -> None:
        verdict, article = analysis.verdict, analysis.article
        self.metrics.decisions.labels(verdict.label, verdict.band).inc()
        self.metrics.score.observe(verdict.probability)
        if article.first_seen:
            self.metrics.ingest_latency.observe((now - article.first_seen).total_seconds())
        if article.published and article.published_basis != "first_seen" and article.version == 1:
            self.metrics.publish_latency.observe(
                max(0.0, (now - article.published).total_seconds())
            )


def line_of(work: Work, settled: Settled, revision: int | None, began: float) -> ArticleLine:
    """What every article's line tells; ``began`` is when the steady clock saw the work begin."""
    entry, verdict = work.entry, settled.verdict
    return ArticleLine(
        article_id=work.article_id,
        version=work.version,
        feed=entry.feed if entry else None,
        url=entry.url if entry else None,
        outcome=settled.outcome,
        incident=settled.home,
        revision=revision,
        total_ms=round((time.monotonic() - began) * 1000),
        label=verdict.label if verdict else None,
        band=verdict.band if verdict else None,
        score=verdict.probability if verdict else None,
        report=settled.report,
    )


def tell_changes(changes: tuple[Change, ...], metrics: Metrics) -> None:
    """One line and one count for each revision of an incident."""
    for change in changes:
        incident, note = change.incident, change.note
        metrics.changes.labels(note.kind).inc()
        log.get().info(
            "incident.changed", incident=incident.incident_id, revision=incident.revision,
            kind=note.kind, state=incident.snapshot.state, material=note.material,
            fields=list(note.fields),
        )  # fmt: skip


def with_revision(conn: Connection, settled: Settled) -> tuple[Settled, int | None]:
    """A settle, and the revision at which it left the article's incident."""
    return settled, incidents.revision_of(conn, settled.home)


def tries_of(work: Work) -> int:
    """How often a piece of work was tried, this time among them."""
    return max(work.postponed + 1, work.attempts)


def names(work: Work) -> dict[str, Any]:
    """What a log line calls a piece of work."""
    entry = work.entry
    if work.correction is not None:
        return {
            "kind": command_of(str(work.correction.get("kind"))),
            "articles": list(work.correction.get("articles") or ()),
        }
    return {
        "article_id": work.article_id,
        "version": work.version,
        "feed": entry.feed if entry else None,
        "url": entry.url if entry else None,
    }


def _revisit_at(work: Work, page: str | None, now: dt.datetime) -> dt.datetime | None:
    """When to ask for a page once more that was not the article; None when not at all."""
    entry = work.entry
    if entry is None or page not in AGAIN or work.revisit >= len(_REVISITS):
        return None
    if now - (entry.published or work.admitted_at) > _YOUNG:
        return None
    return now + _REVISITS[work.revisit]


def known_of(answer: Response, since: dt.datetime) -> Recheck:
    """What is kept of a page for the next time it is asked."""
    digest = hashlib.sha256(answer.body).hexdigest()
    return Recheck(since, answer.etag, answer.last_modified, digest)


def next_recheck(
    since: dt.datetime, offsets_s: tuple[float, ...], now: dt.datetime
) -> dt.datetime | None:
    """The first of the moments ``offsets_s`` after ``since`` that is still to come; None: no more."""
    moments = sorted(since + dt.timedelta(seconds=offset_s) for offset_s in offsets_s)
    return next((moment for moment in moments if moment > now), None)


def from_entry(entry: Entry, work: Work) -> Document:
    """What the feed itself said, as a document, page or no page."""
    bare = document_of(entry, work.admitted_at, article_id=work.article_id, version=work.version)
    return replace(bare, text=entry.body or entry.summary or "")
