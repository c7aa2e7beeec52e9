"""A snapshot as the bytes of its fields: those of the last few published are kept.

A snapshot is hashed, compared with the one before, and published. Its fields are written once for
all of that. Joined, they are what ``canonical.encode`` makes of the whole.

What is kept may be forgotten at any time: the ``_MOST`` last asked for, of at most 256 KiB each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter

from worker.core.domain.canonical import encode, plain
from worker.core.domain.remembered import WORST_DAY_REPORTS, Remembered
from worker.core.domain.report import Statement
from worker.core.domain.snapshot import SNAPSHOT, Casualties, Member, Snapshot, TimelinePoint

Parts = Mapping[str, bytes]
_MOST = 64
_KEPT: dict[int, tuple[Snapshot, Parts]] = {}
"""By place in memory; the snapshot is held, so that its place means nothing else."""


def parts_of(snapshot: Snapshot) -> Parts:
    """Every field as JSON (UTF-8), in order."""
    known = _KEPT.get(id(snapshot))
    return known[1] if known is not None else write(snapshot)


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
    short = plain(casualties, _CASUALTIES, set(names) - lists.keys())
    return joined({n: lists[n] if n in lists else encode(short[n]) for n in names})


def _listed(elements: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(elements) + b"]"


def _written(kind: type[Any]) -> Remembered[Any, bytes]:
    """Values of a kind as bytes: most members, figures and points of a revision are in the next."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    return Remembered(lambda value: encode(plain(value, adapter)), _MOST_ELEMENTS)


_MOST_ELEMENTS = 10 * WORST_DAY_REPORTS
"""Members, figures and points that are kept as bytes: of about 400 each."""
_MEMBERS, _STATEMENTS, _POINTS = map(_written, (Member, Statement, TimelinePoint))
_CASUALTIES: TypeAdapter[Casualties] = TypeAdapter(Casualties)
_FIELDS = [f.name for f in fields(Snapshot)]
_LONG: Mapping[str, Callable[[Snapshot], bytes]] = {
    "reports": lambda snapshot: _listed(_MEMBERS.all(snapshot.reports)),
    "casualties": lambda snapshot: _casualties(snapshot.casualties),
}
"""Fields that are long, with how each is written of its elements."""


def keep(snapshot: Snapshot, parts: Parts) -> None:
    """Keep the fields of a snapshot that was just made."""
    _KEPT[id(snapshot)] = snapshot, parts
    while len(_KEPT) > _MOST:
        del _KEPT[next(iter(_KEPT))]


def joined(parts: Parts) -> bytes:
    """Fields as one JSON object."""
    return b"{" + b",".join(b'"%b":%b' % (n.encode(), value) for n, value in parts.items()) + b"}"
