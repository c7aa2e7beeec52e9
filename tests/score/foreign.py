"""Foreign background: the end of one article put behind another one that it has nothing to do with.

Rules
-----
1. What is put behind is the end of an article by a stranger that tells of older attacks alone: from
   the first paragraph whose figures are all background to the last, none of the main attack's among
   them. It is put behind reports of other attacks, of another month and another day of the week, for
   "in August" and "on Monday" would be told of the other's own.
2. The other's killed and injured must stay as they are without it, right or wrong: what is measured is
   whether a text of another time is heard to be one. Where it has none there are none to come.
3. Some ends cannot be told by anybody ("No Australians were among the 21 people killed"): the score
   is not meant to become 1. A new set of a stranger makes other pairs: its floor is then set anew.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.score.data import ROOT, read_lines
from tests.score.front_door import analyzed, city, main_report
from tests.score.marks import Item, Mark

FOLDER = "tests/score/strangers"
_SETS = 15
"""The sets whose articles are paired: a further one would change which stands behind which."""
_HOSTS = 2
"""Articles that each end is put behind."""
_SHORTEST = 200
"""Characters of a text that something can be put behind without being most of it."""


def load(_: Path) -> list[Item]:
    """Each end with each of its articles; the same pairs in every run."""
    files = sorted(f"set-{number}.jsonl" for number in range(1, _SETS + 1))
    rows = [row for name in files for row in read_lines(ROOT / FOLDER / name)]
    hosts = [row for row in rows if _is_host(row)]
    out: list[Item] = []
    for row in rows:
        end = _older_end(row)
        fit = [host for host in hosts if _is_of_another_time(host, row)] if end else []
        fit.sort(key=lambda host: _rank(host["id"] + row["id"]))
        out += [Item(f"{host['id']}+{row['id']}", row["lang"], host, end) for host in fit[:_HOSTS]]
    return out


def examine(item: Item) -> Iterator[Mark]:
    """One mark: whether the figures stay."""
    alone = _bounds(item.given)
    beside = _bounds({**item.given, "text": f"{item.given['text'].rstrip()}\n\n{item.gold}"})
    kept = alone == beside
    yield Mark("figures_kept", kept, not kept, note="" if kept else f"{alone} became {beside}")


def _is_host(row: dict[str, Any]) -> bool:
    return row["gold"]["label"] == "attack_report" and len(row["text"]) >= _SHORTEST


def _is_of_another_time(one: dict[str, Any], two: dict[str, Any]) -> bool:
    days = [dt.datetime.fromisoformat(row["published"]) for row in (one, two)]
    return days[0].month != days[1].month and days[0].weekday() != days[1].weekday()


def _older_end(row: dict[str, Any]) -> str:
    """The paragraphs at the end that tell of older attacks; "" if an article has none."""
    paragraphs = [p for p in row["text"].split("\n") if p.strip()]
    scopes = [_scopes(row, paragraph) for paragraph in paragraphs]
    for at in range(1, len(paragraphs)):
        clean = "background" not in set().union(*scopes[:at])
        if clean and scopes[at] == {"background"} and "incident" not in set().union(*scopes[at:]):
            return "\n\n".join(paragraphs[at:])
    return ""


def _scopes(row: dict[str, Any], paragraph: str) -> set[str]:
    statements = row["gold"]["statements"]
    return {one["scope"] for one in statements if one["quote"] in paragraph}


def _rank(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _bounds(line: dict[str, Any]) -> list[tuple[int | None, int | None, bool] | None]:
    report = main_report(analyzed(line, city())) or {}
    found = (report.get(what) for what in ("killed", "injured"))
    return [one and (one["low"], one["high"], one["open_upper"]) for one in found]
