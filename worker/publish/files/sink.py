"""The file sink: the same records as Kafka, one JSON object a line, each topic file its own ledger.

Rules
-----
1. ``run`` only appends. A batch is written, then fsynced, then marked published; what the mark did
   not reach is recognised at the next start, because the last ``seq`` in a file is where writing
   goes on.
2. At start a torn last line is cut. It was never acknowledged, so its row is still waiting. What
   is whole may never have reached the disk: it is fsynced before it counts as written.
3. A file is rotated by size; the name of the old one ends in its last ``seq``, so that names sort in
   the order of their records: ``kabulwire.incident-log.v1.000000000042.jsonl``.
4. The heartbeat file holds one line and is overwritten. ``incidents.v1`` is compacted when asked.
5. An append that fails half-way (disk full) is undone: the file is cut back to what it held before,
   and the next append reads again where it ends. So no two records ever share a line.
6. A folder that is gone is never made anew by a write: what it held may come back.

A line: ``{"seq": 7, "key": "kw-…", "headers": {…}, "value": {…}}``; of a tombstone ``value`` is null.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from worker import crash_points
from worker.core.contract.message import HEARTBEATS, INCIDENTS, SCHEMAS
from worker.core.domain.errors import StateError
from worker.store.outbox import OutboxRow

_CHUNK = 64 * 1024


class FileSink:
    """Topic files in one folder. Not thread-safe; one per process and folder."""

    def __init__(self, folder: Path, prefix: str, rotate_bytes: int = 256 * 1024 * 1024) -> None:
        """Only looks at ``folder``: who may write to it calls ``make_folder`` first."""
        self._folder = folder
        self._prefix = f"{prefix}." if prefix else ""
        self._rotate_bytes = rotate_bytes
        self._last: dict[str, int] = {}

    def make_folder(self) -> None:
        """Make the folder, if there is none. Raises ``OSError``."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def path(self, topic: str) -> Path:
        """The file that a topic is appended to."""
        return self._folder / f"{self._prefix}{topic}.jsonl"

    def topics(self) -> set[str]:
        """The topics that the folder holds messages of, heartbeats apart."""
        found = [path.name for path in self._folder.glob(f"{self._prefix}*.jsonl")]
        return {
            topic
            for topic in SCHEMAS
            if topic != HEARTBEATS
            and any(name.startswith(f"{self._prefix}{topic}.") for name in found)
        }

    def last_record(self, topic: str) -> dict[str, Any] | None:
        """The last record that the files of a topic hold, or None."""
        self.last_seq(topic)
        for path in (self.path(topic), *self._rotated(topic)[::-1]):
            if path.exists() and (line := last_whole_line(path)):
                record: dict[str, Any] = json.loads(line)
                return record
        return None

    def write(self, rows: Sequence[OutboxRow]) -> None:
        """Append rows in order, durably. Rows that a file holds already are left out.

        Raises ``OSError`` when the disk refuses, ``StateError`` when a file is no topic file. After
        an error the same rows may be written again.
        """
        by_topic: dict[str, list[OutboxRow]] = {}
        for row in rows:
            by_topic.setdefault(row.topic, []).append(row)
        for topic, group in by_topic.items():
            if topic == HEARTBEATS:
                self._overwrite(topic, group[-1])
            else:
                self._append(topic, [row for row in group if row.seq > self.last_seq(topic)])

    def compact(self, topic: str = INCIDENTS) -> int:
        """Keep the newest record of each key, in the order of their ``seq``; returns lines.

        The last ``seq`` stays last, as the next start reads it there. A torn last line goes. Raises
        ``StateError`` when the file is no topic file.
        """
        path = self.path(topic)
        if not path.exists():
            return 0
        newest: dict[str, bytes] = {}
        for line in path.read_bytes().split(b"\n")[:-1]:
            key = _record(line, path)["key"]
            newest.pop(key, None)
            newest[key] = line + b"\n"
        temporary = path.with_suffix(".tmp")
        with temporary.open("wb") as out:
            out.writelines(newest.values())
            _sync(out.fileno())
        temporary.replace(path)
        _sync_folder(self._folder)
        return len(newest)

    def _append(self, topic: str, rows: Sequence[OutboxRow]) -> None:
        if not rows:
            return
        path = self.path(topic)
        before = path.stat().st_size if path.exists() else 0
        try:
            _append_lines(path, rows)
            if before == 0:
                _sync_folder(self._folder)
        except OSError:
            self._last.pop(topic, None)
            with contextlib.suppress(OSError):
                os.truncate(path, before)
            raise
        self._last[topic] = rows[-1].seq
        crash_points.point("files.after_sync")
        if path.stat().st_size >= self._rotate_bytes:
            self._rotate(topic)

    def _overwrite(self, topic: str, row: OutboxRow) -> None:
        path = self.path(topic)
        temporary = path.with_suffix(".tmp")
        temporary.write_bytes(encode(row))
        temporary.replace(path)

    def _rotate(self, topic: str) -> None:
        path = self.path(topic)
        crash_points.point("files.rotating")
        path.replace(path.with_name(f"{self._prefix}{topic}.{self._last[topic]:012d}.jsonl"))
        _sync_folder(self._folder)

    def last_seq(self, topic: str) -> int:
        """The last message that the files of a topic hold; 0 when none."""
        if topic not in self._last:
            self._last[topic] = self._recover(topic)
        return self._last[topic]

    def _recover(self, topic: str) -> int:
        """Cut a torn last line and read the last ``seq`` that a topic holds; 0 when none."""
        path = self.path(topic)
        if path.exists():
            _cut_torn_line(path)
            with path.open("rb") as file:
                _sync(file.fileno())
            last = last_whole_line(path)
            if last:
                return int(_record(last, path)["seq"])
        rotated = self._rotated(topic)
        return int(rotated[-1].name.rsplit(".", 2)[1]) if rotated else 0

    def _rotated(self, topic: str) -> list[Path]:
        """The older files of a topic, the oldest first."""
        return sorted(self._folder.glob(f"{self._prefix}{topic}.[0-9]*.jsonl"))


def encode(row: OutboxRow) -> bytes:
    """One line of a topic file."""
    head = json.dumps({"seq": row.seq, "key": row.key, "headers": row.headers}, ensure_ascii=False)
    return head[:-1].encode() + b', "value": ' + (row.value or b"null") + b"}\n"


def _append_lines(path: Path, rows: Sequence[OutboxRow]) -> None:
    with path.open("ab") as out:
        for row in rows:
            line = encode(row)
            if crash_points.armed("files.torn_line"):
                out.write(line[: len(line) // 2])
                out.flush()
                crash_points.point("files.torn_line")
            out.write(line)
        out.flush()
        crash_points.point("files.after_write")
        _sync(out.fileno())


def _record(line: bytes, path: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(line)
        return {"seq": int(record["seq"]), "key": str(record["key"])}
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(f"{path}: a line is no record: {line[:80]!r}") from error


def _cut_torn_line(path: Path) -> None:
    size = path.stat().st_size
    end = _last_newline(path, size)
    if end != size:
        os.truncate(path, end)


def _last_newline(path: Path, size: int) -> int:
    """Position just after the last newline; 0 when there is none."""
    with path.open("rb") as file:
        position = size
        while position > 0:
            start = max(0, position - _CHUNK)
            file.seek(start)
            found = file.read(position - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            position = start
    return 0


def last_whole_line(path: Path) -> bytes:
    """The last line that ends in a newline, without it; empty when there is none."""
    end = _last_newline(path, path.stat().st_size)
    if end == 0:
        return b""
    start = _last_newline(path, end - 1)
    with path.open("rb") as file:
        file.seek(start)
        return file.read(end - start).rstrip(b"\n")


def _sync(descriptor: int) -> None:
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
