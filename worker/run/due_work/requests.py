"""What people asked for by command: corrections, dead letters to be tried again, feeds to be asked."""

from __future__ import annotations

import asyncio
from functools import partial

from worker.observe import log
from worker.run import request_files
from worker.run.clock import Now
from worker.run.parts import Parts
from worker.run.scheduler import Every


class Requests(Every):
    """Takes in the requests that lie beside the store."""

    name = "requests"

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.config.ingest.tick_s)
        self._parts = parts

    async def work(self, now: Now) -> None:
        """Admit each in a transaction of its own; its file goes after the commit."""
        waiting = request_files.waiting(self._parts.config.store.path)
        for path, request in await asyncio.to_thread(list, waiting):
            if feeds := request_files.feeds_to_poll(request):
                self._parts.asked_for.update(feeds)
                path.unlink(missing_ok=True)
                log.get().info("request.taken", poll=len(feeds))
                continue
            admit = partial(request_files.admit, request=request, now=now.wall)
            queued = await self._parts.chain.write(admit)
            path.unlink(missing_ok=True)
            log.get().info("request.taken", queued=queued)
            self._parts.work_came.set()
