"""Turns of a text: which of its sentences tell of something else than the attack at its top.

Rules
-----
1. "In a separate incident" turns to another attack; "meanwhile" only if its sentence tells a new one
   or names a place outside ("Meanwhile, the toll rose to 12" goes on). So does a new attack outside,
   "besides the bomb, rockets hit two districts", and "also in the city, a judge was shot".
2. In a list every item turns away that is not about the area. In an article of many matters
   (``digest``) so does a paragraph that opens with a place outside only, or, where the attack is an
   item behind another matter (``begins_with_another``), one that opens with neither the area nor a word
   that points back.
3. A sentence that opens with "as a result", "of these", "they", "two of them" goes on with what the
   sentence before it counts together: attacks, or others over a stretch of time ("120 attacks were
   recorded this year. As a result 30 people died"; "11 traders have been seized this year. Two of
   them were killed").
4. What comes after a turn stays turned, until an event here that is not new, an item about the area,
   or in another paragraph a word that points back ("the blast").
"""

from __future__ import annotations

from collections.abc import Sequence

from worker.core.annotate.events import EventSentence
from worker.core.knowledge.weights import EventWeights
from worker.core.segment.event_mention import EventMention, main_event
from worker.core.segment.framing import opens_event

_OPENING_TOKENS = 5
_GOES_ON_TOKENS, _SOME_OF_THEM_TOKENS = 2, 5
_LABEL_TOKENS = 8
_KINDS_COUNTED = 3
"""Kinds of attacks in the plural that are a count of many ("nine blasts, four raids and 11 killings")."""


def opens_with(sentence: EventSentence, tag: str) -> bool:
    """Whether one of the first words of a sentence has a tag ("In Ward 2, meanwhile, …")."""
    return any(tag in t.tags for t in sentence.tokens[:_OPENING_TOKENS])


def begins_with_another(sentences: Sequence[EventSentence], told: EventSentence) -> bool:
    """Whether a paragraph of more than a label ("[STUDIO]") comes before that of a sentence."""
    before = (s for s in sentences if 0 <= s.body_number < told.body_number)
    return any(s.paragraph != told.paragraph and len(s.tokens) > _LABEL_TOKENS for s in before)


def turns_away(sentence: EventSentence, weights: EventWeights) -> bool:
    """Whether a sentence opens another piece of news."""
    if sentence.item:
        return not _is_of_area(sentence)
    if opens_with(sentence, "BESIDES_IT"):
        return True
    event = main_event(sentence, weights)
    if opens_with(sentence, "SEPARATELY"):
        return "HERE" not in sentence.tags or _is_new(sentence, event)
    if "HERE" in sentence.tags:
        return opens_with(sentence, "MEANWHILE") and _tells_new(sentence, event)
    if opens_with(sentence, "MEANWHILE"):
        return "AWAY" in sentence.tags or _is_new(sentence, event)
    return event is not None and {"indefinite", "away"} <= event.traits


def _tells_new(sentence: EventSentence, event: EventMention | None) -> bool:
    """Whether an attack is told for the first time: "an attack", or any attack with "a sticky bomb"."""
    if event is None:
        return False
    tokens = sentence.tokens
    return "indefinite" in event.traits or any(opens_event(tokens, i) for i in range(len(tokens)))


def _is_of_area(sentence: EventSentence) -> bool:
    """Whether an item of a list is about the area: by its words, or its label alone."""
    return "HERE" in sentence.tags or ("DATELINE" in sentence.tags and "AWAY" not in sentence.tags)


def _is_new(sentence: EventSentence, event: EventMention | None) -> bool:
    """Whether an event is told that the text has not told before."""
    if event is None or event.traits & {"definite", "harm_only"}:
        return False
    return "indefinite" in event.traits or "ANAPHOR" not in sentence.tags


def find_turns(
    sentences: tuple[EventSentence, ...], weights: EventWeights, *, digest: bool = False
) -> frozenset[int]:
    """Starts of the runs that have turned away from the attack at the top."""
    out: set[int] = set()
    turned, paragraph = False, -1
    for sentence in sentences:
        if sentence.body_number > 0:
            opens = sentence.paragraph != paragraph
            if turns_away(sentence, weights) or (digest and opens and _is_elsewhere(sentence)):
                turned = True
            elif turned:
                event = main_event(sentence, weights)
                turned = not _turns_back(sentence, event, opens=opens)
        paragraph = sentence.paragraph
        if turned:
            out.add(sentence.start)
    return frozenset(out)


def find_counted_together(sentences: tuple[EventSentence, ...]) -> frozenset[int]:
    """Starts of the runs that go on with many attacks, counted together right before."""
    out: set[int] = set()
    many = False
    for sentence in sentences:
        goes_on = many and _goes_on(sentence)
        if goes_on:
            out.add(sentence.start)
        many = sentence.body_number > 0 and (goes_on or _counts_many(sentence))
    return frozenset(out)


def _goes_on(sentence: EventSentence) -> bool:
    """Whether a sentence opens with those before: "they", "of these", "at least two of them"."""
    some = [i for i, t in enumerate(sentence.tokens[:_SOME_OF_THEM_TOKENS]) if "GOES_ON" in t.tags]
    if not some:
        return False
    before = sentence.tokens[: some[0]]
    return some[0] < _GOES_ON_TOKENS or any("NUM" in t.tags for t in before)


def _counts_many(sentence: EventSentence) -> bool:
    """Whether a sentence counts attacks together, and says nothing of the one that was told."""
    if "ANAPHOR" in sentence.tags:
        return False
    kinds = sum({"EVENT", "PLURAL"} <= t.tags for t in sentence.tokens)
    if kinds >= _KINDS_COUNTED:
        return True
    if "IS_AGG" in sentence.tags or (kinds > 0 and "MANY_EVENTS" in sentence.tags):
        return True
    return "COUNTED_OVER" in sentence.tags and not sentence.tags & {"FRESH", "REAL_EVENT"}


def _is_elsewhere(sentence: EventSentence) -> bool:
    return "AWAY" in sentence.tags and not sentence.tags & {"HERE", "ANAPHOR", "REAL_EVENT"}


def _turns_back(sentence: EventSentence, event: EventMention | None, *, opens: bool) -> bool:
    """Whether a sentence comes back. ``opens``: it is the first of its paragraph."""
    if sentence.item or (opens and "ANAPHOR" in sentence.tags):
        return True
    if event is None or event.is_bad:
        return False
    return "here" in event.traits and "indefinite" not in event.traits
