"""What is common to people who are added to others: their sum, and whether it is told already.

Rules
-----
1. A sum has the people of both as its parts, and nobody more: its bounds are the sums of theirs.
2. Where the text gives a number of the same harm that holds them and others they are a part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.core.annotate.counts import SINGLE_TAGS, CountMention
from worker.core.lang.cascade import UNSPECIFIED
from worker.core.lang.normalise import Range

CASUALTY = frozenset({"killed", "injured"})
COUNTED = CASUALTY | {"shot"}
"""Harms that one sentence may tell of several in turn."""
LISTED = frozenset({"GROUP"})
FURTHER = frozenset({"FURTHER", "ANOTHER_PERSON"})
MORE = frozenset({"more"})
PLAIN = frozenset({"exact", "at_least", "more_than"})
AMONG = "among"
"""Flag of people who are told as some of others."""
SOME_OF = frozenset({"PART", "SAME_PERSON"})
_DIED_AT_ONCE = frozenset({"DIED_AT_ONCE"})
"""Tag of some, told without those who died later: a sum of both are all."""


def is_held(mention: CountMention, before: CountMention, mentions: Sequence[CountMention]) -> bool:
    """Whether the text gives a number, of the same harm, that holds both and others beside."""
    both = (mention.value or 0) + (0 if before is mention else before.value or 0)
    larger = [m for m in mentions if m.value is not None and m.value > both]
    return any(
        m.what == mention.what
        and not (m.is_single or m.is_attackers or m.tags & SOME_OF)
        and m.number not in (mention.number, before.number)
        for m in larger
    )


def summed(one: CountMention, two: CountMention) -> CountMention:
    """Both as one count; ``two`` stands behind ``one``. A bound that either lacks the sum lacks too."""
    return replace(
        one,
        end=max(one.end, two.end),
        number=Range(one.number.start, two.number.end),
        value=(one.value or 0) + (two.value or 0),
        low=None if one.low is None or two.low is None else one.low + two.low,
        high=None if one.high is None or two.high is None else one.high + two.high,
        victim_class=UNSPECIFIED,
        tags=(one.tags | two.tags | LISTED) - SINGLE_TAGS - FURTHER - _DIED_AT_ONCE,
        parts=(*(one.parts or (one,)), *(two.parts or (two,))),
    )
