"""Documents dropped into a folder by somebody else's program (a wire's FTP or SFTP delivery).

Rules
-----
1. A file is taken when it has not changed for two seconds. Names that begin with a dot or end in
   ``.tmp`` or ``.part`` are still being written. Nothing but regular files is opened, and no link.
2. It is moved to ``done/`` or ``failed/`` only after its entries are stored: the state that names it
   is stored with them, and the next poll moves what the state names.
3. Oldest first; a file above the limit of bytes is refused unread.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MOST = 100
_QUIET_S = 2.0
_UNFINISHED = (".tmp", ".part", ".filepart", "~")


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """One delivered document. ``refused`` names the reason when it was not read."""

    name: str
    data: bytes
    refused: str = ""


def clear(folder: Path, spooled: Iterable[tuple[str, bool]]) -> None:
    """Move the files of a stored state to ``done`` or ``failed``; a name in use gets a number."""
    for name, refused in spooled:
        source = folder / name
        if not source.exists():
            continue
        target = folder / ("failed" if refused else "done")
        target.mkdir(exist_ok=True)
        place, number = target / name, 1
        while place.exists():
            number += 1
            place = target / f"{name}.{number}"
        with contextlib.suppress(FileNotFoundError):
            source.rename(place)


def take(folder: Path, now: dt.datetime, limit: int, most: int = MOST) -> list[DeliveredFile]:
    """Complete documents, oldest first, at most ``most``. Raises ``OSError`` without a folder."""
    ready: list[tuple[float, str, int]] = []
    with os.scandir(folder) as found:
        for item in found:
            if item.name.startswith(".") or item.name.endswith(_UNFINISHED):
                continue
            with contextlib.suppress(OSError):
                info = item.stat(follow_symlinks=False)
                quiet = now.timestamp() - info.st_mtime >= _QUIET_S
                if stat.S_ISREG(info.st_mode) and info.st_size > 0 and quiet:
                    ready.append((info.st_mtime, item.name, info.st_size))
    files = (_read(folder, name, size, limit) for _, name, size in sorted(ready)[:most])
    return [file for file in files if file is not None]


def _read(folder: Path, name: str, size: int, limit: int) -> DeliveredFile | None:
    if size > limit:
        return DeliveredFile(name, b"", "too_large")
    try:
        opened = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(opened, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return None
        data = stream.read(limit + 1)
    return (
        DeliveredFile(name, data) if len(data) <= limit else DeliveredFile(name, b"", "too_large")
    )
