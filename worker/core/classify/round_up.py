"""Whether an article goes through the attacks of some days: each is one item among others.

Rules
-----
1. Its top tells no single attack: whatever its headline and first sentence tell, they count together or
   in the plural ("a series of attacks this week", "three attacks over the weekend").
2. Below, it tells attacks of different days.

Two attacks of one day, counted at the top, are the news themselves; so is the last attack of a series
("the latest in a series of attacks killed six").
"""

from __future__ import annotations

from collections.abc import Iterable

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.events import EventSentence
from worker.core.segment.segment import Segment

_TOGETHER = frozenset({"IS_AGG", "PLURAL"})
_FEWEST_DAYS = 2


def is_round_up(annotated: Annotated, told: Iterable[Segment]) -> bool:
    """``told``: the segments that are reports."""
    days = {s.date.start for s in told if s.date.precision == "day"}
    if len(days) < _FEWEST_DAYS:
        return False
    first = next((event for event in annotated.events if event.body_number == 0), None)
    titles = (event for event in annotated.events if event.zone == "title")
    if first is None or not _counts_together(first):
        return False
    return all(_counts_together(event) or not _tells(event) for event in titles)


def _tells(event: EventSentence) -> bool:
    return "REAL_EVENT" in event.tags or "HARM" in event.tags


def _counts_together(event: EventSentence) -> bool:
    """Whether a sentence tells of attacks, and of none of them alone."""
    told = [token for token in event.tokens if "REAL_EVENT" in token.tags]
    return bool(told) and all(token.tags & _TOGETHER for token in told)
