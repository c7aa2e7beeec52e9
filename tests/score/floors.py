"""The floors: below which no score may fall. They only rise by machine; a person lowers them.

Rules
-----
1. A floor is a ratio rounded down to three places, or, where few things are wanted, a whole number:
   right less invented. TOML tells them apart (0.912, 14). In a set that grows (``GROWING``) it is
   always the number of right ones: a new hard case must not fall below it.
   In a set that is drawn anew with every change (``DRAWN``) it is a ratio in twentieths, below what
   was reached: another draw of the same quality must not fall below it.
2. ``raised`` puts in what is higher and what is new. It never lowers a floor and never drops one.
3. A floor whose score has gone (nothing left to judge) counts as fallen. Only where the program's
   own output says how much there is to judge (``OF_OUTPUT``) may it go.
4. Each set keeps the digest of the data its floors were measured on. Other data are told, and still
   judged.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.score.marks import DRAWN, F1, GROWING, SHOWN_ONLY, Row

FLOORS = Path(__file__).with_name("floors.toml")
FEW = 30
"""With fewer wanted than this a floor is a count."""

_STEPS = 20
"""Of the floors of drawn sets."""

OF_OUTPUT = frozenset({"spans"})

Floor = float | int
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Floors:
    """Floors by (set, language, field), digests by set, and the text above them."""

    floors: Mapping[Key, Floor] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    head: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A row beside its floor. ``ok`` is None when there is no floor. ``row`` None: nothing left."""

    key: Key
    row: Row | None
    floor: Floor | None
    ok: bool | None


def read_floors(path: Path) -> Floors:
    """The floors of the file; none when there is no file."""
    if not path.is_file():
        return Floors()
    text = path.read_text("utf-8")
    table: dict[str, dict[str, Any]] = tomllib.loads(text)
    head = "".join(line for line in text.splitlines(True)[: _head_length(text)])
    floors: dict[Key, Floor] = {}
    digests: dict[str, str] = {}
    for set_name, languages in table.items():
        digests[set_name] = languages.pop("digest")
        for lang, fields in languages.items():
            floors |= {(set_name, lang, name): value for name, value in fields.items()}
    return Floors(floors, digests, head)


def _head_length(text: str) -> int:
    lines = text.splitlines()
    return next((k for k, line in enumerate(lines) if line.startswith("[")), len(lines))


def reached(row: Row) -> Floor | None:
    """What the row would have as its floor today; None when it has none, or could not fall."""
    if not row.score or SHOWN_ONLY.fullmatch(row.field):
        return None
    if row.set in DRAWN:
        return max(0, math.ceil(row.score * _STEPS) - 1) / _STEPS or None
    whole = row.tally.right == int(row.tally.right)
    few = row.tally.wanted < FEW and row.field not in OF_OUTPUT
    if whole and (few or row.set in GROWING):
        return max(0, _count(row)) or None
    # Half a millionth of grace: 0.9 may be stored as 0.89999.
    return math.floor(row.score * 1000 + 1e-6) / 1000


def _count(row: Row) -> int:
    """Right ones, less what is invented where that is counted against them."""
    pays = row.set not in GROWING and row.field in F1
    return int(row.tally.right - (row.tally.invented if pays else 0))


def judge(rows: Iterable[Row], floors: Floors, measured: Iterable[str]) -> list[Judged]:
    """Every row beside its floor, then the floors of measured sets that no row speaks of."""
    found = []
    left = {key: floor for key, floor in floors.floors.items() if key[0] in set(measured)}
    for row in rows:
        key = (row.set, row.lang, row.field)
        floor = left.pop(key, None)
        found.append(Judged(key, row, floor, None if floor is None else _holds(row, floor)))
    gone = (item for item in left.items() if item[0][2] not in OF_OUTPUT)
    return found + [Judged(key, None, floor, False) for key, floor in gone]


def _holds(row: Row, floor: Floor) -> bool:
    if isinstance(floor, int):
        return _count(row) >= floor
    return row.score is not None and row.score >= floor - 1e-9


def raised(floors: Floors, rows: Iterable[Row], digests: Mapping[str, str]) -> Floors:
    """The floors with every higher or new score; none lower, none gone."""
    new = dict(floors.floors)
    for row in rows:
        key, value = (row.set, row.lang, row.field), reached(row)
        if value is None:
            continue
        old = new.get(key)
        # A share cannot be compared with a count: where the number of items crossed ``FEW``, the
        # old floor stands until a person replaces it.
        if old is None or (isinstance(old, int) == isinstance(value, int) and value > old):
            new[key] = value
    return Floors(new, {**floors.digests, **digests}, floors.head)


def written(floors: Floors) -> str:
    """The file: its head as it was, then one table per set and language."""
    lines = []
    for set_name in sorted({key[0] for key in floors.floors}):
        lines += ["", f"[{set_name}]", f'digest = "{floors.digests[set_name]}"']
        keys = [key for key in floors.floors if key[0] == set_name]
        for lang in sorted({key[1] for key in keys}):
            lines += ["", f'[{set_name}."{lang}"]']
            lines += [
                f'"{key[2]}" = {_number(floors.floors[key])}'
                for key in sorted(keys)
                if key[1] == lang
            ]
    return floors.head.rstrip() + "\n" + "\n".join(lines) + "\n"


def _number(value: Floor) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}"
