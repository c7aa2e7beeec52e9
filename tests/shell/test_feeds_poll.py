"""``kabulwire feeds poll``: a feed is asked now, and ``feeds list`` says at what pace and why."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests import program
from tests.shell.press import at_work, bomb, printing, until
from tests.shell.test_app import environ

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def feeds(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """``kabulwire feeds …`` beside the worker of this folder."""
    config = str(folder / "config")
    return program.run("feeds", *words, "--config", config, env=environ(folder), cwd=folder)


def test_feeds_poll_asks_a_feed_long_before_it_is_due(tmp_path: Path) -> None:
    """Feeds are asked every hour; the command has one of them asked at once, the other not."""
    with printing() as press:
        bomb(press, "ledger", "six")
        bomb(press, "gazette", "six")
        hourly = {"INGEST__INTERVAL_S": "3600", "INGEST__MIN_INTERVAL_S": "1"}
        with at_work(tmp_path, press, "ledger", "gazette", **hourly) as worker:
            assert until(lambda: len(worker.told("feed.polled")) == 2, worker, 120)
            assert feeds(tmp_path, "poll", "ledger").stdout == "taken in by the running worker\n"
            assert until(lambda: len(worker.told("feed.polled")) == 3, worker)
            assert worker.told("feed.polled")[2]["feed"] == "ledger"
            unknown = feeds(tmp_path, "poll", "ledgr")
            listed = [
                json.loads(row) for row in feeds(tmp_path, "list", "--json").stdout.splitlines()
            ]
    assert (unknown.returncode, "ledgr" in unknown.stderr) == (65, True)
    hurried = (
        "120 s, an incident it told of is under way"  # settled before the feed was asked again
    )
    assert {row["pace"] for row in listed} <= {"3600 s", hurried}
    assert [row["id"] for row in listed] == ["ledger", "gazette"]
    alone = feeds(tmp_path, "poll")
    assert (alone.returncode, "no worker is running" in alone.stderr) == (69, True)
