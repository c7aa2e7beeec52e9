"""The ``entry`` table: every entry ever seen, gate open or not.

It is what makes "new" and "changed" decidable, and what binds an entry to its article.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass

from worker.core.domain.document import Entry
from worker.core.domain.vocabulary import EntryStatus
from worker.core.sources.gate import GateDecision
from worker.store.identity import article_id_from, canonical_url
from worker.store.times import stamp


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """What is known of an entry. ``gate_open``: the gate has let one of its versions through."""

    article_id: str
    content_hash: str
    status: EntryStatus
    gate_open: bool


def find_entry(conn: sqlite3.Connection, entry_id: str) -> SeenEntry | None:
    """An entry as it was seen last, or None."""
    row = conn.execute(
        "SELECT article_id, content_hash, status, gate_open FROM entry WHERE entry_id = ?",
        (entry_id,),
    ).fetchone()
    if row is None:
        return None
    return SeenEntry(row["article_id"], row["content_hash"], row["status"], bool(row["gate_open"]))


def bind_to_article(conn: sqlite3.Connection, entry: Entry, entry_id: str) -> tuple[str, bool]:
    """The article of an entry seen for the first time, and whether it is known already."""
    url = canonical_url(entry.url)
    if url is None:
        return entry_id, False
    row = conn.execute(
        "SELECT article_id FROM entry WHERE outlet IS ? AND url = ? LIMIT 1", (entry.outlet, url)
    ).fetchone()
    if row is not None:
        return str(row["article_id"]), True
    return article_id_from(entry.outlet, url), False


def add_entry(
    conn: sqlite3.Connection,
    entry: Entry,
    entry_id: str,
    article_id: str,
    gate: GateDecision,
    now: dt.datetime,
) -> None:
    """Remember an entry that is seen for the first time."""
    conn.execute(
        "INSERT INTO entry (entry_id, feed_id, identity, article_id, outlet, url, content_hash, "
        "version, status, gate_open, gate_reason, title, first_seen, changed_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry_id,
            entry.feed,
            entry.id,
            article_id,
            entry.outlet,
            canonical_url(entry.url),
            entry.content_hash,
            entry.version,
            entry.status,
            gate.open,
            gate.reason,
            entry.title,
            stamp(now),
            stamp(now),
        ),
    )


def change_entry(
    conn: sqlite3.Connection, entry: Entry, entry_id: str, gate: GateDecision, now: dt.datetime
) -> None:
    """Remember that an entry has changed. A gate that was open once stays open."""
    conn.execute(
        "UPDATE entry SET content_hash = ?, version = ?, status = ?, title = ?, changed_at = ?, "
        "gate_open = max(gate_open, ?) WHERE entry_id = ?",
        (
            entry.content_hash,
            entry.version,
            entry.status,
            entry.title,
            stamp(now),
            gate.open,
            entry_id,
        ),
    )
