"""Who died of his wounds: off the wounded, and on the dead, where the text says that he was of them.

Rules
-----
1. "Wounded four, and one of them later died" leaves three. They must be told as some of the wounded:
   by their words ("two of the injured"), or right behind them: in their sentence, or in the next one
   where nobody else is dead.
2. The dead that were told in one breath with those wounded are without him: "killed three and wounded
   five. One of the wounded died in hospital" is four dead. Where their sum is printed too ("raising
   the toll to four"), the number from before is replaced by it.
3. Where the number of dead comes again, in a headline or later, nobody can say whether he is in it:
   then nothing is changed. What one hospital received has rules of its own (``counts``), and so has
   a number of people shot, which is told without its dead already (``persons``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.core.extract.toll.count import Count
from worker.core.figures import PART

_REACH = 2
"""Sentences back in which "one of the wounded" finds the wounded."""
_PLAIN = frozenset({"exact", "at_least", "more_than"})
_OTHERWISE = frozenset({"received", "toll"})
"""Flags of numbers that were counted after some had died ("the number of wounded rose to 17")."""
_REPLACED = frozenset({"REPLACED_COUNT"})


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
    return count.victim_class == PART or "WAS_WOUNDED" in count.mention.tags


def _wounded_before(dead: Count, counts: Sequence[Count]) -> Count | None:
    """The number of wounded that those dead were some of; None where that is not told."""
    number = dead.mention.value
    before = [c for c in _totals(counts) if c.mention.number.end <= dead.mention.number.start]
    if not before or number is None or dead.mention.qualifier != "exact":
        return None
    last = before[-1]
    if "WAS_WOUNDED" in dead.mention.tags:
        last = next((c for c in reversed(before) if c.measure == "injured"), last)
        reach = _REACH
    else:
        reach = 0 if any(c.measure == "killed" for c in before) else 1
    apart = dead.mention.sentence - last.mention.sentence
    if last.measure != "injured" or apart > reach or last.mention.flags & _OTHERWISE:
        return None
    if last.mention.what == "shot":
        return None
    fits = last.mention.qualifier in _PLAIN and (last.mention.value or 0) > number
    return last if fits else None


def _totals(counts: Sequence[Count]) -> list[Count]:
    """What is no part of anything, of the victims, with a number."""
    return [
        c
        for c in counts
        if c.parent is None
        and not _is_of_others(c)
        and not c.mention.is_attackers
        and c.mention.value is not None
    ]


def _moved(counts: list[Count], dead: Count, wounded: Count) -> list[Count]:
    number = dead.mention.value or 0
    totals = [c for c in _totals(counts) if c.measure == "killed"]
    told = [c for c in totals if c.mention.sentence == wounded.mention.sentence and c is not dead]
    old = next((c for c in told if c.mention.number.end <= wounded.mention.number.start), None)
    if old is None:
        rest = _with_number(wounded, dead, -number) if not totals else wounded
        return [rest if c is wounded else _again_part_of(c, wounded, rest) for c in counts]
    value = old.mention.value or 0
    same = [c for c in totals if c.mention.value == value]
    others = [c for c in totals if c.mention.value != value]
    out = [_with_number(c, dead, -number) if c is wounded else c for c in counts]
    if any(c.mention.value == value + number for c in others):
        return [_replaced(c) if any(c is s for s in same) else c for c in out]
    if others or len(same) > 1 or old.mention.qualifier not in _PLAIN:
        return counts
    return [_with_number(c, dead, number) if c is old else c for c in out]


def _again_part_of(count: Count, old: Count, new: Count) -> Count:
    """A part of a count whose quote was changed."""
    return replace(count, parent=new.key) if count.parent == old.key else count


def _with_number(count: Count, dead: Count, more: int) -> Count:
    """A count with so many more or fewer; its quote reaches to those who died."""
    mention = count.mention
    changed = replace(
        mention,
        end=max(mention.end, dead.mention.end),
        value=(mention.value or 0) + more,
        low=None if mention.low is None else mention.low + more,
        high=None if mention.high is None else mention.high + more,
    )
    return replace(count, mention=changed, end=max(count.end, dead.mention.end))


def _replaced(count: Count) -> Count:
    tags = count.mention.tags | _REPLACED
    return replace(count, mention=replace(count.mention, tags=tags))
