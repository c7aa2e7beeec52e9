"""A snapshot as the bytes of its fields: those of the last few published are kept.

A snapshot is hashed, compared with the one before, and published. Its fields are written once for
all of that. Joined, they are what ``canonical.encode`` makes of the whole.

What is kept may be forgotten at any time: the last made, of ``_MOST_BYTES`` together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

from worker.core.domain.canonical import adapter_of, encode, plain
from worker.core.domain.remembered import WORST_DAY_REPORTS, Remembered
from worker.core.domain.report import Statement
from worker.core.domain.snapshot import (
    SNAPSHOT,
    Casualties,
    Member,
    Snapshot,
    Support,
    TimelinePoint,
)

Parts = Mapping[str, bytes]
_MOST_BYTES = 16 * 1024 * 1024
"""Some sixty snapshots of the largest size, or the last ones of all incidents of a busy day."""


class _Kept:
    """The fields of snapshots by place in memory; they are held, so that it means nothing else."""

    def __init__(self) -> None:
        self._parts: dict[int, tuple[Snapshot, Parts, int]] = {}
        self._bytes = 0

    def of(self, snapshot: Snapshot) -> Parts | None:
        """The fields, if they are kept."""
        known = self._parts.get(id(snapshot))
        return None if known is None else known[1]

    def keep(self, snapshot: Snapshot, parts: Parts) -> None:
        """Keep them, and let the oldest go where there is no room for them."""
        self.drop(snapshot)
        size = sum(map(len, parts.values()))
        self._parts[id(snapshot)] = snapshot, parts, size
        self._bytes += size
        while self._bytes > _MOST_BYTES and len(self._parts) > 1:
            self.drop(next(iter(self._parts.values()))[0])

    def drop(self, snapshot: Snapshot) -> None:
        """Forget them."""
        known = self._parts.pop(id(snapshot), None)
        self._bytes -= 0 if known is None else known[2]


_KEPT = _Kept()


def parts_of(snapshot: Snapshot) -> Parts:
    """Every field as JSON (UTF-8), in order."""
    known = _KEPT.of(snapshot)
    return write(snapshot) if known is None else known


def write(snapshot: Snapshot, names: Iterable[str] | None = None) -> Parts:
    """The same, written anew; ``names``: only these fields."""
    wanted = _FIELDS if names is None else [name for name in _FIELDS if name in set(names)]
    short = plain(snapshot, SNAPSHOT, set(wanted) - _LONG.keys())
    return {
        name: _LONG[name](snapshot) if name in _LONG else encode(short[name]) for name in wanted
    }


def _casualties(casualties: Casualties) -> bytes:
    lists = {
        "statements": _listed(_STATEMENTS.all(casualties.statements)),
        "timeline": _listed(_POINTS.all(casualties.timeline)),
    }
    names = [f.name for f in fields(Casualties)]
    short = plain(casualties, adapter_of(Casualties), set(names) - lists.keys())
    return joined({n: lists[n] if n in lists else encode(short[n]) for n in names})


def _listed(elements: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(elements) + b"]"


def _written(kind: type[Any]) -> Remembered[Any, bytes]:
    """Values of a kind as bytes: most members, figures and points of a revision are in the next."""
    return Remembered(lambda value: encode(plain(value, adapter_of(kind))), _MOST_ELEMENTS)


_MOST_ELEMENTS = 10 * WORST_DAY_REPORTS
"""Members, figures and points that are kept as bytes: of about 400 each."""
_MEMBERS, _STATEMENTS, _POINTS = map(_written, (Member, Statement, TimelinePoint))
_WRITTEN = Remembered(_casualties, 64)
"""Figures as bytes: an incident that is told anew for what is near it has the same ones."""
_SUPPORT_WRITTEN: Remembered[dict[str, tuple[Support, ...]], bytes] = Remembered(
    lambda support: encode(plain(support, adapter_of(dict[str, tuple[Support, ...]]))), 64
)
"""The same of who supports each slot; such a table is never changed after it is made."""
_FIELDS = [f.name for f in fields(Snapshot)]
_LONG: Mapping[str, Callable[[Snapshot], bytes]] = {
    "reports": lambda snapshot: _listed(_MEMBERS.all(snapshot.reports)),
    "casualties": lambda snapshot: _WRITTEN.of(snapshot.casualties),
    "support": lambda snapshot: _SUPPORT_WRITTEN.of(snapshot.support),
}
"""Fields that are long, with how each is written of its elements."""


def keep(snapshot: Snapshot, parts: Parts) -> None:
    """Keep the fields of a snapshot that was just made."""
    _KEPT.keep(snapshot, parts)


def forget(snapshot: Snapshot) -> None:
    """A snapshot was a draft, and another stands in its place."""
    _KEPT.drop(snapshot)


def joined(parts: Parts) -> bytes:
    """Fields as one JSON object."""
    return b"{" + b",".join(b'"%b":%b' % (n.encode(), value) for n, value in parts.items()) + b"}"
