"""Timers of incidents: what time alone changes is settled like an article.

Looked at every ``ingest.tick_s``; not before a ledger was read once, and waiting while the disk is
full, as everything does that writes.
"""

from __future__ import annotations

import datetime as dt

from worker import crash_points
from worker.observe import log
from worker.run.chain import tell_changes
from worker.run.clock import Now
from worker.run.parts import Parts
from worker.run.scheduler import Every
from worker.settle import tick


class Timers(Every):
    """Settles and closes incidents whose time has come."""

    name = "timers"

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.config.ingest.tick_s)
        self._parts = parts

    async def work(self, now: Now) -> None:
        """One settle of all that is due; the publisher has another look as well."""
        if self._parts.publisher.may_settle:
            await self._fire(now.wall)
        self._parts.publisher.wake()

    async def _fire(self, wall: dt.datetime) -> None:
        chain = self._parts.chain
        revised = await chain.write(lambda conn: tick(conn, wall, chain.knowledge))
        crash_points.point("tick.after_commit")
        if revised:
            log.get().info("timer.fired", revisions=len(revised))
            tell_changes(revised, chain.metrics)
