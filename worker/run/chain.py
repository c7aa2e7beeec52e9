"""One piece of work, from the inbox to the transaction that ends it: fetch, analyze, settle.

Rules
-----
1. Work leaves the inbox only by a settle, a postponing or a burial, each one transaction on the
   writer's connection. Cancelled in between, it is simply still there.
2. A page that cannot be had now is tried again later; one that cannot be had at all, or has no
   article in it, is replaced by what the feed itself said: a headline is better than nothing.
3. A job that had to be killed is tried once more, then alone, then kept in the dead letters.
   Errors of the store pass through: they end the worker.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from worker import crash_points
from worker.config.schema import FeedConfig
from worker.core.domain.caps import readable
from worker.core.domain.document import Document, Entry
from worker.core.domain.errors import FetchError, InputError, PageError
from worker.core.domain.report import Analysis
from worker.core.knowledge.knowledge import Knowledge
from worker.decisions import correct
from worker.ingest.fetch import Fetcher
from worker.ingest.fetch_page import document_of, fetch_page
from worker.ingest.robots import Robots
from worker.observe import log
from worker.observe.metrics import Metrics
from worker.sandbox.pool import Sandbox, SandboxKilledError
from worker.settle import Settled, bury, settle, withdraw
from worker.store import disk_space, inbox, incidents
from worker.store.connect import Connection
from worker.store.inbox import Work
from worker.store.writer import Writer

LATER = frozenset(
    {"timeout", "dns", "connect", "reset", "tls", "protocol", "truncated", "http_429", "http_5xx",
     "rate_limited", "robots_unavailable", "unexpected_status"}
)  # fmt: skip
"""Reasons of ``FetchError`` that may pass by themselves."""
_FIRST_WAIT = dt.timedelta(minutes=1)
_LONGEST_WAIT = dt.timedelta(hours=1)
_PAGE_TRIES = 5
_FULL_WAIT_S = 5.0
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Chain:
    """What working on an article needs, and the working."""

    store: Path
    writer: Writer
    sandbox: Sandbox
    fetcher: Fetcher
    robots: Robots
    knowledge: Knowledge
    feeds: Mapping[str, FeedConfig]
    metrics: Metrics
    say: Callable[[str, str], None]
    """Told what is wrong with a part, or with "" that nothing is: what readiness goes by."""

    async def work_off(self, work: Work, now: Callable[[], dt.datetime]) -> None:
        """End one piece of work, or put it off. ``now`` is asked when it is settled."""
        began = time.monotonic()
        if work.attempts > inbox.TAKES_ALONE:
            detail = f"the process ended {inbox.TAKES_ALONE} times while this was worked on"
            await self._bury(work, "crashed", detail, now())
            return
        if work.kind in {"kill", "correction"}:
            await self._obey(work, now(), began)
            return
        try:
            document = await self._document(work, now())
            analysis = await self._analysis(document, work)
        except FetchError as error:
            await self._put_off(work, error, now())
        except PageError as error:
            await self._bury(work, error.reason, error.detail, now())
        except SandboxKilledError as error:
            await self._after_kill(work, error.reason, now())
        else:
            moment = now()
            settled, revision = await self.write(
                lambda conn: _with_revision(
                    conn, settle(conn, work, analysis, moment, self.knowledge)
                )
            )
            crash_points.point("settle.after_commit")
            text = analysis.article.text
            self._tell(work, settled, revision, began, len(text) - len(readable(text)))
            self._measure(analysis, moment)

    async def _obey(self, work: Work, now: dt.datetime, began: float) -> None:
        """A kill by the outlet, or a person's correction: nothing is read."""
        end = withdraw if work.kind == "kill" else correct
        try:
            settled, revision = await self.write(
                lambda conn: _with_revision(conn, end(conn, work, now, self.knowledge))
            )
        except InputError as error:
            await self._bury(work, error.reason, error.detail, now)
            return
        self._tell(work, settled, revision, began)

    async def write(self, job: Callable[[Connection], _T]) -> _T:
        """Run ``job`` in a transaction on the writer thread, waiting out a full disk.

        A transaction that found no room was rolled back whole, so it is simply run again; the
        ballast beside the store is given up first, or not even deleting would be possible.
        """
        told = False
        while True:
            try:
                done = await asyncio.wrap_future(self.writer.submit(job))
            except disk_space.UnwritableError as error:
                dropped = error.no_room and disk_space.drop_ballast(self.store)
                if not told:
                    log.get().error("store.full", detail=str(error), ballast_given_up=dropped)
                    told = True
                self.say("store", f"the store cannot be written: {error}")
            else:
                if told:
                    self.say("store", "")
                return done
            await asyncio.sleep(_FULL_WAIT_S)

    async def _document(self, work: Work, now: dt.datetime) -> Document:
        """What there is to read. Raises ``FetchError`` when it is worth trying again."""
        entry = work.entry
        if entry is None:
            if work.document is None:
                raise PageError("no_text", "work without entry and document")
            return replace(work.document, version=work.version)
        feed = self.feeds.get(entry.feed)
        robots = self.robots if feed is None or feed.robots else None
        try:
            document = await fetch_page(
                entry,
                self.fetcher,
                robots,
                now,
                article_id=work.article_id,
                version=work.version,
                proxy=feed.proxy if feed else None,
            )
        except FetchError as error:
            self.metrics.page_fetches.labels(error.reason).inc()
            if error.reason in LATER and work.postponed < _PAGE_TRIES:
                raise
            return from_entry(entry, work)
        if document.html is not None:
            self.metrics.page_fetches.labels("ok").inc()
        return replace(document, first_seen=work.admitted_at)

    async def _analysis(self, document: Document, work: Work) -> Analysis:
        try:
            with self.metrics.analyze_duration.time():
                return await self.sandbox.analyze(document, work.entry)
        except PageError:
            if document.html is None or work.entry is None:
                raise
            return await self.sandbox.analyze(from_entry(work.entry, work), work.entry)

    async def _put_off(self, work: Work, error: FetchError, now: dt.datetime) -> None:
        wait = min(_FIRST_WAIT * 2**work.postponed, _LONGEST_WAIT)
        due = now + max(wait, dt.timedelta(seconds=error.retry_after or 0))
        await self.write(
            lambda conn: inbox.postpone(conn, work, due, error.reason, attempted=False)
        )
        log.get().info("article.failed", reason=error.reason, again=due.isoformat(), **names(work))

    async def _after_kill(self, work: Work, reason: str, now: dt.datetime) -> None:
        self.metrics.killed_jobs.labels(reason).inc()
        log.get().warning("sandbox.killed", reason=reason, **names(work))
        if work.attempts >= inbox.TAKES_ALONE:
            await self._bury(work, reason, f"killed {work.attempts} times", now)
        else:
            await self.write(lambda conn: inbox.postpone(conn, work, now, reason, attempted=True))

    async def _bury(self, work: Work, reason: str, detail: str, now: dt.datetime) -> None:
        await self.write(lambda conn: bury(conn, work, reason, detail, now, self.knowledge))
        self.metrics.dead_letters.labels(reason).inc()
        log.get().warning("article.failed", reason=reason, detail=detail, **names(work))

    def _tell(
        self,
        work: Work,
        settled: Settled,
        revision: int | None,
        began: float,
        text_cut: int = 0,
    ) -> None:
        """The canonical line of an article, and one for each incident that it changed.

        ``text_cut``: characters of its text that were too many to be read.
        """
        keys: dict[str, Any] = {
            **names(work),
            "outcome": settled.outcome,
            "incident": settled.home,
            "revision": revision,
            "total_ms": round((time.monotonic() - began) * 1000),
        }
        if settled.verdict is not None:
            verdict = settled.verdict
            keys |= {"label": verdict.label, "band": verdict.band, "score": verdict.probability}
        if text_cut:
            keys["text_cut"] = text_cut
        self.metrics.articles.labels(settled.outcome).inc()
        log.get().info("article.processed", **keys)
        tell_changes(settled.incidents, self.metrics)

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


def tell_changes(changes: tuple[tuple[str, int, str], ...], metrics: Metrics) -> None:
    """One line and one count for each revision: (incident, revision, kind of change)."""
    for incident_id, revision, kind in changes:
        metrics.changes.labels(kind).inc()
        log.get().info("incident.changed", incident=incident_id, revision=revision, kind=kind)


def _with_revision(conn: Connection, settled: Settled) -> tuple[Settled, int | None]:
    """A settle, and the revision at which it left the article's incident."""
    return settled, incidents.revision_of(conn, settled.home)


def names(work: Work) -> dict[str, Any]:
    """What a log line calls a piece of work."""
    entry = work.entry
    return {
        "article_id": work.article_id,
        "version": work.version,
        "feed": entry.feed if entry else None,
        "url": entry.url if entry else None,
    }


def from_entry(entry: Entry, work: Work) -> Document:
    """What the feed itself said, as a document, page or no page."""
    bare = document_of(entry, work.admitted_at, article_id=work.article_id, version=work.version)
    return replace(bare, text=entry.body or entry.summary or "")
