"""The one loop of a worker: serves whatever is due, and waits for what is due next.

Theory of operation
-------------------
Everything that a running worker does because of time or because something came is a ``Source`` of
due work: a feed to be asked, the inbox, the timers of incidents, requests of people, heartbeats,
maintenance. A source says when it wants to be served next; the loop looks at all of them, begins
what is due, and waits until the earliest of the others, or until it is woken.

Rules
-----
1. Nothing is served before it is due. Instants are of the steady clock (``worker.run.clock``).
2. A source runs at most ``at_once`` times at the same time, so a slow one delays nobody else and
   none piles up. All that are due begin in the same turn of the loop: none starves.
3. What lies outside of us may fail (a folder that cannot be read, a store that another program
   holds): that delays this source alone, 1 s at first and up to five minutes, and is logged at the
   1st, 2nd, 4th, 8th … failure in a row. Serves that were under way together fail once: a full disk
   under eight articles is one failure. Any other error is a fault of our own and ends the process.
4. Work ends first. Once a drain was asked for no piece of ``work`` is begun; ``upkeep`` (signs of
   life, gauges, timers) goes on until the last piece of work has ended.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from worker.observe import log
from worker.run.clock import Clock, Now
from worker.store import disk_space
from worker.store.store_error import StoreError

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 300.0
_FAR_S = 3600.0
"""Nothing is waited for longer than this without another look."""

Start = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
"""How a serve is begun: ``create_task`` of the process's TaskGroup."""


class Source(Protocol):
    """Where due work comes from. ``name`` is for the log; ``at_once``: serves at the same time."""

    name: str
    at_once: int = 1

    def next_due(self, now: Now) -> float | None:
        """When to serve next, on the steady clock; None: not before something else has happened.

        Asked again at every turn of the loop, so it must be quick, and may change its mind.
        """

    async def serve(self, now: Now) -> bool | None:
        """Do what is due. Afterwards ``next_due`` lies ahead, or there is more to do at once.

        False: there was nothing to do, so that it went well says nothing about failures before.
        """


@dataclass(slots=True)
class Due:
    """When something is due, on the steady clock. From the beginning, unless said otherwise."""

    at_s: float = float("-inf")


class Every(Source):
    """Work that is due at the start and every ``every_s`` seconds from then on.

    Counted from when it began. Work that takes longer is begun again as soon as it has ended, once.
    """

    def __init__(self, every_s: float) -> None:
        self.every_s = every_s
        self._due = Due()

    def next_due(self, now: Now) -> float | None:  # noqa: ARG002 - the protocol's
        """One interval after the last time."""
        return self._due.at_s

    async def serve(self, now: Now) -> None:
        """Set the next time, and work. What failed is due again at once: the loop puts it off."""
        self._due.at_s = now.steady_s + self.every_s
        try:
            await self.work(now)
        except Exception:
            self._due.at_s = now.steady_s
            raise

    @abstractmethod
    async def work(self, now: Now) -> None:
        """What is done each time."""


@dataclass(slots=True)
class _Turn:
    """What the loop knows of one source. ``not_before_s``: put off until then by failures."""

    source: Source
    is_work: bool
    running: set[asyncio.Task[None]] = field(default_factory=set)
    failures: int = 0
    not_before_s: float = float("-inf")


class Scheduler:
    """The loop. ``work`` is taken on until a drain, ``upkeep`` until the end."""

    def __init__(self, work: Iterable[Source], upkeep: Iterable[Source], clock: Clock) -> None:
        self._turns = [*(_Turn(it, True) for it in work), *(_Turn(it, False) for it in upkeep)]
        self._clock = clock
        self._woken = asyncio.Event()
        self._draining = asyncio.Event()

    def wake(self) -> None:
        """Something has changed: look at all sources now. From the loop's own thread only."""
        self._woken.set()

    async def run(self, start: Start, *, forgiving: bool = True) -> None:
        """Serve for ever. ``forgiving``: failures from outside are waited out (rule 3)."""
        while True:
            self._woken.clear()
            now = self._clock.now()
            for turn in self._turns:
                self._begin_due(turn, now, start, forgiving=forgiving)
            soonest = min(map(partial(self._due, now=now), self._turns), default=_FAR_S)
            await self._clock.wait(min(soonest, now.steady_s + _FAR_S), self._woken)

    def under_way(self) -> int:
        """How many pieces of work were begun and have not ended: articles, and polls."""
        return sum(len(turn.running) for turn in self._turns if turn.is_work)

    async def drain(self, grace_s: float) -> bool:
        """Begin no more work; True when all that was begun has ended within ``grace_s``."""
        self._draining.set()
        begun = {task for turn in self._turns if turn.is_work for task in turn.running}
        if not begun:
            return True
        _, unfinished = await asyncio.wait(begun, timeout=grace_s)
        return not unfinished

    def cancel(self) -> None:
        """Cancel whatever is being served."""
        for turn in self._turns:
            for task in turn.running:
                task.cancel()

    def _due(self, turn: _Turn, now: Now) -> float:
        """When to begin another serve of this source; infinite while it may not be begun."""
        busy = len(turn.running) >= turn.source.at_once
        if busy or (turn.is_work and self._draining.is_set()):
            return float("inf")
        due = turn.source.next_due(now)
        return float("inf") if due is None else max(due, turn.not_before_s)

    def _begin_due(self, turn: _Turn, now: Now, start: Start, *, forgiving: bool) -> None:
        while self._due(turn, now) <= now.steady_s:
            task = start(self._serve(turn, now, forgiving=forgiving))
            turn.running.add(task)
            task.add_done_callback(partial(self._ended, turn))

    def _ended(self, turn: _Turn, task: asyncio.Task[None]) -> None:
        turn.running.discard(task)
        self.wake()

    async def _serve(self, turn: _Turn, now: Now, *, forgiving: bool) -> None:
        try:
            found = await turn.source.serve(now)
        except Exception as error:
            if not (forgiving and may_pass(error)):
                raise
            if now.steady_s >= turn.not_before_s:
                self._put_off(turn, error)
        else:
            if found is not False and now.steady_s >= turn.not_before_s:
                turn.failures = 0

    def _put_off(self, turn: _Turn, error: Exception) -> None:
        turn.failures += 1
        wait_s = min(_FIRST_WAIT_S * 2.0 ** min(turn.failures - 1, 20), _LONGEST_WAIT_S)
        turn.not_before_s = self._clock.now().steady_s + wait_s
        if turn.failures & (turn.failures - 1) == 0:
            log.get().warning(
                "source.failed",
                source=turn.source.name,
                failures=turn.failures,
                error=f"{type(error).__name__}: {error}",
                again_s=wait_s,
            )


def may_pass(error: Exception) -> bool:
    """Whether an error lies outside of us and the same work may succeed later."""
    if isinstance(error, StoreError):
        return disk_space.may_pass(error)
    return isinstance(error, OSError)
