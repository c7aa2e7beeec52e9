"""Which figures an article itself replaces, or tells as steps to another: no opinions of the whole.

Rules
-----
1. What the text says was replaced ("from nine to seven", "had first put it at four") is, also where
   the same number stands again, for the toll or of the same speaker. So is whatever stood before "the
   toll was revised to 16".
2. What is told to be newer replaces what was told before (``newer``).
3. In a live blog a later entry replaces what earlier ones have and is less, whoever said it: tolls
   rise. Of the same speaker it replaces any other number. What one hospital received replaces nobody
   else's total, and a class of people nothing.
4. "Three more died" beside a total is what the total grew by. So are numbers that follow upon a
   replaced one and add up to the newest with it (17, "four more died and eight bodies have been
   added", 29).
5. "Two Filipinos also lost their lives", beside a larger number of somebody, are a part of it.
6. A number "in all" holds smaller ones told before it, of nobody in particular, of its speaker, or of
   who knows a part (a hospital, an embassy). "Nine policemen including a captain and four civilians,
   nine in all" are nine.
7. What the outlet, a hospital, an embassy or a foreign ministry tells of, after an office has given a
   number for all that is twice as large or more, is a part of that ("police put the toll at 13 … Three
   people died in the yard"). So are fewer people whom the outlet tells by who they were ("six dead,
   police said. Four geologists and the driver died at once"), and what a foreign ministry tells,
   wherever somebody counts twice as many: it speaks of its own people.
8. What one of several blasts did is a part of a larger number of somebody ("at least four … three people
   were killed in the first blast").
9. Who died of his wounds makes the toll one more: "22, police said … one of the wounded died, taking
   the toll to 23" are 23.
10. Numbers of one speaker that follow upon each other and add up to a total are its parts ("killed
   seven … the first killed four, the second three").
11. "Three civilians were killed", beside "four policemen and three civilians" of anybody, are those three
   again: the same class and number as a part of a larger figure.
12. "Two Indians were killed", told by the outlet before its seven people, are some of those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from worker.core.annotate.counts import CountMention
from worker.core.annotate.speakers import NARRATOR, POWER_TYPE
from worker.core.domain.vocabulary import Scope
from worker.core.extract.toll.newer import find_newer
from worker.core.extract.toll.placed import Placed, Side
from worker.core.figures import PART
from worker.core.lang.cascade import UNSPECIFIED

_FURTHER = frozenset({"FURTHER", "ANOTHER_PERSON"})
_TOLL = frozenset({"toll"})
_OF_ALL = frozenset({"IN_TOTAL", "LATER_COUNT"})
_FOREIGN = "government_foreign"
_KNOW_A_PART = frozenset({NARRATOR, "hospital", _FOREIGN, "unknown"})
"""Kinds of speakers who tell of those whom they received, or of one scene. Witnesses speak of the whole."""
_OF_ONE = "OF_ONE_BLAST"
_MUCH_MORE = 2
_MOST_ADDENDS = 4
_CASUALTY = ("killed", "injured")


def find_replaced(placed: Sequence[Placed]) -> list[bool]:
    """For each figure, in their order, whether it is no opinion of the whole (any more)."""
    replaced = _are_replaced(placed)
    gone = [p for p, is_gone in zip(placed, replaced, strict=True) if is_gone]
    addends = set(_addends(placed)) | _of_part(placed)
    newer = find_newer(placed, addends)
    return [
        replaced[index]
        or newer.overtakes(p)
        or _is_named_old(p, gone)
        or _is_revised(p, placed)
        or _is_of_before(p, placed)
        or _is_increase(p, placed)
        or _is_of_earlier_entry(p, placed)
        or _is_within_total(p, placed)
        or _is_told_to_be_less(p, placed)
        or _is_of_one_blast(p, placed)
        or _is_before_a_death(p, placed)
        or _is_part_again(p, placed)
        or _is_kind_of_people(p, placed)
        or index in addends
        for index, p in enumerate(placed)
    ]


def _is_of_hospital(item: Placed) -> bool:
    return "AT_HOSPITAL" in item.count.mention.tags or item.speaker.type == "hospital"


def _are_replaced(placed: Sequence[Placed]) -> list[bool]:
    """For each figure whether the text says it is replaced: no group's number of its deed replaces one."""
    standing = [p for p in placed if "REPLACED_COUNT" not in p.count.mention.tags]
    others = {(p.side, p.scope) for p in standing}
    neutral = (p for p in standing if not (p.speaker.perpetrator_party or p.own_killing))
    told = {(p.side, p.scope) for p in neutral}
    only_a_party = others - told
    return [
        "REPLACED_COUNT" in p.count.mention.tags
        and ("toll" in p.count.mention.flags or (p.side, p.scope) not in only_a_party)
        for p in placed
    ]


def _is_named_old(item: Placed, gone: Sequence[Placed]) -> bool:
    """Whether a number is one that the article says is replaced: the toll's, or the same speaker's.

    ("The toll has gone up from three to six", above an earlier "three dead, doctors say"; "earlier the
    police had spoken of one death", above their earlier "one person was killed".)
    """
    if not item.is_whole:
        return False
    mention = item.count.mention
    return any(
        p.side == item.side
        and p.scope == item.scope
        and ("toll" in p.count.mention.flags or p.speaker.id == item.speaker.id)
        and p.count.mention.value == mention.value
        and p.count.mention.number != mention.number
        for p in gone
    )


def _is_revised(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether the toll itself "was revised to" another number later on, whoever had given it."""
    mention = item.count.mention
    if not item.is_whole or mention.is_single or "AT_HOSPITAL" in mention.tags:
        return False
    return any(
        p.side == item.side
        and p.scope == item.scope
        and p.count.mention.value != mention.value
        and p.count.mention.number.start >= mention.number.end
        for p in placed
        if "REVISED_COUNT" in p.count.mention.tags
    )


def _is_of_before(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether a number that "officials had said" is the smaller one: tolls rise, unless they are put
    right. Of the wounded some die or go home, so any other number is the newer one; "several" is none.
    """
    mention = item.count.mention
    is_dead = item.count.measure == "killed"
    if "FORMER_COUNT" not in mention.tags or "LATER_COUNT" in mention.tags:
        return False  # "by midday the minister had put the number at 48" is newer
    if item.count.parent is not None:
        return False
    return any(
        p.side == item.side
        and p.scope == item.scope
        and p.count.parent is None
        and p.count.victim_class != PART
        and (is_dead or p.count.mention.value is not None)
        and not p.count.mention.is_former
        and ((p.count.mention.low or 0) > (mention.value or 0) * is_dead or _revises(p, item))
        for p in placed
    )


def _revises(newer: Placed, item: Placed) -> bool:
    """Whether somebody put the toll right with another number ("lowered the number of dead to 7")."""
    mention = newer.count.mention
    return "REVISED_COUNT" in mention.tags and mention.value != item.count.mention.value


def _is_increase(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether "three more died", "two Filipinos also died" are within a number told elsewhere."""
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


def _is_within_total(item: Placed, placed: Sequence[Placed]) -> bool:
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


def _is_told_to_be_less(item: Placed, placed: Sequence[Placed]) -> bool:
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


def _is_of_one_blast(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether a number is of one of several blasts, and somebody gives more for all of them."""
    mention = item.count.mention
    if _OF_ONE not in mention.tags or not item.is_whole or item.speaker.perpetrator_party:
        return False
    return any(
        p.side == item.side
        and p.is_whole
        and _is_toll(p)
        and _OF_ONE not in p.count.mention.tags
        and (p.count.mention.low or 0) > (mention.value or 0)
        for p in placed
    )


def _is_before_a_death(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether those who died later make another's number of dead out of this one."""
    mention = item.count.mention
    if item.side != ("killed", False) or not item.is_whole or mention.value is None:
        return False
    return any(
        later.count.mention.sentence == p.count.mention.sentence
        and later.number + mention.value == p.number
        for p in placed
        if p.side == item.side and p.is_whole and p.count.mention.flags & _TOLL
        for later in placed
        if later.side == item.side and "WAS_WOUNDED" in later.count.mention.tags and later.number
    )


def _is_part_again(item: Placed, placed: Sequence[Placed]) -> bool:
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


def _is_kind_of_people(item: Placed, placed: Sequence[Placed]) -> bool:
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
    return _is_toll(item) and (item.count.mention.low or 0) > (than.value or 0)


def _of_part(placed: Sequence[Placed]) -> set[int]:
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
        if item.is_whole and _is_toll(item):
            most[item.side] = max(item.count.mention.low or 0, most.get(item.side, 0))
    return most


def _are_told_by_kind(mention: CountMention, most: int) -> bool:
    """Whether people are told by who they are, all of them, and fewer than an office has counted."""
    told = all(m.noun is not None for m in mention.parts or (mention,))
    return told and (mention.high or mention.low or 0) < most


def _tells_of_all(mention: CountMention) -> bool:
    """Whether a number is a headline's, or said to be of all."""
    return mention.is_headline or bool(mention.flags & _TOLL) or bool(mention.tags & _OF_ALL)


def _is_of_earlier_entry(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether a later entry of the blog has a newer number."""
    if item.told is None or not item.is_whole or item.speaker.perpetrator_party:
        return False
    return any(_is_newer_entry(p, item) for p in placed)


def _is_newer_entry(later: Placed, item: Placed) -> bool:
    if later.told is None or item.told is None or later.told <= item.told:
        return False
    if later.side != item.side or not later.is_whole or not _is_toll(later):
        return False
    if later.speaker.id == item.speaker.id:
        return later.count.mention.value != item.count.mention.value
    own = _is_of_hospital(later)
    most = item.count.mention.high or item.count.mention.low or 0
    return not own and (later.count.mention.low or 0) > most


def _is_toll(item: Placed) -> bool:
    """Whether a figure is a number for all of its side, given by no party of the attack."""
    mention = item.count.mention
    given = mention.value is not None and not mention.is_single and not mention.is_former
    is_party = item.speaker.perpetrator_party or item.own_killing
    return given and item.count.victim_class != PART and not is_party


def _addends(placed: Sequence[Placed]) -> Iterator[int]:
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
        for at in range(1, len(own) - size + 1):
            run = own[at : at + size]
            one_speaker = all(a.speaker.id == b.speaker.id for (_, a), (_, b) in pairwise(run))
            total = sum(p.number for _, p in run)
            if one_speaker and any(p.number == total for _, p in own[:at]):
                yield from (i for i, _ in run)
