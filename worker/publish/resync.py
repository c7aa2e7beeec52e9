"""States sent again because the sink does not hold them, not because anything new was learnt.

Rules
-----
1. Sent again means a new revision, of kind ``resync`` and not material: the same (id, revision)
   never has two contents, whatever a consumer remembers of an earlier sink.
2. ``republish`` sends every incident, superseded and retracted ones too, in one settle. It is for a
   sink that is new or was lost, and is asked for by a person (``kabulwire topics republish``).
3. A store changes its sink only here. What is noted of the old one (published rows, the ledger's
   mark) is forgotten, for it says nothing about the new one; what waits goes to the new one.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import replace

from worker.core.contract.canonical import digest
from worker.core.contract.message import INCIDENT_LOG, INCIDENTS, messages
from worker.core.incident import Change, Changes, Incident
from worker.core.knowledge import Knowledge
from worker.publish.outbox import forget_ledger
from worker.store import incidents, outbox
from worker.store.connect import read_meta, write_meta
from worker.store.times import stamp


def resync(
    conn: sqlite3.Connection,
    local: Incident,
    revision: int,
    settle_id: int,
    now: dt.datetime,
    knowledge: Knowledge,
) -> int:
    """Queue the present state of an incident as ``revision``; returns 1, or 0 if it is queued."""
    note = replace(
        local.snapshot.change,
        kind="resync",
        material=False,
        change_id=digest([local.incident_id, revision, stamp(now)])[:32],
    )
    incident = replace(
        local, snapshot=replace(local.snapshot, revision=revision, as_of=now, change=note)
    )
    incidents.carry_out(conn, Changes(kept=(incident,)), now)
    return min(1, outbox.append(conn, settle_id, messages(Change(incident), now, knowledge), now))


def unsent(conn: sqlite3.Connection) -> dict[str, int]:
    """The lowest revision of each incident that waits: everything below it was published."""
    rows = conn.execute(
        "SELECT key, min(CAST(json_extract(headers, '$.kw_revision') AS INTEGER)) AS revision "
        "FROM outbox WHERE published = 0 AND topic IN (?, ?) GROUP BY key",
        (INCIDENT_LOG, INCIDENTS),
    )
    return {row["key"]: int(row["revision"]) for row in rows}


def republish(
    conn: sqlite3.Connection,
    sink: str,
    now: dt.datetime,
    knowledge: Knowledge,
    *,
    lost: bool = False,
) -> dict[str, int]:
    """Queue the present state of every incident for ``sink``; returns counts for the person.

    ``lost``: the sink is the same and holds nothing of this store any more.
    """
    moved = read_meta(conn, "sink") != sink
    if moved or lost:
        write_meta(conn, "sink", sink)
        forget_ledger(conn)
        conn.execute("DELETE FROM outbox WHERE published != 0")
    settle_id = outbox.next_settle_id(conn)
    sent = sum(
        resync(conn, local, local.revision + 1, settle_id, now, knowledge)
        for local in incidents.load_all(conn)
    )
    return {"incidents": sent, "moved": int(moved), "waiting": outbox.count_waiting(conn)}
