"""Asks each feed when it is due, and admits what came: new entries, validators, next time, at once.

Rules
-----
1. A feed is never given up; its own schedule says when it is asked again.
2. Nothing is asked while inbox or outbox is above its high-water mark, or once a stop was asked for.
3. A failing feed is logged at the 1st, 2nd, 4th, 8th … failure in a row, and once when it is back.
4. A wall clock may jump; the pause between two polls is what was agreed at the first of them, less
   what the steady clock has run since. A jump back by a day must not stop polling for a day.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import random
import time
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from worker import crash_points
from worker.config.schema import FeedConfig
from worker.ingest.headers import secret_headers
from worker.ingest.poll import poll_feed, spool_of
from worker.ingest.results import PollResult
from worker.ingest.schedule import FeedState, first_poll, pace_of
from worker.observe import log
from worker.run.clock import Now
from worker.run.parts import Parts
from worker.run.scheduler import Source
from worker.run.standing import Standing
from worker.store import inbox
from worker.store.inbox import Admission, Admitted

STATE: TypeAdapter[FeedState] = TypeAdapter(FeedState)
"""Unknown keys of a newer version are left out; missing ones have their defaults."""


ADVICE = {
    "spool_readonly": "let the worker move files in the spool's folder; nothing is read before",
    "spool_full": "free space on the spool's disk; nothing is lost meanwhile",
    "spool_missing": "make the folder, or mount it; see path of this feed",
    "cursor_foreign": "the answer sends us to another server; see cursor.next of this feed",
    "too_many": "ask for smaller pages in url of this feed",
    "http_401": "see auth_file or headers_file of this feed",
    "http_403": "see auth_file or headers_file of this feed",
}
"""What an operator can do about a failure, by its reason, where it is more than to wait."""


@dataclass(slots=True)
class _Next:
    """What the last poll left behind, and when the next is due on the steady clock.

    ``seldom_s``: the same while the feed's hub delivers, so that a poll only looks for what it missed.
    """

    state: FeedState
    due_s: float
    seldom_s: float


class Poller(Source):
    """Asks one feed, or looks into its spool: again and again, or once for ``kabulwire once``."""

    def __init__(self, feed: FeedConfig, parts: Parts) -> None:
        self.name = f"poll of {feed.id}"
        self._feed = feed
        self._parts = parts
        self._pace = pace_of(feed, parts.config.ingest)
        limit = parts.config.ingest.max_feed_bytes
        self._spool = spool_of(feed, limit) if feed.path is not None else None
        stored = parts.states.get(feed.id)
        state = STATE.validate_json(stored) if stored else FeedState(feed.id)
        now = parts.clock.now()
        due = first_poll(state, self._pace, now.wall, random.random())  # noqa: S311 - spreads
        due_s = now.steady_s if parts.once else now.steady_of(due)
        self._next = _Next(state, due_s, due_s)

    def next_due(self, now: Now) -> float | None:
        """As its schedule says; while polling is paused, another look every ``ingest.tick_s``."""
        if self._parts.once and self._feed.id in self._parts.polled:
            return None
        delivers = self._feed.websub is not None and self._parts.subscriptions.delivers(
            self._feed.id
        )
        due_s = self._next.seldom_s if delivers else self._next.due_s
        if self._parts.health.conditions.paused:
            return max(due_s, now.steady_s + self._parts.config.ingest.tick_s)
        return due_s

    async def serve(self, now: Now) -> None:
        """One poll, and what it brought admitted in one transaction."""
        feed, before, chain = self._feed, self._next.state, self._parts.chain
        began = time.monotonic()
        headers = await asyncio.to_thread(secret_headers, feed)
        result = await poll_feed(
            feed, self._to_ask_with(before), chain.fetcher, chain.sandbox, now.wall,
            pace=self._pace, headers=headers, spool=self._spool,
        )  # fmt: skip
        record = STATE.dump_json(result.state).decode()
        admission = Admission(feed.id, result.entries, record, result.state.next_at)
        moment = self._parts.clock.now().wall
        admitted = await chain.write(lambda conn: inbox.admit(conn, admission, moment))
        crash_points.point("admit.after_commit")
        if admitted.queued:
            self._parts.work_came.set()
        self._tell(before, result, admitted, time.monotonic() - began)
        self._note_next(result.state, now)
        if not result.more:
            self._parts.polled.add(feed.id)
        await self._follow_up(result, admitted)

    def _to_ask_with(self, state: FeedState) -> FeedState:
        """The state of a feed whose hub is not known yet is without validators at first: an answer of
        "not modified" names no hub.
        """
        known = self._feed.websub is None or self._parts.subscriptions.get(self._feed.id)
        if known or self._feed.id in self._parts.polled:
            return state
        return replace(state, etag=None, last_modified=None, body_hash=None)

    def _note_next(self, state: FeedState, now: Now) -> None:
        due = state.next_at or now.wall + dt.timedelta(seconds=self._pace.interval)
        self._next.state, self._next.due_s = state, now.steady_of(due)
        seldom_s = self._feed.websub.poll_s if self._feed.websub else 0.0
        self._next.seldom_s = max(self._next.due_s, now.steady_s + seldom_s)

    async def _follow_up(self, result: PollResult, admitted: Admitted) -> None:
        """What comes after the commit: files are moved on, a hub is noticed or found wanting."""
        feed, subscriptions = self._feed, self._parts.subscriptions
        if self._spool is not None and result.outcome != "failed":
            with contextlib.suppress(OSError):  # the next look does it, and says what is wrong
                await asyncio.to_thread(self._spool.clear, result.state.spool_read)
        if result.links is not None:
            await subscriptions.note_links(feed, result.links)
        sub = subscriptions.get(feed.id)
        if (admitted.new or admitted.changed) and sub and subscriptions.delivers(feed.id):
            await subscriptions.change(replace(sub, silent=True))
            log.get(feed=feed.id).warning("websub.silent", hub=sub.hub, missed=admitted.new)

    def _tell(
        self, before: FeedState, result: PollResult, admitted: Admitted, took_s: float
    ) -> None:
        """Metrics and log lines of one poll."""
        name, metrics, failures = self._feed.id, self._parts.chain.metrics, result.state.failures
        metrics.polls.labels(name, result.outcome).inc()
        metrics.poll_duration.observe(took_s)
        for kind in ("new", "changed", "seen"):
            metrics.items.labels(name, kind).inc(getattr(admitted, kind))
        if admitted.new or admitted.changed:
            metrics.last_item.labels(name).set_to_current_time()
        told = log.get(feed=name)
        self._note_standing(result.state)
        if failures == 0:
            if before.failures:
                told.info("feed.recovered", after=before.failures)
        elif failures & (failures - 1) == 0:  # the 1st, 2nd, 4th, 8th … in a row
            told.warning(
                "feed.failed", reason=result.reason, failures=failures,
                address=self._feed.url or str(self._feed.path), again=result.state.next_at,
                **_more(result),
            )  # fmt: skip
        self._tell_delivery(result)
        told.debug("feed.polled", outcome=result.outcome, problem=result.problem,
                   new=admitted.new, changed=admitted.changed, queued=admitted.queued,
                   documents=result.documents or None, waiting=result.waiting or None,
                   ms=round(took_s * 1000))  # fmt: skip

    def _tell_delivery(self, result: PollResult) -> None:
        """What only spools and cursors have to tell."""
        name, metrics = self._feed.id, self._parts.chain.metrics
        told = log.get(feed=name)
        if self._spool is not None:
            read = result.documents - len(result.refused)
            metrics.spool_files.labels(name, "read").inc(read)
            metrics.spool_files.labels(name, "refused").inc(len(result.refused))
            metrics.spool_waiting.labels(name).set(result.waiting)
        for refused in result.refused:
            told.warning("feed.refused", document=refused.name, reason=refused.reason,
                         detail=refused.detail or None)  # fmt: skip
        if result.restarted:
            metrics.cursor_restarts.labels(name).inc()
            told.warning("feed.restarted", detail=result.detail)

    def _note_standing(self, state: FeedState) -> None:
        standing = Standing(state.failures, state.last_reason, state.last_success)
        self._parts.health.conditions.feeds[self._feed.id] = standing
        if not state.failures:
            self._parts.chain.metrics.last_success.labels(self._feed.id).set_to_current_time()


def _more(result: PollResult) -> dict[str, str]:
    """Detail of a failure, and what an operator can do about it."""
    told = {"detail": result.detail, "advice": ADVICE.get(result.reason, "")}
    return {key: text for key, text in told.items() if text}
