"""A full disk: how it is recognised, and the room that is kept for getting out of it.

Rules
-----
1. On a full disk even deleting fails, because the log needs room (measured on a 3 MB tmpfs). So a
   ballast file stands beside the store and is given up first.
2. It is made again as soon as there is plenty of room, not at the next start only.
3. Whoever writes waits and tries again: a transaction that found no room was rolled back whole.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

BALLAST_BYTES = 4 * 1024 * 1024
_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC",
            "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMOPEN")  # fmt: skip
"""A disk that takes nothing at the moment; SQLite has a name for each place where it notices."""


class UnwritableError(sqlite3.OperationalError):
    """The store takes nothing at the moment; the same transaction may succeed later.

    ``no_room``: its disk is full. Otherwise another program holds the write lock.
    """

    def __init__(self, error: sqlite3.OperationalError) -> None:
        super().__init__(str(error))
        self.sqlite_errorname = error.sqlite_errorname
        self.sqlite_errorcode = error.sqlite_errorcode
        self.no_room = has_no_room(error)

    @property
    def reason(self) -> str:
        """Which of the two it is, as a log line calls it."""
        return "store_full" if self.no_room else "store_busy"

    @property
    def advice(self) -> str:
        """What an operator can do about it."""
        if self.no_room:
            return "Free space on the disk of store.path; nothing is lost."
        return "Another program holds the write lock of the store; end it. Nothing is lost."


def has_no_room(error: sqlite3.Error) -> bool:
    """Whether the disk takes nothing at the moment."""
    return getattr(error, "sqlite_errorname", "") in _NO_ROOM


def may_pass(error: sqlite3.Error) -> bool:
    """Whether the same transaction may succeed later: no room, or somebody holds the write lock."""
    return has_no_room(error) or getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY"


def free_bytes(path: Path) -> int:
    """Free space on the disk of the store."""
    return shutil.disk_usage(path.parent).free


def lay_ballast(path: Path) -> bool:
    """Make the ballast file if there is room for it; True when it is there."""
    ballast = _ballast(path)
    if ballast.exists():
        return True
    if free_bytes(path) < 2 * BALLAST_BYTES:
        return False
    try:
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
    except OSError:  # somebody took the room meanwhile; the next hour tries again
        ballast.unlink(missing_ok=True)
        return False
    return True


def drop_ballast(path: Path) -> bool:
    """Free the ballast's space; True when there was any."""
    ballast = _ballast(path)
    if not ballast.exists():
        return False
    ballast.unlink()
    return True


def _ballast(path: Path) -> Path:
    return path.with_name(path.name + ".ballast")
