"""Whether the attack goes on as the article is written: ongoing, ended, or not said.

Rules
-----
1. The last word counts within a zone, and the title and lead before the body.
2. A single blast is neither: nothing is inferred from its kind.
"""

from __future__ import annotations

from typing import Literal

from worker.core.extract.passage import Passage, Spans
from worker.core.lang.normalise import Range, overlapping

Status = Literal["ongoing", "ended", "unknown"]


def find_status(passage: Passage) -> tuple[Status, Spans]:
    """The status with the words that say so."""
    ongoing = passage.find_ranges("status_ongoing")
    ended = passage.find_ranges("status_ended")
    over = tuple(ended)
    ongoing = [s for s in ongoing if not overlapping(over, s)]
    if not ongoing and not ended:
        return "unknown", ()
    if ended and (not ongoing or _weight(passage, ended) >= _weight(passage, ongoing)):
        return "ended", passage.spans(ended)
    return "ongoing", passage.spans(ongoing)


def _weight(passage: Passage, positions: list[Range]) -> int:
    """An end told in the head outweighs any description of the fight."""
    return max(2 if passage.zone(s.start) in ("title", "lead") else 1 for s in positions)
