"""Features of a segment: named, bounded numbers with the words they come from.

Rules
-----
1. A feature is ``zone.name``. The zones of a main segment: ``head`` = the title, or the first
   sentence where there is none, so that a verdict does not hang on a title being present; ``lead``
   = the lead sentences; ``body`` = the rest. A segment told further down has its own head and lead.
2. Each value is small and capped: a word said ten times is no more evidence than said twice.
3. Every feature knows the first place in the text that made it fire, or none (age, absence).
4. Nothing here knows a weight. What is measured does not depend on how it is judged. The names are
   declared (``FEATURES``, ``PLACE_FEATURES``): ``weights.toml`` must say of each what it counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.triggers import triggers_in
from worker.core.classify.cues import Cue, SentenceCues, is_armed
from worker.core.domain.vocabulary import WIDE_PLACES
from worker.core.lang.normalise import Range, least_gap, overlapping

CLOSE_CHARS = 60
"""Characters between a place and an attack word that stand for one statement."""
BODY_SENTENCES = 8
_MOST_STALE = 4
_FOLLOW_UP: tuple[Cue, ...] = ("reaction", "retrospective")
_ZONES = ("head", "lead", "body")
_EVENT = ("attack", "attack_weak", "casualty", "toll", "attack_casualty")
ANY_ZONE_CUES: tuple[Cue, ...] = ("claim", "official", "perpetrator", "combat", "accident_cause")
TOP_CUES: tuple[Cue, ...] = (
    "recent", "retrospective", "reaction", "threat", "state", "accident", "unrest", "crime",
    "operation", "explainer", "opening", "digest",
)  # fmt: skip
_PLACED = (
    "here", "near", "elsewhere", "attack_elsewhere", "attack_here", "weak_attack_here", "close",
    "elsewhere_closer", "casualty_here",
)  # fmt: skip
FEATURES = frozenset({
    *(f"{zone}.{name}" for zone in _ZONES for name in _EVENT),
    *(f"{zone}.{name}" for zone in ("head", "lead") for name in TOP_CUES),
    *(f"any.{name}" for name in ANY_ZONE_CUES), "any.sole_cause",
    "head.question", "top.follow_up", "top.bare_reaction", "top.anniversary",
    "age.fresh", "age.stale", "age.new_toll", "age.old_mention", "known.past",
    "kind.item", "kind.background", "kind.aggregate", "kind.threat",
    "kind.dated", "kind.undated", "kind.unannounced", "segment.late",
})  # fmt: skip
"""Every feature that does not depend on the place."""
PLACE_FEATURES = frozenset({
    *(f"{zone}.{name}" for zone in _ZONES for name in _PLACED),
    "any.quarter", "top.attack_and_here", "top.country", "segment.inside", "segment.elsewhere",
    "segment.filed_here",
})  # fmt: skip
"""Every feature that is measured only where the place matters."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A value and the words that it comes from."""

    value: float
    at: Range | None = None


@dataclass(frozen=True, slots=True)
class SegmentZones:
    """What of an article speaks for one segment."""

    head: tuple[SentenceCues, ...]
    lead: tuple[SentenceCues, ...]
    body: tuple[SentenceCues, ...]
    own: tuple[Range, ...]
    """The segment's own stretches: what tells of an attack elsewhere tells of another one."""


@dataclass(slots=True)
class FeatureSums:
    """Features being collected."""

    found: dict[str, Feature] = field(default_factory=dict)

    def add(self, name: str, at: Range | None, amount: float = 1.0, cap: float = 1.0) -> None:
        """Raise a feature by ``amount`` up to ``cap``; the first place is kept."""
        before = self.found.get(name)
        if before is None:
            self.found[name] = Feature(min(cap, amount), at)
        elif before.value < cap:
            self.found[name] = Feature(min(cap, before.value + amount), before.at)


def measure(zones: SegmentZones, place_matters: bool) -> dict[str, Feature]:
    """All features of the words of a segment."""
    sums = FeatureSums()
    for zone, sentences in (("head", zones.head), ("lead", zones.lead), ("body", zones.body)):
        for cues in sentences:
            _measure_words(sums, zone, cues)
            if place_matters:
                _measure_places(sums, zone, cues, zones.own)
    _measure_top(sums, (*zones.head, *zones.lead))
    _bursts(sums, zones)
    _sole_cause(sums)
    return sums.found


def _measure_words(sums: FeatureSums, zone: str, cues: SentenceCues) -> None:
    strong = cues.of("attack")
    if strong:
        sums.add(f"{zone}.attack", strong[0], cap=2)
    elif weak := cues.of("attack_weak"):
        sums.add(f"{zone}.attack_weak", weak[0], cap=2)
    harm = cues.of("casualty")
    if harm:
        sums.add(f"{zone}.casualty", harm[0], cap=2)
        if cues.has("number"):
            sums.add(f"{zone}.toll", harm[0])
        if cues.attack:
            sums.add(f"{zone}.attack_casualty", cues.attack[0])
    for name in ANY_ZONE_CUES:
        found = cues.of(name)
        if name == "perpetrator" and found:  # "it was not a terrorist incident" tells of nobody
            found = tuple(at for at in found if not overlapping(cues.of("accident_cause"), at))
        if found:
            sums.add(f"any.{name}", found[0], cap=2)
    if zone != "body":
        for name in TOP_CUES:
            if cues.has(name) and (name != "recent" or cues.attack or harm):
                sums.add(f"{zone}.{name}", cues.of(name)[0])


def _measure_places(
    sums: FeatureSums, zone: str, cues: SentenceCues, own: tuple[Range, ...]
) -> None:
    here, attack = cues.here, cues.attack
    strong = cues.of("attack")
    away: tuple[Range, ...] = (*cues.elsewhere, *cues.regions)
    if here:
        sums.add(f"{zone}.here", here[0], cap=1 if zone != "body" else 3)
    for mention in here:
        if mention.entry.kind not in WIDE_PLACES and not _is_of_other(cues, mention, own):
            sums.add("any.quarter", mention, cap=2)
    if cues.near:
        sums.add(f"{zone}.near", cues.near[0])
    if away:
        sums.add(f"{zone}.elsewhere", away[0], cap=2)
        if attack and not here:
            sums.add(f"{zone}.attack_elsewhere", away[0], cap=2)
    if here and attack:
        name = "attack_here" if strong else "weak_attack_here"
        sums.add(f"{zone}.{name}", attack[0], cap=2)
        gap, away_gap = least_gap(here, attack) or 0, least_gap(away, attack)
        if strong and gap <= CLOSE_CHARS:
            sums.add(f"{zone}.close", attack[0])
        if away_gap is not None and away_gap < gap:
            sums.add(f"{zone}.elsewhere_closer", away[0])
    if here and cues.has("casualty"):
        sums.add(f"{zone}.casualty_here", here[0])


def _is_of_other(cues: SentenceCues, place: Range, own: tuple[Range, ...]) -> bool:
    """Whether a place stands in a sentence of an older attack ("a week after a bomb at the embassy")."""
    if cues.attack or any(told.holds(place.start) for told in own):
        return False
    return bool(triggers_in(cues.annotated.triggers, cues.sentence))


def _measure_top(sums: FeatureSums, sentences: tuple[SentenceCues, ...]) -> None:
    """Place and attack, if not in one sentence, then both at the top."""
    here = next((c.here[0] for c in sentences if c.here), None)
    if here is not None and any(c.has("attack") for c in sentences):
        sums.add("top.attack_and_here", here)
    told = told_whole(sentences)
    frame = next((c.of(n)[0] for c in told for n in _FOLLOW_UP if c.has(n)), None)
    fresh = {"head.recent", "lead.recent"} & set(sums.found)
    if frame is not None and not fresh:
        sums.add("top.follow_up", frame)
    _bare_reaction(sums, sentences)
    _anniversary(sums, sentences)


def told_whole(sentences: tuple[SentenceCues, ...]) -> tuple[SentenceCues, ...]:
    """The sentences up to the first that tells an attack here with its victims, as news and no look back.

    What stands behind it is its background: "Twin blasts in the city killed 17. Three years ago …"
    """
    for number, cues in enumerate(sentences):
        whole = cues.here and cues.has("attack") and cues.has("casualty") and cues.has("number")
        if whole and not any(cues.has(name) for name in _FOLLOW_UP):
            return sentences[: number + 1]
    return sentences


def _bursts(sums: FeatureSums, zones: SegmentZones) -> None:
    """What bursts by itself is its own cause where no attacker, weapon or claim is told of."""
    bursts = next((c.of("bursts")[0] for c in (*zones.head, *zones.lead) if c.has("bursts")), None)
    if bursts is None or {"any.perpetrator", "any.claim", "any.accident_cause"} & set(sums.found):
        return
    if not any(is_armed(c) for c in (*zones.head, *zones.lead, *zones.body)):
        sums.add("any.accident_cause", bursts)


def _sole_cause(sums: FeatureSums) -> None:
    """A cause that takes an attack back is sure where nobody is told as an attacker, or claims it."""
    cause = sums.found.get("any.accident_cause")
    if cause is not None and not {"any.perpetrator", "any.claim"} & set(sums.found):
        sums.add("any.sole_cause", cause.at)


def _bare_reaction(sums: FeatureSums, sentences: tuple[SentenceCues, ...]) -> None:
    """A reaction that tells nobody's harm and no claim ("UN condemns attack") is no news of it."""
    reaction = next((c.of("reaction")[0] for c in sentences if c.has("reaction")), None)
    if reaction is not None and not any(c.has("casualty") or c.has("claim") for c in sentences):
        sums.add("top.bare_reaction", reaction)


def _anniversary(sums: FeatureSums, sentences: tuple[SentenceCues, ...]) -> None:
    """Remembered once at the top may be background; twice ("Five years on", "mark") is the news."""
    mentions = [at for cues in sentences for at in cues.of("anniversary")]
    if len(mentions) > 1:
        sums.add("top.anniversary", mentions[0])


def is_locative(annotated: Annotated, word: str) -> bool:
    """Whether a word puts something at the place that follows ("in", "near")."""
    lexicon = annotated.lexicon
    return lexicon is not None and lexicon.first("locative", f" {word} ") is not None


def age_features(age_days: int | None, window_days: int) -> dict[str, Feature]:
    """How old the attack was when it was told; nothing when either date is unknown."""
    if age_days is None:
        return {}
    if age_days <= window_days:
        return {"age.fresh": Feature(1.0)}
    return {"age.stale": Feature(min(_MOST_STALE, 1.0 + math.log2(age_days / (window_days + 1.0))))}
