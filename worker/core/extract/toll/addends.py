"""Which figures only add up to a total that the text gives as well.

Rules
-----
1. Numbers that follow upon a replaced one, and add up to another with it, are what the toll grew by (17,
   "four more died and eight bodies have been added", 29).
2. Numbers of one speaker that follow upon each other and add up to a total told before are its parts
   ("killed seven … the first killed four, the second three").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from worker.core.extract.toll.placed import Placed

_CASUALTY = ("killed", "injured")
_MOST_ADDENDS = 4


def addends(placed: Sequence[Placed]) -> Iterator[int]:
    """Indexes of figures that only add up to a total which the text has as well."""
    for measure in _CASUALTY:
        side = (measure, False)
        own = [(i, p) for i, p in enumerate(placed) if p.side == side and p.is_whole]
        own = [(i, p) for i, p in own if p.count.mention.value and not p.count.mention.is_single]
        if len(own) > 2:
            yield from _steps(own)
            yield from _parts(own)


def _steps(own: Sequence[tuple[int, Placed]]) -> Iterator[int]:
    """Figures behind a replaced one that add up to a larger one with it: what the toll grew by."""
    totals = {p.number for _, p in own if not p.count.mention.is_former}
    for at, (_, old) in enumerate(own):
        run = own[at + 1 : at + 1 + _MOST_ADDENDS]
        if not old.count.mention.is_former:
            continue
        for size in range(1, len(run) + 1):
            if old.number + sum(p.number for _, p in run[:size]) in totals:
                yield from (i for i, _ in run[:size])


def _parts(own: Sequence[tuple[int, Placed]]) -> Iterator[int]:
    """Neighbouring figures of one speaker that add up to a total told before them."""
    for size in range(2, _MOST_ADDENDS + 1):
        told = set()
        for at in range(1, len(own) - size + 1):
            told.add(own[at - 1][1].number)
            run = own[at : at + size]
            one_speaker = all(a.speaker.id == b.speaker.id for (_, a), (_, b) in pairwise(run))
            if one_speaker and sum(p.number for _, p in run) in told:
                yield from (i for i, _ in run)
