"""States sent again because the sink does not hold them, not because anything new was learnt.

Rules
-----
1. Sent again means a new revision, of kind ``resync``: the same (id, revision) never has two
   contents, whatever a consumer remembers of another sink.
2. Each is a settle of its own: thousands of them never make one transaction.
3. It is material only when it brings news after all, because a material revision was never sent.
4. ``republish`` sends every incident, superseded and retracted ones too. It is for a sink that is new or
   was lost, and is asked for by a person (``kabulwire topics republish``).
5. A store changes its sink only here. What is noted of the old one (published rows, the ledger's
   mark) is forgotten, for it says nothing about the new one; what waits goes to the new one.
6. Topics that hold something of this store's own past need more than that: see ``rebuild``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from worker.core.contract.message import messages
from worker.core.domain.canonical import digest
from worker.core.domain.incident import Change, Changes, Incident
from worker.core.domain.snapshot import ChangeNote
from worker.core.knowledge.knowledge import Knowledge
from worker.decisions import tell_all
from worker.publish.batches import forget_ledger
from worker.store import incidents, outbox, queries
from worker.store.connect import Connection
from worker.store.meta import forget_written, read_meta, write_meta
from worker.store.outbox import Unsent
from worker.store.times import stamp

NOTHING = Unsent(0, material=False)


def resync(
    conn: Connection,
    local: Incident,
    now: dt.datetime,
    knowledge: Knowledge,
    waiting: Unsent = NOTHING,
) -> None:
    """Queue the present state of an incident as its next revision.

    ``waiting``: what was never sent of it. Its numbers are not used again all the same: the broker may
    have taken them without our knowing.
    """
    revision = local.revision + 1
    note = ChangeNote(
        kind="resync",
        material=waiting.material,
        backfill=False,
        cause_report=None,
        affected=(),
        change_id=digest([local.incident_id, revision, stamp(now)])[:16],
        fields=(),
    )
    snapshot = replace(local.snapshot, revision=revision, as_of=now, change=note)
    incident = replace(local, snapshot=snapshot)
    incidents.carry_out(conn, Changes(kept=(incident,)), now)
    outbox.append(
        conn, outbox.next_settle_id(conn), messages(Change(incident), now, knowledge), now
    )


def republish(
    conn: Connection,
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
        outbox.forget_ended(conn)
        forget_written(conn)
    tell_all(conn, now, knowledge)
    known = incidents.load_all(conn)
    for local in known:
        resync(conn, local, now, knowledge)
    return {"incidents": len(known), "moved": int(moved), "waiting": queries.count_waiting(conn)}
