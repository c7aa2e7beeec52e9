"""`tail` over topic files: every record once and in order, however often the file is rotated."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from tests.core.published import one_of_each
from tests.shell.test_cli import kabulwire
from worker.cli.incident_log import Published, follow_files
from worker.demo.show import change_line, latest
from worker.publish.files.sink import FileSink
from worker.run.due_work.heartbeats import AliveLine
from worker.run.parts import Parts
from worker.store.outbox import OutboxRow

TOPIC = "incident-log.v1"
SMALL = 3000
"""Bytes after which these files are rotated: two or three records."""


def rows(first: int, last: int) -> list[OutboxRow]:
    """Messages of the log by their numbers."""
    made = one_of_each()[TOPIC]
    return [
        OutboxRow(seq, seq, TOPIC, made.key, made.headers, made.value, made.ce_id, "hash")
        for seq in range(first, last + 1)
    ]


def write(sink: FileSink, first: int, last: int) -> None:
    """One batch a record, as a worker with little to say."""
    for row in rows(first, last):
        sink.write([row])


def numbers(records: Iterator[Published] | list[Published]) -> list[int]:
    return [json.loads(record.line)["seq"] for record in records]


def test_follow_files_reads_rotated_files_first(tmp_path: Path) -> None:
    """Nine records in several files are nine records; without `from_beginning` none is news."""
    sink = FileSink(tmp_path, "kabulwire", SMALL)
    write(sink, 1, 9)
    path = sink.path(TOPIC)
    assert len(list(tmp_path.glob("*.jsonl"))) > 2
    assert numbers(follow_files(path, from_beginning=True, follow=False)) == list(range(1, 10))
    assert numbers(follow_files(path, from_beginning=False, follow=False)) == []


@pytest.mark.parametrize("from_beginning", [True, False])
def test_follow_files_goes_on_behind_a_rotation(tmp_path: Path, from_beginning: bool) -> None:
    """The file is rotated away under the reader, several times; nothing is lost or told twice."""
    sink = FileSink(tmp_path, "kabulwire", SMALL)
    write(sink, 1, 4)
    found: list[int] = []

    def read() -> None:
        following = follow_files(sink.path(TOPIC), from_beginning=from_beginning, follow=True)
        for record in following:
            found.extend(numbers([record]))
            if found[-1] == 20:
                return

    reader = Thread(target=read, daemon=True)
    reader.start()
    time.sleep(0.5)  # it has looked where the end is
    for seq in range(5, 21):
        write(sink, seq, seq)
        time.sleep(0.02)
    reader.join(20)
    assert found == list(range(1 if from_beginning else 5, 21))


def test_follow_files_waits_for_the_end_of_a_torn_line(tmp_path: Path) -> None:
    """Half a line is no record, and no error."""
    sink = FileSink(tmp_path, "kabulwire")
    write(sink, 1, 2)
    path = sink.path(TOPIC)
    path.write_bytes(path.read_bytes() + b'{"seq": 3, "key": "kw')
    assert numbers(follow_files(path, from_beginning=True, follow=False)) == [1, 2]


def test_tail_without_follow_prints_all_there_is_and_ends(tmp_path: Path) -> None:
    """Rotated files too, one line a change."""
    sink = FileSink(tmp_path / "var" / "topics", "kabulwire", SMALL)
    sink.make_folder()
    write(sink, 1, 5)
    (tmp_path / "kabulwire.toml").write_text('[files]\ndir = "var/topics"\n', "utf-8")
    (tmp_path / "feeds.toml").write_text("", "utf-8")
    done = kabulwire(
        "tail", "--config", str(tmp_path), "--from-beginning", "--no-follow", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if "revision 2" in line]
    assert len(lines) == 5
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\dZ  incident kw-", line) for line in lines)


def test_change_line_tells_of_an_erased_incident() -> None:
    """A null value erases the key: a line of its own, and no part of the latest state."""
    value = json.loads(one_of_each()[TOPIC].value)
    told = {"key": value["incident_id"], "value": value}
    erased: dict[str, Any] = {"key": value["incident_id"], "value": None}
    assert change_line(erased) == f"incident {value['incident_id']} erased"
    assert latest([told]) == [told]
    assert latest([told, erased]) == []


def test_alive_line_counts_what_came_since_the_last() -> None:
    """At a second start the store is full and nothing came yet; what waits is told as it is."""
    held = {"articles": 40, "incidents": 7, "inbox": 3, "outbox": 1, "dead_letters": 2}

    async def read(_: object) -> dict[str, int]:
        return dict(held)

    health = SimpleNamespace(read=read, conditions=SimpleNamespace(failing=()))
    line = AliveLine(cast("Parts", SimpleNamespace(health=health)))
    with capture_logs() as told:
        asyncio.run(line.work(cast("Any", None)))
        held.update(articles=45, incidents=8, inbox=0)
        asyncio.run(line.work(cast("Any", None)))
    shown = [(t["articles"], t["incidents"], t["inbox"], t["dead_letters"]) for t in told]
    assert shown == [(0, 0, 3, 2), (5, 1, 0, 2)]
