"""``replay --diff``: which incidents and fields two replays tell differently."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.profiles.cities import PORTSMERE
from worker.cli.commands import app
from worker.cli.incident_diff import differences

LINES = [
    {
        "id": "gulf-1", "outlet": "Gulf", "published": "2031-03-04T09:10:00Z",
        "title": "Car bomb kills six at police checkpoint in Portsmere",
        "text": "A car bomb exploded at a police checkpoint in the Old Saltpan area of Portsmere on "
        "Tuesday morning, killing six people and wounding 14 others, police said.",
    },
    {
        "id": "hill-1", "outlet": "Hill", "published": "2031-03-04T19:00:00Z",
        "title": "Gunmen kill two lawyers in Portsmere's Ropewalk",
        "text": "Gunmen on a motorbike shot dead two lawyers in the Ropewalk neighbourhood of "
        "Portsmere on Tuesday evening, March 4, officials said.",
    },
]  # fmt: skip


def replayed(folder: Path, lines: list[dict[str, Any]], *more: str) -> tuple[int, str]:
    path = folder / "lines.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    told = CliRunner().invoke(app, ["replay", str(path), "--profile", str(PORTSMERE), *more])
    return told.exit_code, told.stdout


def test_replay_diff_tells_what_changed_and_by_its_exit_code(tmp_path: Path) -> None:
    """Nothing: 0 and no line. Another toll, an incident more, one less: each a line, and 1."""
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    assert replayed(tmp_path, LINES, "--out", old) == (0, "")
    assert replayed(tmp_path, LINES, "--out", new, "--diff", old) == (0, "")
    assert replayed(tmp_path, LINES, "--out", old, "--diff", old) == (0, "")
    changed = [LINES[0] | {"text": LINES[0]["text"].replace("six", "seven"), "title": None}]
    code, told = replayed(tmp_path, changed, "--out", new, "--diff", old, "--json")
    rows = [json.loads(line) for line in told.splitlines()]
    assert code == 1
    assert [row["new_id"] for row in rows if row["kind"] == "gone"] == [None]
    bests = [row for row in rows if row["field"] == "casualties.killed.best"]
    assert [(row["old"], row["new"]) for row in bests] == [(6, 7)]
    code, table = replayed(tmp_path, changed, "--out", new, "--diff", old)
    assert (code, "changed" in table) == (1, True)


def test_replay_diff_refuses_a_folder_without_a_replay(tmp_path: Path) -> None:
    """Before anything is replayed."""
    code, _ = replayed(tmp_path, LINES, "--out", str(tmp_path / "n"), "--diff", str(tmp_path / "o"))
    assert (code, (tmp_path / "n").exists()) == (66, False)


def state(*articles: str, killed: int = 1) -> dict[str, Any]:
    rows = [{"article_id": name, "link": "certain"} for name in articles]
    return {"state": "active", "reports": rows, "casualties": {"killed": {"best": killed}}}


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ({"kw-a": state("a")}, {"kw-a": state("a")}, []),
        ({"kw-a": state("a", "b")}, {"kw-b": state("a", "b")}, ["incident_id"]),
        ({"kw-a": state("a")}, {"kw-b": state("b")}, ["reports", "reports"]),
        ({"kw-a": state("a", "b")}, {"kw-a": state("a"), "kw-b": state("b")}, ["reports", "reports"]),
        ({"kw-a": state("a")}, {"kw-a": state("a", killed=2)}, ["casualties.killed.best"]),
    ],
    ids=["same", "other-id", "other", "split", "toll"],
)  # fmt: skip
def test_differences_matches_by_id_then_by_articles(
    old: dict[str, Any], new: dict[str, Any], wanted: list[str]
) -> None:
    """An incident under another id is the same one; what shares no article is new or gone."""
    assert [found.field for found in differences(old, new)] == wanted
