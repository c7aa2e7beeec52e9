"""Who is counted by the number of others: "as many wounded", "at least twice that number".

Rules
-----
1. "As many" is the number that stands before it, of the other harm, in the same sentence.
2. First in its sentence it is of the one before, where that has one number only: "Seven people were
   killed. Twice that number were wounded."
3. "At least twice as many" is at least that; without a word of its own it is as sure as that number.
4. Where there is no such number it remains "many"; so it does where both have a word of their own
   ("about six killed and up to twice as many wounded").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.core.annotate.counts import OPENS, SAME_NUMBER, CountMention, bounds
from worker.core.extract.toll.summed import CASUALTY


def same_numbers(mentions: Sequence[CountMention]) -> Sequence[CountMention]:
    """The mentions, with "as many injured" having the number that stands before it."""
    out: list[CountMention] = []
    last: CountMention | None = None
    for mention in mentions:
        if SAME_NUMBER not in mention.tags:
            last = mention if mention.what in CASUALTY else last
            out.append(mention)
        elif last is None or not _may_be_times(mention, last, mentions):
            out.append(mention)
        else:
            out.append(_so_many_times(mention, last))
    return out


def _may_be_times(mention: CountMention, last: CountMention, told: Sequence[CountMention]) -> bool:
    """Whether a mention is so many times the last number, and it can be said how many that are."""
    both_bounded = mention.bound is not None and last.qualifier != "exact"
    return last.what != mention.what and not both_bounded and _is_beside(mention, last, told)


def _is_beside(mention: CountMention, last: CountMention, told: Sequence[CountMention]) -> bool:
    """Whether "twice that number" is of a count: one of its sentence, or the only number of that before.

    ("Seven people were killed. Twice that number were wounded.")
    """
    if last.sentence == mention.sentence:
        return True
    before = {m.number for m in told if m.sentence == last.sentence}
    opens = mention.flags & OPENS and mention.sentence - last.sentence == 1
    return bool(opens) and len(before) == 1 and not last.is_single


def _so_many_times(mention: CountMention, last: CountMention) -> CountMention:
    """A mention with so many times the number of another: its own "at least" goes before that one's."""
    value, low, high = (n and n * mention.times for n in (last.value, last.low, last.high))
    qualifier = last.qualifier
    if mention.bound is not None and value is not None:
        qualifier = mention.bound
        low, high = bounds(value, qualifier)
    return replace(mention, value=value, low=low, high=high, qualifier=qualifier)
