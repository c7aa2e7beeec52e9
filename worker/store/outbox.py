"""Messages waiting to be published: final bytes, in order, each once.

Rules
-----
1. ``seq`` is the order of publishing; it may have holes. ``settle_id`` ties what one transaction
   said; a publisher never divides it.
2. (topic, ce_id) is unique: what was said already is not said again.
3. The newest published row is never deleted: it shows how far publishing got.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from worker.core.contract.message import HEARTBEATS, Message
from worker.store.connect import read_meta, write_meta
from worker.store.times import stamp

WAITING, PUBLISHED, SET_ASIDE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One row, as a publisher reads it."""

    seq: int
    settle_id: int
    topic: str
    key: str
    headers: dict[str, str]
    value: bytes
    ce_id: str
    row_hash: str


def next_settle_id(conn: sqlite3.Connection) -> int:
    """A number for one settling; never used twice in the life of a store."""
    number = int(read_meta(conn, "settles") or 0) + 1
    write_meta(conn, "settles", str(number))
    return number


def append(
    conn: sqlite3.Connection, settle_id: int, messages: Iterable[Message], now: dt.datetime
) -> int:
    """Add messages in order; returns how many were new."""
    added = 0
    for message in messages:
        headers = json.dumps(message.headers, ensure_ascii=False)
        cursor = conn.execute(
            "INSERT INTO outbox (settle_id, topic, key, headers, value, ce_id, row_hash, created) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (topic, ce_id) DO NOTHING",
            (
                settle_id,
                message.topic,
                message.key,
                headers,
                message.value,
                message.ce_id,
                _row_hash(message, headers),
                stamp(now),
            ),
        )
        added += cursor.rowcount
    return added


def replace_heartbeat(conn: sqlite3.Connection, message: Message, now: dt.datetime) -> None:
    """At most one heartbeat waits: a newer one takes the place of an older."""
    conn.execute("DELETE FROM outbox WHERE topic = ? AND published = 0", (HEARTBEATS,))
    append(conn, next_settle_id(conn), (message,), now)


def waiting(conn: sqlite3.Connection, limit: int) -> list[OutboxRow]:
    """The next rows to publish, in order, at least ``limit`` if there are; whole settles only."""
    found = conn.execute(
        "SELECT * FROM outbox WHERE published = 0 AND settle_id <= coalesce("
        "(SELECT settle_id FROM outbox WHERE published = 0 ORDER BY seq LIMIT 1 OFFSET ?), "
        "9223372036854775807) ORDER BY seq",
        (max(limit - 1, 0),),
    ).fetchall()
    return [outbox_row(row) for row in found]


def mark(conn: sqlite3.Connection, seqs: Sequence[int], published: int = PUBLISHED) -> None:
    """Note what became of rows. Idempotent."""
    conn.executemany(
        "UPDATE outbox SET published = ? WHERE seq = ? AND published = 0",
        [(published, seq) for seq in seqs],
    )


def count_waiting(conn: sqlite3.Connection) -> int:
    """How many rows wait."""
    return int(conn.execute("SELECT count(*) FROM outbox WHERE published = 0").fetchone()[0])


def _row_hash(message: Message, headers: str) -> str:
    digest = hashlib.sha256()
    for part in (message.topic, message.key, headers):
        digest.update(part.encode() + b"\0")
    digest.update(message.value)
    return digest.hexdigest()[:32]


def outbox_row(row: sqlite3.Row) -> OutboxRow:
    """A row of the table as a value."""
    return OutboxRow(
        seq=row["seq"],
        settle_id=row["settle_id"],
        topic=row["topic"],
        key=row["key"],
        headers=json.loads(row["headers"]),
        value=bytes(row["value"]),
        ce_id=row["ce_id"],
        row_hash=row["row_hash"],
    )
