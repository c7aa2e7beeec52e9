"""A number of people who are told one by one behind it: "five people, two men and three women" are five.

Rules
-----
1. A list whose first number is the sum of the others says of the first who they are, where that is of
   people of no kind, of somebody's staff or of foreigners, and the others can be those: "five soldiers,
   two civilians and three children" are ten, and so are "five men, two women and three children".
2. So does a list within a list: "two of its staff, a secretary and a guard, and four guests" are six.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.core.annotate.counts import CountMention
from worker.core.extract.toll.told_apart import are_of_other_kinds

_LEAST_TOLD = 3
"""A number, and two who are told behind it."""
_FOREIGNERS = "foreigners"
_GENERAL = frozenset({"OF_ANYBODY", "SOME_OF_HIS"})
"""Tags of people of any kind, and of some of those that somebody has ("five of its staff")."""


def spelled_out(mentions: Sequence[CountMention]) -> list[CountMention]:
    """The mentions, with lists that only say who the first of them are as that number."""
    return [_spelled_out(mention) for mention in mentions]


def _spelled_out(mention: CountMention) -> CountMention:
    parts = tuple(_spelled_out(part) for part in mention.parts)
    if parts != mention.parts:
        mention = _summed(mention, parts)
    if not _says_who(parts):
        return mention
    whole = parts[0]
    return replace(
        mention,
        value=whole.value,
        low=whole.low,
        high=whole.high,
        victim_class=whole.victim_class,
        parts=parts[1:],
    )


def _summed(mention: CountMention, parts: tuple[CountMention, ...]) -> CountMention:
    """A list with fewer people in it than were added up before."""
    less = sum(old.value or 0 for old in mention.parts) - sum(new.value or 0 for new in parts)
    return replace(
        mention,
        value=None if mention.value is None else mention.value - less,
        low=None if mention.low is None else mention.low - less,
        high=None if mention.high is None else mention.high - less,
        parts=parts,
    )


def _says_who(parts: Sequence[CountMention]) -> bool:
    """Whether the first of a list is a number of people in general, and the others are those."""
    if len(parts) < _LEAST_TOLD or any(p.value is None or p.qualifier != "exact" for p in parts):
        return False
    whole, told = parts[0], parts[1:]
    # "three foreigners, a Dane and two Swedes"; "two Danes, a Swede and a Finn" are four
    foreign = whole.victim_class == _FOREIGNERS and whole.noun is None
    is_general = bool(whole.tags & _GENERAL) or foreign
    if whole.is_single or not is_general or whole.value != sum(p.value or 0 for p in told):
        return False
    return all(_may_be_of(whole, p) for p in told)


def _may_be_of(whole: CountMention, part: CountMention) -> bool:
    """Whether some people may be of others, by their class: no Afghan is one of the foreigners."""
    if are_of_other_kinds(whole, part) or part.is_attackers != whole.is_attackers:
        return False
    same = whole.victim_class == part.victim_class or part.noun is None
    return same or whole.victim_class != _FOREIGNERS
