"""Who is told besides those told before: "a neighbour also", "and the porter died".

Rules
-----
1. "Five guests were killed. Two policemen died, too" are seven: the same harm, told directly before,
   of people of another class or noun. One person is added to people who are told by who they are, and
   whoever died "with them" to any. Soldiers and civilians are other people without "too", where one
   speaker tells of both, or the outlet goes on; so is "a boy" beside "a guard and a cook", where he
   is none of the list. "Nine civilians" are none of a soldier's "three others". "Two Turks" may be of any.
2. "Two sisters were stabbed, and the porter died" are three: one sentence that tells two harms, of
   people told by who they are, in one part of it, and by one speaker.
3. "14 recruits were wounded. A number of guests were also hurt" are 14 and more; so are "14 and several".
4. Where the text gives a number that holds them and others they are a part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from worker.core.annotate.counts import CountMention
from worker.core.extract.toll.summed import (
    AMONG,
    CASUALTY,
    FURTHER,
    LISTED,
    MORE,
    SOME_OF,
    is_held,
    summed,
)
from worker.core.extract.toll.told_apart import (
    SAME,
    are_different,
    are_of_other_kinds,
    are_told_apart,
    is_again,
    is_told_again,
    may_be_called_alike,
)
from worker.core.figures.decide import FOREIGNERS
from worker.core.lang.cascade import UNSPECIFIED

ToldIn = Callable[[CountMention], tuple[int, str]]
"""The part of its sentence that a mention stands in, counted from 0, and who is quoted there."""
NOBODY_QUOTED = ""
"""Who is quoted where the outlet itself speaks."""
_ANYBODY = (UNSPECIFIED, FOREIGNERS)
"""Classes of people who may be among any others: "nine people died. Two Turks also died"."""
_ALSO = frozenset({"ALSO"})
_BESIDE_THEM = frozenset({"BESIDE_THEM"})
_PUT_SOMEWHERE = frozenset({"DESCRIBED"})
"""Tag of people told by where they were: "eleven who were aboard … four in the street also died"."""
_ALSO_REACH = 2
"""Sentences back in which people who were harmed as well may find those they are added to."""


def with_others(mentions: Sequence[CountMention], told_in: ToldIn) -> list[CountMention]:
    """The mentions, with people who were harmed as well added to those told directly before them.

    Where somebody gives a number that has them all in it they are a part of that.
    """
    out: list[CountMention] = []
    last: dict[str, int] = {}
    for mention in mentions:
        before = out[last[mention.what]] if mention.what in last else None
        if mention.what not in CASUALTY or mention.is_attackers:
            out.append(mention)
        elif before is not None and _are_more(mention, before, mentions, told_in):
            out[last[mention.what]] = summed(before, mention)
        elif before is not None and _are_some_more(mention, before, mentions):
            out[last[mention.what]] = _with_some_more(before)
            out.append(mention)
        else:
            last[mention.what] = len(out)
            out.append(_as_part(mention, out) if mention.tags & _ALSO else mention)
    return [_as_part_of_more(m, out) if _is_list_of_persons(m) else m for m in out]


def _is_list_of_persons(mention: CountMention) -> bool:
    """Whether it is "a guard and a cook": persons told singly, as parts of any larger number are."""
    is_casualty = mention.what in CASUALTY and not mention.is_attackers
    return is_casualty and bool(mention.parts) and all(p.is_single for p in mention.parts)


def _as_part_of_more(mention: CountMention, told: Sequence[CountMention]) -> CountMention:
    """A list of persons, as some of a larger number, whoever gave it: nobody tells many one by one."""
    part = is_held(mention, mention, told)
    return replace(mention, flags=mention.flags | {AMONG}) if part else mention


def _as_part(mention: CountMention, told: Sequence[CountMention]) -> CountMention:
    """People harmed as well, as some of a larger number that was told before."""
    before = [m for m in told if m.number.end <= mention.number.start]
    part = is_held(mention, mention, before)
    return replace(mention, flags=mention.flags | {AMONG}) if part else mention


def _are_more(
    mention: CountMention,
    before: CountMention,
    mentions: Sequence[CountMention],
    told_in: ToldIn,
) -> bool:
    """Whether people are told besides those told before, and nobody gives a number of all of them."""
    if before.is_headline or before.is_told_as_toll or mention.is_told_as_toll:
        return False
    if None in (mention.value, before.value):
        return False
    if _died_later(mention, before, mentions):
        return not is_held(mention, before, mentions)
    if mention.tags & SOME_OF:
        return False
    if _adds_as_well(mention, before, mentions):
        return not is_held(mention, before, mentions)
    if is_held(mention, before, mentions):
        return False
    if _are_besides_forces(mention, before, mentions):
        return True
    here, there = told_in(mention), told_in(before)
    if _are_others(mention, before) and mention.sentence != before.sentence:
        return here[1] in (there[1], NOBODY_QUOTED)
    if not (_are_others(mention, before) or _is_beside(mention, before)):
        return False
    between = any(before.end <= m.start and m.end <= mention.start for m in mentions)
    return not between and here == there


def _are_some_more(
    mention: CountMention, before: CountMention, mentions: Sequence[CountMention]
) -> bool:
    """Whether "several more" were harmed, or "several" also, after a number told directly before."""
    no_number = mention.value is None and mention.low is not None and before.value is not None
    if not no_number or before.is_headline or mention.tags & SOME_OF or before.is_told_as_toll:
        return False
    if before.qualifier not in ("exact", "at_least"):
        return False
    more = mention.flags & MORE and mention.sentence == before.sentence
    return bool(more or _adds_as_well(mention, before, mentions)) and not is_held(
        mention, before, mentions
    )


def _are_besides_forces(
    mention: CountMention, before: CountMention, mentions: Sequence[CountMention]
) -> bool:
    """Whether civilians are more than the "others" of soldiers told before them, so none of those.

    ("It killed one soldier and wounded three others. Nine civilians were hurt.")
    """
    first = next((m for m in mentions if m.sentence == before.sentence), before)
    follows = mention.sentence - before.sentence == 1 and bool(before.tags & FURTHER)
    more = (mention.value or 0) > (before.value or 0) and before.victim_class == UNSPECIFIED
    return follows and more and are_of_other_kinds(first, mention)


def _adds_as_well(
    mention: CountMention, before: CountMention, mentions: Sequence[CountMention]
) -> bool:
    """Whether "two policemen died, too" tells of nobody whom the count before it holds.

    A class told before is told again, and so is the same number, but for people of another kind. ("Three
    died, and eleven were hurt, too": "too" ties the two harms.) One person is added to people told by who
    they are ("six of them", of workers), not to a number of people; who was harmed "with them" to any.
    """
    if not mention.tags & _ALSO or mention.sentence - before.sentence > _ALSO_REACH:
        return False
    if mention.tags & _BESIDE_THEM and mention.sentence - before.sentence == 1:
        return True
    by_who = _is_told_by_kind(before) or _are_of_a_kind(before, mentions)
    if mention.is_single:
        return not before.is_single and by_who and mention.noun != before.noun
    is_new = mention.victim_class not in (*_ANYBODY, before.victim_class) or before.is_single
    others = "FURTHER" in mention.tags or _have_other_nouns(mention, before)
    put = bool(mention.tags & before.tags & _PUT_SOMEWHERE)
    by_kind = others and (by_who or put)
    is_again = mention.value == before.value and not are_of_other_kinds(before, mention)
    return (is_new or by_kind) and not is_again


def _are_of_a_kind(before: CountMention, mentions: Sequence[CountMention]) -> bool:
    """Whether they are "six of them", of people whom no number tells before: of those on a bus, say."""
    told = (m for m in mentions if m.sentence == before.sentence and not m.is_headline)
    return "PART" in before.tags and not any(m.number.end <= before.number.start for m in told)


def _have_other_nouns(mention: CountMention, before: CountMention) -> bool:
    """Whether all are told by nouns or classes, and by none that tells of those before."""
    return all(
        (m.noun, m.victim_class) != (None, UNSPECIFIED)
        and (m.noun, m.victim_class) != (b.noun, b.victim_class)
        for m in (mention.parts or (mention,))
        for b in (before.parts or (before,))
    )


def _are_others(mention: CountMention, before: CountMention) -> bool:
    """Whether no one of them can be one of those before: civilians and soldiers, persons of two lists."""
    if mention.is_single and before.is_single:
        return False
    if _are_one_each(mention, before):
        return True
    pairs = [(m, b) for m in (mention.parts or (mention,)) for b in (before.parts or (before,))]
    persons = all(m.is_single and b.is_single and are_different(b, m) for m, b in pairs)
    return persons or all(are_of_other_kinds(m, b) for m, b in pairs)


def _are_one_each(mention: CountMention, before: CountMention) -> bool:
    """Whether "one cook" is told right after "one guard": one of each trade, and nobody in general."""
    told = None not in (mention.noun, before.noun) and mention.value == before.value == 1
    if mention.victim_class == before.victim_class != UNSPECIFIED:  # a policeman is an officer
        return False
    follows = 0 <= mention.sentence - before.sentence <= 1 and not mention.is_single
    return told and follows and not (before.is_single or may_be_called_alike(mention, before))


def _died_later(
    mention: CountMention, before: CountMention, mentions: Sequence[CountMention]
) -> bool:
    """Whether "the driver" who died was told as wounded in one breath with those dead before him.

    So is "she", where one woman was told so and nobody else since.
    """
    if before.is_single or mention.what != "killed" or not mention.is_single:
        return False
    apart = mention.sentence - before.sentence
    same_breath = [m for m in mentions if m.what == "injured" and m.sentence == before.sentence]
    told = [part for m in same_breath for part in (m.parts or (m,))]
    if mention.noun is not None:
        return apart > 0 and any(is_again(m, mention) for m in told)
    if SAME not in mention.tags or len(told) != 1 or not told[0].is_single:
        return False
    if any(m.is_single and m.sentence == before.sentence and m is not told[0] for m in mentions):
        return False  # "killed four, among them Farid Karim, and wounded a clerk. He …"
    since = [m for m in mentions if told[0].end <= m.number.start < mention.number.start]
    last = since[-1] if since else told[0]
    near = 0 <= mention.sentence - last.sentence <= 1 and apart > 0
    return near and all(m.what == "injured" and is_told_again(m, told[0]) for m in since)


def _is_beside(mention: CountMention, before: CountMention) -> bool:
    """Whether one sentence tells two harms: "two sisters were stabbed, and the porter died".

    So are two guards who died told apart from somebody by name ("Karim died, and two guards died").
    """
    if (before.is_single and mention.is_single) or "IN_TOTAL" in mention.tags:
        return False
    kinds = _is_told_by_kind(before) or (before.is_single and before.name is not None)
    return kinds and _is_told_by_kind(mention) and are_told_apart(before, mention)


def _is_told_by_kind(mention: CountMention) -> bool:
    """Whether people are told by who they are, not only how many ("two guards", "a farmer")."""
    if mention.tags & LISTED or (mention.is_single and mention.noun is not None):
        return True
    return mention.noun is not None or mention.victim_class not in (UNSPECIFIED, "civilians")


def _with_some_more(count: CountMention) -> CountMention:
    """A number, as the least of all: nobody says how many more there are."""
    return replace(count, high=None, qualifier="at_least")
