"""The gate: is a page worth fetching? Decided on title, summary and URL alone, recall first.

Rules
-----
1. A place word or an attack word opens it; the full text decides later. On real feeds a place word
   alone finds .91 of the attack reports, since some titles name neither city nor country.
2. Outlets of the area are always read. So is anything too short to judge, and every kill, hold or
   correction: what withdraws an article must reach it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.core.domain.document import Entry
from worker.core.knowledge.profile import Gate
from worker.core.lang.normalise import plain

_BODY_CHARS = 2000
_URL_BREAKS = re.compile(r"[-_/+.]|%20")
_ACTS_ON_ANOTHER = ("kill", "hold", "correction", "refile")


@dataclass(frozen=True, slots=True)
class GateDecision:
    """``reason``: ``status``, ``outlet``, ``place``, ``attack_word``, ``short`` or ``no_match``."""

    open: bool
    reason: str


def decide(entry: Entry, gate: Gate) -> GateDecision:
    """Whether the page of ``entry`` is worth fetching, and why."""
    if entry.status in _ACTS_ON_ANOTHER:
        return GateDecision(True, "status")
    if entry.outlet is not None and entry.outlet in gate.always_outlets:
        return GateDecision(True, "outlet")
    text = plain(
        " ".join(filter(None, (entry.title, entry.summary, (entry.body or "")[:_BODY_CHARS])))
    )
    words = f"{text} {plain(_URL_BREAKS.sub(' ', entry.url or ''))}"
    if any(place in words for place in gate.places):
        return GateDecision(True, "place")
    if any(word in words for word in gate.attack_words):
        return GateDecision(True, "attack_word")
    if len(text) < gate.min_summary:
        return GateDecision(True, "short")
    return GateDecision(False, "no_match")
