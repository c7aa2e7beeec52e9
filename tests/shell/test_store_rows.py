"""The outbox row by row, and which article an entry belongs to."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import pytest

from tests.profiles.cities import PORTSMERE
from tests.shell.store_world import StoreWorld
from tests.stories.tell import take
from worker.config.knowledge import load_knowledge
from worker.core.contract.message import HEARTBEATS, INCIDENT_LOG, Message
from worker.core.domain.document import Document, Entry
from worker.core.sources.gate import GateDecision
from worker.serve.status_rows import incident_facts, store_facts
from worker.store import inbox, outbox, queries
from worker.store.connect import Binding, open_writer
from worker.store.identity import entry_id_of
from worker.store.inbox import Admission
from worker.store.times import stamp

NOW = dt.datetime(2031, 3, 4, 6, 0, tzinfo=dt.UTC)


@pytest.fixture
def conn(tmp_path: Path) -> sqlite3.Connection:
    """An empty store."""
    return open_writer(tmp_path / "store.db", Binding("files", "test", "portsmere"))


def message(name: str, topic: str = INCIDENT_LOG, value: bytes = b"{}") -> Message:
    """A record whose headers and key are always the same."""
    return Message(topic, "kw-a", {"ce_type": "t"}, value, name)


def states(conn: sqlite3.Connection) -> list[tuple[str, int]]:
    """Id and state of every row, in order."""
    rows = conn.execute("SELECT ce_id, published FROM outbox ORDER BY seq")
    return [(row["ce_id"], row["published"]) for row in rows]


def test_append_hashes_the_value_of_a_row(conn: sqlite3.Connection) -> None:
    """Rows that differ in nothing but the value have other hashes; equal ones the same."""
    same, other = message("b"), message("c", value=b'{"killed": 1}')
    outbox.append(conn, 1, (message("a"), same, other), NOW)

    first, second, third = (row.row_hash for row in outbox.waiting(conn, 10))
    assert first == second != third


def test_append_says_nothing_twice_in_one_topic(conn: sqlite3.Connection) -> None:
    """One id goes into a topic once; another topic has its own."""
    outbox.append(conn, 1, (message("a"),), NOW)

    assert outbox.append(conn, 2, (message("a"), message("a", "reports.v1")), NOW) == 1


def test_mark_never_revives_or_hides_what_was_decided(conn: sqlite3.Connection) -> None:
    """A row that was set aside stays so when its batch is marked published, and the reverse."""
    outbox.append(conn, 1, (message("a"), message("b")), NOW)
    first, second = (row.seq for row in outbox.waiting(conn, 10))
    outbox.mark_rows(conn, [first], outbox.SET_ASIDE)
    outbox.mark_rows(conn, [first, second])
    outbox.mark_rows(conn, [second], outbox.SET_ASIDE)

    assert states(conn) == [("a", outbox.SET_ASIDE), ("b", outbox.PUBLISHED)]
    assert queries.count_waiting(conn) == 0


@pytest.mark.parametrize(
    ("limit", "names"),
    [(1, "a"), (2, "abc"), (3, "abc"), (4, "abcd"), (5, "abcd"), (0, "a")],
)
def test_waiting_ends_with_the_settle_that_fills_the_batch(
    conn: sqlite3.Connection, limit: int, names: str
) -> None:
    """As many rows as asked for, the last settle whole, and not one settle more."""
    outbox.append(conn, 1, (message("a"),), NOW)
    outbox.append(conn, 2, (message("b"), message("c")), NOW)
    outbox.append(conn, 3, (message("d"),), NOW)

    assert "".join(row.ce_id for row in outbox.waiting(conn, limit)) == names


def test_replace_heartbeat_lets_one_wait_and_published_ones_stay(conn: sqlite3.Connection) -> None:
    """A newer heartbeat replaces a waiting one only: the published row is the ledger's anchor."""
    outbox.replace_heartbeat(conn, message("beat-1", HEARTBEATS), NOW)
    outbox.mark_rows(conn, [row.seq for row in outbox.waiting(conn, 10)])
    outbox.append(conn, outbox.next_settle_id(conn), (message("a"),), NOW)
    for name in ("beat-2", "beat-3"):
        outbox.replace_heartbeat(conn, message(name, HEARTBEATS), NOW)

    assert states(conn) == [("beat-1", 1), ("a", 0), ("beat-3", 0)]


def test_entry_id_of_is_of_its_feed() -> None:
    """The same guid in two feeds is two entries, wherever the names are cut."""
    assert entry_id_of(_entry("one", "7")) != entry_id_of(_entry("two", "7"))
    assert entry_id_of(_entry("ab", "c")) != entry_id_of(_entry("a", "bc"))
    assert entry_id_of(_entry("one", "7")) == entry_id_of(_entry("one", "7", title="other"))


def test_admit_queues_one_guid_in_two_feeds_twice(conn: sqlite3.Connection) -> None:
    """Two feeds that both count from 1 do not hide each other's items."""
    for feed in ("one", "two"):
        found = _admit(conn, _entry(feed, "1", url=f"https://{feed}.example/a", outlet=feed))
        assert found == inbox.Admitted(new=1, queued=1)


def test_admit_binds_by_the_url_without_an_outlet(conn: sqlite3.Connection) -> None:
    """Two feeds of no named outlet that list one address have one article between them."""
    url = "https://wire.example/a"
    assert _admit(conn, _entry("one", "x", url=url)) == inbox.Admitted(new=1, queued=1)
    assert _admit(conn, _entry("two", "y", url=url)) == inbox.Admitted(new=1)
    articles = conn.execute("SELECT DISTINCT article_id FROM entry").fetchall()
    assert len(articles) == 1
    assert _admit(conn, _entry("three", "z", url=url, outlet="Courier")).queued == 1


def _entry(
    feed: str,
    identity: str,
    *,
    url: str | None = None,
    outlet: str | None = None,
    title: str | None = None,
) -> Entry:
    return Entry(
        feed=feed,
        id=identity,
        format="rss",
        url=url,
        outlet=outlet,
        title=title,
        content_hash="h",
    )


def _admit(conn: sqlite3.Connection, entry: Entry) -> inbox.Admitted:
    gate = GateDecision(open=True, reason="place")
    return inbox.admit(conn, Admission(entry.feed, ((entry, gate),)), NOW)


def test_store_facts_count_in_numbers_and_name_in_text(conn: sqlite3.Connection) -> None:
    """The store keeps its own facts as text; whoever sorts or compares them gets numbers."""
    facts = dict.fromkeys(("founded", "settles", "written.reports.v1"), "10") | {"sink": "7"}
    conn.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", facts.items())

    told = store_facts(conn)
    assert {name: told.get(name) for name in (*facts, "written_seq.reports.v1")} == {
        "founded": 10, "settles": 10, "written.reports.v1": None, "written_seq.reports.v1": 10,
        "sink": "7",
    }  # fmt: skip


def test_backlog_is_as_old_as_its_oldest_due_row(conn: sqlite3.Connection) -> None:
    """What is put off until tomorrow does not wait yet, so nothing waits since tomorrow."""
    soon = dt.datetime.now(dt.UTC)
    for name, days in (("late", 1), ("due", -1), ("earlier", -2)):
        inbox.admit_document(conn, Document(name, text="A bomb."), soon + dt.timedelta(days=days))
        if name == "late":
            assert queries.backlog(conn).inbox_oldest is None

    assert queries.backlog(conn).inbox_oldest == stamp(soon - dt.timedelta(days=2))


def test_incident_facts_give_figures_and_lists_as_such(tmp_path: Path) -> None:
    """What a program reads of an incident: bounds are numbers, what may be several is a list."""
    knowledge = load_knowledge(PORTSMERE)
    world = StoreWorld(tmp_path / "world.db", knowledge)
    report = {"date": NOW.date(), "place": "ward-4", "killed": 6, "kind": ["armed_assault"]}
    take({"article": "gulf-bus", "at": NOW, "report": [report]}, world, knowledge)  # type: ignore[arg-type]

    (row,) = incident_facts(world.conn, 10)
    world.conn.close()
    assert (row["killed"]["low"], row["killed"]["best"], row["injured"]) == (6, 6, None)
    assert (row["attack_types"], row["targets"], row["claims"]) == (["armed_assault"], [], [])
    assert row["corroborated"] is False
