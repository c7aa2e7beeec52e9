"""What a publisher takes from the outbox at a time, and what it keeps of the ledger."""

from __future__ import annotations

import datetime as dt
import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.contract.message import HEARTBEATS, INCIDENT_LOG, INCIDENTS, Message
from worker.publish.batches import (
    last_progress,
    next_batch,
    note_agreed,
    note_published,
    note_token,
    store_side,
)
from worker.publish.kafka.ledger import Mark
from worker.store import maintenance, outbox
from worker.store.connect import Binding, open_writer, transaction

NOW = dt.datetime(2031, 3, 4, 9, tzinfo=dt.UTC)
WHERE = "cluster/kw"


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    made = open_writer(tmp_path / "store.db", Binding("kafka", "w1", "p"))
    yield made
    made.close()


def settle(conn: sqlite3.Connection, *sizes: int, topic: str = INCIDENT_LOG) -> None:
    """One settle with a message for each size."""
    with transaction(conn):
        number = outbox.next_settle_id(conn)
        rows = [
            Message(topic, f"k{number}", {}, b"x" * size, f"{number}-{n}")
            for n, size in enumerate(sizes)
        ]
        outbox.append(conn, number, rows, NOW)


@given(
    settles=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=8),
    most=st.integers(1, 10),
    size=st.integers(1, 30),
)
def test_next_batch_takes_whole_settles_within_its_limits(
    settles: list[list[int]], most: int, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Never a part of a settle; the first whatever its size, then as many as fit, none left out."""
    path = tmp_path_factory.mktemp("batch") / "store.db"
    conn = open_writer(path, Binding("kafka", "w1", "p"), durable=False)
    for sizes in settles:
        settle(conn, *sizes)
    batch = next_batch(conn, most, size)
    conn.close()
    taken = [settles[n] for n in range(len({row.settle_id for row in batch}))]
    assert [len(row.value) for row in batch] == list(itertools.chain.from_iterable(taken))
    if len(taken) > 1:
        assert len(batch) <= most
        assert sum(len(row.value) for row in batch) <= size
    if len(taken) < len(settles):
        more = [*batch, *settles[len(taken)]]
        bytes_more = sum(len(row.value) for row in batch) + sum(settles[len(taken)])
        assert len(more) > most or bytes_more > size


def test_last_progress_never_rests_on_a_heartbeat(conn: sqlite3.Connection) -> None:
    """It may be replaced while it waits, and then no row would prove the mark."""
    settle(conn, 1)
    settle(conn, 1, topic=HEARTBEATS)
    rows = next_batch(conn, 10, 100)
    progress = last_progress(rows)
    assert progress is not None
    assert progress.seq == rows[0].seq
    assert last_progress(rows[1:]) is None


def test_store_side_answers_a_mark_with_the_hash_of_its_row(conn: sqlite3.Connection) -> None:
    """Its row's hash; after retention its own note; nothing for a number it never used."""
    settle(conn, 1, 2)
    first, second = next_batch(conn, 10, 100)
    assert store_side(conn, None).has_published is False
    assert store_side(conn, mark(conn, first)).hash_at_mark == first.row_hash
    note_published(conn, [first.seq, second.seq], second)
    conn.execute("DELETE FROM outbox")
    side = store_side(conn, mark(conn, second))
    assert (side.hash_at_mark, side.has_published, side.seq) == (second.row_hash, True, second.seq)
    assert store_side(conn, mark(conn, first)).hash_at_mark is None


def mark(conn: sqlite3.Connection, row: outbox.OutboxRow) -> Mark:
    return Mark(store_side(conn, None).store_id, row.seq, row.row_hash, "o")


def test_note_token_is_no_publishing(conn: sqlite3.Connection) -> None:
    """It tells the store from its copies, and goes before a row of the same number."""
    settle(conn, 1)
    (row,) = next_batch(conn, 10, 100)
    note_token(conn, 0, "token", WHERE)
    assert store_side(conn, Mark("s", 0, "token", "o")).hash_at_mark == "token"
    assert store_side(conn, None).has_published is False
    note_token(conn, row.seq, "another", WHERE)
    assert store_side(conn, mark(conn, row)).hash_at_mark == "another"


def test_note_agreed_marks_what_the_ledger_proves_and_no_more(conn: sqlite3.Connection) -> None:
    """Rows up to the mark are published, those behind it wait."""
    for _ in range(3):
        settle(conn, 1, topic=INCIDENTS)
    rows = next_batch(conn, 10, 100)
    note_agreed(conn, mark(conn, rows[1]), WHERE)
    assert [row.seq for row in next_batch(conn, 10, 100)] == [rows[2].seq]


def test_retain_keeps_the_newest_published_row_beside_one_that_was_set_aside(
    conn: sqlite3.Connection,
) -> None:
    """A row that was set aside is newer, and proves nothing."""
    for _ in range(3):
        settle(conn, 1)
    outbox.mark_rows(conn, [1, 2])
    outbox.mark_rows(conn, [3], outbox.SET_ASIDE)
    maintenance.retain(conn, NOW + dt.timedelta(days=30))
    assert [row["seq"] for row in conn.execute("SELECT seq FROM outbox ORDER BY seq")] == [2, 3]
