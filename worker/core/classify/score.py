"""Adds weighted features up to log-odds, and turns these into a probability and a band.

``weights.toml`` has three tables: ``weights`` (log-odds per unit of a feature), ``anywhere``
(those that replace them when the place does not matter) and ``platt`` (slope and offset of the
probability). The score is ``bias`` plus the sum of weight x value; nothing else. Every feature that can
be measured has a weight; one that counts nothing has 0, with the reason why.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from worker.core.classify.features import FEATURES, PLACE_FEATURES, Feature
from worker.core.domain.vocabulary import Band
from worker.core.knowledge.profile import Policy

REASON_LIMIT = 24
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
    for section, features in (("weights", FEATURES | PLACE_FEATURES), ("anywhere", FEATURES)):
        yield from (f"{section}.{name}" for name in sorted(features))
        yield from (f"{section}.bias", f"platt.{section}.slope", f"platt.{section}.offset")


def score(features: Mapping[str, Feature], weights: Mapping[str, float], section: str) -> Score:
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
    return Score(total, probability(total, weights, section), tuple(ordered[:REASON_LIMIT]))


def probability(total: float, weights: Mapping[str, float], section: str) -> float:
    """Platt: the probability that a score stands for, between 0 and 1."""
    odds = weights[f"platt.{section}.slope"] * total + weights[f"platt.{section}.offset"]
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
