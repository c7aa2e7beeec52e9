"""Bodies that may be the attackers': an upper bound of the victims, and no number of them.

Rules
-----
1. What says so is a phrase (``may_be_attackers``) in the sentence of the dead or in the next one: "It
   was not clear whether he was counting the attackers." It speaks of the last number before it.
2. Where at least as many attackers are counted, they may be all of them: then it is a number of
   neither side ("three gunmen were killed … three were dead on arrival … if these were the attackers").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.core.extract.toll.placed import Placed
from worker.core.figures.decide import MIXED
from worker.core.lang.lexicon import Lexicon
from worker.core.text.prose import Prose

_REACH_SENTENCES = 1


def bound_doubted(placed: Sequence[Placed], prose: Prose, lexicon: Lexicon) -> list[Placed]:
    """The figures, with those of which attackers may be a part bounded from above only."""
    out = list(placed)
    for found in lexicon.find("may_be_attackers", prose.text):
        sentence = prose.sentence_at(found.start())
        if sentence is None:
            continue
        before = [i for i, p in enumerate(out) if _is_told_before(p, found.start(), sentence.index)]
        if before:
            last = max(before, key=lambda i: out[i].count.mention.number.start)
            out[last] = _bounded(out[last], placed)
    return out


def _is_told_before(item: Placed, position: int, sentence: int) -> bool:
    mention = item.count.mention
    near = mention.number.end <= position and sentence - mention.sentence <= _REACH_SENTENCES
    return near and item.side == ("killed", False) and item.count.parent is None


def _bounded(item: Placed, placed: Sequence[Placed]) -> Placed:
    count, mention = item.count, item.count.mention
    attackers = (p.count.mention.low or 0 for p in placed if p.side == ("killed", True))
    if max(attackers, default=0) >= (mention.value or 0):
        return replace(item, count=replace(count, victim_class=MIXED))
    top = mention.high if mention.high is not None else mention.value
    bounded = replace(mention, qualifier="up_to", low=None, high=top)
    return replace(item, count=replace(count, mention=bounded))
