"""States sent again because the sink does not hold them, not because anything new was learnt.

Rules
-----
1. Sent again means a new revision, of kind ``resync``: the same (id, revision) never has two
   contents, whatever a consumer remembers of another sink.
2. It is material only when it brings news after all: compared with what the sink holds, or, where
   the sink holds nothing, because a material revision was never sent.
3. ``republish`` sends every incident, superseded and retracted ones too, in one settle. It is for a
   sink that is new or was lost, and is asked for by a person (``kabulwire topics republish``).
4. A store changes its sink only here. What is noted of the old one (published rows, the ledger's
   mark) is forgotten, for it says nothing about the new one; what waits goes to the new one.
5. Topics that hold something of this store's own past need more than that: see ``rebuild``.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass, replace

from worker.core.contract.canonical import digest
from worker.core.contract.message import INCIDENT_LOG, INCIDENTS, messages
from worker.core.contract.snapshot import ChangeNote, Snapshot
from worker.core.incident import Change, Changes, Incident
from worker.core.knowledge import Knowledge
from worker.core.merge.revise import content_of, is_material
from worker.publish.outbox import forget_ledger
from worker.store import incidents, outbox
from worker.store.connect import read_meta, write_meta
from worker.store.times import stamp


@dataclass(frozen=True, slots=True)
class Unsent:
    """The lowest revision of an incident that waits, and whether anything that waits is material."""

    revision: int
    material: bool


def resync(
    conn: sqlite3.Connection,
    local: Incident,
    told: Unsent,
    settle_id: int,
    now: dt.datetime,
    knowledge: Knowledge,
    held: Snapshot | None = None,
) -> int:
    """Queue the present state of an incident as ``told.revision``; returns 1, or 0 if it is queued.

    ``held``: the state that the sink holds.
    """
    note = ChangeNote(
        kind="resync",
        material=told.material if held is None else is_material(held, local.snapshot),
        backfill=False,
        cause_report=None,
        affected=(),
        change_id=digest([local.incident_id, told.revision, stamp(now)])[:16],
        fields=_fields(held, local.snapshot),
    )
    snapshot = replace(local.snapshot, revision=told.revision, as_of=now, change=note)
    incident = replace(local, snapshot=snapshot)
    incidents.carry_out(conn, Changes(kept=(incident,)), now)
    return min(1, outbox.append(conn, settle_id, messages(Change(incident), now, knowledge), now))


def _fields(held: Snapshot | None, fresh: Snapshot) -> tuple[str, ...]:
    if held is None:
        return ()
    before = content_of(held)
    return tuple(name for name, value in content_of(fresh).items() if before.get(name) != value)


def unsent(conn: sqlite3.Connection) -> dict[str, Unsent]:
    """What waits of each incident: everything below its lowest revision was published."""
    rows = conn.execute(
        "SELECT key, min(CAST(json_extract(headers, '$.kw_revision') AS INTEGER)) AS revision, "
        "max(json_extract(headers, '$.kw_material') = 'true') AS material "
        "FROM outbox WHERE published = 0 AND topic IN (?, ?) GROUP BY key",
        (INCIDENT_LOG, INCIDENTS),
    )
    return {row["key"]: Unsent(int(row["revision"]), bool(row["material"])) for row in rows}


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
        forget_ledger(conn, sink)
        conn.execute("DELETE FROM outbox WHERE published != 0")
        conn.execute("DELETE FROM meta WHERE key LIKE 'written.%'")
    settle_id = outbox.next_settle_id(conn)
    sent = 0
    for local in incidents.load_all(conn):
        told = Unsent(local.revision + 1, material=False)
        sent += resync(conn, local, told, settle_id, now, knowledge)
    return {"incidents": sent, "moved": int(moved), "waiting": outbox.count_waiting(conn)}
