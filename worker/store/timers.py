"""The ``timer`` table: all change that time drives on an incident, one row for each kind of it."""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass

from worker.core.domain.incident import TimerKind, TimerSet
from worker.store.times import instant, stamp


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A timer whose moment has come: ``due_at`` was that moment."""

    incident_id: str
    kind: TimerKind
    due_at: dt.datetime


def due_timers(conn: sqlite3.Connection, now: dt.datetime, limit: int) -> list[DueTimer]:
    """Timers due by ``now``, oldest first, at most ``limit``."""
    rows = conn.execute(
        "SELECT incident_id, kind, due_at FROM timer WHERE due_at <= ? "
        "ORDER BY due_at, incident_id, kind LIMIT ?",
        (stamp(now), limit),
    )
    return [DueTimer(row["incident_id"], row["kind"], instant(row["due_at"])) for row in rows]


def set_timer(conn: sqlite3.Connection, timer: TimerSet) -> None:
    """Set, move or clear the one timer of (incident, kind)."""
    if timer.due_at is None:
        conn.execute(
            "DELETE FROM timer WHERE incident_id = ? AND kind = ?", (timer.incident_id, timer.kind)
        )
        return
    conn.execute(
        "INSERT INTO timer (incident_id, kind, due_at) VALUES (?, ?, ?) "
        "ON CONFLICT (incident_id, kind) DO UPDATE SET due_at = excluded.due_at",
        (timer.incident_id, timer.kind, stamp(timer.due_at)),
    )


def clear_due_timers(conn: sqlite3.Connection, incident_id: str, by: dt.datetime) -> None:
    """Clear the timers of an incident that were due by then; one decision answers them all."""
    conn.execute(
        "DELETE FROM timer WHERE incident_id = ? AND due_at <= ?", (incident_id, stamp(by))
    )
