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
import datetime as dt
import random
import time
from dataclasses import dataclass

from pydantic import TypeAdapter

from worker import crash_points
from worker.config.schema import FeedConfig
from worker.ingest.headers import secret_headers
from worker.ingest.poll import PollResult, poll_feed
from worker.ingest.schedule import FeedState, first_poll, pace_of
from worker.observe import log
from worker.run.clock import Now
from worker.run.parts import Parts
from worker.run.scheduler import Source
from worker.store import inbox
from worker.store.inbox import Admission, Admitted

STATE: TypeAdapter[FeedState] = TypeAdapter(FeedState)
"""Unknown keys of a newer version are left out; missing ones have their defaults."""


@dataclass(slots=True)
class _Next:
    """What the last poll left behind, and when the next is due on the steady clock."""

    state: FeedState
    due_s: float


class Poller(Source):
    """Asks one feed: again and again, or once for ``kabulwire once``."""

    def __init__(self, feed: FeedConfig, parts: Parts) -> None:
        self.name = f"poll of {feed.id}"
        self._feed = feed
        self._parts = parts
        self._pace = pace_of(feed, parts.config.ingest)
        stored = parts.states.get(feed.id)
        state = STATE.validate_json(stored) if stored else FeedState(feed.id)
        now = parts.clock.now()
        due = first_poll(state, self._pace, now.wall, random.random())  # noqa: S311 - spreads
        self._next = _Next(state, now.steady_s if parts.once else now.steady_of(due))

    def next_due(self, now: Now) -> float | None:
        """As its schedule says; while polling is paused, another look every ``ingest.tick_s``."""
        if self._parts.once and self._feed.id in self._parts.polled:
            return None
        if self._parts.health.conditions.paused:
            return max(self._next.due_s, now.steady_s + self._parts.config.ingest.tick_s)
        return self._next.due_s

    async def serve(self, now: Now) -> None:
        """One poll, and what it brought admitted in one transaction."""
        feed, before, chain = self._feed, self._next.state, self._parts.chain
        began = time.monotonic()
        headers = await asyncio.to_thread(secret_headers, feed)
        result = await poll_feed(
            feed, before, chain.fetcher, chain.sandbox, now.wall, pace=self._pace, headers=headers
        )
        record = STATE.dump_json(result.state).decode()
        admission = Admission(feed.id, result.entries, record, result.state.next_at)
        moment = self._parts.clock.now().wall
        admitted = await chain.write(lambda conn: inbox.admit(conn, admission, moment))
        crash_points.point("admit.after_commit")
        if admitted.queued:
            self._parts.work_came.set()
        self._tell(before, result, admitted, time.monotonic() - began)
        due = result.state.next_at or now.wall + dt.timedelta(seconds=self._pace.interval)
        self._next.state, self._next.due_s = result.state, now.steady_of(due)
        self._parts.polled.add(feed.id)

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
        if failures == 0:
            self._succeed()
            if before.failures:
                told.info("feed.recovered", after=before.failures)
        else:
            self._parts.health.conditions.failing.add(name)
            if failures & (failures - 1) == 0:  # the 1st, 2nd, 4th, 8th … in a row
                told.warning("feed.failed", reason=result.reason, failures=failures)
        told.debug("feed.polled", outcome=result.outcome, problem=result.problem,
                   new=admitted.new, changed=admitted.changed, queued=admitted.queued,
                   ms=round(took_s * 1000))  # fmt: skip

    def _succeed(self) -> None:
        conditions = self._parts.health.conditions
        conditions.failing.discard(self._feed.id)
        conditions.answered = True
        self._parts.chain.metrics.last_success.labels(self._feed.id).set_to_current_time()
