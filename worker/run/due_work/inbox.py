"""Due work of the inbox: taken one row at a time, at most ``articles_in_flight`` side by side.

Rules
-----
1. Looked at when something was put in or given back, and every ``ingest.tick_s``: a row's ``due_at``
   is of the wall clock, which may have been set meanwhile.
2. One look at a time. Those who waited for it look again only if it has found something.
3. Nothing is settled before a ledger was read once: after a lost store the incidents must be known
   again.
4. Work that fails for a reason outside of us is given back, or its row would stay taken until the
   next start. It is due again a tick later, and no attempt counts: three full disks in a row are not
   the article's fault, and must not send it to the dead letters.
"""

from __future__ import annotations

import asyncio
import datetime as dt

from worker.run.clock import Now
from worker.run.parts import Parts
from worker.run.recheck import ask_again
from worker.run.scheduler import Due, Source
from worker.store import inbox
from worker.store.inbox import Work


class Inbox(Source):
    """Hands out due work and sees it through."""

    name = "inbox"

    def __init__(self, parts: Parts) -> None:
        self.at_once = parts.config.ingest.articles_in_flight
        self._parts = parts
        self._tick_s = parts.config.ingest.tick_s
        self._due = Due()
        self._looking = asyncio.Lock()

    def next_due(self, now: Now) -> float | None:
        """At once while there may be more, else at the next tick."""
        if not self._parts.publisher.may_settle:
            return max(self._due.at_s, now.steady_s + self._tick_s)
        return now.steady_s if self._parts.work_came.is_set() else self._due.at_s

    async def serve(self, now: Now) -> bool:
        """Take one row, if there is one, and work on it until it ends or is put off."""
        async with self._looking:
            work = await self._take(now)
        if work is None:
            return False
        try:
            if work.kind == "recheck":
                await ask_again(self._parts.chain, work, self._wall)
            else:
                await self._parts.chain.work_off(work, self._wall)
        except OSError:
            await self._give_back(work)
            raise
        finally:
            self._parts.in_flight.discard(work.inbox_id)
            self._parts.work_came.set()
            self._parts.publisher.wake()
        return True

    async def _take(self, now: Now) -> Work | None:
        """The next due row. None: there is none, somebody has just seen that, or we are stopping."""
        due = self.next_due(now)
        if self._parts.stop.asked.is_set() or due is None or due > now.steady_s:
            return None
        self._parts.work_came.clear()
        self._due.at_s = now.steady_s + self._tick_s
        wall = self._wall()
        found = await self._parts.chain.write(lambda conn: inbox.take(conn, wall, 1))
        if not found:
            return None
        self._due.at_s = now.steady_s  # there may be more
        self._parts.in_flight.add(found[0].inbox_id)
        return found[0]

    async def _give_back(self, work: Work) -> None:
        again = self._wall() + dt.timedelta(seconds=self._tick_s)
        await self._parts.chain.write(
            lambda conn: inbox.postpone(conn, work, again, "unexpected_error", attempted=False)
        )

    def _wall(self) -> dt.datetime:
        return self._parts.clock.now().wall
