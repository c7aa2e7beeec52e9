"""How the incidents of two replays differ: which came, went or changed, and field by field how.

Rules
-----
1. The last state of each incident is compared, without revision, change and times of ours, and
   without spans, statements and timeline: what a consumer of facts would see.
2. An incident is the one with its id; one without is that with which it shares most articles, for
   another order of events gives another id.
3. Superseded records are left out: their survivor tells of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TOPIC = "incidents.v1.jsonl"
_NOT_COMPARED = frozenset(
    {"incident_id", "revision", "as_of", "change", "support", "background", "supersedes",
     "possible_duplicate_of", "incident_group", "split_from", "superseded_by"}
)  # fmt: skip
_NOT_OF_CASUALTIES = ("timeline", "statements")
Snapshot = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one incident. ``kind``: ``new``, ``gone`` or ``changed``; ids as each side has them.

    ``field`` is a path as ``casualties.killed.best``; of a new or gone incident its articles stand.
    """

    kind: str
    old_id: str | None
    new_id: str | None
    field: str
    old: Any
    new: Any


def states(folder: Path) -> dict[str, Snapshot]:
    """The last state of each incident of a replay that lives or was retracted, by id.

    Raises ``OSError`` without the file, ``ValueError`` when it is no topic file.
    """
    found: dict[str, Snapshot] = {}
    for line in (folder / _TOPIC).read_text("utf-8").splitlines():
        record = json.loads(line)
        if not isinstance(record, dict) or "key" not in record:
            raise ValueError(f"{folder / _TOPIC}: a line is no record")
        found.pop(str(record["key"]), None)
        value = record.get("value")
        if value is not None and value["state"] != "superseded":
            found[str(record["key"])] = value
    return found


def differences(old: Mapping[str, Snapshot], new: Mapping[str, Snapshot]) -> list[Difference]:
    """All that differs, in the order of the old incidents, then of the new ones."""
    pairs = _pairs(old, new)
    found: list[Difference] = []
    for old_id, snapshot in old.items():
        new_id = pairs.get(old_id)
        if new_id is None:
            found.append(Difference("gone", old_id, None, "reports", _articles(snapshot), None))
            continue
        found += _changed(old_id, snapshot, new_id, new[new_id])
    known = set(pairs.values())
    for new_id, snapshot in new.items():
        if new_id not in known:
            found.append(Difference("new", None, new_id, "reports", None, _articles(snapshot)))
    return found


def _pairs(old: Mapping[str, Snapshot], new: Mapping[str, Snapshot]) -> dict[str, str]:
    """Old id → new id of the same incident."""
    pairs = {name: name for name in old if name in new}
    left = {name: set(_articles(new[name])) for name in new if name not in old}
    for name in old:
        if name in pairs:
            continue
        shared = {other: len(held & set(_articles(old[name]))) for other, held in left.items()}
        best = max(shared, key=lambda other: (shared[other], other), default=None)
        if best is not None and shared[best]:
            pairs[name] = best
            del left[best]
    return pairs


def _changed(old_id: str, old: Snapshot, new_id: str, new: Snapshot) -> Iterator[Difference]:
    before, after = (dict(_fields(snapshot)) for snapshot in (old, new))
    if old_id != new_id:
        yield Difference("changed", old_id, new_id, "incident_id", old_id, new_id)
    for field in dict.fromkeys((*before, *after)):
        if before.get(field) != after.get(field):
            yield Difference("changed", old_id, new_id, field, before.get(field), after.get(field))


def _fields(snapshot: Snapshot) -> Iterator[tuple[str, Any]]:
    """The compared fields of a snapshot with their paths."""
    for name, value in snapshot.items():
        if name == "reports":
            yield name, _articles(snapshot)
        elif name == "casualties":
            kept = {k: v for k, v in value.items() if k not in _NOT_OF_CASUALTIES}
            yield from _flat(name, kept)
        elif name not in _NOT_COMPARED:
            yield from _flat(name, value)


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}", inner)
    else:
        yield path, value


def _articles(snapshot: Snapshot) -> list[str]:
    """The articles of an incident, with how surely each is part of it where that is not certain."""
    return sorted(
        {
            row["article_id"]
            if row["link"] == "certain"
            else f"{row['article_id']} ({row['link']})"
            for row in snapshot["reports"]
        }
    )
