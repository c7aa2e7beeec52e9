"""Attackers who are told by their trade: "a guard turned his rifle on a group … the guard was shot".

Rules
-----
1. Who is told as new, by a trade, and opens fire in the same breath is the attacker ("an Afghan policeman
   opened fire on his trainers").
2. "The policeman", told as harmed within a few sentences, is he, and no victim. Another trade, a name or
   "a policeman" is somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from worker.core.annotate.counts import CountMention
from worker.core.annotate.events import EventSentence
from worker.core.lang.cascade import PERPETRATOR
from worker.core.lang.tokens import Token

_REACH_SENTENCES = 6
_ARTICLE_TOKENS = 3
"""Between an article and the trade: "an off-duty Afghan policeman"."""
_HARMED = frozenset({"killed", "injured", "shot"})
_TOLD_BEFORE = "DEFINITE_PERSON"
_OPENS_FIRE = "OPENS_FIRE"


def mark_insiders(
    counts: Sequence[CountMention], sentences: Sequence[EventSentence]
) -> tuple[CountMention, ...]:
    """The counts, in their order, with the attacker who is harmed and told by his trade alone as one."""
    known = list(_insiders(sentences))
    return tuple(
        replace(count, victim_class=PERPETRATOR) if _is_one(count, known) else count
        for count in counts
    )


def _is_one(count: CountMention, known: Sequence[tuple[str, int]]) -> bool:
    if not count.is_single or count.what not in _HARMED or _TOLD_BEFORE not in count.tags:
        return False
    if count.names or count.noun is None:
        return False
    return any(
        count.noun == trade and 0 < count.sentence - index <= _REACH_SENTENCES
        for trade, index in known
    )


def _insiders(sentences: Sequence[EventSentence]) -> Iterator[tuple[str, int]]:
    """The trades of those who open fire, and the sentences that tell it."""
    for sentence in sentences:
        for index, token in enumerate(sentence.tokens):
            if "PERSON" in token.tags and _opens_fire(sentence.tokens, index):
                yield token.word, sentence.index


def _opens_fire(tokens: Sequence[Token], index: int) -> bool:
    """Whether a new person opens fire: an article stands before, and the deed right behind."""
    before = tokens[max(0, index - _ARTICLE_TOKENS) : index]
    behind = [t for t in tokens[index + 1 : index + 3] if "HAVE" not in t.tags]
    is_new = any("INDEFINITE" in t.tags for t in before)
    return is_new and bool(behind) and _OPENS_FIRE in behind[0].tags
