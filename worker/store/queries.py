"""What the store answers to the page, to health and to people who look; nothing here writes.

Every function is quick enough to be asked every few seconds; lists are limited. Instants are text
as the store writes them (``times.stamp``: UTC), for they are shown. Nothing of the core is imported:
a command that only looks starts in half the time.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from worker.store.times import instant


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much work and how many messages wait (in rows), and since when the oldest does.

    ``dead_letters``: given up and not brought back.
    """

    inbox: int
    inbox_due: int
    outbox: int
    dead_letters: int
    inbox_oldest: str | None
    outbox_oldest: str | None


@dataclass(frozen=True, slots=True)
class Holdings:
    """How many articles stand, incidents live and dead letters lie there; the last settle's instant."""

    articles: int
    incidents: int
    dead_letters: int
    last_article: str | None


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """An incident's latest snapshot, a JSON object as it was published, and when it changed."""

    snapshot: dict[str, Any]
    changed_at: str


@dataclass(frozen=True, slots=True)
class SettledArticle:
    """The standing version of an article, with its verdict."""

    article_id: str
    version: int
    outlet: str | None
    url: str | None
    label: str | None
    band: str | None
    settled_at: str
    title: str | None


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A dead letter: when and why it was given up, after how many attempts."""

    buried_at: str
    reason: str
    attempts: int
    article_id: str
    detail: str
    url: str | None


def backlog(conn: sqlite3.Connection) -> Backlog:
    """What waits; pages that are to be asked again (``recheck``) wait for nothing. A row is due by the
    clock of this machine.
    """
    row = conn.execute(
        "SELECT (SELECT count(*) FROM inbox WHERE kind != 'recheck') AS inbox, (SELECT count(*) FROM inbox "
        "WHERE due_at <= strftime('%Y-%m-%dT%H:%M:%fZ')) AS inbox_due, "
        "(SELECT count(*) FROM dead_letter WHERE retried_at IS NULL) AS dead_letters, "
        "(SELECT min(due_at) FROM inbox WHERE claimed = 0 "
        "AND due_at <= strftime('%Y-%m-%dT%H:%M:%fZ')) AS inbox_oldest, "
        "(SELECT created FROM outbox WHERE published = 0 ORDER BY seq LIMIT 1) AS outbox_oldest"
    ).fetchone()
    return Backlog(outbox=count_waiting(conn), **row)


def count_waiting(conn: sqlite3.Connection) -> int:
    """How many messages wait to be published."""
    return int(conn.execute("SELECT count(*) FROM outbox WHERE published = 0").fetchone()[0])


def last_items(conn: sqlite3.Connection) -> dict[str, dt.datetime]:
    """When each feed last had an entry that was new or changed, by feed id. Reads the whole table."""
    rows = conn.execute("SELECT feed_id, max(changed_at) AS at FROM entry GROUP BY feed_id")
    return {row["feed_id"]: instant(row["at"]) for row in rows}


def holdings(conn: sqlite3.Connection) -> Holdings:
    """What is there."""
    row = conn.execute(
        "SELECT (SELECT count(*) FROM article WHERE current = 1) AS articles, "
        "(SELECT count(*) FROM incident WHERE superseded_by IS NULL) AS incidents, "
        "(SELECT count(*) FROM dead_letter WHERE retried_at IS NULL) AS dead_letters, "
        "(SELECT max(settled_at) FROM article) AS last_article"
    ).fetchone()
    return Holdings(**row)


def given_up(conn: sqlite3.Connection) -> list[GivenUp]:
    """Dead letters that were not brought back, oldest first."""
    rows = conn.execute(
        "SELECT buried_at, reason, attempts, article_id, detail, "
        "json_extract(payload, '$.entry.url') AS url FROM dead_letter "
        "WHERE retried_at IS NULL ORDER BY dead_letter_id"
    )
    return [GivenUp(**row) for row in rows]


def last_changed(conn: sqlite3.Connection, limit: int) -> list[StoredSnapshot]:
    """At most ``limit`` incidents, the last changed first."""
    rows = conn.execute(
        "SELECT record, changed_at FROM incident ORDER BY changed_at DESC, incident_id LIMIT ?",
        (limit,),
    )
    return [StoredSnapshot(_snapshot(row["record"]), row["changed_at"]) for row in rows]


def snapshot_of(conn: sqlite3.Connection, incident_id: str) -> dict[str, Any] | None:
    """The latest snapshot of an incident as a JSON object, or None."""
    row = conn.execute(
        "SELECT record FROM incident WHERE incident_id = ?", (incident_id,)
    ).fetchone()
    return None if row is None else _snapshot(row["record"])


def articles_elsewhere(conn: sqlite3.Connection, incident_id: str) -> set[str]:
    """Articles of an incident that tell of another live one, too."""
    rows = conn.execute(
        "SELECT DISTINCT own.article_id FROM member AS own JOIN member AS other "
        "ON other.article_id = own.article_id AND other.incident_id != own.incident_id "
        "JOIN incident ON incident.incident_id = other.incident_id "
        "WHERE own.incident_id = ? AND own.former = 0 AND other.former = 0 "
        "AND incident.superseded_by IS NULL",
        (incident_id,),
    )
    return {row["article_id"] for row in rows}


def articles_once(conn: sqlite3.Connection, incident_id: str) -> set[str]:
    """Articles that are or once were part of an incident."""
    rows = conn.execute("SELECT article_id FROM member WHERE incident_id = ?", (incident_id,))
    return {row["article_id"] for row in rows}


def decisions(conn: sqlite3.Connection) -> list[dict[str, Any]]:
    """What people decided, the newest last: id, kind, articles, incidents, made and undone when."""
    rows = conn.execute(
        'SELECT constraint_id, record, made_at, undone_at FROM "constraint" '
        "ORDER BY made_at, settle_id"
    )
    return [
        {
            "decision_id": row["constraint_id"],
            **json.loads(row["record"]),
            "made_at": row["made_at"],
            "undone_at": row["undone_at"],
        }
        for row in rows
    ]


def last_settled(conn: sqlite3.Connection, limit: int) -> list[SettledArticle]:
    """At most ``limit`` articles, the last settled first, set aside ones too."""
    rows = conn.execute(
        "SELECT article_id, version, outlet, url, label, band, settled_at, "
        "json_extract(record, '$.title') AS title FROM article "
        "WHERE current = 1 ORDER BY settle_id DESC LIMIT ?",
        (limit,),
    )
    return [SettledArticle(**row) for row in rows]


def tells_of_something_under_way(conn: sqlite3.Connection, feed_id: str, since: str) -> bool:
    """Whether a feed has a report in an incident that is not settled and changed after ``since``."""
    row = conn.execute(
        "SELECT 1 FROM incident "
        "CROSS JOIN member ON member.incident_id = incident.incident_id "
        "CROSS JOIN entry ON entry.article_id = member.article_id "
        "WHERE incident.state IN ('provisional', 'active') AND incident.changed_at > ? "
        "AND member.former = 0 AND entry.feed_id = ? LIMIT 1",
        (since, feed_id),
    ).fetchone()
    return row is not None


def _snapshot(record: str) -> dict[str, Any]:
    snapshot: dict[str, Any] = json.loads(record)["snapshot"]
    return snapshot
