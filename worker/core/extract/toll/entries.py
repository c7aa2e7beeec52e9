"""The entries of a live blog, in the order in which they were written.

Rules
-----
1. An entry begins at a line that opens with a clock time ("11:34 GMT - …", "[14.50] …", "1:25pm"),
   and ends at the next one. One such line is no blog, and what stands above the first has no time.
2. Most blogs print the newest first. Which way one runs is what most neighbouring times say, each
   step being the shorter way round the clock: midnight may lie between two ("00.45" above "23.35").
   As many up as down say nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from worker.core.annotate.clock import ClockMention
from worker.core.text.prose import Prose

_DAY_MINUTES = 24 * 60
_STAMP = re.compile(r"^\W{0,3}(([01]?\d|2[0-3])[:.]([0-5]\d))(?![\d%])", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entries:
    """Where the entries of a text begin, and which way their times run."""

    starts: tuple[int, ...] = ()
    newest_first: bool = False

    def order_at(self, position: int) -> int | None:
        """How late the entry at a position was written, the earliest lowest; None outside of them."""
        index = bisect_right(self.starts, position) - 1
        if index < 0:
            return None
        return -index if self.newest_first else index


@dataclass(frozen=True, slots=True)
class _Stamp:
    """Where a line begins that opens with a time, and that minute of the day."""

    start: int
    minute: int


def find_entries(prose: Prose, times: Sequence[ClockMention]) -> Entries:
    """The entries of a text; none where it is no live blog. ``times``: those mentioned in it."""
    stamps = list(_stamps(prose.text, times))
    steps = [(b.minute - a.minute) % _DAY_MINUTES for a, b in pairwise(stamps)]
    steps = [step for step in steps if step]
    rises = sum(step < _DAY_MINUTES // 2 for step in steps)
    if 2 * rises == len(steps):
        return Entries()
    return Entries(tuple(stamp.start for stamp in stamps), 2 * rises < len(steps))


def _stamps(text: str, times: Sequence[ClockMention]) -> Iterator[_Stamp]:
    """The lines that open with a time."""
    read = {time.start: time.time for time in times}  # knows "pm"
    for found in _STAMP.finditer(text):
        hour, minute = read.get(found.start(1), f"{found[2]}:{found[3]}").split(":")
        yield _Stamp(found.start(), 60 * int(hour) + int(minute))
