"""Does the program call an attack report what is one? Label by label, language by language.

Left out: what the gold itself calls dependent on policy, and in the second file the items that the
first has as well. A side item about a fresh attack here makes an attack report (docs/method.md).
Hard negatives have no F1: with one attack among a thousand only the share of silence tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.score.data import read_lines
from tests.score.front_door import Answer
from tests.score.marks import Item, Mark, check
from tests.score.names import fold

ATTACK = "attack_report"
_UNREAD = "lang_unsupported"
_FRESH = (1, 3, 4)
"""Labels of verdict_dev: fresh attack, strike of a state, side item; 2 and 0 are none."""


def mark_verdict(item: Item, found: Answer, wanted: str, *, exact: bool = False) -> Iterator[Mark]:
    """Attack or not; with ``exact`` also which of the four labels."""
    if "error" in found:
        yield Mark("verdict", missed=int(wanted == ATTACK), note=f"error: {found['error']}")
        return
    got = found["verdict"]["label"]
    note = f"{wanted} called {got} ({found['verdict']['probability']}): {_title(item)}"
    right = wanted == got == ATTACK
    missed, invented = wanted == ATTACK and not right, got == ATTACK and not right
    yield Mark(
        "verdict", int(right), int(missed), int(invented), note if missed or invented else ""
    )
    if exact:
        yield check("label", got == wanted, note)


def mark_alarm(item: Item, found: Answer) -> Iterator[Mark]:
    """Of what is no attack report here, the share that is not called one.

    In a language that the program does not read silence is no merit: not judged.
    """
    reasons = found.get("verdict", {}).get("reasons", ())
    if any(reason["code"] == _UNREAD for reason in reasons):
        return
    label = found["error"] if "error" in found else found["verdict"]["label"]
    quiet = "error" not in found and label != ATTACK
    yield check("no_alarm", quiet, f"{label}: {_title(item)}")


def _title(item: Item) -> str:
    return str(item.given.get("title") or item.given.get("text"))[:120]


def line_of(row: dict[str, Any]) -> dict[str, Any]:
    """An item of the data as an input line of ``analyze``."""
    names = {"outlet": row.get("outlet") or row.get("src"), "url": row.get("url")}
    when = row.get("published") or row.get("date")
    wanted = {"id": row["id"], "title": row.get("title"), "text": row.get("text")}
    wanted |= names | {"lang": row.get("lang"), "published": when}
    return {key: value for key, value in wanted.items() if value is not None}


def load_kabul(data: Path) -> list[Item]:
    """kabul_dev: long items with everything in their gold."""
    return [
        Item(row["id"], row["lang"], line_of(row), row["gold"])
        for row in read_lines(data / "kabul_dev.jsonl")
    ]


def kabul_label(gold: dict[str, Any]) -> str | None:
    """The label by policy; None where the gold leaves it open."""
    if gold["policy_dependent"]:
        return None
    return ATTACK if gold["secondary_kabul_event"] else str(gold["label"])


def load_verdict(data: Path) -> list[Item]:
    """verdict_dev without the items that kabul_dev has as well."""
    known = {_fingerprint(row) for row in read_lines(data / "kabul_dev.jsonl")}
    return [
        Item(row["id"], row["lang"], line_of(row), ATTACK if row["label"] in _FRESH else "none")
        for row in read_lines(data / "verdict_dev.jsonl")
        if _fingerprint(row) not in known
    ]


def _fingerprint(row: dict[str, Any]) -> str:
    text = fold(row.get("text"))[:120]
    return text if len(text) > 100 else fold(row.get("title")) + text


def load_unlabelled(data: Path) -> list[Item]:
    """Hard negatives: they mention the city and tell of no fresh attack there."""
    labels = {row["id"]: row for row in read_lines(data / "unlabelled_labels.jsonl")}
    rows = read_lines(data / "kabul_unlabelled.jsonl.gz")
    return [
        Item(row["id"], row["lang"], line_of(row), labels[row["id"]]["label"])
        for row in rows
        if not labels[row["id"]]["policy_dependent"] and labels[row["id"]]["label"] != ATTACK
    ]
