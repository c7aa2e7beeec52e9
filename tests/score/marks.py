"""What is counted: items of a set, marks for each, tallies over them, and how a tally is scored.

Rules
-----
1. A ``Mark`` is one decision about one field of one item: how much of what is wanted is right, how
   much is missed, and how much was reported that nobody wanted. A wrong value is both: what was
   wanted is missed, what was reported is invented.
2. A *share* is right / (right + missed). An *F1* also pays for what is invented; only there it can
   be right to say nothing. Fields are shares unless they stand in ``F1``.
3. A tally with nothing to judge has no score; it is not 0 and not 1.
4. Fields in ``SHOWN_ONLY`` have no floor: they are one side of a trade (more figures carried, more
   of them background) whose other side stands in a score that has one; and who reads nothing of a
   language steps into none of its traps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

F1 = frozenset(
    {
        "verdict", "figures", "date", "time", "place", "attack_types", "weapons", "targets",
        "perpetrators", "claims", "city",
    }
)  # fmt: skip
SHOWN_ONLY = re.compile(r"figures\..*|absent\..*|label")
GROWING = frozenset({"corpus"})
"""Sets to which cases are added all the time."""
DRAWN = frozenset({"composed"})
"""Sets whose items are drawn anew whenever something is added to them."""
ALL, OTHERS = "all", "rest"
FEWEST_OF_A_LANGUAGE = 5
"""Languages with fewer items than this share one row, unless more are to come."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to examine. ``given`` is what the program gets, ``gold`` what is right."""

    id: str
    lang: str
    given: Any
    gold: Any


@dataclass(frozen=True, slots=True)
class Mark:
    """What is right, missed and invented in one field of one item; ``note`` is for a person."""

    field: str
    right: float = 0
    missed: float = 0
    invented: float = 0
    note: str = ""


@dataclass(slots=True)
class Tally:
    """Sums of marks."""

    right: float = 0
    missed: float = 0
    invented: float = 0

    def add(self, mark: Mark) -> None:
        """Count one more mark."""
        self.right += mark.right
        self.missed += mark.missed
        self.invented += mark.invented

    @property
    def wanted(self) -> float:
        """All that should have been reported."""
        return self.right + self.missed

    @property
    def precision(self) -> float | None:
        """Of what was reported, the share that is right."""
        found = self.right + self.invented
        return self.right / found if found else None

    def score(self, name: str) -> float | None:
        """0 to 1 by the rule of the field; None when there was nothing to judge."""
        if name not in F1:
            return self.right / self.wanted if self.wanted else None
        whole = 2 * self.right + self.missed + self.invented
        return 2 * self.right / whole if whole else None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    set: str
    lang: str
    field: str
    tally: Tally

    @property
    def score(self) -> float | None:
        """The score of the tally."""
        return self.tally.score(self.field)


@dataclass(slots=True)
class Examined:
    """All marks of one set, with what they cost. ``marks``: (item, its marks)."""

    name: str
    marks: list[tuple[Item, list[Mark]]] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0


def check(name: str, right: bool, note: str = "") -> Mark:
    """One yes-or-no decision of a share."""
    return Mark(name, right=int(right), missed=int(not right), note="" if right else note)


def compare(name: str, wanted: Iterable[str], found: Iterable[str]) -> Mark:
    """Two sets of values: each is right, missed or invented."""
    gold, got = set(wanted), set(found)
    note = "" if gold == got else f"wanted {_listed(gold)}, found {_listed(got)}"
    return Mark(name, len(gold & got), len(gold - got), len(got - gold), note)


def rows(examined: Examined) -> list[Row]:
    """The set's rows: each language, those with few items together, and all languages."""
    sizes: dict[str, int] = {}
    for item, _ in examined.marks:
        sizes[item.lang] = sizes.get(item.lang, 0) + 1
    fewest = 1 if examined.name in GROWING or len(sizes) == 1 else FEWEST_OF_A_LANGUAGE
    row_of = {lang: lang if n >= fewest else OTHERS for lang, n in sizes.items()}
    several = len(set(row_of.values())) > 1
    tallies: dict[tuple[str, str], Tally] = {}
    for item, marks in examined.marks:
        for lang in (row_of[item.lang], *((ALL,) if several else ())):
            for mark in marks:
                tallies.setdefault((lang, mark.field), Tally()).add(mark)
    fields = list(dict.fromkeys(name for _, name in tallies))
    judged = [key for key, tally in tallies.items() if tally.wanted or tally.invented]
    order = sorted(judged, key=lambda key: (*_rank(key[0], sizes), fields.index(key[1])))
    return [Row(examined.name, lang, name, tallies[lang, name]) for lang, name in order]


def _rank(lang: str, sizes: Mapping[str, int]) -> tuple[int, int, str]:
    """All first, then the most frequent language, the rest last."""
    return {ALL: 0, OTHERS: 2}.get(lang, 1), -sizes.get(lang, 0), lang


def _listed(values: set[str]) -> str:
    return ", ".join(sorted(values)) or "nothing"
