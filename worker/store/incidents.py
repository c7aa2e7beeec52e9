"""Incidents, their members and founding counts, and the component that one decision looks at."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from itertools import chain

from worker.core.domain.incident import (
    Changes,
    Component,
    Constraint,
    FiledReport,
    Incident,
    article_of,
    from_json,
    to_json,
)
from worker.core.domain.remembered import Remembered
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.cluster.component import collect, frozen_window, hull
from worker.core.merge.evidence.copies import Pairs, among
from worker.store.articles import reports_of_articles, reports_of_days
from worker.store.constraints import load_constraints
from worker.store.days import earliest, is_long
from worker.store.decoded import decoded_of
from worker.store.meta import read_meta, write_meta
from worker.store.timers import set_timer
from worker.store.times import stamp

Days = tuple[dt.date, dt.date]
_ERASE = (
    "DELETE FROM timer WHERE incident_id = ?",
    "DELETE FROM member WHERE incident_id = ?",
    "DELETE FROM incident WHERE incident_id = ?",
)
_DROP = (*_ERASE, "DELETE FROM founded WHERE incident_id = ?")


def gather_component(
    conn: sqlite3.Connection,
    names: Collection[str],
    knowledge: Knowledge,
    constraints: tuple[Constraint, ...] | None = None,
) -> Component:
    """The component of these articles (or incidents): widened until nothing new is found.

    ``constraints``: what people decided; None: what the store has.
    """
    if constraints is None:
        constraints = load_constraints(conn)
    announced = _holding(conn, names)
    asked, held = _articles(announced, names), set(names)
    reports = reports_of_articles(conn, sorted(asked))
    days = _widest(None, reports.values(), announced.values(), knowledge)
    looked_at = -1
    while True:
        if days is not None:
            reports |= reports_of_days(conn, *days)
            announced |= _of_days(conn, days)
        named = {f.article.article_id for f in reports.values()} - held
        held |= named
        announced |= _holding(conn, named)
        fresh = _articles(announced, names) - asked
        asked |= fresh
        reports |= reports_of_articles(conn, sorted(fresh))
        if looked_at == len(reports) + len(announced):
            break  # what the wider days brought was all there before
        looked_at = len(reports) + len(announced)
        copies = _copies(conn, reports.values(), knowledge)
        kept, concerned = collect(
            list(reports.values()), names, knowledge, list(announced.values()), constraints, copies
        )
        near = [announced[incident_id] for incident_id in concerned]
        wider = _widest(days, kept, near, knowledge)
        if wider == days:
            break
        days = wider
    return Component(
        reports=kept,
        announced=tuple(near),
        constraints=constraints,
        founded=_founded(conn, kept, near),
        next_ordinal=count_founded(conn) + 1,
        copies=copies if len(kept) == len(reports) else _among(copies, kept),
    )


def _among(copies: Pairs, reports: Iterable[FiledReport]) -> Pairs:
    return among(copies, {filed.article.article_id for filed in reports})


def _copies(
    conn: sqlite3.Connection, reports: Iterable[FiledReport], knowledge: Knowledge
) -> Pairs:
    """The pairs of their articles of which one repeats the other's text."""
    articles = {filed.article.article_id: filed.article for filed in reports}
    return decoded_of(conn).copies.pairs(articles.values(), knowledge.merge_weights)


def carry_out(conn: sqlite3.Connection, changes: Changes, now: dt.datetime) -> None:
    """Store what was decided: incidents, members, founding counts, timers."""
    for incident in (*(change.incident for change in changes.changes), *changes.kept):
        _save(conn, incident, now)
    for timer in changes.timers:
        set_timer(conn, timer)


def load(conn: sqlite3.Connection, incident_id: str) -> Incident | None:
    """One incident, or None."""
    return _load(conn, (incident_id,)).get(incident_id)


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


def _holding(conn: sqlite3.Connection, names: Collection[str]) -> dict[str, Incident]:
    """Incidents named, or that hold or held one of these articles."""
    decoded = decoded_of(conn)
    found = {name: decoded.holding[name] for name in names if name in decoded.holding}
    unknown = sorted(set(names) - found.keys())
    if unknown:
        fresh = _holders(conn, unknown)
        decoded.answer_names(decoded.holding, fresh)
        found |= fresh
    return _load(conn, sorted(set(chain.from_iterable(found.values()))))


def _holders(conn: sqlite3.Connection, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    rows = conn.execute(
        "SELECT DISTINCT name.value AS name, incident_id FROM json_each(?1) AS name "
        "CROSS JOIN member ON member.article_id = name.value "
        "UNION SELECT name.value, incident.incident_id FROM json_each(?1) AS name "
        "CROSS JOIN incident ON incident.incident_id = name.value",
        (json.dumps(names),),
    )
    found: dict[str, list[str]] = {name: [] for name in names}
    for row in rows:
        found[row["name"]].append(row["incident_id"])
    return {name: tuple(holders) for name, holders in found.items()}


def _of_days(conn: sqlite3.Connection, days: Days) -> dict[str, Incident]:
    """Closed incidents whose frozen window meets these days."""
    rows = conn.execute(
        "SELECT incident_id FROM incident WHERE frozen = 1 AND date_lo BETWEEN ?1 AND ?2 "
        "AND date_hi >= ?3 UNION SELECT incident_id FROM incident "
        "WHERE is_long = 1 AND frozen = 1 AND date_hi >= ?3 AND date_lo <= ?2",
        (earliest(days[0]), days[1].isoformat(), days[0].isoformat()),
    )
    return _load(conn, [row["incident_id"] for row in rows])


def _load(conn: sqlite3.Connection, names: Iterable[str]) -> dict[str, Incident]:
    """The incidents among these names, each decoded once."""
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


def _articles(announced: dict[str, Incident], names: Collection[str]) -> set[str]:
    return set(names).union(*(_ARTICLES.of(incident) for incident in announced.values()))


def _article_ids(incident: Incident) -> frozenset[str]:
    return incident.article_ids


_ARTICLES = Remembered(_article_ids, 2_000)


def _widest(
    days: Days | None,
    reports: Iterable[FiledReport],
    incidents: Iterable[Incident],
    knowledge: Knowledge,
) -> Days | None:
    windows = [hull(reports, knowledge), days]
    windows += [frozen_window(i.frozen, knowledge) for i in incidents if i.frozen is not None]
    real = [w for w in windows if w is not None]
    return (min(w[0] for w in real), max(w[1] for w in real)) if real else None


def _founded(
    conn: sqlite3.Connection, kept: Iterable[FiledReport], near: Iterable[Incident]
) -> tuple[tuple[str, int], ...]:
    articles = {filed.article.article_id for filed in kept}
    articles = articles.union(*(_ARTICLES.of(incident) for incident in near))
    decoded = decoded_of(conn)
    unknown = articles - decoded.founded.keys()
    fresh = {name: tuple[int, ...]() for name in unknown}
    if unknown:
        rows = conn.execute(
            "SELECT article_id, n FROM json_each(?) AS name "
            "CROSS JOIN founded ON founded.article_id = name.value",
            (json.dumps(sorted(unknown)),),
        )
        for row in rows:
            fresh[row["article_id"]] += (int(row["n"]),)
    known = {name: decoded.founded[name] for name in articles & decoded.founded.keys()} | fresh
    decoded.answer_names(decoded.founded, fresh)
    return tuple(sorted((name, n) for name, numbers in known.items() if numbers for n in numbers))


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
    decoded = decoded_of(conn)
    decoded.founded.pop(incident.founding_article, None)
    stored = _stored_members(conn, incident.incident_id)
    decoded.keep_incident(incident, len(record))
    decoded.holding.pop(incident.incident_id, None)
    _save_members(conn, incident, stored, now)


_MemberRows = dict[str, tuple[str, int]]
"""Report → its article, and 1 when it is a former member."""


def _stored_members(conn: sqlite3.Connection, incident_id: str) -> _MemberRows:
    """The rows of an incident's members: as it was last saved, or read from the table."""
    known = decoded_of(conn).incident(incident_id)
    if known is not None:
        return _rows_of(known)
    rows = conn.execute(
        "SELECT report_id, article_id, former FROM member WHERE incident_id = ?", (incident_id,)
    )
    return {row["report_id"]: (row["article_id"], row["former"]) for row in rows}


def _rows_of(incident: Incident) -> _MemberRows:
    wanted = {member.report_id: (member.article_id, 0) for member in incident.members}
    for report_id in incident.former:
        wanted.setdefault(report_id, (article_of(report_id), 1))
    return wanted


def _save_members(
    conn: sqlite3.Connection, incident: Incident, stored: _MemberRows, now: dt.datetime
) -> None:
    """The rows of its members, current and former: those that are new or changed."""
    wanted = _rows_of(incident)
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
