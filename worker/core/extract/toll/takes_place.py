"""Which number a toll takes the place of, by what its text says: those of earlier articles go out by it.

Rules
-----
1. A toll takes the place of the number that its own sentence names ("to five from eight").
2. So does a larger number than the one which somebody had given before: "at least 16, the ministry said.
   It had earlier said at least 11"; "earlier in the day police had put the toll at nine". Of several such
   numbers the largest was the last. One that names its own attack is none: "it had earlier said six
   died in Saturday's raid".
3. "A fifth victim died overnight", in a text that has five dead: there were four.
4. "A man hurt on Monday died, raising the toll to 17": there were 16.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from worker.core.extract.toll.placed import Placed
from worker.core.figures.decide import PART

_HOSPITAL = "hospital"
_DEAD = ("killed", False)
_OTHERS = "OF_ANOTHER_ATTACK"
_DIED_LATER = frozenset({"WAS_WOUNDED", "RAISED_TOLL"})
_OF_SOME = frozenset({"AT_HOSPITAL", "SEEN", "OF_ONE_BLAST", "FURTHER"})
"""Tags of numbers that are none of the whole, so nothing of the whole takes their place."""


def former_numbers(placed: Sequence[Placed]) -> list[int | None]:
    """For each figure, in their order, the number that its text says it takes the place of."""
    formers = [p for p in placed if p.is_whole and _is_told_as_former(p)]
    return [next(_formers_of(item, placed, formers), None) for item in placed]


def _formers_of(item: Placed, placed: Sequence[Placed], formers: Sequence[Placed]) -> Iterator[int]:
    """The numbers told to be before this one, the surest first."""
    if item.is_whole and item.count.mention.value is not None:
        yield from _named_with(item, placed)
        if _is_number_of_all(item):
            yield from _told_before(item, formers)
            yield from _before_a_death(item, placed)


def _named_with(item: Placed, placed: Sequence[Placed]) -> Iterator[int]:
    """The number of a toll's own sentence that is told to be replaced."""
    mention = item.count.mention
    if not mention.is_told_as_toll or "REPLACED_COUNT" in mention.tags:
        return
    for old in placed:
        former = old.count.mention
        if "REPLACED_COUNT" not in former.tags or not former.is_told_as_toll or not old.is_whole:
            continue
        if old.side == item.side and former.sentence == mention.sentence:
            if former.value is not None and former.value != mention.value:
                yield former.value


def _told_before(item: Placed, formers: Sequence[Placed]) -> Iterator[int]:
    """The last of the smaller numbers that somebody "had said earlier"."""
    smaller = [old.number for old in formers if old.side == item.side]
    yield from sorted((n for n in smaller if 0 < n < item.number), reverse=True)


def _is_told_as_former(item: Placed) -> bool:
    mention = item.count.mention
    return mention.is_former and _OTHERS not in mention.tags and _is_of_all(item)


def _is_number_of_all(item: Placed) -> bool:
    """Whether a figure is a number that somebody now gives for the whole."""
    return not item.count.mention.is_former and _is_of_all(item)


def _is_of_all(item: Placed) -> bool:
    """Whether it counts everybody, and is no attacker's and no hospital's own."""
    mention, said_by = item.count.mention, item.speaker
    is_party = said_by.perpetrator_party or item.own_killing or said_by.type == _HOSPITAL
    of_some = mention.tags & _OF_SOME or item.count.victim_class == PART
    return not (mention.is_single or is_party or of_some)


def _before_a_death(item: Placed, placed: Sequence[Placed]) -> Iterator[int]:
    """The number of dead without whoever died last."""
    if item.side != _DEAD:
        return
    mention = item.count.mention
    for last in placed:
        died = last.count.mention
        if last.side != _DEAD or last.scope != item.scope or not 0 < last.number < item.number:
            continue
        if last.number == 1 and died.ordinal == mention.value:
            yield item.number - 1
        elif _DIED_LATER & died.tags and mention.is_told_as_toll:
            if died.sentence == mention.sentence:
                yield item.number - last.number
