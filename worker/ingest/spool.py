"""Documents dropped into a folder by somebody else's program (a wire's FTP or SFTP delivery).

Theory of operation
-------------------
A file is moved to ``.taken`` before it is opened: no writer finds it there by its name, so what is
read is what was moved. Its entries and its name are stored in one transaction; then it is moved on, to
``done`` or to ``failed`` with a ``.reason`` beside it. After a crash whatever lies in ``.taken`` and
is not named by the stored state is read again, and its entries are known already.

Rules
-----
1. A file is taken when it has not changed for ``quiet_s``. Names that begin with a dot or end in
   ``.tmp``, ``.part``, ``.filepart`` or ``~`` are still being written; so is an empty file for its
   first hour. Nothing but regular files is opened, and no link is followed.
2. Sub-folders count, as FTP mirrors make them; below ``done`` and ``failed`` a file keeps its folder.
   Names that are no text, or too long to be added to, are written so that they are.
3. Oldest first, among the ``LISTED`` oldest: a listing is kept until it is used up, because looking
   through 100,000 files for each hundred took minutes. Memory does not grow with the folder.
4. A file that grew while it was read is read again. One above the limit of bytes is refused unread.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import hashlib
import heapq
import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from worker import crash_points

MOST = 100
"""Files in one look, and so in one transaction."""
LISTED = 5_000
TAKEN, DONE, FAILED = ".taken", "done", "failed"
_UNFINISHED = (".tmp", ".part", ".filepart", "~")
_EMPTY_S = 3600.0
_DEPTH = 8
_NAME_BYTES = 200
_AHEAD_S = 60.0
_REASONS = {
    errno.EROFS: "spool_readonly",
    errno.EACCES: "spool_readonly",
    errno.EPERM: "spool_readonly",
    errno.ENOSPC: "spool_full",
    errno.EDQUOT: "spool_full",
    errno.ENOENT: "spool_missing",
    errno.ENOTDIR: "spool_missing",
}

REASONS = frozenset({*_REASONS.values(), "spool_unreadable"})
"""Why a look failed."""


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """One delivered document. ``refused`` names the reason when it was not read; ``detail`` says more.

    ``name``: as it lies in ``.taken``, which is its path with the slashes written out.
    """

    name: str
    data: bytes
    refused: str = ""
    detail: str = ""


def reason_of(error: OSError) -> str:
    """Why a look failed, as one of ``REASONS``."""
    return _REASONS.get(error.errno or 0, "spool_unreadable")


class Spool:
    """One folder, and the part of its listing that was not taken yet.

    Every method may raise ``OSError``: the folder is gone, may not be written, or its disk is full.
    """

    def __init__(self, folder: Path, limit: int, quiet_s: float = 2.0) -> None:
        self._folder = folder
        self._limit = limit
        self._quiet_s = quiet_s
        self._listing: deque[str] = deque()
        self._listed = LISTED
        self.waiting = 0
        """Files that were ready at the last listing and are not taken yet."""

    def clear(self, read: Iterable[tuple[str, str]]) -> None:
        """Move on the files of a stored state: name and, of a refused one, the reason. Those that
        were moved already are left out, so this may be done twice.
        """
        for name, reason in read:
            source = self._folder / TAKEN / name
            if not source.exists():
                continue
            place = self._free_place(FAILED if reason else DONE, name)
            if reason:
                place.with_name(place.name + ".reason").write_text(reason + "\n", "utf-8")
            with contextlib.suppress(FileNotFoundError):
                source.rename(place)
            crash_points.point("spool.after_clear")

    def take(self, now: dt.datetime, most: int = MOST) -> list[str]:
        """Names of up to ``most`` files in ``.taken``: those that were left there, then new ones."""
        taken = self._folder / TAKEN
        left = (path.name for path in taken.iterdir()) if taken.is_dir() else ()
        names = heapq.nsmallest(most, left)
        if not self._listing:
            self._list(now)
        while self._listing and len(names) < most:
            if name := self._move_in(self._listing.popleft()):
                names.append(name)
        if not self._listing and self._listed == LISTED:  # there may be more than were listed
            self._list(now)
        self.waiting = len(self._listing)
        return names

    def read(self, name: str, now: dt.datetime) -> DeliveredFile | None:
        """One taken file; None while somebody still writes to it."""
        path = self._folder / TAKEN / name
        try:
            opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            return DeliveredFile(name, b"", "unreadable", os.strerror(error.errno or 0))
        with os.fdopen(opened, "rb") as stream:
            before = os.fstat(opened)
            if not stat.S_ISREG(before.st_mode):
                return DeliveredFile(name, b"", "unreadable", "no regular file")
            if before.st_size > self._limit:
                return DeliveredFile(name, b"", "too_large", f"{before.st_size} bytes")
            try:
                data = stream.read(self._limit + 1)
            except OSError as error:
                return DeliveredFile(name, b"", "unreadable", os.strerror(error.errno or 0))
            after = os.fstat(opened)
        quiet = not 0 <= now.timestamp() - after.st_mtime < self._quiet_s
        same = (before.st_mtime_ns, len(data)) == (after.st_mtime_ns, after.st_size)
        return DeliveredFile(name, data) if quiet and same else None

    def _move_in(self, name: str) -> str | None:
        """Take a file out of its writer's reach; None when it is gone, or its name is not free yet."""
        taken = self._folder / TAKEN
        flat = _flat(name)
        target = taken / flat
        if target.exists():
            return None
        taken.mkdir(exist_ok=True)
        try:
            (self._folder / name).rename(target)
        except FileNotFoundError:
            return None
        crash_points.point("spool.after_take")
        return flat

    def _free_place(self, under: str, flat: str) -> Path:
        """Where a file may be put: in its old sub-folder; a name in use gets a number."""
        place = self._folder / under / flat.replace("%2F", "/").replace("%25", "%")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):  # a file has the name of the sub-folder
            place = self._folder / under / flat
        wanted, number = place.name, 1
        while place.exists():
            number += 1
            place = place.with_name(f"{wanted}.{number}")
        return place

    def _list(self, now: dt.datetime) -> None:
        found = heapq.nsmallest(LISTED, self._complete(now, "", 0))
        self._listed = len(found)
        self._listing.extend(name for _, name in found)

    def _complete(self, now: dt.datetime, under: str, depth: int) -> Iterator[tuple[float, str]]:
        """Time of last change and name of each complete file, in no order."""
        with os.scandir(self._folder / under) as items:
            for item in items:
                if item.name.startswith(".") or item.name.endswith(_UNFINISHED):
                    continue
                name = f"{under}/{item.name}" if under else item.name
                if item.is_dir(follow_symlinks=False):
                    if depth < _DEPTH and name not in (DONE, FAILED):
                        with contextlib.suppress(FileNotFoundError):
                            yield from self._complete(now, name, depth + 1)
                    continue
                with contextlib.suppress(FileNotFoundError):
                    info = item.stat(follow_symlinks=False)
                    if stat.S_ISREG(info.st_mode) and self._is_quiet(info, now.timestamp()):
                        yield info.st_mtime, name

    def _is_quiet(self, info: os.stat_result, moment: float) -> bool:
        """Whether it was left alone long enough. Mirrors set a file's date back (or ahead) while they
        still write, so the date of its last change of any kind counts as well.
        """
        wait = self._quiet_s if info.st_size else _EMPTY_S
        stamps = (info.st_mtime, info.st_ctime)
        return all(moment - at >= wait or at - moment > _AHEAD_S for at in stamps)


def _flat(name: str) -> str:
    """A relative path as one name that is text, and short enough to be added to."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    text = text.replace("%", "%25").replace("/", "%2F")
    raw = text.encode("utf-8")
    if len(raw) <= _NAME_BYTES:
        return text
    cut = raw[:_NAME_BYTES].decode("utf-8", "ignore").rstrip("%2F5")
    return f"{cut}~{hashlib.sha256(raw).hexdigest()[:16]}"
