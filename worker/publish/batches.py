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
from collections.abc import Collection, Iterator, Sequence

from worker.core.contract.message import HEARTBEATS
from worker.publish.kafka.ledger import Mark, StoreSide
from worker.store.connect import read_meta, write_meta
from worker.store.outbox import PUBLISHED, OutboxRow, mark, outbox_row

_LEDGER, _DESTINATION = "ledger_mark", "destination"


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
        seq=own[0] if own is not None else 0,
    )


def note_published(
    conn: sqlite3.Connection, seqs: Sequence[int], progress: OutboxRow | None
) -> None:
    """A batch was committed. Runs on the writer."""
    mark(conn, seqs, PUBLISHED)
    if progress is not None:
        _keep(conn, progress.seq, progress.row_hash)


def note_agreed(conn: sqlite3.Connection, found: Mark, where: str) -> None:
    """Store and ledger agree: rows up to the mark are published. Runs on the writer.

    A heartbeat beyond the mark may be sent a second time; its topic keeps the last one only.
    """
    conn.execute(
        "UPDATE outbox SET published = ? WHERE published = 0 AND seq <= ?", (PUBLISHED, found.seq)
    )
    note_token(conn, found.seq, found.row_hash, where)


def note_token(conn: sqlite3.Connection, seq: int, token: str, where: str) -> None:
    """A ledger was read, and what comes after ``seq`` will be published there. Runs on the writer."""
    write_meta(conn, "ledger_read", "1")
    write_meta(conn, _DESTINATION, where)
    _keep(conn, seq, token)


def _keep(conn: sqlite3.Connection, seq: int, row_hash: str) -> None:
    write_meta(conn, _LEDGER, json.dumps([seq, row_hash]))


def forget_ledger(conn: sqlite3.Connection, sink: str) -> None:
    """The store goes to another sink: no ledger of that one was ever read."""
    conn.execute("DELETE FROM meta WHERE key IN (?, 'ledger_read')", (_LEDGER,))
    write_meta(conn, _DESTINATION, f"on the way to {sink}")


def destination(conn: sqlite3.Connection) -> str | None:
    """The cluster and prefix that the store published to last; None when it never did."""
    return read_meta(conn, _DESTINATION)


def set_aside(
    conn: sqlite3.Connection, topics: Sequence[str], ce_ids: Collection[str], ledger_seq: int
) -> None:
    """Waiting rows of these topics out, and those that are published already; the others go behind a
    ``seq`` that the ledger never saw. Runs on the writer.
    """
    waiting = conn.execute(
        "SELECT settle_id, topic, key, headers, value, ce_id, row_hash, created FROM outbox "
        "WHERE published = 0 ORDER BY seq"
    ).fetchall()
    gone = {*topics, HEARTBEATS}
    conn.execute("DELETE FROM outbox WHERE published = 0")
    conn.execute("INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox', 0 WHERE NOT EXISTS "
                 "(SELECT 1 FROM sqlite_sequence WHERE name = 'outbox')")  # fmt: skip
    conn.execute(
        "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'outbox'", (ledger_seq,)
    )
    conn.executemany(
        "INSERT INTO outbox (settle_id, topic, key, headers, value, ce_id, row_hash, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [tuple(r) for r in waiting if r["topic"] not in gone and r["ce_id"] not in ce_ids],
    )


def may_settle(conn: sqlite3.Connection) -> bool:
    """Whether a ledger was read once in the life of this store."""
    return read_meta(conn, "ledger_read") == "1"


def _own_mark(conn: sqlite3.Connection) -> tuple[int, str] | None:
    text = read_meta(conn, _LEDGER)
    if text is None:
        return None
    seq, row_hash = json.loads(text)
    return int(seq), str(row_hash)
