"""People of his own, or of one kind, beside a larger number of somebody else: some of those.

A clerk who says that two of his colleagues died beside him does not contradict the police's eleven,
nor does a groom who lost "his brother and eight cousins" contradict the government's 63.
What a witness says of everybody ("residents said five were killed") is an opinion of the whole. "The
number of dead children rose to three", whoever says so, is a part of nine dead. Officers who "died of
their wounds in hospital" are some of the five who are dead by now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.core.annotate.speakers import UNKNOWN
from worker.core.extract.toll.placed import Placed
from worker.core.figures.decide import PART

SEEN_TAG = "SEEN"
"""Tag of people of whom somebody saw some; there may be others."""
_WITNESS = "witness"
_PEOPLE = frozenset({_WITNESS, UNKNOWN})
"""Kinds of speakers who hold no office: each knows of his own people."""
_SOME_OF_HIS, _OF_A_KIND, _OF_WOUNDS = "SOME_OF_HIS", "OF_A_KIND", "DIED_OF_WOUNDS"


def mark_seen(placed: Sequence[Placed]) -> list[Placed]:
    """The figures, with a witness's own people as some of those whom others count."""
    return [_seen(p, placed) if _is_some(p, placed) else p for p in placed]


def _is_some(item: Placed, placed: Sequence[Placed]) -> bool:
    tags = item.count.mention.tags
    of_his = item.speaker.type in _PEOPLE and _SOME_OF_HIS in tags
    of_his |= item.speaker.type in _PEOPLE and _are_kin(item)
    if not (of_his or tags & {_OF_A_KIND, _OF_WOUNDS}) or not item.is_whole:
        return False
    return any(
        p.side == item.side and p.is_whole and p.number > item.number
        for p in placed
        if not p.speaker.perpetrator_party and not (of_his and p.speaker.type == _WITNESS)
    )


def _are_kin(item: Placed) -> bool:
    """Whether all who are counted are told by whose kin they are: "his brother and eight cousins"."""
    mention = item.count.mention
    return bool(mention.parts) and all(m.beside == "kin" for m in mention.parts)


def _seen(item: Placed, placed: Sequence[Placed]) -> Placed:
    count = item.count
    mention = replace(count.mention, tags=count.mention.tags | {SEEN_TAG})
    of_class = count.victim_class
    if _OF_WOUNDS in mention.tags and count.person is None and _is_class_of_more(item, placed):
        of_class = PART  # "five police now dead … two officers died of their wounds"
    return replace(item, count=replace(count, mention=mention, victim_class=of_class))


def _is_class_of_more(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether somebody counts more people of the same class, so that these are not all of it."""
    return any(
        p.side == item.side and p.is_whole and p.number > item.number
        for p in placed
        if p.count.victim_class == item.count.victim_class
    )
