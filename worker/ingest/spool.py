"""Documents dropped into a folder by somebody else's program (a wire's FTP or SFTP delivery).

Rules
-----
1. A file is taken when its size stood still between two looks. Names that begin with a dot or end in
   ``.tmp`` or ``.part`` are still being written. Nothing but regular files is opened, and no link.
2. It is moved to ``done/`` only after its entries are stored; refused ones go to ``failed/``.
3. Oldest first; a file above the limit of bytes is refused unread.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_UNFINISHED = (".tmp", ".part", ".filepart", "~")


@dataclass(frozen=True, slots=True)
class Drop:
    """One delivered document. ``refused`` names the reason when it was not read."""

    path: Path
    data: bytes
    refused: str = ""


@dataclass(slots=True)
class Spool:
    """A watched folder. Blocking calls: use it from a thread."""

    folder: Path
    limit: int
    _sizes: dict[str, tuple[int, int]] = field(default_factory=dict)

    def take(self, most: int = 100) -> list[Drop]:
        """Documents that are complete, oldest first; they stay until ``finish``."""
        seen: dict[str, tuple[int, int]] = {}
        ready: list[tuple[int, str, int]] = []
        for name, info in self._files():
            seen[name] = (info.st_size, info.st_mtime_ns)
            if self._sizes.get(name) == seen[name] and info.st_size > 0:
                ready.append((info.st_mtime_ns, name, info.st_size))
        self._sizes = seen
        return [drop for _, name, size in sorted(ready)[:most] if (drop := self._read(name, size))]

    def finish(self, drop: Drop, *, failed: bool = False) -> None:
        """Move a document out of the way; a name that is taken gets a number."""
        target = self.folder / ("failed" if failed else "done")
        target.mkdir(exist_ok=True)
        place, number = target / drop.path.name, 1
        while place.exists():
            number += 1
            place = target / f"{drop.path.name}.{number}"
        with contextlib.suppress(FileNotFoundError):
            drop.path.rename(place)
        self._sizes.pop(drop.path.name, None)

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        with os.scandir(self.folder) as found:
            for item in found:
                if item.name.startswith(".") or item.name.endswith(_UNFINISHED):
                    continue
                with contextlib.suppress(OSError):
                    info = item.stat(follow_symlinks=False)
                    if stat.S_ISREG(info.st_mode):
                        yield item.name, info

    def _read(self, name: str, size: int) -> Drop | None:
        path = self.folder / name
        if size > self.limit:
            return Drop(path, b"", "too_large")
        try:
            opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        with os.fdopen(opened, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return None
            data = stream.read(self.limit + 1)
        return Drop(path, data) if len(data) <= self.limit else Drop(path, b"", "too_large")
