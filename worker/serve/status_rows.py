"""What the store says about feeds, incidents and work, as plain rows for pages and tables.

The store's own answers are in ``store.queries``; here they get the shape that people see.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from worker.config.schema import FeedConfig
from worker.store import queries
from worker.store.connect import Connection
from worker.store.feeds import stored_feeds
from worker.store.meta import read_all


def store_facts(conn: Connection) -> dict[str, Any]:
    """Whose store it is, how much is in it, and how old the oldest waiting message is."""
    waiting, held = queries.backlog(conn), queries.holdings(conn)
    return {
        **read_all(conn),
        "inbox": waiting.inbox,
        "inbox_due": waiting.inbox_due,
        "outbox": waiting.outbox,
        "articles": held.articles,
        "incidents": held.incidents,
        "dead_letters": held.dead_letters,
        "outbox_oldest": waiting.outbox_oldest,
        "inbox_oldest": waiting.inbox_oldest,
        "last_article": held.last_article,
    }


def dead_letter_facts(conn: Connection) -> list[dict[str, Any]]:
    """What was given up and not brought back, oldest first."""
    return [asdict(letter) for letter in queries.given_up(conn)]


def feed_facts(conn: Connection | None, feeds: Iterable[FeedConfig]) -> list[dict[str, Any]]:
    """Each configured feed with what the store knows of it; without a store, only itself."""
    known: dict[str, dict[str, Any]] = {}
    if conn is not None:
        for stored in stored_feeds(conn):
            known[stored.feed_id] = {"next_at": stored.next_at, **_table(stored.state)}
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


def incident_facts(conn: Connection, limit: int) -> list[dict[str, Any]]:
    """Incidents, the last changed first: one flat row each."""
    return [
        {**_flat(found.snapshot), "changed_at": found.changed_at}
        for found in queries.last_changed(conn, limit)
    ]


def recent_articles(conn: Connection, limit: int) -> list[dict[str, Any]]:
    """Articles settled last, with their verdicts: what was set aside is as telling as the rest."""
    return [asdict(article) for article in queries.last_settled(conn, limit)]


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


def _table(text: str) -> dict[str, Any]:
    found = json.loads(text)
    return found if isinstance(found, dict) else {}
