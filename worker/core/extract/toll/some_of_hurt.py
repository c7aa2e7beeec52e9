"""Numbers of wounded people that are some of a larger number told elsewhere: no opinions of the whole.

Rules
-----
1. People in a hospital are some of those who were told to be wounded or shot before them: "seven were
   wounded … three were in critical condition"; "six people were shot … two are in surgery". So are
   people told by how badly they are hurt, before or after ("ten were seriously wounded … 28 hurt").
2. "Three others were hurt" are some of those wounded, where more are told, before or after. But they
   are all where they are others than the dead: "killed two and wounded three others". "Another three"
   may be others than anybody.
3. Of a number of people shot those are left who are not dead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from worker.core.annotate.counts import CountMention
from worker.core.extract.toll.persons import count_dead
from worker.core.extract.toll.summed import AMONG

_AMONG = frozenset({AMONG})
_CARE = frozenset({"hosp"})
_IN_STATE = frozenset({"IN_STATE"})
_OTHERS = frozenset({"FURTHER"})
_ON_TOP = frozenset({"ADDITIONAL"})
_HURT = frozenset({"injured", "shot"})
_TOLD = _HURT | {"killed"}


def in_care_among_them(mentions: Sequence[CountMention]) -> Sequence[CountMention]:
    """The mentions, with people by their state, or in a hospital, among more who were hurt."""
    return [_some_by_state(m, mentions) for m in mentions]


def _some_by_state(mention: CountMention, mentions: Sequence[CountMention]) -> CountMention:
    told = [m for m in mentions if not m.tags & _IN_STATE]
    if mention.tags & _IN_STATE:
        return _among(mention, _numbers_hurt(mention, told, mentions))
    if not mention.flags & _CARE:
        return mention
    before = [m for m in told if m.number.end <= mention.number.start]
    return _among(mention, _numbers_hurt(mention, before, mentions))


def others_among_them(mentions: Sequence[CountMention]) -> Sequence[CountMention]:
    """The mentions, with "three others were hurt" among more who are told to be hurt."""
    out: list[CountMention] = []
    last = ""
    for mention in mentions:
        others = mention.tags & _OTHERS and not mention.tags & _ON_TOP
        if others and mention.what in _HURT and last != "killed":
            out.append(_among(mention, _numbers_hurt(mention, mentions, mentions)))
        else:
            out.append(mention)
        last = mention.what if mention.what in _TOLD else last
    return out


def _among(mention: CountMention, numbers: Iterable[int]) -> CountMention:
    """A number as a part of any that is larger; one person told singly is looked at elsewhere."""
    own = mention.value
    if mention.is_single or own is None or max(numbers, default=0) <= own:
        return mention
    return replace(mention, flags=mention.flags | _AMONG)


def _numbers_hurt(
    mention: CountMention, told: Sequence[CountMention], mentions: Sequence[CountMention]
) -> Iterator[int]:
    """The numbers of people hurt on the side of a mention; of those shot, without the dead."""
    for other in told:
        same = other.is_attackers == mention.is_attackers and other.number != mention.number
        if same and other.what in _HURT and not other.is_single:
            yield (other.low or 0) - (count_dead(mentions) if other.what == "shot" else 0)
