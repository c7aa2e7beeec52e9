"""Takes in what is pushed to us: judged, parsed in the sandbox, stored; then it is answered.

Rules
-----
1. "Taken" is said only after the entries are durable. The same document pushed again is taken again and
   adds nothing.
2. Nothing is taken while polling is paused or the worker stops: the sender is asked to come back.
3. A stranger's push (no signature, a wrong one) changes nothing in the store. What was signed and could
   not be read counts as the feed's failure.
4. Of a document that was cut off, or has too many items, what was read is stored; it is refused all the
   same, so that the sender knows that something is lost. Sent again as a whole it adds the rest. To a
   hub too many items are no fault: it pushes the feed as it is.
5. A push to an address that nobody has is told of as well, once a minute at most: a name that was
   mistyped at the agency looks like nothing else.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace

from worker import crash_points
from worker.config.schema import FeedConfig
from worker.core.domain.errors import FeedError
from worker.ingest.results import GatedEntry, hint_for, loss_of
from worker.ingest.schedule import FeedState
from worker.ingest.signature import Access, access_of
from worker.observe import log
from worker.run.parts import Parts
from worker.run.poller import STATE
from worker.run.standing import Standing
from worker.sandbox.pool import SandboxKilledError
from worker.serve.push import Taken
from worker.store import inbox
from worker.store.connect import Connection
from worker.store.inbox import Admission, Admitted

_RETRY_S = 30.0
_STORE_S = 20.0
_SILENT_S = 60.0
_WRONG_TYPE = frozenset({"not_a_feed", "not_a_news_item", "empty"})
"""Reasons for "no document of a kind that we read"; all others are a document that is broken."""
_LOST = {"truncated": 422, "too_many": 413}
"""Problems by which items are lost, and how the sender is told of that."""


class Receiver:
    """What the addresses for pushes rest on. One per worker."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._feeds = {feed.id: feed for feed in parts.feeds}
        self._states = {
            feed.id: _state_of(feed, parts) for feed in parts.feeds if feed.push is not None
        }
        self._refused: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """Refused pushes in a row, by feed and reason: a cut one is told behind ten with a wrong secret."""
        self._strangers: Counter[str] = Counter()
        """Pushes to addresses that nobody has since the last line about one, by reason."""
        self._silent_until_s: dict[str, float] = {}
        """When the next such line may come, by reason, on the steady clock."""
        self.limit_bytes = parts.config.ingest.max_feed_bytes

    def retry_after_s(self) -> float | None:
        """How long a sender is to wait; None: come in."""
        conditions = self._parts.health.conditions
        return _RETRY_S if conditions.paused or conditions.stopping else None

    async def push_access(self, feed_id: str) -> Access | None:
        """What a sender to this feed has to show; None: nothing is pushed to it.

        Raises ``ConfigError`` when the secret's file is lost.
        """
        feed = self._feeds.get(feed_id)
        if feed is None or feed.push is None:
            return None
        return await asyncio.to_thread(access_of, feed.push)

    def hub_access(self, feed_id: str, token: str) -> Access | None:
        """What a hub has to show; None: we never asked for that."""
        sub = self._parts.subscriptions.get(feed_id)
        return sub.access if sub is not None and sub.has_token(token) else None

    async def confirm(self, feed_id: str, token: str, query: Mapping[str, str]) -> str | None:
        """The challenge to answer a hub with, or None."""
        return await self._parts.subscriptions.confirm(feed_id, token, query)

    async def take(self, feed_id: str, body: bytes, content_type: str | None) -> Taken:
        """Parse and store a document that was signed as it should be."""
        feed, began = self._feeds[feed_id], time.monotonic()
        now = self._parts.clock.now().wall
        try:
            hint = hint_for(feed, content_type, now)
            parsed, gates = await self._parts.chain.sandbox.parse(body, hint)
            entries = tuple(zip(parsed.entries, gates, strict=True))
            problem = _loss(feed, parsed.problem)
        except FeedError as error:
            if error.reason != "no_entries":
                return await self._unreadable(feed, error.reason, error.detail, now)
            entries, problem = (), ""
        except SandboxKilledError as error:
            if error.reason == "killed":
                return self.refused(feed_id, Taken(503, "sandbox", retry_after_s=_RETRY_S))
            return await self._unreadable(feed, f"parse_{error.reason}", error.detail, now)
        try:
            async with asyncio.timeout(_STORE_S):
                admitted = await self._admit(feed, entries, now, problem)
        except TimeoutError:
            return self.refused(feed_id, Taken(503, "store", retry_after_s=_RETRY_S))
        crash_points.point("admit.after_commit")
        taken = Taken(200, new=admitted.new, changed=admitted.changed, seen=admitted.seen)
        if problem:
            detail = loss_of(problem, len(entries))
            taken = replace(taken, status=_LOST[problem], reason=problem, detail=detail, kept=True)
        self._told(feed, admitted, taken, time.monotonic() - began)
        return self.refused(feed_id, taken) if problem else taken

    def refused(self, feed_id: str, answer: Taken) -> Taken:
        """Count and tell a refusal; returns the answer as it is. ``feed_id`` is one that we have."""
        self._parts.chain.metrics.pushes.labels(feed_id, answer.reason).inc()
        self._refused[feed_id][answer.reason] += 1
        count = self._refused[feed_id][answer.reason]
        if count & (count - 1) == 0:
            log.get(feed=feed_id).warning(
                "push.refused", status=answer.status, reason=answer.reason,
                detail=answer.detail, in_a_row=count,
            )  # fmt: skip
        return answer

    def unknown(self, address: str, answer: Taken) -> Taken:
        """Tell of a push to an address that nobody has; returns the answer as it is."""
        reason, now_s = answer.reason, time.monotonic()
        self._strangers[reason] += 1
        if now_s >= self._silent_until_s.get(reason, 0.0):
            log.get().warning("push.refused", status=answer.status, reason=reason,
                              address=address, in_a_row=self._strangers.pop(reason))  # fmt: skip
            self._silent_until_s[reason] = now_s + _SILENT_S
        return answer

    async def _admit(
        self, feed: FeedConfig, entries: tuple[GatedEntry, ...], now: dt.datetime, problem: str
    ) -> Admitted:
        """Entries, and what is remembered of their delivery, in one transaction.

        ``problem``: what kept the document from being taken as a whole, or "".
        """
        sub = self._parts.subscriptions.get(feed.id)
        if feed.push is None and sub is not None:
            delivered = replace(sub, delivered_at=now, silent=False)
            self._parts.subscriptions.place(delivered)
            save = self._parts.subscriptions.saving(delivered)
            return await self._parts.chain.write(
                lambda conn: _admit_and(conn, Admission(feed.id, entries), now, save)
            )
        state = replace(self._states[feed.id], failures=0, last_attempt=now, last_success=now,
                        last_reason="")  # fmt: skip
        if problem:
            state = _failed(self._states[feed.id], problem, now)
        self._states[feed.id] = state
        admission = Admission(feed.id, entries, STATE.dump_json(state).decode())
        return await self._parts.chain.write(lambda conn: inbox.admit(conn, admission, now))

    async def _unreadable(
        self, feed: FeedConfig, reason: str, detail: str, now: dt.datetime
    ) -> Taken:
        """A document from the right sender that holds no entries for us."""
        if feed.push is not None:
            state = _failed(self._states[feed.id], reason, now)
            self._states[feed.id] = state
            admission = Admission(feed.id, (), STATE.dump_json(state).decode())
            await self._parts.chain.write(lambda conn: inbox.admit(conn, admission, now))
        status = 415 if reason in _WRONG_TYPE else 422
        return self.refused(feed.id, Taken(status, reason, detail))

    def _told(self, feed: FeedConfig, admitted: Admitted, taken: Taken, took_s: float) -> None:
        metrics, conditions = self._parts.chain.metrics, self._parts.health.conditions
        for kind in ("new", "changed", "seen"):
            metrics.items.labels(feed.id, kind).inc(getattr(admitted, kind))
        if admitted.new or admitted.changed:
            metrics.last_item.labels(feed.id).set_to_current_time()
        if admitted.queued:
            self._parts.work_came.set()
        if taken.status != 200:
            return
        metrics.pushes.labels(feed.id, "taken").inc()
        self._refused[feed.id].clear()
        conditions.feeds[feed.id] = Standing(last_success=self._parts.clock.now().wall)
        log.get(feed=feed.id).debug("push.accepted", new=admitted.new, changed=admitted.changed,
                                    queued=admitted.queued, ms=round(took_s * 1000))  # fmt: skip


def _loss(feed: FeedConfig, problem: str | None) -> str:
    """The problem by which items of a document are lost that its sender should send again, or ""."""
    return problem if problem in _LOST and (feed.push or problem == "truncated") else ""


def _failed(state: FeedState, reason: str, now: dt.datetime) -> FeedState:
    return replace(state, failures=state.failures + 1, last_attempt=now, last_reason=reason)


def _admit_and(
    conn: Connection, admission: Admission, now: dt.datetime, save: Callable[[Connection], None]
) -> Admitted:
    save(conn)
    return inbox.admit(conn, admission, now)


def _state_of(feed: FeedConfig, parts: Parts) -> FeedState:
    stored = parts.states.get(feed.id)
    return STATE.validate_json(stored) if stored else FeedState(feed.id)
