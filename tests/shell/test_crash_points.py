"""A real worker killed at every named point, started again, and compared with an undisturbed one.

Compared is the whole content of each topic. Only instants with microseconds are left out: those are
readings of the clock. What the outlet prints has whole seconds.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.shell.press import Press, assert_no_holes, at_work, bomb, printing, topic, until
from worker import crash_points
from worker.store.times import stamp

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
DIED = 137
DUE = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
"""The same for all runs: it is part of what a timer publishes."""
LOG = "incident-log.v1"
TOPICS = ("incidents.v1", LOG, "reports.v1")
POINTS = [
    "admit.before_commit",
    "admit.after_commit",
    "settle.before_commit",
    "settle.before_commit:2",
    "settle.after_commit",
    "files.torn_line",
    "files.torn_line:5",
    "files.after_write",
    "files.after_write:2",
    "files.after_sync",
    "files.after_sync:3",
]
CLOCK = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|\+00:00)"')
Content = dict[str, list[tuple[str, str]]]


@pytest.fixture(scope="module")
def press() -> Iterator[Press]:
    """One address for all runs: an article's id is made of it."""
    with printing() as press:
        yield press


@pytest.fixture(scope="module")
def undisturbed(press: Press, tmp_path_factory: pytest.TempPathFactory) -> Content:
    """What the topics hold when nothing happens to the worker."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert _live(folder, press) == 0
    return _content(folder)


def _live(folder: Path, press: Press, **more: str) -> int:
    """One life of a worker through the story; its exit code. Another life goes on with it."""
    if not topic(folder, LOG):
        press.outlets.clear()
        bomb(press, "ledger", "six")
    with at_work(folder, press, "ledger", **more) as worker:
        lives = len(worker.told("worker.started"))
        if not until(lambda: _revisions(folder) >= 1, worker):
            return worker.process.wait()
        bomb(press, "ledger", "nine")
        if not until(lambda: _revisions(folder) >= 2, worker):
            return worker.process.wait()
        if not until(lambda: len(worker.told("worker.started")) > lives, worker):
            return worker.process.wait()
        return worker.stop()


def _revisions(folder: Path) -> int:
    return sum(record["key"].startswith("kw-") for record in topic(folder, LOG))


def _content(folder: Path) -> Content:
    """Key and value of every record, without the clock; each ``ce_id`` once a topic."""
    found: Content = {}
    for name in TOPICS:
        records = [record for record in topic(folder, name) if record["key"] != "older"]
        ids = [record["headers"]["ce_id"] for record in records]
        assert len(ids) == len(set(ids)), f"{name}: a record came twice"
        found[name] = [(r["key"], CLOCK.sub('"clock"', json.dumps(r["value"]))) for r in records]
    return found


@pytest.mark.parametrize("point", POINTS)
def test_run_killed_at_a_crash_point_loses_and_doubles_nothing(
    point: str, press: Press, undisturbed: Content, tmp_path: Path
) -> None:
    """Dead at the point, alive again: the topics are those of a worker that was left in peace."""
    assert _live(tmp_path, press, KABULWIRE_CRASH_POINT=point) == DIED
    assert _live(tmp_path, press) == 0
    assert _content(tmp_path) == undisturbed
    assert_no_holes(topic(tmp_path, LOG))


def test_run_killed_while_a_file_is_rotated_loses_and_doubles_nothing(
    press: Press, undisturbed: Content, tmp_path: Path
) -> None:
    """A file that has grown too long, and the end just before it gets its other name."""
    folder = tmp_path / "topics"
    folder.mkdir()
    older = {"seq": 0, "key": "older", "headers": {}, "value": {"pad": "x" * 1_000_000}}
    (folder / f"kabulwire.{LOG}.jsonl").write_text(f"{json.dumps(older)}\n", "utf-8")
    point = {"KABULWIRE_CRASH_POINT": "files.rotating"}
    press.outlets.clear()
    bomb(press, "ledger", "six")
    assert _live(tmp_path, press, FILES__ROTATE_MB="1", **point) == DIED
    assert _live(tmp_path, press, FILES__ROTATE_MB="1") == 0
    assert _content(tmp_path) == undisturbed
    assert list(folder.glob(f"kabulwire.{LOG}.0*.jsonl")), "nothing was rotated"


def test_run_killed_while_a_timer_fires_closes_an_incident_once(
    press: Press, tmp_path: Path
) -> None:
    """Time closes an incident once, whether or not the worker dies before or after committing it."""
    told = {}
    for point in ("", "tick.before_commit", "tick.after_commit"):
        folder = tmp_path / (point or "undisturbed")
        folder.mkdir()
        assert _live(folder, press) == 0
        _let_time_pass(folder / "store.db")
        if point:
            with at_work(folder, press, "ledger", KABULWIRE_CRASH_POINT=point) as worker:
                assert worker.process.wait(60) == DIED
            committed = point == "tick.after_commit"
            assert _states(folder / "store.db") == (["closed"] if committed else ["provisional"])
        with at_work(folder, press, "ledger") as worker:
            assert until(partial(_has_three, folder), worker)
            assert worker.stop() == 0
        told[point] = _content(folder)[LOG]
        last = topic(folder, LOG)[-1]["value"]
        assert (last["revision"], last["state"]) == (3, "closed")
        assert_no_holes(topic(folder, LOG))
    assert told["tick.before_commit"] == told["tick.after_commit"] == told[""]


def _has_three(folder: Path) -> bool:
    return _revisions(folder) >= 3


def _let_time_pass(store: Path) -> None:
    """Bring the incident's closing time, thirty days away, to just now."""
    with sqlite3.connect(store) as conn:
        (record,) = conn.execute("SELECT record FROM incident").fetchone()
        changed: dict[str, Any] = json.loads(record) | {"close_at": DUE.isoformat()}
        conn.execute("UPDATE incident SET record = ?", (json.dumps(changed),))
        moved = conn.execute("UPDATE timer SET due_at = ? WHERE kind = 'close'", (stamp(DUE),))
        assert moved.rowcount == 1
    conn.close()


def _states(store: Path) -> list[str]:
    conn = sqlite3.connect(store)
    try:
        return [row[0] for row in conn.execute("SELECT state FROM incident")]
    finally:
        conn.close()


def test_crash_points_are_passed_somewhere_and_listed() -> None:
    """The list of points and the points in the code are the same."""
    passed: set[str] = set()
    for path in Path(crash_points.__file__).parent.rglob("*.py"):
        passed |= set(re.findall(r'crash_points\.point\(f?"([^"]+)"\)', path.read_text("utf-8")))
    if "{step}.before_commit" in passed:
        passed = passed - {"{step}.before_commit"} | {"settle.before_commit"}
    assert passed == set(crash_points.POINTS)
