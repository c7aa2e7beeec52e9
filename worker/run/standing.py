"""How the feeds of a worker stand: what the store knows of each at the start, then what polls tell.

    20 of 20 feeds fail: dns (18), http_403 (2); last answer 2031-03-04 12:01 UTC

A worker that was started anew knows the same of its feeds as before: a town without news from any of
them is told at once, and a healthy one is ready before its first poll.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from worker.config.schema import FeedConfig

State = Literal["answering", "failing", "unasked"]
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """One feed. ``failures``: in a row, up to now; ``reason``: of the last one."""

    failures: int = 0
    reason: str = ""
    last_success: dt.datetime | None = None

    @property
    def state(self) -> State:
        """How its last poll ended; "unasked" before the first one."""
        if self.failures:
            return "failing"
        return "answering" if self.last_success else "unasked"


def standing_of(record: str | None) -> Standing:
    """What the store's record of a feed (JSON) says; one that cannot be read says nothing."""
    try:
        found = json.loads(record or "{}")
        last = found.get("last_success")
        return Standing(
            int(found.get("failures") or 0),
            str(found.get("last_reason") or ""),
            dt.datetime.fromisoformat(last) if last else None,
        )
    except (ValueError, TypeError, AttributeError):
        return Standing()


def standings(feeds: Iterable[FeedConfig], records: Mapping[str, str]) -> dict[str, Standing]:
    """Every feed of a worker, by its id. ``records``: of the store, by feed id."""
    return {feed.id: standing_of(records.get(feed.id)) for feed in feeds}


def problem_of(feeds: Mapping[str, Standing]) -> str:
    """Why no new article would be found, or "" when at least one feed answers."""
    states = {feed.state for feed in feeds.values()}
    if not feeds:
        return "no feed is enabled"
    if "answering" in states:
        return ""
    if "unasked" in states:
        return "no feed has answered yet"
    return _failing(feeds)


def note_of(feeds: Mapping[str, Standing]) -> str:
    """What is worth saying of feeds that fail beside others that answer."""
    states = {feed.state for feed in feeds.values()}
    return _failing(feeds) if {"failing", "answering"} <= states else ""


def _failing(feeds: Mapping[str, Standing]) -> str:
    failing = [feed for feed in feeds.values() if feed.failures]
    reasons = Counter(feed.reason or "unknown" for feed in failing).most_common()
    shown = ", ".join(
        reason if len(reasons) == 1 else f"{reason} ({count})" for reason, count in reasons[:_SHOWN]
    )
    more = ", …" if len(reasons) > _SHOWN else ""
    answers = [feed.last_success for feed in failing if feed.last_success]
    last = f"{max(answers).astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC" if answers else "never"
    return f"{len(failing)} of {len(feeds)} feeds fail: {shown}{more}; last answer {last}"
