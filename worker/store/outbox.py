"""Messages waiting to be published: final bytes, in order, each once.

Rules
-----
1. ``seq`` is the order of publishing; it may have holes. ``settle_id`` ties what one transaction
   said; a publisher never divides it: it reads ``waiting_settles``.
2. (topic, ce_id) is unique: what was said already is not said again.
3. The newest published row is never deleted: it shows how far publishing got.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from worker.core.contract.message import HEARTBEATS, INCIDENT_LOG, INCIDENTS, Message
from worker.store.meta import read_meta, write_meta
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


@dataclass(frozen=True, slots=True)
class Unsent:
    """The lowest revision of an incident that waits, and whether anything that waits is material."""

    first: int
    material: bool


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


def waiting_settles(conn: sqlite3.Connection) -> Iterator[list[OutboxRow]]:
    """Rows to publish, in order, the rows of one settle together. Read as far as it is asked."""
    settle: list[OutboxRow] = []
    cursor = conn.execute("SELECT * FROM outbox WHERE published = 0 ORDER BY seq")
    try:
        for raw in cursor:
            row = _outbox_row(raw)
            if settle and settle[0].settle_id != row.settle_id:
                yield settle
                settle = []
            settle.append(row)
        if settle:
            yield settle
    finally:
        cursor.close()


def waiting(conn: sqlite3.Connection, limit: int) -> list[OutboxRow]:
    """The next rows to publish, in order, whole settles only: as soon as there are ``limit``."""
    rows: list[OutboxRow] = []
    for settle in waiting_settles(conn):
        rows += settle
        if len(rows) >= limit:
            break
    return rows


def waiting_keys(conn: sqlite3.Connection, topic: str) -> dict[str, str]:
    """``ce_id`` → key of the rows of a topic that wait, in order."""
    rows = conn.execute(
        "SELECT ce_id, key FROM outbox WHERE published = 0 AND topic = ? ORDER BY seq", (topic,)
    )
    return {row["ce_id"]: row["key"] for row in rows}


def mark_rows(conn: sqlite3.Connection, seqs: Sequence[int], published: int = PUBLISHED) -> None:
    """Note what became of rows. Idempotent."""
    conn.executemany(
        "UPDATE outbox SET published = ? WHERE seq = ? AND published = 0",
        [(published, seq) for seq in seqs],
    )


def mark_up_to(conn: sqlite3.Connection, seq: int) -> None:
    """Whatever waits up to ``seq`` is published."""
    conn.execute(
        "UPDATE outbox SET published = ? WHERE published = 0 AND seq <= ?", (PUBLISHED, seq)
    )


def row_at(conn: sqlite3.Connection, topic: str, seq: int) -> OutboxRow | None:
    """The row of a topic that has this number, whatever became of it; None when there is none."""
    row = conn.execute("SELECT * FROM outbox WHERE seq = ? AND topic = ?", (seq, topic)).fetchone()
    return None if row is None else _outbox_row(row)


def row_hash_at(conn: sqlite3.Connection, seq: int) -> str | None:
    """The hash of the row with this number, of whatever topic; None when there is none."""
    row = conn.execute("SELECT row_hash FROM outbox WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else str(row["row_hash"])


def has_published(conn: sqlite3.Connection) -> bool:
    """Whether there is a published row, heartbeats apart."""
    row = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE published = 1 AND topic != ?)", (HEARTBEATS,)
    ).fetchone()
    return bool(row[0])


def last_published_settle(conn: sqlite3.Connection) -> int:
    """The last settle of which a row was published, 0 when there is none."""
    row = conn.execute("SELECT max(settle_id) AS newest FROM outbox WHERE published = 1").fetchone()
    return int(row["newest"] or 0)


def unsent_revisions(conn: sqlite3.Connection) -> dict[str, Unsent]:
    """What waits of each incident: everything below its lowest revision was published."""
    rows = conn.execute(
        "SELECT key, min(CAST(json_extract(headers, '$.kw_revision') AS INTEGER)) AS revision, "
        "max(json_extract(headers, '$.kw_material') = 'true') AS material "
        "FROM outbox WHERE published = 0 AND topic IN (?, ?) GROUP BY key",
        (INCIDENT_LOG, INCIDENTS),
    )
    return {row["key"]: Unsent(int(row["revision"]), bool(row["material"])) for row in rows}


def forget_ended(conn: sqlite3.Connection) -> None:
    """Delete what was published or set aside: it says nothing about the sink that comes next."""
    conn.execute("DELETE FROM outbox WHERE published != 0")


def requeue(
    conn: sqlite3.Connection, above: int, *, without: Collection[str], known: Collection[str]
) -> None:
    """Give what waits new numbers, all above ``above``, in the same order.

    Left out for ever are rows of the topics ``without`` and those whose ``ce_id`` is ``known``.
    """
    rows = conn.execute(
        "SELECT settle_id, topic, key, headers, value, ce_id, row_hash, created FROM outbox "
        "WHERE published = 0 ORDER BY seq"
    ).fetchall()
    conn.execute("DELETE FROM outbox WHERE published = 0")
    conn.execute(
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox', 0 WHERE NOT EXISTS "
        "(SELECT 1 FROM sqlite_sequence WHERE name = 'outbox')"
    )
    conn.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'outbox'", (above,))
    conn.executemany(
        "INSERT INTO outbox (settle_id, topic, key, headers, value, ce_id, row_hash, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [tuple(r) for r in rows if r["topic"] not in without and r["ce_id"] not in known],
    )


def _row_hash(message: Message, headers: str) -> str:
    digest = hashlib.sha256()
    for part in (message.topic, message.key, headers):
        digest.update(part.encode() + b"\0")
    digest.update(message.value)
    return digest.hexdigest()[:32]


def _outbox_row(row: sqlite3.Row) -> OutboxRow:
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
