"""Work that was given up: kept whole, so that ``retry`` can bring it back."""

from __future__ import annotations

import datetime as dt
import sqlite3

from worker.store.inbox import Work, pack_work
from worker.store.inbox_rows import WorkKind, put
from worker.store.times import instant, stamp


def add(conn: sqlite3.Connection, work: Work, reason: str, detail: str, now: dt.datetime) -> None:
    """Keep a piece of work that was given up."""
    conn.execute(
        "INSERT INTO dead_letter (kind, article_id, entry_id, payload, admitted_at, reason, "
        "detail, attempts, buried_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            work.kind,
            work.article_id,
            work.entry_id,
            pack_work(work),
            stamp(work.admitted_at),
            reason,
            detail[:2000],
            work.attempts,
            stamp(now),
        ),
    )


def retry(conn: sqlite3.Connection, now: dt.datetime, reason: str | None = None) -> int:
    """Put dead letters (all, or those of one reason) back into the inbox; returns how many."""
    rows = conn.execute(
        "SELECT * FROM dead_letter WHERE retried_at IS NULL AND (?1 IS NULL OR reason = ?1) "
        "ORDER BY dead_letter_id",
        (reason,),
    ).fetchall()
    for row in rows:
        kind: WorkKind = row["kind"]
        admitted_at = instant(row["admitted_at"])
        put(conn, kind, row["article_id"], row["entry_id"], row["payload"], admitted_at, now)
        conn.execute(
            "UPDATE dead_letter SET retried_at = ? WHERE dead_letter_id = ?",
            (stamp(now), row["dead_letter_id"]),
        )
    return len(rows)
