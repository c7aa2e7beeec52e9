"""What the store keeps of a feed: its state as the poller wrote it, and when it is next asked."""

from __future__ import annotations

import datetime as dt
import sqlite3

from worker.store.times import stamp, stamp_or_none


def save_state(
    conn: sqlite3.Connection,
    feed_id: str,
    state: str,
    next_at: dt.datetime | None,
    now: dt.datetime,
) -> None:
    """Store a feed's state (JSON) in the transaction of the entries that came with it."""
    conn.execute(
        "INSERT INTO feed (feed_id, next_at, state, updated_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (feed_id) DO UPDATE SET next_at = excluded.next_at, state = excluded.state, "
        "updated_at = excluded.updated_at",
        (feed_id, stamp_or_none(next_at), state, stamp(now)),
    )


def load_states(conn: sqlite3.Connection) -> dict[str, str]:
    """All feed states, by feed id."""
    return {row["feed_id"]: row["state"] for row in conn.execute("SELECT * FROM feed")}
