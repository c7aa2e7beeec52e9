"""What people asked for by command: corrections, dead letters to be tried again, feeds to be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from worker.decisions import command_of
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
        self._taken: set[Path] = set()
        """Taken in, but the file could not be removed: not to be taken in again at every look."""

    async def work(self, now: Now) -> None:
        """Admit each in a transaction of its own; its file goes after the commit.

        Raises ``OSError`` for a file that cannot be removed, when all are taken in.
        """
        waiting = request_files.waiting(self._parts.config.store.path)
        stuck: OSError | None = None
        for path, request in await asyncio.to_thread(list, waiting):
            if path not in self._taken:
                await self._take_in(request, now)
                self._taken.add(path)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                stuck = error
            else:
                self._taken.discard(path)
        if stuck is not None:
            raise stuck

    async def _take_in(self, request: Mapping[str, Any], now: Now) -> None:
        if feeds := request_files.feeds_to_poll(request):
            self._parts.asked_for.update(feeds)
            log.get().info("request.taken", kind="poll", feeds=list(feeds))
            return
        admit = partial(request_files.admit, request=request, now=now.wall)
        queued = await self._parts.chain.write(admit)
        log.get().info("request.taken", queued=queued, **_asked(request))
        self._parts.work_came.set()


def _asked(request: Mapping[str, Any]) -> dict[str, Any]:
    """What a request is for, for the log."""
    wanted = request.get("correct")
    if not isinstance(wanted, dict):
        return {"kind": "retry"}
    return {
        "kind": command_of(str(wanted.get("kind"))),
        "incidents": list(wanted.get("incidents") or ()),
    }
