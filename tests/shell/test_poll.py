"""Spools: documents that somebody else drops into a folder."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from worker.config.schema import FeedConfig, Ingest
from worker.ingest.fetch import Fetcher
from worker.ingest.poll import PollResult, poll_feed
from worker.ingest.schedule import FeedState
from worker.sandbox.pool import Sandbox

NOW = dt.datetime(2031, 5, 8, 12, tzinfo=dt.UTC)
FEED = b"<rss version='2.0'><channel><item><title>%s</title><guid>%s</guid></item></channel></rss>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox("anywhere", 1) as running:
        yield running


def drop(folder: Path, name: str, data: bytes, age: float = 60) -> None:
    path = folder / name
    path.write_bytes(data)
    when = NOW.timestamp() - age
    os.utime(path, (when, when))


async def look(folder: Path, sandbox: Sandbox, state: FeedState) -> PollResult:
    feed = FeedConfig(id="wire", outlet="Wire", lang="en", path=folder)
    async with Fetcher(Ingest(max_feed_bytes=10_000)) as fetcher:
        return await poll_feed(feed, state, fetcher, sandbox, NOW, chance=lambda: 0.0)


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_reads_the_complete_files_of_a_spool_oldest_first(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    """Complete files are read, oldest first, and moved only by the look after the one that read them."""
    drop(tmp_path, "b.xml", FEED % (b"second", b"2"), age=10)
    drop(tmp_path, "a.xml", FEED % (b"first", b"1"), age=100)
    drop(tmp_path, "bad.xml", b"no feed at all")
    drop(tmp_path, "huge.xml", b"x" * 20_000)
    drop(tmp_path, "new.xml", FEED % (b"n", b"n"), age=0.5)
    drop(tmp_path, ".hidden", FEED % (b"h", b"h"))
    drop(tmp_path, "half.xml.part", FEED % (b"p", b"p"))
    drop(tmp_path, "zero.xml", b"")
    (tmp_path / "link.xml").symlink_to("/etc/passwd")
    (tmp_path / "folder.xml").mkdir()
    first = await look(tmp_path, sandbox, FeedState("wire"))
    assert [entry.title for entry, _ in first.entries] == ["first", "second"]
    assert (tmp_path / "a.xml").exists()
    assert dict(first.state.spooled) == {
        "a.xml": False, "b.xml": False, "bad.xml": True, "huge.xml": True}  # fmt: skip
    second = await look(tmp_path, sandbox, first.state)
    assert second.outcome == "unchanged" and second.entries == ()
    assert sorted(p.name for p in (tmp_path / "done").iterdir()) == ["a.xml", "b.xml"]
    assert sorted(p.name for p in (tmp_path / "failed").iterdir()) == ["bad.xml", "huge.xml"]


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_reads_a_spool_again_whose_state_was_lost(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    """A look whose state was not stored is simply made again: nothing is lost."""
    drop(tmp_path, "a.xml", FEED % (b"first", b"1"))
    await look(tmp_path, sandbox, FeedState("wire"))
    again = await look(tmp_path, sandbox, FeedState("wire"))
    assert [entry.id for entry, _ in again.entries] == ["1"]


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_reads_a_name_again_that_is_delivered_again(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    """The same name delivered again is read again, and both are kept."""
    state = FeedState("wire")
    for title in (b"one", b"two"):
        drop(tmp_path, "a.xml", FEED % (title, title))
        result = await look(tmp_path, sandbox, state)
        assert [entry.title for entry, _ in result.entries] == [title.decode()]
        state = (await look(tmp_path, sandbox, result.state)).state
    assert sorted(p.name for p in (tmp_path / "done").iterdir()) == ["a.xml", "a.xml.2"]


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_fails_with_a_reason_where_the_spool_is_gone(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    """A folder that is not there is a failure with a reason, not a dead poller."""
    result = await look(tmp_path / "nowhere", sandbox, FeedState("wire"))
    assert (result.outcome, result.reason) == ("failed", "spool_unreadable")
    assert result.state.next_at is not None
