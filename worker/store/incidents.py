"""Incidents, their members and founding counts."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable

from worker.core.domain.incident import Changes, Incident, article_of, from_json, to_json
from worker.core.domain.remembered import Remembered
from worker.store.days import is_long
from worker.store.decoded import decoded_of
from worker.store.meta import read_meta, write_meta
from worker.store.timers import set_timer
from worker.store.times import stamp

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
            incident = from_json(Incident, row["record"])
            decoded.keep_incident(incident, len(row["record"]))
        found[name] = incident
    return found


def load_all(conn: sqlite3.Connection) -> list[Incident]:
    """Every incident, in the order of their ids."""
    rows = conn.execute("SELECT record FROM incident ORDER BY incident_id").fetchall()
    return [from_json(Incident, row["record"]) for row in rows]


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
    snapshot = incident.snapshot
    frozen = incident.frozen.report.date if incident.frozen is not None else None
    first = _day_before(frozen.start if frozen else snapshot.date.start)
    last = _day_after(frozen.end if frozen else snapshot.date.end)
    record = to_json(incident).decode()
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
    stored = _stored_members(conn, incident.incident_id)
    decoded_of(conn).save_incident(incident, len(record))
    _save_members(conn, incident, stored, now)


_MemberRows = dict[str, tuple[str, int]]
"""Report → its article, and 1 when it is a former member."""


def _stored_members(conn: sqlite3.Connection, incident_id: str) -> _MemberRows:
    """The rows of an incident's members: as it was last saved, or read from the table."""
    known = decoded_of(conn).incident(incident_id)
    if known is not None:
        return _ROWS.of(known)
    rows = conn.execute(
        "SELECT report_id, article_id, former FROM member WHERE incident_id = ?", (incident_id,)
    )
    return {row["report_id"]: (row["article_id"], row["former"]) for row in rows}


def _rows_of(incident: Incident) -> _MemberRows:
    wanted = {member.report_id: (member.article_id, 0) for member in incident.members}
    for report_id in incident.former:
        wanted.setdefault(report_id, (article_of(report_id), 1))
    return wanted


_ROWS = Remembered(_rows_of, 64)


def _save_members(
    conn: sqlite3.Connection, incident: Incident, stored: _MemberRows, now: dt.datetime
) -> None:
    """The rows of its members, current and former: those that are new or changed."""
    wanted = _ROWS.of(incident)
    for report_id in stored.keys() ^ wanted.keys():
        article_id = (stored.get(report_id) or wanted[report_id])[0]
        decoded_of(conn).holding.pop(article_id, None)
    conn.executemany(
        "DELETE FROM member WHERE incident_id = ? AND report_id = ?",
        [(incident.incident_id, report_id) for report_id in stored.keys() - wanted.keys()],
    )
    conn.executemany(
        "INSERT OR REPLACE INTO member (incident_id, report_id, article_id, former, since) "
        "VALUES (?, ?, ?, ?, ?)",
        [
            (incident.incident_id, report_id, *told, stamp(now))
            for report_id, told in wanted.items()
            if stored.get(report_id) != told
        ],
    )


def _day_before(day: dt.date | None) -> dt.date | None:
    return None if day is None else day - dt.timedelta(days=_MARGIN_DAYS)


def _day_after(day: dt.date | None) -> dt.date | None:
    return None if day is None else day + dt.timedelta(days=_MARGIN_DAYS)


_MARGIN_DAYS = 8
"""Wider than any window that merging compares: the query finds a superset, ``collect`` decides."""
