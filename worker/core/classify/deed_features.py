"""Features of deeds: what a whole text tells to be done to whom. For profiles without a place.

"Is an attack told here, of any age and anywhere?" is no question of headline and lead. A text may come
to its attack late, and a text full of words of violence may tell of none: a war bulletin, a speech, a
communique, a look back over years. A careful reader asks who was hit, and how it is told.

Rules
-----
1. A ``deed`` feature counts sentences: the natural logarithm of one more than there are, at most
   ``MOST``. One sentence says most; ten say little more than four.
2. For an attack speak: harm that is counted, an attack with its attacker or its day, a bomb told for the
   first time, chosen persons (murdered, kidnapped), civilians, and property with a bomb or its ruin.
3. Against it speak: dead of a clash, wounded among fighters, armies; and speech (the first person, how
   things are, politics of a war, years and decades) in place of a story.
4. A language without the words has ``deed.unread`` and nothing else from here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from worker.core.annotate.annotate import Annotated
from worker.core.classify.features import Feature
from worker.core.lang.normalise import Range
from worker.core.text.prose import Sentence

MOST = 1.5
_NEEDED = "deed_civilian"
_WORDS = (
    "civilian", "night", "army", "present", "struggle", "span", "first_person", "new_bomb",
    "known_murder", "killed_in_clash",
)  # fmt: skip
"""Phrases that count by themselves."""
_PAIRS = {
    "bomb_property": ("bomb", "property"),
    "ruined_property": ("ruin", "property"),
    "murdered_civilian": ("murder", "civilian"),
    "hurt_fighters": ("hurt", "fighters"),
}
"""Phrases that count in one sentence."""
PHRASES = frozenset(
    {*_WORDS, *(name for pair in _PAIRS.values() for name in pair), "clash", "modal"}
)
"""All that are looked for, each as ``deed_`` and its name."""
_TOLD = ("attack_plain", "attack_fresh", "attack_actor", "murder_fresh", "killed", "injured")
DEED_FEATURES = frozenset({
    *(f"deed.{name}" for name in (*_WORDS, *_PAIRS, *_TOLD)),
    "deed.unread",
})  # fmt: skip
"""Every feature that is measured here, all only where the place does not matter."""
_Found = dict[str, tuple[int, Range]]
"""Name → how many sentences, and the first."""


def measure_deeds(annotated: Annotated) -> dict[str, Feature]:
    """The features of a whole text. Pure; raises nothing."""
    lexicon = annotated.lexicon
    if lexicon is None or lexicon.pattern(_NEEDED) is None:
        return {"deed.unread": Feature(1.0)}
    tags = _tags(annotated)
    counted = _counted(annotated)
    found: _Found = {}
    for sentence in annotated.prose.sentences:
        said = _said(annotated, sentence)
        told = {
            *counted.get(sentence.index, ()),
            *_told(said, tags.get(sentence.index, frozenset())),
        }
        for name in _measured(said, told):
            count, first = found.get(name, (0, sentence))
            found[name] = count + 1, first
    return {
        f"deed.{name}": Feature(min(MOST, math.log1p(count)), first)
        for name, (count, first) in found.items()
    }


def _tags(annotated: Annotated) -> dict[int, frozenset[str]]:
    """Number of a sentence → the tags of its event words."""
    tags: dict[int, frozenset[str]] = {}
    for event in annotated.events:
        tags[event.index] = tags.get(event.index, frozenset()) | event.tags
    return tags


def _counted(annotated: Annotated) -> dict[int, set[str]]:
    """Number of a sentence → the harm that is counted in it, of whoever did not attack."""
    counted: dict[int, set[str]] = {}
    for count in annotated.counts:
        if count.what in ("killed", "injured") and not count.is_attackers:
            counted.setdefault(count.sentence, set()).add(count.what)
    return counted


def _said(annotated: Annotated, sentence: Sentence) -> frozenset[str]:
    """The phrases of deeds that a sentence holds, by name."""
    return frozenset(n for n in PHRASES if annotated.has(f"deed_{n}", sentence))


def _told(said: frozenset[str], tags: frozenset[str]) -> Iterator[str]:
    """What the event words of a sentence say together with its phrases."""
    if "murder" in said and "FRESH" in tags:
        yield "murder_fresh"
    if "REAL_EVENT" not in tags:
        return
    if "IS_ACTOR" in tags:
        yield "attack_actor"
    if "clash" in said:
        return
    if not said & {"first_person", "modal"}:
        yield "attack_plain"
    if "FRESH" in tags and "fighters" not in said:
        yield "attack_fresh"


def _measured(said: frozenset[str], told: set[str]) -> Iterator[str]:
    """Everything that a sentence counts for, each once."""
    yield from told
    yield from said.intersection(_WORDS)
    for name, pair in _PAIRS.items():
        if said.issuperset(pair):
            yield name
