"""A store rebuilt from what was published: nobody's report is lost and no attack is told twice.

What the topics hold is taken from the outbox of the store that published it; the real topics are in
``tests/broker/test_restore.py``.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.profiles.cities import PORTSMERE
from tests.shell.store_world import BINDING, StoreWorld
from tests.stories.tell import read_story, take
from tests.together import failures
from worker.config.knowledge import load_knowledge
from worker.core.contract.message import INCIDENT_LOG, Message
from worker.publish.kafka.client import Fetched
from worker.publish.recovery.read_topics import Published, collect
from worker.publish.recovery.rebuild import rebuild
from worker.publish.recovery.resync import republish
from worker.store import outbox
from worker.store.connect import Binding, open_writer, transaction
from worker.store.outbox import OutboxRow, waiting

KNOWLEDGE = load_knowledge(PORTSMERE)
STORIES = Path(__file__).parents[1] / "stories"
LATER = dt.timedelta(minutes=1)
Step = Mapping[str, Any]


def steps_of(name: str) -> list[Any]:
    steps: list[Any] = read_story(STORIES / f"{name}.toml")["step"]
    return steps


def live(world: StoreWorld, steps: Iterable[Step]) -> None:
    for step in steps:
        world.tick(step["at"])
        take(step, world, KNOWLEDGE)  # type: ignore[arg-type]


def publish(world: StoreWorld) -> list[OutboxRow]:
    """Everything that waits goes out; what went."""
    rows = waiting(world.conn, 1_000_000)
    world.conn.execute("UPDATE outbox SET published = 1")
    return rows


def on_topics(rows: Iterable[OutboxRow]) -> Published:
    """What a reader of the topics learns from these rows."""
    fetched = (Fetched(f"t.{row.topic}", 0, 0, row.key, row.value, row.headers) for row in rows)
    return collect(fetched, KNOWLEDGE.profile.name)


def copied(world: StoreWorld, path: Path) -> StoreWorld:
    """The store as it is now, as another file."""
    with sqlite3.connect(path) as target:
        world.conn.backup(target)
    target.close()
    return StoreWorld(path, KNOWLEDGE)


def rebuilt(world: StoreWorld, rows: list[OutboxRow], now: dt.datetime) -> dict[str, Any]:
    with transaction(world.conn):
        return rebuild(world.conn, on_topics(rows), 10_000, now, KNOWLEDGE)


def parties(world: StoreWorld) -> set[frozenset[str]]:
    """Which articles tell of one attack, over all live incidents."""
    return {frozenset(m.article_id for m in i.members) for i in world.live()}


def told(rows: Iterable[OutboxRow]) -> dict[str, list[tuple[int, bytes]]]:
    """Revisions of each incident in the order of publishing."""
    found: dict[str, list[tuple[int, bytes]]] = {}
    for row in rows:
        if row.topic == INCIDENT_LOG:
            revision = int(row.headers["kw_revision"])
            found.setdefault(row.key, []).append((revision, row.value))
    return found


def assert_whole(rows: Iterable[OutboxRow]) -> None:
    """Revisions 1, 2, 3 … of every incident, each once."""
    for name, revisions in told(rows).items():
        assert [n for n, _ in revisions] == list(range(1, len(revisions) + 1)), name


def _withdraws_a_stranger(steps: list[Any], cut: int, end: int) -> bool:
    """The copy is told to withdraw what it never had: that cannot take effect (guarantees.md)."""
    known = {step.get("article") for step in (*steps[:cut], *steps[end:])}
    return any("kill" in step and step["kill"] not in known for step in steps[end:])


CASES = [
    (path.stem, end, cuts)
    for path in sorted(STORIES.glob("*.toml"))
    for steps in [read_story(path)["step"]]
    for end in range(1, len(steps) + 1)
    if (cuts := [cut for cut in range(end) if not _withdraws_a_stranger(steps, cut, end)])
]


@pytest.mark.parametrize(("name", "end", "cuts"), CASES)
def test_rebuild_of_an_old_copy_that_went_on_ends_where_all_reports_lead(
    name: str, end: int, cuts: list[int], tmp_path: Path
) -> None:
    """Copies are from steps before ``end`` (``cuts``), the topics from step ``end``; a copy settled the rest
    before it could look. Rebuilt, it has the incidents of a store that saw everything, and revisions
    go on."""
    steps = steps_of(name)
    now = max(step["at"] for step in steps) + LATER
    first = StoreWorld(tmp_path / "first.db", KNOWLEDGE)
    out: list[OutboxRow] = []
    copies = {}
    for cut in range(end):
        if cut in cuts:
            copies[cut] = copied(first, tmp_path / f"copy-{cut}.db")
        live(first, steps[cut : cut + 1])
        out += publish(first)
    live(first, steps[end:])
    first.tick(now)

    def judge(cut: int) -> None:
        copy = copies[cut]
        live(copy, steps[end:])
        rebuilt(copy, out, now)
        copy.tick(now)
        assert parties(copy) == parties(first)
        assert_whole(out + publish(copy))

    assert not (told := failures(copies, judge, lambda cut: f"a copy from step {cut}")), told


def two_outlets() -> tuple[list[Any], list[Any]]:
    """An attack as one outlet has it, and as another has it a little later."""
    steps = steps_of("kill")
    return steps[:1], steps[1:2]


def test_rebuild_makes_no_second_incident_of_an_attack_that_the_topics_know(
    tmp_path: Path,
) -> None:
    """An empty copy was first to read the other outlet and gave the attack an id of its own. Nobody
    saw that id; after rebuilding the report is a member of the incident that consumers know."""
    one, other = two_outlets()
    first, copy = (StoreWorld(tmp_path / f"{n}.db", KNOWLEDGE) for n in ("first", "copy"))
    live(first, one)
    out = publish(first)
    live(copy, other)
    (mine,), (theirs,) = copy.incidents, first.incidents
    assert mine != theirs
    rebuilt(copy, out, other[0]["at"] + LATER)
    assert set(copy.incidents) == {theirs}
    assert set(told(publish(copy))) == {theirs}
    assert len(copy.incidents[theirs].members) == 2


def test_rebuild_gives_two_versions_of_an_article_two_numbers(tmp_path: Path) -> None:
    """Both stores made a version 2 of one article, with different texts: the copy's becomes 3."""
    (first_step, *_), _ = two_outlets()
    again = [dict(first_step, text=text, version=2) for text in ("their second", "our second")]
    first = StoreWorld(tmp_path / "first.db", KNOWLEDGE)
    live(first, [dict(first_step, version=1)])
    out = publish(first)
    copy = copied(first, tmp_path / "copy.db")
    article = first_step["article"]
    for world, step in zip((first, copy), again, strict=True):
        world.arrive(*_parts(step), step["at"] + LATER)
    out += publish(first)
    rebuilt(copy, out, first_step["at"] + 2 * LATER)
    records = [row for row in (*out, *publish(copy)) if row.topic == "reports.v1"]
    versions = [int(row.headers["kw_version"]) for row in records if row.key == article]
    assert versions == [1, 2, 3]
    assert_whole(out)


def _parts(step: Step) -> tuple[Any, Any]:
    from tests.stories.tell import article_of, report_of

    article = article_of(step["article"], step, KNOWLEDGE)
    reports = (report_of(article, k, slots, KNOWLEDGE) for k, slots in enumerate(step["report"], 1))
    return article, tuple(reports)


def test_rebuild_a_second_time_changes_nothing(tmp_path: Path) -> None:
    """The second time everything is as the topics say: nothing more is sent."""
    one, other = two_outlets()
    first, copy = (StoreWorld(tmp_path / f"{n}.db", KNOWLEDGE) for n in ("first", "copy"))
    live(first, one)
    out = publish(first)
    live(copy, other)
    now = other[0]["at"] + LATER
    rebuilt(copy, out, now)
    out += publish(copy)
    state = copy.incidents
    again = rebuilt(copy, out, now + LATER)
    assert waiting(copy.conn, 100) == []
    assert copy.incidents == state
    assert again["settled_anew"] == again["resynced"] == 0


def test_rebuild_sends_every_incident_as_its_next_revision_to_topics_that_are_gone(
    tmp_path: Path,
) -> None:
    """Nothing of what was published is left. Consumers may remember revision n, so n + 1 is sent."""
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    live(world, steps_of("late_merge"))
    newest = {name: revisions[-1][0] for name, revisions in told(publish(world)).items()}
    counts = rebuilt(world, [], max(s["at"] for s in steps_of("late_merge")) + LATER)
    sent = told(publish(world))
    assert {name: [n for n, _ in rows] for name, rows in sent.items()} == {
        name: [n + 1] for name, n in newest.items()
    }
    assert counts["resynced"] == len(newest)


def erasing(row: OutboxRow) -> OutboxRow:
    """The null that erases the key of a row."""
    return replace(row, headers={}, value=b"")


def test_rebuild_gives_up_what_was_erased(tmp_path: Path) -> None:
    """Nulls stand under the incident and its articles. An old copy that still holds them forgets
    them, text and all, and sends nothing; a new store does not learn of them from the log."""
    steps = steps_of("kill")
    first = StoreWorld(tmp_path / "first.db", KNOWLEDGE)
    live(first, steps[:2])
    out = publish(first)
    out += [erasing(row) for row in out if row.topic in ("incidents.v1", "reports.v1")]
    assert on_topics(out).snapshots == on_topics(out).articles == {}
    for world in (copied(first, tmp_path / "copy.db"), StoreWorld(tmp_path / "new.db", KNOWLEDGE)):
        rebuilt(world, out, steps[1]["at"] + LATER)
        assert world.incidents == {}
        assert publish(world) == []
        assert world.conn.execute("SELECT count(*) FROM article").fetchone()[0] == 0


def test_rebuild_keeps_the_rest_of_an_incident_of_which_one_article_was_erased(
    tmp_path: Path,
) -> None:
    """Only the article's own record is erased. The incident stands, and takes a later article."""
    steps = steps_of("late_merge")
    first = StoreWorld(tmp_path / "first.db", KNOWLEDGE)
    live(first, steps[:1])
    out = publish(first)
    out += [erasing(row) for row in out if row.topic == "reports.v1"]
    copy = copied(first, tmp_path / "copy.db")
    rebuilt(copy, out, steps[0]["at"] + LATER)
    live(copy, steps[1:])
    live(first, steps[1:])
    assert parties(copy) == parties(first)


def test_collect_does_not_take_an_erased_incident_from_the_log(tmp_path: Path) -> None:
    """Compaction has forgotten the null; the log still has the revisions. Another incident of the
    topic shows that the topic was not lost. Where it is empty, the log speaks."""
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    live(world, steps_of("two_attacks_one_day"))
    out = publish(world)
    one, *others = sorted(world.incidents)
    assert others
    compacted = [row for row in out if (row.topic, row.key) != ("incidents.v1", one)]
    assert set(on_topics(compacted).snapshots) == set(others)
    logged = [row for row in out if row.topic != "incidents.v1"]
    assert set(on_topics(logged).snapshots) == {one, *others}


def test_collect_takes_what_came_after_a_null(tmp_path: Path) -> None:
    """Told again after it was erased, an incident stands as it was told then."""
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    live(world, steps_of("kill")[:1])
    rows = publish(world)
    nulls = [erasing(row) for row in rows]
    found = on_topics([*rows, *nulls, *rows])
    assert set(found.snapshots) == set(world.incidents)
    assert found.erased == set()


def test_rebuild_counts_a_member_whose_report_is_in_no_topic(tmp_path: Path) -> None:
    """The record of one article has left the reports topic. Its part of the incident stands, as a
    frozen node, when a later article is settled."""
    steps = steps_of("late_merge")
    first, copy = (StoreWorld(tmp_path / f"{n}.db", KNOWLEDGE) for n in ("first", "copy"))
    live(first, steps[:1])
    out = [row for row in publish(first) if row.topic != "reports.v1"]
    rebuilt(copy, out, steps[0]["at"] + LATER)
    live(copy, steps[1:])
    live(first, steps[1:])
    assert parties(copy) == parties(first)
    assert_whole(out + publish(copy))


def test_rebuild_keeps_withdrawn_what_the_copy_withdrew(tmp_path: Path) -> None:
    """The copy settled a kill of an article that the topics still count: it is taken back there."""
    steps = steps_of("kill")
    first = StoreWorld(tmp_path / "first.db", KNOWLEDGE)
    live(first, steps[:1])
    out = publish(first)
    copy = copied(first, tmp_path / "copy.db")
    live(first, [dict(steps[1], article="gulf-9")])
    out += publish(first)
    live(copy, [{"at": steps[1]["at"], "kill": steps[0]["article"]}])
    rebuilt(copy, out, steps[1]["at"] + LATER)
    assert parties(copy) == {frozenset({"gulf-9"})}
    assert_whole(out + publish(copy))


def test_republish_sends_every_incident_once_more_to_the_same_sink(tmp_path: Path) -> None:
    """Superseded incidents too, each as its next revision of kind resync, with unchanged content."""
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    live(world, steps_of("late_merge"))
    out = publish(world)
    newest = {name: rows[-1] for name, rows in told(out).items()}
    with transaction(world.conn):
        counts = republish(world.conn, BINDING.sink, LATE, KNOWLEDGE)
    sent = publish(world)
    assert counts == {"incidents": len(newest), "moved": 0, "waiting": len(sent)}
    assert_whole(out + sent)
    for name, ((_, value),) in told(sent).items():
        new, old = json.loads(value), json.loads(newest[name][1])
        assert new["change"]["kind"] == "resync"
        for part in ("as_of", "change", "revision"):
            new.pop(part), old.pop(part)
        assert new == old


LATE = dt.datetime(2031, 12, 1, tzinfo=dt.UTC)


def test_republish_to_another_sink_takes_the_store_along(tmp_path: Path) -> None:
    """The store then belongs to the other sink; what waited and every incident go there."""
    path = tmp_path / "store.db"
    world = StoreWorld(path, KNOWLEDGE)
    live(world, steps_of("late_merge")[:1])
    publish(world)
    live(world, steps_of("late_merge")[1:2])
    with transaction(world.conn):
        counts = republish(world.conn, "kafka", LATE, KNOWLEDGE)
    assert (counts["incidents"], counts["moved"]) == (2, 1)
    kinds = [
        row.headers["kw_change"] for row in waiting(world.conn, 100) if row.topic == INCIDENT_LOG
    ]
    assert kinds == ["created", "resync", "resync"]
    world.conn.close()
    open_writer(path, Binding("kafka", BINDING.instance, BINDING.profile)).close()


def test_rebuild_decides_anew_what_the_topics_of_its_own_past_lack(tmp_path: Path) -> None:
    """It published to another sink meanwhile, and comes back to topics from its own past: the state
    is its own, and its revisions are above all that either sink has seen."""
    steps = steps_of("kill")
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    live(world, steps[:1])
    here = publish(world)
    live(world, steps[1:2])
    there = publish(world)
    before = parties(world)
    highest = max(n for rows in told(here + there).values() for n, _ in rows)
    with transaction(world.conn):
        rebuild(world.conn, on_topics(here), 10_000, steps[1]["at"] + LATER, KNOWLEDGE, moved=True)
    sent = publish(world)
    assert parties(world) == before
    ((revision, _),) = next(iter(told(sent).values()))
    assert revision > highest
    assert {row.key for row in sent if row.topic == "reports.v1"} == {steps[1]["article"]}


def test_rebuild_is_material_when_news_was_never_sent(tmp_path: Path) -> None:
    """The topics are gone, and a new toll was still waiting: whoever alerts must hear of it."""
    steps = steps_of("kill")
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    live(world, steps[:1])
    publish(world)
    live(world, steps[1:2])
    rebuilt(world, [], steps[1]["at"] + LATER)
    (snapshot,) = [json.loads(value) for rows in told(publish(world)).values() for _, value in rows]
    assert (snapshot["change"]["kind"], snapshot["change"]["material"]) == ("resync", True)
    assert snapshot["revision"] == 3, "revision 2 may have been taken without our knowing"


def test_rebuild_does_not_send_dead_letters_again(tmp_path: Path) -> None:
    """A copy from before holds a dead letter as waiting; the topic has it. Another one is kept."""
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    letters = [
        Message("dead-letters.v1", f"e{n}", {"ce_id": f"d{n}"}, b"{}", f"d{n}") for n in (1, 2)
    ]
    with transaction(world.conn):
        outbox.append(world.conn, outbox.next_settle_id(world.conn), letters, LATE)
    sent = waiting(world.conn, 10)[:1]
    rebuilt(world, sent, LATE)
    assert [(row.ce_id, row.seq > 10_000) for row in waiting(world.conn, 10)] == [("d2", True)]
