"""The demonstration, run as a visitor runs it: the newsroom of the shipped Kabul profile."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from worker.demo.newsroom import Newsroom, Schedule, read_schedule
from worker.demo.show import set_aside
from worker.publish.file_publisher import open_sink

ROOT = Path(__file__).resolve().parents[2]
OF_A_RUN = {"incident_id", "report_id", "cause_report", "start", "end"}


def story() -> Schedule:
    """The story of the shipped Kabul profile."""
    folder = ROOT / "config" / "profiles" / "kabul" / "demo"
    return read_schedule(folder, "Asia/Kabul", dt.date(2031, 3, 6))


def test_newsroom_publishes_nothing_before_the_story_begins() -> None:
    """A worker that starts slowly meets empty feeds, however long ago the newsroom was opened: what
    it met otherwise was a first answer, and articles of it were never read."""
    told = story()
    at_once = replace(told, releases=tuple(replace(r, at=0.0) for r in told.releases))
    newsroom = Newsroom(at_once)
    assert [newsroom.visible(outlet) for outlet in told.outlets] == [[]] * len(told.outlets)
    newsroom.begin()
    assert all(newsroom.visible(outlet) for outlet in told.outlets)


def test_set_aside_accounts_for_every_article_that_made_no_report() -> None:
    """With its verdict, whether a person is asked, and also what was never read."""
    lines: list[dict[str, Any]] = [
        {"url": "u/1", "outcome": "set_aside", "incident": None, "label": "other_place", "band": "drop"},
        {"url": "u/2", "outcome": "set_aside", "incident": "kw-1", "label": "background_only",
         "band": "review"},
        {"url": "u/3", "outcome": "reported", "incident": "kw-1", "label": "attack_report",
         "band": "report"},
    ]  # fmt: skip
    titles = {"u/1": "Elsewhere", "u/2": "Burial", "u/3": "Blast", "u/4": "Cricket"}
    console = Console(file=io.StringIO(), width=100)
    set_aside(console, lines, titles)
    printed = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    shown = [line.split(maxsplit=1) for line in printed if line.startswith("  ")]
    assert shown == [
        ["Elsewhere", "other_place"],
        ["Burial", "background_only, left to a person"],
        ["Cricket", "not read"],
    ]


def message_of_readme_is(value: Any) -> bool:
    """Whether README's message is a shortened form of this one, but for ids and days."""
    text = (ROOT / "README.md").read_text("utf-8")
    shown = json.loads(text.partition("## One message")[2].split("```")[1].removeprefix("json"))
    return shortens(shown, value)


def shortens(shown: Any, value: Any) -> bool:
    """Whether all that is shown is there; ids and days are those of a run."""
    if isinstance(shown, dict):
        return all(
            name in value and (name in OF_A_RUN or shortens(part, value[name]))
            for name, part in shown.items()
        )
    if isinstance(shown, list):
        return all(any(shortens(part, held) for held in value) for part in shown)
    return bool(shown == value)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_demo_shows_two_attacks_and_where_they_are_kept(tmp_path: Path) -> None:
    """Revisions as they happen, incident by incident, then what was set aside; the last line is the
    path of the topic file, and that holds the two attacks of the story, as a topic file that a worker
    takes for its own. One of them is the message that README shows."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("KABULWIRE")}
    done = subprocess.run(
        [sys.executable, "-m", "worker", "demo"],
        cwd=tmp_path, env=clean | {"PYTHONPATH": str(ROOT), "COLUMNS": "60"},
        capture_output=True, text=True, check=False, timeout=150,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    changes = [line for line in lines if "incident" in line and "revision " in line]
    assert any("revision 2" in line for line in changes), done.stdout
    kept = tmp_path / lines[-1]
    assert kept.name.endswith("incidents.v1.jsonl")
    records = [json.loads(line) for line in kept.read_text("utf-8").splitlines()]
    live = [r for r in records if r["value"]["state"] not in ("superseded", "retracted")]
    assert len(live) == 2
    assert len({record["key"] for record in records}) == len(records)
    numbers = [record["seq"] for record in records]
    assert numbers == sorted(numbers)
    assert any(message_of_readme_is(record["value"]) for record in records)
    for aside in ("Roadside bomb kills six in Nangarhar   other_place", "left to a person"):
        assert aside in done.stdout
    store = kept.parents[1] / "store.db"
    open_sink(kept.parent, "kabulwire", 1_000_000, store)  # a worker can go on with the folder
    for record in records:
        shown = f"revision {record['value']['revision']}"
        assert any(record["key"] in line and shown in line for line in changes), record["key"]
