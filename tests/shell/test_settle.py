"""Settling on the real store: the stories again, exactly one transaction, versions that count."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from tests.shell.store_world import StoreWorld, messages
from tests.stories.tell import article_of, check, read_story, report_of, take
from worker.knowledge import load_knowledge
from worker.store import outbox
from worker.store.connect import transaction

KNOWLEDGE = load_knowledge("kabul")
STORIES = sorted((Path(__file__).parents[1] / "stories").glob("*.toml"))
AT = dt.datetime(2031, 3, 4, 6, 0, tzinfo=dt.UTC)


@pytest.fixture
def world(tmp_path: Path) -> StoreWorld:
    """An empty store."""
    return StoreWorld(tmp_path / "store.db", KNOWLEDGE)


def arrive(world: StoreWorld, name: str, **step: Any) -> Any:
    """One hand-made report of an article."""
    slots = {"date": dt.date(2031, 3, 4), "place": "karte-naw", "killed": 5} | step.pop("slots", {})
    full = {"at": AT, "article": name} | step
    article = article_of(name, full, KNOWLEDGE)
    return world.arrive(article, (report_of(article, 1, slots, KNOWLEDGE),), full["at"])


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story_on_the_real_store(path: Path, tmp_path: Path) -> None:
    """The store gathers components as the stories' world does: every step ends as told."""
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    names: dict[str, str] = {}
    for number, step in enumerate(read_story(path)["step"], start=1):
        world.tick(step["at"])
        take(step, world, KNOWLEDGE)  # type: ignore[arg-type]
        check(step, world, names, f"step {number}")  # type: ignore[arg-type]


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_revisions_have_no_holes(path: Path, tmp_path: Path) -> None:
    """In the outbox each incident counts 1, 2, 3 …, and both incident topics say the same."""
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    for step in read_story(path)["step"]:
        world.tick(step["at"])
        take(step, world, KNOWLEDGE)  # type: ignore[arg-type]
    log = messages(world.conn, "incident-log.v1")
    seen: dict[str, int] = {}
    for value in log:
        assert value["revision"] == seen.get(value["incident_id"], 0) + 1
        seen[value["incident_id"]] = value["revision"]
    assert log == messages(world.conn, "incidents.v1")
    assert seen == {i.incident_id: i.revision for i in world.incidents.values()}


def test_identical_content_changes_nothing(world: StoreWorld) -> None:
    """The same text again is no version: no row, no message, only the inbox row goes."""
    arrive(world, "gulf-1")
    before = len(outbox.waiting(world.conn, 1000))

    again = arrive(world, "gulf-1", version=2, text="gulf-1 1")

    assert again.outcome == "unchanged"
    assert len(outbox.waiting(world.conn, 1000)) == before
    assert world.conn.execute("SELECT count(*) FROM inbox").fetchone()[0] == 0


def test_a_shrunken_page_is_no_version(world: StoreWorld) -> None:
    """A paywall in place of the article does not withdraw its figures."""
    arrive(world, "gulf-1", text="word " * 200)

    shrunk = arrive(world, "gulf-1", version=2, text="Subscribe to read on.")

    assert shrunk.outcome == "shrunk"
    assert world.live()[0].snapshot.casualties.killed.best == 5  # type: ignore[union-attr]


def test_reports_topic_keeps_on_with_an_article(world: StoreWorld) -> None:
    """Once a version was written all later ones are, and a kill writes no reports."""
    arrive(world, "gulf-1")
    world.kill(article_of("gulf-1", {"at": AT}, KNOWLEDGE), AT)
    records = messages(world.conn, "reports.v1")

    assert [(r["version"], r["status"], len(r["reports"])) for r in records] == [
        (1, "new", 1),
        (2, "kill", 0),
    ]
    assert records[0]["reports"][0]["incident_id"] == next(iter(world.incidents))


def test_a_failing_settle_leaves_the_work(world: StoreWorld, monkeypatch: Any) -> None:
    """An error in the middle rolls back everything: the inbox row is still there, nothing is out."""
    article = article_of("gulf-1", {"at": AT}, KNOWLEDGE)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("power")

    monkeypatch.setattr("worker.settle.report_record", fail)
    with pytest.raises(RuntimeError):
        world.arrive(article, (report_of(article, 1, {"killed": 3}, KNOWLEDGE),), AT)

    assert world.conn.execute("SELECT count(*) FROM inbox").fetchone()[0] == 1
    assert world.conn.execute("SELECT count(*) FROM article").fetchone()[0] == 0
    assert outbox.waiting(world.conn, 10) == []


def test_a_batch_never_divides_a_settle(world: StoreWorld) -> None:
    """However small the batch, all messages of one settle come together."""
    for name in ("gulf-1", "hill-1", "plain-1"):
        arrive(world, name)
    while rows := outbox.waiting(world.conn, 1):
        assert {row.settle_id for row in rows} == {rows[0].settle_id}
        assert len(rows) >= 2
        with transaction(world.conn):
            outbox.mark(world.conn, [row.seq for row in rows])


def test_headers_match_the_value(world: StoreWorld) -> None:
    """What filters read in the headers is what the snapshot says."""
    arrive(world, "gulf-1")
    row = next(r for r in outbox.waiting(world.conn, 10) if r.topic == "incidents.v1")
    value = json.loads(row.value)

    assert row.key == value["incident_id"] == row.headers["ce_subject"]
    assert row.headers["kw_state"] == value["state"]
    assert row.headers["kw_revision"] == str(value["revision"])
