"""Every hour: forget what is old, see to the ballast. Every day: is the store whole?"""

from __future__ import annotations

import asyncio

from worker.run.clock import Now
from worker.run.parts import Parts
from worker.run.scheduler import Due, Every
from worker.store import disk_space, maintenance

_RETAIN_S = 3600.0
_EXAMINE_S = 24 * 3600.0


class Maintenance(Every):
    """Keeps the store healthy for months. A damaged one ends the worker (``StateError``)."""

    name = "maintenance"

    def __init__(self, parts: Parts) -> None:
        super().__init__(_RETAIN_S)
        self._parts = parts
        self._examined = Due()

    async def work(self, now: Now) -> None:
        """Look it through first: nothing is deleted from a damaged store."""
        path = self._parts.config.store.path
        if now.steady_s >= self._examined.at_s:
            await asyncio.to_thread(maintenance.examine, path)
            self._examined.at_s = now.steady_s + _EXAMINE_S
        wall = self._parts.clock.now().wall
        await self._parts.chain.write(lambda conn: maintenance.retain(conn, wall))
        disk_space.lay_ballast(path)
