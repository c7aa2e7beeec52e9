"""What the store says about feeds, incidents and work, as plain rows for pages and tables.

The store's own answers are in ``store.queries``; here they get the shape that people see.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from worker.config.schema import FeedConfig
from worker.observe.log import clean
from worker.store import queries
from worker.store.connect import Connection
from worker.store.feeds import stored_feeds
from worker.store.meta import read_all
from worker.store.subscriptions import load_subscriptions

_COUNTS = frozenset({"founded", "settles"})


def store_facts(conn: Connection) -> dict[str, Any]:
    """Whose store it is, how much is in it, and how old the oldest waiting message is."""
    waiting, held = queries.backlog(conn), queries.holdings(conn)
    return {
        **{_shown(key): _number_or_text(key, value) for key, value in read_all(conn).items()},
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


def _shown(key: str) -> str:
    """``written.<topic>`` is the ``seq`` of the last message in its file, not how many are there."""
    return f"written_seq.{key.removeprefix('written.')}" if key.startswith("written.") else key


def _number_or_text(key: str, value: str) -> int | str:
    """A fact of the store itself, which keeps all of them as text; what counts is a number."""
    return int(value) if key in _COUNTS or key.startswith("written.") else value


def dead_letter_facts(conn: Connection) -> list[dict[str, Any]]:
    """What was given up and not brought back, oldest first."""
    return [asdict(letter) for letter in queries.given_up(conn)]


def feed_facts(conn: Connection | None, feeds: Iterable[FeedConfig]) -> list[dict[str, Any]]:
    """Each configured feed with what the store knows of it; without a store, only itself."""
    known: dict[str, dict[str, Any]] = {}
    hubs: dict[str, str] = {}
    if conn is not None:
        for stored in stored_feeds(conn):
            known[stored.feed_id] = {"next_at": stored.next_at, **_table(stored.state)}
        hubs = load_subscriptions(conn)
    rows = []
    for feed in feeds:
        state = known.get(feed.id, {})
        rows.append(
            {
                "id": feed.id,
                "outlet": feed.outlet,
                "lang": feed.lang,
                "kind": feed.kind,
                "delivery": feed.delivery,
                "host": host_of(feed),
                "enabled": feed.enabled,
                "failures": state.get("failures", 0),
                "last_success": state.get("last_success"),
                "last_reason": state.get("last_reason") if state.get("failures") else None,
                "next_at": state.get("next_at"),
                "pace": _pace(state),
                "position": _position(feed, state, _table(hubs.get(feed.id, "{}"))),
            }
        )
    return rows


_WHY = {
    "interval": "",
    "hint": "the feed asked for it",
    "quiet": "news is rare",
    "burst": "an incident it told of is under way",
    "retry": "failed, the first tries are quick",
    "backoff": "failed too often",
    "retry_after": "the server asked for it",
    "gone": "suspended: gone for good, probed daily",
    "more": "more waits",
}


def _pace(state: Mapping[str, Any]) -> str | None:
    """How often a feed is asked, and why, in a few words; None before the first poll."""
    every_s, reason = state.get("every_s"), str(state.get("reason") or "")
    if every_s is None:
        return None
    why = _WHY.get(reason, reason)
    if reason == "hint_capped":
        why = (
            f"the feed asked for {_span(float(state.get('asked_s') or 0))}, see ingest.hint_factor"
        )
    notes = [f"{_span(float(every_s))}", why]
    if state.get("adopted"):
        notes.append(f"moved to {clean(str(state['adopted']))[:100]}")
    elif state.get("moved_to"):
        notes.append(f"moves to {clean(str(state['moved_to']))[:100]}")
    return ", ".join(filter(None, notes))


def _span(seconds: float) -> str:
    """300 s, 90 min, 720 h."""
    if seconds < 6_000:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 36_000 else f"{seconds / 3600:.0f} h"


def host_of(feed: FeedConfig) -> str:
    """The host that a feed is asked of; ``spool`` and ``push`` for those that are not asked."""
    return (urlsplit(feed.url).hostname or feed.delivery) if feed.url else feed.delivery


def _position(feed: FeedConfig, state: Mapping[str, Any], sub: Mapping[str, Any]) -> str | None:
    """How far a delivery has come, in a few words: a cursor's value, a hub's lease, a spool's files."""
    if feed.delivery == "cursor":
        cursor = state.get("cursor") or {}
        more = ", more waits" if state.get("reason") == "more" else ""
        return (
            f"at {clean(str(cursor.get('value')))[:60]}{more}" if cursor else "from the look-back"
        )
    if feed.delivery == "spool":
        return _spool(state)
    if feed.delivery == "websub":
        return _subscription(sub)
    return None


def _spool(state: Mapping[str, Any]) -> str | None:
    """When a spool last had a file; None before the first look into it."""
    if not state.get("last_success"):
        return None
    at = state.get("spool_at")
    if at is None:
        return "no file yet"
    more = ", more wait" if state.get("reason") == "more" else ""
    return f"last file {str(at)[:16].replace('T', ' ')} UTC{more}"


def _subscription(sub: Mapping[str, Any]) -> str:
    """A subscription in a few words; its token and secret are nobody's business."""
    if not sub:
        return "no hub known yet"
    if sub.get("reason"):
        return f"hub: {sub['reason']}, again {str(sub.get('retry_at'))[:16]}"
    if sub.get("lease_end") is None:
        return "asked the hub" if sub.get("asked_at") else "will ask the hub"
    how = "silent" if sub.get("silent") else "delivers" if sub.get("delivered_at") else "confirmed"
    return f"hub {how}, lease until {sub['lease_end'][:16]}"


def incident_facts(conn: Connection, limit: int) -> list[dict[str, Any]]:
    """Incidents, the last changed first: one row each. ``killed`` and ``injured`` are figures as in
    a snapshot (``bounds`` puts them into words), what may be several is a list.
    """
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
        "attack_types": list(snapshot.get("attack_types") or ()),
        "targets": [target["name"] for target in snapshot.get("targets") or ()],
        "claims": list(dict.fromkeys(claim["group"] for claim in snapshot.get("claims") or ())),
        "killed": casualties.get("killed"),
        "injured": casualties.get("injured"),
        "reports": snapshot.get("reports_total"),
        "independent": snapshot.get("n_independent"),
        "corroborated": snapshot.get("corroborated", False),
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
