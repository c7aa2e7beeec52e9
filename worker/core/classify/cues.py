"""Finds in each sentence the cues and places that the classifier weighs.

A cue is a stretch of text that says something for or against "this freshly reports an attack
here". Which words are cues is the lexicon's business (patterns ``cue_*``), which names are places
the profile's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.events import NO_MATTER
from worker.core.annotate.place_mention import PlaceMention
from worker.core.lang.normalise import Range, overlapping, starting_in
from worker.core.lang.tokens import Token
from worker.core.text.prose import Sentence

THREAT_REACH_CHARS = 45
"""Characters after a word of threat or doubt within which an attack is only feared."""
_REACH_CHARS = THREAT_REACH_CHARS + 255
"""A phrase that begins further off than this before an attack does not reach it."""
_OF_FORCES = "OF_FORCES"
"""Tag of what forces do to militants: no attack, whatever it is called."""
_ARMED = frozenset({"ATTACKER", "WEAPON"})
_UNARMED = frozenset({"VEHICLE", "LIKENED_TO"})
"""A car is a weapon only in the right hands, and what something "sounded like" is none."""
_OF_THEN = frozenset({"IS_EARLIER", "IS_OLD", "IS_YEAR"})
Cue = Literal[
    "attack", "attack_weak", "casualty", "number", "claim", "official", "recent", "retrospective",
    "reaction", "threat", "state", "accident", "unrest", "crime", "operation", "explainer",
    "opening", "digest", "perpetrator", "combat", "since", "anniversary", "accident_cause",
    "other_event", "bursts",
]  # fmt: skip
"""A category of cues: the pattern of the lexicon without its ``cue_``."""


@dataclass(frozen=True, slots=True)
class SentenceCues:
    """The cues of one sentence, by category, and the places that it names."""

    annotated: Annotated
    sentence: Sentence
    here: tuple[PlaceMention, ...]
    near: tuple[PlaceMention, ...]
    elsewhere: tuple[PlaceMention, ...]
    regions: tuple[Range, ...]
    """Unnamed other places ("the eastern province")."""
    _found: dict[Cue, tuple[Range, ...]] = field(default_factory=dict)
    """By category: those that somebody has asked for. Most sentences are asked for few."""

    def of(self, category: Cue) -> tuple[Range, ...]:
        """The cues of a category, in order."""
        if category not in self._found:
            self._found[category] = _cues_of(self, category)
        return self._found[category]

    def has(self, category: Cue) -> bool:
        """Whether a category occurs in the sentence."""
        return bool(self.of(category))

    @property
    def attack(self) -> tuple[Range, ...]:
        """Clear words for an attack, else weak ones, else nothing."""
        return self.of("attack") or self.of("attack_weak")


def read_sentence(annotated: Annotated, sentence: Sentence) -> SentenceCues:
    """One sentence with its places; its cues are found when they are asked for."""
    places = starting_in(annotated.places, sentence)
    regions = tuple(
        Range.of(m)
        for m in annotated.find("region_phrase", sentence)
        if not overlapping(places, Range(m.start(), m.end() + 2))
    )
    return SentenceCues(
        annotated,
        sentence,
        tuple(m for m in places if m.kind == "here"),
        tuple(m for m in places if m.kind == "near"),
        tuple(m for m in places if m.kind == "elsewhere"),
        regions,
    )


def _cues_of(cues: SentenceCues, category: Cue) -> tuple[Range, ...]:
    """The cues of a category that say what they seem to."""
    annotated, sentence = cues.annotated, cues.sentence
    found = tuple(annotated.ranges(f"cue_{category}", sentence))
    if not found:
        return ()
    match category:
        case "opening":
            return tuple(cue for cue in found if cue.start <= sentence.start + 1)
        case "attack" | "attack_weak":
            forces = _of_forces(annotated, sentence)
            found = tuple(cue for cue in found if not overlapping(forces, cue))
            unreal = (*cues.of("threat"), *cues.of("since"))
            return _happened(annotated, found, tuple(sorted(unreal, key=lambda cue: cue.start)))
        case "accident":
            return () if _is_setting(annotated, sentence) else found
        case "accident_cause":
            # "an earlier explosion was caused by a boiler"
            of_other = cues.has("other_event") or _is_setting(annotated, sentence)
            return () if of_other else found
        case _:
            return found


def is_armed(cues: SentenceCues) -> bool:
    """Whether a sentence tells of an attacker, a weapon or an attack, by more than a word of harm.

    Of this time, and not only at first feared: "residents at first feared a bombing".
    """
    tokens = _tokens(cues.annotated, cues.sentence)
    if _is_of_then(tokens):
        return False
    harm = cues.of("casualty")
    if any(not overlapping(harm, at) for at in cues.of("attack_weak")):
        return True
    return any(t.tags & _ARMED and not t.tags & _UNARMED for t in tokens)


def _is_of_then(tokens: list[Token]) -> bool:
    """Whether all events of a sentence are of another time, or only what somebody feared at first.

    ("Last year a bomb killed nine there"; "residents at first feared a bombing".)
    """
    events = [t for t in tokens if "REAL_EVENT" in t.tags]
    if not events:
        return False
    feared = any("AT_FIRST" in t.tags for t in tokens) and all(
        "IS_THREAT" in t.tags for t in events
    )
    return feared or all(t.tags & _OF_THEN for t in events)


def _tokens(annotated: Annotated, sentence: Sentence) -> list[Token]:
    return [t for event in starting_in(annotated.events, sentence) for t in event.tokens]


def _of_forces(annotated: Annotated, sentence: Sentence) -> tuple[Range, ...]:
    """What forces do to militants in a sentence."""
    tokens = _tokens(annotated, sentence)
    return tuple(Range(t.start, t.end) for t in tokens if _OF_FORCES in t.tags)


def _is_setting(annotated: Annotated, sentence: Sentence) -> bool:
    """Whether an accident or drill is only what an attack came upon: "gunmen attack a rehearsal"."""
    tokens = _tokens(annotated, sentence)
    return any(t.tags & NO_MATTER for t in tokens) and all(
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
