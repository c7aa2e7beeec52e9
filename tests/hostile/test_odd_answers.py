"""Every odd answer of the table ends one poll as it says, and reaches nobody inside."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.hostile.odd_answers import INNER, ODD, READ
from tests.hostile.server import HostileServer
from tests.hostile.test_hostile import EXPECTED, REASONS, SETTINGS, ending
from worker.config.schema import FeedConfig
from worker.ingest.asking import Asking
from worker.ingest.fetch import Fetcher
from worker.ingest.pace import pace_of
from worker.ingest.poll import poll_feed
from worker.ingest.results import PollResult
from worker.ingest.schedule import FeedState
from worker.sandbox.pool import Sandbox

NOW = dt.datetime(2031, 5, 8, 12, 0, tzinfo=dt.UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox("anywhere", 1, parse_deadline_s=30) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[HostileServer]:
    async with HostileServer({path: raw for path, (raw, _) in ODD.items()}) as running:
        yield running


def asking(feed: FeedConfig) -> Asking:
    """As its settings say, without chance."""
    return Asking(pace_of(feed, SETTINGS), chance=lambda: 0.0)


async def poll(server: HostileServer, sandbox: Sandbox, path: str) -> PollResult:
    feed = FeedConfig(id="post", outlet="Portsmere Post", lang="en", url=f"{server.url}/{path}")
    async with Fetcher(SETTINGS.model_copy(update={"timeout_s": 5.0})) as fetcher:
        return await poll_feed(feed, FeedState("post"), fetcher, sandbox, NOW, asking(feed))


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", ODD)
async def test_poll_feed_ends_as_the_table_says(
    server: HostileServer, sandbox: Sandbox, path: str
) -> None:
    """One outcome, a reason that operators can look up, validators untouched by a failure."""
    before = len(server.requests)
    result = await poll(server, sandbox, path)
    wanted = ODD[path][1]
    assert ending(result) in ((wanted,) if isinstance(wanted, str) else wanted)
    assert not result.reason or result.reason in REASONS
    assert result.state.etag is None
    assert len(server.requests) - before <= 2  # the second one is the lenient reading
    if path in READ:
        assert [entry.id for entry, _ in result.entries] == ["post-1"]


def test_table_has_two_hundred_cases() -> None:
    """Named cases, each of another kind; and none of them twice."""
    assert not set(ODD) & set(EXPECTED)
    assert len(ODD) + len(EXPECTED) >= 200
    assert len(INNER) > 30


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_reads_no_answer_to_another_request(
    server: HostileServer, sandbox: Sandbox
) -> None:
    """After an answer with two lengths the next feed of the host gets its own entries."""
    feeds = [FeedConfig(id=p, outlet="P", lang="en", url=f"{server.url}/{p}")
             for p in ("length-beside-chunks", "more-than-length", "length-unequal", "ok")]  # fmt: skip
    async with Fetcher(SETTINGS) as fetcher:
        ends = [
            ending(await poll_feed(f, FeedState(f.id), fetcher, sandbox, NOW, asking(f)))
            for f in feeds
        ]
    assert ends == ["entries", "entries", "protocol", "entries"]
