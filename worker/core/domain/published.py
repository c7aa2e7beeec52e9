"""A snapshot as the bytes of its fields: those of the last few published are kept.

A snapshot is hashed, compared with the one before, and published. Its fields are written once for
all of that. Joined, they are what ``canonical.encode`` makes of the whole.

What is kept may be forgotten at any time: the ``_MOST`` last asked for, of at most 256 KiB each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from worker.core.domain.canonical import encode, plain
from worker.core.domain.snapshot import SNAPSHOT, Snapshot

Parts = Mapping[str, bytes]
_MOST = 64
_KEPT: dict[int, tuple[Snapshot, Parts]] = {}
"""By place in memory; the snapshot is held, so that its place means nothing else."""


def parts_of(snapshot: Snapshot) -> Parts:
    """Every field as JSON (UTF-8), in order."""
    known = _KEPT.get(id(snapshot))
    return known[1] if known is not None else write(snapshot)


def write(snapshot: Snapshot, fields: Iterable[str] | None = None) -> Parts:
    """The same, written anew; ``fields``: only these."""
    only = None if fields is None else set(fields)
    return {name: encode(value) for name, value in plain(snapshot, SNAPSHOT, only).items()}


def keep(snapshot: Snapshot, parts: Parts) -> None:
    """Keep the fields of a snapshot that was just made."""
    _KEPT[id(snapshot)] = snapshot, parts
    while len(_KEPT) > _MOST:
        del _KEPT[next(iter(_KEPT))]


def joined(parts: Parts) -> bytes:
    """Fields as one JSON object."""
    return b"{" + b",".join(b'"%b":%b' % (n.encode(), value) for n, value in parts.items()) + b"}"
