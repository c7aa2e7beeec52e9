"""The one table, the costs below it, and the list of what is wrong in one field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tests.score.floors import Floor, Judged, reached
from tests.score.marks import F1, Examined

_HEADS = ("set", "lang", "field", "n", "right", "extra", "P", "R", "score", "floor", "ok")
_LEFT = 3
"""So many columns are words; the rest are numbers."""


def show(judged: Sequence[Judged]) -> Iterator[str]:
    """The table, line by line. ``extra``: reported and not wanted; P and R only beside an F1."""
    cells = [_HEADS, *map(_cells, judged)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(_HEADS))]
    last = ""
    for row in cells:
        if last and row[0] != last:
            yield ""
        last = row[0]
        words = [c.ljust(w) for c, w in zip(row[:_LEFT], widths, strict=False)]
        numbers = [c.rjust(w) for c, w in zip(row[_LEFT:], widths[_LEFT:], strict=True)]
        yield "  ".join(words + numbers).rstrip()


def _cells(one: Judged) -> tuple[str, ...]:
    row, name = one.row, one.key[2]
    ok = {None: "-", True: "ok", False: "FELL"}[one.ok]
    if row is None:
        return (*one.key, "0", "-", "-", "-", "-", "-", _floor(one.floor), "GONE")
    tally = row.tally
    pair = (tally.precision, tally.right / tally.wanted if tally.wanted else None)
    sides = [_ratio(value) for value in pair] if name in F1 else ["", ""]
    extra = _count(tally.invented) if name in F1 or tally.invented else ""
    counts = (_count(tally.wanted), _count(tally.right), extra)
    more = "+" if one.ok and _is_above(one) else ""
    return (*one.key, *counts, *sides, _ratio(row.score), _floor(one.floor), ok + more)


def _is_above(one: Judged) -> bool:
    value = reached(one.row) if one.row else None
    return value is not None and one.floor is not None and value > one.floor


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _floor(value: Floor | None) -> str:
    if value is None:
        return "-"
    return f"#{value}" if isinstance(value, int) else f"{value:.3f}"


def _count(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.1f}"


def costs(examined: Iterable[Examined], notes: dict[str, str]) -> Iterator[str]:
    """Items, seconds and CPU milliseconds per item of each set."""
    for one in examined:
        n = max(1, len(one.marks))
        note = f"  ({notes[one.name]})" if notes.get(one.name) else ""
        yield (
            f"{one.name:16} {n:5} items  {one.seconds:7.1f} s  "
            f"{1000 * one.seconds / n:8.1f} ms each  {1000 * one.cpu_seconds / n:8.1f} ms CPU each{note}"
        )


def misses(examined: Iterable[Examined], name: str) -> Iterator[str]:
    """Every item that is not all right in a field, with what was wanted and found."""
    for one in examined:
        for item, marks in one.marks:
            for mark in marks:
                if mark.field == name and (mark.missed or mark.invented):
                    yield f"{one.name} {item.lang} {item.id}: {mark.note}"


def as_json(judged: Iterable[Judged], examined: Iterable[Examined]) -> dict[str, Any]:
    """Everything of the table and the costs, for programs that compare two runs."""
    rows = []
    for one in judged:
        tally = one.row.tally if one.row else None
        rows.append(
            {
                **dict(zip(("set", "lang", "field"), one.key, strict=True)),
                "n": tally.wanted if tally else 0,
                "right": tally.right if tally else 0,
                "invented": tally.invented if tally else 0,
                "score": one.row.score if one.row else None,
                "floor": one.floor,
                "ok": one.ok,
            }
        )
    costs_ = {
        one.name: {"items": len(one.marks), "seconds": one.seconds, "cpu_seconds": one.cpu_seconds}
        for one in examined
    }
    return {"rows": rows, "sets": costs_}
