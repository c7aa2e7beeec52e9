"""The publisher's view of the outbox: the next batch, and what store and ledger compare.

Rules
-----
1. A batch holds whole settles: a limit yields to the last settle that still fits, and the first one
   is taken whatever its size.
2. Rows are read by a connection that cannot write; what becomes of them is noted by the writer.
3. With the marks of rows the ledger's own ``seq`` and ``row_hash`` are kept in ``meta``, so that
   retention may delete every published row and the two still recognise each other.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from worker.core.contract.message import HEARTBEATS
from worker.publish.ledger import Mark, StoreSide
from worker.store.connect import read_meta, write_meta
from worker.store.outbox import PUBLISHED, OutboxRow, mark, outbox_row

_LEDGER = "ledger_mark"


def next_batch(conn: sqlite3.Connection, max_rows: int, max_bytes: int) -> list[OutboxRow]:
    """The next rows in order, whole settles only: at most ``max_rows`` and ``max_bytes`` of them,
    but at least one settle.
    """
    batch: list[OutboxRow] = []
    size = 0
    for settle in _settles(conn):
        size += sum(len(row.value) for row in settle)
        if batch and (len(batch) + len(settle) > max_rows or size > max_bytes):
            break
        batch += settle
    return batch


def _settles(conn: sqlite3.Connection) -> Iterator[list[OutboxRow]]:
    settle: list[OutboxRow] = []
    cursor = conn.execute("SELECT * FROM outbox WHERE published = 0 ORDER BY seq")
    try:
        for raw in cursor:
            row = outbox_row(raw)
            if settle and settle[0].settle_id != row.settle_id:
                yield settle
                settle = []
            settle.append(row)
        if settle:
            yield settle
    finally:
        cursor.close()


def last_progress(rows: Sequence[OutboxRow]) -> OutboxRow | None:
    """The last row of a batch that the ledger can rest on."""
    return next((row for row in reversed(rows) if row.topic != HEARTBEATS), None)


def store_side(conn: sqlite3.Connection, found: Mark | None) -> StoreSide:
    """What the store has to say to a mark."""
    own = _own_mark(conn)
    hash_at_mark = None
    if found is not None and own is not None and own[0] == found.seq:
        hash_at_mark = own[1]
    elif found is not None:
        row = conn.execute("SELECT row_hash FROM outbox WHERE seq = ?", (found.seq,)).fetchone()
        hash_at_mark = None if row is None else str(row[0])
    published = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE published = 1 AND topic != ?)", (HEARTBEATS,)
    ).fetchone()[0]
    return StoreSide(
        store_id=read_meta(conn, "store_id") or "",
        hash_at_mark=hash_at_mark,
        has_published=bool(published) or (own is not None and own[0] > 0),
    )


def note_published(
    conn: sqlite3.Connection, seqs: Sequence[int], progress: OutboxRow | None
) -> None:
    """A batch was committed. Runs on the writer."""
    mark(conn, seqs, PUBLISHED)
    if progress is not None:
        _keep(conn, progress.seq, progress.row_hash)


def note_agreed(conn: sqlite3.Connection, found: Mark) -> None:
    """Store and ledger agree: rows up to the mark are published. Runs on the writer.

    A heartbeat beyond the mark may be sent a second time; its topic keeps the last one only.
    """
    conn.execute(
        "UPDATE outbox SET published = ? WHERE published = 0 AND seq <= ?", (PUBLISHED, found.seq)
    )
    note_token(conn, found.seq, found.row_hash)


def note_token(conn: sqlite3.Connection, seq: int, token: str) -> None:
    """A ledger was read, and what comes after ``seq`` will be published. Runs on the writer."""
    write_meta(conn, "ledger_read", "1")
    _keep(conn, seq, token)


def _keep(conn: sqlite3.Connection, seq: int, row_hash: str) -> None:
    write_meta(conn, _LEDGER, json.dumps([seq, row_hash]))


def forget_ledger(conn: sqlite3.Connection) -> None:
    """The store goes to another sink: no ledger of that one was ever read."""
    conn.execute("DELETE FROM meta WHERE key IN (?, 'ledger_read')", (_LEDGER,))


def may_settle(conn: sqlite3.Connection) -> bool:
    """Whether a ledger was read once in the life of this store."""
    return read_meta(conn, "ledger_read") == "1"


def _own_mark(conn: sqlite3.Connection) -> tuple[int, str] | None:
    text = read_meta(conn, _LEDGER)
    if text is None:
        return None
    seq, row_hash = json.loads(text)
    return int(seq), str(row_hash)
