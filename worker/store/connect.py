"""Opening the store: one writer, any number of readers, and a lock against a second process.

Rules
-----
1. WAL with ``synchronous=FULL``: a committed transaction survives a power cut. Only ``replay`` may
   open a store that is not durable, in a temporary file.
2. A store is bound to its sink, instance and profile. Opened with others it refuses: the ledger of
   one sink says nothing about another, and ids of two profiles must not mix.
3. ``PRAGMA user_version`` counts migrations. A store from a newer program is refused, not guessed.
4. Readers cannot write: ``mode=ro`` and ``query_only``.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from worker.core.domain.errors import ConfigError, KabulwireError, NoRoomError, StateError
from worker.store.decoded import DecodingConnection, decoded_of
from worker.store.disk_space import UnwritableError, drop_ballast, has_no_room, may_pass
from worker.store.meta import read_meta, write_meta
from worker.store.store_error import DAMAGED_ADVICE, DamagedStoreError, is_damaged

Connection: TypeAlias = sqlite3.Connection
"""Passed around by those who may not look inside: SQL is written in this package only."""

_SCRIPTS = (
    "schema.sql", "subscriptions.sql", "report_days.sql", "stories.sql", "entry_content.sql",
    "decisions.sql", "members.sql", "covered_days.sql",
)  # fmt: skip
MIGRATIONS: tuple[str, ...] = tuple(
    Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _SCRIPTS
)
"""Script n brings a store from version n to n + 1. Never edit one that was released."""

BUSY_TIMEOUT_S = 10.0
JOURNAL_LIMIT_BYTES = 64 * 1024 * 1024
_FOLDED_AT_COMMIT_PAGES = 4_000
"""16 MB: of a log that grew so much between two calls of ``fold_some`` a commit folds all the same."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a store belongs to. ``sink`` is "files" or "kafka"; a cluster is not part of it."""

    sink: str
    instance: str
    profile: str


def open_writer(path: Path, binding: Binding, *, durable: bool = True) -> Connection:
    """Open (and create or migrate) the store for its one writer.

    Raises ``ConfigError`` when the path cannot be used, the store is bound to something else or is
    newer than the program; ``NoRoomError`` when the disk is full; ``StateError`` when it is corrupt.
    """
    _make_folder(path)
    try:
        return _opened(path, binding, durable=durable)
    except NoRoomError:
        if not drop_ballast(path):
            raise
        return _opened(path, binding, durable=durable)


def _opened(path: Path, binding: Binding, *, durable: bool) -> Connection:
    conn = None
    try:
        conn = sqlite3.connect(
            path,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            factory=DecodingConnection,
        )
        _configure(conn, durable=durable)
        _migrate(conn, path)
        _bind(conn, binding, path)
    except BaseException as error:
        if conn is not None:
            conn.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise _explain(error, path) from error
        raise
    return conn


def _explain(error: sqlite3.DatabaseError, path: Path) -> KabulwireError:
    """Whose fault it is that a store cannot be opened."""
    code = getattr(error, "sqlite_errorname", "")
    if has_no_room(error):
        return NoRoomError(f"store {path}: no room on its disk ({error}); free some, start again")
    if code == "SQLITE_BUSY":
        return ConfigError(f"store.path: {path} is locked by another program")
    if code == "SQLITE_NOTADB":
        return ConfigError(f"store.path: {path} is not a store: {error}")
    if code.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return ConfigError(f"store.path: {path} cannot be written: {error}")
    if is_damaged(error):
        return DamagedStoreError(f"store {path} is damaged: {error}; {DAMAGED_ADVICE}")
    return StateError(f"store {path}: {error}")


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"store.path: no folder {path.parent}: {error.strerror}") from error


def open_reader(path: Path) -> Connection:
    """A connection that can only read. Raises ``ConfigError`` when there is no store, ``StateError``
    when it is damaged.
    """
    if not path.is_file():
        raise ConfigError(f"no store at {path}: `kabulwire run` makes one, or see store.path")
    uri = f"{path.resolve().as_uri()}?mode=ro"
    conn = sqlite3.connect(
        uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    conn.row_factory = sqlite3.Row
    try:
        conn.execute("PRAGMA query_only = ON")
        conn.execute("SELECT count(*) FROM meta").fetchone()
    except sqlite3.DatabaseError as error:
        conn.close()
        if error.sqlite_errorname.startswith("SQLITE_CORRUPT"):
            told = f"store {path} is damaged: {error}; {DAMAGED_ADVICE}"
            raise DamagedStoreError(told) from error
        raise ConfigError(f"store.path: {path} is not a store: {error}") from error
    return conn


@contextmanager
def transaction(conn: Connection) -> Iterator[Connection]:
    """All or nothing. Takes the write lock at once, so that no transaction fails half-way on it.

    Raises ``UnwritableError`` when it was rolled back because of what may pass by itself.
    """
    try:
        with _rolled_back_on_error(conn):
            yield conn
    except sqlite3.OperationalError as error:
        if may_pass(error):
            raise UnwritableError(error) from error
        raise


@contextmanager
def _rolled_back_on_error(conn: Connection) -> Iterator[None]:
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        conn.execute("COMMIT")
    except BaseException:
        decoded_of(conn).clear()
        if conn.in_transaction:  # also when COMMIT failed: else nothing could begin any more
            conn.execute("ROLLBACK")
        raise


@contextmanager
def exclusive(path: Path, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock file beside the store, for as long as this process may write to it.

    A worker waits a little (``wait_s``) for a command that is just queueing something.
    Raises ``ConfigError`` naming the process that has it. The kernel drops the lock with the
    process, so a killed worker never leaves one behind.
    """
    _make_folder(path)
    lock = path.with_name(path.name + ".lock")
    try:
        handle = lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"store.path: {lock} cannot be written: {error.strerror}") from error
    with handle:
        _lock(handle, path, time.monotonic() + wait_s)
        handle.truncate(0)
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        yield


def _lock(handle: IO[str], path: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            raise ConfigError(
                f"store {path} is in use by process {holder}; stop that first, or name another store"
            ) from error


def fold_later(conn: Connection) -> None:
    """Whoever calls ``fold_some`` now and then need not have it done in the middle of a commit."""
    conn.execute(f"PRAGMA wal_autocheckpoint = {_FOLDED_AT_COMMIT_PAGES}").fetchone()


def fold_some(conn: Connection) -> None:
    """Fold of the write-ahead log what no reader holds, without waiting for any."""
    conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def fold_log(conn: Connection) -> None:
    """Fold the write-ahead log into the store's file, as far as readers let it."""
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _configure(conn: Connection, *, durable: bool) -> None:
    conn.row_factory = sqlite3.Row
    conn.execute(f"PRAGMA journal_mode = {'WAL' if durable else 'MEMORY'}").fetchone()
    conn.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute(f"PRAGMA journal_size_limit = {JOURNAL_LIMIT_BYTES}")
    conn.execute("PRAGMA temp_store = MEMORY")


def _migrate(conn: Connection, path: Path) -> None:
    version = int(conn.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise ConfigError(
            f"store {path} has version {version}; this program knows {len(MIGRATIONS)}: upgrade it"
        )
    for number in range(version, len(MIGRATIONS)):
        script = (
            f"BEGIN IMMEDIATE;\n{MIGRATIONS[number]}\nPRAGMA user_version = {number + 1};\nCOMMIT;"
        )
        conn.executescript(script)


def _bind(conn: Connection, binding: Binding, path: Path) -> None:
    wanted = {"sink": binding.sink, "instance": binding.instance, "profile": binding.profile}
    with transaction(conn):
        if read_meta(conn, "store_id") is None:
            write_meta(conn, "store_id", secrets.token_hex(8))
            for key, value in wanted.items():
                write_meta(conn, key, value)
    for key, value in wanted.items():
        found = read_meta(conn, key)
        if found != value:
            way = (
                "set it back, or send everything to the new sink (`kabulwire topics republish`), or "
                if key == "sink"
                else ""
            )
            raise ConfigError(
                f"store {path} belongs to {key} {found!r}, not {value!r}: {way}"
                f"name another file in store.path (a new one is made when there is none)"
            )
