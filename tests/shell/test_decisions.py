"""What people decide: said before, carried out, taken back, and not lost with the store."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.profiles.cities import PORTSMERE
from tests.shell.store_world import StoreWorld, messages
from tests.shell.test_rebuild import on_topics, parties, publish, rebuilt
from tests.stories.tell import take
from worker.cli.commands import app
from worker.config.knowledge import load_knowledge
from worker.core.domain.errors import InputError
from worker.core.domain.incident import Constraint
from worker.decisions import correct
from worker.publish.files.sink import FileSink
from worker.run import request_files
from worker.store import inbox, outbox
from worker.store.connect import exclusive, transaction
from worker.store.constraints import load_decisions

KNOWLEDGE = load_knowledge(PORTSMERE)
DAY = dt.date(2031, 9, 1)
AT = dt.datetime(2031, 9, 1, 9, tzinfo=dt.UTC)
BUS = {"date": DAY, "place": "ward-4", "target": ["transportation/bus: Harbour Board bus"]}
POLICE = {
    "date": DAY,
    "place": "ward-6",
    "target": ["police/police_building: Sixth Police Station"],
    "kind": ["armed_assault"],
}
STEPS: dict[str, dict[str, Any]] = {
    "gulf-bus": BUS | {"killed": 6},
    "hill-bus": BUS | {"killed": 6},
    "gulf-police": POLICE | {"killed": 2},
    "hill-police": POLICE | {"killed": 3},
}


def minutes(count: float) -> dt.datetime:
    return AT + dt.timedelta(minutes=count)


def arrive(world: StoreWorld, article: str, slots: dict[str, Any], now: dt.datetime) -> None:
    take({"article": article, "at": now, "report": [slots]}, world, KNOWLEDGE)  # type: ignore[arg-type]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[StoreWorld]:
    """Two clearly different attacks, each told by two outlets."""
    made = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    for k, (article, slots) in enumerate(STEPS.items()):
        arrive(made, article, slots, minutes(k))
    yield made
    made.conn.close()


@pytest.fixture
def kabulwire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line on that store."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "feeds.toml").write_text("", "utf-8")
    monkeypatch.setenv("KABULWIRE__STORE__PATH", str(tmp_path / "store.db"))
    monkeypatch.setenv("KABULWIRE__PROFILE", str(PORTSMERE))
    monkeypatch.setenv("KABULWIRE__INSTANCE", "test")

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["incidents", *arguments, "--config", str(config)])

    return call


def ids(world: StoreWorld) -> dict[str, str]:
    """Article → the live incident that holds it."""
    return {m.article_id: i.incident_id for i in world.live() for m in i.members}


def work_off(world: StoreWorld, now: dt.datetime) -> None:
    """The worker carries out what a person left."""
    with transaction(world.conn):
        (work,) = inbox.take(world.conn, dt.datetime.now(dt.UTC) + dt.timedelta(days=1), 1)
    with transaction(world.conn):
        correct(world.conn, work, now, KNOWLEDGE)


BOTH = {frozenset({"gulf-bus", "hill-bus"}), frozenset({"gulf-police", "hill-police"})}


def test_merge_joins_every_report_of_two_different_attacks(
    world: StoreWorld, kabulwire: Any
) -> None:
    """No report is left over as a third incident, and what is said beforehand is what comes."""
    bus, police = ids(world)["gulf-bus"], ids(world)["gulf-police"]
    said = kabulwire("merge", bus, police)
    assert said.exit_code == 0, said.output
    assert f"now    {police}  active, 2 reports, killed" in said.output
    assert f"then   {police}  superseded by {bus}" in said.output
    assert "1 queued; the next run works on it" in said.output
    assert parties(world) == BOTH
    work_off(world, minutes(10))
    assert parties(world) == {frozenset(STEPS)}
    assert world.incidents[police].superseded_by == bus


def test_undo_brings_back_what_was_merged(world: StoreWorld, kabulwire: Any) -> None:
    """The old ids come back; a second time is refused, and `list` shows what holds."""
    before = ids(world)
    kabulwire("merge", before["gulf-bus"], before["gulf-police"])
    work_off(world, minutes(10))
    (decision,) = load_decisions(world.conn)
    assert (
        f"merge {decision.decision_id}"
        in json.loads(kabulwire("list", "--json").output.splitlines()[0])["decided"]
    )
    said = kabulwire("undo", decision.decision_id)
    assert said.exit_code == 0, said.output
    assert f"then   {before['gulf-police']}  active, 2 reports" in said.output
    work_off(world, minutes(20))
    assert ids(world) == before
    assert json.loads(kabulwire("list", "--json").output.splitlines()[0])["decided"] == []
    (row,) = map(json.loads, kabulwire("list", "--decisions", "--json").output.splitlines())
    assert (row["kind"], row["undone_at"] is None) == ("merge", False)
    again = kabulwire("undo", decision.decision_id)
    assert (again.exit_code, "undone before" in again.output) == (65, True)


def test_split_parts_one_article_from_all_others_also_after_a_pin(
    world: StoreWorld, kabulwire: Any
) -> None:
    """The later decision holds; the rest stays together."""
    arrive(world, "meridian-bus", BUS | {"killed": 7}, minutes(5))
    bus = ids(world)["gulf-bus"]
    assert kabulwire("pin", bus).exit_code == 0
    work_off(world, minutes(6))
    said = kabulwire("split", bus, "hill-bus")
    assert said.exit_code == 0, said.output
    work_off(world, minutes(10))
    assert frozenset({"hill-bus"}) in parties(world)
    assert frozenset({"gulf-bus", "meridian-bus"}) in parties(world)
    assert kabulwire("split", bus, "gulf-police").exit_code == 65


def test_pin_holds_reports_together_that_a_new_version_would_part(
    world: StoreWorld, kabulwire: Any
) -> None:
    """The page that was edited to another place stays where a person pinned it."""
    bus = ids(world)["gulf-bus"]
    said = kabulwire("pin", bus)
    assert said.exit_code == 0, said.output
    work_off(world, minutes(5))
    moved = BUS | {"place": "ward-1", "target": ["airports_aircraft/airport: Old airfield"]}
    step = {"article": "hill-bus", "version": 2, "at": minutes(9), "report": [moved]}
    take(step, world, KNOWLEDGE)  # type: ignore[arg-type]
    assert frozenset({"gulf-bus", "hill-bus"}) in parties(world)


def test_retract_and_undo_of_a_closed_incident(world: StoreWorld, kabulwire: Any) -> None:
    """Its reports stand behind one node by then; the decision reaches it all the same."""
    bus = ids(world)["gulf-bus"]
    world.tick(AT + dt.timedelta(days=60))
    assert world.incidents[bus].state == "closed"
    said = kabulwire("retract", bus)
    assert said.exit_code == 0, said.output
    work_off(world, AT + dt.timedelta(days=61))
    assert world.incidents[bus].state == "retracted"
    (decision,) = load_decisions(world.conn)
    assert kabulwire("undo", decision.decision_id).exit_code == 0
    work_off(world, AT + dt.timedelta(days=62))
    assert world.incidents[bus].state != "retracted"


@pytest.mark.parametrize("kind", ["merge", "split"])
def test_closed_incidents_are_merged_and_split(
    world: StoreWorld, kabulwire: Any, kind: str
) -> None:
    """Closed incidents are nodes that never join by themselves: a person may join and part them."""
    bus, police = ids(world)["gulf-bus"], ids(world)["gulf-police"]
    world.tick(AT + dt.timedelta(days=60))
    arguments = (bus, police) if kind == "merge" else (bus, "hill-bus")
    said = kabulwire(kind, *arguments)
    assert said.exit_code == 0, said.output
    work_off(world, AT + dt.timedelta(days=61))
    wanted = frozenset(STEPS) if kind == "merge" else frozenset({"hill-bus"})
    assert wanted in parties(world)


def test_dry_run_and_refusals_decide_nothing(world: StoreWorld, kabulwire: Any) -> None:
    """What is only looked at, and what would come to nothing, never reaches the worker."""
    bus, police = ids(world)["gulf-bus"], ids(world)["gulf-police"]
    quiet = {"article": "plain-x", "at": minutes(4), "band": "review", "report": []}
    take(quiet, world, KNOWLEDGE)  # type: ignore[arg-type]
    assert kabulwire("merge", bus, police, "--dry-run").exit_code == 0
    assert kabulwire("merge", bus, bus).exit_code == 65
    assert kabulwire("confirm", "gulf-bus").exit_code == 65
    nothing = kabulwire("confirm", "plain-x")
    assert (nothing.exit_code, "would be in no incident" in nothing.output) == (65, True)
    assert kabulwire("undo", "d-none").exit_code == 65
    unsaid = kabulwire("erase", bus)
    assert (unsaid.exit_code, "nothing was done: say --yes" in unsaid.output) == (1, True)
    assert inbox.take(world.conn, dt.datetime.now(dt.UTC) + dt.timedelta(days=1), 9) == []


def test_what_changes_nothing_names_the_decisions_that_hold_it(
    world: StoreWorld, kabulwire: Any
) -> None:
    """A merge is taken back while a pin holds its incident: all stays, and why is said. Once the pin is
    undone, too, the old ids come back."""
    before = ids(world)
    kabulwire("merge", before["gulf-bus"], before["gulf-police"])
    work_off(world, minutes(10))
    kabulwire("pin", before["gulf-bus"])
    work_off(world, minutes(11))
    merged, pinned = load_decisions(world.conn)
    for command in (("undo", merged.decision_id), ("recompute", before["gulf-bus"])):
        said = kabulwire(*command, "--dry-run")
        assert (said.exit_code, "then   as now\nheld   by " in said.output) == (0, True)
        assert f"pin {pinned.decision_id}" in said.output
    kabulwire("undo", merged.decision_id)
    work_off(world, minutes(12))
    said = kabulwire("undo", pinned.decision_id)
    assert "held" not in said.output
    work_off(world, minutes(13))
    assert ids(world) == before


def test_recompute_of_what_stands_changes_nothing(world: StoreWorld, kabulwire: Any) -> None:
    """Nothing is kept of it either."""
    before = {k: v.revision for k, v in world.incidents.items()}
    said = kabulwire("recompute", *sorted(before))
    assert (said.exit_code, "then   as now" in said.output) == (0, True), said.output
    work_off(world, minutes(9))
    assert {k: v.revision for k, v in world.incidents.items()} == before
    assert load_decisions(world.conn) == []


def erased(world: StoreWorld, kabulwire: Any) -> str:
    """The bus attack, erased while one of its articles also tells of the other."""
    bus = ids(world)["gulf-bus"]
    said = kabulwire("erase", bus, "--yes")
    assert said.exit_code == 0, said.output
    work_off(world, minutes(30))
    return bus


def test_erase_leaves_tombstones_and_nothing_in_the_store(
    world: StoreWorld, kabulwire: Any
) -> None:
    """Incident, articles and waiting messages are gone; a later version is not taken, the id not used."""
    publish(world)
    bus = erased(world, kabulwire)
    told = [(r.topic, r.key) for r in outbox.waiting(world.conn, 99) if r.value == b""]
    assert told == [
        ("incident-log.v1", bus),
        ("incidents.v1", bus),
        ("reports.v1", "gulf-bus"),
        ("reports.v1", "hill-bus"),
    ]
    dump = "\n".join(world.conn.iterdump())
    kept = [line for line in dump.splitlines() if "Harbour Board bus" in line]
    assert kept == []
    arrive(world, "gulf-bus", BUS | {"killed": 9}, minutes(40))
    assert parties(world) == {frozenset({"gulf-police", "hill-police"})}
    arrive(world, "plain-bus", BUS | {"killed": 9}, minutes(50))
    assert bus not in world.incidents


def test_erase_decides_the_other_incidents_of_its_articles_without_them(
    world: StoreWorld, kabulwire: Any
) -> None:
    """An article that tells of both goes from both."""
    both = [BUS | {"killed": 8, "time": "08:00"}, POLICE | {"killed": 4, "time": "15:00"}]
    step = {"article": "plain-both", "at": minutes(9), "report": both}
    take(step, world, KNOWLEDGE)  # type: ignore[arg-type]
    assert {"plain-both", "gulf-police", "hill-police"} in map(set, parties(world))
    erased(world, kabulwire)
    assert parties(world) == {frozenset({"gulf-police", "hill-police"})}


def test_rebuild_keeps_erased_what_was_erased(
    world: StoreWorld, kabulwire: Any, tmp_path: Path
) -> None:
    """A lost store is rebuilt without it, also when its tombstone was compacted away; an old copy of
    the store loses it, and what waited of an erasure is sent again."""
    rows = publish(world)
    bus = erased(world, kabulwire)
    rows += publish(world)
    for kept in (rows, [row for row in rows if row.value]):
        empty = StoreWorld(tmp_path / f"new-{len(kept)}.db", KNOWLEDGE)
        rebuilt(empty, kept, minutes(60))
        assert bus not in empty.incidents
        assert parties(empty) == {frozenset({"gulf-police", "hill-police"})}
        arrive(empty, "hill-bus", BUS, minutes(70))
        assert parties(empty) == {frozenset({"gulf-police", "hill-police"})}
        empty.conn.close()


def test_rebuild_tells_topics_of_an_erasure_that_was_never_sent(
    world: StoreWorld, kabulwire: Any
) -> None:
    """What waited is discarded with the old history; the tombstones come again, the attack does not."""
    rows = publish(world)
    bus = erased(world, kabulwire)
    rebuilt(world, rows, minutes(60))
    told = {(r.topic, r.key) for r in outbox.waiting(world.conn, 999) if r.value == b""}
    assert told >= {("incidents.v1", bus), ("incident-log.v1", bus), ("reports.v1", "gulf-bus")}
    assert len(waiting_decisions(world)) == 1
    assert parties(world) == {frozenset({"gulf-police", "hill-police"})}


def waiting_decisions(world: StoreWorld) -> list[str]:
    """The keys of decisions that wait."""
    return [r.key for r in outbox.waiting(world.conn, 999) if r.topic == "decisions.v1"]


def test_a_running_worker_is_waited_for_and_the_end_is_told(
    world: StoreWorld, kabulwire: Any, tmp_path: Path
) -> None:
    """`after` is what the store holds once the decision was carried out."""
    path = tmp_path / "store.db"
    bus, police = ids(world)["gulf-bus"], ids(world)["gulf-police"]
    ready = threading.Event()

    def worker() -> None:
        with exclusive(path):
            ready.set()
            while not (left := list(request_files.waiting(path))):
                time.sleep(0.05)
            with transaction(world.conn):
                request_files.admit(world.conn, left[0][1], minutes(9))
            left[0][0].unlink()
            time.sleep(0.5)
            work_off(world, minutes(10))

    thread = threading.Thread(target=worker)
    thread.start()
    assert ready.wait(10)
    said = kabulwire("merge", bus, police)
    thread.join(30)
    assert said.exit_code == 0, said.output
    assert "taken in by the running worker" in said.output
    assert f"after  {police}  superseded by {bus}" in said.output


def test_rebuild_brings_decisions_back(world: StoreWorld, tmp_path: Path) -> None:
    """A lost store decides as people had decided, without the one that was taken back."""
    world.correct(Constraint("must", ("gulf-bus", "gulf-police", "hill-bus")), minutes(5))
    world.correct(Constraint("retract", ("hill-police",)), minutes(6))
    second = load_decisions(world.conn)[1]
    undo = {"kind": "undo", "articles": ["hill-police"], "decision": second.decision_id}
    world.decide(undo, minutes(7))
    rows = publish(world)
    empty = StoreWorld(tmp_path / "new.db", KNOWLEDGE)
    rebuilt(empty, rows, minutes(60))
    assert load_decisions(empty.conn) == load_decisions(world.conn)
    assert parties(empty) == parties(world)
    arrive(empty, "meridian-bus", BUS | {"killed": 7}, minutes(70))
    arrive(world, "meridian-bus", BUS | {"killed": 7}, minutes(70))
    assert parties(empty) == parties(world)
    empty.conn.close()


def test_decisions_are_published_once_and_again_when_taken_back(world: StoreWorld) -> None:
    """The topic's record of one key says first that it holds, then since when no more."""
    world.correct(Constraint("cannot", ("gulf-bus", "hill-bus")), minutes(5))
    (decision,) = load_decisions(world.conn)
    undo = {"kind": "undo", "articles": ["gulf-bus"], "decision": decision.decision_id}
    world.decide(undo, minutes(7))
    first, second = messages(world.conn, "decisions.v1")
    assert (first["decision_id"], first["undone_at"]) == (decision.decision_id, None)
    assert second["undone_at"] is not None
    published = on_topics(outbox.waiting(world.conn, 999))
    assert published.decisions[decision.decision_id].undone_at == minutes(7)


@pytest.mark.parametrize("kind", ["undo", "explode", None])
def test_correct_refuses_what_is_no_decision(world: StoreWorld, kind: str | None) -> None:
    """An unknown kind, and an undo of nothing: the worker buries them."""
    with pytest.raises(InputError):
        world.decide({"kind": kind, "articles": ["gulf-bus"], "decision": "d-none"}, minutes(5))


def test_file_sink_writes_a_tombstone_as_null(
    world: StoreWorld, kabulwire: Any, tmp_path: Path
) -> None:
    """A line whose value is null; compacted, it is what is left of its key."""
    sink = FileSink(tmp_path / "topics", "")
    sink.make_folder()
    sink.write(publish(world))
    bus = erased(world, kabulwire)
    sink.write(publish(world))
    sink.compact()
    lines = map(json.loads, sink.path("incidents.v1").read_text("utf-8").splitlines())
    held = {line["key"]: line["value"] for line in lines}
    assert held[bus] is None
    assert sum(value is not None for value in held.values()) == 1
    assert FileSink(tmp_path / "topics", "").last_record("incidents.v1") is not None


def test_tail_tells_of_an_erasure(
    world: StoreWorld, kabulwire: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A null value is a line like any other, and what comes behind it is still shown."""
    monkeypatch.setenv("KABULWIRE__FILES__DIR", str(tmp_path / "topics"))
    sink = FileSink(tmp_path / "topics", "kabulwire")
    sink.make_folder()
    bus = erased(world, kabulwire)
    arrive(world, "plain-bus", BUS | {"killed": 9}, minutes(50))
    sink.write(publish(world))
    arguments = ["tail", "--from-beginning", "--no-follow", "--config", str(tmp_path / "config")]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    assert f"incident {bus} erased" in lines
    assert "revision 1" in lines[-1]
