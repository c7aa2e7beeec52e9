"""The clock of a running worker: what day it is, and a pace that no jump of it disturbs.

Rules
-----
1. The wall clock dates what is written: rows, messages, log lines. It may be set forward or back.
2. The steady clock (``time.monotonic``) says how long something has been waiting for. Whatever the
   scheduler waits for is an instant of the steady clock, so a jump back by a day does not stop
   polling for a day.
3. Both are read together, once, where a piece of work begins; nobody else asks for the time to
   decide what is due. A test turns the same clock by hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Now:
    """One look at both clocks. ``wall`` is aware, in UTC; ``steady_s`` counts seconds, only up."""

    wall: dt.datetime
    steady_s: float

    def steady_of(self, wall: dt.datetime) -> float:
        """The steady instant that is as far away as ``wall`` is now."""
        return self.steady_s + (wall - self.wall).total_seconds()


class Clock(Protocol):
    """What the scheduler and its sources go by."""

    def now(self) -> Now:
        """Both clocks."""

    async def wait(self, until_s: float, woken: asyncio.Event) -> None:
        """Return at ``until_s`` of the steady clock, or as soon as ``woken`` is set."""


class SystemClock(Clock):
    """The clocks of the machine."""

    def now(self) -> Now:
        """Both clocks."""
        return Now(dt.datetime.now(dt.UTC), time.monotonic())

    async def wait(self, until_s: float, woken: asyncio.Event) -> None:
        """Return at ``until_s`` of the steady clock, or as soon as ``woken`` is set."""
        # Not `wait_for`: on Python 3.11 it swallows a cancel that comes together with the event, and
        # a worker that was told to stop went on waiting.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until_s - time.monotonic())):
                await woken.wait()
