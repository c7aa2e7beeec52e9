"""Who is told to be more than those before: "two more", "a fourth".

Rules
-----
1. "Three were killed on the spot and two more died later", in one sentence, are five; so are "three
   were dead when they came. Two more died during surgery", where the text gives no other number. A
   toll has them in it ("rose to 26 after seven more bodies were found").
   So are the dead of the first blast and those of the second, where nobody gives another number.
2. "A fourth" makes four of any three told before, where nobody gives more; told before anybody else was,
   he makes four at once. "A third", shot, makes three of two who were hurt.
3. "Four applicants died alongside the two diplomats" are six; a number told before of as many as those
   they died with ("killing two members of the mission") is of some of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from worker.core.annotate.counts import SINGLE_TAGS, CountMention
from worker.core.extract.toll.summed import (
    AMONG,
    CASUALTY,
    COUNTED,
    FURTHER,
    LISTED,
    MORE,
    PLAIN,
    summed,
)
from worker.core.extract.toll.told_apart import is_somebody

_PART = "part"
"""What is told of people who are some of others."""
_REPLACED = frozenset({"REPLACED_COUNT"})
_BESIDE = "beside"
"""Flag of those with whom others are told to have died."""
_ON_TOP = frozenset({"ADDITIONAL"})
_OF_ONE_BLAST = frozenset({"OF_ONE_BLAST"})
_OF_LATER_BLAST = frozenset({"OF_LATER_BLAST"})
_FURTHER_REACH = 5
"""Sentences back in which "two more" may find the one person whom they are added to."""
_ON_TOP_REACH = 2
"""… and in which "13 more" may find the only number of that harm."""


def with_further(mentions: Sequence[CountMention]) -> Iterator[CountMention]:
    """The mentions, with "three … and two more" of one sentence and harm made one sum.

    A part told between them ("five guards, two of them brothers, and a cook as well") ends nothing.
    """
    held: CountMention | None = None
    parts: list[CountMention] = []
    for mention in _with_companions(mentions):
        if held is not None and _adds_to(mention, held):
            held = summed(held, mention)
            continue
        if held is not None and mention.what == _PART:
            parts.append(mention)
            continue
        if held is not None:
            yield from (held, *parts)
            held, parts = None, []
        if mention.what in COUNTED and mention.value is not None and not mention.is_attackers:
            held = mention
        else:
            yield mention
    if held is not None:
        yield from (held, *parts)


def _with_companions(mentions: Sequence[CountMention]) -> Iterator[CountMention]:
    """The mentions; as many as others died with later are some of them all."""
    beside = [m for m in mentions if _BESIDE in m.flags and m.value and not m.is_attackers]
    for mention in mentions:
        is_told_later = any(
            (m.what, m.value) == (mention.what, mention.value) and m.number.start > mention.end
            for m in beside
        )
        yield replace(mention, flags=mention.flags | {AMONG}) if is_told_later else mention


def after_one(mentions: Sequence[CountMention]) -> list[CountMention]:
    """The mentions, with "two more have burns" added to those who were told before it.

    To one person, if nobody else is told with that harm; to a number, if it is the only one that the
    text gives, and stands directly before: any other may have them in it.
    """
    out: list[CountMention] = []
    for mention in mentions:
        if not mention.tags & FURTHER:
            out.append(mention)
            continue
        died = any(m.what == "killed" and m.number == mention.number for m in mentions)
        if died and mention.what != "killed":  # "a third was shot and died" is one of the dead
            out.append(mention)
            continue
        same = [m for m in out if _is_harmed_as(m, mention) and not m.is_headline]
        if same and _goes_on(mention, same, mentions):
            out[out.index(same[-1])] = replace(summed(same[-1], mention), what=mention.what)
        elif (before := _one_less(mention, same := same + _shot_before(mention, out))) is not None:
            out = [_replaced(m) if m in same and m.value == before.value else m for m in out]
            out[out.index(_replaced(before))] = summed(before, mention)
        else:
            out.append(_with_those_before(mention, mentions))
    return _without_one_less(out)


def _without_one_less(mentions: list[CountMention]) -> list[CountMention]:
    """The mentions, with "two were killed" replaced where "a third person has died" since."""
    last = {m.value for m in mentions if m.what == "killed" and m.ordinal == m.value}
    one_less = {value - 1 for value in last if value is not None}

    def is_less(mention: CountMention) -> bool:
        is_dead = mention.what == "killed" and not (mention.is_attackers or mention.is_headline)
        return is_dead and mention.value in one_less

    return [_replaced(m) if is_less(m) else m for m in mentions]


def _with_those_before(mention: CountMention, mentions: Sequence[CountMention]) -> CountMention:
    """Who is told by his number before anybody else is: "a fourth victim died" makes four dead.

    Not where somebody gives as many.
    """
    number = mention.ordinal
    if number is None or mention.what != "killed" or mention.is_headline:
        return mention
    told = [m for m in mentions if m.what in COUNTED and not (m.is_headline or m.is_attackers)]
    first = min(told, key=lambda m: m.number.start, default=None)
    dead = [m.value or 0 for m in told if m.what == mention.what and m is not mention]
    goes_on = max(dead, default=0) == number - 1
    if not (first is mention or goes_on) or max(dead, default=0) >= number:
        return mention
    kept = mention.tags - SINGLE_TAGS - FURTHER
    return replace(mention, value=number, low=number, high=number, tags=kept | LISTED)


def _is_harmed_as(before: CountMention, mention: CountMention) -> bool:
    """Whether people told before have the same harm; who was shot, and is surely not dead, is hurt.

    So is "a third", shot, after two who were hurt.
    """
    shot = before.what == "shot" and mention.what == "injured" and is_somebody(before)
    third = before.what == "injured" and mention.what == "shot" and mention.ordinal is not None
    return (before.what == mention.what or shot or third) and not before.is_attackers


def _goes_on(
    mention: CountMention, same: Sequence[CountMention], mentions: Sequence[CountMention]
) -> bool:
    """Whether "two more" are more than those of the same harm who were told before."""
    more = mention.tags & FURTHER and mention.value is not None and mention.what in CASUALTY
    if not more or AMONG in mention.flags or mention.is_single or mention.is_attackers:
        return False
    last, apart = same[-1], mention.sentence - same[-1].sentence
    others = [m for m in mentions if m.what == mention.what and not m.is_single]
    if any(m is not mention and m.value == mention.value for m in others):
        return False  # told elsewhere without "more": that is all of them
    on_top = mention.tags & _ON_TOP or _is_of_next_blast(mention, last)
    if len(same) == 1 and last.is_single:
        return apart <= (_FURTHER_REACH if on_top else 1)
    plain = (
        bool(on_top)
        and last.qualifier in PLAIN
        and not last.is_told_as_toll
        and mention.qualifier == "exact"
    )
    told = [m for m in others if not (m.is_headline and m.value == last.value)]
    alone = not any(m is not mention and m.number != last.number for m in told)
    return plain and alone and len(same) == 1 and apart <= _ON_TOP_REACH


def _is_of_next_blast(mention: CountMention, before: CountMention) -> bool:
    """Whether the second of several blasts harmed them, and the first one those before."""
    first = before.tags & _OF_ONE_BLAST and not before.tags & _OF_LATER_BLAST
    return bool(first and mention.tags & _OF_LATER_BLAST)


def _one_less(mention: CountMention, same: Sequence[CountMention]) -> CountMention | None:
    """The count that "a fourth" goes on with: the last of three, where nobody gives more."""
    if not mention.is_single or mention.ordinal is None or mention.what not in COUNTED:
        return None
    if mention.what == "shot" and any(m.what != "injured" for m in same):
        return None
    if any(m.value is None or m.value >= mention.ordinal for m in same):
        return None
    three = [m for m in same if m.value == mention.ordinal - 1 and not m.is_single]
    return three[-1] if three else None


def _shot_before(mention: CountMention, told: Sequence[CountMention]) -> list[CountMention]:
    """The numbers of people shot that "a fourth was wounded" may go on with."""
    if mention.what != "injured":
        return []
    shot = (m for m in told if m.what == "shot" and not m.is_attackers)
    return [m for m in shot if not m.is_single and not m.is_headline]


def _replaced(count: CountMention) -> CountMention:
    return replace(count, tags=count.tags | _REPLACED)


def _adds_to(mention: CountMention, before: CountMention) -> bool:
    """Whether a count goes on with the count before it: "two more died", "along with two aides"."""
    more = mention.tags & FURTHER or mention.flags & MORE
    same = mention.what == before.what and mention.sentence == before.sentence
    plain = mention.value is not None and not mention.is_attackers and not before.is_told_as_toll
    return bool(more) and same and plain and mention.number.start >= before.number.end
