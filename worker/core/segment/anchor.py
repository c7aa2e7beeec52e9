"""The anchor: which mention a report is about, if it is not the top of the article.

Rules
-----
1. An article is about its top: title and first sentence. Only a round-up or a brief is not, whose top
   tells of an attack elsewhere, or of several ("… have killed at least 13 across the country").
2. Then the anchor is the later sentence that tells an attack here for its own sake: by an event of its
   own clause that is not told before, nor earlier, feared, or one of many. Where the top names no
   other place it must also open as another piece of news ("Also Tuesday, two rockets hit …", an item
   of a list), or the
   second sentence of a plain report would be taken for an item.
3. Of several the best by the weights of ``[event]``; of equals the first.
"""

from __future__ import annotations

from collections.abc import Sequence

from worker.core.annotate.counts import CountMention
from worker.core.annotate.events import EventSentence
from worker.core.knowledge.weights import EventWeights
from worker.core.segment.event_mention import (
    EventMention,
    event_score,
    event_tokens,
    main_event,
    read_event,
    tells_harm,
)
from worker.core.segment.turns import opens_with

_NOT_ITSELF = frozenset({"definite", "known", "sub", "reaction", "politics"})


def find_anchor(
    sentences: tuple[EventSentence, ...],
    counts: Sequence[CountMention],
    weights: EventWeights,
) -> EventSentence | None:
    """The sentence of the body that tells the attack; None when the top does, or nothing does."""
    top = [s for s in sentences if s.is_top]
    elsewhere = _is_elsewhere(top)
    if not elsewhere and any("HERE" in s.tags for s in top):
        return None
    by_sentence: dict[int, list[CountMention]] = {}
    for count in counts:
        by_sentence.setdefault(count.sentence, []).append(count)
    best: tuple[float, EventSentence] | None = None
    for sentence in sentences:
        if sentence.body_number < 1 or not (elsewhere or _is_turn(sentence)):
            continue
        own = by_sentence.get(sentence.index, [])
        event = main_event(sentence, weights, own)
        if event is None or not _is_item(sentence, event, own):
            continue
        score = event_score(event, weights)
        if best is None or score > best[0]:
            best = score, sentence
    return best[1] if best is not None else None


def _is_turn(sentence: EventSentence) -> bool:
    if sentence.item:
        return True
    return opens_with(sentence, "SEPARATELY") or opens_with(sentence, "MEANWHILE")


def _is_elsewhere(top: Sequence[EventSentence]) -> bool:
    """Whether the first event of the top is told of another place."""
    for sentence in top:
        for index, _ in event_tokens(sentence)[:1]:
            traits = read_event(sentence, index).traits
            if "here" in traits or "away" in traits:
                return "away" in traits
    return any("AWAY" in s.tags for s in top) and not any("HERE" in s.tags for s in top)


def _is_item(sentence: EventSentence, event: EventMention, counts: Sequence[CountMention]) -> bool:
    if "here" not in event.traits or event.is_bad or event.traits & _NOT_ITSELF:
        return False
    return "harm_only" not in event.traits or tells_harm(sentence, counts, main=False)
