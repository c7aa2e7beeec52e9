"""Work to do on documents: admitted durably, taken, and ended in one transaction.

Rules
-----
1. Everything enters by ``admit`` or ``admit_document``; a feed's validators are stored in the same
   transaction as its entries, so a crash fetches again and loses nothing.
2. New *and changed* entries go on; what a change is, and what waits for a moment, says
   ``admit_entry``.
3. ``attempts`` is committed when a row is taken. Taken twice without an end, a row runs alone once
   (not beside others, nothing beside it); after the third time it is buried: a page that kills the
   whole container must not loop.
4. Rows of one article are worked on one at a time, oldest first.
5. The page of a report of a live incident is asked again, for casualty figures change in place
   (``plant_recheck``): one row at a time, each plants the next.
6. A page that was no article when it was asked is asked again later (``plant_revisit``). A newer
   version of the entry takes the place of what was planned of either kind: it asks for the page itself.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from worker import crash_points
from worker.core.domain.document import Document, Entry
from worker.core.sources.gate import GateDecision
from worker.core.sources.story import Part
from worker.store.admit_entry import admit_entry
from worker.store.articles import newest_version
from worker.store.feeds import save_state
from worker.store.inbox_rows import DOCUMENT, ENTRY, WorkKind, drop_planned, pack, put
from worker.store.parts import parts_of
from worker.store.times import instant, stamp

TAKES_TOGETHER, TAKES_ALONE = 2, 3


@dataclass(frozen=True, slots=True)
class Admission:
    """What one poll or delivery brought. ``state`` is the feed's new state, as JSON; ``backfill``: it
    is what the feed held when it was asked for the first time.
    """

    feed_id: str
    entries: tuple[tuple[Entry, GateDecision], ...]
    state: str | None = None
    next_at: dt.datetime | None = None
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class Admitted:
    """How many entries were new, changed, queued for reading, and seen before."""

    new: int = 0
    changed: int = 0
    queued: int = 0
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Recheck:
    """What is known when a page is asked again. ``since``: when it was first read. ``body_hash``:
    SHA-256 of its bytes, "" when unknown. ``gone``: how often in a row it was not there.
    """

    since: dt.datetime
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str = ""
    gone: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """One row that was taken. ``version`` is the number that this version of the article will have.

    ``parts``: of a story that its agency sends in takes, the others' texts.
    """

    inbox_id: int
    kind: WorkKind
    article_id: str
    entry_id: str | None
    entry: Entry | None
    document: Document | None
    correction: dict[str, Any] | None
    admitted_at: dt.datetime
    attempts: int
    postponed: int
    version: int
    parts: tuple[Part, ...] = ()
    revisit: int = 0
    """How often the page was asked for in vain before this row."""
    recheck: Recheck | None = None
    backfill: bool = False
    """Its entry came with the first poll of the feed."""


_RECHECK: TypeAdapter[Recheck] = TypeAdapter(Recheck)


def admit(conn: sqlite3.Connection, admission: Admission, now: dt.datetime) -> Admitted:
    """Take in what a poll brought, with the feed's new state. One transaction with its caller."""
    counts = {"new": 0, "changed": 0, "queued": 0, "seen": 0}
    for entry, gate in admission.entries:
        kind, queued = admit_entry(conn, entry, gate, now, backfill=admission.backfill)
        counts[kind] += 1
        counts["queued"] += queued
    if admission.state is not None:
        save_state(conn, admission.feed_id, admission.state, admission.next_at, now)
    crash_points.point("admit.before_commit")
    return Admitted(**counts)


def admit_document(conn: sqlite3.Connection, document: Document, now: dt.datetime) -> int:
    """Take in a document that needs no fetching (replay, spool, push); returns its inbox id."""
    payload = json.dumps(pack(document=document))
    return put(conn, "document", document.article_id, None, payload, now, now)


def admit_correction(
    conn: sqlite3.Connection, article_id: str, correction: dict[str, Any], now: dt.datetime
) -> int:
    """Take in a person's decision; returns its inbox id."""
    payload = json.dumps({"correction": correction})
    return put(conn, "correction", article_id, None, payload, now, now)


def take(conn: sqlite3.Connection, now: dt.datetime, limit: int) -> list[Work]:
    """Take up to ``limit`` due rows. Their attempts count from now on."""
    busy = conn.execute("SELECT article_id, attempts FROM inbox WHERE claimed = 1").fetchall()
    if any(row["attempts"] > TAKES_TOGETHER for row in busy):
        return []
    begun = {row["article_id"] for row in busy}
    rows: list[sqlite3.Row] = []
    for row in _due(conn, now):
        if len(rows) >= limit or row["article_id"] in begun:
            continue
        if row["attempts"] >= TAKES_TOGETHER:
            if busy or rows:
                continue
            rows, limit = [row], 1
        else:
            rows.append(row)
        begun.add(row["article_id"])
    conn.executemany(
        "UPDATE inbox SET claimed = 1, attempts = attempts + 1 WHERE inbox_id = ?",
        [(row["inbox_id"],) for row in rows],
    )
    return [_work(conn, row) for row in rows]


def release_all(conn: sqlite3.Connection) -> int:
    """After a start nobody works on anything: give back what a dead process had taken."""
    return conn.execute("UPDATE inbox SET claimed = 0 WHERE claimed = 1").rowcount


def postpone(
    conn: sqlite3.Connection, work: Work, due_at: dt.datetime, reason: str, *, attempted: bool
) -> None:
    """Try again later. ``attempted``: the attempt ended badly (a killed job) and still counts."""
    conn.execute(
        "UPDATE inbox SET claimed = 0, due_at = ?, postponed = postponed + 1, last_reason = ?, "
        "attempts = CASE WHEN ? THEN attempts ELSE 0 END WHERE inbox_id = ?",
        (stamp(due_at), reason, attempted, work.inbox_id),
    )


def plant_revisit(
    conn: sqlite3.Connection, work: Work, due_at: dt.datetime, now: dt.datetime
) -> None:
    """Let the page of an entry be asked for again at ``due_at``, by a row of its own."""
    payload = {**pack(entry=work.entry, backfill=work.backfill), "revisit": work.revisit + 1}
    put(conn, "entry", work.article_id, work.entry_id, json.dumps(payload), now, due_at)


def plant_recheck(
    conn: sqlite3.Connection, work: Work, known: Recheck, due_at: dt.datetime, now: dt.datetime
) -> None:
    """Let the page of an entry that was read be asked again at ``due_at``, in place of what was planned."""
    drop_planned(conn, work.article_id)
    payload = {**pack(entry=work.entry), "recheck": _RECHECK.dump_python(known, mode="json")}
    put(conn, "recheck", work.article_id, work.entry_id, json.dumps(payload), now, due_at)


def finish(conn: sqlite3.Connection, work: Work) -> None:
    """The work is done: its row leaves the inbox in the transaction that ends it."""
    conn.execute("DELETE FROM inbox WHERE inbox_id = ?", (work.inbox_id,))


def _due(conn: sqlite3.Connection, now: dt.datetime) -> Sequence[sqlite3.Row]:
    """Due rows, of each article the oldest only, so that versions are settled in order.

    What was due when it was admitted is due, whatever the clock says now: it may have been a day
    ahead then.
    """
    rows: Sequence[sqlite3.Row] = conn.execute(
        "SELECT * FROM inbox AS row WHERE claimed = 0 AND (due_at <= ? OR "
        "(postponed = 0 AND due_at = admitted_at)) AND NOT EXISTS "
        "(SELECT 1 FROM inbox AS older WHERE older.article_id = row.article_id "
        "AND older.inbox_id < row.inbox_id AND older.due_at <= ?) "
        "ORDER BY due_at, inbox_id LIMIT 500",
        (stamp(now), stamp(now)),
    ).fetchall()
    return rows


def pack_work(work: Work) -> str:
    """The payload of a row, as it was admitted."""
    packed = pack(entry=work.entry, document=work.document, backfill=work.backfill)
    if work.correction is not None:
        packed["correction"] = work.correction
    if work.revisit:
        packed["revisit"] = work.revisit
    if work.recheck is not None:
        packed["recheck"] = _RECHECK.dump_python(work.recheck, mode="json")
    return json.dumps(packed)


def _work(conn: sqlite3.Connection, row: sqlite3.Row) -> Work:
    payload = json.loads(row["payload"])
    article_id = row["article_id"]
    document = None
    if "document" in payload:
        document = DOCUMENT.validate_python(payload["document"])
        if "html" in payload:
            document = replace(document, html=base64.b64decode(payload["html"]))
    entry = ENTRY.validate_python(payload["entry"]) if "entry" in payload else None
    version = newest_version(conn, article_id) + 1
    if entry is not None and entry.status == "embargo":  # taken: its embargo is over
        entry = replace(entry, status="new" if version == 1 else "update")
    parts = parts_of(conn, article_id) if entry is not None and entry.story is not None else ()
    return Work(
        inbox_id=row["inbox_id"],
        kind=row["kind"],
        article_id=article_id,
        entry_id=row["entry_id"],
        entry=entry,
        document=document,
        correction=payload.get("correction"),
        admitted_at=instant(row["admitted_at"]),
        attempts=row["attempts"] + 1,
        postponed=row["postponed"],
        version=version,
        parts=parts,
        revisit=int(payload.get("revisit", 0)),
        recheck=_RECHECK.validate_python(payload["recheck"]) if "recheck" in payload else None,
        backfill=bool(payload.get("backfill")),
    )
