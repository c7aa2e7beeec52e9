"""The whole tool on a tiny set: table, exit codes, absence, floors that rise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.score import floors, front_door, sets
from tests.score.__main__ import main
from tests.score.data import nth

TEXT = (
    "Portsmere, March 4: A bomb exploded at a bus stop in the Ropewalk area of Portsmere on Tuesday, "
    "killing five people and wounding nine, police said."
)


def _gold(label: str, **other: Any) -> dict[str, Any]:
    statements = [
        {"measure": m, "value": n, "qualifier": "exact", "speaker": "police", "quote": quote,
         "is_subset": False, "scope": "incident"}
        for m, n, quote in (("killed", 5, "five people"), ("injured", 9, "wounding nine"))
    ]  # fmt: skip
    return {
        "label": label,
        "policy_dependent": False,
        "event_date": "2031-03-04",
        "event_time": None,
        "place": "Ropewalk",
        "attack_types": ["Bombing/Explosion"],
        "killed": {"min": 5, "max": 5},
        "injured": {"min": 9, "max": 9},
        "claims": [],
        "statements": statements,
        **other,
    }


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one set of two items, and no floors."""
    line = {"lang": "en", "outlet": "Heron Wire", "published": "2031-03-04T15:00:00+00:00"}
    attack = {**line, "id": "a", "title": "Bomb kills five in Portsmere", "text": TEXT}
    fair = {**line, "id": "b", "title": "Harbour fair opens", "text": "Boats and music."}
    rows = [{**attack, "gold": _gold("attack_report")}, {**fair, "gold": _gold("other")}]
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "voices_en.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    monkeypatch.setenv("KABULWIRE_DATA", str(folder))
    monkeypatch.setattr(floors, "FLOORS", tmp_path / "floors.toml")
    return folder


def _row(printed: str, field: str) -> list[str]:
    return next(line.split() for line in printed.splitlines() if line.split()[2:3] == [field])


def test_main_prints_what_is_right(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two items through the program itself: one attack, everything in it right."""
    found = data.parent / "rows.json"
    assert main(["--only", "voices_en", "--json", str(found)]) == 0
    printed = capsys.readouterr().out
    assert _row(printed, "verdict") == [
        "voices_en",
        "en",
        "verdict",
        "1",
        "1",
        "0",
        "1.000",
        "1.000",
        "1.000",
        "-",
        "-",
    ]
    assert _row(printed, "both")[3:6] == ["1", "1", "1.000"]
    assert "no floors yet (make score RAISE=1): voices_en" in printed
    rows = {row["field"]: row for row in json.loads(found.read_text("utf-8"))["rows"]}
    assert (rows["figures"]["n"], rows["figures"]["right"], rows["figures"]["invented"]) == (
        2,
        2,
        0,
    )


def test_main_lists_what_is_wrong(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For the person who mends reading: set, language, item, wanted and found."""
    file = data / "voices_en.jsonl"
    file.write_text(file.read_text("utf-8").replace('{"min": 5, "max": 5}', '{"min": 6, "max": 6}'))
    assert main(["--only", "voices_en", "--misses", "killed"]) == 0
    assert capsys.readouterr().out == "voices_en en a: wanted (6, 6), found (5, 5)\n"


def test_main_fails_below_a_floor_and_raising_does_not_hide_it(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Floors are raised; the gold then asks for another figure; the fall stays a fall."""
    assert main(["--only", "voices_en", "--raise-floors"]) == 0
    set_floors = floors.FLOORS.read_text("utf-8")
    assert '"killed" = 1' in set_floors
    file = data / "voices_en.jsonl"
    file.write_text(file.read_text("utf-8").replace('{"min": 5, "max": 5}', '{"min": 6, "max": 6}'))
    capsys.readouterr()
    assert main(["--only", "voices_en", "--raise-floors"]) == 1
    printed = capsys.readouterr().out
    assert _row(printed, "killed")[-1] == "FELL"
    assert "data changed since their floors were set: voices_en" in printed
    assert '"killed" = 1' in floors.FLOORS.read_text("utf-8")


def test_main_tells_what_is_absent(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Data that are not there are named and not judged; without a corpus, or stories, it fails."""
    (data / "voices_en.jsonl").unlink()
    monkeypatch.setattr(sets, "ROOT", data)
    assert main(["--only", "voices_en", "--only", "muc4"]) == 0
    assert "not beside this checkout: voices_en, muc4" in capsys.readouterr().out
    assert main(["--only", "composed"]) == 1
    assert "MISSING: composed" in capsys.readouterr().out
    assert main(["--only", "corpus"]) == 1
    assert "MISSING: corpus" in capsys.readouterr().out


def test_main_refuses_a_set_that_does_not_exist(data: Path) -> None:
    """A misspelt name measures nothing and says so."""
    with pytest.raises(SystemExit, match="no such set: voices_ne"):
        main(["--only", "voices_ne"])
    with pytest.raises(SystemExit, match="no such set: voices_ne"):
        main(["--only", "voices_en", "--without", "voices_ne"])


def test_main_leaves_a_set_out(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is left out is not measured, not judged and not missed."""
    assert main(["--only", "voices_en", "--only", "muc4", "--without", "voices_en"]) == 0
    printed = capsys.readouterr().out
    assert "not beside this checkout: muc4" in printed
    assert "voices_en" not in printed


def test_main_refuses_a_data_folder_that_does_not_exist(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names a folder wants it measured."""
    monkeypatch.setenv("KABULWIRE_DATA", str(data / "nowhere"))
    with pytest.raises(SystemExit, match="KABULWIRE_DATA names no folder"):
        main(["--only", "voices_en"])


def test_digest_changes_with_a_byte_and_with_a_name(data: Path) -> None:
    """Changed data are noticed, whatever their size and time."""
    (voices,) = (one for one in sets.measured_sets(full=False) if one.name == "voices_en")
    before = voices.digest(data)
    assert voices.digest(data) == before
    file = data / "voices_en.jsonl"
    file.write_bytes(file.read_bytes().replace(b"nine", b"nina"))
    assert voices.digest(data) != before


def test_measured_sets_are_whole_and_named_apart_when_full() -> None:
    """Floors of every n-th item are not floors of all."""
    thin = {one.name: one.every for one in sets.measured_sets(full=False)}
    full = {one.name: one.every for one in sets.measured_sets(full=True)}
    assert thin["muc4"] > 1
    assert full["muc4_full"] == 1
    assert "muc4" not in full
    assert set(full.values()) == {1}


def test_nth_is_always_the_same_choice() -> None:
    """By name alone: about a third, and one by one known."""
    chosen = [name for name in map(str, range(30)) if nth(name, 3)]
    assert chosen == ["1", "3", "8", "11", "13", "19", "20", "21", "23", "25", "26", "28"]
    assert all(nth(name, 1) for name in map(str, range(9)))


def test_analyzed_turns_a_crash_into_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """One article that breaks the program does not end the measuring of the rest."""

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("by the herons")

    monkeypatch.setattr(front_door, "analyze", broken)
    found = front_door.analyzed({"id": "a", "text": "x"}, front_door.city())
    assert found == {"id": "a", "error": "ZeroDivisionError: by the herons"}
