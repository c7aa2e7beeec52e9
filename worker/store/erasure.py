"""Erasure for legal reasons: what the store holds of articles and incidents goes.

Kept are the ids of incidents, so that none is used again, and what shows how far publishing got. The
pages of the file that held the text are overwritten; ``secure_delete`` sees to that.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection

from worker.store.decoded import decoded_of

_OF_ARTICLES = (
    "DELETE FROM report WHERE article_id IN (SELECT value FROM json_each(?))",
    "DELETE FROM article WHERE article_id IN (SELECT value FROM json_each(?))",
    "DELETE FROM dead_letter WHERE article_id IN (SELECT value FROM json_each(?))",
    "DELETE FROM part WHERE article_id IN (SELECT value FROM json_each(?))",
    "UPDATE entry SET title = NULL, headline = NULL WHERE article_id IN (SELECT value FROM json_each(?))",
)
_OF_INCIDENTS = (
    "DELETE FROM timer WHERE incident_id IN (SELECT value FROM json_each(?))",
    "DELETE FROM member WHERE incident_id IN (SELECT value FROM json_each(?))",
    "DELETE FROM incident WHERE incident_id IN (SELECT value FROM json_each(?))",
)
_OF_BOTH = (
    "DELETE FROM outbox WHERE key IN (SELECT value FROM json_each(?)) "
    "AND seq NOT IN (SELECT max(seq) FROM outbox WHERE published = 1 GROUP BY topic)"
)


def erase(
    conn: sqlite3.Connection, article_ids: Collection[str], incident_ids: Collection[str]
) -> None:
    """Delete every version, report and letter of these articles, and these incidents."""
    conn.execute("PRAGMA secure_delete = ON").fetchone()
    decoded_of(conn).clear()
    articles, incidents = json.dumps(sorted(article_ids)), json.dumps(sorted(incident_ids))
    for statement in _OF_ARTICLES:
        conn.execute(statement, (articles,))
    for statement in _OF_INCIDENTS:
        conn.execute(statement, (incidents,))
    conn.execute(_OF_BOTH, (json.dumps(sorted({*article_ids, *incident_ids})),))


def recorded(conn: sqlite3.Connection, article_ids: Collection[str]) -> list[str]:
    """Those of the articles of which the reports topic holds a record, in order."""
    rows = conn.execute(
        "SELECT DISTINCT article_id FROM article WHERE published_record = 1 "
        "AND article_id IN (SELECT value FROM json_each(?)) ORDER BY article_id",
        (json.dumps(sorted(article_ids)),),
    )
    return [row["article_id"] for row in rows]


def superseded_by(conn: sqlite3.Connection, incident_id: str) -> list[str]:
    """The incidents that went up in this one: their last records tell of the same reports."""
    rows = conn.execute(
        "SELECT incident_id FROM incident WHERE superseded_by = ? ORDER BY incident_id",
        (incident_id,),
    )
    return [row["incident_id"] for row in rows]
