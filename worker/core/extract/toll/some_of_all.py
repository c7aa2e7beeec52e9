"""Which figures are some of a larger one that somebody gives as well.

Rules
-----
1. "Three more died" beside a total is what the total grew by; so is he who "died, bringing the toll to
   four". "Ten others" beside attackers of the same
   sentence are not: they are all victims.
2. "Two Filipinos also lost their lives", beside a larger number of somebody, are a part of it.
3. A number "in all" holds smaller ones told before it, of nobody in particular, of its speaker, or of
   who knows a part (a hospital, an embassy). "Nine policemen including a captain and four civilians,
   nine in all" are nine.
4. What the outlet, a hospital, an embassy or a foreign ministry tells of, after an office has given a
   number for all that is twice as large or more, is a part of that ("police put the toll at 13 … Three
   people died in the yard"). So are fewer people whom the outlet tells by who they were ("six dead,
   police said. Four geologists and the driver died at once"), and what a foreign ministry tells,
   wherever somebody counts twice as many: it speaks of its own people.
5. What one of several blasts did is a part of a larger number of somebody ("at least four … three people
   were killed in the first blast").
6. "Three civilians were killed", beside "four policemen and three civilians" of anybody, are those three
   again: the same class and number as a part of a larger figure.
7. "Two Indians were killed", told by the outlet before its seven people, are some of those.
8. "Two of the girls have burns", behind three girls of the same harm, are two of those three. Not where
   girls are told with another harm, too: "wounded six girls … two of the girls died" may be of those.
   Of another speaker than the outlet they are his own count: "residents said two of the guards died".
"""

from __future__ import annotations

from collections.abc import Sequence

from worker.core.annotate.counts import CountMention
from worker.core.annotate.speakers import NARRATOR, POWER_TYPE
from worker.core.domain.vocabulary import Scope
from worker.core.extract.toll.placed import Placed, Side, is_toll
from worker.core.figures.decide import PART
from worker.core.lang.cascade import UNSPECIFIED

_FURTHER = frozenset({"FURTHER", "ANOTHER_PERSON"})
_OF_ALL = frozenset({"IN_TOTAL", "LATER_COUNT"})
_FOREIGN = "government_foreign"
_KNOW_A_PART = frozenset({NARRATOR, "hospital", _FOREIGN, "unknown"})
"""Kinds of speakers who tell of those whom they received, or of one scene. Witnesses speak of the whole."""
_DIED_SINCE = frozenset({"FURTHER", "WAS_WOUNDED", "RAISED_TOLL", "DIED_OF_WOUNDS"})
_OF_ONE = "OF_ONE_BLAST"
_SOME_OF_THE = "SOME_OF_THE"
_MUCH_MORE = 2


def is_increase(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether "three more died", "two Filipinos also died" are within a number told elsewhere."""
    if _is_step(item, placed):
        return True
    mention = item.count.mention
    if item.side != ("killed", False) or item.count.parent is not None or mention.value is None:
        return False
    more = bool(mention.tags & _FURTHER) and not _is_besides_attackers(item, placed)
    if not more and not _is_as_well(item, placed):
        return False
    return any(
        p.side == ("killed", False)
        and p.scope == item.scope
        and p.count.parent is None
        and not p.count.mention.is_single
        and not p.count.mention.is_former
        and not p.count.mention.tags & _FURTHER
        and (p.count.mention.low or 0) >= mention.value + (not more)
        for p in placed
    )


def _is_step(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether their sentence has them in a toll: "a porter died of his wounds, bringing the toll to four"."""
    mention = item.count.mention
    died_since = mention.is_single or mention.tags & _DIED_SINCE
    if item.side != ("killed", False) or not item.is_whole or not died_since:
        return False
    return any(
        p.side == item.side
        and p.is_whole
        and p.count.mention.sentence == mention.sentence
        and p.count.mention.is_told_as_toll
        and not p.count.mention.is_former
        and _is_more(p, mention)
        for p in placed
    )


def _is_besides_attackers(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether "ten others" died besides attackers told in the same breath: they are all victims."""
    mention = item.count.mention
    return any(
        p.side == (item.count.measure, True)
        and p.count.mention.sentence == mention.sentence
        and p.count.mention.number.end <= mention.number.start
        for p in placed
    )


def _is_as_well(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether "also" adds people to the dead, and does not tie them to the wounded of its sentence."""
    mention = item.count.mention
    if "ALSO" not in mention.tags or item.side[1]:
        return False
    return not any(
        p.count.mention.sentence == mention.sentence and p.count.measure != item.count.measure
        for p in placed
    )


def is_within_total(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether a number was told before one that says it is of all: "five people died in total"."""
    mention = item.count.mention
    if not item.is_whole or mention.is_single:
        return False
    knows_a_part = item.speaker.type in _KNOW_A_PART | {POWER_TYPE}
    holds_any = knows_a_part and not item.speaker.perpetrator_party
    return any(
        p.side == item.side
        and p.is_whole
        and (holds_any or p.speaker.id == item.speaker.id)
        and p.count.mention.number.start >= mention.number.end
        and (p.count.mention.low or 0) > (mention.value or 0)
        for p in placed
        if "IN_TOTAL" in p.count.mention.tags
    )


def is_told_to_be_less(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether its speaker says of the first in a list that they are all: the others are some of them."""
    mention = item.count.mention
    return bool(mention.parts) and any(
        p.side == item.side
        and p.is_whole
        and p.speaker.id == item.speaker.id
        and p.count.mention.number.start >= mention.number.end
        and p.count.mention.value == mention.parts[0].value
        for p in placed
        if "IN_TOTAL" in p.count.mention.tags
    )


def is_of_one_blast(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether a number is of one of several blasts, and somebody gives more for all of them."""
    mention = item.count.mention
    if _OF_ONE not in mention.tags or not item.is_whole or item.speaker.perpetrator_party:
        return False
    return any(
        p.side == item.side
        and p.is_whole
        and is_toll(p)
        and _OF_ONE not in p.count.mention.tags
        and (p.count.mention.low or 0) > (mention.value or 0)
        for p in placed
    )


def is_part_again(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether a class of people is, by its number, a part of what somebody counts with others."""
    mention, group = item.count.mention, item.count.victim_class
    if not item.is_whole or mention.is_single or mention.is_headline or mention.value is None:
        return False
    if group in (PART, UNSPECIFIED) or item.side[1]:
        return False
    wholes = {
        p.count.key for p in placed if p.side == item.side and p.is_whole and _is_more(p, mention)
    }
    return any(
        p.count.parent in wholes
        and p.count.victim_class == group
        and p.count.mention.value == mention.value
        for p in placed
    )


def is_some_of_those(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether a number is of people of whom more were counted before, with the same harm."""
    mention, group = item.count.mention, item.count.victim_class
    if _SOME_OF_THE not in mention.tags or not item.is_whole or item.side[1]:
        return False
    same = [
        p
        for p in placed
        if p.count.mention.number.end <= mention.number.start
        and p.scope == item.scope
        and p.count.victim_class == group
        and (group != UNSPECIFIED or p.count.mention.noun == mention.noun)
    ]
    tellers = {item.speaker.id, *(p.speaker.id for p in same)}
    is_one_account = len(tellers) == 1 or item.speaker.type == NARRATOR
    return {p.side for p in same} == {item.side} and any(
        is_one_account and p.is_whole and _is_more(p, mention) for p in same
    )


def is_kind_of_people(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether the outlet tells some by who they are, and more "people" behind them."""
    mention = item.count.mention
    if not item.is_whole or mention.is_single or mention.is_headline or item.side[1]:
        return False
    if mention.noun is None or mention.parts or item.speaker.type != NARRATOR:
        return False  # an office may have lowered its toll: "seven guests … on Tuesday it said 11 people"
    return any(
        p.side == item.side
        and p.is_whole
        and p.speaker.id == item.speaker.id
        and p.count.mention.number.start >= mention.number.end
        and p.count.mention.noun is None
        and p.count.victim_class == UNSPECIFIED
        and not p.count.mention.tags & _FURTHER
        and _is_more(p, mention)
        for p in placed
    )


def _is_more(item: Placed, than: CountMention) -> bool:
    """Whether a figure is a larger number, of no party of the attack."""
    return is_toll(item) and (item.count.mention.low or 0) > (than.value or 0)


def of_part(placed: Sequence[Placed]) -> set[int]:
    """Indexes of few whom somebody tells of who cannot know the whole, after an office counted many."""
    found: set[int] = set()
    counted: dict[tuple[Side, Scope], int] = {}
    told = _most_told(placed)
    for index in sorted(range(len(placed)), key=lambda i: placed[i].count.mention.number.start):
        item = placed[index]
        if not item.is_whole or item.speaker.perpetrator_party:
            continue
        mention, key = item.count.mention, (item.side, item.scope)
        if item.speaker.type not in _KNOW_A_PART:
            if not mention.is_former:
                counted[key] = max(counted.get(key, 0), mention.low or 0)
            continue
        most = told.get(item.side, 0) if item.speaker.type == _FOREIGN else counted.get(key, 0)
        is_few = most >= _MUCH_MORE * max(1, mention.value or 0)
        is_few |= item.speaker.type == NARRATOR and _are_told_by_kind(mention, most)
        if is_few and mention.value is not None and not _tells_of_all(mention):
            found.add(index)
    return found


def _most_told(placed: Sequence[Placed]) -> dict[Side, int]:
    """The most that anybody but a party of the attack counts of each side, and that is not replaced."""
    most: dict[Side, int] = {}
    for item in placed:
        if item.is_whole and is_toll(item):
            most[item.side] = max(item.count.mention.low or 0, most.get(item.side, 0))
    return most


def _are_told_by_kind(mention: CountMention, most: int) -> bool:
    """Whether people are told by who they are, all of them, and fewer than an office has counted."""
    told = all(m.noun is not None for m in mention.parts or (mention,))
    return told and (mention.high or mention.low or 0) < most


def _tells_of_all(mention: CountMention) -> bool:
    """Whether a number is a headline's, or said to be of all."""
    return mention.is_headline or mention.is_told_as_toll or bool(mention.tags & _OF_ALL)
