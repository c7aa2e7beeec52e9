"""What several hospitals count: each its own, whatever its words.

A number that a hospital received bounds the whole from below. Words of receiving or treating say so
(tag ``AT_HOSPITAL``); one hospital alone may well give the whole toll. Where two of them give numbers
of the same side, each speaks of those whom it got ("the clinic received 15 injured … officials of the
other said that nine wounded were under treatment", beside 24 of the police). So does one that gives
both sides in a breath, and one of them as received ("we received 22 bodies, and 35 were injured"), and
one that counts who was brought in or lies there ("12 were brought to our hospital, a doctor said"),
where the others have words alone ("many were wounded").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.core.extract.toll.placed import Placed

HOSPITAL = "hospital"
RECEIVED_TAG = "AT_HOSPITAL"
_IN_HOSPITAL = "hosp"
"""Flag of people who are told as brought to a hospital, or in one."""


def mark_hospitals(placed: Sequence[Placed]) -> list[Placed]:
    """The figures, with those of a hospital marked as its own where another hospital counts as well."""
    telling = {(p.side, p.speaker.id) for p in placed if _is_of_hospital(p)}
    received = {_breath(p) for p in placed if RECEIVED_TAG in p.count.mention.tags}
    return [
        _received(p)
        if _is_of_hospital(p)
        and (
            any(s == p.side and i != p.speaker.id for s, i in telling)
            or _breath(p) in received
            or (_IN_HOSPITAL in p.count.mention.flags and not _is_counted(p, placed))
        )
        else p
        for p in placed
    ]


def _is_counted(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether anybody else gives a number for the side, and not only a word ("several")."""
    return any(
        p.side == item.side and p.is_whole and p.count.mention.value is not None
        for p in placed
        if p.speaker.id != item.speaker.id
    )


def _breath(item: Placed) -> tuple[str, int]:
    """Who gives a number, and in which sentence."""
    return item.speaker.id, item.count.mention.sentence


def _is_of_hospital(item: Placed) -> bool:
    """Whether a hospital gives a number for the attack."""
    number = item.count.person is None and item.count.mention.value is not None
    return item.speaker.type == HOSPITAL and item.is_whole and number


def _received(item: Placed) -> Placed:
    mention = replace(item.count.mention, tags=item.count.mention.tags | {RECEIVED_TAG})
    return replace(item, count=replace(item.count, mention=mention))
