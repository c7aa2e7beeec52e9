"""The file sink: durable lines, each once, after any kind of end."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from worker.core.contract.message import Message
from worker.core.domain.errors import ConfigError, StateError
from worker.publish.file_publisher import FilePublisher, open_sink
from worker.publish.files import sink as topic_files
from worker.publish.files.sink import FileSink
from worker.store import outbox, queries
from worker.store.connect import Binding, open_reader, open_writer
from worker.store.outbox import OutboxRow
from worker.store.writer import Writer

BINDING = Binding("files", "test", "portsmere")
NOW = dt.datetime(2031, 3, 4, 6, 0, tzinfo=dt.UTC)


def row(seq: int, key: str = "kw-a", topic: str = "incident-log.v1", text: str = "x") -> OutboxRow:
    """One message of the outbox."""
    value = json.dumps({"n": seq, "text": text}).encode()
    return OutboxRow(seq, seq, topic, key, {"ce_id": f"id-{seq}"}, value, f"id-{seq}", "hash")


def read_values(path: Path) -> Iterable[dict[str, Any]]:
    """The lines of a topic file as objects; a torn last line is left out."""
    for line in path.read_bytes().split(b"\n")[:-1]:
        yield json.loads(line)


def seqs(path: Path) -> list[int]:
    """The sequence numbers that a topic file holds."""
    return [line["seq"] for line in read_values(path)]


def test_write_makes_a_line_of_the_whole_record(tmp_path: Path) -> None:
    """seq, key, headers, and the value as an object, not as a string."""
    sink = FileSink(tmp_path, "kw")
    sink.write([row(7, text="کابل")])

    assert list(read_values(tmp_path / "kw.incident-log.v1.jsonl")) == [
        {"seq": 7, "key": "kw-a", "headers": {"ce_id": "id-7"}, "value": {"n": 7, "text": "کابل"}}
    ]


def test_write_leaves_out_rows_written_before_a_crash(tmp_path: Path) -> None:
    """A new process reads the last seq and goes on behind it."""
    FileSink(tmp_path, "kw").write([row(1), row(2)])
    again = FileSink(tmp_path, "kw")
    again.write([row(1), row(2), row(3)])

    assert seqs(again.path("incident-log.v1")) == [1, 2, 3]


@pytest.mark.parametrize("torn", [b'{"seq": 3, "ke', b"{", b'{"seq": 3, "key": "k", "headers": {}'])
def test_write_cuts_a_torn_last_line(tmp_path: Path, torn: bytes) -> None:
    """Half a line was never acknowledged: it goes, and its row is written whole."""
    sink = FileSink(tmp_path, "kw")
    sink.write([row(1), row(2)])
    with sink.path("incident-log.v1").open("ab") as file:
        file.write(torn)
    again = FileSink(tmp_path, "kw")
    again.write([row(2), row(3)])

    assert seqs(again.path("incident-log.v1")) == [1, 2, 3]


def test_write_begins_anew_after_a_torn_only_line(tmp_path: Path) -> None:
    """The very first line may be torn as well."""
    sink = FileSink(tmp_path, "kw")
    sink.path("incident-log.v1").write_bytes(b'{"seq": 1')
    sink.write([row(1)])

    assert seqs(sink.path("incident-log.v1")) == [1]


def test_write_goes_on_behind_a_rotated_file(tmp_path: Path) -> None:
    """After a rotation the next file goes on where the old one ended, also in a new process."""
    for seq in range(1, 6):
        FileSink(tmp_path, "kw", rotate_bytes=1).write([row(s) for s in range(1, seq + 1)])
    found = sorted(path.name for path in tmp_path.iterdir())

    assert found == [f"kw.incident-log.v1.{seq:012d}.jsonl" for seq in range(1, 6)]
    assert [s for name in found for s in seqs(tmp_path / name)] == [1, 2, 3, 4, 5]


def test_compact_keeps_the_newest_of_each_key(tmp_path: Path) -> None:
    """The compacted topic shows the last state per incident, and ends in the last seq."""
    sink = FileSink(tmp_path, "kw")
    sink.write([row(n, key, "incidents.v1") for n, key in enumerate("abacb", start=1)])

    assert sink.compact() == 3
    assert [(line["key"], line["seq"]) for line in read_values(sink.path("incidents.v1"))] == [
        ("a", 3),
        ("c", 4),
        ("b", 5),
    ]
    again = FileSink(tmp_path, "kw")
    again.write([row(5, "b", "incidents.v1")])
    assert seqs(again.path("incidents.v1")) == [3, 4, 5]


def test_compact_leaves_a_torn_last_line_out(tmp_path: Path) -> None:
    """What a crash tore is no record: the rest is compacted, and its row can still be written."""
    sink = FileSink(tmp_path, "kw")
    sink.write([row(n, "kw-a", "incidents.v1") for n in (1, 2)])
    with sink.path("incidents.v1").open("ab") as file:
        file.write(b'{"seq": 3, "key": "kw-a", "hea')

    assert sink.compact() == 1
    assert seqs(sink.path("incidents.v1")) == [2]
    FileSink(tmp_path, "kw").write([row(2, "kw-a", "incidents.v1"), row(3, "kw-a", "incidents.v1")])
    assert seqs(sink.path("incidents.v1")) == [2, 3]


def test_compact_refuses_a_file_that_is_no_topic_file(tmp_path: Path) -> None:
    """A whole line that is no record stops it with the file's name, and the file is untouched."""
    sink = FileSink(tmp_path, "kw")
    sink.path("incidents.v1").write_text("somebody's notes\n")

    with pytest.raises(StateError, match=r"incidents\.v1\.jsonl: a line is no record"):
        sink.compact()
    assert sink.path("incidents.v1").read_text() == "somebody's notes\n"


def test_write_replaces_the_heartbeat_before(tmp_path: Path) -> None:
    """A heartbeat replaces the one before."""
    sink = FileSink(tmp_path, "kw")
    for seq in (1, 2):
        sink.write([row(seq, topic="heartbeat.v1")])

    assert seqs(sink.path("heartbeat.v1")) == [2]


def test_write_refuses_a_file_that_is_no_topic_file(tmp_path: Path) -> None:
    """A complete line without seq is not our file: refuse loudly instead of appending to it."""
    sink = FileSink(tmp_path, "kw")
    sink.path("incident-log.v1").write_text("somebody's notes\n")

    with pytest.raises(StateError, match="a line is no record"):
        sink.write([row(1)])


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from typing import Any
from tests.shell.test_files import row
from worker.publish.files.sink import FileSink

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sink = FileSink(Path(sys.argv[1]), "kw")
sink.write([row(1)])
rows = [row(n, text="y" * 300) for n in (2, 3, 4, 5)]
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
try:
    sink.write(rows)
except OSError:
    print("refused", sink.path("incident-log.v1").stat().st_size < 200)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
sink.write(rows)
"""


def test_write_on_a_full_disk_never_glues_two_records(tmp_path: Path) -> None:
    """The kernel stops an append in mid-line; the same sink tries again: every line parses, once."""
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("refused True\n", "")
    assert seqs(tmp_path / "kw.incident-log.v1.jsonl") == [1, 2, 3, 4, 5]


def test_an_append_that_cannot_be_undone_is_cut_at_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When even cutting back fails, the next append looks at the file again, not at its memory."""
    sink = FileSink(tmp_path, "kw")
    sink.write([row(1)])

    def tear(path: Path, rows: object) -> None:
        with path.open("ab") as file:
            file.write(topic_files.encode(row(2)) + b'{"seq": 3, "ke')
        raise OSError(28, "No space left on device")

    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(topic_files, "_append_lines", tear)
        patch.setattr("os.truncate", refuse)
        with pytest.raises(OSError, match="No space left"):
            sink.write([row(2), row(3)])
    sink.write([row(2), row(3)])

    assert seqs(sink.path("incident-log.v1")) == [1, 2, 3]


def test_a_failed_sync_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that the disk did not confirm are taken back and written and synced again."""
    sink = FileSink(tmp_path, "kw")
    path = sink.path("incident-log.v1")
    sink.write([row(1)])

    def refuse(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(topic_files, "_sync", refuse)
        with pytest.raises(OSError, match="Input/output"):
            sink.write([row(2)])
    assert seqs(path) == [1]
    sink.write([row(2)])
    assert seqs(path) == [1, 2]


def test_written_then_synced_then_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the moment of the sync the lines are in the file and their rows still wait."""
    store = tmp_path / "store.db"
    seen: list[object] = []
    writer = Writer(open_writer(store, BINDING), lambda _: None)
    sink = FileSink(tmp_path / "topics", "kw")
    sink.make_folder()
    log, reader = sink.path("incident-log.v1"), open_reader(store)
    message = Message("incident-log.v1", "kw-a", {}, b"{}", "id-1")
    synced = topic_files._sync

    def watch(descriptor: int) -> None:
        seen.append((os.fstat(descriptor).st_ino == log.stat().st_ino, seqs(log)))
        seen.append((queries.count_waiting(reader), "waiting"))
        synced(descriptor)

    monkeypatch.setattr(topic_files, "_sync", watch)
    writer.start()
    writer.submit(lambda conn: outbox.append(conn, 1, (message,), NOW)).result(timeout=10)
    publisher = FilePublisher(store, sink, writer, lambda *_: None)
    publisher.start()
    assert publisher.stop(10)
    writer.close()

    assert seen == [(True, [1]), (1, "waiting")]
    assert queries.count_waiting(reader) == 0


def published_store(tmp_path: Path, folder: str) -> Path:
    """A store whose one message is in the topic files of a folder."""
    store = tmp_path / "store.db"
    writer = Writer(open_writer(store, BINDING), lambda _: None)
    writer.start()
    message = Message("incident-log.v1", "kw-a", {}, b"{}", "id-1")
    writer.submit(lambda conn: outbox.append(conn, 1, (message,), NOW)).result(timeout=10)
    publisher = FilePublisher(
        store, open_sink(tmp_path / folder, "kw", 1000, store), writer, lambda *_: None
    )
    publisher.start()
    assert publisher.stop(10)
    writer.close()
    return store


def test_open_sink_takes_the_files_of_its_store(tmp_path: Path) -> None:
    """Also when the newest file has just been rotated away under a name with its last number."""
    store = published_store(tmp_path, "topics")
    sink = open_sink(tmp_path / "topics", "kw", 1000, store)
    assert sink.last_seq("incident-log.v1") == 1
    log = sink.path("incident-log.v1")
    log.rename(log.with_name("kw.incident-log.v1.000000000001.jsonl"))
    assert open_sink(tmp_path / "topics", "kw", 1000, store).last_seq("incident-log.v1") == 1


def test_open_sink_refuses_files_ahead_of_their_store(tmp_path: Path) -> None:
    """An empty store would number anew from 1, and what it publishes be taken for written."""
    published_store(tmp_path, "topics")
    empty = tmp_path / "empty.db"
    open_writer(empty, BINDING).close()
    with pytest.raises(
        ConfigError, match=r"holds message 1 of .*, which store .*empty\.db never wrote"
    ):
        open_sink(tmp_path / "topics", "kw", 1000, empty)


def test_open_sink_refuses_a_folder_without_what_was_published(tmp_path: Path) -> None:
    """A consumer of the new folder would begin in the middle. No folder is made in the place of one
    that is missed."""
    store = published_store(tmp_path, "topics")
    wrote = r"but store .* wrote incident-log\.v1 up to message 1 there: put the folder back"
    with pytest.raises(ConfigError, match=f"other is missing, {wrote}"):
        open_sink(tmp_path / "other", "kw", 1000, store)
    assert not (tmp_path / "other").exists()
    (tmp_path / "other").mkdir()
    with pytest.raises(ConfigError, match=f"other holds no topic files, {wrote}"):
        open_sink(tmp_path / "other", "kw", 1000, store)


def test_open_sink_takes_a_folder_that_cannot_be_for_a_wrong_setting(tmp_path: Path) -> None:
    """Not a fault of the program."""
    store = published_store(tmp_path, "topics")
    (tmp_path / "plain").write_text("", "utf-8")
    with pytest.raises(ConfigError, match=r"files\.dir: .*plain is no folder"):
        open_sink(tmp_path / "plain", "kw", 1000, store)


def test_open_sink_refuses_a_file_that_misses_what_was_published(tmp_path: Path) -> None:
    """One topic's file is gone, or an older copy is back: its consumers would find a hole."""
    store = published_store(tmp_path, "topics")
    log = FileSink(tmp_path / "topics", "kw").path("incident-log.v1")
    other = log.with_name("kw.reports.v1.jsonl")
    other.write_bytes(b'{"seq": 1, "key": "a", "headers": {}, "value": {}}\n')
    log.unlink()
    with pytest.raises(ConfigError, match=r"holds nothing of incident-log\.v1, but store .* wrote"):
        open_sink(tmp_path / "topics", "kw", 1000, store)


def test_open_sink_refuses_files_of_another_store(tmp_path: Path) -> None:
    """The last message has a number that this store used, too, for something else."""
    store = published_store(tmp_path, "topics")
    log = FileSink(tmp_path / "topics", "kw").path("incident-log.v1")
    log.write_bytes(b'{"seq": 1, "key": "kw-other", "headers": {}, "value": {}}\n')
    with pytest.raises(ConfigError, match="never wrote"):
        open_sink(tmp_path / "topics", "kw", 1000, store)


def test_open_sink_knows_its_own_row_that_was_not_noted(tmp_path: Path) -> None:
    """A crash between the file and the mark: the file is ahead of what is noted, by our own row."""
    store = published_store(tmp_path, "topics")
    conn = open_writer(store, BINDING)
    conn.execute("UPDATE outbox SET published = 0")
    conn.execute("DELETE FROM meta WHERE key LIKE 'written.%'")
    conn.close()
    assert open_sink(tmp_path / "topics", "kw", 1000, store).last_seq("incident-log.v1") == 1


def test_open_sink_knows_files_whose_rows_were_deleted(tmp_path: Path) -> None:
    """Retention takes published rows away; what is noted of each topic remains."""
    store = published_store(tmp_path, "topics")
    conn = open_writer(store, BINDING)
    conn.execute("DELETE FROM outbox")
    conn.close()
    assert open_sink(tmp_path / "topics", "kw", 1000, store).last_seq("incident-log.v1") == 1
