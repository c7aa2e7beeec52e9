"""Rows of the inbox as they are written: what there is to do, for which article, and when it is due."""

from __future__ import annotations

import base64
import datetime as dt
import json
import sqlite3
from dataclasses import replace
from typing import Any, Literal

from pydantic import TypeAdapter

from worker.core.domain.document import Document, Entry
from worker.store.times import stamp

WorkKind = Literal["entry", "document", "kill", "correction", "recheck"]
NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
"""Due date of what is held until a later version releases it (an embargo without a date)."""

ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)
DOCUMENT: TypeAdapter[Document] = TypeAdapter(Document)


def put(
    conn: sqlite3.Connection,
    kind: WorkKind,
    article_id: str,
    entry_id: str | None,
    payload: str,
    admitted_at: dt.datetime,
    due_at: dt.datetime,
) -> int:
    """Add a row; returns its inbox id. ``payload`` is JSON as ``pack_work`` writes it."""
    cursor = conn.execute(
        "INSERT INTO inbox (kind, article_id, entry_id, payload, admitted_at, due_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (kind, article_id, entry_id, payload, stamp(admitted_at), stamp(due_at)),
    )
    return int(cursor.lastrowid or 0)


def pack(
    *, entry: Entry | None = None, document: Document | None = None, backfill: bool = False
) -> dict[str, Any]:
    """The payload of a row, as what JSON holds."""
    packed: dict[str, Any] = {"backfill": True} if backfill else {}
    if entry is not None:
        packed["entry"] = ENTRY.dump_python(entry, mode="json")
    if document is not None:
        packed["document"] = DOCUMENT.dump_python(replace(document, html=None), mode="json")
        if document.html is not None:
            packed["html"] = base64.b64encode(document.html).decode()
    return packed


def drop_planned(conn: sqlite3.Connection, article_id: str) -> None:
    """Forget that the page of an article was to be asked again."""
    conn.execute(
        "DELETE FROM inbox WHERE article_id = ? AND claimed = 0 "
        "AND (kind = 'recheck' OR json_extract(payload, '$.revisit') IS NOT NULL)",
        (article_id,),
    )


def drop_waiting(
    conn: sqlite3.Connection, entry_id: str, article_id: str, now: dt.datetime
) -> None:
    """A newer version is here: what was held or put off of the older ones is not read any more, nor is
    the article's page asked for again on their account.
    """
    drop_planned(conn, article_id)
    conn.execute(
        "DELETE FROM inbox WHERE entry_id = ? AND kind = 'entry' AND claimed = 0 AND due_at > ?",
        (entry_id, stamp(now)),
    )


def drop_ended(conn: sqlite3.Connection, article_id: str, told_at: dt.datetime) -> None:
    """A kill or hold is here: versions made before it are not read any more, due or held."""
    rows = conn.execute(
        "SELECT inbox_id, payload FROM inbox WHERE article_id = ? AND kind = 'entry' "
        "AND claimed = 0",
        (article_id,),
    ).fetchall()
    for row in rows:
        entry = ENTRY.validate_python(json.loads(row["payload"])["entry"])
        if entry.updated is None or entry.updated <= told_at:
            conn.execute("DELETE FROM inbox WHERE inbox_id = ?", (row["inbox_id"],))
