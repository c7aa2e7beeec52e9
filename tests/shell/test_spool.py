"""Spools: documents that somebody else drops into a folder."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from worker.config.schema import FeedConfig, Ingest
from worker.ingest.poll_spool import poll_spool
from worker.ingest.results import PollResult
from worker.ingest.schedule import FeedState
from worker.ingest.spool import Spool
from worker.observe.metrics import Metrics
from worker.run.clock import Now
from worker.run.poll_log import tell_delivery, tell_poll
from worker.run.poller import STATE, Poller
from worker.sandbox.pool import Sandbox
from worker.serve.status_rows import feed_facts
from worker.store.connect import Binding, open_writer
from worker.store.inbox import Admission, Admitted, admit

NOW = dt.datetime(2031, 5, 8, 12, tzinfo=dt.UTC)
FEED = b"<rss version='2.0'><channel><item><title>%s</title><guid>%s</guid></item></channel></rss>"
LIMIT = 10_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox("anywhere", 1) as running:
        yield running


def drop(folder: Path, name: str, data: bytes, age: float = 60) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    when = NOW.timestamp() - age
    os.utime(path, (when, when))


def names(folder: Path) -> list[str]:
    """Files below a folder, by their path in it."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


class Looking:
    """A spool that is looked into again and again, as a worker that stores every state does."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder = folder
        self.spool = Spool(folder, LIMIT)
        self.sandbox = sandbox
        self.state = FeedState("wire")

    async def look(self, *, stored: bool = True, cleared: bool = True) -> PollResult:
        """One look. Not ``stored``: the worker died before the commit; not ``cleared``: just after."""
        feed = FeedConfig(id="wire", outlet="Wire", lang="en", path=self.folder)
        result = await poll_spool(feed, self.state, self.spool, self.sandbox, NOW)
        if stored:
            self.state = result.state
            if cleared:
                self.spool.clear(self.state.spool_read)
        if not (stored and cleared):
            self.spool = Spool(self.folder, LIMIT)
        return result


@pytest.fixture
def spool(tmp_path: Path, sandbox: Sandbox) -> Looking:
    return Looking(tmp_path, sandbox)


def titles(result: PollResult) -> list[str | None]:
    return [entry.title for entry, _ in result.entries]


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_spool_reads_complete_files_oldest_first(spool: Looking) -> None:
    """Complete files are read, oldest first, and lie in done afterwards; what is unfinished or no
    file stays where it is, and a link is not followed."""
    drop(spool.folder, "b.xml", FEED % (b"second", b"2"), age=10)
    drop(spool.folder, "a.xml", FEED % (b"first", b"1"), age=100)
    drop(spool.folder, "new.xml", FEED % (b"n", b"n"), age=0.5)
    drop(spool.folder, ".hidden", FEED % (b"h", b"h"))
    drop(spool.folder, "half.xml.part", FEED % (b"p", b"p"))
    drop(spool.folder, "zero.xml", b"")
    (spool.folder / "link.xml").symlink_to("/etc/passwd")
    os.mkfifo(spool.folder / "pipe.xml")
    first = await spool.look()
    assert titles(first) == ["first", "second"]
    assert names(spool.folder / "done") == ["a.xml", "b.xml"]
    left = {path.name for path in spool.folder.iterdir() if not path.is_dir()}
    assert left == {"new.xml", ".hidden", "half.xml.part", "zero.xml", "link.xml", "pipe.xml"}
    second = await spool.look()
    assert (second.outcome, second.entries, second.more) == ("unchanged", (), False)


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_spool_sets_poison_aside_with_the_reason_beside_it(spool: Looking) -> None:
    """What is no feed, too large, or empty for an hour lies in failed with its reason; the rest counts."""
    drop(spool.folder, "good.xml", FEED % (b"good", b"g"))
    drop(spool.folder, "bad.xml", b"no feed at all")
    drop(spool.folder, "huge.xml", b"x" * (LIMIT + 1))
    drop(spool.folder, "zero.xml", b"", age=4000)
    result = await spool.look()
    assert titles(result) == ["good"]
    assert {r.name: r.reason for r in result.refused} == {
        "bad.xml": "not_a_feed", "huge.xml": "too_large", "zero.xml": "empty"}  # fmt: skip
    failed = spool.folder / "failed"
    told = {p.name: p.read_text("utf-8") for p in failed.glob("*.reason")}
    assert told.keys() == {"bad.xml.reason", "huge.xml.reason", "zero.xml.reason"}
    assert told["huge.xml.reason"] == "too_large: 10001 bytes\n"
    assert {p.name for p in failed.iterdir()} - told.keys() == {"bad.xml", "huge.xml", "zero.xml"}


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_spool_looks_into_sub_folders_and_keeps_them(spool: Looking) -> None:
    """A mirror's folders are kept below done; the same name in two folders is two files; a name that
    is no text, and one too long to be added to, are read all the same."""
    drop(spool.folder, "2031/05/a.xml", FEED % (b"one", b"1"), age=30)
    drop(spool.folder, "2031/06/a.xml", FEED % (b"two", b"2"), age=20)
    drop(spool.folder, "odd %2F.xml", FEED % (b"three", b"3"), age=15)
    drop(spool.folder, "n" * 250 + ".xml", FEED % (b"four", b"4"), age=12)
    drop(spool.folder, os.fsdecode(b"caf\xe9.xml"), FEED % (b"five", b"5"), age=10)
    drop(spool.folder, "x/done/b.xml", FEED % (b"six", b"6"), age=9)
    assert titles(await spool.look()) == ["one", "two", "three", "four", "five", "six"]
    done = names(spool.folder / "done")
    assert {"2031/05/a.xml", "2031/06/a.xml", "odd %2F.xml", "caf\\xe9.xml", "x/done/b.xml"} < {
        *done
    }
    assert len(done) == 6
    assert (await spool.look()).entries == ()


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_spool_reads_a_name_again_that_is_delivered_again(spool: Looking) -> None:
    """The same name delivered again is read again, and both are kept, even when the second comes before
    the first was moved on."""
    drop(spool.folder, "a.xml", FEED % (b"one", b"one"))
    assert titles(await spool.look(cleared=False)) == ["one"]
    drop(spool.folder, "a.xml", FEED % (b"two", b"two"))
    assert titles(await spool.look()) == ["two"]
    drop(spool.folder, "a.xml", FEED % (b"three", b"three"))
    assert titles(await spool.look()) == ["three"]
    assert names(spool.folder / "done") == ["a.xml", "a.xml.2", "a.xml.3"]
    assert b"two" in (spool.folder / "done" / "a.xml.2").read_bytes()


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_spool_reads_again_what_was_not_stored(spool: Looking) -> None:
    """A look whose state was not stored is made again, from where the file was taken to."""
    drop(spool.folder, "a.xml", FEED % (b"first", b"1"))
    await spool.look(stored=False)
    assert not (spool.folder / "a.xml").exists()
    assert titles(await spool.look()) == ["first"]
    assert names(spool.folder / "done") == ["a.xml"]


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_spool_waits_for_a_file_that_is_still_written_to(spool: Looking) -> None:
    """A writer that stalled and goes on after the file was taken: it is read when it is whole, and
    holds up no other."""
    drop(spool.folder, "slow.xml", b"<rss version='2.0'><channel>")
    with (spool.folder / "slow.xml").open("ab") as writer:
        assert spool.spool.take(NOW) == ["slow.xml"]
        writer.write(b"<item><title>whole</title><guid>w</guid></item></channel></rss>")
        writer.flush()
        taken = spool.folder / ".taken" / "slow.xml"
        os.utime(taken, (NOW.timestamp() - 1, NOW.timestamp() - 1))
        drop(spool.folder, "other.xml", FEED % (b"other", b"o"))
        assert titles(await spool.look()) == ["other"]
    os.utime(taken, (NOW.timestamp() - 3, NOW.timestamp() - 3))
    assert titles(await spool.look()) == ["whole"]


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_spool_takes_a_full_folder_a_hundred_at_a_time(spool: Looking) -> None:
    """250 files are three looks, without a pause between them, each file once, oldest first."""
    for number in range(250):
        drop(spool.folder, f"{number}.xml", FEED % (b"%d" % number, b"%d" % number), 900 - number)
    looks = [await spool.look() for _ in range(3)]
    assert [len(look.entries) for look in looks] == [100, 100, 50]
    assert [look.more for look in looks] == [True, True, False]
    assert [look.waiting for look in looks] == [150, 50, 0]
    assert looks[0].state.next_at == NOW < (looks[2].state.next_at or NOW)
    read = [title for look in looks for title in titles(look)]
    assert read == [str(number) for number in range(250)]
    assert len(names(spool.folder / "done")) == 250


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_spool_goes_on_behind_the_end_of_a_listing(
    spool: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder with more files than are listed at a time is emptied in one go, in order."""
    monkeypatch.setattr("worker.ingest.spool.LISTED", 4)
    for number in range(13):
        drop(spool.folder, f"{number}.xml", FEED % (b"%d" % number, b"%d" % number), 900 - number)
    spool.spool = Spool(spool.folder, LIMIT)
    read: list[str | None] = []
    more = True
    while more:
        result = await spool.look()
        read += titles(result)
        more = result.more
    assert read == [str(number) for number in range(13)]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EROFS, "spool_readonly"),
        (errno.EACCES, "spool_readonly"),
        (errno.ENOSPC, "spool_full"),
        (errno.EIO, "spool_unreadable"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_poll_spool_names_what_is_wrong_with_the_folder(
    number: int, reason: str, spool: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that may not be written, and a full disk: named, nothing lost, read once it is mended."""
    drop(spool.folder, "a.xml", FEED % (b"first", b"1"))

    def refused(*_: object) -> None:
        raise OSError(number, os.strerror(number), "a.xml")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", refused)
        result = await spool.look()
    assert (result.outcome, result.reason, result.state.failures) == ("failed", reason, 1)
    assert result.detail == f"{os.strerror(number)}: a.xml"
    mended = await spool.look()
    assert (titles(mended), mended.state.failures) == (["first"], 0)


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_spool_fails_with_a_reason_where_the_spool_is_gone(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    """A folder that is not there is a failure with a reason, not a dead poller."""
    result = await Looking(tmp_path / "nowhere", sandbox).look(stored=False)
    assert (result.outcome, result.reason) == ("failed", "spool_missing")
    assert result.state.next_at is not None


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_spool_sets_a_cut_file_aside_and_keeps_what_is_whole(spool: Looking) -> None:
    """The whole items are entries, the file lies in failed with what was kept; delivered again as a
    whole it is read like any other. A file with too many items is set aside likewise.
    """
    whole = (FEED % (b"first", b"1")).replace(
        b"</item>", b"</item><item><title>second</title></item>"
    )
    drop(spool.folder, "cut.xml", whole[: whole.index(b"second")])
    drop(spool.folder, "half.xml", whole[: whole.index(b"first")])
    result = await spool.look()
    assert titles(result) == ["first"]
    assert [(one.name, one.reason) for one in result.refused] == [
        ("cut.xml", "truncated"), ("half.xml", "truncated")]  # fmt: skip
    reason = "truncated: it ends too early or is broken further down; kept of it: 1 whole item\n"
    assert (spool.folder / "failed" / "cut.xml.reason").read_text("utf-8") == reason
    assert "no item of it is whole" in (spool.folder / "failed/half.xml.reason").read_text("utf-8")
    drop(spool.folder, "cut.xml", whole)
    assert titles(await spool.look()) == ["first", "second"]
    assert names(spool.folder / "done") == ["cut.xml"]


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_of_a_spool_is_told_with_nothing_that_a_spool_has_not(spool: Looking) -> None:
    """No change of a pace that nobody has; what was set aside is named."""
    drop(spool.folder, "poison.xml", b"no feed at all")
    feed = FeedConfig(id="wire", outlet="Wire", lang="en", path=spool.folder)
    before, result = spool.state, await spool.look()
    with capture_logs() as lines:
        tell_delivery(feed, result, Metrics())
        tell_poll(feed, before, result, Admitted(), 0.1, Metrics())
    assert [line["event"] for line in lines] == ["feed.refused", "feed.polled"]


@pytest.mark.asyncio(loop_scope="module")
async def test_position_of_a_spool_is_when_it_last_had_a_file(
    spool: Looking, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nothing before the first look; then that none came yet, or when the last one did."""
    feed = FeedConfig(id="wire", outlet="Wire", lang="en", path=spool.folder)
    store = tmp_path_factory.mktemp("store") / "store.db"
    conn = open_writer(store, Binding("files", "test", "anywhere"))

    def position() -> str | None:
        found: str | None = feed_facts(conn, [feed])[0]["position"]
        return found

    assert position() is None
    last = "last file 2031-05-08 12:00 UTC"
    for name, told in (("", "no file yet"), ("a.xml", last), ("", last)):
        if name:
            drop(spool.folder, name, FEED % (b"first", b"1"))
        result = await spool.look()
        record = STATE.dump_json(result.state).decode()
        conn.execute("BEGIN")
        admit(conn, Admission("wire", (), record, None), NOW)
        conn.execute("COMMIT")
        assert position() == told
    conn.close()


@pytest.mark.parametrize("at", ["", "2031-05-08T11:59:00Z"], ids=["never", "a minute ago"])
def test_poller_looks_into_a_spool_at_the_start(at: str, tmp_path: Path) -> None:
    """Whatever its interval, and whenever it was last looked into; a feed of the web is spread."""
    record = json.dumps(
        {"feed": "wire", "last_attempt": at or None, "next_at": "2031-05-08T12:50:00Z"}
    )
    now = Now(NOW, 1000.0)
    parts: Any = SimpleNamespace(
        config=SimpleNamespace(ingest=Ingest()), states={"wire": record} if at else {}, once=False,
        clock=SimpleNamespace(now=lambda: now), asked_for=set(), polled=set(),
        health=SimpleNamespace(conditions=SimpleNamespace(paused=False)),
    )  # fmt: skip
    feed = FeedConfig(id="wire", outlet="Wire", lang="en", path=tmp_path, interval_s=600)
    assert Poller(feed, parts).next_due(now) == 1000.0
