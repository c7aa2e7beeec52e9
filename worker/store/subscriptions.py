"""The ``subscription`` table: what a subscriber knows of each feed's hub, over restarts."""

from __future__ import annotations

import datetime as dt
import sqlite3

from worker.store.times import stamp


def save_subscription(
    conn: sqlite3.Connection, feed_id: str, record: str, now: dt.datetime
) -> None:
    """Store a feed's subscription (JSON)."""
    conn.execute(
        "INSERT INTO subscription (feed_id, record, updated_at) VALUES (?, ?, ?) "
        "ON CONFLICT (feed_id) DO UPDATE SET record = excluded.record, "
        "updated_at = excluded.updated_at",
        (feed_id, record, stamp(now)),
    )


def load_subscriptions(conn: sqlite3.Connection) -> dict[str, str]:
    """All subscriptions (JSON), by feed id; none in a store that no worker has brought up to date."""
    made = conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'subscription'").fetchone()
    if made is None:
        return {}
    rows = conn.execute("SELECT feed_id, record FROM subscription ORDER BY feed_id")
    return {row["feed_id"]: row["record"] for row in rows}
