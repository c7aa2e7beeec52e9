"""Numbers of people of each of several blasts: "Two bombs went off. Three people were killed in each."

Rules
-----
1. A number told "in each" is of so many blasts or bombs as its sentence counts before it, or else one of
   the two sentences before: three in each of two are six.
2. Where nobody counts the blasts the number stays as printed.

(Read as it stands, the dead of one bomb were all the dead.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from worker.core.annotate.counts import CountMention
from worker.core.annotate.events import EventSentence
from worker.core.lang.tokens import Token

_IN_EACH = "IN_EACH"
_REACH_SENTENCES = 2
_NOUN_TOKENS = 2
"""How many words may stand between the number and the blasts: "two large car bombs"."""
_MOST_BLASTS = 9
_WENT_OFF = frozenset({"EVENT_NOUN", "WEAPON"})


def multiply_each(
    counts: Sequence[CountMention], sentences: Sequence[EventSentence]
) -> tuple[CountMention, ...]:
    """The counts, in their order, those told of each blast taken as often as there were blasts."""
    if not any(_IN_EACH in count.tags for count in counts):
        return tuple(counts)
    return tuple(
        _so_often(count, _blasts(count, sentences)) if _IN_EACH in count.tags else count
        for count in counts
    )


def _so_often(count: CountMention, blasts: int | None) -> CountMention:
    if blasts is None:
        return count
    value, low, high = (n and n * blasts for n in (count.value, count.low, count.high))
    return replace(count, value=value, low=low, high=high, parts=())


def _blasts(count: CountMention, sentences: Sequence[EventSentence]) -> int | None:
    """How many blasts are counted last before a number, or right behind it ("each of the two bombs")."""
    near = range(count.sentence - _REACH_SENTENCES, count.sentence + 1)
    told = [
        number
        for sentence in sentences
        if sentence.index in near and sentence.zone != "title"
        for number in _counted(sentence.tokens, count)
    ]
    return told[-1] if told else None


def _counted(tokens: Sequence[Token], count: CountMention) -> Iterator[int]:
    """The numbers of blasts among tokens that stand before a count."""
    for index, token in enumerate(tokens):
        if "NUM" not in token.tags or token.value is None or token.start >= count.number.start:
            continue
        behind = tokens[index + 1 : index + 2 + _NOUN_TOKENS]
        noun = next((t for t in behind if t.tags & _WENT_OFF), None)
        if noun is not None and 1 < token.value <= _MOST_BLASTS:
            yield token.value
