"""The ``entry`` table: every entry ever seen, gate open or not.

It is what makes "new" and "changed" decidable, what binds an entry to its article, and where the item
is found that a notice means.

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
from collections.abc import Sequence
from dataclasses import dataclass

from worker.core.domain.document import Entry
from worker.core.domain.vocabulary import EntryStatus
from worker.core.sources.gate import GateDecision
from worker.core.sources.story import Known, day_before, is_same_headline, meant
from worker.store.identity import article_id_from, canonical_url, entry_id_from
from worker.store.times import instant, instant_or_none, stamp, stamp_or_none

_MOST_OF_A_STORY = 200
_CHANGES, _RESTLESS_FOR = 24, dt.timedelta(hours=6)
_SAME_WORDS_FOR = dt.timedelta(hours=72)
_FEWEST_CHARS = 30
"""A title shorter than this ("Breaking news") may come again and mean something else."""


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """What is known of an entry. ``gate_open``: the gate has let one of its versions through.

    ``told_at``: when its newest version was made, or the kill or hold that ended it.
    """

    entry_id: str
    article_id: str
    content_hash: str
    status: EntryStatus
    gate_open: bool
    told_at: dt.datetime | None
    changes: int = 0
    changed_at: dt.datetime | None = None

    def is_restless(self, now: dt.datetime) -> bool:
        """Whether it has changed so often that this time is not counted."""
        if self.changes < _CHANGES or self.changed_at is None:
            return False
        return now - _RESTLESS_FOR < self.changed_at <= now


@dataclass(frozen=True, slots=True)
class Bound:
    """The article of an entry seen for the first time. ``known``: it is one of an entry seen before.

    ``same_page``: another feed of the outlet shows the very page, or this feed said the very words
    under another id. ``gate_open``: the gate has let an entry of it through.
    """

    article_id: str
    known: bool = False
    same_page: bool = False
    gate_open: bool = False


def find_entry(conn: sqlite3.Connection, entry_id: str) -> SeenEntry | None:
    """An entry as it was seen last, or None."""
    row = conn.execute(
        "SELECT entry_id, article_id, content_hash, status, gate_open, told_at, changes, changed_at "
        "FROM entry WHERE entry_id = ?",
        (entry_id,),
    ).fetchone()
    return _seen(row) if row is not None else None


def find_named(conn: sqlite3.Connection, entry: Entry, identity: str) -> SeenEntry | None:
    """The entry that another one names by id: of the same feed, else of another of the outlet.

    A number of the day is looked for on the day before too, when it cannot be of the same day.
    """
    found = _of_identity(conn, entry, identity)
    if found is None and (earlier := day_before(identity, entry.id)):
        found = _of_identity(conn, entry, earlier)
    return found


def find_meant(conn: sqlite3.Connection, entry: Entry, story: str, text: str) -> str | None:
    """The article that a notice means by the keyword line of its story; None: none, or several."""
    return meant(entry, _of_story(conn, entry, story), text)


def bind_to_article(
    conn: sqlite3.Connection, entry: Entry, entry_id: str, now: dt.datetime
) -> Bound:
    """The article of an entry seen for the first time."""
    if entry.withdraws is not None and entry.status not in ("kill", "hold"):
        named = find_named(conn, entry, entry.withdraws)
        if named is not None:
            return Bound(named.article_id, known=True, gate_open=named.gate_open)
    if entry.continues is not None:
        lead = entry_id_from(entry.feed, entry.continues)
        known = find_entry(conn, lead)
        if known is None:
            return Bound(lead)
        return Bound(known.article_id, known=True, gate_open=known.gate_open)
    if (article_id := _same_story(conn, entry)) is not None:
        return Bound(article_id, known=True, gate_open=_is_open(conn, article_id))
    if (article_id := _said_before(conn, entry, now)) is not None:
        return Bound(article_id, known=True, same_page=True)
    url = canonical_url(entry.url)
    if url is None:
        return Bound(entry_id)
    row = conn.execute(
        "SELECT article_id FROM entry WHERE outlet IS ? AND url = ? LIMIT 1", (entry.outlet, url)
    ).fetchone()
    if row is not None:
        return Bound(str(row["article_id"]), known=True, same_page=True)
    return Bound(article_id_from(entry.outlet, url))


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
        "version, status, gate_open, gate_reason, title, first_seen, changed_at, story, headline, "
        "first_at, told_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
            entry.story,
            entry.headline,
            stamp_or_none(entry.updated or entry.published),
            stamp_or_none(entry.updated),
        ),
    )


def change_entry(
    conn: sqlite3.Connection, entry: Entry, entry_id: str, gate: GateDecision, now: dt.datetime
) -> None:
    """Remember that an entry has changed. A gate that was open once stays open.

    A kill's headline does not take the place of the one that it ends.
    """
    conn.execute(
        "UPDATE entry SET content_hash = ?, version = ?, status = ?, changed_at = ?, "
        "told_at = coalesce(?, told_at), title = CASE WHEN ? THEN title ELSE ? END, "
        "headline = CASE WHEN ? THEN headline ELSE ? END, "
        "changes = changes + 1, story = coalesce(?, story), "
        "gate_open = max(gate_open, ?) WHERE entry_id = ?",
        (
            entry.content_hash,
            entry.version,
            entry.status,
            stamp(now),
            stamp_or_none(entry.updated),
            entry.status in ("kill", "hold"),
            entry.title,
            entry.status in ("kill", "hold"),
            entry.headline,
            entry.story,
            gate.open,
            entry_id,
        ),
    )


def end_article(
    conn: sqlite3.Connection, article_id: str, status: EntryStatus, told_at: dt.datetime
) -> None:
    """Remember that the entries of an article were ended by another item: sent again, unchanged or
    in an earlier version, they change nothing.
    """
    conn.execute(
        "UPDATE entry SET status = ?, told_at = ? WHERE article_id = ? "
        "AND (told_at IS NULL OR told_at <= ?)",
        (status, stamp(told_at), article_id, stamp(told_at)),
    )


def _of_identity(conn: sqlite3.Connection, entry: Entry, identity: str) -> SeenEntry | None:
    row = conn.execute(
        "SELECT entry_id, article_id, content_hash, status, gate_open, told_at, changes, changed_at "
        "FROM entry WHERE identity = ? AND (feed_id = ? OR outlet = ?) "
        "ORDER BY feed_id != ? LIMIT 1",
        (identity, entry.feed, entry.outlet, entry.feed),
    ).fetchone()
    return _seen(row) if row is not None else None


def _of_story(conn: sqlite3.Connection, entry: Entry, story: str) -> Sequence[Known]:
    """Items with this keyword line in the feed, or elsewhere in the outlet, but the entry itself."""
    rows = conn.execute(
        "SELECT article_id, title, headline, first_at, told_at FROM entry WHERE story = ? "
        "AND (feed_id = ? OR outlet = ?) AND NOT (feed_id = ? AND identity = ?) "
        "ORDER BY changed_at DESC LIMIT ?",
        (story, entry.feed, entry.outlet, entry.feed, entry.id, _MOST_OF_A_STORY),
    )
    return [
        Known(
            row["article_id"],
            row["title"],
            instant_or_none(row["first_at"]),
            instant_or_none(row["told_at"]),
            row["headline"],
        )
        for row in rows
    ]


def _same_story(conn: sqlite3.Connection, entry: Entry) -> str | None:
    """The article that a later part, a refile, a repeat or a version under a new id belongs to."""
    if entry.story is None or (
        entry.status in ("new", "kill", "hold", "embargo") and not entry.part
    ):
        return None
    known = _of_story(conn, entry, entry.story)
    if not entry.part:
        known = [one for one in known if is_same_headline(one.headline, entry.headline)]
    return meant(entry, known, entry.title or "")


def _is_open(conn: sqlite3.Connection, article_id: str) -> bool:
    row = conn.execute(
        "SELECT max(gate_open) AS open FROM entry WHERE article_id = ?", (article_id,)
    ).fetchone()
    return bool(row["open"])


def _seen(row: sqlite3.Row) -> SeenEntry:
    return SeenEntry(
        row["entry_id"],
        row["article_id"],
        row["content_hash"],
        row["status"],
        bool(row["gate_open"]),
        instant_or_none(row["told_at"]),
        row["changes"],
        instant(row["changed_at"]),
    )
