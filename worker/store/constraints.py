"""The ``constraint`` table: decisions of people, over article ids, so they outlive incident ids."""

from __future__ import annotations

import datetime as dt
import sqlite3

from worker.core.domain.incident import Constraint, from_json, to_json
from worker.store.times import stamp


def add_constraint(
    conn: sqlite3.Connection, constraint: Constraint, settle_id: int, now: dt.datetime
) -> None:
    """Keep a decision. There is one in a settle, which is its id."""
    conn.execute(
        'INSERT INTO "constraint" (constraint_id, kind, article_a, article_b, '
        "settle_id, made_at, record) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            f"c-{settle_id}",
            constraint.kind,
            constraint.articles[0],
            constraint.articles[1] if len(constraint.articles) > 1 else None,
            settle_id,
            stamp(now),
            to_json(constraint).decode(),
        ),
    )


def load_constraints(conn: sqlite3.Connection, since: int = 0) -> tuple[Constraint, ...]:
    """Decisions from settle ``since`` on, in the order in which they were made."""
    rows = conn.execute(
        'SELECT record FROM "constraint" WHERE settle_id >= ? ORDER BY settle_id, constraint_id',
        (since,),
    )
    return tuple(from_json(Constraint, row["record"]) for row in rows)
