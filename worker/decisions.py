"""What people decide about incidents: kept, carried out, foreseen, taken back.

Rules
-----
1. A decision is kept over article ids, in the store and in a topic of its own, so it outlives merges,
   splits and a lost store. Its id is made of what was decided and when.
2. Then the component of its articles is decided anew; nothing here decides what that means.
3. ``undo`` lets a decision count no more. ``recompute`` decides anew and keeps nothing.
4. ``erase`` withdraws the articles, lets the other incidents that held them be decided without
   them, and leaves tombstones. No id is used again, and it cannot be undone.
5. ``foresee`` decides the same without writing, on any connection.

All but ``foresee`` run on the writer thread, inside the transaction that it opened.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast, get_args

from worker import crash_points
from worker.core.contract.message import (
    Message,
    article_tombstone,
    decision_record,
    tombstones,
)
from worker.core.contract.records import DecisionRecord
from worker.core.domain.canonical import digest
from worker.core.domain.errors import InputError
from worker.core.domain.incident import Changes, Constraint, ConstraintKind
from worker.core.domain.report import Analysis, Verdict
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.decide import decide
from worker.settle import Settled, decide_again, file_withdrawal
from worker.store import articles, erasure, inbox, incidents, outbox
from worker.store.component import gather_component
from worker.store.connect import Connection
from worker.store.constraints import Decision, add_decision, find_decision, load_decisions
from worker.store.inbox import Work
from worker.store.times import stamp

_COMMANDS = {"must": "merge", "apart": "split"}


def command_of(kind: str) -> str:
    """The command of ``kabulwire incidents`` that makes such a decision."""
    return _COMMANDS.get(kind, kind)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks for: a decision to keep, one to take back, or (neither) to decide anew."""

    names: tuple[str, ...]
    decision: Constraint | None = None
    undone: str | None = None


def read_asked(correction: Mapping[str, Any]) -> Asked:
    """A correction as it was left for the worker.

    Raises ``InputError`` when it names no known kind, or no article.
    """
    kind, named = correction.get("kind"), correction.get("articles")
    if not named or kind not in (*get_args(ConstraintKind), "undo", "recompute"):
        raise InputError("bad_correction", f"kind {kind!r}, articles {named!r}")
    names = tuple(str(name) for name in named)
    if kind == "undo":
        return Asked(names, undone=str(correction.get("decision")))
    if kind == "recompute":
        return Asked(names)
    held = tuple(str(name) for name in correction.get("incidents") or ())
    return Asked(names, Constraint(cast("ConstraintKind", kind), names, held))


def correct(conn: Connection, work: Work, now: dt.datetime, knowledge: Knowledge) -> Settled:
    """Keep what a person decided, and decide its component anew.

    Raises ``InputError`` when the correction names no known kind, article or decision.
    """
    asked = read_asked(work.correction or {})
    settle_id = outbox.next_settle_id(conn)
    decision = _decision(conn, asked, now, knowledge)
    if decision is not None:
        add_decision(conn, decision, settle_id)
        told = decision_record(record_of(decision, knowledge), knowledge)
        outbox.append(conn, settle_id, (told,), now)
    inbox.finish(conn, work)
    gone: tuple[str, ...] = ()
    if asked.decision is not None and asked.decision.kind == "erase" and decision is not None:
        gone = tuple(to_erase(conn, asked.decision.incidents))
        changes = erase(conn, decision, settle_id, now, knowledge)
    else:
        changes = decide_again(conn, _concerned(asked), settle_id, now, knowledge)
    crash_points.point("settle.before_commit")
    told_of = changes.changes
    home = told_of[0].incident.incident_id if told_of else None
    return Settled(
        "corrected",
        work.article_id,
        work.version,
        home=home,
        changes=told_of,
        decision=None if decision is None else decision.decision_id,
        erased=gone,
    )


def foresee(conn: Connection, asked: Asked, now: dt.datetime, knowledge: Knowledge) -> Changes:
    """What ``correct`` would change now, of anything but an erasure."""
    standing = [
        decision.constraint
        for decision in load_decisions(conn)
        if decision.undone_at is None and decision.decision_id != asked.undone
    ]
    if asked.decision is not None:
        standing.append(asked.decision)
    component = gather_component(conn, _concerned(asked), knowledge, tuple(standing))
    return decide(component, None, now, knowledge)


def erase(
    conn: Connection,
    decision: Decision,
    settle_id: int,
    now: dt.datetime,
    knowledge: Knowledge,
) -> Changes:
    """Carry an erasure out, as far as it is not; returns what it changed of other incidents."""
    named = decision.constraint.articles
    gone = to_erase(conn, decision.constraint.incidents)
    revisions = {name: (incidents.revision_of(conn, name) or 0) + 1 for name in gone}
    written = erasure.recorded(conn, named)
    changes: list[Changes] = []
    for article_id in named:
        standing = articles.standing(conn, article_id)
        if standing is not None:
            bare = replace(
                standing.article, version=standing.article.version + 1, title=None, body="",
                text="", status="kill", version_time=now,
            )  # fmt: skip
            analysis = Analysis(bare, Verdict("other", 0.0, "drop"), ())
            changes.append(file_withdrawal(conn, analysis, settle_id, now, knowledge))
    erasure.erase(conn, named, gone)
    record = record_of(decision, knowledge)
    said: list[Message] = []
    for name in gone:
        said += tombstones(name, revisions[name], record, knowledge)
    said += [article_tombstone(name, record, knowledge) for name in written]
    outbox.append(conn, settle_id, said, now)
    others = (c for each in changes for c in each.changes)
    return Changes(changes=tuple(c for c in others if c.incident.incident_id not in gone))


def to_erase(conn: Connection, named: Iterable[str]) -> list[str]:
    """The incidents that an erasure takes along: those named, and those that went up in them."""
    found: list[str] = []
    waiting = list(named)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found.append(name)
            waiting += erasure.superseded_by(conn, name)
    return found


def record_of(decision: Decision, knowledge: Knowledge) -> DecisionRecord:
    """A decision as it is published."""
    return DecisionRecord(
        decision_id=decision.decision_id,
        kind=decision.constraint.kind,
        articles=decision.constraint.articles,
        incidents=decision.constraint.incidents,
        made_at=decision.made_at,
        undone_at=decision.undone_at,
        as_of=decision.undone_at or decision.made_at,
        profile=knowledge.profile.name,
    )


def decision_of(record: DecisionRecord) -> Decision:
    """The inverse of ``record_of``."""
    constraint = Constraint(record.kind, record.articles, record.incidents)
    return Decision(record.decision_id, constraint, record.made_at, record.undone_at)


def tell_all(
    conn: Connection, now: dt.datetime, knowledge: Knowledge, known: Collection[str] = ()
) -> None:
    """Queue every decision for its topic, but for the records that it has (``known``)."""
    settle_id = outbox.next_settle_id(conn)
    told = (decision_record(record_of(d, knowledge), knowledge) for d in load_decisions(conn))
    outbox.append(conn, settle_id, (m for m in told if m.ce_id not in known), now)


def _decision(
    conn: Connection, asked: Asked, now: dt.datetime, knowledge: Knowledge
) -> Decision | None:
    """The decision to keep, or the one that is taken back. Raises ``InputError``."""
    if asked.undone is not None:
        found = find_decision(conn, asked.undone)
        if found is None or found.constraint.kind == "erase":
            raise InputError("bad_correction", f"no decision {asked.undone} that can be undone")
        return replace(found, undone_at=found.undone_at or now)
    if asked.decision is None:
        return None
    made = asked.decision
    parts = [knowledge.profile.name, made.kind, *made.articles, *made.incidents, stamp(now)]
    return Decision(f"d-{digest(parts)[:16]}", made, now)


def _concerned(asked: Asked) -> set[str]:
    """What is decided anew: the articles, also of reports, and the incidents that were named."""
    names = {name.rpartition("#")[0] or name for name in asked.names}
    return names.union(asked.decision.incidents if asked.decision is not None else ())
