"""The one thread that writes: every change is a function submitted to it.

Rules
-----
1. A submitted function runs in one ``BEGIN IMMEDIATE`` transaction. What it returns is returned only
   after the commit; an exception rolls back and fails only its own future.
2. A corrupt store is fatal: ``StateError`` and SQLite's own errors of a broken file reach
   ``on_fatal`` besides the future, and the process ends.
3. The log is folded into the file behind an answer, not before it: that takes as long as a decision.
4. A full disk is neither: the function fails with ``UnwritableError``, the caller waits, nothing is
   lost.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from worker.core.domain.errors import StateError
from worker.store.connect import Connection, fold_later, fold_log, fold_some, transaction
from worker.store.store_error import is_damaged

T = TypeVar("T")
FOLDED_EVERY = 16
"""Jobs; of a settle that rewrites a large incident these are some 2,000 pages."""
_Job = tuple[Callable[[Connection], Any], "Future[Any]"]


class Writer(threading.Thread):
    """Runs submitted functions on the writing connection, in order of submission."""

    def __init__(self, conn: Connection, on_fatal: Callable[[BaseException], None]) -> None:
        super().__init__(name="writer", daemon=True)
        self._conn = conn
        self._on_fatal = on_fatal
        self._jobs: queue.Queue[_Job | None] = queue.Queue()
        self.beat = time.monotonic()
        """When it last did something, or found nothing to do."""

    def submit(self, job: Callable[[Connection], T]) -> Future[T]:
        """Run ``job`` in a transaction of its own; the future ends after the commit."""
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return future

    def close(self) -> None:
        """Finish what was submitted, fold the log into the file, and end the thread."""
        self._jobs.put(None)
        self.join()

    def run(self) -> None:
        """The thread."""
        fold_later(self._conn)
        done = 0
        while True:
            self.beat = time.monotonic()
            try:
                job = self._jobs.get(timeout=1.0)
            except queue.Empty:
                continue
            if job is None:
                break
            self._do(*job)
            done += 1
            if done % FOLDED_EVERY == 0:
                self._fold_some()
        with contextlib.suppress(sqlite3.OperationalError):  # a full disk: the next start does it
            fold_log(self._conn)
        self._conn.close()

    def _fold_some(self) -> None:
        try:
            fold_some(self._conn)
        except sqlite3.DatabaseError as error:  # of a full disk the next job is told
            if is_damaged(error):
                self._on_fatal(error)

    def _do(self, job: Callable[[Connection], Any], future: Future[Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            with transaction(self._conn) as conn:
                result = job(conn)
        except BaseException as error:  # noqa: BLE001 - it travels in the future
            future.set_exception(error)
            if _is_fatal(error):
                self._on_fatal(error)
        else:
            future.set_result(result)


def _is_fatal(error: BaseException) -> bool:
    return isinstance(error, StateError) or is_damaged(error)
