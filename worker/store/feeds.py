"""What the store keeps of a feed: its state as the poller wrote it, and when it is next asked."""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass

from worker.store.times import stamp, stamp_or_none


@dataclass(frozen=True, slots=True)
class StoredFeed:
    """A feed's state (JSON, as the poller wrote it), and when it is next asked (an instant of the
    store, None: at once).
    """

    feed_id: str
    next_at: str | None
    state: str


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
    return {feed.feed_id: feed.state for feed in stored_feeds(conn)}


def stored_feeds(conn: sqlite3.Connection) -> list[StoredFeed]:
    """All feeds that were ever polled, by feed id."""
    rows = conn.execute("SELECT feed_id, next_at, state FROM feed ORDER BY feed_id")
    return [StoredFeed(**row) for row in rows]
