"""What the store says about feeds, incidents and work, as plain rows for pages and tables.

Every function takes a read-only connection and is quick enough to be asked every few seconds:
counts use the indexes, lists are limited.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from worker.config.schema import FeedConfig

_COUNTS = {
    "inbox": "SELECT count(*) FROM inbox",
    "inbox_due": "SELECT count(*) FROM inbox WHERE due_at <= strftime('%Y-%m-%dT%H:%M:%fZ')",
    "outbox": "SELECT count(*) FROM outbox WHERE published = 0",
    "articles": "SELECT count(*) FROM article WHERE current = 1",
    "incidents": "SELECT count(*) FROM incident WHERE superseded_by IS NULL",
    "dead_letters": "SELECT count(*) FROM dead_letter WHERE retried_at IS NULL",
}


def store_facts(conn: sqlite3.Connection) -> dict[str, Any]:
    """Whose store it is, how much is in it, and how old the oldest waiting message is."""
    facts: dict[str, Any] = {
        str(row["key"]): row["value"]
        for row in conn.execute("SELECT key, value FROM meta ORDER BY key")
    }
    for name, query in _COUNTS.items():
        facts[name] = conn.execute(query).fetchone()[0]
    facts["outbox_oldest"] = _one(
        conn, "SELECT created FROM outbox WHERE published = 0 ORDER BY seq LIMIT 1"
    )
    facts["inbox_oldest"] = _one(conn, "SELECT min(due_at) FROM inbox WHERE claimed = 0")
    facts["last_article"] = _one(conn, "SELECT max(settled_at) FROM article")
    return facts


def dead_letter_facts(conn: sqlite3.Connection) -> list[dict[str, Any]]:
    """What was given up and not brought back, oldest first."""
    rows = conn.execute(
        "SELECT buried_at, reason, attempts, article_id, detail, "
        "json_extract(payload, '$.entry.url') AS url FROM dead_letter "
        "WHERE retried_at IS NULL ORDER BY dead_letter_id"
    )
    return [dict(row) for row in rows]


def feed_facts(
    conn: sqlite3.Connection | None, feeds: Iterable[FeedConfig]
) -> list[dict[str, Any]]:
    """Each configured feed with what the store knows of it; without a store, only itself."""
    known: dict[str, dict[str, Any]] = {}
    if conn is not None:
        for row in conn.execute("SELECT feed_id, next_at, state FROM feed"):
            known[row["feed_id"]] = {"next_at": row["next_at"], **_table(row["state"])}
    rows = []
    for feed in feeds:
        state = known.get(feed.id, {})
        rows.append(
            {
                "id": feed.id,
                "outlet": feed.outlet,
                "lang": feed.lang,
                "kind": feed.kind,
                "enabled": feed.enabled,
                "failures": state.get("failures", 0),
                "last_success": state.get("last_success"),
                "last_reason": state.get("last_reason") if state.get("failures") else None,
                "next_at": state.get("next_at"),
            }
        )
    return rows


def incident_facts(conn: sqlite3.Connection, limit: int) -> list[dict[str, Any]]:
    """Incidents, the last changed first: one flat row each."""
    query = "SELECT record, changed_at FROM incident ORDER BY changed_at DESC, incident_id LIMIT ?"
    return [
        {**_flat(_snapshot(row["record"])), "changed_at": row["changed_at"]}
        for row in conn.execute(query, (limit,))
    ]


def snapshot_of(conn: sqlite3.Connection, incident_id: str) -> dict[str, Any] | None:
    """The latest snapshot of an incident as a JSON object."""
    row = conn.execute(
        "SELECT record FROM incident WHERE incident_id = ?", (incident_id,)
    ).fetchone()
    return None if row is None else _snapshot(row["record"])


def recent_articles(conn: sqlite3.Connection, limit: int) -> list[dict[str, Any]]:
    """Articles settled last, with their verdicts: what was set aside is as telling as the rest."""
    query = (
        "SELECT article_id, version, outlet, url, label, band, settled_at, record FROM article "
        "WHERE current = 1 ORDER BY settle_id DESC LIMIT ?"
    )
    rows = []
    for row in conn.execute(query, (limit,)):
        facts = {key: row[key] for key in row.keys() if key != "record"}  # noqa: SIM118 - a Row
        facts["title"] = _table(row["record"]).get("title")
        rows.append(facts)
    return rows


def age_s(instant: str | None, now: dt.datetime) -> float:
    """Seconds since an instant of the store; 0 for none and for the future."""
    if not instant:
        return 0.0
    return max(0.0, (now - dt.datetime.fromisoformat(instant)).total_seconds())


def _flat(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    casualties = snapshot.get("casualties") or {}
    place, date = snapshot.get("place") or {}, snapshot.get("date") or {}
    return {
        "incident_id": snapshot.get("incident_id"),
        "revision": snapshot.get("revision"),
        "state": snapshot.get("state"),
        "date": date.get("start"),
        "time": snapshot.get("time"),
        "place": place.get("name"),
        "attack_types": ", ".join(snapshot.get("attack_types") or ()),
        "targets": ", ".join(target["name"] for target in snapshot.get("targets") or ()),
        "claims": ", ".join(
            dict.fromkeys(claim["group"] for claim in snapshot.get("claims") or ())
        ),
        "killed": bounds(casualties.get("killed")),
        "injured": bounds(casualties.get("injured")),
        "reports": snapshot.get("reports_total"),
        "independent": snapshot.get("n_independent"),
        "superseded_by": snapshot.get("superseded_by"),
    }


def bounds(figure: Mapping[str, Any] | None) -> str | None:
    """A figure in few characters: 9, 11 (1-11), 3+."""
    if not figure:
        return None
    low, best, high = figure.get("low"), figure.get("best"), figure.get("high")
    if low == high:
        return str(low)
    spread = f"{low}+" if high is None else f"{low}-{high}"
    return spread if best is None else f"{best} ({spread})"


def _snapshot(record: str) -> dict[str, Any]:
    table = _table(record)
    inner = table.get("snapshot")
    return inner if isinstance(inner, dict) else table


def _table(text: str | None) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def _one(conn: sqlite3.Connection, query: str) -> Any:
    row = conn.execute(query).fetchone()
    return row[0] if row else None
