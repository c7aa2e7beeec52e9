"""Waiting out a store that takes nothing: who waits, and what was said of it.

Rules
-----
1. A transaction that found no room was rolled back whole, so it is simply run again. The ballast beside
   the store is given up first, or not even deleting would be possible.
2. It is said once that the store takes nothing, and again when the ballast was not enough.
3. That the store takes everything again is known from a transaction that is done while no other one
   waits: a small one finds room where a large one does not. One that was stopped while it waited knows
   nothing; then the next one that is done says so, which need not have waited.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from worker.observe import log
from worker.store import disk_space

_WAIT_S = 5.0
_T = TypeVar("_T")


@dataclass(slots=True)
class HeldUp:
    """Which transactions wait for a store that takes nothing, and what was said of it."""

    waiting: set[object] = field(default_factory=set)
    told: Literal["ballast given up", "no ballast"] | None = None


@dataclass(frozen=True, slots=True)
class FullStore:
    """The store at ``path``, as far as it takes nothing.

    ``say``: told what is wrong with a part, or with "" that nothing is: what readiness goes by.
    """

    path: Path
    say: Callable[[str, str], None]
    held_up: HeldUp = field(default_factory=HeldUp)

    async def wait_out(self, transaction: Callable[[], Awaitable[_T]]) -> _T:
        """What a transaction gives, begun again for as long as the store takes nothing."""
        token = object()
        try:
            while True:
                try:
                    done = await transaction()
                except disk_space.UnwritableError as error:
                    self.held_up.waiting.add(token)
                    self._tell_full(error)
                else:
                    self.held_up.waiting.discard(token)
                    self._tell_writable()
                    return done
                await asyncio.sleep(_WAIT_S)
        finally:
            self.held_up.waiting.discard(token)

    def _tell_full(self, error: disk_space.UnwritableError) -> None:
        dropped = error.no_room and disk_space.drop_ballast(self.path)
        if self.held_up.told in ({None} if dropped else {None, "ballast given up"}):
            log.get().error(
                "store.full", reason=error.reason, path=str(self.path), detail=str(error),
                advice=error.advice, ballast_given_up=dropped,
            )  # fmt: skip
        self.held_up.told = "ballast given up" if dropped else "no ballast"
        self.say("store", f"the store {self.path} cannot be written: {error}. {error.advice}")

    def _tell_writable(self) -> None:
        if self.held_up.told is None or self.held_up.waiting:
            return
        self.held_up.told = None
        self.say("store", "")
        log.get().info("store.writable", path=str(self.path))
