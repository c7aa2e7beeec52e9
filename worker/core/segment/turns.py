"""Turns of a text: which of its sentences tell of something else than the attack at its top."""

from __future__ import annotations

from worker.core.annotate.events import EventSentence
from worker.core.knowledge.weights import EventWeights
from worker.core.segment.event_mention import EventMention, main_event

_OPENING_TOKENS = 3


def is_separate(sentence: EventSentence) -> bool:
    """Whether a sentence opens with a word that turns to another attack ("meanwhile")."""
    return any("SEPARATELY" in t.tags for t in sentence.tokens[:_OPENING_TOKENS])


def turns_away(sentence: EventSentence, weights: EventWeights) -> bool:
    """Whether a sentence opens another piece of news."""
    return is_separate(sentence) or _is_new_elsewhere(main_event(sentence, weights))


def find_turns(sentences: tuple[EventSentence, ...], weights: EventWeights) -> frozenset[int]:
    """Starts of the runs that have turned away from the attack at the top."""
    out: set[int] = set()
    turned, paragraph = False, -1
    for sentence in sentences:
        if sentence.body_number > 0:
            event = main_event(sentence, weights)
            if _turns(sentence, event):
                turned = True
            elif turned:
                turned = not _turns_back(sentence, event, opens=sentence.paragraph != paragraph)
        paragraph = sentence.paragraph
        if turned:
            out.add(sentence.start)
    return frozenset(out)


def _turns(sentence: EventSentence, event: EventMention | None) -> bool:
    """Whether a sentence turns away: to another place, or by a word to a new event even here."""
    is_new = event is not None and "indefinite" in event.traits
    if is_separate(sentence):
        return is_new or "HERE" not in sentence.tags
    return _is_new_elsewhere(event) and "HERE" not in sentence.tags


def _turns_back(sentence: EventSentence, event: EventMention | None, *, opens: bool) -> bool:
    """Whether a sentence comes back. ``opens``: it is the first of its paragraph."""
    if opens and "ANAPHOR" in sentence.tags:
        return True
    if event is None or event.is_bad:
        return False
    return "here" in event.traits and "indefinite" not in event.traits


def _is_new_elsewhere(event: EventMention | None) -> bool:
    return (
        event is not None
        and {"indefinite", "away"} <= event.traits
        and not {"here", "definite"} & event.traits
    )
