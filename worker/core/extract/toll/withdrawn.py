"""Numbers that whoever gave them takes back, in a sentence of its own: they stand for nothing.

Rules
-----
1. What says so is a phrase (``figure_taken_back``) behind the number, in its sentence or the next one:
   "Police said 50 were hurt. They later retracted the number." It is the last number before that.
   In the next sentence it must be sure whose it is: nobody else was quoted before.
2. "They later withdrew the figures", "they deleted the post" (``figures_taken_back``) is of all numbers
   of that one's sentence and speaker.
3. Where the number stands behind those words ("withdrew a figure of 50"), the grammar tells it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from worker.core.annotate.speakers import NARRATOR
from worker.core.extract.toll.counts import TAKEN_BACK
from worker.core.extract.toll.placed import Placed
from worker.core.extract.toll.summed import CASUALTY
from worker.core.lang.lexicon import Lexicon
from worker.core.text.prose import Prose

_GONE = frozenset({"REPLACED_COUNT", TAKEN_BACK})


def take_back(placed: Sequence[Placed], prose: Prose, lexicon: Lexicon) -> list[Placed]:
    """The figures, with those marked as replaced that their speaker takes back later on."""
    gone: set[int] = set()
    for phrase, is_of_all in (("figure_taken_back", False), ("figures_taken_back", True)):
        for found in lexicon.find(phrase, prose.text):
            sentence = prose.sentence_at(found.start())
            if sentence is not None:
                at = found.start()
                before = [p for p in placed if _is_told_before(p, at)]
                gone |= set(_meant(before, sentence.index, is_of_all=is_of_all))
    return [_without_standing(p) if id(p) in gone else p for p in placed]


def _meant(before: Sequence[Placed], sentence: int, *, is_of_all: bool) -> Iterator[int]:
    """The figures that are taken back, by identity: the last of those before, or all of its sentence.

    ("Police said nine. A doctor said 12. Police later withdrew their figure": nobody knows which.)
    """
    if not before:
        return
    item = max(before, key=lambda p: p.count.mention.number.start)
    last = item.count.mention
    quoted = {p.speaker.id for p in before if p.speaker.type != NARRATOR}
    is_sure = quoted == {item.speaker.id}
    if last.sentence != sentence and not (sentence - last.sentence == 1 and is_sure):
        return
    for each in before:
        own = each.count.mention
        beside = own.sentence == last.sentence and each.speaker.id == item.speaker.id
        if own.number == last.number or (is_of_all and beside):
            yield id(each)


def _without_standing(item: Placed) -> Placed:
    mention = item.count.mention
    gone = replace(mention, tags=mention.tags | _GONE)
    return replace(item, count=replace(item.count, mention=gone))


def _is_told_before(item: Placed, position: int) -> bool:
    own = item.count.measure in CASUALTY and item.count.parent is None
    return own and item.count.mention.number.end <= position
