"""What the store keeps decoded, and how it looks days up: right with it, without it, and after."""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.bench.merge import Arrival, invented
from tests.profiles.cities import PORTSMERE
from tests.shell.store_world import BINDING, StoreWorld
from worker.config.knowledge import load_knowledge
from worker.core.domain.incident import Constraint, Incident, to_json
from worker.core.domain.remembered import Continued, Equal, Names, Remembered
from worker.core.domain.report import Analysis, Verdict
from worker.core.merge.evidence.facts import MOST_REPORTS
from worker.settle import settle
from worker.store import component, connect, decoded
from worker.store.articles import reports_of_days
from worker.store.component import gather_component
from worker.store.connect import open_writer, transaction
from worker.store.decoded import Gathered, decoded_of
from worker.store.incidents import count_founded, load_all

KNOWLEDGE = load_knowledge(PORTSMERE)


def _outbox(world: StoreWorld) -> list[tuple[object, ...]]:
    rows = world.conn.execute("SELECT settle_id, topic, key, value FROM outbox ORDER BY seq")
    return [tuple(row) for row in rows]


def _settled(path: Path, *, forget: bool, reports: int = 40) -> StoreWorld:
    world = StoreWorld(path, KNOWLEDGE)
    for k, arrival in enumerate(invented("day", reports, KNOWLEDGE)):
        if forget:
            decoded_of(world.conn).clear()
        world.tick(arrival.at)
        if k % 13 == 12:
            world.kill(arrival.article, arrival.at)
        world.arrive(arrival.article, arrival.reports, arrival.at)
    return world


def test_settle_says_the_same_with_decoded_rows_and_without(tmp_path: Path) -> None:
    """Forgetting before each settle changes no byte of the outbox."""
    kept = _settled(tmp_path / "kept.db", forget=False)
    without = _settled(tmp_path / "without.db", forget=True)
    assert _outbox(kept) == _outbox(without)


def test_component_that_is_kept_is_the_one_that_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new article is added to it, or all is looked at again: with round-ups, background mentions,
    articles of two attacks, later versions, kills and a person's decisions in between.
    """
    added: list[bool] = []
    real = component._with_more

    def compared(conn: sqlite3.Connection, kept: Gathered, names: Collection[str]) -> Any:
        found = real(conn, kept, names)
        added.append(found is not None)
        if found is not None:
            plain, _ = component._look_around(conn, names, KNOWLEDGE, kept.component.constraints)
            assert found.component == plain.component
        return found

    monkeypatch.setattr(component, "_with_more", compared)
    rng = random.Random(11)
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    seen: list[Arrival] = []
    for arrival in invented("day", 60, KNOWLEDGE):
        article, now = arrival.article, arrival.at
        role = rng.choice(("primary",) * 9 + ("roundup", "background", "retraction"))
        reports = (replace(arrival.reports[0], role=role), *arrival.reports[1:])
        if seen and rng.random() < 0.2:
            other = rng.choice(seen).reports[0]
            reports += (replace(other, report_id=f"{article.article_id}#3"),)
        world.arrive(article, reports, now)
        seen.append(arrival)
        one, other_one = rng.choice(seen).article, rng.choice(seen).article
        if rng.random() < 0.05:
            world.kill(replace(one, version=9), now)
        elif rng.random() < 0.05:
            later = replace(one, version=one.version + 1, text_sha256=article.article_id)
            world.arrive(later, (replace(reports[0], report_id=f"{one.article_id}#1"),), now)
        elif rng.random() < 0.05 and one is not other_one:
            names = (one.article_id, other_one.article_id)
            world.correct(Constraint(rng.choice(("must", "cannot")), names), now)
    assert added.count(True) > 10


@pytest.mark.parametrize("name", ["_joining", "_with_more"])
def test_components_that_an_article_joins_are_the_one_that_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A report that states no day and may be of several attacks of a week: what was known of each is
    put together, and is what a look at everything finds. Every third article mentions an attack of days or
    years before. Some attacks are closed meanwhile.
    """
    answered: list[bool] = []
    real = getattr(component, name)

    def compared(conn: sqlite3.Connection, kept: Any, names: Collection[str], *more: Any) -> Any:
        found = real(conn, kept, names, *more)
        answered.append(found is not None)
        if found is not None:
            plain, _ = component._look_around(conn, names, KNOWLEDGE, ())
            assert found.component == plain.component
            if name == "_joining":
                assert found.days == plain.days
        return found

    monkeypatch.setattr(component, name, compared)
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    for arrival in invented("years", 240, KNOWLEDGE, 6):
        world.tick(arrival.at)
        world.arrive(arrival.article, arrival.reports, arrival.at)
    assert answered.count(True) > 10
    assert any(incident.state == "closed" for incident in load_all(world.conn))


def test_what_others_of_the_component_mentioned_before_is_not_looked_around_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every third article mentions an attack of years before, and so did some that came earlier."""
    joined: list[bool] = []
    real, look_around = component._joining, component._look_around
    looked: list[Collection[str]] = []

    def compared(conn: sqlite3.Connection, usable: Any, names: Collection[str], *more: Any) -> Any:
        found = real(conn, usable, names, *more)
        joined.append(found is not None)
        if found is not None:
            assert found.component == look_around(conn, names, KNOWLEDGE, ())[0].component
        return found

    def counted(conn: sqlite3.Connection, names: Collection[str], *more: Any) -> Any:
        looked.append(names)
        return look_around(conn, names, *more)

    monkeypatch.setattr(component, "_joining", compared)
    monkeypatch.setattr(component, "_look_around", counted)
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    arrivals = list(invented("attack", 50, KNOWLEDGE))
    for arrival in arrivals[:20]:
        world.arrive(arrival.article, arrival.reports, arrival.at)
    joined.clear()
    looked.clear()
    for arrival in arrivals[20:]:
        world.arrive(arrival.article, arrival.reports, arrival.at)
    assert joined.count(True) > 3
    assert not looked


def test_decoded_incidents_are_those_of_the_table(tmp_path: Path) -> None:
    """What is kept as it was saved equals what the row decodes to."""
    world = _settled(tmp_path / "store.db", forget=False, reports=20)
    stored = load_all(world.conn)
    kept = [decoded_of(world.conn).incident(incident.incident_id) for incident in stored]
    assert any(kept)
    assert [k for k in kept if k is not None] == [
        s for s, k in zip(stored, kept, strict=True) if k is not None
    ]


def test_rollback_forgets_what_was_decoded(tmp_path: Path) -> None:
    """A settle that failed leaves nothing behind, in the table or beside it."""
    world = _settled(tmp_path / "store.db", forget=False, reports=6)
    before = _outbox(world)
    arrivals = list(invented("day", 8, KNOWLEDGE))
    with pytest.raises(RuntimeError), transaction(world.conn):
        gather_component(world.conn, {arrivals[0].article.article_id}, KNOWLEDGE)
        raise RuntimeError("the disk went away")
    assert decoded_of(world.conn).incident(load_all(world.conn)[0].incident_id) is None
    assert _outbox(world) == before


_REFUSED_AT_COMMIT = """
CREATE TABLE owner (name TEXT PRIMARY KEY);
CREATE TABLE owned (name TEXT REFERENCES owner DEFERRABLE INITIALLY DEFERRED);
CREATE TRIGGER refused AFTER INSERT ON outbox BEGIN INSERT INTO owned VALUES ('nobody'); END;
"""


def test_transaction_whose_commit_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """What was kept in memory goes with what was written: settled once more, it says what a store
    says where the first commit did not fail.
    """
    *_, next_one, last = invented("day", 8, KNOWLEDGE)
    said = []
    for refusing in (True, False):
        world = _settled(tmp_path / f"{refusing}.db", forget=False, reports=6)
        work = world.taken(next_one.article, next_one.at)
        analysis = Analysis(
            next_one.article, Verdict("attack_report", 0.9, "report"), next_one.reports
        )
        if refusing:
            world.conn.executescript(_REFUSED_AT_COMMIT)
            with pytest.raises(sqlite3.IntegrityError), transaction(world.conn):
                settle(world.conn, work, analysis, next_one.at, KNOWLEDGE)
            assert not decoded_of(world.conn).gathered
            world.conn.execute("DROP TRIGGER refused")
        with transaction(world.conn):
            settle(world.conn, work, analysis, next_one.at, KNOWLEDGE)
        world.arrive(last.article, last.reports, last.at)
        said.append(_outbox(world))
    assert said[0] == said[1]


def test_decoded_rows_stay_within_their_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a store with more than fits, the rows asked for last stay; what is said is the same."""
    monkeypatch.setattr(decoded, "MOST_BYTES", 20_000)
    small = _settled(tmp_path / "small.db", forget=False)
    monkeypatch.undo()
    assert _outbox(small) == _outbox(_settled(tmp_path / "large.db", forget=False))
    assert decoded_of(small.conn)._reports._bytes <= 20_000


def test_reports_of_days_finds_long_windows_and_leaves_the_past(tmp_path: Path) -> None:
    """A window of two months that reaches the days asked for, none that ended before."""
    world = _settled(tmp_path / "store.db", forget=False, reports=3)
    first = dt.date(2031, 3, 4)
    names = list(reports_of_days(world.conn, first, first))
    assert len(names) == 3
    for name, (lo, hi) in zip(
        names,
        [("2031-01-01", "2031-03-05"), ("2031-02-20", "2031-03-05"), ("2031-01-01", "2031-03-01")],
        strict=True,
    ):
        world.conn.execute(
            "UPDATE report SET date_lo = ?, date_hi = ?, is_long = ? WHERE report_id = ?",
            (lo, hi, (dt.date.fromisoformat(hi) - dt.date.fromisoformat(lo)).days > 31, name),
        )
    decoded_of(world.conn).clear()  # only this connection's own functions write the table
    assert set(reports_of_days(world.conn, first, first)) == set(names[:2])


def test_open_writer_migrates_a_store_of_version_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Incidents are counted, long windows are told: a store of before goes on with the next number."""
    path = tmp_path / "store.db"
    monkeypatch.setattr(connect, "MIGRATIONS", connect.MIGRATIONS[:1])
    old = open_writer(path, BINDING)
    old.execute("INSERT INTO founded VALUES ('a1', 0, 'kw-1'), ('a1', 1, 'kw-2')")
    old.execute(
        "INSERT INTO report VALUES ('a1#1', 'a1', 1, 'primary', 'report', '2031-01-01', "
        "'2031-03-05', '{}'), ('a2#1', 'a2', 1, 'primary', 'report', '2031-03-03', '2031-03-05', '{}')"
    )
    old.close()
    monkeypatch.undo()
    conn = open_writer(path, BINDING)
    assert count_founded(conn) == 2
    rows: list[sqlite3.Row] = conn.execute("SELECT report_id, is_long FROM report").fetchall()
    assert {row["report_id"]: row["is_long"] for row in rows} == {"a1#1": 1, "a2#1": 0}
    conn.close()


def test_open_writer_makes_rows_of_the_members_of_a_store_of_version_6(tmp_path: Path) -> None:
    """Incidents are what they were, and what comes next is told as if the store were new."""
    *_, last = invented("day", 41, KNOWLEDGE)
    told = []
    for is_old in (False, True):
        path = tmp_path / f"{is_old}.db"
        world = _settled(path, forget=False)
        if is_old:
            before = load_all(world.conn)
            _made_version_6(world.conn, before)
            world = StoreWorld(path, KNOWLEDGE)
            assert load_all(world.conn) == before
            assert any(len(incident.members) > 1 and incident.former for incident in before)
        world.arrive(last.article, last.reports, last.at)
        told.append((_outbox(world), load_all(world.conn), _member_rows(world)))
    assert told[0] == told[1]


def _made_version_6(conn: sqlite3.Connection, incidents: Collection[Incident]) -> None:
    """Members in the record of their incident, as they were, and not in their rows."""
    conn.executemany(
        "UPDATE incident SET record = ? WHERE incident_id = ?",
        [(to_json(incident).decode(), incident.incident_id) for incident in incidents],
    )
    conn.execute("ALTER TABLE member DROP COLUMN record")
    conn.execute("PRAGMA user_version = 6")
    conn.close()


def _member_rows(world: StoreWorld) -> list[tuple[object, ...]]:
    rows = world.conn.execute("SELECT * FROM member ORDER BY incident_id, report_id")
    return [tuple(row) for row in rows]


def test_remembered_forgets_what_was_not_asked_for_longest() -> None:
    """There is room for so many; what is asked for again stays."""
    made: list[str] = []

    def make(value: list[str]) -> str:
        made.append(value[0])
        return value[0]

    few: Remembered[list[str], str] = Remembered(make, 4)
    values = [[str(k)] for k in range(5)]
    for value in values:
        few.of(values[0])
        few.of(value)
    assert made == ["0", "1", "2", "3", "4"]
    few.of(values[1])
    assert made[-1] == "1"
    assert MOST_REPORTS > 1_000


def test_remembered_all_makes_what_is_missing_and_keeps_the_order() -> None:
    """Many values at once are what each of them is, in whatever generation, none among them too."""
    made: list[str] = []

    def make(value: list[str]) -> str | None:
        made.append(value[0])
        return None if value[0] == "3" else value[0]

    few: Remembered[list[str], str | None] = Remembered(make, 4)
    values = [[str(k)] for k in range(5)]
    assert few.all(values[:2]) == ["0", "1"]
    assert few.all([values[4], *values]) == ["4", "0", "1", "2", None, "4"]
    assert made[:2] == ["0", "1"]
    assert made.count("0") == made.count("1") == 1


def test_remembered_all_makes_only_what_is_new_in_a_long_sequence() -> None:
    """Of a sequence that another was made of: at its ends, in its middle, in several places at once."""
    made: list[tuple[str]] = []

    def make(value: tuple[str]) -> str:
        made.append(value)
        return value[0].upper()

    rng = random.Random(5)
    everyone = [(f"report {k:03}",) for k in range(200)]
    many: Remembered[tuple[str], str] = Remembered(make, 1_000)
    held = set(everyone[40:160])
    for _ in range(60):
        held ^= set(rng.sample(everyone, rng.choice((1, 1, 1, 2, 40))))
        asked = sorted(held)
        assert many.all(asked) == [value[0].upper() for value in asked]
    assert len(made) == len(set(made))


def test_names_are_those_of_all_values_whatever_was_asked_before() -> None:
    """Of sequences that grow, shrink and change in their middle, and of two that begin alike."""
    rng = random.Random(7)
    asked_for: list[str] = []

    def name(value: tuple[str]) -> str:
        asked_for.append(value[0])
        return value[0]

    names: Names[tuple[str]] = Names(name)
    everyone = [(f"report {k % 150:03}",) for k in range(200)]
    held = everyone[:30]
    for _ in range(80):
        held = [*held[:20], *rng.sample(held[20:], len(held) - 20 - rng.choice((0, 0, 0, 1)))]
        held.insert(rng.randrange(1, len(held)), rng.choice(everyone))
        for asked in (tuple(held), tuple(held[:18]), tuple(held)):
            assert names.of(asked) == {value[0] for value in asked}
    for more in everyone[:50]:
        held.append(more)
        names.of(tuple(held))
    asked_for.clear()
    held.append(everyone[-1])
    assert names.of((*held,)) == {value[0] for value in held}
    assert asked_for == [everyone[-1][0]]


def test_equal_makes_one_value_for_all_that_are_equal() -> None:
    """Equal values share what is made of the first, until there is no more room."""
    numbers = iter(range(10))
    few: Equal[str, int] = Equal(lambda _: next(numbers), 2)
    assert [few.of("a"), few.of("b"), few.of("a")] == [0, 1, 0]
    assert [few.of("c"), few.of("a")] == [2, 3]


def test_continued_hands_a_value_out_once_and_forgets_the_oldest() -> None:
    """What is not kept again is gone, and so is what was kept longest ago when there is no room."""
    numbers = iter(range(10))
    few: Continued[int] = Continued(lambda: next(numbers), 2)
    firsts = ["a", "b", "c"]
    for first in firsts:
        few.keep(first, few.taken(first))
    assert [few.taken(first) for first in firsts] == [3, 1, 2]
    assert few.taken("b") == 4
