"""Months in the life of a store: migrations, damage, retention, a path that cannot be, a full disk."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests import program
from tests.shell.test_app import configured, environ
from worker.core.contract.message import INCIDENT_LOG, REPORTS, Message
from worker.core.domain.errors import ConfigError, NoRoomError, StateError
from worker.publish.file_publisher import FilePublisher, open_sink
from worker.run.chain import Chain
from worker.run.full_store import FullStore
from worker.store import connect, disk_space, maintenance, outbox, queries
from worker.store.connect import Binding, open_reader, open_writer, transaction
from worker.store.meta import read_meta, write_meta
from worker.store.times import stamp
from worker.store.writer import FOLDED_EVERY, Writer

BINDING = Binding("files", "w1", "portsmere")
NOW = dt.datetime(2031, 3, 4, 9, tzinfo=dt.UTC)
TABLE = "CREATE TABLE later (x INTEGER);"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def message(n: int, topic: str = INCIDENT_LOG, size: int = 100) -> Message:
    value = b'{"pad": "' + b"x" * size + b'"}'
    return Message(topic, f"kw-{n}", {"kw_revision": "1"}, value, f"id{n}")


def test_open_writer_runs_a_migration_once_and_keeps_what_is_there(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store of version 1, opened by a program that knows version 2, has the new table and its old
    rows; opened again nothing happens; the program that knows version 1 only refuses it."""
    first = open_writer(path, BINDING)
    name = read_meta(first, "store_id")
    first.close()
    with monkeypatch.context() as newer:
        newer.setattr(connect, "MIGRATIONS", (*connect.MIGRATIONS, TABLE))
        for _ in range(2):
            conn = open_writer(path, BINDING)
            assert conn.execute("SELECT count(*) FROM later").fetchone()[0] == 0
            assert read_meta(conn, "store_id") == name
            conn.close()
    with pytest.raises(ConfigError, match="upgrade it"):
        open_writer(path, BINDING)


def test_open_writer_leaves_the_store_as_it_was_when_a_migration_breaks_off(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second half of a script fails: neither half is there, and the old program still opens it."""
    open_writer(path, BINDING).close()
    with monkeypatch.context() as newer:
        newer.setattr(connect, "MIGRATIONS", (*connect.MIGRATIONS, f"{TABLE} SELECT nonsense;"))
        with pytest.raises(StateError, match="nonsense"):
            open_writer(path, BINDING)
    conn = open_writer(path, BINDING)
    assert conn.execute("PRAGMA user_version").fetchone()[0] == len(connect.MIGRATIONS)
    assert not conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'later'").fetchone()
    conn.close()


def test_examine_finds_out_a_store_that_contradicts_itself(path: Path) -> None:
    """A member of an incident that does not exist: the daily look ends the worker."""
    conn = open_writer(path, BINDING)
    maintenance.examine(path)
    conn.execute("INSERT INTO member VALUES ('kw-gone', 'a#1', 'a', 0, ?, '{}')", (stamp(NOW),))
    with pytest.raises(StateError, match="unknown incident kw-gone"):
        maintenance.examine(path)
    conn.close()


def test_examine_finds_out_a_damaged_file(path: Path) -> None:
    """Pages overwritten with rubbish: an error that names the store, whatever part they belong to."""
    conn = open_writer(path, BINDING)
    with transaction(conn):
        outbox.append(conn, 1, (message(n, size=3000) for n in range(50)), NOW)
    conn.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 8192)
    with pytest.raises(StateError, match=r"store\.db"):
        maintenance.examine(path)


def test_retain_keeps_what_is_needed(path: Path) -> None:
    """Published messages go after a week, but never the newest; waiting ones stay; what was given
    up goes after ninety days."""
    conn = open_writer(path, BINDING)
    with transaction(conn):
        outbox.append(conn, 1, [message(n) for n in range(3)], NOW)
        outbox.mark_rows(conn, [1, 2])
        for days in (0, 60):
            conn.execute(
                "INSERT INTO dead_letter (kind, article_id, payload, admitted_at, reason, detail, "
                "attempts, buried_at) VALUES ('entry', 'a', '{}', ?, 'no_text', '', 1, ?)",
                (stamp(NOW), stamp(NOW + dt.timedelta(days=days))),
            )
    assert maintenance.retain(conn, NOW + dt.timedelta(days=6)) == 0
    assert maintenance.retain(conn, NOW + dt.timedelta(days=100)) == 2
    assert [row["seq"] for row in conn.execute("SELECT seq FROM outbox ORDER BY seq")] == [2, 3]
    assert conn.execute("SELECT count(*) FROM dead_letter").fetchone()[0] == 1
    conn.close()


def kabulwire(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    config = configured(folder, "http://127.0.0.1:9/feed.xml")
    return program.run(*arguments, "--config", str(config), env=environ(folder, **more))


@pytest.mark.parametrize("command", ["run", "once"])
@pytest.mark.parametrize("place", ["file.txt", "file.txt/below/store.db"])
def test_run_and_once_refuse_a_path_that_can_be_no_store(
    command: str, place: str, tmp_path: Path
) -> None:
    """Something else lies there, or in the way: exit 78, one line with the setting, no traceback."""
    (tmp_path / "file.txt").write_text("these are not the pages of a store " * 200)
    done = kabulwire(tmp_path, command, STORE__PATH=str(tmp_path / place))
    assert done.returncode == 78, done.stderr
    assert "store.path" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [("store", "check"), ("incidents", "list"), ("retry",)])
def test_commands_refuse_a_file_that_is_no_store(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """Reading commands say so too."""
    (tmp_path / "store.db").write_text("nothing of ours " * 500)
    done = kabulwire(tmp_path, *arguments)
    assert done.returncode == 78, done.stderr
    assert "is not a store" in done.stderr


def test_the_writer_folds_its_log_behind_its_jobs(path: Path) -> None:
    """Each sixteenth time, so that no commit has to."""
    writer = Writer(open_writer(path, BINDING), lambda error: None)
    writer.start()

    def note(conn: sqlite3.Connection) -> int:
        write_meta(conn, "note", f"{path.stat().st_size:05}" * 5_000)
        return path.stat().st_size

    sizes = [writer.submit(note).result() for _ in range(FOLDED_EVERY + 1)]
    writer.close()
    assert len(set(sizes[:FOLDED_EVERY])) == 1
    assert sizes[-1] > sizes[0]


class FullDisk:
    """A store whose file may not grow any more: SQLite itself says so, as on a full disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.writer = Writer(open_writer(path, BINDING), lambda error: None)
        self.writer.start()

    def limit(self, pages: int) -> None:
        def pragma(conn: sqlite3.Connection) -> None:
            conn.execute(f"PRAGMA max_page_count = {pages}").fetchone()

        self.writer.submit(pragma).result()

    def fill(self) -> None:
        """No page more than now."""
        self.limit(1)  # SQLite takes it as: no more than there are

    def tell(self, event: str, keys: dict[str, Any]) -> None:
        self.told.append((event, keys))


@pytest.fixture
def full(path: Path) -> Iterator[FullDisk]:
    disk = FullDisk(path)
    yield disk
    disk.limit(1 << 30)
    disk.writer.close()


def grow(conn: sqlite3.Connection) -> int:
    return outbox.append(conn, 1, (message(n, size=9000) for n in range(30)), NOW)


def touch(conn: sqlite3.Connection) -> int:
    return outbox.append(conn, 2, (replace(message(99, size=90_000), ce_id="other"),), NOW)


def chain_of(full: FullDisk, say: Callable[[str, str], None]) -> Chain:
    """A chain that can do nothing but write."""
    unused: Any = None
    held = FullStore(full.path, say)
    return Chain(held, full.writer, unused, unused, unused, unused, {}, unused)


def test_write_waits_for_room_and_is_then_done_once(
    full: FullDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ballast is given up, the work waits; when there is room it is done, and only once."""
    monkeypatch.setattr("worker.run.full_store._WAIT_S", 0.1)
    assert disk_space.lay_ballast(full.path)
    said: list[tuple[str, str]] = []
    say = lambda part, text: said.append((part, text))  # noqa: E731
    chain = chain_of(full, say)
    full.fill()
    threading.Timer(1.0, lambda: full.limit(1 << 30)).start()

    async def both() -> list[int]:
        async with asyncio.TaskGroup() as group:
            jobs = [group.create_task(chain.write(grow)), group.create_task(chain.write(touch))]
        return [job.result() for job in jobs]

    with structlog.testing.capture_logs() as lines:
        assert asyncio.run(both()) == [30, 1]
    assert not full.path.with_name("store.db.ballast").exists()
    assert said[0][1].startswith(f"the store {full.path} cannot be written: database or disk is")
    assert said[-1] == ("store", "")
    first, *more = lines
    assert (first["event"], first["log_level"], first["reason"]) == (
        "store.full",
        "error",
        "store_full",
    )
    assert (first["path"], first["ballast_given_up"]) == (str(full.path), True)
    assert first["advice"].startswith("Free space on the disk of store.path")
    events = [(line["event"], line.get("ballast_given_up")) for line in more]
    assert events == [("store.full", False), ("store.writable", None)]
    assert full.writer.submit(queries.count_waiting).result() == 31


def test_write_that_is_stopped_while_it_waits_leaves_nothing_said(
    full: FullDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits any more; the next transaction that is done takes back what was said, and it alone."""
    monkeypatch.setattr("worker.run.full_store._WAIT_S", 60)
    said: list[str] = []
    chain = chain_of(full, lambda part, text: said.append(f"{part}: {text}"))

    async def stopped() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(chain.write(grow), 1)
        assert [text for text in said if text == "store: "] == []
        full.limit(1 << 30)
        assert await chain.write(touch) == 1
        await chain.write(queries.count_waiting)

    full.fill()
    with structlog.testing.capture_logs() as lines:
        asyncio.run(stopped())
    assert said[-1] == "store: "
    assert [line["event"] for line in lines] == ["store.full", "store.writable"]


def test_publisher_waits_for_room_and_notes_what_it_wrote(
    full: FullDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written could not be noted: publishing says why, lives, and goes on by itself;
    every message is in its file once."""
    monkeypatch.setattr("worker.publish.file_publisher._RETRY_S", 0.1)
    full.writer.submit(grow).result()
    failing = iter([True, True, True])

    def mark(conn: sqlite3.Connection, seqs: list[int]) -> None:
        if next(failing, False):
            conn.execute("PRAGMA max_page_count = 1").fetchone()
            grow_by = (replace(message(n, size=9000), ce_id=f"more{n}") for n in range(30))
            outbox.append(conn, 2, grow_by, NOW)  # raises: there is no page left
        real(conn, seqs)

    real = outbox.mark_rows
    monkeypatch.setattr("worker.publish.file_publisher.outbox.mark_rows", mark)
    sink = open_sink(tmp_path / "topics", "kw", 10**9, full.path)
    publisher = FilePublisher(full.path, sink, full.writer, full.tell)
    publisher.start()
    end = time.monotonic() + 20
    while full.writer.submit(queries.count_waiting).result() and time.monotonic() < end:
        time.sleep(0.05)
    assert publisher.stop(10)
    assert [(e, k.get("reason")) for e, k in full.told if e != "publish.committed"] == [
        ("publish.failed", "store_full"),
        ("publish.recovered", None),
    ]
    written = (tmp_path / "topics" / f"kw.{INCIDENT_LOG}.jsonl").read_text().splitlines()
    assert len(written) == 30


def test_lay_ballast_lays_it_only_when_there_is_room(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four megabytes when twice as much is free; nothing otherwise; given up once."""
    path.touch()
    with monkeypatch.context() as tight:
        tight.setattr(disk_space, "free_bytes", lambda _: disk_space.BALLAST_BYTES)
        assert not disk_space.lay_ballast(path)
    assert disk_space.lay_ballast(path)
    assert path.with_name("store.db.ballast").stat().st_size == disk_space.BALLAST_BYTES
    assert disk_space.drop_ballast(path)
    assert not disk_space.drop_ballast(path)


def test_transaction_says_what_may_pass_and_is_rolled_back(path: Path) -> None:
    """No room, or another program at work: an error of the store's own, and nothing is half done."""
    conn = open_writer(path, BINDING)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    conn.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(disk_space.UnwritableError, match="locked") as locked, transaction(conn):
        pytest.fail("another program holds the lock")
    other.execute("ROLLBACK")
    conn.execute("PRAGMA max_page_count = 1").fetchone()
    with pytest.raises(disk_space.UnwritableError, match="full") as full, transaction(conn):
        grow(conn)
    assert (locked.value.no_room, full.value.no_room) == (False, True)
    conn.execute("PRAGMA max_page_count = 100000").fetchone()
    assert queries.count_waiting(conn) == 0
    with transaction(conn):
        assert grow(conn) == 30


def test_transaction_leaves_other_errors_alone(path: Path) -> None:
    """A statement that is wrong is our own fault, and will be wrong again."""
    conn = open_writer(path, BINDING)
    with pytest.raises(sqlite3.OperationalError, match="no such table") as wrong, transaction(conn):
        conn.execute("DELETE FROM nowhere")
    assert not isinstance(wrong.value, disk_space.UnwritableError)
    assert not conn.in_transaction


def test_open_writer_makes_no_store_on_a_full_disk(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At start there is nothing to wait with: an error of its own, which means "start again"."""

    def full_disk(conn: sqlite3.Connection, **_: object) -> None:
        conn.execute("PRAGMA max_page_count = 1").fetchone()

    monkeypatch.setattr(connect, "_configure", full_disk)
    with pytest.raises(NoRoomError, match="free some"):
        open_writer(path, BINDING)


def test_store_compact_gives_room_back(tmp_path: Path) -> None:
    """`store compact` makes the file smaller once rows were deleted, and says by how much."""
    conn = open_writer(tmp_path / "store.db", BINDING)
    with transaction(conn):
        outbox.append(conn, 1, (message(n, REPORTS, 9000) for n in range(200)), NOW)
    with transaction(conn):
        conn.execute("DELETE FROM outbox")
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    conn.close()
    before = (tmp_path / "store.db").stat().st_size
    done = kabulwire(tmp_path, "store", "compact")
    assert done.returncode == 0, done.stderr
    after = (tmp_path / "store.db").stat().st_size
    assert after < before / 2
    assert done.stdout == f"{before:,} → {after:,} bytes\n"
    open_reader(tmp_path / "store.db").close()


def test_exclusive_waits_for_a_command_that_holds_the_lock(path: Path) -> None:
    """Somebody queues a correction just when the worker starts: it waits, and does not refuse."""
    held, taken = threading.Event(), threading.Event()

    def command() -> None:
        with connect.exclusive(path):
            held.set()
            time.sleep(0.3)

    def worker() -> None:
        with connect.exclusive(path, 20):
            taken.set()

    threads = [threading.Thread(target=command), threading.Thread(target=worker)]
    threads[0].start()
    assert held.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join(30)
    assert taken.is_set()


def in_the_middle(folder: Path, event: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, with something happening inside it."""
    config = configured(folder, "http://127.0.0.1:9/feed.xml")
    return program.run(*arguments, "--config", str(config), env=environ(folder), before=event)


def test_run_ends_cleanly_on_a_signal_before_anything_began(tmp_path: Path) -> None:
    """SIGTERM while settings and knowledge are still being read: nothing is there to be drained."""
    event = (
        "import os, signal\n"
        "import worker.config.load as it\n"
        "it.load = lambda *_: os.kill(os.getpid(), signal.SIGTERM)"
    )
    done = in_the_middle(tmp_path, event, "run")
    assert (done.returncode, done.stderr) == (0, "")


def test_run_without_room_at_its_start_leaves_with_75(tmp_path: Path) -> None:
    """Whatever it is that finds the disk full: exit 75 and one line, not 70 and a traceback."""
    event = (
        "import errno\n"
        "from worker.run import app\n"
        "async def full(*_, **__): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "app.Worker.live = full"
    )
    done = in_the_middle(tmp_path, event, "run")
    assert done.returncode == 75, done.stderr
    assert "free some, start again" in done.stderr
    assert "Traceback" not in done.stderr


def test_store_info_says_that_a_store_is_damaged(tmp_path: Path) -> None:
    """`store info` on pages of rubbish: exit 70 and a sentence."""
    conn = open_writer(tmp_path / "store.db", BINDING)
    with transaction(conn):
        outbox.append(conn, 1, (message(n, size=3000) for n in range(50)), NOW)
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    conn.close()
    with (tmp_path / "store.db").open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 24)
    damaged = f"kabulwire: store {tmp_path / 'store.db'} is damaged"
    for command in ("info", "check"):
        done = kabulwire(tmp_path, "store", command)
        assert done.returncode == 70, done.stderr
        assert done.stderr.startswith(damaged)
        assert done.stderr.endswith("see 'The store is damaged' in docs/operate.md\n")
        assert done.stderr.count("\n") == 1


def test_store_check_names_what_can_be_read_of_a_damaged_store(tmp_path: Path) -> None:
    """The damage as SQLite finds it, then each table: the rest can be told from a backup."""
    conn = open_writer(tmp_path / "store.db", BINDING)
    with transaction(conn):
        outbox.append(conn, 1, (message(n, size=3000) for n in range(500)), NOW)
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    conn.close()
    with (tmp_path / "store.db").open("r+b") as file:
        file.seek((tmp_path / "store.db").stat().st_size // 2)
        file.write(b"\xff" * 4096 * 20)
    done = kabulwire(tmp_path, "store", "check")
    assert done.returncode == 70
    found = done.stdout.splitlines()
    assert any(line.startswith("table outbox: ") for line in found), found
    assert found[-1].startswith("tables that are whole: ")
    assert "meta" in found[-1]
    assert "outbox" not in found[-1]


def test_run_ends_on_a_damaged_store_with_its_file_and_what_to_do(tmp_path: Path) -> None:
    """Whoever met it first: the start, or the look through a store of which the first pages are whole."""
    conn = open_writer(tmp_path / "store.db", BINDING)
    with transaction(conn):
        outbox.append(conn, 1, (message(n, size=3000) for n in range(500)), NOW)
        outbox.mark_rows(conn, list(range(1, 501)))
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    conn.close()
    with (tmp_path / "store.db").open("r+b") as file:
        file.seek((tmp_path / "store.db").stat().st_size // 2)
        file.write(b"\xff" * 4096 * 20)
    config = configured(tmp_path, "http://127.0.0.1:9/feed.xml")
    done = program.run("run", "--config", str(config), env=environ(tmp_path, INSTANCE="w1"))
    assert done.returncode == 70, done.stderr
    (crashed,) = (line for line in done.stderr.splitlines() if '"worker.crashed"' in line)
    told = json.loads(crashed)
    assert told["level"] == "error"
    assert (told["reason"], told["store"]) == ("store_damaged", str(tmp_path / "store.db"))
    assert told["advice"].startswith("put a backup in its place")


def test_tail_without_anything_to_read(tmp_path: Path) -> None:
    """Nothing was published to files yet: nothing is shown. Nobody answers at the broker: 69."""
    done = kabulwire(tmp_path, "tail", "--no-follow")
    assert (done.returncode, done.stdout) == (0, "")
    done = kabulwire(tmp_path, "tail", "--no-follow", KAFKA__BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert done.returncode == 69, done.stderr
    assert "bootstrap_servers" in done.stderr
    assert "Traceback" not in done.stderr
