"""The sets of articles about the city: which marks each gets from its gold.

kabul_dev and verdict_dev judge the verdict most; slots_dev, what is read of attacks in fifteen
languages; voices_*, everything, in the hardest wordings.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.score import figures, slots
from tests.score.data import read_lines
from tests.score.front_door import analyzed, city
from tests.score.marks import Item, Mark
from tests.score.verdict import ATTACK, kabul_label, line_of, mark_alarm, mark_verdict

_UNSURE_DATES = ("external", "uncertain")


def examine_kabul(item: Item) -> Iterator[Mark]:
    """kabul_dev: verdict, figures, day, place, types, perpetrator, claim."""
    found, gold = analyzed(item.given, city()), item.gold
    label = kabul_label(gold)
    if label:
        yield from mark_verdict(item, found, label, exact=True)
    if gold["label"] != ATTACK:
        return
    yield from figures.mark_totals(gold, found)
    unsure = (gold["event_date_source"] or "").startswith(_UNSURE_DATES)
    unsure = unsure or not _tells_year(item.given, gold["event_date"])
    yield from slots.mark_date(None if unsure else gold["event_date"], found)
    if gold["place_in_kabul"]:
        yield from slots.mark_place(gold["place_in_kabul"], found)
    yield from slots.mark_types(slots.types_in_words(gold["attack_type"]), found)
    yield from slots.mark_claims(_kabul_claims(gold), found)
    yield from slots.mark_spans(item.given, found)


def _tells_year(given: dict[str, Any], day: str | None) -> bool:
    """Whether a day's year follows from the publication or the text: no reader knows that of "Dec 25"."""
    if day is None or given.get("published"):
        return True
    digits = "".join(str(unicodedata.digit(c, c)) for c in given["text"])
    return day[:4] in digits


def _kabul_claims(gold: dict[str, Any]) -> list[dict[str, str]]:
    said = (("claimed_by", "yes"), ("denied_by", "denied"))
    return [
        {"group": gold[key].partition(" (")[0], "claimed": word} for key, word in said if gold[key]
    ]


def examine_verdict(item: Item) -> Iterator[Mark]:
    """verdict_dev: attack or not."""
    found = analyzed(item.given, city())
    yield from mark_verdict(item, found, item.gold)
    yield from slots.mark_spans(item.given, found)


def examine_unlabelled(item: Item) -> Iterator[Mark]:
    """Hard negatives: silence."""
    yield from mark_alarm(item, analyzed(item.given, city()))


def load_slots(data: Path) -> list[Item]:
    """slots_dev, with the articles from the two files that hold them."""
    names = ("verdict_dev.jsonl", "kabul_unlabelled.jsonl.gz")
    texts = {row["id"]: row for name in names for row in read_lines(data / name)}
    return [
        Item(row["id"], row["lang"], line_of(texts[row["id"]]), row)
        for row in read_lines(data / "slots_dev.jsonl")
    ]


def examine_slots(item: Item) -> Iterator[Mark]:
    """slots_dev: every slot of an attack."""
    found, gold = analyzed(item.given, city()), item.gold
    yield from _mark_slots(item, found)
    yield from slots.mark_weapons(gold["weapons"], found)
    yield from slots.mark_targets(gold["targets"], found)
    yield from slots.mark_perpetrator(gold["perpetrator"], found)


def _mark_slots(item: Item, found: dict[str, Any]) -> Iterator[Mark]:
    gold = item.gold
    yield from figures.mark_totals(gold, found)
    yield from figures.mark_statements(gold["statements"], found, figures.totals_of(gold))
    yield from slots.mark_date(gold["event_date"], found)
    yield from slots.mark_time(gold["event_time"], found)
    yield from slots.mark_place(gold["place"], found)
    yield from slots.mark_types(gold["attack_types"], found)
    yield from slots.mark_claims(gold["claims"], found)
    yield from slots.mark_spans(item.given, found)


def load_voices(data: Path, name: str) -> list[Item]:
    """Items written in the voices of many outlets."""
    return [
        Item(row["id"], row["lang"], line_of(row), row["gold"])
        for row in read_lines(data / f"{name}.jsonl")
    ]


def examine_voices(item: Item) -> Iterator[Mark]:
    """voices_*: verdict of every item; all slots of those that report an attack."""
    found = analyzed(item.given, city())
    if not item.gold["policy_dependent"]:
        yield from mark_verdict(item, found, item.gold["label"], exact=True)
    if item.gold["label"] == ATTACK:
        yield from _mark_slots(item, found)
    else:
        yield from slots.mark_spans(item.given, found)
