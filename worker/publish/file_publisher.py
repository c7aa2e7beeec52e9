"""Drains the outbox into topic files, on a thread of its own.

Rules
-----
1. Rows are read with a connection of its own that cannot write, in order, whole settles only.
2. Written and fsynced first, marked published second: a crash in between is recognised by the
   files themselves.
3. A disk that is full or broken stops publishing and is tried again; nothing is skipped.
4. Files and store belong together. A store that is behind its files would number its messages like
   ones that are there already, and they would be left out as written: such a start is refused.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from worker.core.contract.message import HEARTBEATS
from worker.core.errors import ConfigError, PublishError
from worker.publish.drain import Drain, Told
from worker.publish.files import FileSink
from worker.store import outbox
from worker.store.connect import open_reader
from worker.store.writer import Writer

_IDLE_S = 1.0
_RETRY_S = 5.0


def open_sink(folder: Path, prefix: str, rotate_bytes: int, store: Path) -> FileSink:
    """The topic files of a store; ``ConfigError`` when they cannot be, or are of another store."""
    try:
        sink = FileSink(folder, prefix, rotate_bytes)
        held = max((sink.last_seq(topic) for topic in sink.topics()), default=0)
    except OSError as error:
        raise ConfigError(f"files.dir: {folder}: {error.strerror}") from error
    conn = open_reader(store)
    try:
        row = conn.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
        known = int(row[0]) if row else 0
        told = conn.execute(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE published = 1 AND topic != ?)", (HEARTBEATS,)
        ).fetchone()[0]
    finally:
        conn.close()
    if held > known:
        raise ConfigError(
            f"files.dir: the topic files in {folder} go up to message {held}, store {store} only to "
            f"{known}: start with the store they were written from, or move the files away"
        )
    if told and not held:
        raise ConfigError(
            f"files.dir: store {store} has published, and {folder} holds nothing of it: name the "
            "folder with its topic files, or send every incident anew (`kabulwire topics republish`)"
        )
    return sink


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
            self._write(lambda writing: outbox.mark(writing, seqs))
        except OSError as error:
            self._failed(
                PublishError(
                    "file_not_written",
                    str(error),
                    "Free space on the disk of files.dir, or mend its permissions; nothing is lost.",
                )
            )
            return 0
        except PublishError as error:
            self._failed(error)
            return 0
        if self.problem is not None:
            self.problem = None
            self._tell("publish.recovered", {})
        milliseconds = round((time.monotonic() - began) * 1000)
        self._tell("publish.committed", {"records": len(rows), "ms": milliseconds})
        return len(rows)

    def _failed(self, error: PublishError) -> None:
        """Say what stops publishing, once for each reason."""
        same = self.problem is not None and self.problem.reason == error.reason
        self.problem = error
        if not same:
            keys = {"reason": error.reason, "detail": str(error), "advice": error.advice}
            self._tell("publish.failed", keys)
