"""The ``constraint`` table: decisions of people, over article ids, so they outlive incident ids.

A decision that was taken back stays as a row, and counts for nothing.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass

from worker.core.domain.incident import Constraint, from_json, to_json
from worker.store.times import instant, instant_or_none, stamp, stamp_or_none


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided, when, and when it was taken back (None: it holds)."""

    decision_id: str
    constraint: Constraint
    made_at: dt.datetime
    undone_at: dt.datetime | None = None


def add_decision(conn: sqlite3.Connection, decision: Decision, settle_id: int) -> None:
    """Keep a decision; one that is known already takes its new state."""
    constraint = decision.constraint
    conn.execute(
        'INSERT INTO "constraint" (constraint_id, kind, article_a, article_b, settle_id, made_at, '
        "record, undone_at, undone_settle) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (constraint_id) DO UPDATE SET undone_at = excluded.undone_at, "
        "undone_settle = coalesce(undone_settle, excluded.undone_settle)",
        (
            decision.decision_id,
            constraint.kind,
            constraint.articles[0],
            constraint.articles[1] if len(constraint.articles) > 1 else None,
            settle_id,
            stamp(decision.made_at),
            to_json(constraint).decode(),
            stamp_or_none(decision.undone_at),
            None if decision.undone_at is None else settle_id,
        ),
    )


def load_constraints(conn: sqlite3.Connection, since: int = 0) -> tuple[Constraint, ...]:
    """Decisions that hold, from settle ``since`` on, in the order in which they were made."""
    rows = conn.execute(
        'SELECT record FROM "constraint" WHERE settle_id >= ? AND undone_at IS NULL '
        "ORDER BY made_at, settle_id, constraint_id",
        (since,),
    )
    return tuple(from_json(Constraint, row["record"]) for row in rows)


def load_decisions(conn: sqlite3.Connection) -> list[Decision]:
    """All decisions, those taken back too, in the order in which they were made."""
    rows = conn.execute(
        'SELECT constraint_id, record, made_at, undone_at FROM "constraint" '
        "ORDER BY made_at, settle_id, constraint_id"
    )
    return [_decision(row) for row in rows]


def find_decision(conn: sqlite3.Connection, decision_id: str) -> Decision | None:
    """One decision, or None."""
    row = conn.execute(
        'SELECT constraint_id, record, made_at, undone_at FROM "constraint" '
        "WHERE constraint_id = ?",
        (decision_id,),
    ).fetchone()
    return None if row is None else _decision(row)


def is_erased(conn: sqlite3.Connection, article_id: str) -> bool:
    """Whether a person had everything of this article erased."""
    row = conn.execute(
        "SELECT 1 FROM \"constraint\", json_each(record, '$.articles') AS named "
        "WHERE kind = 'erase' AND named.value = ? LIMIT 1",
        (article_id,),
    ).fetchone()
    return row is not None


def _decision(row: sqlite3.Row) -> Decision:
    return Decision(
        decision_id=row["constraint_id"],
        constraint=from_json(Constraint, row["record"]),
        made_at=instant(row["made_at"]),
        undone_at=instant_or_none(row["undone_at"]),
    )
