"""The page of a report is asked again, for casualty figures change in place.

An outlet writes "nine killed" over its "four killed", under the same address, and its feed says nothing
of it. So while an incident is live the pages that its primary reports were read from are asked again:
15 minutes, 1, 3, 12, 24 and 48 hours after they were read (``ingest.recheck_s``).

Rules
-----
1. Politely: with the page's validators, spaced as everything is, and only where robots.txt allows it.
2. An answer of "not modified", the same bytes or the same text settle nothing. Of a text that has
   changed the page's own headline counts: the feed's is as old as the feed.
3. A page that cannot be had, or is no article this time, changes nothing. One that is gone (404, 410)
   twice in a row marks the reports ``maybe_withdrawn``; it is back when it answers again.
4. Once the incident is closed, or the article no longer holds it up, nobody asks any more.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from worker.core.domain.document import Entry
from worker.core.domain.errors import FetchError, PageError
from worker.core.domain.report import Analysis
from worker.ingest.fetch import Validators
from worker.ingest.fetch_page import document_of, with_page
from worker.ingest.host_waits import host_waits
from worker.run.chain import Chain, known_of, line_of, with_revision
from worker.sandbox.pool import SandboxKilledError
from worker.settle import Settled, note_gone, settle
from worker.store import articles, inbox, incidents
from worker.store.connect import Connection
from worker.store.inbox import Recheck, Work

_GONE = frozenset({"http_404", "http_410"})
_GONE_TIMES = 2


@dataclass(frozen=True, slots=True)
class _Found:
    """What asking again has brought. ``page``: what became of it, as the log says it. ``analysis``:
    of a page that has changed.
    """

    known: Recheck
    page: str
    analysis: Analysis | None = None


async def ask_again(chain: Chain, work: Work, now: Callable[[], dt.datetime]) -> None:
    """Ask the page of an article again and settle what has changed; plans the next time."""
    began = time.monotonic()
    known, entry = work.recheck, work.entry
    if work.attempts > inbox.TAKES_ALONE or known is None or entry is None or entry.url is None:
        await chain.write(lambda conn: inbox.finish(conn, work))
        return
    text = await chain.write(lambda conn: _text_wanted(conn, work))
    if text is None:
        return
    with host_waits() as waits:
        found = await _look(chain, work, entry, known, text, now())
    moment = now()
    settled, revision = await chain.write(lambda conn: _end(conn, chain, work, found, moment))
    chain.metrics.rechecks.labels(found.page).inc()
    if settled is not None:
        wait_ms = round(sum(waits) * 1000)
        line = line_of(work, settled, revision, began)
        chain.tell(replace(line, page=found.page, wait_ms=wait_ms), settled.changes)


def _text_wanted(conn: Connection, work: Work) -> str | None:
    """SHA-256 of the text that is known of a page of interest; else its row goes."""
    standing = articles.standing(conn, work.article_id)
    if standing is None or not incidents.is_live(conn, work.article_id):
        inbox.finish(conn, work)
        return None
    return standing.article.text_sha256


async def _look(
    chain: Chain, work: Work, entry: Entry, known: Recheck, text: str, now: dt.datetime
) -> _Found:
    try:
        answer = await chain.ask(
            entry, entry.url or "", now, Validators(known.etag, known.last_modified)
        )
    except FetchError as error:
        gone = known.gone + 1 if error.reason in _GONE else known.gone
        return _Found(replace(known, gone=gone), error.reason)
    if answer.status == 304:
        kept = replace(known, etag=answer.etag or known.etag, gone=0)
        return _Found(kept, "not_modified")
    fresh = known_of(answer, known.since)
    if fresh.body_hash == known.body_hash:
        return _Found(fresh, "same_page")
    document = document_of(entry, now, article_id=work.article_id, version=work.version)
    document = replace(with_page(document, answer), first_seen=now, updated=None)
    try:
        analysis = await chain.analyze(document, entry)
        if analysis.article.text_sha256 == text:
            return _Found(fresh, "same_text")
        own = await chain.analyze(replace(document, title=None), replace(entry, title=None))
        analysis = own if own.article.title else analysis
    except (PageError, SandboxKilledError) as error:
        return _Found(replace(known, gone=0), error.reason)
    return _Found(fresh, "partial" if analysis.article.partial else "read", analysis)


def _end(
    conn: Connection, chain: Chain, work: Work, found: _Found, now: dt.datetime
) -> tuple[Settled | None, int | None]:
    """One transaction: what was found is settled, the next time is planned."""
    settled: Settled | None = None
    if found.analysis is not None:
        settled = settle(conn, work, found.analysis, now, chain.knowledge)
    gone = found.known.gone >= _GONE_TIMES
    if settled is None or settled.outcome == "unchanged":
        marked = note_gone(conn, work, now, chain.knowledge, gone=gone)
        settled = marked if marked.outcome != "unchanged" else None
    chain.plan_recheck(conn, work, found.known, now)
    return (None, None) if settled is None else with_revision(conn, settled)
