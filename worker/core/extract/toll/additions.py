"""Who is told besides those told before: "two more", "a neighbour also", "and the porter died".

Rules
-----
1. "Three were killed on the spot and two more died later", in one sentence, are five; so are "three
   were dead when they came. Two more died during surgery", where the text gives no other number. A
   toll has them in it ("rose to 26 after seven more bodies were found"). "A fourth" makes four of any
   three told before, where nobody gives more; told before anybody else was, he makes four at once.
   "A third", shot, makes three of two who were hurt.
2. "Five guests were killed. Two policemen died, too" are seven: the same harm, told directly before,
   of people of another class or noun. One person is added to people who are told by who they are, and
   whoever died "with them" to any. Soldiers and civilians are other people without "too", where one
   speaker tells of both, or the outlet goes on; so is "a boy" beside "a guard and a cook", where he
   is none of the list. "Nine civilians" are none of a soldier's "three others". "Two Turks" may be of any.
3. "Two sisters were stabbed, and the porter died" are three: one sentence that tells two harms, of
   people told by who they are, in one part of it, and by one speaker.
4. "14 recruits were wounded. A number of guests were also hurt" are 14 and more; so are "14 and several".
5. Where the text gives a number that holds them and others they are a part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from worker.core.annotate.counts import SINGLE_TAGS, CountMention
from worker.core.extract.toll.told_apart import (
    SAME,
    are_different,
    are_of_other_kinds,
    are_told_apart,
    is_again,
    is_somebody,
    is_told_again,
    may_be_called_alike,
)
from worker.core.figures.decide import FOREIGNERS
from worker.core.lang.cascade import UNSPECIFIED
from worker.core.lang.normalise import Range

ToldIn = Callable[[CountMention], tuple[int, str]]
"""The part of its sentence that a mention stands in, counted from 0, and who is quoted there."""
NOBODY_QUOTED = ""
"""Who is quoted where the outlet itself speaks."""
CASUALTY = frozenset({"killed", "injured"})
_COUNTED = CASUALTY | {"shot"}
"""Harms that one sentence may tell of several in turn."""
_PART = "part"
"""What is told of people who are some of others."""
AMONG = "among"
"""Flag of people who are told as some of others."""
_ANYBODY = (UNSPECIFIED, FOREIGNERS)
"""Classes of people who may be among any others: "nine people died. Two Turks also died"."""
_LISTED = frozenset({"GROUP"})
_FURTHER = frozenset({"FURTHER", "ANOTHER_PERSON"})
_MORE = frozenset({"more"})
_REPLACED = frozenset({"REPLACED_COUNT"})
_ON_TOP = frozenset({"ADDITIONAL"})
_FURTHER_REACH = 5
"""Sentences back in which "two more" may find the one person whom they are added to."""
_ON_TOP_REACH = 2
"""… and in which "13 more" may find the only number of that harm."""
_TOLL = frozenset({"toll"})
PLAIN = frozenset({"exact", "at_least", "more_than"})
_SOME_OF = frozenset({"PART", "SAME_PERSON"})
_ALSO = frozenset({"ALSO"})
_BESIDE_THEM = frozenset({"BESIDE_THEM"})
_DIED_AT_ONCE = frozenset({"DIED_AT_ONCE"})
"""Tag of some, told without those who died later: a sum of both are all."""
_ALSO_REACH = 2
"""Sentences back in which people who were harmed as well may find those they are added to."""


def with_further(mentions: Sequence[CountMention]) -> Iterator[CountMention]:
    """The mentions, with "three … and two more" of one sentence and harm made one sum.

    A part told between them ("five guards, two of them brothers, and a cook as well") ends nothing.
    """
    held: CountMention | None = None
    parts: list[CountMention] = []
    for mention in mentions:
        if held is not None and _adds_to(mention, held):
            held = summed(held, mention)
            continue
        if held is not None and mention.what == _PART:
            parts.append(mention)
            continue
        if held is not None:
            yield from (held, *parts)
            held, parts = None, []
        if mention.what in _COUNTED and mention.value is not None and not mention.is_attackers:
            held = mention
        else:
            yield mention
    if held is not None:
        yield from (held, *parts)


def after_one(mentions: Sequence[CountMention]) -> list[CountMention]:
    """The mentions, with "two more have burns" added to those who were told before it.

    To one person, if nobody else is told with that harm; to a number, if it is the only one that the
    text gives, and stands directly before: any other may have them in it.
    """
    out: list[CountMention] = []
    for mention in mentions:
        if not mention.tags & _FURTHER:
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
    told = [m for m in mentions if m.what in _COUNTED and not (m.is_headline or m.is_attackers)]
    first = min(told, key=lambda m: m.number.start, default=None)
    dead = [m.value or 0 for m in told if m.what == mention.what and m is not mention]
    goes_on = max(dead, default=0) == number - 1
    if not (first is mention or goes_on) or max(dead, default=0) >= number:
        return mention
    kept = mention.tags - SINGLE_TAGS - _FURTHER
    return replace(mention, value=number, low=number, high=number, tags=kept | _LISTED)


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
    more = mention.tags & _FURTHER and mention.value is not None and mention.what in CASUALTY
    if not more or AMONG in mention.flags or mention.is_single or mention.is_attackers:
        return False
    last, apart = same[-1], mention.sentence - same[-1].sentence
    others = [m for m in mentions if m.what == mention.what and not m.is_single]
    if any(m is not mention and m.value == mention.value for m in others):
        return False  # told elsewhere without "more": that is all of them
    on_top = mention.tags & _ON_TOP
    if len(same) == 1 and last.is_single:
        return apart <= (_FURTHER_REACH if on_top else 1)
    plain = (
        bool(on_top)
        and last.qualifier in PLAIN
        and not last.flags & _TOLL
        and mention.qualifier == "exact"
    )
    told = [m for m in others if not (m.is_headline and m.value == last.value)]
    alone = not any(m is not mention and m.number != last.number for m in told)
    return plain and alone and len(same) == 1 and apart <= _ON_TOP_REACH


def _one_less(mention: CountMention, same: Sequence[CountMention]) -> CountMention | None:
    """The count that "a fourth" goes on with: the last of three, where nobody gives more."""
    if not mention.is_single or mention.ordinal is None or mention.what not in _COUNTED:
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
    more = mention.tags & _FURTHER or mention.flags & _MORE
    same = mention.what == before.what and mention.sentence == before.sentence
    plain = mention.value is not None and not mention.is_attackers and "toll" not in before.flags
    return bool(more) and same and plain and mention.number.start >= before.number.end


def _are_more(
    mention: CountMention,
    before: CountMention,
    mentions: Sequence[CountMention],
    told_in: ToldIn,
) -> bool:
    """Whether people are told besides those told before, and nobody gives a number of all of them."""
    if before.is_headline or "toll" in before.flags | mention.flags:
        return False
    if None in (mention.value, before.value):
        return False
    if _died_later(mention, before, mentions):
        return not is_held(mention, before, mentions)
    if mention.tags & _SOME_OF:
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
    if not no_number or before.is_headline or mention.tags & _SOME_OF or "toll" in before.flags:
        return False
    if before.qualifier not in ("exact", "at_least"):
        return False
    more = mention.flags & _MORE and mention.sentence == before.sentence
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
    follows = mention.sentence - before.sentence == 1 and bool(before.tags & _FURTHER)
    more = (mention.value or 0) > (before.value or 0) and before.victim_class == UNSPECIFIED
    return follows and more and are_of_other_kinds(first, mention)


def is_held(mention: CountMention, before: CountMention, mentions: Sequence[CountMention]) -> bool:
    """Whether the text gives a number, of the same harm, that holds both and others beside."""
    both = (mention.value or 0) + (0 if before is mention else before.value or 0)
    larger = [m for m in mentions if m.value is not None and m.value > both]
    return any(
        m.what == mention.what
        and not (m.is_single or m.is_attackers or m.tags & _SOME_OF)
        and m.number not in (mention.number, before.number)
        for m in larger
    )


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
    by_kind = others and by_who
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
    if mention.tags & _LISTED or (mention.is_single and mention.noun is not None):
        return True
    return mention.noun is not None or mention.victim_class not in (UNSPECIFIED, "civilians")


def _with_some_more(count: CountMention) -> CountMention:
    """A number, as the least of all: nobody says how many more there are."""
    return replace(count, high=None, qualifier="at_least")


def summed(one: CountMention, two: CountMention) -> CountMention:
    return replace(
        one,
        end=max(one.end, two.end),
        number=Range(one.number.start, two.number.end),
        value=(one.value or 0) + (two.value or 0),
        low=None if one.low is None or two.low is None else one.low + two.low,
        high=None if one.high is None or two.high is None else one.high + two.high,
        victim_class=UNSPECIFIED,
        tags=(one.tags | two.tags | _LISTED) - SINGLE_TAGS - _FURTHER - _DIED_AT_ONCE,
        parts=(*(one.parts or (one,)), *(two.parts or (two,))),
    )
