"""Whether an article takes an attack back, and by which words.

Rules
-----
1. Words that undo an attack ("it was not by a bomb") take it back where the text says what it was
   instead ("a gas cylinder"), unless that is what was thought first.
2. An outlet that withdraws its report takes it back.
3. So do words that deny it whole: "there was no blast", "denied that a bomb had gone off", "reports of a
   bombing were false". Only where the text tells no attack beside: each word of attack or harm is denied
   itself, goes by hearsay ("rejecting reports that a bomb wounded three"), or has a harmless cause in its
   sentence. ("There was no attack on the embassy. A bomb hit a bus nearby, killing five" takes nothing
   back.)
4. So does "the explosion was not an attack", whoever it hurt, unless somebody attacks in the text.
"""

from __future__ import annotations

from collections.abc import Iterator

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.events import NO_MATTER
from worker.core.lang.normalise import Range, holding, inside
from worker.core.lang.tokens import touched

_ATTACKERS = ("cue_perpetrator", "suicide")


def find_taken_back(annotated: Annotated, ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    """The words of some stretches that take their attack back, and those of what it was; () if none do."""
    lexicon = annotated.lexicon
    if lexicon is None:
        return ()
    undone = tuple(_found(annotated, "retraction", ranges))
    withdrawn = [at for at in undone if annotated.has("withdrawal", at)]
    causes = tuple(_causes(annotated, ranges))
    if withdrawn or (undone and causes):
        return tuple(sorted((*undone, *causes), key=lambda at: at.start))
    harmless = tuple(_found(annotated, "no_attack", ranges))
    denied = tuple(_found(annotated, "attack_denied", ranges))
    if harmless and any(annotated.has(who, at) for who in _ATTACKERS for at in ranges):
        return ()
    if not harmless and not (denied and _tells_nothing_else(annotated, ranges, denied)):
        return ()
    return tuple(sorted((*harmless, *denied, *causes), key=lambda at: at.start))


def _found(annotated: Annotated, category: str, ranges: tuple[Range, ...]) -> Iterator[Range]:
    return (found for at in ranges for found in annotated.ranges(category, at))


def _causes(annotated: Annotated, ranges: tuple[Range, ...]) -> Iterator[Range]:
    """What it was instead."""
    for cause in _found(annotated, "retraction_cause", ranges):
        if not _is_thought_first(annotated, cause):
            yield cause


def _is_thought_first(annotated: Annotated, cause: Range) -> bool:
    """Whether a harmless cause is what was thought first: "no gas leak", "first blamed on a boiler"."""
    event = holding(annotated.events, cause.start)
    tokens = event.tokens if event is not None else ()
    return any(tokens[at].tags & NO_MATTER for at in touched(tokens, cause))


def _tells_nothing_else(
    annotated: Annotated, ranges: tuple[Range, ...], denied: tuple[Range, ...]
) -> bool:
    """Whether no word of attack or harm in some stretches stands for itself. Of a title only harm counts."""
    for sentence in annotated.prose.sentences:
        told = (*inside(annotated.harm, sentence), *inside(annotated.triggers, sentence))
        if sentence.zone == "title":
            told = inside(annotated.harm, sentence)
        own = [word for word in told if holding(ranges, word.start) is not None]
        if own and not annotated.has("retraction_cause", sentence):
            words = (word for word in own if not any(at.overlaps(word) for at in denied))
            if not all(_is_hearsay(annotated, sentence, word) for word in words):
                return False
    return True


def _is_hearsay(annotated: Annotated, sentence: Range, word: Range) -> bool:
    """Whether a word of attack goes by what somebody had said before, or counts nobody."""
    if any(c.value == 0 and c.overlaps(word) for c in annotated.counts):
        return True
    cues = list(annotated.ranges("hearsay", Range(sentence.start, word.start)))
    return bool(cues) and not annotated.has("hearsay_ends", Range(cues[-1].end, word.start))
