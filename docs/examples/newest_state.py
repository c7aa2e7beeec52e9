"""Keeps the newest state of every incident in memory: all that a consumer must do, in eight lines.

Feed it every record of the topic `….incidents.v1` or `….incident-log.v1`, from the beginning, with
`isolation.level=read_committed`.
"""

import json


def take(state: dict, key: str, value: bytes | None) -> None:
    """One record into the table: incident id → snapshot."""
    if value is None:  # erased for legal reasons
        state.pop(key, None)
        return
    snapshot = json.loads(value)
    held = state.get(key)
    if held is None or snapshot["revision"] > held["revision"]:
        state[key] = snapshot


def is_news(snapshot: dict) -> bool:
    """Whether to alert on this revision: it says something new, of something recent."""
    return snapshot["change"]["material"] and not snapshot["change"]["backfill"]


def survivor(state: dict, key: str) -> str:
    """The incident that stands for this one: itself, or the last of those that took it over."""
    seen = {key}
    while (held := state.get(key)) and held["superseded_by"] and held["superseded_by"] not in seen:
        key = held["superseded_by"]
        seen.add(key)
    return key
