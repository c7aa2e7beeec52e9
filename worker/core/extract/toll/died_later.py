"""Who died of his wounds: off the wounded, and on the dead, where the text says that he was of them.

Rules
-----
1. "Wounded four, and one of them later died" leaves three. They must be told as some of the wounded:
   by their words ("two of the injured"; "one of the nine", where nine were wounded), or right behind
   them: in their sentence, or in the next one where nobody else is dead. So are "three have since
   died" there, also behind fewer dead: of two who were killed no three can have died since.
2. The dead that were told in one breath with those wounded are without him: "killed three and wounded
   five. One of the wounded died in hospital" is four dead. Where their sum is printed too ("raising
   the toll to four"), the number from before is replaced by it.
3. Whoever is told to be in no toll ("since those numbers were released two of the wounded have died")
   is in no number from before, whoever gave it: that is replaced wherever it stands.
4. Where the number of dead comes again, in a headline or later, nobody can say whether he is in it:
   then nothing is changed. What one hospital received has rules of its own (``counts``), and so has
   a number of people shot, which is told without its dead already (``persons``).
5. "Five were killed on the spot. Two died in hospital" are seven, where nobody counts as many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.core.annotate.counts import SINGLE_TAGS, CountMention
from worker.core.extract.toll.count import Count
from worker.core.extract.toll.outside import OUTSIDE
from worker.core.extract.toll.summed import PLAIN
from worker.core.figures.decide import PART
from worker.core.lang.cascade import UNSPECIFIED

_REACH = 2
"""Sentences back in which "one of the wounded" finds the wounded."""
_OTHERWISE = frozenset({"received", "toll"})
"""Flags of numbers that were counted after some had died ("the number of wounded rose to 17")."""
_REPLACED = frozenset({"REPLACED_COUNT"})
_LISTED = frozenset({"GROUP"})
_OF_WOUNDS = frozenset({"DIED_OF_WOUNDS"})
_AT_ONCE = frozenset({"KILLED_AT_ONCE", "DIED_AT_ONCE"})
_FURTHER = frozenset({"FURTHER", "ADDITIONAL"})
_WAS_WOUNDED = frozenset({"WAS_WOUNDED"})
_SINCE_THEN = "DIED_SINCE_THEN"


def add_later_dead(mentions: Sequence[CountMention]) -> list[CountMention]:
    """The mentions, with those who died of their wounds behind those killed at once as so many more.

    Not where anybody counts as many as both together: then they are told already.
    """
    out: list[CountMention] = []
    most = max((m.value or 0 for m in mentions if m.what == "killed"), default=0)
    for mention in mentions:
        before = next((m for m in reversed(out) if m.what == mention.what), None)
        is_more = before is not None and _died_after(mention, before, most)
        tags = (mention.tags | _FURTHER) - _OF_WOUNDS if is_more else mention.tags
        out.append(replace(mention, tags=tags))
    return out


def _died_after(mention: CountMention, before: CountMention, most: int) -> bool:
    if mention.is_attackers or before.is_attackers:
        return False
    follows = 0 <= mention.sentence - before.sentence <= 1
    told_so = bool(mention.tags & _OF_WOUNDS) and bool(before.tags & _AT_ONCE)
    return follows and told_so and most < (mention.value or 0) + (before.value or 0)


def move_to_dead(counts: Sequence[Count]) -> list[Count]:
    """The counts, with those who died of their wounds moved from the wounded to the dead."""
    out = list(counts)
    for dead in [c for c in counts if c.measure == "killed" and _is_of_others(c)]:
        wounded = _wounded_before(dead, out)
        if wounded is not None:
            out = _moved(out, dead, wounded)
    return out


def _is_of_others(count: Count) -> bool:
    """Whether they are told as some of those told before ("one of them", "one of the wounded guards")."""
    told = not count.mention.tags.isdisjoint({"WAS_WOUNDED", _SINCE_THEN})
    return count.victim_class == PART or told


def _wounded_before(dead: Count, counts: Sequence[Count]) -> Count | None:
    """The number of wounded that those dead were some of; None where that is not told."""
    number = dead.mention.value
    before = [c for c in _totals(counts) if c.mention.number.end <= dead.mention.number.start]
    if not before or number is None or dead.mention.qualifier != "exact":
        return None
    last = before[-1]
    killed = [c for c in before if c.measure == "killed"]
    since = _SINCE_THEN in dead.mention.tags
    if since and any((c.mention.value or 0) >= number for c in killed):
        return None  # nobody says of whom
    if "WAS_WOUNDED" in dead.mention.tags:
        hurt = (c for c in reversed(before) if c.measure == "injured")
        last = next((c for c in hurt if (c.mention.value or 0) > number), last)
        is_outside = OUTSIDE in dead.mention.tags
        reach = dead.mention.sentence if is_outside else _REACH  # to the first sentence: all before
    elif dead.mention.whole is not None:
        same = [c for c in before if c.mention.value == dead.mention.whole]
        if {c.measure for c in same} != {"injured"}:
            return None
        last, reach = same[-1], _REACH
    else:
        reach = 0 if killed and not since else 1
    apart = dead.mention.sentence - last.mention.sentence
    if last.measure != "injured" or apart > reach or last.mention.what == "shot":
        return None
    if last.mention.flags & _OTHERWISE and OUTSIDE not in dead.mention.tags:
        return None
    fits = last.mention.qualifier in PLAIN and (last.mention.value or 0) > number
    return last if fits else None


def _totals(counts: Sequence[Count]) -> list[Count]:
    """What is no part of anything, of the victims, with a number; "nobody died" is none."""
    return [
        c
        for c in counts
        if c.parent is None
        and not _is_of_others(c)
        and not c.mention.is_attackers
        and c.mention.value
    ]


def _moved(counts: list[Count], dead: Count, wounded: Count) -> list[Count]:
    number = dead.mention.value or 0
    totals = [c for c in _totals(counts) if c.measure == "killed"]
    old = _dead_before(totals or _some_killed(counts), dead, wounded)
    rest = (wounded, _with_number(wounded, dead, -number))
    if old is None:
        return counts if totals else _changed(counts, [rest])
    value = old.mention.value or 0
    same = [c for c in totals if c.mention.value == value]
    others = [c for c in totals if c.mention.value != value]
    if any(c.mention.value == value + number for c in others):
        return _changed(counts, [rest, *((c, _replaced(c)) for c in same)])
    is_outside = OUTSIDE in dead.mention.tags
    if ((others or len(same) > 1) and not is_outside) or old.mention.qualifier not in PLAIN:
        return counts
    again = [c for c in same if c is not old]
    if is_outside:
        hurt = (c for c in _totals(counts) if c.measure == "injured" and c is not wounded)
        again += [c for c in hurt if c.mention.value == wounded.mention.value]
    raised = _with_number(old, dead, number)
    gone = ((c, _replaced(c)) for c in again)
    told = (dead, dead if dead.victim_class == PART else replace(dead, parent=raised.key))
    return _changed(counts, [rest, (old, raised), told, *gone])


def _dead_before(totals: Sequence[Count], dead: Count, wounded: Count) -> Count | None:
    """The number of dead that those who died of their wounds are not in.

    It was told in one breath with the wounded. Whoever is told to be in no toll is in none before him.
    """
    before = [c for c in totals if c.mention.number.end <= dead.mention.number.start]
    if OUTSIDE in dead.mention.tags:
        body = [c for c in before if not c.mention.is_headline] or before
        return max(reversed(body), key=lambda c: c.mention.value or 0, default=None)
    return next((c for c in before if c.mention.sentence == wounded.mention.sentence), None)


def _some_killed(counts: Sequence[Count]) -> list[Count]:
    """The dead who are told as "27 of them", where that is all that is told."""
    return [
        c
        for c in counts
        if c.measure == "killed"
        and c.parent is None
        and c.mention.value
        and not (c.mention.is_attackers or c.mention.tags & _WAS_WOUNDED)
    ]


def _changed(counts: Sequence[Count], changes: Sequence[tuple[Count, Count]]) -> list[Count]:
    """The counts with each first one changed to the second; a part follows its whole."""
    new = {id(old): changed for old, changed in changes}
    keys = {old.key: changed.key for old, changed in changes}
    out = [new.get(id(c), c) for c in counts]
    return [replace(c, parent=keys[c.parent]) if c.parent in keys else c for c in out]


def _with_number(count: Count, dead: Count, more: int) -> Count:
    """A count with so many more or fewer; its quote reaches to those who died. One person is then several."""
    mention = count.mention
    single = mention.is_single
    changed = replace(
        mention,
        end=max(mention.end, dead.mention.end),
        value=(mention.value or 0) + more,
        low=None if mention.low is None else mention.low + more,
        high=None if mention.high is None else mention.high + more,
        tags=mention.tags - SINGLE_TAGS | _LISTED if single else mention.tags,
    )
    group = UNSPECIFIED if single else count.victim_class
    end, person = max(count.end, dead.mention.end), None if single else count.person
    return replace(count, mention=changed, end=end, victim_class=group, person=person)


def _replaced(count: Count) -> Count:
    tags = count.mention.tags | _REPLACED
    return replace(count, mention=replace(count.mention, tags=tags))
