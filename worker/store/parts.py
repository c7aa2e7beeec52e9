"""The ``part`` table: stories that an agency sends in takes, as far as their text has been settled."""

from __future__ import annotations

import datetime as dt
import sqlite3

from worker.core.domain.document import Entry
from worker.core.sources.story import Part
from worker.store.times import instant_or_none, stamp, stamp_or_none


def parts_of(conn: sqlite3.Connection, article_id: str) -> tuple[Part, ...]:
    """The parts of an article that are kept, in their order."""
    rows = conn.execute(
        "SELECT part, whole, told_at, title, body FROM part WHERE article_id = ? ORDER BY part",
        (article_id,),
    )
    return tuple(
        Part(r["part"], r["title"], r["body"], instant_or_none(r["told_at"]), bool(r["whole"]))
        for r in rows
    )


def keep_part(conn: sqlite3.Connection, article_id: str, entry: Entry, now: dt.datetime) -> None:
    """Keep the text of an entry with a keyword line; one that stands for all parts ends the others."""
    if entry.body is None or entry.story is None:
        return
    if entry.part == 0:
        drop_parts(conn, article_id)
    conn.execute(
        "INSERT OR REPLACE INTO part (article_id, part, whole, told_at, title, body, kept_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            article_id,
            entry.part or 0,
            entry.part == 0,
            stamp_or_none(entry.updated),
            entry.title,
            entry.body,
            stamp(now),
        ),
    )


def drop_parts(conn: sqlite3.Connection, article_id: str) -> None:
    """Forget the parts of an article that was killed."""
    conn.execute("DELETE FROM part WHERE article_id = ?", (article_id,))
