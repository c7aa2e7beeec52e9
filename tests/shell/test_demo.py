"""The demonstration, run as a visitor runs it: the newsroom of the shipped Kabul profile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from worker.publish.file_publisher import open_sink

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_demo_shows_two_attacks_and_where_they_are_kept(tmp_path: Path) -> None:
    """Revisions as they happen, incident by incident; the last line is the path of the topic file,
    and that holds the two attacks of the story, as a topic file that a worker takes for its own."""
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
    store = kept.parents[1] / "store.db"
    open_sink(kept.parent, "kabulwire", 1_000_000, store)  # a worker can go on with the folder
    for record in records:
        shown = f"revision {record['value']['revision']}"
        assert any(record["key"] in line and shown in line for line in changes), record["key"]
