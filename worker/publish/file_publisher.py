"""Drains the outbox into topic files, on a thread of its own.

Rules
-----
1. Rows are read with a connection of its own that cannot write, in order, whole settles only.
2. Written and fsynced first, marked published second: a crash in between is recognised by the
   files themselves.
3. A disk that is full or broken stops publishing and is tried again; nothing is skipped.
4. Files and store belong together, topic by topic. A store that is behind its files would number
   its messages like ones that are there already, and they would be left out as written; a file that
   is behind its store has a hole: such a start is refused, and makes no folder, so that the one that
   is missed can be moved or mounted to its place.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from worker.core.contract.message import HEARTBEATS
from worker.core.domain.errors import ConfigError, PublishError
from worker.publish.drain import Drain, Told
from worker.publish.files.sink import FileSink
from worker.store import meta, outbox
from worker.store.connect import Connection, open_reader
from worker.store.meta import read_written
from worker.store.outbox import OutboxRow
from worker.store.writer import Writer

_IDLE_S = 1.0
_RETRY_S = 5.0


def open_sink(folder: Path, prefix: str, rotate_bytes: int, store: Path) -> FileSink:
    """The topic files of a store; ``ConfigError`` when they cannot be, or are of another store.

    The folder is made for a store that has written nothing yet, else it must be there.
    """
    sink = FileSink(folder, prefix, rotate_bytes)
    with _as_setting(folder):
        for topic in sink.topics():
            sink.last_seq(topic)
    conn = open_reader(store)
    try:
        for topic in sorted({*sink.topics(), *read_written(conn)}):
            _require_ours(conn, sink, topic, folder, store)
    finally:
        conn.close()
    with _as_setting(folder):
        sink.make_folder()
    return sink


@contextmanager
def _as_setting(folder: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise ConfigError(f"files.dir: {folder} is no folder") from error
    except OSError as error:
        raise ConfigError(f"files.dir: {folder}: {error.strerror}") from error


def _require_ours(conn: Connection, sink: FileSink, topic: str, folder: Path, store: Path) -> None:
    """Raises ``ConfigError`` when a topic's files are not those that this store has written."""
    held, known = sink.last_seq(topic), read_written(conn).get(topic, 0)
    if held < known:
        wrote = f"{topic} up to message {known}"
        if not sink.topics():
            raise _not_there(folder, f"store {store} wrote {wrote} there")
        holds = f"holds {topic} up to message {held}" if held else f"holds nothing of {topic}"
        raise _not_ours(folder, f"{holds}, but store {store} wrote {wrote}")
    record = sink.last_record(topic) if held else None
    if record is None:
        return
    row = outbox.row_at(conn, topic, held)
    ours = row is not None and (row.key, row.headers) == (record["key"], record["headers"])
    if not ours and (row is not None or held != known):
        raise _not_ours(folder, f"holds message {held} of {topic}, which store {store} never wrote")


def _not_there(folder: Path, wrote: str) -> ConfigError:
    state = "is missing"
    if folder.exists():
        state = "holds no topic files" if folder.is_dir() else "is no folder"
    return ConfigError(
        f"files.dir: {folder} {state}, but {wrote}: put the folder back, or mount it; if it is lost, "
        "send every incident anew (`kabulwire topics republish`)"
    )


def _not_ours(folder: Path, told: str) -> ConfigError:
    return ConfigError(
        f"files.dir: {folder} {told}: name the folder that the store wrote, or the store of this "
        "folder; or move the files away and send every incident anew (`kabulwire topics republish`)"
    )


def note_written(conn: Connection, rows: Sequence[OutboxRow], seqs: Sequence[int]) -> None:
    """A batch is in its files. Runs on the writer."""
    outbox.mark_rows(conn, seqs)
    for topic, seq in {row.topic: row.seq for row in rows if row.topic != HEARTBEATS}.items():
        meta.note_written(conn, topic, seq)


class FilePublisher(Drain):
    """Publishes to a ``FileSink`` until stopped."""

    def __init__(
        self, store: Path, sink: FileSink, writer: Writer, tell: Told, *, batch: int = 500
    ) -> None:
        super().__init__(store, writer, tell)
        self._sink = sink
        self._batch = batch

    def run(self) -> None:
        """The thread."""
        conn = open_reader(self._store)
        try:
            while True:
                self.beat = time.monotonic()
                self._wake.clear()
                stopping = self._stopping.is_set()
                moved = self._publish(conn)
                if stopping and (not moved or self.problem is not None):
                    return
                if not moved and not stopping:
                    self._wake.wait(_IDLE_S if self.problem is None else _RETRY_S)
        finally:
            conn.close()

    def _publish(self, conn: Any) -> int:
        """One batch; returns how many rows it had."""
        rows = outbox.waiting(conn, self._batch)
        if not rows:
            return 0
        began = time.monotonic()
        seqs = [row.seq for row in rows]
        try:
            self._sink.write(rows)
            self._write(lambda writing: note_written(writing, rows, seqs))
        except OSError as error:
            self._ended("waits", _not_written(error))
            return 0
        except PublishError as error:
            self._ended("waits", error)
            return 0
        self._goes_on("stands")
        milliseconds = round((time.monotonic() - began) * 1000)
        self._tell("publish.committed", {"records": len(rows), "ms": milliseconds})
        return len(rows)


def _not_written(error: OSError) -> PublishError:
    mend = "Free space on the disk of files.dir, or mend its permissions"
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        mend = "Put the folder of files.dir back as it was, or mount it"
    return PublishError("file_not_written", str(error), f"{mend}; nothing is lost.")
