"""Incidents, their members and founding counts.

A member is a row of its own: of the thousand that an incident has, a report that comes adds one.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from worker.core.domain.incident import Changes, Incident, article_of, from_json, to_json
from worker.core.domain.remembered import alike_at_ends
from worker.core.domain.snapshot import Member
from worker.core.merge.cluster.records import as_listed
from worker.store.days import is_long
from worker.store.decoded import decoded_of
from worker.store.meta import read_meta, write_meta
from worker.store.timers import set_timer
from worker.store.times import stamp

_MEMBER_BYTES = 500
"""About what a member has as JSON; in the demonstration 479 to 506."""
_ERASE = (
    "DELETE FROM timer WHERE incident_id = ?",
    "DELETE FROM member WHERE incident_id = ?",
    "DELETE FROM incident WHERE incident_id = ?",
)
_DROP = (*_ERASE, "DELETE FROM founded WHERE incident_id = ?")


def carry_out(conn: sqlite3.Connection, changes: Changes, now: dt.datetime) -> None:
    """Store what was decided: incidents, members, founding counts, timers."""
    for incident in (*(change.incident for change in changes.changes), *changes.kept):
        _save(conn, incident, now)
    for timer in changes.timers:
        set_timer(conn, timer)


def load(conn: sqlite3.Connection, incident_id: str) -> Incident | None:
    """One incident, or None."""
    return load_many(conn, (incident_id,)).get(incident_id)


def load_many(conn: sqlite3.Connection, names: Iterable[str]) -> dict[str, Incident]:
    """The incidents among these names, by id; each is decoded once."""
    decoded = decoded_of(conn)
    found: dict[str, Incident] = {}
    for name in names:
        incident = decoded.incident(name)
        if incident is None:
            row = conn.execute(
                "SELECT record FROM incident WHERE incident_id = ?", (name,)
            ).fetchone()
            if row is None:
                continue
            incident = _read(conn, row["record"])
            decoded.keep_incident(incident, _size(incident, row["record"]))
        found[name] = incident
    return found


def load_all(conn: sqlite3.Connection) -> list[Incident]:
    """Every incident, in the order of their ids."""
    rows = conn.execute("SELECT record FROM incident ORDER BY incident_id").fetchall()
    return [_read(conn, row["record"]) for row in rows]


def _read(conn: sqlite3.Connection, record: str) -> Incident:
    incident = from_json(Incident, record)
    return replace(incident, members=_members_of(conn, incident.incident_id))


def _size(incident: Incident, record: str) -> int:
    """About as many bytes as an incident has as JSON, with its members."""
    return len(record) + _MEMBER_BYTES * len(incident.members)


def drop(conn: sqlite3.Connection, incident_id: str) -> None:
    """Forget an incident that nobody outside has ever seen, with its id."""
    decoded_of(conn).forget_incident(incident_id)
    known = conn.execute("SELECT 1 FROM founded WHERE incident_id = ?", (incident_id,)).fetchall()
    decoded_of(conn).founded.clear()
    for statement in _DROP:
        conn.execute(statement, (incident_id,))
    _count(conn, -len(known))


def is_live(conn: sqlite3.Connection, article_id: str) -> bool:
    """Whether an article holds up an incident that is neither closed, merged away nor retracted."""
    row = conn.execute(
        "SELECT 1 FROM member CROSS JOIN incident ON incident.incident_id = member.incident_id "
        "WHERE member.article_id = ? AND member.former = 0 "
        "AND incident.state IN ('provisional', 'active', 'settled') LIMIT 1",
        (article_id,),
    ).fetchone()
    return row is not None


def held_up(conn: sqlite3.Connection, article_id: str) -> tuple[str, str] | None:
    """The incident that an article's first report is part of, and that report; None: it is of none."""
    row = conn.execute(
        "SELECT incident_id, report_id FROM member WHERE article_id = ? AND former = 0 "
        "ORDER BY report_id LIMIT 1",
        (article_id,),
    ).fetchone()
    return None if row is None else (row["incident_id"], row["report_id"])


def erase(conn: sqlite3.Connection, incident_id: str) -> None:
    """Forget an incident that was erased in the topics; its id stays taken."""
    decoded_of(conn).forget_incident(incident_id)
    for statement in _ERASE:
        conn.execute(statement, (incident_id,))


def revision_of(conn: sqlite3.Connection, incident_id: str | None) -> int | None:
    """The revision at which an incident stands, or None."""
    row = conn.execute(
        "SELECT revision FROM incident WHERE incident_id = ?", (incident_id,)
    ).fetchone()
    return None if row is None else int(row["revision"])


def count_founded(conn: sqlite3.Connection) -> int:
    """How many incidents were ever announced, dropped ones apart: the newest one's ordinal."""
    return int(read_meta(conn, "founded") or 0)


def _count(conn: sqlite3.Connection, more: int) -> None:
    if more:
        write_meta(conn, "founded", str(count_founded(conn) + more))


def _save(conn: sqlite3.Connection, incident: Incident, now: dt.datetime) -> None:
    before, snapshot = load(conn, incident.incident_id), incident.snapshot
    frozen = incident.frozen.report.date if incident.frozen is not None else None
    first = _day_before(frozen.start if frozen else snapshot.date.start)
    last = _day_after(frozen.end if frozen else snapshot.date.end)
    record = to_json(replace(incident, members=())).decode()
    known = conn.execute(
        "SELECT announced_at FROM incident WHERE incident_id = ?", (incident.incident_id,)
    ).fetchone()
    conn.execute(
        "INSERT OR REPLACE INTO incident (incident_id, revision, state, superseded_by, frozen, "
        "date_lo, date_hi, is_long, announced_at, changed_at, record) "
        "VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        (
            incident.incident_id,
            incident.revision,
            incident.state,
            incident.superseded_by,
            incident.frozen is not None,
            None if first is None else first.isoformat(),
            None if last is None else last.isoformat(),
            first is not None and last is not None and is_long(first, last),
            known["announced_at"] if known else stamp(now),
            stamp(now),
            record,
        ),
    )
    added = conn.execute(
        "INSERT OR IGNORE INTO founded (article_id, n, incident_id) VALUES (?, ?, ?)",
        (incident.founding_article, incident.founding_n, incident.incident_id),
    )
    _count(conn, added.rowcount)
    decoded_of(conn).save_incident(incident, _size(incident, record))
    _save_members(conn, incident, before, now)


_MemberRows = dict[str, tuple[str, Member | None]]
"""Report → its article, and as what it is a member; None: it was one once."""


def _members_of(conn: sqlite3.Connection, incident_id: str) -> tuple[Member, ...]:
    """The members of an incident, as they are told."""
    rows = conn.execute(
        "SELECT record FROM member WHERE incident_id = ? AND record IS NOT NULL", (incident_id,)
    )
    return as_listed(from_json(Member, row["record"]) for row in rows)


def _save_members(
    conn: sqlite3.Connection, incident: Incident, before: Incident | None, now: dt.datetime
) -> None:
    """The rows of its members, current and former: those that are new or changed."""
    stored, wanted = _rows_that_differ(before, incident)
    for report_id in stored.keys() ^ wanted.keys():
        article_id = (stored.get(report_id) or wanted[report_id])[0]
        decoded_of(conn).holding.pop(article_id, None)
    conn.executemany(
        "DELETE FROM member WHERE incident_id = ? AND report_id = ?",
        [(incident.incident_id, report_id) for report_id in stored.keys() - wanted.keys()],
    )
    conn.executemany(
        "INSERT INTO member (incident_id, report_id, article_id, former, since, record) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (incident_id, report_id) DO UPDATE SET "
        "since = CASE former WHEN excluded.former THEN since ELSE excluded.since END, "
        "article_id = excluded.article_id, former = excluded.former, record = excluded.record",
        [
            (incident.incident_id, report_id, article_id, member is None, stamp(now), _row(member))
            for report_id, (article_id, member) in wanted.items()
            if stored.get(report_id) != (article_id, member)
        ],
    )


def _row(member: Member | None) -> str | None:
    return None if member is None else to_json(member).decode()


def _rows_that_differ(before: Incident | None, after: Incident) -> tuple[_MemberRows, _MemberRows]:
    """The rows of the two, but for those of members that stand in both at the same end of the list."""
    new = after.members
    if before is None:
        return {}, _rows(new, after.former)
    old = before.members
    first, last = alike_at_ends(old, new)
    return (
        _rows(old[first : len(old) - last], before.former),
        _rows(new[first : len(new) - last], after.former),
    )


def _rows(members: Iterable[Member], former: Iterable[str]) -> _MemberRows:
    rows: _MemberRows = {report_id: (article_of(report_id), None) for report_id in former}
    return rows | {member.report_id: (member.article_id, member) for member in members}


def _day_before(day: dt.date | None) -> dt.date | None:
    return None if day is None else day - dt.timedelta(days=_MARGIN_DAYS)


def _day_after(day: dt.date | None) -> dt.date | None:
    return None if day is None else day + dt.timedelta(days=_MARGIN_DAYS)


_MARGIN_DAYS = 8
"""Wider than any window that merging compares: the query finds a superset, ``collect`` decides."""
