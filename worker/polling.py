"""Asks each feed when it is due, and admits what came: new entries, validators, next time, at once.

Rules
-----
1. A feed is never given up; its own schedule says when it is asked again.
2. Nothing is asked while inbox or outbox is above its high-water mark, or once a stop was asked for.
3. A failing feed is logged at the 1st, 2nd, 4th, 8th … failure in a row, and once when it is back.
4. A wall clock may jump; the pause between two polls is what was agreed at the first of them, less
   what the monotonic clock has run since. A jump back by a day must not stop polling for a day.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime as dt
import os
import random
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter

from worker import crash_points
from worker.chain import Chain
from worker.config.schema import Config, FeedConfig
from worker.desk import Pulse
from worker.ingest.poll import PollResult, poll_feed
from worker.ingest.schedule import FeedState, Pace, first_poll, pace_of
from worker.observe import log
from worker.store import inbox
from worker.store.inbox import Admission, Admitted

EX_TEMPFAIL = 75
STATE: TypeAdapter[FeedState] = TypeAdapter(FeedState)
"""Unknown keys of a newer version are left out; missing ones have their defaults."""


def now() -> dt.datetime:
    """The one clock of a running worker."""
    return dt.datetime.now(dt.UTC)


class Stop:
    """What signals ask for: the first to drain, the second to leave at once."""

    def __init__(self, wake: asyncio.Event) -> None:
        self.asked = asyncio.Event()
        self._wake = wake

    def listen(self) -> None:
        """Hear SIGTERM and SIGINT from now on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._heard)

    def ask(self) -> None:
        """Begin to drain."""
        self.asked.set()
        self._wake.set()

    async def wait(self, seconds: float) -> bool:
        """Wait at most ``seconds``; True when a stop was asked for."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.asked.wait(), max(0.0, seconds))
        return self.asked.is_set()

    def _heard(self) -> None:
        if self.asked.is_set():
            log.get().warning("worker.stopped", clean=False, because="second signal")
            os._exit(EX_TEMPFAIL)  # as safe as kill -9: nothing is ever half-written
        self.ask()


class Poller:
    """Asks feeds. ``states``: what the store knows of each, as JSON, by feed id."""

    def __init__(
        self,
        config: Config,
        chain: Chain,
        pulse: Pulse,
        states: Mapping[str, str],
        stop: Stop,
        work_came: asyncio.Event,
    ) -> None:
        self._config = config
        self._chain = chain
        self._pulse = pulse
        self._states = states
        self._stop = stop
        self._work_came = work_came
        self.failing: set[str] = set()

    async def keep_asking(self, feed: FeedConfig, *, once: bool) -> None:
        """Ask one feed again and again, or once. Returns when a stop was asked for."""
        stored = self._states.get(feed.id)
        state = STATE.validate_json(stored) if stored else FeedState(feed.id)
        pace = pace_of(feed, self._config.ingest)
        asked, since = now(), time.monotonic()
        due = first_poll(state, pace, asked, random.random())  # noqa: S311 - spreads
        while True:
            waited = time.monotonic() - since
            pause = 0.0 if once else (due - asked).total_seconds() - waited
            if await self._stop.wait(pause) or not await self._has_room():
                return
            asked, since = now(), time.monotonic()
            state = await self._ask(feed, state, pace, asked)
            due = state.next_at or asked + dt.timedelta(seconds=pace.interval)
            if once:
                return

    async def _ask(
        self, feed: FeedConfig, state: FeedState, pace: Pace, asked: dt.datetime
    ) -> FeedState:
        """One poll, and what it brought admitted in one transaction."""
        began, chain = time.monotonic(), self._chain
        headers = await asyncio.to_thread(secret_headers, feed)
        result = await poll_feed(
            feed, state, chain.fetcher, chain.sandbox, asked, pace=pace, headers=headers
        )
        record = STATE.dump_json(result.state).decode()
        admission = Admission(feed.id, result.entries, record, result.state.next_at)
        moment = now()
        admitted = await chain.write(lambda conn: inbox.admit(conn, admission, moment))
        crash_points.point("admit.after_commit")
        if admitted.queued:
            self._work_came.set()
        self._tell_poll(feed, state, result, admitted, time.monotonic() - began)
        return result.state

    def _tell_poll(
        self,
        feed: FeedConfig,
        before: FeedState,
        result: PollResult,
        admitted: Admitted,
        took: float,
    ) -> None:
        metrics, failures = self._chain.metrics, result.state.failures
        metrics.polls.labels(feed.id, result.outcome).inc()
        metrics.poll_duration.observe(took)
        for kind in ("new", "changed", "seen"):
            metrics.items.labels(feed.id, kind).inc(getattr(admitted, kind))
        if admitted.new or admitted.changed:
            metrics.last_item.labels(feed.id).set_to_current_time()
        told = log.get(feed=feed.id)
        if failures == 0:
            self._succeed(feed)
            if before.failures:
                told.info("feed.recovered", after=before.failures)
        else:
            self.failing.add(feed.id)
            if failures & (failures - 1) == 0:  # the 1st, 2nd, 4th, 8th … in a row
                told.warning("feed.failed", reason=result.reason, failures=failures)
        told.debug("feed.polled", outcome=result.outcome, problem=result.problem,
                   new=admitted.new, changed=admitted.changed, queued=admitted.queued,
                   ms=round(took * 1000))  # fmt: skip

    def _succeed(self, feed: FeedConfig) -> None:
        self.failing.discard(feed.id)
        self._pulse.answered = True
        self._chain.metrics.last_success.labels(feed.id).set_to_current_time()

    async def _has_room(self) -> bool:
        """Wait while a high-water mark is passed; False when a stop was asked for meanwhile."""
        while self._pulse.paused:
            if await self._stop.wait(self._config.ingest.tick_s):
                return False
        return not self._stop.asked.is_set()


def secret_headers(feed: FeedConfig) -> dict[str, str]:
    """What a feed is asked with, read each time, so that a renewed secret needs no restart.

    ``auth_file`` holds ``name:password`` (sent as Basic) or a whole Authorization value;
    ``headers_file`` one ``Name: value`` a line. A file that cannot be read is refused at the start;
    one lost later adds nothing: the server will say no, and that is logged.
    """
    headers: dict[str, str] = {}
    for line in _lines(feed.headers_file):
        name, colon, value = line.partition(":")
        if colon and name.strip():
            headers[name.strip()] = value.strip()
    for line in _lines(feed.auth_file)[:1]:
        basic = ":" in line and " " not in line
        token = f"Basic {base64.b64encode(line.encode()).decode()}" if basic else line
        headers["Authorization"] = token
    return headers


def _lines(path: Path | None) -> list[str]:
    try:
        text = path.read_text("utf-8") if path else ""
    except (OSError, UnicodeDecodeError):
        return []
    return [line.strip() for line in text.splitlines() if line.strip()]
