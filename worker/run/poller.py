"""Asks each feed when it is due, and admits what came: new entries, validators, next time, at once.

Rules
-----
1. A feed is never given up; its own schedule says when it is asked again.
2. Nothing is asked while inbox or outbox is above its high-water mark, or once a stop was asked for.
3. A feed that a person asks for (``kabulwire feeds poll``) is due at once; a host that wants to be
   left alone still is.
4. A spool is looked into at the start: nobody is bothered, and a wire's alert waits for nothing.
5. A wall clock may jump; the pause between two polls is what was agreed at the first of them, less
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
from worker.core.sources.seen import SeenFeed
from worker.ingest.asking import Asking
from worker.ingest.headers import secret_headers
from worker.ingest.pace import Pace, pace_of
from worker.ingest.poll import poll_feed, spool_of
from worker.ingest.results import PollResult
from worker.ingest.schedule import FeedState, after_the_end, first_poll
from worker.observe import log
from worker.run.clock import Now
from worker.run.parts import Parts
from worker.run.poll_log import tell_delivery, tell_move, tell_poll, tell_silence
from worker.run.scheduler import Source
from worker.run.standing import Standing
from worker.store import inbox, queries
from worker.store.inbox import Admission, Admitted
from worker.store.times import stamp

STATE: TypeAdapter[FeedState] = TypeAdapter(FeedState)
"""Unknown keys of a newer version are left out; missing ones have their defaults."""

_BURST = dt.timedelta(hours=12)
"""An incident that nothing was added to for so long is no reason to ask more often."""


@dataclass(slots=True)
class _Next:
    """What the last poll left behind, and when the next is due on the steady clock.

    ``seldom_s``: the same while the feed's hub delivers, so that a poll only looks for what it missed.
    ``stale``: whether it had nothing new for long; None: not looked yet. ``seen``: the items that it
    had.
    """

    state: FeedState
    due_s: float
    seldom_s: float
    stale: bool | None = None
    seen: SeenFeed | None = None


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
        at_once = parts.once or feed.path is not None
        due_s = now.steady_s if at_once else now.steady_of(due)
        self._next = _Next(state, due_s, due_s)

    def next_due(self, now: Now) -> float | None:
        """As its schedule says; while polling is paused, another look every ``ingest.tick_s``."""
        if self._parts.once and self._feed.id in self._parts.polled:
            return None
        delivers = self._feed.websub is not None and self._parts.subscriptions.delivers(
            self._feed.id
        )
        due_s = self._next.seldom_s if delivers else self._next.due_s
        if self._feed.id in self._parts.asked_for:
            due_s = now.steady_s
        if self._parts.health.conditions.paused:
            return max(due_s, now.steady_s + self._parts.config.ingest.tick_s)
        return due_s

    async def serve(self, now: Now) -> None:
        """One poll, and what it brought admitted in one transaction."""
        feed, before, chain = self._feed, self._next.state, self._parts.chain
        began = time.monotonic()
        self._parts.asked_for.discard(feed.id)
        headers = await asyncio.to_thread(secret_headers, feed)
        pace = await self._pace_now(now)
        asking = Asking(pace, headers=headers, spool=self._spool, seen=self._next.seen)
        state = self._to_ask_with(before)
        result = await poll_feed(feed, state, chain.fetcher, chain.sandbox, now.wall, asking)
        if (
            self._spool is None
        ):  # by the steady clock: the one on the wall may have jumped meanwhile
            took_s = self._parts.clock.now().steady_s - now.steady_s
            ended = now.wall + dt.timedelta(seconds=took_s)
            result = replace(result, state=after_the_end(result.state, ended, self._pace.floor))
        record = STATE.dump_json(result.state).decode()
        admission = Admission(
            feed.id, result.entries, record, result.state.next_at, backfill=result.first
        )
        moment = self._parts.clock.now().wall
        admitted = await chain.write(lambda conn: inbox.admit(conn, admission, moment))
        crash_points.point("admit.after_commit")
        if admitted.queued:
            self._parts.work_came.set()
        self._tell(before, result, admitted, time.monotonic() - began, now)
        self._note_next(result.state, now)
        self._next.seen = result.seen
        if not result.more:
            self._parts.polled.add(feed.id)
        await self._follow_up(result, admitted)

    async def _pace_now(self, now: Now) -> Pace:
        """The pace of this feed: quicker while an incident that it told of is under way."""
        burst_s = self._parts.config.ingest.burst_interval_s
        if not burst_s or self._feed.delivery != "pull":
            return self._pace
        since = stamp(now.wall - _BURST)
        under_way = await self._parts.health.read(
            lambda conn: queries.tells_of_something_under_way(conn, self._feed.id, since)
        )
        return replace(self._pace, burst=burst_s) if under_way else self._pace

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
        self, before: FeedState, result: PollResult, admitted: Admitted, took_s: float, now: Now
    ) -> None:
        """Metrics, log lines and conditions of one poll."""
        feed, metrics, after = self._feed, self._parts.chain.metrics, result.state
        standing = Standing(after.failures, after.last_reason, after.last_success)
        self._parts.health.conditions.feeds[feed.id] = standing
        tell_move(feed, before, after)
        tell_delivery(feed, result, metrics)
        tell_poll(feed, before, result, admitted, took_s, metrics)
        if after.failures == 0 and feed.delivery == "pull":
            stale_s = self._parts.config.ingest.stale_s
            known = self._next.stale
            self._next.stale = tell_silence(feed, known, after, stale_s, now.wall, metrics)
