"""What a witness counts beside a larger number of somebody else: what he saw of it.

A shopkeeper who says that two of his colleagues died beside him, or that he counted ten wounded, does
not contradict the police's eleven and 37. His larger number would be an opinion of the whole ("six
bodies", beside the police's four), and so is his number where nobody else gives one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.core.extract.toll.placed import Placed

WITNESS = "witness"
SEEN_TAG = "SEEN"
"""Tag of people of whom somebody saw some; there may be others."""


def mark_seen(placed: Sequence[Placed]) -> list[Placed]:
    """The figures, with a witness's smaller numbers as of those that he saw."""
    return [_seen(p) if _is_some(p, placed) else p for p in placed]


def _is_some(item: Placed, placed: Sequence[Placed]) -> bool:
    number = item.count.mention.value
    if item.speaker.type != WITNESS or not item.is_whole or not number:
        return False
    return item.count.person is None and any(
        p.side == item.side and p.is_whole and (p.count.mention.value or 0) > number
        for p in placed
        if p.speaker.type != WITNESS and not p.speaker.perpetrator_party
    )


def _seen(item: Placed) -> Placed:
    mention = replace(item.count.mention, tags=item.count.mention.tags | {SEEN_TAG})
    return replace(item, count=replace(item.count, mention=mention))
