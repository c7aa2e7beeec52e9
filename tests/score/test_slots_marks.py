"""Slots: right, missed, invented, and both for a wrong value."""

from __future__ import annotations

from typing import Any

import pytest

from tests.score import slots
from tests.score.answers import Made, answer, report
from tests.score.marks import Mark

RIGHT, WRONG, MISSED, INVENTED = (1, 0, 0), (0, 1, 1), (0, 1, 0), (0, 0, 1)


def _one(marks: Any) -> tuple[float, float, float] | None:
    found: list[Mark] = list(marks)
    assert len(found) <= 1
    return (found[0].right, found[0].missed, found[0].invented) if found else None


def _place(name: str, **other: Any) -> Made:
    plain = {"neighbourhood": None, "landmark": None, "police_district": None}
    return {"name": name, "precision": "neighbourhood", "path": [], **plain, **other}


@pytest.mark.parametrize(
    ("start", "end", "counted"),
    [
        ("2031-03-04", "2031-03-04", RIGHT),
        ("2031-03-05", "2031-03-05", WRONG),
        ("2031-03-03", "2031-03-04", WRONG),
        (None, None, MISSED),
    ],
)
def test_mark_date_wants_the_one_day(start: str | None, end: str | None, counted: Any) -> None:
    """A span of days is not the day."""
    found = answer(report(date={"start": start, "end": end}))
    assert _one(slots.mark_date("2031-03-04", found)) == counted


def test_mark_date_does_not_judge_where_the_gold_has_none() -> None:
    """No day in the gold: no day follows from the text, any answer may be fair."""
    found = answer(report(date={"start": "2031-03-04", "end": "2031-03-04"}))
    assert _one(slots.mark_date(None, found)) is None


@pytest.mark.parametrize(
    ("wanted", "printed", "counted"),
    [("08:10", "08:10", RIGHT), ("08:10", "20:10", WRONG), (None, "08:10", INVENTED)],
)
def test_mark_time_is_to_the_minute(wanted: str | None, printed: str, counted: Any) -> None:
    """And a time that nobody printed is an invention."""
    assert _one(slots.mark_time(wanted, answer(report(time=printed)))) == counted


@pytest.mark.parametrize(
    ("wanted", "printed", "counted"),
    [
        ("the Old Saltpan area of Portsmere", _place("Old Saltpan"), RIGHT),
        ("near the Lamur Bridge", _place("somewhere", neighbourhood="Pul-e Lamur"), RIGHT),
        ("پل لامور", _place("Lamur Bridge"), RIGHT),
        ("the city's third police district", _place("there", police_district=3), RIGHT),
        ("Ropewalk", _place("Old Saltpan"), WRONG),
        ("Ropewalk", _place("Portsmere", precision="city"), MISSED),
        ("Ropewalk", None, MISSED),
        ("western Portsmere", _place("Ropewalk"), INVENTED),
        (None, _place("Ropewalk"), INVENTED),
        ("in the centre of Portsmere", _place("Portsmere", precision="city"), None),
    ],
)
def test_mark_place_compares_places_and_not_spellings(
    wanted: str | None, printed: Made | None, counted: Any
) -> None:
    """One gazetteer entry, or one wording in the other; the city is no place."""
    assert _one(slots.mark_place(wanted, answer(report(place=printed)))) == counted


def test_mark_types_knows_both_ways_of_writing_them() -> None:
    """GTD's own names, any kind of hostage taking, and nothing for "unknown"."""
    wanted = ["Bombing/Explosion", "Hostage Taking (Kidnapping)", "Unknown"]
    printed = ["bombing_explosion", "hostage_taking_barricade", "armed_assault"]
    assert _one(slots.mark_types(wanted, answer(report(attack_types=printed)))) == (2, 0, 1)


def test_mark_weapons_wants_one_of_the_kind() -> None:
    """A car bomb is an explosive; a rifle is no explosive; a second explosive is no invention."""
    weapons = [
        {"type": "explosives", "subtype": "vehicle"},
        {"type": "explosives", "subtype": "suicide"},
        {"type": "firearms", "subtype": "handgun"},
    ]
    found = answer(report(weapons=weapons))
    assert _one(slots.mark_weapons(["vehicle bomb"], found)) == (1, 0, 1)
    assert _one(slots.mark_weapons(["grenade", "firearm"], found)) == (1, 1, 0)


def test_mark_targets_compares_wordings() -> None:
    """One wording in the other; who was hit by the way is not judged."""
    targets = [{"name": "Stork School", "role": "primary"}, {"name": "cars", "role": "incidental"}]
    found = answer(report(targets=targets))
    assert _one(slots.mark_targets(["the Stork School for girls"], found)) == RIGHT
    assert _one(slots.mark_targets(["a ministry bus"], found)) == WRONG


def test_mark_perpetrator_knows_a_group_by_all_its_names() -> None:
    """AC-9 is the Ash Column; nobody is not the Red Tide."""
    found = answer(report(perpetrators=[{"name": "Ash Column"}]))
    assert _one(slots.mark_perpetrator("AC-9", found)) == RIGHT
    assert _one(slots.mark_perpetrator("جزر سرخ", found)) == WRONG
    assert _one(slots.mark_perpetrator(None, found)) == INVENTED


def test_mark_claims_tells_a_denial_from_a_claim() -> None:
    """The same group, the other word: wrong."""
    found = answer(report(claims=[{"group": "Red Tide", "claimed": "denied"}]))
    assert _one(slots.mark_claims([{"group": "the Red Tide", "claimed": "denied"}], found)) == RIGHT
    assert _one(slots.mark_claims([{"group": "Red Tide", "claimed": True}], found)) == WRONG


def test_mark_spans_reads_the_given_text() -> None:
    """A quote one letter off, an answer about another text, and an error are all wrong."""
    given = {"title": "Blast", "text": "Five died."}
    good = {"quote": "Five", "start": 7, "end": 11}
    found = answer(report(evidence={"killed": [good]}), title="Blast", text="Five died.")
    assert _one(slots.mark_spans(given, found)) == RIGHT
    found["reports"][0]["evidence"]["killed"] = [{**good, "start": 8, "end": 12}]
    assert _one(slots.mark_spans(given, found)) == MISSED
    assert _one(slots.mark_spans({"text": "Five died!"}, found)) == MISSED
    assert _one(slots.mark_spans(given, {"id": "a", "error": "no"})) == MISSED
