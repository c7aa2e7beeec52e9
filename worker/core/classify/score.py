"""Adds weighted features up to log-odds, and turns these into a probability and a band.

``weights.toml`` has the tables ``weights`` (log-odds per unit of a feature), ``anywhere`` (those that
replace them when the place does not matter), ``platt`` (slope and offset of the probability, by how
much text there is: a headline alone says less than a story) and ``training`` (how hard weights hold on
when labels pull). The score is ``bias`` plus the sum of weight x value; nothing else. Every feature that
can be measured has a weight; one that counts nothing has 0, with the reason why.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from worker.core.classify.deed_features import DEED_FEATURES
from worker.core.classify.event_features import EVENT_FEATURES
from worker.core.classify.features import FEATURES, PLACE_FEATURES, Feature
from worker.core.domain.vocabulary import Band
from worker.core.knowledge.profile import Policy
from worker.core.text.prose import Prose

LEAD_CHARS = 600
"""A body up to this length is a lead; a feed's summary is seldom longer."""
LENGTHS = ("headline", "lead", "full")
REASON_LIMIT = 48
_WIDEST = 30
"""Log-odds beyond which a probability is 0 or 1 to all digits."""


@dataclass(frozen=True, slots=True)
class Term:
    """One signed contribution to a score."""

    name: str
    weight: float
    feature: Feature


@dataclass(frozen=True, slots=True)
class Score:
    """Log-odds, the probability they stand for, and the terms, strongest first."""

    total: float
    probability: float
    terms: tuple[Term, ...]


def section_of(policy: Policy) -> str:
    """Which table of weights judges under this policy."""
    return "weights" if policy.require_place else "anywhere"


def weight_names() -> Iterator[str]:
    """Every name that ``weights.toml`` must hold: ``section.feature``, ``section.bias``, Platt's."""
    here = FEATURES | PLACE_FEATURES | EVENT_FEATURES
    for section, features in (("weights", here), ("anywhere", FEATURES | DEED_FEATURES)):
        yield from (f"{section}.{name}" for name in sorted(features))
        yield f"{section}.bias"
        yield from (f"platt.{section}.{n}.{part}" for n in LENGTHS for part in ("slope", "offset"))
    yield from ("training.strength", "training.free_strength", "training.printed_weight")


def length_of(prose: Prose) -> str:
    """How much text there is: ``headline`` alone, ``lead`` or ``full``, by the characters of the body."""
    chars = sum(s.end - s.start for s in prose.sentences if s.zone != "title")
    return "headline" if not chars else "lead" if chars <= LEAD_CHARS else "full"


def score(
    features: Mapping[str, Feature], weights: Mapping[str, float], section: str, length: str
) -> Score:
    """Add up the weighted features. ``KeyError``: a feature that no file was checked for."""
    terms = [
        Term(name, weights[f"{section}.{name}"] * feature.value, feature)
        for name, feature in features.items()
    ]
    terms = [
        Term("bias", weights[f"{section}.bias"], Feature(1.0)),
        *(t for t in terms if t.weight),
    ]
    total = sum(t.weight for t in terms)
    ordered = sorted(terms, key=lambda t: (-abs(t.weight), t.name))
    return Score(total, probability(total, weights, section, length), tuple(ordered[:REASON_LIMIT]))


def probability(total: float, weights: Mapping[str, float], section: str, length: str) -> float:
    """Platt: the probability that a score stands for, between 0 and 1."""
    line = f"platt.{section}.{length}"
    odds = weights[f"{line}.slope"] * total + weights[f"{line}.offset"]
    return 1.0 / (1.0 + math.exp(-max(-_WIDEST, min(_WIDEST, odds))))


def thresholds(policy: Policy, lang: str) -> tuple[float, float]:
    """(report_at, review_at) for a language."""
    own = (policy.thresholds_by_lang or {}).get(lang)
    return (max(own), min(own)) if own else (policy.report_at, policy.review_at)


def band(probability: float, policy: Policy, lang: str) -> Band:
    """What to do with a verdict of this probability."""
    report_at, review_at = thresholds(policy, lang)
    if probability >= report_at:
        return "report"
    return "review" if probability >= review_at else "drop"
