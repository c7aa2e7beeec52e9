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
from collections.abc import Collection, Sequence

from worker.core.contract.message import HEARTBEATS
from worker.publish.kafka.ledger import Mark, StoreSide
from worker.store import outbox
from worker.store.connect import Connection
from worker.store.meta import forget, read_meta, write_meta
from worker.store.outbox import OutboxRow

_LEDGER, _LEDGER_READ, _DESTINATION = "ledger_mark", "ledger_read", "destination"


def next_batch(conn: Connection, max_rows: int, max_bytes: int) -> list[OutboxRow]:
    """The next rows in order, whole settles only: at most ``max_rows`` and ``max_bytes`` of them,
    but at least one settle.
    """
    batch: list[OutboxRow] = []
    size = 0
    for settle in outbox.waiting_settles(conn):
        size += sum(len(row.value) for row in settle)
        if batch and (len(batch) + len(settle) > max_rows or size > max_bytes):
            break
        batch += settle
    return batch


def last_progress(rows: Sequence[OutboxRow]) -> OutboxRow | None:
    """The last row of a batch that the ledger can rest on."""
    return next((row for row in reversed(rows) if row.topic != HEARTBEATS), None)


def store_side(conn: Connection, found: Mark | None) -> StoreSide:
    """What the store has to say to a mark."""
    own = _own_mark(conn)
    hash_at_mark = None
    if found is not None and own is not None and own[0] == found.seq:
        hash_at_mark = own[1]
    elif found is not None:
        hash_at_mark = outbox.row_hash_at(conn, found.seq)
    return StoreSide(
        store_id=read_meta(conn, "store_id") or "",
        hash_at_mark=hash_at_mark,
        has_published=outbox.has_published(conn) or (own is not None and own[0] > 0),
        seq=own[0] if own is not None else 0,
    )


def note_published(conn: Connection, seqs: Sequence[int], progress: OutboxRow | None) -> None:
    """A batch was committed. Runs on the writer."""
    outbox.mark_rows(conn, seqs)
    if progress is not None:
        _keep(conn, progress.seq, progress.row_hash)


def note_agreed(conn: Connection, found: Mark, where: str) -> None:
    """Store and ledger agree: rows up to the mark are published. Runs on the writer.

    A heartbeat beyond the mark may be sent a second time; its topic keeps the last one only.
    """
    outbox.mark_up_to(conn, found.seq)
    note_token(conn, found.seq, found.row_hash, where)


def note_token(conn: Connection, seq: int, token: str, where: str) -> None:
    """A ledger was read, and what comes after ``seq`` will be published there. Runs on the writer."""
    write_meta(conn, _LEDGER_READ, "1")
    write_meta(conn, _DESTINATION, where)
    _keep(conn, seq, token)


def _keep(conn: Connection, seq: int, row_hash: str) -> None:
    write_meta(conn, _LEDGER, json.dumps([seq, row_hash]))


def forget_ledger(conn: Connection, sink: str) -> None:
    """The store goes to another sink: no ledger of that one was ever read."""
    forget(conn, _LEDGER, _LEDGER_READ)
    write_meta(conn, _DESTINATION, f"on the way to {sink}")


def destination(conn: Connection) -> str | None:
    """The cluster and prefix that the store published to last; None when it never did."""
    return read_meta(conn, _DESTINATION)


def set_aside(
    conn: Connection, topics: Sequence[str], ce_ids: Collection[str], ledger_seq: int
) -> None:
    """Waiting rows of these topics out, and those that are published already; the others go behind a
    ``seq`` that the ledger never saw. Runs on the writer.
    """
    outbox.requeue(conn, ledger_seq, without={*topics, HEARTBEATS}, known=ce_ids)


def may_settle(conn: Connection) -> bool:
    """Whether a ledger was read once in the life of this store."""
    return read_meta(conn, _LEDGER_READ) == "1"


def _own_mark(conn: Connection) -> tuple[int, str] | None:
    text = read_meta(conn, _LEDGER)
    if text is None:
        return None
    seq, row_hash = json.loads(text)
    return int(seq), str(row_hash)
