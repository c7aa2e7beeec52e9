"""What has to be done with an item of a wire, from the codes that agencies set.

The codes are those of IPTC (``stat:canceled``, ``sig:correction``), of Reuters (``edStat:C``), of NITF
(``management-status``) and of what agencies made of them. Words in texts are no codes: those stand in
``notices.toml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from worker.core.domain.vocabulary import EntryStatus

_STATUSES: Mapping[str, EntryStatus] = {
    "canceled": "kill", "cancelled": "kill", "cancel": "kill", "killed": "kill", "kill": "kill",
    "withdrawn": "kill", "withdraw": "kill", "withdrawal": "kill", "deleted": "kill",
    "recalled": "kill", "spiked": "kill", "unpublished": "kill", "retracted": "kill",
    "withheld": "hold", "hold": "hold", "embargoed": "embargo", "embargo": "embargo",
    "correction": "correction", "corrected": "correction", "correct": "correction",
    "refile": "refile", "repeat": "repeat", "update": "update", "updated": "update",
    "replace": "update", "writethru": "update", "lead": "update",
    "elimination": "kill", "disregard": "kill", "withhold": "hold", "holdforrelease": "hold",
    "clarification": "correction", "corrective": "correction",
    "append-major-content": "update", "append-minor-content": "update", "rewrite": "update",
}  # fmt: skip
"""By the last part of a code, in lower case. A status that is not here needs nothing done."""
_REUTERS: Mapping[str, EntryStatus] = {
    "edstat:c": "correction", "edstat:u": "update", "edstat:d": "kill", "edstat:w": "kill",
}  # fmt: skip
"""Letters that mean this with this prefix alone."""
PRIORITIES: Mapping[str, int] = {
    "f": 1,
    "b": 2,
    "u": 3,
    "r": 4,
    "d": 5,
    "a": 4,
    "w": 5,
    "s": 5,
    "h": 5,
}
"""Urgency by AP's letters: flash, bulletin, urgent (all corrections are), regular, deferred …"""
_WEIGHT: Mapping[EntryStatus, int] = {
    "new": 0, "update": 1, "repeat": 2, "refile": 3, "correction": 4, "embargo": 5, "hold": 6, "kill": 7,
}  # fmt: skip


def status_of(*codes: str | None) -> EntryStatus:
    """The gravest status that any of the codes means; ``new`` when none means any."""
    return gravest(_status(code) for code in codes if code)


def gravest(statuses: Iterable[EntryStatus]) -> EntryStatus:
    """Kill before hold, embargo, correction, refile, repeat, update; ``new`` when there is none."""
    return max(statuses, key=_WEIGHT.__getitem__, default="new")


def _status(code: str) -> EntryStatus:
    text = code.strip().lower()
    last = text.rpartition("/")[2].rpartition(":")[2]
    return _REUTERS.get(text) or _STATUSES.get(last, "new")
