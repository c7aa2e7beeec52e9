"""Settling on the real store: the stories again, exactly one transaction, versions that count."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.profiles.cities import PORTSMERE
from tests.shell.store_world import StoreWorld, messages
from tests.stories.tell import article_of, check, read_story, report_of, take
from worker.config.knowledge import load_knowledge
from worker.core.domain.document import Entry
from worker.core.domain.incident import Constraint, TimerSet
from worker.core.domain.report import Analysis, Verdict
from worker.core.domain.vocabulary import EntryStatus
from worker.observe.metrics import Metrics
from worker.run.chain import tell_changes
from worker.settle import Settled, bury, settle, tick, withdraw
from worker.store import articles, outbox, queries
from worker.store.connect import transaction
from worker.store.timers import due_timers, set_timer

KNOWLEDGE = load_knowledge(PORTSMERE)
STORIES = sorted((Path(__file__).parents[1] / "stories").glob("*.toml"))
AT = dt.datetime(2031, 3, 4, 6, 0, tzinfo=dt.UTC)


@pytest.fixture
def world(tmp_path: Path) -> StoreWorld:
    """An empty store."""
    return StoreWorld(tmp_path / "store.db", KNOWLEDGE)


def arrive(world: StoreWorld, name: str, **step: Any) -> Any:
    """One hand-made report of an article."""
    slots = {"date": dt.date(2031, 3, 4), "place": "chandlers-row", "killed": 5} | step.pop(
        "slots", {}
    )
    full: dict[str, Any] = {"at": AT, "article": name} | step
    article = article_of(name, full, KNOWLEDGE)
    return world.arrive(article, (report_of(article, 1, slots, KNOWLEDGE),), full["at"])


def tell(
    world: StoreWorld,
    version: int,
    text: str,
    *,
    updated: dt.datetime | None = None,
    status: EntryStatus = "new",
) -> Settled:
    """A version of one article as its source tells it: its time, its status, its own number."""
    article = article_of("gulf-1", {"at": AT, "version": version, "text": text}, KNOWLEDGE)
    article = replace(article, status=status)
    work = world.taken(article, AT)
    assert work.document is not None
    work = replace(work, document=replace(work.document, updated=updated))
    reports = (report_of(article, 1, {"date": AT.date(), "place": "chandlers-row"}, KNOWLEDGE),)
    analysis = Analysis(article, Verdict("attack_report", 0.9, "report"), reports)
    with transaction(world.conn):
        return settle(world.conn, work, analysis, AT, KNOWLEDGE)


def minutes(count: float) -> dt.datetime:
    """So long after the story begins."""
    return AT + dt.timedelta(minutes=count)


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_settle_ends_each_step_of_a_story_as_told(path: Path, tmp_path: Path) -> None:
    """The store gathers components as the stories' world does: every step ends as told."""
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    names: dict[str, str] = {}
    for number, step in enumerate(read_story(path)["step"], start=1):
        world.tick(step["at"])
        take(step, world, KNOWLEDGE)  # type: ignore[arg-type]
        check(step, world, names, f"step {number}")  # type: ignore[arg-type]


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_settle_leaves_no_holes_in_revisions(path: Path, tmp_path: Path) -> None:
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


def test_settle_of_identical_content_changes_nothing(world: StoreWorld) -> None:
    """The same text again is no version: no row, no message, only the inbox row goes."""
    arrive(world, "gulf-1")
    before = len(outbox.waiting(world.conn, 1000))

    again = arrive(world, "gulf-1", version=2, text="gulf-1 1")

    assert again.outcome == "unchanged"
    assert len(outbox.waiting(world.conn, 1000)) == before
    assert world.conn.execute("SELECT count(*) FROM inbox").fetchone()[0] == 0


def test_settle_takes_a_shrunken_page_for_no_version(world: StoreWorld) -> None:
    """A paywall in place of the article does not withdraw its figures."""
    arrive(world, "gulf-1", text="word " * 200)

    shrunk = arrive(world, "gulf-1", version=2, text="Subscribe to read on.")

    assert shrunk.outcome == "shrunk"
    assert world.live()[0].snapshot.casualties.killed.best == 5  # type: ignore[union-attr]


def test_settle_writes_every_later_version_to_the_reports_topic(world: StoreWorld) -> None:
    """Once a version was written all later ones are, and a kill writes no reports."""
    arrive(world, "gulf-1")
    world.kill(article_of("gulf-1", {"at": AT}, KNOWLEDGE), AT)
    records = messages(world.conn, "reports.v1")

    assert [(r["version"], r["status"], len(r["reports"])) for r in records] == [
        (1, "new", 1),
        (2, "kill", 0),
    ]
    assert records[0]["reports"][0]["incident_id"] == next(iter(world.incidents))


def test_settle_that_fails_leaves_the_work(world: StoreWorld, monkeypatch: Any) -> None:
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


def test_waiting_never_divides_a_settle(world: StoreWorld) -> None:
    """However small the batch, all messages of one settle come together."""
    for name in ("gulf-1", "hill-1", "plain-1"):
        arrive(world, name)
    while rows := outbox.waiting(world.conn, 1):
        assert {row.settle_id for row in rows} == {rows[0].settle_id}
        assert len(rows) >= 2
        with transaction(world.conn):
            outbox.mark_rows(world.conn, [row.seq for row in rows])


def test_settle_writes_headers_that_match_the_value(world: StoreWorld) -> None:
    """What filters read in the headers is what the snapshot says."""
    arrive(world, "gulf-1")
    row = next(r for r in outbox.waiting(world.conn, 10) if r.topic == "incidents.v1")
    value = json.loads(row.value)

    assert row.key == value["incident_id"] == row.headers["ce_subject"]
    assert row.headers["kw_state"] == value["state"]
    assert row.headers["kw_revision"] == str(value["revision"])


@pytest.mark.parametrize(
    ("updated", "outcome"),
    [
        (minutes(9.99), "late"),
        (minutes(10), "reported"),
        (minutes(11), "reported"),
        (None, "reported"),
    ],
)
def test_settle_takes_a_source_time_before_the_standing_one_for_late(
    world: StoreWorld, updated: dt.datetime | None, outcome: str
) -> None:
    """A stale cache of the page does not replace the newer version; the same time does."""
    tell(world, 1, "first words", updated=minutes(10))

    assert tell(world, 2, "other words", updated=updated).outcome == outcome
    standing = articles.standing(world.conn, "gulf-1")
    assert standing is not None
    assert (standing.article.text == "first words") == (outcome == "late")


@pytest.mark.parametrize(("version", "outcome"), [(1, "late"), (2, "late"), (3, "reported")])
def test_settle_counts_a_version_number_once(world: StoreWorld, version: int, outcome: str) -> None:
    """The number that stands, or an older one, is late whatever its text says."""
    tell(world, 2, "first words")

    assert tell(world, version, "other words").outcome == outcome


@pytest.mark.parametrize(
    ("length", "status", "outcome"),
    [
        (349, "new", "shrunk"),
        (349, "update", "shrunk"),
        (350, "new", "reported"),
        (349, "correction", "reported"),
    ],
)
def test_settle_lets_only_a_correction_shrink(
    world: StoreWorld, length: int, status: EntryStatus, outcome: str
) -> None:
    """A wire's correction may be three lines; a page that lost two thirds of its text may not."""
    tell(world, 1, "a" * 1000)

    assert tell(world, 2, "b" * length, status=status).outcome == outcome


def test_bury_makes_one_dead_letter(world: StoreWorld) -> None:
    """Out of the inbox; whole in the store, once; cut to 500 characters in the topic, once."""
    work = world.taken(article_of("gulf-1", {"at": AT}, KNOWLEDGE), AT)
    with transaction(world.conn):
        bury(world.conn, work, "killed", "d" * 600, minutes(1), KNOWLEDGE)

    (row,) = world.conn.execute("SELECT * FROM dead_letter").fetchall()
    (record,) = messages(world.conn, "dead-letters.v1")
    assert (row["article_id"], row["reason"], row["detail"]) == ("gulf-1", "killed", "d" * 600)
    assert (record["article_id"], record["reason"], record["attempts"]) == ("gulf-1", "killed", 1)
    assert record["detail"] == "d" * 500
    assert queries.backlog(world.conn).inbox == 0


def test_correct_over_two_articles_decides_both(world: StoreWorld) -> None:
    """A retraction of articles that share nothing reaches the incidents of both."""
    arrive(world, "gulf-1")
    arrive(world, "hill-1", slots={"date": dt.date(2031, 1, 2), "place": "ward-4"})
    assert len(world.live()) == 2

    settled = world.correct(Constraint("retract", ("gulf-1", "hill-1")), minutes(5))
    assert settled.home in {change.incident.incident_id for change in settled.changes}

    assert settled.outcome == "corrected"
    assert sorted(change.note.kind for change in settled.changes) == ["retracted", "retracted"]
    with capture_logs() as lines:
        tell_changes(settled.changes, Metrics())
    assert len(lines) == 2
    for line in lines:
        assert (line["event"], line["kind"], line["state"]) == (
            "incident.changed", "retracted", "retracted",
        )  # fmt: skip
        assert line["material"] is True
        assert "state" in line["fields"]
    assert world.live() == []


def test_withdraw_a_second_time_changes_nothing(world: StoreWorld) -> None:
    """An agency repeats its kill: no version, no message, and its row goes."""
    article = article_of("gulf-1", {"at": AT}, KNOWLEDGE)
    arrive(world, "gulf-1")
    assert world.kill(article, minutes(1)).outcome == "withdrawn"
    before = len(outbox.waiting(world.conn, 1000))

    assert world.kill(article, minutes(2)).outcome == "unchanged"
    assert len(outbox.waiting(world.conn, 1000)) == before
    assert queries.backlog(world.conn).inbox == 0


@pytest.mark.parametrize("told", [minutes(7), None])
def test_withdraw_is_as_old_as_its_source_says(world: StoreWorld, told: dt.datetime | None) -> None:
    """The version's time is the notice's own, and when it names none that of its arrival."""
    article = article_of("gulf-1", {"at": AT}, KNOWLEDGE)
    arrive(world, "gulf-1")
    work = world.taken(article, minutes(30))
    notice = Entry(feed="f", id="gulf-1", format="nitf", status="kill", updated=told)
    with transaction(world.conn):
        withdraw(world.conn, replace(work, entry=notice), minutes(40), KNOWLEDGE)

    standing = articles.standing(world.conn, "gulf-1")
    assert standing is not None
    assert standing.article.version_time == (told or minutes(30))


def test_settle_tells_the_reports_topic_whose_text_is_repeated(world: StoreWorld) -> None:
    """A paper that prints the agency's words is told as a copy of it; the agency's own is not."""
    arrive(world, "wire-1", copy_text="the same words")
    arrive(world, "hill-1", copy_text="the same words", at=minutes(20))

    assert {r["article_id"]: r["copy_of"] for r in messages(world.conn, "reports.v1")} == {
        "wire-1": None,
        "hill-1": "wire-1",
    }


@pytest.mark.parametrize(
    ("late", "fires"),
    [(dt.timedelta(seconds=-1), False), (dt.timedelta(), True), (dt.timedelta(hours=10), True)],
)
def test_tick_decides_as_of_when_a_timer_was_due(
    world: StoreWorld, late: dt.timedelta, *, fires: bool
) -> None:
    """Due exactly now it fires; a worker that slept ten hours still says the hour it was due."""
    arrive(world, "gulf-1")
    arrive(world, "hill-1", at=minutes(5))
    (incident,) = world.live()
    assert incident.settle_at is not None
    before = messages(world.conn, "incidents.v1")

    with transaction(world.conn):
        revised = tick(world.conn, incident.settle_at + late, KNOWLEDGE)

    told = messages(world.conn, "incidents.v1")[len(before) :]
    assert len(revised) == len(told) == fires
    for value in told:
        assert value["state"] == "settled"
        assert dt.datetime.fromisoformat(value["as_of"]) == incident.settle_at
    if fires:
        days = KNOWLEDGE.merge_weights["life.close_days"]
        assert world.live()[0].close_at == incident.settle_at + dt.timedelta(days=days)


def test_tick_fires_a_timer_that_changes_nothing_once(world: StoreWorld) -> None:
    """Due exactly now, of an incident that is gone: it is cleared, or every tick would meet it."""
    arrive(world, "gulf-1")
    (gone,) = world.incidents
    world.kill(article_of("gulf-1", {"at": AT}, KNOWLEDGE), minutes(1))
    set_timer(world.conn, TimerSet(gone, "settle", minutes(2)))

    with transaction(world.conn):
        assert tick(world.conn, minutes(2), KNOWLEDGE) == ()
    assert due_timers(world.conn, minutes(2), 10) == []


def days(count: float) -> dt.datetime:
    """So long after the story begins."""
    return AT + dt.timedelta(days=count)


def close_one_of_two(world: StoreWorld) -> dict[str, str]:
    """Two attacks of a day. The report of gulf-1 was of the first and is of the second, which is
    closed now while the first still waits; returns their ids by an article of each.
    """
    arrive(world, "hill-1")
    arrive(world, "gulf-1", at=minutes(5))
    arrive(world, "plain-1", at=minutes(10), slots={"place": "ward-4"})
    arrive(world, "gulf-1", at=minutes(15), version=2, slots={"place": "ward-4"})
    arrive(world, "dale-1", at=days(2))
    arrive(world, "moor-1", at=days(4), slots={"place": "ward-4", "kind": ["armed_assault"]})
    world.tick(days(33.5))
    found = {m.article_id: i.incident_id for i in world.live() for m in i.members}
    first, second = world.incidents[found["hill-1"]], world.incidents[found["plain-1"]]
    assert (first.state, first.former) == ("settled", ("gulf-1#1",))
    assert (second.state, found["gulf-1"]) == ("closed", second.incident_id)
    return found


def test_tick_beside_a_closed_incident_leaves_what_once_held_its_report(world: StoreWorld) -> None:
    """moor-1 is near the closed attack and comes due: hill-1's, which gulf-1 left, is not touched,
    and is closed when its own time has come.
    """
    found = close_one_of_two(world)
    before = world.incidents[found["hill-1"]]
    assert len(set(found.values())) == 3

    world.tick(days(34.5))
    assert world.incidents[found["moor-1"]].state == "closed"
    assert world.incidents[found["hill-1"]] == before

    world.tick(days(60))
    assert world.incidents[found["hill-1"]].state == "closed"


def test_settle_opens_a_closed_incident_whose_report_another_once_held(world: StoreWorld) -> None:
    """A late report of the closed attack opens it; the live one that gulf-1 left stays as it is."""
    found = close_one_of_two(world)
    before = world.incidents[found["hill-1"]]

    told = {"place": "ward-4", "killed": 9}
    arrive(world, "vale-1", at=days(33.6), published=minutes(20), slots=told)

    opened = world.incidents[found["plain-1"]]
    assert opened.state == "active"
    assert {m.article_id for m in opened.members} == {"gulf-1", "plain-1", "vale-1"}
    assert world.incidents[found["hill-1"]] == before
