"""What a running worker knows of itself, for health, metrics and the page.

Rules
-----
1. Alive asks only whether our own parts move: an outside failure is no reason to be restarted.
2. Ready asks whether new articles would be found and kept. An absent sink is a note until the
   outbox is above its limit, because the outbox is there to absorb it. A sink that waits for a
   person (a wrong password, a missing right) is a problem at once: no waiting mends it.
3. Feeds stand as the store knows them until a poll says otherwise (``run.standing``): a restart
   neither heals them nor makes them strangers.
4. The store is read on a thread and a connection of its own, never on the loop.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

from worker import __version__
from worker.config.schema import Config, FeedConfig
from worker.core.knowledge.knowledge import Knowledge
from worker.observe.metrics import Metrics
from worker.run.pauses import Pause, pauses
from worker.run.standing import Standing, State, note_of, problem_of, standings
from worker.serve import status_rows
from worker.serve.web import ProbeResult
from worker.store import queries
from worker.store.connect import Connection
from worker.store.disk_space import free_bytes

_LOOP_LIMIT_S = 15.0
_THREAD_LIMIT_S = 180.0
"""Longer than a Kafka call is waited for (``publish.deadline_s``), twice over."""
_ROWS = 50
_T = TypeVar("_T")


@dataclass(slots=True)
class Conditions:
    """How the worker is at the moment, as its parts tell it, and what stands in the way."""

    loop_s: float = field(default_factory=time.monotonic)
    """When the loop last served what is due, on the steady clock."""
    feeds: dict[str, Standing] = field(default_factory=dict)
    """How each feed stands, by its id."""
    waits_for_pushes: bool = False
    """Every feed is pushed to us: nothing is asked, so nothing has to have answered."""
    stopping: bool = False
    paused: bool = False
    """Inbox or outbox is above its high-water mark, or the disk is almost full."""
    problems: dict[str, str] = field(default_factory=dict)
    """What makes us not ready, by the part that says so."""
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def failing(self) -> int:
        """How many feeds failed when they were last asked."""
        return sum(1 for feed in self.feeds.values() if feed.failures)

    def set_problem(self, part: str, text: str) -> None:
        """Say what is wrong with a part, or with "" that nothing is."""
        if text:
            self.problems[part] = text
        else:
            self.problems.pop(part, None)

    def set_note(self, part: str, text: str) -> None:
        """The same for what is only worth saying."""
        if text:
            self.notes[part] = text
        else:
            self.notes.pop(part, None)

    def ready(self) -> ProbeResult:
        """Would a new article be found and kept?"""
        problems = list(self.problems.values())
        if self.stopping:
            problems.append("stopping")
        if not self.waits_for_pushes and (problem := problem_of(self.feeds)):
            problems.append(problem)
        notes = [*self.notes.values(), *filter(None, [note_of(self.feeds)])]
        return ProbeResult(tuple(problems), tuple(notes))


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much work and how many messages wait, and since when."""

    inbox: int
    inbox_due: int
    outbox: int
    free_bytes: int
    pauses: tuple[Pause, ...] = ()
    """Why polling waits; empty when it does not."""


class Health:
    """Judges the worker, and reads the store for those who ask. One per worker.

    ``reader``: the one thread that ``conn`` is used on. ``threads``: name of a thread → when it last
    did something, on the steady clock; None when it is gone.
    """

    def __init__(
        self,
        config: Config,
        knowledge: Knowledge,
        feeds: Sequence[FeedConfig],
        metrics: Metrics,
        conn: Connection,
        reader: Executor,
        threads: Mapping[str, Callable[[], float | None]],
    ) -> None:
        self._config = config
        self._knowledge = knowledge
        self._feeds = feeds
        self._metrics = metrics
        self._conn = conn
        self._reader = reader
        self._threads = threads
        self.conditions = Conditions()
        metrics.info(
            {
                "version": __version__,
                "instance": config.instance,
                "profile": knowledge.profile.name,
                "knowledge": knowledge.digest,
            }
        )

    @property
    def sink(self) -> str:
        """Where messages go."""
        return "Kafka" if self._config.kafka.bootstrap_servers else "files"

    def begin(self, states: Mapping[str, str], last_items: Mapping[str, dt.datetime]) -> None:
        """Tell conditions and metrics what the store knows of the feeds, before the first poll.

        ``states``: JSON by feed id; ``last_items``: when each last had something new.
        """
        self.conditions.loop_s = time.monotonic()  # opening everything may have taken long
        metrics, asked = self._metrics, [feed for feed in self._feeds if feed.push is None]
        metrics.feed_labels.assign({feed.id: status_rows.host_of(feed) for feed in self._feeds})
        self.conditions.feeds = standings(self._feeds, states)
        self.conditions.waits_for_pushes = bool(self._feeds) and not asked
        for feed in self._feeds:
            known, item = self.conditions.feeds[feed.id], last_items.get(feed.id)
            metrics.last_item.labels(feed.id).set(item.timestamp() if item else 0)
            if feed.push is None:
                last = known.last_success
                metrics.last_success.labels(feed.id).set(last.timestamp() if last else 0)
            else:
                metrics.pushes.labels(feed.id, "taken")
        self._count_feeds()

    def _count_feeds(self) -> None:
        counts = Counter(feed.state for feed in self.conditions.feeds.values())
        for state in get_args(State):
            self._metrics.feeds.labels(state).set(counts[state])

    async def read(self, question: Callable[[Connection], _T]) -> _T:
        """Ask the store something, off the loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, question, self._conn)

    def live(self) -> ProbeResult:
        """Whether the event loop still turns and every thread of the worker made progress lately."""
        moment = time.monotonic()
        problems = []
        if moment - self.conditions.loop_s > _LOOP_LIMIT_S:
            problems.append(f"the loop has not turned for {moment - self.conditions.loop_s:.0f} s")
        for name, last_beat in self._threads.items():
            last = last_beat()
            if last is None:
                problems.append(f"the {name} thread is gone")
            elif moment - last > _THREAD_LIMIT_S:
                problems.append(f"the {name} thread has been stuck for {moment - last:.0f} s")
        return ProbeResult(tuple(problems))

    async def measure(self, now: dt.datetime) -> Waiting:
        """Count what waits, set the gauges, and judge disk and high-water marks."""
        found, metrics = await self.read(queries.backlog), self._metrics
        free = free_bytes(self._config.store.path)
        passed = pauses(self._config, free_bytes=free, inbox=found.inbox, outbox=found.outbox)
        waiting = Waiting(found.inbox, found.inbox_due, found.outbox, free, tuple(passed))
        metrics.inbox_rows.set(waiting.inbox)
        metrics.inbox_oldest.set(status_rows.age_s(found.inbox_oldest, now))
        metrics.outbox_rows.set(waiting.outbox)
        metrics.outbox_oldest.set(status_rows.age_s(found.outbox_oldest, now))
        metrics.dead_letter_rows.set(found.dead_letters)
        metrics.disk_free.set(free)
        self._count_feeds()
        told = {pause.reason: f"{pause.told}: {pause.advice}" for pause in waiting.pauses}
        self.conditions.set_problem("disk", told.get("disk", ""))
        self.conditions.set_problem("outbox", told.get("outbox", ""))
        self.conditions.set_note("inbox", told.get("inbox", ""))
        self.conditions.paused = bool(waiting.pauses)
        metrics.polling_paused.set(self.conditions.paused)
        return waiting

    async def status(self) -> dict[str, Any]:
        """Everything the page shows."""
        health = self.conditions.ready()
        return await self.read(
            lambda conn: {
                "title": self._knowledge.profile.title,
                "version": __version__,
                "instance": self._config.instance,
                "profile": self._knowledge.profile.name,
                "knowledge": self._knowledge.digest,
                "sink": self.sink,
                "problems": list(health.problems),
                "notes": list(health.notes),
                "store": status_rows.store_facts(conn),
                "feeds": status_rows.feed_facts(conn, self._feeds),
                "incidents": status_rows.incident_facts(conn, _ROWS),
                "articles": status_rows.recent_articles(conn, _ROWS),
            }
        )
