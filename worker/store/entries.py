"""The ``entry`` table: every entry ever seen, gate open or not.

It is what makes "new" and "changed" decidable, and what binds an entry to its article.

Rules
-----
1. An entry is known by its id. A new id at a known address of the outlet is the same article; so is
   a new id at a new address that says to the letter what the feed said within three days: some
   systems make new ids, and addresses (``?ts=``), with every answer.
2. An entry that changes without end (a counter in its text, two servers with two versions) counts as
   changed 24 times, and from then on once in six hours.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass

from worker.core.domain.document import Entry
from worker.core.domain.vocabulary import EntryStatus
from worker.core.sources.gate import GateDecision
from worker.store.identity import article_id_from, canonical_url
from worker.store.times import instant, stamp

_CHANGES, _RESTLESS_FOR = 24, dt.timedelta(hours=6)
_SAME_WORDS_FOR = dt.timedelta(hours=72)
_FEWEST_CHARS = 30
"""A title shorter than this ("Breaking news") may come again and mean something else."""


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """What is known of an entry. ``gate_open``: the gate has let one of its versions through."""

    article_id: str
    content_hash: str
    status: EntryStatus
    gate_open: bool
    changes: int = 0
    changed_at: dt.datetime | None = None

    def is_restless(self, now: dt.datetime) -> bool:
        """Whether it has changed so often that this time is not counted."""
        if self.changes < _CHANGES or self.changed_at is None:
            return False
        return now - _RESTLESS_FOR < self.changed_at <= now


def find_entry(conn: sqlite3.Connection, entry_id: str) -> SeenEntry | None:
    """An entry as it was seen last, or None."""
    row = conn.execute(
        "SELECT article_id, content_hash, status, gate_open, changes, changed_at FROM entry WHERE entry_id = ?",
        (entry_id,),
    ).fetchone()
    if row is None:
        return None
    return SeenEntry(
        row["article_id"],
        row["content_hash"],
        row["status"],
        bool(row["gate_open"]),
        row["changes"],
        instant(row["changed_at"]),
    )


def bind_to_article(
    conn: sqlite3.Connection, entry: Entry, entry_id: str, now: dt.datetime
) -> tuple[str, bool]:
    """The article of an entry seen for the first time, and whether it is known already."""
    if (same := _said_before(conn, entry, now)) is not None:
        return same, True
    url = canonical_url(entry.url)
    if url is None:
        return entry_id, False
    row = conn.execute(
        "SELECT article_id FROM entry WHERE outlet IS ? AND url = ? LIMIT 1", (entry.outlet, url)
    ).fetchone()
    if row is not None:
        return str(row["article_id"]), True
    return article_id_from(entry.outlet, url), False


def _said_before(conn: sqlite3.Connection, entry: Entry, now: dt.datetime) -> str | None:
    """The article that the feed lately had with the same words under another id, if any.

    Not one that came in the same moment: two items of one document are two.
    """
    if len(entry.title or "") < _FEWEST_CHARS or entry.version is not None:
        return None
    row = conn.execute(
        "SELECT article_id FROM entry WHERE feed_id = ? AND content_hash = ? "
        "AND changed_at > ? AND changed_at < ? LIMIT 1",
        (entry.feed, entry.content_hash, stamp(now - _SAME_WORDS_FOR), stamp(now)),
    ).fetchone()
    return None if row is None else str(row["article_id"])


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
        "changes = changes + 1, gate_open = max(gate_open, ?) WHERE entry_id = ?",
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
