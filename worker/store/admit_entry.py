"""What an entry means for the inbox: to be read, obeyed, held until its moment, or nothing at all.

Rules
-----
1. An entry is changed when its content, or what is to be done with it, is another. An older version
   that comes late is not: the time that the source gives it counts, then the order of arrival. At
   the same moment a kill stands.
2. What is under embargo waits in the inbox with the end of the embargo as its due date, and nowhere
   else. Another version of it takes its place, however the date has moved.
3. A kill or hold goes to the item that it names: by id, by the day's number, by keyword line with
   day, hour and headline; else to the item whose keyword line it has. Named before it came, an item
   is ended all the same.
4. A repeat of something that was read is not read again, and neither is one that nobody can use.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3

from worker.core.domain.document import Entry
from worker.core.sources.gate import GateDecision
from worker.core.sources.story import folded
from worker.store.entries import (
    SeenEntry,
    add_entry,
    bind_to_article,
    change_entry,
    end_article,
    find_entry,
    find_meant,
    find_named,
)
from worker.store.identity import entry_id_from, entry_id_of
from worker.store.inbox_rows import NEVER, WorkKind, drop_ended, drop_waiting, pack, put

_ENDS = ("kill", "hold")


def admit_entry(
    conn: sqlite3.Connection,
    entry: Entry,
    gate: GateDecision,
    now: dt.datetime,
    *,
    backfill: bool = False,
) -> tuple[str, bool]:
    """Take in one entry: ``new``, ``changed`` or ``seen``, and whether it was queued. ``backfill``: it
    came with the first poll of its feed.
    """
    entry_id = entry_id_of(entry)
    known = find_entry(conn, entry_id)
    if known is None:
        bound = bind_to_article(conn, entry, entry_id, now)
        add_entry(conn, entry, entry_id, bound.article_id, gate, now)
        if bound.same_page and entry.status in ("new", "update"):
            return "new", False
        if not (gate.open or bound.gate_open) or (bound.known and entry.status == "repeat"):
            return "new", False
        _enqueue(conn, entry, entry_id, bound.article_id, now, seen=bound.known, backfill=backfill)
        return "new", True
    if _is_late(entry, known) or _is_same(entry, known):
        return "seen", False
    if entry.status in ("new", "update") and known.is_restless(now):
        return "seen", False
    change_entry(conn, entry, entry_id, gate, now)
    if not (gate.open or known.gate_open) or entry.status == "repeat":
        return "changed", False
    _enqueue(conn, entry, entry_id, known.article_id, now, seen=True)
    return "changed", True


def _is_late(entry: Entry, known: SeenEntry) -> bool:
    """Whether an entry is an older version than the one that is known."""
    if entry.updated is None or known.told_at is None:
        return False
    ended = known.status == "kill" and entry.status != "kill"
    return entry.updated < known.told_at or (ended and entry.updated == known.told_at)


def _is_same(entry: Entry, known: SeenEntry) -> bool:
    """Whether an entry says what is known. What another item ended comes back with a later time only."""
    if known.content_hash != entry.content_hash:
        return False
    if known.status == entry.status:
        return True
    later = entry.updated and known.told_at and entry.updated > known.told_at
    return known.status in _ENDS and not later


def _enqueue(
    conn: sqlite3.Connection,
    entry: Entry,
    entry_id: str,
    article_id: str,
    now: dt.datetime,
    *,
    seen: bool,
    backfill: bool = False,
) -> None:
    """Queue an entry by its status. ``seen``: its article is one of an entry seen before."""
    kind: WorkKind = "entry"
    due = now
    if entry.status in _ENDS:
        kind = "kill"
        told_at = entry.updated or entry.published or now
        article_id = _ended(conn, entry, told_at, now) or (
            article_id if seen else _meant_by_itself(conn, entry) or article_id
        )
        end_article(conn, article_id, entry.status, told_at)
        drop_ended(conn, article_id, told_at)
    elif entry.status == "embargo":
        due = max(entry.embargo_until, now) if entry.embargo_until else NEVER
    drop_waiting(conn, entry_id, article_id, now)
    put(
        conn, kind, article_id, entry_id, json.dumps(pack(entry=entry, backfill=backfill)), now, due
    )


def _ended(
    conn: sqlite3.Connection, entry: Entry, told_at: dt.datetime, now: dt.datetime
) -> str | None:
    """The article of the item that a kill or hold names, known or not; None when it names none."""
    if entry.withdraws is not None:
        named = find_named(conn, entry, entry.withdraws)
        if named is not None:
            return named.article_id
        article_id = entry_id_from(entry.feed, entry.withdraws)
        ended = Entry(
            entry.feed, entry.withdraws, entry.format, outlet=entry.outlet, status=entry.status,
            updated=told_at,
        )  # fmt: skip
        add_entry(conn, ended, article_id, article_id, GateDecision(False, "status"), now)
        return article_id
    if entry.withdraws_slugline is not None:
        return find_meant(conn, entry, folded(entry.withdraws_slugline), _text(entry))
    return None


def _meant_by_itself(conn: sqlite3.Connection, entry: Entry) -> str | None:
    """The article with the keyword line that a notice of its own id has."""
    if entry.story is None or entry.withdraws_slugline is not None:
        return None
    return find_meant(conn, entry, entry.story, _text(entry))


def _text(entry: Entry) -> str:
    return "\n".join(filter(None, (entry.title, entry.note, entry.summary, entry.body)))
