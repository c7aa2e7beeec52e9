"""Asks feeds once, as a worker would at its first poll, and stores nothing: ``feeds test``, ``check``.

A feed that names its secrets in files is asked with them. ``ingest`` limits each request; at most eight
are asked at a time, those of one host one after the other, spaced. What a hub delivers is not tried.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from worker.cli.exit_codes import EX_DATAERR, EX_UNAVAILABLE
from worker.config.knowledge import load_knowledge, profile_dir
from worker.config.load import Loaded
from worker.config.schema import FeedConfig
from worker.core.sources import formats
from worker.ingest.asking import Asking
from worker.ingest.fetch import Fetcher
from worker.ingest.headers import secret_headers
from worker.ingest.pace import pace_of
from worker.ingest.poll import poll_feed
from worker.ingest.results import PollResult
from worker.ingest.schedule import FeedState
from worker.run.poll_log import ADVICE, PASSES
from worker.sandbox.pool import Sandbox

COLUMNS = ("feed", "outcome", "format", "entries", "to_read", "newest", "ms", "host", "advice")
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Trial:
    """One feed that was asked once. ``took_s``: seconds, the wait for its host among them."""

    feed: FeedConfig
    result: PollResult
    took_s: float

    @property
    def exit_code(self) -> int:
        """0: it answers as a feed; else whether the answer or the way to it is at fault."""
        if self.result.outcome != "failed":
            return 0
        read = self.result.reason in formats.REASONS or self.result.reason.startswith("parse_")
        return EX_DATAERR if read else EX_UNAVAILABLE

    @property
    def row(self) -> dict[str, Any]:
        """What is said of it on one line; ``outcome`` is the reason of a failure."""
        from worker.serve.status_rows import host_of

        result, state = self.result, self.result.state
        return {
            "feed": self.feed.id,
            "outcome": result.reason or result.outcome,
            "format": result.entries[0][0].format if result.entries else None,
            "entries": len(result.entries),
            "to_read": sum(gate.open for _, gate in result.entries),
            "newest": state.newest.isoformat(timespec="minutes") if state.newest else None,
            "ms": round(self.took_s * 1000),
            "host": host_of(self.feed),
            "moved_to": state.moved_to,
            "problem": result.problem,
            "detail": result.detail or None,
            "advice": ADVICE.get(
                result.reason, PASSES if self.exit_code == EX_UNAVAILABLE else None
            ),
        }


def try_feeds(feeds: Sequence[FeedConfig], loaded: Loaded) -> list[Trial]:
    """Each feed asked once, in their order. Raises ``KnowledgeError`` when the profile is broken."""
    load_knowledge(
        loaded.config.profile, loaded.folder
    )  # what is wrong with it is said here, not there
    return asyncio.run(_try_all(feeds, loaded))


async def opened(stack: AsyncExitStack, loaded: Loaded) -> tuple[Fetcher, Sandbox]:
    """What feeds are asked and read with; closed with the stack."""
    config = loaded.config
    fetcher = await stack.enter_async_context(Fetcher(config.ingest))
    sandbox = Sandbox(
        profile_dir(config.profile, loaded.folder),
        config.sandbox.workers,
        parse_deadline_s=config.sandbox.parse_deadline_s,
        memory_mb=config.sandbox.memory_mb,
    )
    return fetcher, await stack.enter_async_context(sandbox)


async def _try_all(feeds: Iterable[FeedConfig], loaded: Loaded) -> list[Trial]:
    async with AsyncExitStack() as stack:
        fetcher, sandbox = await opened(stack, loaded)
        free = asyncio.Semaphore(_AT_ONCE)

        async def one(feed: FeedConfig) -> Trial:
            async with free:
                began = time.monotonic()
                asking = Asking(pace_of(feed, fetcher.settings), headers=secret_headers(feed))
                now = dt.datetime.now(dt.UTC)
                result = await poll_feed(feed, FeedState(feed.id), fetcher, sandbox, now, asking)
                return Trial(feed, result, time.monotonic() - began)

        return list(await asyncio.gather(*map(one, feeds)))
