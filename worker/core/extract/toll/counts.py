"""Counts of people as statements need them: what is whole, what is part, what is a repetition.

Rules
-----
1. Classes under one harm ("two policemen and three civilians") are parts of one figure, which the
   clause prints as a whole: the whole comes first, with all of it in its quote.
2. "Including nine children" is part of the count before it, and of what became of that. Where a
   language puts the part first it is part of the count after it (Turkish "3'ü polis 8 kişi": of 8
   persons 3 policemen), which the rule that found it says (tag ``PART_OF_NEXT``, flag ``of_next``).
3. A figure that has attackers in it ("14 dead, including five attackers") is a total of neither side.
   The victims are the rest (nine), with all of it in the quote. "Eight, attackers included" is less
   those attackers who are counted nearby, and where none are it tells no number of victims.
4. Who was shot is wounded, unless it is told who of them is dead (``persons``).
5. Who is told to be more (``further``), or besides those told before (``additions``), is added to
   them; so is who is told to be in no toll (``outside``).
6. Of those whom a hospital received, those dead on arrival are not wounded.
7. "The police give seven" is another number for what was counted before, of the same people; "revised
   that to seven" replaces it. A lone number that somebody says ("residents insisted there were
   seven") is of the sentence before, and of none that tells of dead and wounded.
8. A number that the text itself replaces ("from nine to seven") is kept, and used for nothing. Where
   it gives no other one ("at first the police said seven"), nothing replaces it, unless it is taken
   back ("but later withdrew the figure").
9. Who is counted by how he is ("seriously wounded", "still in hospital") is one of the wounded, where
   anybody gives more.
10. "As many wounded" is the number told before (``so_many_times``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import cast

from worker.core.annotate.counts import ALONE, SINGLE_TAGS, CountMention
from worker.core.domain.vocabulary import Measure
from worker.core.extract.toll.additions import ToldIn, with_others
from worker.core.extract.toll.attackers_in import with_attackers_in
from worker.core.extract.toll.count import Count
from worker.core.extract.toll.died_later import add_later_dead, move_to_dead
from worker.core.extract.toll.further import after_one, with_further
from worker.core.extract.toll.outside import left_out, with_outside
from worker.core.extract.toll.persons import name_alone, name_persons, told_once
from worker.core.extract.toll.so_many_times import same_numbers
from worker.core.extract.toll.some_of_hurt import in_care_among_them, others_among_them
from worker.core.extract.toll.spelled_out import spelled_out
from worker.core.extract.toll.summed import AMONG, CASUALTY
from worker.core.figures.decide import ATTACKERS, MIXED, PART
from worker.core.lang.cascade import UNSPECIFIED

PERPETRATOR = ATTACKERS
_UNSTATED = frozenset({"named", "self", "acc", "acc1", "weak", "faint", "one"})
"""Findings that tell of a death without counting anybody."""
_DENIED = frozenset({"NOBODY"})
_REPLACED = frozenset({"REPLACED_COUNT"})
_PUT_AT = "PUT_AT"
"""Tag of a number at which somebody "had put the dead": the only one there is, unless a newer one stands."""
TAKEN_BACK = "TAKEN_BACK"
"""Tag of a number that its speaker withdrew: it is none, whether there is another or not."""
_CORRECTED = "CORRECTED_COUNT"
_LATER = "LATER_COUNT"
_REVISED = frozenset({"revised"})
_WITH_ATTACKERS = frozenset({"WITH_ATTACKERS"})
_BROUGHT = frozenset({"hosp"})
_ARRIVED = frozenset({"arrived"})
_ATTACKERS_REACH = 3
"""Sentences within which attackers are counted who are in another count."""
_ON_TOP = frozenset({"ADDITIONAL"})
_BY_NUMBER = "BY_NUMBER"
_AMONG = frozenset({AMONG})
_DIED_THERE = frozenset({"there"})
"""Flag of people who died where they had been brought, wounded."""
_IN_CARE = frozenset({"hosp", "care"})
"""Flags of people who are, or were, in a hospital."""
_AGAIN_REACH = 2
"""Sentences back in which another number for a count may find what it counts."""
_ALONE_REACH = 1
"""… and a number told alone, which may as well be of something told in between."""
AGAIN = frozenset({"again"})
"""Flag of a number that is told for another one."""
_LISTED = frozenset({"GROUP"})
_HARM = CASUALTY | {"casualties"}
_OF_NEXT = "of_next"
"""Flag of a part that stands before its whole."""


def is_perpetrator(victim_class: str) -> bool:
    """Whether a class of people is the attacking side."""
    return victim_class == PERPETRATOR


def decide_counts(mentions: Sequence[CountMention], told_in: ToldIn) -> tuple[Count, ...]:
    """The counts that the mentions of one attack come to, in the order of the text.

    ``told_in``: the part of its sentence that a mention stands in, and who is quoted there. What two
    parts or two speakers tell is not added up.
    """
    read: Sequence[CountMention] = mentions
    for step in _READING:
        read = step(read)
    replaced = [m for m in read if m.tags & _REPLACED and m.what in _HARM]
    standing = _dead_once([m for m in read if not m.tags & _REPLACED])
    standing = with_others(
        after_one(with_outside(list(with_further(add_later_dead(standing))))), told_in
    )
    for step in _ONE_HARM_EACH:
        standing = step(standing)
    standing = _numbered_one(standing)
    out = _with_parts_told(told_once(standing))
    held = {(c.mention.number, c.measure) for c in out if c.parent is not None}
    out = [c for c in out if c.parent or (c.mention.number, c.measure) not in held]
    out = move_to_dead(_living(_victims_only(with_attackers_in(out))))
    out += [count for mention in replaced for count in _with_parts(mention)]
    return tuple(sorted(out, key=lambda c: (c.start, c.mention.number.start, -c.end)))


def _with_parts_told(told: Sequence[CountMention]) -> list[Count]:
    """A count for each mention; parts under their wholes, those that stand before them last."""
    out: list[Count] = []
    told_first: list[CountMention] = []
    names = name_persons(told)
    for mention in told:
        if mention.what == "part" and _is_of_next(mention):
            told_first.append(mention)
        elif mention.what == "part":
            out = _with_part(out, mention)
        else:
            out += _with_parts(mention, names.get(mention.number))
    for mention in told_first:
        out = _with_part(out, mention)
    return out


def _counting(mentions: Sequence[CountMention]) -> Sequence[CountMention]:
    """The mentions that count somebody: no denials, no deaths without a number."""
    return [m for m in mentions if not m.flags & _UNSTATED and not m.tags & _DENIED]


def _numbered_again(mentions: Sequence[CountMention]) -> list[CountMention]:
    """The mentions, with "the police give seven" measuring what the count before it measures.

    One that repeats a number ("not four … the police stand by their figure of four") is of that harm.
    One that revises the number before it ("revised that to seven") replaces it, whoever gave it.
    """
    out: list[CountMention] = []
    last: int | None = None
    printed: dict[int | None, str] = {}
    for mention in mentions:
        if mention.what != "again":
            out.append(mention)
            if mention.what in _HARM:
                last, printed[mention.value] = len(out) - 1, mention.what
        elif mention.value in printed:
            out.append(replace(mention, what=printed[mention.value], flags=mention.flags | AGAIN))
        elif last is not None and _may_be_of(mention, out[last], out):
            last = _meant(mention, last, out)
            out.append(_of_same(mention, out[last]))
            if mention.flags & _REVISED:
                out[last] = replace(out[last], tags=out[last].tags | _REPLACED)
    return out


def _of_same(mention: CountMention, before: CountMention) -> CountMention:
    """A lone number of the people that another one counts: "three policemen died … there had been seven"."""
    people = before.victim_class if mention.victim_class == UNSPECIFIED else mention.victim_class
    flags = mention.flags | AGAIN
    return replace(mention, what=before.what, victim_class=people, flags=flags)


def _meant(mention: CountMention, last: int, told: Sequence[CountMention]) -> int:
    """The index of the number for which another one is told: the last one, or another of its sentence.

    ("13 were killed and 22 wounded … That number rose to 16": of those killed, since 22 cannot rise to
    it. "The figure was lowered to 12", "elders put it at 14": the number that is nearest to it.)
    """
    number = mention.value or 0
    beside = [
        index
        for index, m in enumerate(told)
        if m.sentence == told[last].sentence and m.what in CASUALTY and m.value
    ]
    if len({told[index].what for index in beside}) < len(CASUALTY):
        return last
    less = [index for index in beside if (told[index].value or 0) < number]
    if less and _LATER in mention.tags and not mention.flags & _REVISED:
        return last if last in less else less[-1]
    return min(beside, key=lambda index: abs((told[index].value or 0) - number))


def _may_be_of(mention: CountMention, before: CountMention, told: Sequence[CountMention]) -> bool:
    """Whether a number told without its harm is of the harm told before it.

    "The hospital said seven" is of none that stands in one sentence with another harm.
    """
    reach = _ALONE_REACH if mention.flags & ALONE else _AGAIN_REACH
    if mention.sentence - before.sentence > reach:
        return False
    same = (m.what for m in told if m.sentence == before.sentence and m.what in _HARM)
    return not mention.flags & ALONE or {*same} == {before.what}


def _unreplaced(mentions: Sequence[CountMention]) -> list[CountMention]:
    """The mentions, with numbers that no other one replaces being as good as any.

    ("The police initially said seven had died. A doctor said two of the injured died overnight.") Where
    a number is corrected, a person alone replaces it.
    """
    told = [m for m in mentions if not m.tags & _REPLACED and m.what in _HARM]
    somebody = {(m.what, m.is_attackers) for m in told if m.value != 0}
    numbers = [m for m in told if not m.is_single and m.value is not None]
    newer = {(m.what, m.is_attackers) for m in numbers if "PART" not in m.tags}
    return [
        replace(m, tags=m.tags - _REPLACED)
        if m.tags & _REPLACED
        and TAKEN_BACK not in m.tags
        and (m.what, m.is_attackers)
        not in (somebody if m.value == 0 or _CORRECTED in m.tags else newer)
        and (m.flags.isdisjoint({"toll"}) or _PUT_AT in m.tags)
        else m
        for m in mentions
    ]


def _leading_on(mentions: Sequence[CountMention]) -> list[CountMention]:
    """The mentions, with "another six" right behind an old number being no more than the new one holds.

    ("Twelve are dead. The toll had stood at six, but another six bodies were found.")
    """
    out: list[CountMention] = []
    for mention in mentions:
        before = [m for m in mentions if m.what == mention.what and m.sentence == mention.sentence]
        before = [m for m in before if m.number.end <= mention.number.start]
        leads_on = mention.tags & _ON_TOP and before and before[-1].tags & _REPLACED
        out.append(replace(mention, flags=mention.flags | _AMONG) if leads_on else mention)
    return out


def _numbered_one(mentions: Sequence[CountMention]) -> list[CountMention]:
    """The mentions, with "one other person was wounded" being the number of the wounded, not a person,
    where nobody else is told to be one.

    ("The driver has died, taking the toll to two. One other person was wounded.")
    """
    hurt = [m for m in mentions if m.what == "injured" and not m.is_headline]
    if len(hurt) != 1 or _BY_NUMBER not in hurt[0].tags:
        return list(mentions)
    one = replace(hurt[0], tags=hurt[0].tags - SINGLE_TAGS)
    return [one if m is hurt[0] else m for m in mentions]


def _casualties_once(mentions: Sequence[CountMention]) -> Sequence[CountMention]:
    """Without the killed or wounded whose number is said to count both ("14 casualties")."""
    both = {m.number for m in mentions if m.what == "casualties"}
    return [m for m in mentions if m.what == "casualties" or m.number not in both]


def _dead_once(mentions: Sequence[CountMention]) -> Sequence[CountMention]:
    """Without the wounds of those who died of them ("one was taken to a hospital, where he died").

    ("Three people who had been in intensive care died.")
    """
    died = [m for m in mentions if m.what == "killed" and m.value != 0]
    cared = {m.number for m in mentions if m.what == "injured" and m.flags & _IN_CARE}
    dead = {m.number for m in died if m.is_single or m.flags & _DIED_THERE or m.number in cared}
    return [m for m in mentions if m.what != "injured" or m.number not in dead]


def _shot_once(mentions: Sequence[CountMention]) -> Sequence[CountMention]:
    """Without the shooting of those of whom it is told what became of them ("were shot dead")."""
    told = [m for m in mentions if m.what in CASUALTY]
    known = {part.number for m in told for part in (m, *m.parts)}
    return [m for m in mentions if m.what != "shot" or m.number not in known]


_Pass = Callable[[Sequence[CountMention]], Sequence[CountMention]]
_READING: tuple[_Pass, ...] = (
    spelled_out,  # before all: what is said to be a list may be one number
    _counting,  # a denied number is nothing that "as many" or "the police give seven" can mean
    left_out,  # before what gives another number: those whom "the figures leave out" are none of it
    _numbered_again,  # before what repeats a number: "seven, and as many wounded" needs a harm for seven
    same_numbers,
    _unreplaced,  # what replaces a number may have got its harm or value only here
    _leading_on,  # last: asks which numbers are replaced
)
"""What each mention says by itself and of those before it, replaced ones too."""
_ONE_HARM_EACH: tuple[_Pass, ...] = (
    _casualties_once,  # first: who is counted as either is no single dead or wounded below
    _shot_once,
    others_among_them,  # both last: they compare the numbers of wounded that are left
    in_care_among_them,
)
"""Of several harms read off one number the one that holds; on what stands, after additions."""


def _victims_only(counts: Sequence[Count]) -> list[Count]:
    """The counts, with "eight dead, attackers included" less the attackers who are counted nearby."""
    out: list[Count] = []
    for count in counts:
        if not count.mention.tags & _WITH_ATTACKERS or count.victim_class == MIXED:
            out.append(count)
            continue
        out.append(replace(count, victim_class=MIXED))
        attackers = _attackers_beside(count, counts)
        if attackers is not None:
            out += _without(count, attackers)
    return out


def _attackers_beside(count: Count, counts: Sequence[Count]) -> Count | None:
    """The count of attackers with the same harm that stands nearest, within a few sentences."""

    def gap(other: Count) -> int:
        return abs(other.mention.sentence - count.mention.sentence)

    same = (c for c in counts if c.measure == count.measure and is_perpetrator(c.victim_class))
    nearest = min(same, key=gap, default=None)
    return nearest if nearest is not None and gap(nearest) <= _ATTACKERS_REACH else None


def _living(counts: Sequence[Count]) -> list[Count]:
    """Hospitals' counts less those who died: "received 21 people, three of them dead".

    A sentence of its own may tell it, right behind: "Three were dead on arrival and one died on the
    table", "two of them have died". Who is a part of a sum of dead is in that. Of people who were brought
    to a hospital only those count so who "were dead on arrival".
    """
    out = list(counts)
    last: int | None = None
    dead = {c.key for c in counts if c.measure == "killed"}
    for index, count in enumerate(counts):
        if _is_received(count):
            last = index
        elif last is not None and _were_received(count) and count.parent not in dead:
            if not out[last].mention.flags & _BROUGHT or count.mention.flags & _ARRIVED:
                out[last] = _less(out[last], count)
    return out


def _is_received(count: Count) -> bool:
    """Whether a hospital counts those whom it received, dead or alive."""
    received = bool(count.mention.flags & ({"received"} | _BROUGHT))
    both = count.measure == "casualties" and "AT_HOSPITAL" in count.mention.tags
    return both or (received and count.measure == "injured")


def _were_received(count: Count) -> bool:
    """Whether people are told as dead of whom a hospital had received them."""
    in_care = count.victim_class == PART or bool(count.mention.flags & _ARRIVED)
    return in_care and count.measure == "killed"


def _less(received: Count, dead: Count) -> Count:
    mention = received.mention
    rest = (mention.value or 0) - (dead.mention.value or 0)
    near = bool(dead.mention.flags & _ARRIVED) or "PART" in dead.mention.tags
    reach = 1 if near else 0
    if dead.mention.sentence - mention.sentence > reach or rest <= 0:
        return received
    flags = mention.flags | {"received"}
    mention = replace(mention, value=rest, low=rest, high=rest, flags=flags)
    return replace(received, measure="injured", mention=mention)


def _is_of_next(mention: CountMention) -> bool:
    """Whether a part stands before its whole."""
    return "PART_OF_NEXT" in mention.tags or _OF_NEXT in mention.flags


def _with_part(out: list[Count], mention: CountMention) -> list[Count]:
    """A part, put under the count before it in its sentence, or after it where that is marked."""
    wholes = [c for c in out if c.mention.sentence == mention.sentence and not c.parent]
    before = [c for c in wholes if c.mention.number.start < mention.number.start]
    after = [c for c in wholes if c.mention.number.start >= mention.number.end]
    whole = before[-1] if before else None
    if _is_of_next(mention) and after:
        whole = after[0]
    if whole is None:
        return out
    of_attackers = mention.is_attackers and not whole.mention.is_attackers
    part = Count(
        mention.start,
        mention.end,
        mention,
        whole.measure,
        mention.victim_class,
        None if of_attackers else whole.key,
        name_alone(mention) if mention.is_single else None,
    )
    if of_attackers:
        out = [replace(c, victim_class=MIXED) if c is whole else c for c in out]
        return [*out, *_without(whole, part), part]
    return [*out, part]


def _without(whole: Count, attackers: Count) -> Iterator[Count]:
    """The victims of a figure that has attackers in it, where both are plain numbers."""
    mention, taken = whole.mention, attackers.mention
    if mention.value is None or taken.value is None or taken.qualifier != "exact":
        return
    if taken.value >= mention.value or mention.qualifier in ("nearly", "around", "range"):
        return
    rest = replace(
        mention,
        start=min(mention.start, taken.start),
        end=max(mention.end, taken.end),
        value=mention.value - taken.value,
        low=None if mention.low is None else mention.low - taken.value,
        high=None if mention.high is None else mention.high - taken.value,
    )
    yield Count(rest.start, rest.end, rest, whole.measure, "unspecified")


def _with_parts(mention: CountMention, person: str | None = None) -> Iterator[Count]:
    """A count, and after it the counts that it is the sum of. ``person``: what to call the one told."""
    measure = cast("Measure", "injured" if mention.what == "shot" else mention.what)
    victim_class = mention.victim_class
    is_part = "PART" in mention.tags or bool(mention.flags & _AMONG)
    if is_part and (victim_class == "unspecified" or "care" in mention.flags):
        victim_class = PART
    whole = Count(mention.start, mention.end, mention, measure, victim_class, person=person)
    yield whole
    for part in mention.parts:
        at, name = part.number, name_alone(part) if part.is_single else None
        yield Count(at.start, at.end, part, measure, part.victim_class, whole.key, name)
