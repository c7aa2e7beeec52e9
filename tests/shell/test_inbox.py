"""Intake: new and changed entries go on, once; identity over feeds; work that cannot loop."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shell.test_config import kabulwire, written
from worker.config.load import load_settings
from worker.core.domain.document import Document, Entry
from worker.core.domain.errors import ConfigError
from worker.core.sources.gate import GateDecision
from worker.store import dead_letters, inbox, queries
from worker.store.connect import Binding, exclusive, open_reader, open_writer, transaction
from worker.store.feeds import load_states
from worker.store.identity import entry_id_of
from worker.store.inbox import Admission
from worker.store.inbox_rows import NEVER
from worker.store.times import stamp
from worker.store.writer import Writer

NOW = dt.datetime(2031, 3, 4, 6, 0, tzinfo=dt.UTC)
LONG_AGO = dt.datetime(2021, 3, 4, 6, 0, tzinfo=dt.UTC)
OPEN = GateDecision(open=True, reason="place")
SHUT = GateDecision(open=False, reason="no_word")
BINDING = Binding("files", "test", "portsmere")


@pytest.fixture
def conn(tmp_path: Path) -> sqlite3.Connection:
    """An empty store."""
    return open_writer(tmp_path / "store.db", BINDING)


def entry(identity: str = "one", **fields: Any) -> Entry:
    """An entry of a feed."""
    base: dict[str, Any] = {
        "feed": "wire",
        "format": "rss",
        "url": f"https://wire.example/{identity}",
        "outlet": "Wire",
        "content_hash": "h1",
    }
    return Entry(id=identity, **(base | fields))


def admit(conn: sqlite3.Connection, *entries: Entry, gate: GateDecision = OPEN) -> inbox.Admitted:
    """One poll that brings these entries."""
    admission = Admission("wire", tuple((e, gate) for e in entries), '{"etag": "x"}', NOW)
    with transaction(conn):
        return inbox.admit(conn, admission, NOW)


def queued(conn: sqlite3.Connection) -> list[tuple[str, str]]:
    """Kind and article of everything in the inbox."""
    rows = conn.execute("SELECT kind, article_id FROM inbox ORDER BY inbox_id")
    return [(row["kind"], row["article_id"]) for row in rows]


def test_admit_queues_an_entry_once(conn: sqlite3.Connection) -> None:
    """The same entry at the next poll is seen, not new; the feed's state came in with it."""
    assert admit(conn, entry()) == inbox.Admitted(new=1, queued=1)
    assert admit(conn, entry()) == inbox.Admitted(seen=1)
    assert load_states(conn) == {"wire": '{"etag": "x"}'}


def test_admit_queues_a_changed_entry_as_the_same_article(conn: sqlite3.Connection) -> None:
    """Another content hash under the same guid is a new version of the same article."""
    admit(conn, entry())
    assert admit(conn, entry(content_hash="h2")) == inbox.Admitted(changed=1, queued=1)
    assert len({article for _, article in queued(conn)}) == 1


def test_admit_makes_one_article_of_one_url_in_two_feeds_of_an_outlet(
    conn: sqlite3.Connection,
) -> None:
    """Tracking parameters and another guid make no other article; it is read once."""
    admit(conn, entry())
    other = entry("guid-2", feed="wire-asia", url="https://wire.example/one?utm_source=rss")

    assert admit(conn, other) == inbox.Admitted(new=1)
    assert len(queued(conn)) == 1


def test_admit_makes_two_articles_of_one_url_at_two_outlets(conn: sqlite3.Connection) -> None:
    """A syndicated address belongs to each outlet that lists it."""
    admit(conn, entry(), entry("x", url="https://wire.example/one", outlet="Courier"))

    assert len({article for _, article in queued(conn)}) == 2


def test_admit_does_not_queue_behind_a_shut_gate_until_it_opens(conn: sqlite3.Connection) -> None:
    """What the gate refuses is not queued; if it changes and passes then, it is."""
    assert admit(conn, entry(), gate=SHUT) == inbox.Admitted(new=1)
    assert admit(conn, entry(content_hash="h2")) == inbox.Admitted(changed=1, queued=1)


def test_take_knows_what_came_with_the_first_poll_of_a_feed(conn: sqlite3.Connection) -> None:
    """What a feed held before it was asked is backfill, also when its page is asked for again; the
    next version of it is news."""
    with transaction(conn):
        inbox.admit(conn, Admission("wire", ((entry(), OPEN),), backfill=True), NOW)
        (first,) = inbox.take(conn, NOW, 1)
        inbox.plant_revisit(conn, first, NOW, NOW)
        inbox.finish(conn, first)
        (again,) = inbox.take(conn, NOW, 1)
        inbox.finish(conn, again)
        admission = Admission("wire", ((entry(content_hash="h2"), OPEN),))
        inbox.admit(conn, admission, NOW)
        (changed,) = inbox.take(conn, NOW, 1)
    assert (first.backfill, again.backfill, changed.backfill) == (True, True, False)


def test_admit_keeps_an_open_gate_open_for_later_versions(conn: sqlite3.Connection) -> None:
    """An article that was read once is read again when it changes, whatever its new headline."""
    admit(conn, entry())
    assert admit(conn, entry(content_hash="h2"), gate=SHUT).queued == 1
    assert admit(conn, entry(content_hash="h3"), gate=SHUT).queued == 1


def test_admit_keeps_a_gate_open_that_opened_late(conn: sqlite3.Connection) -> None:
    """What passed with its second version is read again with its third."""
    admit(conn, entry(), gate=SHUT)
    admit(conn, entry(content_hash="h2"))
    assert admit(conn, entry(content_hash="h3"), gate=SHUT).queued == 1


def test_admit_takes_another_status_for_a_change(conn: sqlite3.Connection) -> None:
    """A kill with the words of the item is no repetition: it goes on."""
    admit(conn, entry())
    assert admit(conn, entry(status="kill")) == inbox.Admitted(changed=1, queued=1)
    assert admit(conn, entry(status="kill")) == inbox.Admitted(seen=1)


@pytest.mark.parametrize(
    ("fields", "kind", "due"),
    [
        ({"status": "kill"}, "kill", NOW),
        ({"status": "hold"}, "kill", NOW),
        ({"status": "correction"}, "entry", NOW),
        (
            {"status": "embargo", "embargo_until": NOW + dt.timedelta(hours=3)},
            "entry",
            NOW + dt.timedelta(hours=3),
        ),
        (
            {"status": "embargo", "embargo_until": NOW - dt.timedelta(hours=3)},
            "entry",
            NOW,
        ),
        ({"status": "embargo"}, "entry", NEVER),
    ],
)
def test_admit_decides_by_status_what_is_done_and_when(
    conn: sqlite3.Connection, fields: dict[str, Any], kind: str, due: dt.datetime
) -> None:
    """A kill withdraws, an embargo waits for its hour, or for ever when it names none."""
    admit(conn, entry(**fields))
    row = conn.execute("SELECT * FROM inbox").fetchone()

    assert row["kind"] == kind
    assert dt.datetime.fromisoformat(row["due_at"]) == due


def test_admit_queues_a_repeat_only_of_what_never_came(conn: sqlite3.Connection) -> None:
    """An agency's repeat of an item that was seen is recorded and not read."""
    assert admit(conn, entry(status="repeat")) == inbox.Admitted(new=1, queued=1)
    admit(conn, entry("two"))
    again = entry("two", status="repeat", content_hash="h2")
    assert admit(conn, again) == inbox.Admitted(changed=1)


def test_admit_sends_a_kill_of_another_item_to_that_article(conn: sqlite3.Connection) -> None:
    """A notice with an id of its own withdraws the item that it names, and what waits of it goes."""
    admit(conn, entry())
    ((_, article_id),) = queued(conn)
    admit(conn, entry("notice", url=None, status="kill", withdraws="one"))

    assert queued(conn) == [("kill", article_id)]


def test_take_gives_rows_of_one_article_one_at_a_time(conn: sqlite3.Connection) -> None:
    """Version two waits until version one is settled, so they settle in order."""
    admit(conn, entry())
    admit(conn, entry(content_hash="h2"))
    with transaction(conn):
        first = inbox.take(conn, NOW, 10)
        second = inbox.take(conn, NOW, 10)

    assert [w.entry.content_hash for w in first if w.entry] == ["h1"]
    assert second == []


def test_take_does_not_loop_over_a_row_that_kills_the_process(conn: sqlite3.Connection) -> None:
    """Taken twice without an end it runs alone; then its attempts tell that it must be buried."""
    admit(conn, entry("deadly"))
    for attempt in (1, 2):
        with transaction(conn):
            assert [w.attempts for w in inbox.take(conn, NOW, 5)] == [attempt]
            inbox.release_all(conn)
    admit(conn, entry("harmless"))
    with transaction(conn):
        together = inbox.take(conn, NOW, 5)
    assert [(w.entry.id, w.attempts) for w in together if w.entry] == [("deadly", 3)]


@pytest.mark.slow
def test_once_gives_up_what_ended_the_process_three_times(tmp_path: Path) -> None:
    """The worker dies each time it settles one article; the fourth life buries it and goes on."""
    folder = written(tmp_path, "", feeds="")
    store = tmp_path / "store.db"
    places = {
        "KABULWIRE__SERVE__PORT": "0",
        "KABULWIRE__STORE__PATH": str(store),
        "KABULWIRE__FILES__DIR": str(tmp_path / "topics"),
    }
    config = load_settings(folder, places).config
    own = replace(BINDING, instance=config.instance, profile=config.profile)
    with closing(open_writer(store, own)) as conn:
        inbox.admit_document(conn, Document("deadly", text="A bomb killed six."), LONG_AGO)
    deadly = places | {"KABULWIRE_CRASH_POINT": "settle.before_commit"}
    lives = [
        kabulwire("once", "--config", str(folder), cwd=tmp_path, **deadly).returncode
        for _ in range(4)
    ]

    assert lives == [137, 137, 137, 0]
    with closing(open_reader(store)) as conn:
        (letter,) = conn.execute("SELECT * FROM dead_letter").fetchall()
        assert (letter["article_id"], letter["reason"]) == ("deadly", "crashed")
        assert queries.backlog(conn).inbox == 0
    assert (tmp_path / "topics" / "kabulwire.dead-letters.v1.jsonl").exists()


def test_take_runs_a_suspect_alone(conn: sqlite3.Connection) -> None:
    """A row taken twice waits while anything is worked on; beside it nothing else is taken."""
    admit(conn, entry("deadly"))
    for _ in range(2):
        with transaction(conn):
            inbox.take(conn, NOW, 5)
            inbox.release_all(conn)
    conn.execute("UPDATE inbox SET due_at = ?", (stamp(NOW + dt.timedelta(seconds=1)),))
    admit(conn, entry("harmless"))
    later = NOW + dt.timedelta(seconds=1)
    with transaction(conn):
        (first,) = inbox.take(conn, later, 5)
        assert (first.entry_id, first.attempts) == (entry_id_of(entry("harmless")), 1)
        assert inbox.take(conn, later, 5) == []
        inbox.finish(conn, first)
        (deadly,) = inbox.take(conn, later, 5)
    assert (deadly.entry_id, deadly.attempts) == (entry_id_of(entry("deadly")), 3)

    admit(conn, entry("harmless-2"))
    with transaction(conn):
        assert inbox.take(conn, later, 5) == []
        inbox.finish(conn, deadly)
        assert [w.attempts for w in inbox.take(conn, later, 5)] == [1]


@pytest.mark.parametrize(("attempted", "attempts"), [(True, 2), (False, 1)])
def test_postpone_counts_only_an_attempt_that_ended_badly(
    conn: sqlite3.Connection, attempts: int, *, attempted: bool
) -> None:
    """A killed job counts when it is tried again; a site that did not answer begins anew."""
    admit(conn, entry())
    with transaction(conn):
        inbox.postpone(conn, inbox.take(conn, NOW, 1)[0], NOW, "later", attempted=attempted)
        assert [w.attempts for w in inbox.take(conn, NOW, 1)] == [attempts]


def test_take_leaves_postponed_work_until_it_is_due(conn: sqlite3.Connection) -> None:
    """A page that answers 503 is a row with a later due date."""
    admit(conn, entry())
    later = NOW + dt.timedelta(minutes=5)
    with transaction(conn):
        inbox.postpone(conn, inbox.take(conn, NOW, 1)[0], later, "http_5xx", attempted=False)
        assert inbox.take(conn, NOW, 1) == []
        assert [w.postponed for w in inbox.take(conn, later, 1)] == [1]


def test_retry_brings_back_only_the_articles_that_were_named(conn: sqlite3.Connection) -> None:
    """Two were given up; the one that was named goes into the inbox, the other stays a dead letter."""
    with transaction(conn):
        for name in ("a", "b"):
            inbox.admit_document(conn, Document(article_id=name, version=1), NOW)
        for work in inbox.take(conn, NOW, 10):
            inbox.finish(conn, work)
            dead_letters.add(conn, work, "deadline", "", NOW)
        assert dead_letters.retry(conn, NOW, None, {"b"}) == 1
    rows = conn.execute("SELECT article_id FROM inbox").fetchall()
    assert [row["article_id"] for row in rows] == ["b"]
    assert [letter.article_id for letter in queries.given_up(conn)] == ["a"]


def test_plant_revisit_asks_for_the_page_again(conn: sqlite3.Connection) -> None:
    """A row of its own, due later; it counts how often, and a newer version takes its place."""
    admit(conn, entry())
    later = NOW + dt.timedelta(minutes=2)
    with transaction(conn):
        (work,) = inbox.take(conn, NOW, 1)
        inbox.plant_revisit(conn, work, later, NOW)
        inbox.finish(conn, work)
        assert inbox.take(conn, NOW, 1) == []
        (again,) = inbox.take(conn, later, 1)
    assert (again.revisit, again.entry, again.article_id) == (1, work.entry, work.article_id)
    with transaction(conn):
        inbox.plant_revisit(conn, again, later, NOW)
        inbox.finish(conn, again)
    admit(conn, entry(content_hash="h2"))
    with transaction(conn):
        (newer,) = inbox.take(conn, later, 5)
    assert (newer.revisit, newer.entry) == (0, entry(content_hash="h2"))


def test_retry_gives_a_dead_letter_back_whole(conn: sqlite3.Connection) -> None:
    """Retry gives the same work, with a document's bytes intact."""
    html = b"<p>\xff\x00 broken</p>"
    with transaction(conn):
        inbox.admit_document(conn, Document("a-1", html=html), NOW)
        work = inbox.take(conn, NOW, 1)[0]
        inbox.finish(conn, work)
        dead_letters.add(conn, work, "killed", "deadline", NOW)
        assert dead_letters.retry(conn, NOW) == 1
        assert dead_letters.retry(conn, NOW) == 0
        again = inbox.take(conn, NOW, 1)[0]

    assert again.document == replace(work.document or Document("x"), html=html)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["h1", "h2"])), max_size=12))
def test_admit_queues_each_change_once_in_any_order_of_polls(polls: list[tuple[str, str]]) -> None:
    """Over any history an entry is queued exactly as often as its content changed."""
    conn = open_memory()
    last: dict[str, str] = {}
    expected = 0
    for identity, content in polls:
        expected += last.get(identity) != content
        last[identity] = content
        admit(conn, entry(identity, content_hash=content))

    assert len(queued(conn)) == expected


def open_memory() -> sqlite3.Connection:
    """A store that is gone after the test."""
    return open_writer(Path(":memory:"), BINDING, durable=False)


def test_open_writer_refuses_a_store_of_another_instance(tmp_path: Path) -> None:
    """A ledger of one instance says nothing about another; the message names both."""
    open_writer(tmp_path / "s.db", BINDING).close()

    with pytest.raises(ConfigError, match="belongs to instance 'test', not 'other'") as it:
        open_writer(tmp_path / "s.db", replace(BINDING, instance="other"))
    assert "name another file in store.path" in str(it.value)


def test_exclusive_refuses_a_second_process(tmp_path: Path) -> None:
    """The second is told who has it."""
    path = tmp_path / "s.db"
    with exclusive(path), pytest.raises(ConfigError, match="in use by process"), exclusive(path):
        pass


def test_open_reader_cannot_write(tmp_path: Path) -> None:
    """A reading command can never disturb a worker."""
    open_writer(tmp_path / "s.db", BINDING).close()
    reader = open_reader(tmp_path / "s.db")

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM inbox")


def test_writer_keeps_going_after_a_failure(tmp_path: Path) -> None:
    """A failing function rolls back and fails only its own future."""
    fatal: list[BaseException] = []
    writer = Writer(open_writer(tmp_path / "s.db", BINDING), fatal.append)
    writer.start()

    def half(conn: sqlite3.Connection) -> None:
        inbox.admit_document(conn, Document("lost"), NOW)
        raise ValueError("after the row")

    failed = writer.submit(half)
    kept = writer.submit(lambda conn: inbox.admit_document(conn, Document("kept"), NOW))

    assert isinstance(failed.exception(timeout=10), ValueError)
    assert kept.result(timeout=10) > 0
    writer.close()
    assert queued(open_reader(tmp_path / "s.db")) == [("document", "kept")]
    assert fatal == []
