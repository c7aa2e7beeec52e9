"""Which figures the text puts right: somebody says, or its order in a blog, that they are old.

Rules
-----
1. What the text says was replaced ("from nine to seven", "had first put it at four") is, also where
   the same number stands again, for the toll or of the same speaker. No group's number of its own deed
   replaces one. What was "wrongly said" takes no standing number with it: something else was wrong.
2. So is whatever stood before "the toll was revised to 16".
3. What "officials had said" is, where the other number is more: tolls rise. Of the wounded any other
   number is newer.
4. In a live blog a later entry replaces what earlier ones have and is less, whoever said it: tolls
   rise. Of the same speaker it replaces any other number. What one hospital received replaces nobody
   else's total, and a class of people nothing.
5. Who died of his wounds, or was found dead, makes the toll one more: "22, police said … one of the
   wounded died, taking the toll to 23" are 23.
"""

from __future__ import annotations

from collections.abc import Sequence

from worker.core.extract.toll.placed import Placed, is_toll
from worker.core.figures.decide import PART
from worker.core.lang.normalise import Range

_DEAD = ("killed", False)
_REPLACED = "REPLACED_COUNT"
_WITHDRAWN = frozenset({"TAKEN_BACK", "SAID_WRONGLY"})
"""Tags of what was wrong, whatever is right."""
_TOLL_REACH = 3
"""Sentences behind those who died of their wounds in which a toll has them."""
_DIED_LATER = frozenset({"WAS_WOUNDED", "RAISED_TOLL", "DIED_OF_WOUNDS"})


def are_replaced(placed: Sequence[Placed]) -> list[bool]:
    """For each figure whether the text says it is replaced: no group's number of its deed replaces one.

    What somebody "had said earlier" is, where another number came after it; where none did, or the
    same, nothing replaced it.
    """
    standing = [p for p in placed if _REPLACED not in p.count.mention.tags]
    neutral = [p for p in standing if not (p.speaker.perpetrator_party or p.own_killing)]
    return [_REPLACED in p.count.mention.tags and _is_replaced(p, neutral) for p in placed]


def _is_replaced(item: Placed, standing: Sequence[Placed]) -> bool:
    mention = item.count.mention
    if mention.tags & _WITHDRAWN:
        return True
    return any(
        p.side == item.side and p.scope == item.scope and p.count.mention.value != mention.value
        for p in standing
    )


def is_named_old(item: Placed, gone: Sequence[Placed]) -> bool:
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
        and (p.count.mention.is_told_as_toll or p.speaker.id == item.speaker.id)
        and p.count.mention.value == mention.value
        and p.count.mention.number != mention.number
        # "wrongly said that two had been killed on Friday", beside two dead: the day was wrong
        and "SAID_WRONGLY" not in p.count.mention.tags
        for p in gone
    )


def is_revised(item: Placed, placed: Sequence[Placed]) -> bool:
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


def is_of_before(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether a number that "officials had said" is the smaller one: tolls rise, unless they are put
    right. Of the wounded some die or go home, so any other number is the newer one; "several" is none.
    Told in one breath with dead who stand, they stand ("doctors had counted 35 dead and 82 wounded").
    """
    mention = item.count.mention
    is_dead = item.count.measure == "killed"
    if "FORMER_COUNT" not in mention.tags or "LATER_COUNT" in mention.tags:
        return False  # "by midday the minister had put the number at 48" is newer
    if item.count.parent is not None:
        return False
    dead = None if is_dead else _dead_of_one_breath(item, placed)
    if dead is not None:
        return is_of_before(dead, placed)
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


def _dead_of_one_breath(item: Placed, placed: Sequence[Placed]) -> Placed | None:
    """The dead whom the same sentence tells as a former count, by the same speaker."""
    return next(
        (
            p
            for p in placed
            if p.count.measure == "killed"
            and p.side[1] == item.side[1]
            and p.count.mention.sentence == item.count.mention.sentence
            and p.speaker.id == item.speaker.id
            and "FORMER_COUNT" in p.count.mention.tags
        ),
        None,
    )


def _revises(newer: Placed, item: Placed) -> bool:
    """Whether somebody put the toll right with another number ("lowered the number of dead to 7")."""
    mention = newer.count.mention
    return "REVISED_COUNT" in mention.tags and mention.value != item.count.mention.value


def is_of_earlier_entry(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether a later entry of the blog has a newer number."""
    if item.told is None or not item.is_whole or item.speaker.perpetrator_party:
        return False
    return any(_is_newer_entry(p, item) for p in placed)


def _is_newer_entry(later: Placed, item: Placed) -> bool:
    if later.told is None or item.told is None or later.told <= item.told:
        return False
    if later.side != item.side or not later.is_whole or not is_toll(later):
        return False
    if later.speaker.id == item.speaker.id:
        return later.count.mention.value != item.count.mention.value
    own = _is_of_hospital(later)
    most = item.count.mention.high or item.count.mention.low or 0
    return not own and (later.count.mention.low or 0) > most


def _is_of_hospital(item: Placed) -> bool:
    return "AT_HOSPITAL" in item.count.mention.tags or item.speaker.type == "hospital"


def before_a_death(placed: Sequence[Placed]) -> frozenset[int]:
    """The numbers of dead that somebody else's toll has in it, with those who died later.

    The toll stands in the sentence that tells of them; behind it, where they died of their wounds.
    """
    dead = [p for p in placed if p.side == _DEAD]
    died = [p for p in dead if p.count.mention.tags & _DIED_LATER and p.number]
    numbers: dict[Range | None, int] = {p.count.key: p.number for p in dead}
    return frozenset(
        toll.number - later.number
        for later in died
        for toll in dead
        if toll.is_whole
        and _has_died_in_it(later, toll)
        # "eight were killed, three of whom died of their wounds": those eight have them in it
        and numbers.get(later.count.parent) != toll.number - later.number
    )


def _has_died_in_it(later: Placed, toll: Placed) -> bool:
    """Whether a number of dead is told as one that has those who died later in it."""
    died, dead = later.count.mention, toll.count.mention
    behind = dead.sentence - died.sentence
    if behind == 0:
        return dead.is_told_as_toll
    return "DIED_OF_WOUNDS" in died.tags and 0 < behind <= _TOLL_REACH


def is_before_a_death(item: Placed, before: frozenset[int]) -> bool:
    """Whether those who died later make another's number of dead out of this one."""
    return item.side == _DEAD and item.is_whole and item.count.mention.value in before
