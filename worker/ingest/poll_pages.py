"""One page of a feed that hands out pages: ask, parse, and say where the next one is.

Rules
-----
1. One page is one poll and one transaction; while there is more, the next one is due at once, up to
   ``cursor.pages`` in a row. So the marks that pause polling are looked at between any two pages.
2. A page that cannot be read is asked for again, later and later: to go on without it would lose it.
   Of a page that holds many documents those that cannot be read are named, the others count.
3. A cursor that the server has forgotten is given up with a word, and the look-back begins.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from worker.config.delivery import LINK_HEADER, Cursor
from worker.config.schema import FeedConfig
from worker.core.domain.errors import FeedError, FetchError
from worker.ingest.asking import Asking
from worker.ingest.cursor import (
    FORGOTTEN,
    Leads,
    after_loss,
    begun,
    moved,
    next_in_header,
    page_address,
)
from worker.ingest.fetch import Fetcher, Response
from worker.ingest.results import Outcome, PollResult, Refused, hint_for, with_cut
from worker.ingest.schedule import FeedState, after_failure, after_success
from worker.sandbox.jobs import Page, Places
from worker.sandbox.pool import Sandbox


async def poll_page(
    feed: FeedConfig,
    cursor: Cursor,
    state: FeedState,
    fetcher: Fetcher,
    sandbox: Sandbox,
    now: dt.datetime,
    asking: Asking,
) -> PollResult:
    """Ask for the page that is next. Raises what fetching and parsing raise."""
    pace, jitter = asking.pace, asking.chance()
    position = begun(cursor, state.cursor, now)
    address = page_address(feed.url or "", cursor, position, now)
    try:
        response = await fetcher.get(address, headers=asking.headers, proxy=feed.proxy)
    except FetchError as error:
        if state.cursor is None or _status_of(error) not in FORGOTTEN:
            raise
        lost = after_failure(state, "cursor_lost", None, pace, now, jitter)
        lost = replace(lost, cursor=after_loss(position))
        return PollResult(lost, (), "failed", "cursor_lost", detail=error.detail, restarted=True)
    page = await _read(response, feed, cursor, sandbox, now)
    entries = tuple(zip(page.parsed.entries, page.gates, strict=True))
    done = after_success(state, response, pace, now, jitter, feed_hint_s=page.parsed.next_hint_s)
    done = replace(done, etag=None, last_modified=None)
    problem, more = page.parsed.problem, False
    if problem != "truncated":
        leads = Leads(
            page.next or next_in_header(cursor, response.headers.get("link", "")), page.at
        )
        position, more = moved(cursor, position, leads, page.parsed.entries, now)
        done = replace(done, cursor=position)
        if more:
            done = replace(done, next_at=now, reason="more")
    refused = tuple(Refused(f"document {n} of a page", why) for n, why in page.refused)
    outcome: Outcome = "entries" if entries else "empty"
    result = PollResult(done, entries, outcome, problem=problem, more=more, refused=refused)
    return with_cut(result, state, address) if problem == "truncated" else result


async def _read(
    response: Response, feed: FeedConfig, cursor: Cursor, sandbox: Sandbox, now: dt.datetime
) -> Page:
    hint = hint_for(feed, response.headers.get("content-type"), now, response.url)
    named = cursor.next if cursor.next != LINK_HEADER else None
    page = await sandbox.parse_page(response.body, hint, Places(named, cursor.at, cursor.items))
    if page.parsed.problem == "too_many":
        raise FeedError("too_many", "a page may hold 1000 entries; ask for smaller ones")
    return page


def _status_of(error: FetchError) -> str:
    """The reason of a refusal, with the status where the reason stands for many."""
    return f"http_{error.detail}" if error.reason == "http_4xx" else error.reason
