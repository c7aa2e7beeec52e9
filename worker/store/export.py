"""``store export --articles``: what a live store settled, as input for ``replay``.

Lines stand in the order of settling and carry ``settled_at``, which is the clock of the replay, so
run → export → replay gives the same incidents. Articles are kept for 90 days. What was killed before
it came has no text and no line.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from worker.core.domain.incident import Constraint, from_json


def export_articles(conn: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    """One object for each settled version and each correction, in the order of settling."""
    rows = conn.execute(
        "SELECT settle_id, settled_at, record, wire_version AS told_at, "
        "NULL AS decision, NULL AS undone "
        "FROM article UNION ALL "
        'SELECT settle_id, made_at, NULL, NULL, record, NULL FROM "constraint" UNION ALL '
        "SELECT undone_settle, undone_at, NULL, NULL, record, constraint_id "
        'FROM "constraint" WHERE undone_settle IS NOT NULL ORDER BY settle_id'
    )
    for row in rows:
        if row["decision"] is not None:
            yield _correction(row)
        elif (line := _article(row)).get("title") or line.get("text"):
            yield line


def _article(row: sqlite3.Row) -> dict[str, Any]:
    article = json.loads(row["record"])
    line = {
        "id": article["article_id"],
        "version": article["version"],
        "title": article["title"],
        "text": article["body"],
        "outlet": article["outlet"],
        "agency": article.get("agency"),
        "url": article["url"],
        "lang": article["lang"],
        "published": article["published"],
        "published_basis": article["published_basis"],
        "updated": row["told_at"],
        "version_time": article["version_time"],
        "first_seen": article["first_seen"],
        "status": article["status"],
        "settled_at": row["settled_at"],
    }
    return {key: value for key, value in line.items() if value is not None}


def _correction(row: sqlite3.Row) -> dict[str, Any]:
    constraint = from_json(Constraint, row["decision"])
    correction: dict[str, Any] = {"kind": constraint.kind, "articles": list(constraint.articles)}
    if constraint.incidents:
        correction["incidents"] = list(constraint.incidents)
    if row["undone"] is not None:
        correction = {**correction, "kind": "undo", "decision": row["undone"]}
    return {
        "id": constraint.articles[0],
        "correction": correction,
        "text": "",
        "settled_at": row["settled_at"],
    }
