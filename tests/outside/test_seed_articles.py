"""The two real articles the project began with: every decision worked out by hand.

They belong to their publishers and stand beside the checkout, not in it (``../shared/seeds``). Where
they are missing these tests are skipped, and say so.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SEEDS = ROOT.parent / "shared" / "seeds"
pytestmark = pytest.mark.skipif(
    not SEEDS.is_dir(), reason="the seed articles are not beside this checkout"
)
INPUTS = {
    "trt-world-2019-05-08": ("TRT World", "2019-05-08T12:00+04:30"),
    "efe-2019-07-01": ("EFE", "2019-07-01T14:00+04:30"),
}


def lines() -> str:
    """The two articles as input lines, without titles."""
    return "".join(
        json.dumps(
            {
                "id": name,
                "text": (SEEDS / f"{name}.txt").read_text("utf-8"),
                "outlet": outlet,
                "published": published,
            }
        )
        + "\n"
        for name, (outlet, published) in INPUTS.items()
    )


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """What ``kabulwire analyze`` answers, by article."""
    done = subprocess.run(
        [sys.executable, "-m", "worker", "analyze"],
        input=lines(),
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        check=True,
    )
    return {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}


def primary(answers: dict[str, Any], name: str) -> Any:
    """The one primary report of an article."""
    found = [r for r in answers[name]["reports"] if r["role"] == "primary"]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("name", INPUTS)
def test_analyze_finds_both_fresh_reports(answers: dict[str, Any], name: str) -> None:
    """Label and band: nobody would doubt these two."""
    verdict = answers[name]["verdict"]

    assert (verdict["label"], verdict["band"]) == ("attack_report", "report")


@pytest.mark.parametrize(
    ("name", "slot", "expected"),
    [
        ("trt-world-2019-05-08", "killed", (4, 4, 4, True, False)),
        ("trt-world-2019-05-08", "injured", (10, 15, 15, True, True)),
        ("efe-2019-07-01", "killed", (1, 11, 11, True, True)),
        ("efe-2019-07-01", "injured", (65, 65, 65, False, False)),
        ("efe-2019-07-01", "attackers_killed", (1, 1, 1, False, False)),
    ],
)
def test_analyze_finds_the_figures_worked_out_by_hand(
    answers: dict[str, Any], name: str, slot: str, expected: tuple[Any, ...]
) -> None:
    """low, best, high, open above, in conflict: as worked out by hand."""
    figure = primary(answers, name)[slot]

    assert tuple(figure[k] for k in ("low", "best", "high", "open_upper", "conflict")) == expected


def test_analyze_reports_no_attackers_of_the_first(answers: dict[str, Any]) -> None:
    """Nobody says what became of the attackers: null, not 0."""
    assert primary(answers, "trt-world-2019-05-08")["attackers_killed"] is None
    assert primary(answers, "trt-world-2019-05-08")["suicide"] is None


@pytest.mark.parametrize(
    ("name", "day", "neighbourhood", "district"),
    [
        ("trt-world-2019-05-08", "2019-05-08", "Shahr-e Naw", 10),
        ("efe-2019-07-01", "2019-07-01", "Pul-e Mahmud Khan", 2),
    ],
)
def test_analyze_finds_day_place_kind_and_claim(
    answers: dict[str, Any], name: str, day: str, neighbourhood: str, district: int
) -> None:
    """Day, neighbourhood and police district; the kind and the weapons; the claim."""
    report = primary(answers, name)

    assert (report["date"]["start"], report["date"]["end"]) == (day, day)
    assert report["place"]["neighbourhood"] == neighbourhood
    assert report["place"]["police_district"] == district
    assert report["attack_types"] == ["bombing_explosion", "armed_assault"]
    assert [(c["group"], c["claimed"], c["speaker"]) for c in report["claims"]] == [
        ("Taliban", "yes", "Zabihullah Mujahid")
    ]
    assert [(p["name"], p["attribution"]) for p in report["perpetrators"]] == [
        ("Taliban", "claimed_or_admitted")
    ]


def test_analyze_reads_the_time_of_the_second(answers: dict[str, Any]) -> None:
    """ "8.55 am" with a dot is a time of day."""
    assert primary(answers, "efe-2019-07-01")["time"] == "08:55"


@pytest.mark.parametrize(
    ("name", "leaks"),
    [("trt-world-2019-05-08", {7, 80, 200}), ("efe-2019-07-01", {5, 10, 54})],
)
def test_analyze_lets_no_background_figure_leak(
    answers: dict[str, Any], name: str, leaks: set[int]
) -> None:
    """The earlier attack's toll, the rescued and the percent are no victims of this one."""
    report = primary(answers, name)
    own = [s for s in report["statements"] if s["scope"] == "incident"]
    casualties = [s for s in own if s["measure"] in ("killed", "injured")]

    assert not leaks & {s["value"] for s in casualties}


@pytest.mark.parametrize("name", INPUTS)
def test_analyze_gives_every_span_as_it_stands(answers: dict[str, Any], name: str) -> None:
    """Wherever start and end stand, the text there is the quote."""
    text = (SEEDS / f"{name}.txt").read_text("utf-8")
    spans = list(spans_of(answers[name]))

    assert len(spans) > 20
    for span in spans:
        assert text[span["start"] : span["end"]] == span["quote"]


def spans_of(value: Any) -> Any:
    """All objects of an answer that claim a place in the text."""
    if isinstance(value, dict):
        if value.get("start") is not None and "quote" in value:
            yield value
        for held in value.values():
            yield from spans_of(held)
    elif isinstance(value, list):
        for held in value:
            yield from spans_of(held)


def test_replay_keeps_the_two_apart(tmp_path: Path) -> None:
    """Two incidents, never one; a second replay gives the same bytes."""
    source = tmp_path / "in.jsonl"
    source.write_text(lines(), encoding="utf-8")
    written = []
    for run in ("one", "two"):
        out = tmp_path / run
        subprocess.run(
            [sys.executable, "-m", "worker", "replay", str(source), "--out", str(out)],
            capture_output=True,
            timeout=120,
            cwd=ROOT,
            check=True,
        )
        written.append(
            [(out / f"{topic}.v1.jsonl").read_bytes() for topic in ("incidents", "incident-log")]
        )

    states = [json.loads(line)["value"]["state"] for line in written[0][0].splitlines()]
    assert written[0] == written[1]
    assert len(states) == 2
    assert "superseded" not in states
