"""Numbers that whoever gave them takes back, in a sentence of its own: they stand for nothing.

Rules
-----
1. What says so is a phrase (``figure_taken_back``) behind the number, in its sentence or the next one:
   "Police said 50 were hurt. They later retracted the number." It is the last number before that.
2. "They later withdrew the figures" (``figures_taken_back``) is of all numbers of that one's sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from worker.core.extract.toll.placed import Placed
from worker.core.extract.toll.summed import CASUALTY
from worker.core.lang.lexicon import Lexicon
from worker.core.text.prose import Prose

_REACH_SENTENCES = 1
_TAKEN_BACK = frozenset({"REPLACED_COUNT", "TAKEN_BACK"})


def take_back(placed: Sequence[Placed], prose: Prose, lexicon: Lexicon) -> list[Placed]:
    """The figures, with those marked as replaced that their speaker takes back later on."""
    gone: set[int] = set()
    for phrase, is_of_all in (("figure_taken_back", False), ("figures_taken_back", True)):
        for found in lexicon.find(phrase, prose.text):
            sentence = prose.sentence_at(found.start())
            if sentence is not None:
                at = found.start()
                before = [p for p in placed if _is_told_before(p, at, sentence.index)]
                gone |= set(_meant(before, is_of_all=is_of_all))
    return [_without_standing(p) if id(p) in gone else p for p in placed]


def _meant(before: Sequence[Placed], *, is_of_all: bool) -> Iterator[int]:
    """The figures that are taken back, by identity: the last of those before, or all of its sentence."""
    if not before:
        return
    last = max(before, key=lambda p: p.count.mention.number.start).count.mention
    for item in before:
        own = item.count.mention
        if own.number == last.number or (is_of_all and own.sentence == last.sentence):
            yield id(item)


def _without_standing(item: Placed) -> Placed:
    mention = item.count.mention
    gone = replace(mention, tags=mention.tags | _TAKEN_BACK)
    return replace(item, count=replace(item.count, mention=gone))


def _is_told_before(item: Placed, position: int, sentence: int) -> bool:
    mention = item.count.mention
    near = mention.number.end <= position and sentence - mention.sentence <= _REACH_SENTENCES
    return near and item.count.measure in CASUALTY and item.count.parent is None
