"""US shootings of the profile ``anywhere``, with the registry's date, city, killed and injured.

The registry's toll is the final one and has no "not reported": no figure counts as 0 here. It is
the only set of this size, so it is thinned out by name unless the whole is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.score.data import read_lines
from tests.score.front_door import ANYWHERE, analyzed, main_report
from tests.score.marks import Item, Mark, check
from tests.score.names import fold
from tests.score.slots import mark_date
from tests.score.verdict import ATTACK, line_of


def load(data: Path) -> list[Item]:
    """All articles."""
    return [
        Item(row["id"], "en", {**line_of(row), "lang": "en"}, row["gold"])
        for row in read_lines(data / "shootings_dev.jsonl.gz")
    ]


def examine(item: Item) -> Iterator[Mark]:
    """Attack found, figures exact, day and city."""
    found, gold = analyzed(item.given, ANYWHERE), item.gold
    report = main_report(found)
    label = found.get("verdict", {}).get("label")
    yield check("is_attack", label == ATTACK, f"called {label}")
    got = {measure: _number(report, measure) for measure in ("killed", "injured")}
    for measure, number in got.items():
        wanted = gold[measure]
        yield check(measure, number == wanted, f"wanted {wanted}, found {number}")
    both = all(number == gold[measure] for measure, number in got.items())
    yield check("both", both, f"wanted {gold['killed']}+{gold['injured']}, found {got}")
    yield from mark_date(gold["date"], found)
    place = (report or {}).get("place")
    name = place["name"] if place else None
    right = name is not None and fold(gold["city"]) in fold(name)
    note = f"wanted {gold['city']}, found {name}"
    yield Mark("city", int(right), int(not right), int(bool(name) and not right), note)


def _number(report: dict[str, Any] | None, measure: str) -> int | None:
    if report is None:
        return None
    figure = report[measure] or {"best": 0, "low": 0}
    return int(figure["best"] if figure["best"] is not None else figure["low"] or 0)
