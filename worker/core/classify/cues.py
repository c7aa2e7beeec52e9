"""Finds in each sentence the cues and places that the classifier weighs.

A cue is a stretch of text that says something for or against "this freshly reports an attack
here". Which words are cues is the lexicon's business (patterns ``cue_*``), which names are places
the profile's.
"""

from __future__ import annotations

from dataclasses import dataclass

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.places import PlaceMention
from worker.core.lang.normalise import Range, overlapping, starting_in
from worker.core.lang.tokens import Token
from worker.core.text.prose import Sentence

THREAT_REACH_CHARS = 45
"""Characters after a word of threat or doubt within which an attack is only feared."""
_REACH_CHARS = THREAT_REACH_CHARS + 255
"""A phrase that begins further off than this before an attack does not reach it."""
_OF_FORCES = "OF_FORCES"
"""Tag of what forces do to militants: no attack, whatever it is called."""
CATEGORIES = (
    "attack", "attack_weak", "casualty", "number", "claim", "official", "recent", "retrospective",
    "reaction", "threat", "state", "accident", "unrest", "crime", "operation", "explainer",
    "opening", "digest", "perpetrator", "combat", "since", "anniversary", "accident_cause",
    "other_event",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SentenceCues:
    """All cues of one sentence; ``hits`` holds the categories that occur."""

    sentence: Sentence
    hits: dict[str, tuple[Range, ...]]
    here: tuple[PlaceMention, ...]
    near: tuple[PlaceMention, ...]
    elsewhere: tuple[PlaceMention, ...]
    regions: tuple[Range, ...]
    """Unnamed other places ("the eastern province")."""

    def has(self, category: str) -> bool:
        """Whether a category occurs in the sentence."""
        return bool(self.hits.get(category))

    @property
    def attack(self) -> tuple[Range, ...]:
        """Clear words for an attack, else weak ones, else nothing."""
        return self.hits.get("attack", ()) or self.hits.get("attack_weak", ())


def read_sentence(annotated: Annotated, sentence: Sentence) -> SentenceCues:
    """The cues of one sentence."""
    hits = {}
    for category in CATEGORIES:
        found = tuple(Range.of(m) for m in annotated.find(f"cue_{category}", sentence))
        if category == "opening":
            found = tuple(cue for cue in found if cue.start <= sentence.start + 1)
        if found:
            hits[category] = found
    tokens = [t for event in starting_in(annotated.events, sentence) for t in event.tokens]
    forces = tuple(Range(t.start, t.end) for t in tokens if _OF_FORCES in t.tags)
    for category in ("attack", "attack_weak") if forces else ():
        hits[category] = tuple(c for c in hits.get(category, ()) if not overlapping(forces, c))
    is_setting = _is_setting(tokens)
    if hits.get("other_event") or is_setting:
        hits.pop("accident_cause", None)  # "an earlier explosion was caused by a boiler"
    for category in ("attack", "attack_weak"):
        unreal = (*hits.get("threat", ()), *hits.get("since", ()))
        unreal = tuple(sorted(unreal, key=lambda cue: cue.start))
        hits[category] = _happened(annotated, hits.get(category, ()), unreal)
    if is_setting:
        hits.pop("accident", None)
    places = starting_in(annotated.places, sentence)
    regions = tuple(
        Range.of(m)
        for m in annotated.find("region_phrase", sentence)
        if not overlapping(places, Range(m.start(), m.end() + 2))
    )
    return SentenceCues(
        sentence,
        hits,
        tuple(m for m in places if m.kind == "here"),
        tuple(m for m in places if m.kind == "near"),
        tuple(m for m in places if m.kind == "elsewhere"),
        regions,
    )


def _is_setting(tokens: list[Token]) -> bool:
    """Whether an accident or drill is only what an attack came upon: "gunmen attack a rehearsal"."""
    return any("SETTING" in t.tags for t in tokens) and all(
        "SETTING" in t.tags for t in tokens if "ACCIDENT" in t.tags
    )


def _happened(
    annotated: Annotated, attacks: tuple[Range, ...], threats: tuple[Range, ...]
) -> tuple[Range, ...]:
    """The attacks that are news: not "warned of a possible attack", not "months after a blast"."""
    return tuple(
        attack
        for attack in attacks
        if not any(
            attack.start <= threat.end + THREAT_REACH_CHARS
            and not annotated.has("cue_turn", Range(threat.end, attack.start))
            for threat in starting_in(threats, Range(attack.start - _REACH_CHARS, attack.start + 1))
        )
    )
