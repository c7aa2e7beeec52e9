"""A second, invented city: a folder of forty lines, and the same program passes its story."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.domain.report import Analysis
from worker.core.sources.jsonl import document_of
from worker.replay import replay

CITY = Path(__file__).parents[1] / "profiles" / "portsmere"
KNOWLEDGE = load_knowledge(CITY)
STORY: dict[str, dict[str, Any]] = {
    "flash": {
        "outlet": "Valdra Press",
        "published": "2031-05-07T09:20+01:00",
        "title": "Bomb explodes outside Customs House in Portsmere",
        "text": (
            "PORTSMERE (Valdra Press) - A bomb exploded outside the Customs House on Lantern Quay in "
            "Portsmere on Wednesday morning, the City Guard said, and at least two people were "
            "killed."
        ),
    },
    "toll": {
        "outlet": "Harbour Courier",
        "published": "2031-05-07T12:00+01:00",
        "title": "Four dead in Portsmere quayside bombing",
        "text": (
            "Four people were killed and 11 wounded when a bomb went off at the Customs House on "
            "Lantern Quay in the Valdran capital on Wednesday, City Guard spokeswoman Maud Ferrin "
            "said.\n\nThe Red Tide claimed responsibility for the attack, Jonas Vell said in a "
            "statement.\n\nPortsmere Infirmary said it had received nine wounded."
        ),
    },
    "elsewhere": {
        "outlet": "Valdra Press",
        "published": "2031-05-07T15:00+01:00",
        "title": "Gunmen kill three farmers in Eastmoor",
        "text": (
            "PORTSMERE (Valdra Press) - Gunmen killed three farmers near Eastmoor on Wednesday, a "
            "local official said."
        ),
    },
    "second": {
        "outlet": "Harbour Courier",
        "published": "2031-05-07T18:30+01:00",
        "title": "Gunman shoots City Guard officer in Portsmere's Ropewalk",
        "text": (
            "A gunman shot dead a City Guard officer in the Ropewalk area of Portsmere at about "
            "5 pm on Wednesday, the City Guard said."
        ),
    },
    "rovers": {
        "outlet": "Harbour Courier",
        "published": "2031-05-08T10:00+01:00",
        "title": "Portsmere Rovers attack wins the day",
        "text": "Portsmere Rovers beat their neighbours on Wednesday with a late attack.",
    },
}


def answer(name: str) -> Analysis:
    """What the chain says of one article of the story."""
    return analyze(document_of({"id": name, **STORY[name]}, 1, "Europe/Lisbon"), None, KNOWLEDGE)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("flash", "attack_report"),
        ("toll", "attack_report"),
        ("elsewhere", "other_place"),
        ("second", "attack_report"),
        ("rovers", "other"),
    ],
)
def test_verdicts(name: str, label: str) -> None:
    """Dateline, other town, football club: judged as in the shipped city."""
    assert answer(name).verdict.label == label


def test_slots_come_from_the_profile() -> None:
    """Quarter, district, speaker and group are those of this city's files."""
    report = answer("toll").reports[0]

    assert report.place is not None
    assert (report.place.landmark, report.place.neighbourhood, report.place.police_district) == (
        "Customs House",
        "Lantern Quay",
        3,
    )
    assert [(c.group, c.claimed, c.speaker) for c in report.claims] == [
        ("Red Tide", "yes", "Jonas Vell")
    ]
    assert {s.speaker_id for s in report.statements if s.measure == "killed"} >= {"city-guard"}
    assert report.killed is not None
    assert report.killed.best == 4


def test_the_story_ends_with_two_incidents(tmp_path: Path) -> None:
    """Two outlets' reports are one incident; the shooting in another quarter is a second one."""
    lines = [json.dumps({"id": name, **fields}) for name, fields in STORY.items()]
    replay(lines, tmp_path, KNOWLEDGE)
    values = [
        json.loads(line)["value"]
        for line in (tmp_path / "incidents.v1.jsonl").read_text("utf-8").splitlines()
    ]
    live = [value for value in values if value["state"] not in ("superseded", "retracted")]

    assert sorted(
        sorted(report["article_id"] for report in value["reports"]) for value in live
    ) == [["flash", "toll"], ["second"]]
    assert {value["country"] for value in values} == {"VAL"}
