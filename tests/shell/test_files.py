"""The file sink: durable lines, each once, after any kind of end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from worker.core.errors import StateError
from worker.publish.files import FileSink, read_values
from worker.store.outbox import OutboxRow


def row(seq: int, key: str = "kw-a", topic: str = "incident-log.v1", text: str = "x") -> OutboxRow:
    """One message of the outbox."""
    value = json.dumps({"n": seq, "text": text}).encode()
    return OutboxRow(seq, seq, topic, key, {"ce_id": f"id-{seq}"}, value, f"id-{seq}", "hash")


def seqs(path: Path) -> list[int]:
    """The sequence numbers that a topic file holds."""
    return [line["seq"] for line in read_values(path)]


def test_a_line_is_the_whole_record(tmp_path: Path) -> None:
    """seq, key, headers, and the value as an object, not as a string."""
    sink = FileSink(tmp_path, "kw")
    sink.write([row(7, text="کابل")])

    assert list(read_values(tmp_path / "kw.incident-log.v1.jsonl")) == [
        {"seq": 7, "key": "kw-a", "headers": {"ce_id": "id-7"}, "value": {"n": 7, "text": "کابل"}}
    ]


def test_rows_written_before_a_crash_are_not_written_again(tmp_path: Path) -> None:
    """A new process reads the last seq and goes on behind it."""
    FileSink(tmp_path, "kw").write([row(1), row(2)])
    again = FileSink(tmp_path, "kw")
    again.write([row(1), row(2), row(3)])

    assert seqs(again.path("incident-log.v1")) == [1, 2, 3]


@pytest.mark.parametrize("torn", [b'{"seq": 3, "ke', b"{", b'{"seq": 3, "key": "k", "headers": {}'])
def test_a_torn_last_line_is_cut(tmp_path: Path, torn: bytes) -> None:
    """Half a line was never acknowledged: it goes, and its row is written whole."""
    sink = FileSink(tmp_path, "kw")
    sink.write([row(1), row(2)])
    with sink.path("incident-log.v1").open("ab") as file:
        file.write(torn)
    again = FileSink(tmp_path, "kw")
    again.write([row(2), row(3)])

    assert seqs(again.path("incident-log.v1")) == [1, 2, 3]


def test_a_torn_only_line_leaves_an_empty_file(tmp_path: Path) -> None:
    """The very first line may be torn as well."""
    sink = FileSink(tmp_path, "kw")
    sink.path("incident-log.v1").write_bytes(b'{"seq": 1')
    sink.write([row(1)])

    assert seqs(sink.path("incident-log.v1")) == [1]


def test_rotation_keeps_the_ledger(tmp_path: Path) -> None:
    """After a rotation the next file goes on where the old one ended, also in a new process."""
    for seq in range(1, 6):
        FileSink(tmp_path, "kw", rotate_bytes=1).write([row(s) for s in range(1, seq + 1)])
    found = sorted(path.name for path in tmp_path.iterdir())

    assert found == [f"kw.incident-log.v1.{seq:012d}.jsonl" for seq in range(1, 6)]
    assert [s for name in found for s in seqs(tmp_path / name)] == [1, 2, 3, 4, 5]


def test_compaction_keeps_the_newest_of_each_key(tmp_path: Path) -> None:
    """The compacted topic shows the last state per incident, in order of first appearance."""
    sink = FileSink(tmp_path, "kw")
    sink.write([row(n, key, "incidents.v1") for n, key in enumerate("abacb", start=1)])

    assert sink.compact() == 3
    assert [(line["key"], line["seq"]) for line in read_values(sink.path("incidents.v1"))] == [
        ("a", 3),
        ("b", 5),
        ("c", 4),
    ]


def test_heartbeats_hold_one_line(tmp_path: Path) -> None:
    """A heartbeat replaces the one before."""
    sink = FileSink(tmp_path, "kw")
    for seq in (1, 2):
        sink.write([row(seq, topic="heartbeat.v1")])

    assert seqs(sink.path("heartbeat.v1")) == [2]


def test_a_file_that_is_no_topic_file_is_fatal(tmp_path: Path) -> None:
    """A complete line without seq is not our file: refuse loudly instead of appending to it."""
    sink = FileSink(tmp_path, "kw")
    sink.path("incident-log.v1").write_text("somebody's notes\n")

    with pytest.raises(StateError, match="last line is no record"):
        sink.write([row(1)])
