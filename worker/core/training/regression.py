"""Learning weights from labels: logistic regression that starts from, and is held near, the old ones.

Rules
-----
1. MAP: each weight has a Gaussian prior at its present value. With no examples the weights stay as
   they are; they move only as far as data push them (measured: AP .87 from 5 examples on, where
   free logistic regression needs 75 for .85).
2. No weight crosses zero. "A funeral in the headline" may count less, never in favour.
3. An article is a bag of segments of which the best one speaks: each round picks the segment that
   the current weights prefer, then fits.
4. Two of them are free to move, as they stand for how common reports are among the labelled lines and
   not for evidence: ``bias``, and ``events.unread`` (the bias of languages without words of events).
5. Scores become probabilities by one Platt line for each length of text, fitted on folds held out. It
   is held near "a score is log-odds" where labels are few.
6. New weights replace the old only if they are no worse on data they were not fitted to: folds are
   by group (event, else article), so that copies of one story never sit on both sides.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
BIAS = "bias"
ROUNDS = 3
STEPS = 600
FOLDS = 5
FREE = frozenset({BIAS, "events.unread", "deed.unread"})
STRENGTH = 4.0
"""Precision of the prior: how many units of squared weight one nat of likelihood buys."""
FREE_STRENGTH = 0.02
LINE_STRENGTH = 3.0
Line = tuple[float, float]
"""Slope and offset."""


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled article: the features of each segment that could be a report, its group and length."""

    positive: bool
    segments: tuple[Mapping[str, float], ...]
    group: str
    length: str = "lead"
    weight: float = 1.0
    """How many articles it counts for."""
    id: str = ""
    outlet: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """Fitted weights, a Platt line for each length, and how old and new do on folds held out."""

    weights: dict[str, float]
    lines: dict[str, Line]
    before: float
    after: float
    held: tuple[float, ...] = ()
    """Of each example the probability by weights that were fitted without its group."""

    @property
    def better(self) -> bool:
        """Whether the new weights may replace the old: average precision is no worse."""
        return self.after >= self.before


def train(
    examples: Sequence[Example],
    prior: Mapping[str, float],
    strength: float = STRENGTH,
    free_strength: float = FREE_STRENGTH,
) -> Fit:
    """Fit weights near ``prior`` (feature → weight, with ``bias``), and judge them by folds.

    Raises ``ValueError`` unless there are examples of both kinds.
    """
    if len({e.positive for e in examples}) < 2:
        raise ValueError("training needs examples of both kinds")
    held: list[float] = [0.0] * len(examples)
    for number in range(FOLDS):
        inside = [e for e in examples if fold(e.group) != number]
        if len({e.positive for e in inside}) < 2:
            inside = list(examples)
        weights = fit(inside, prior, strength, free_strength)
        for index, example in enumerate(examples):
            if fold(example.group) == number:
                held[index] = best_score(example, weights)
    labels = [e.positive for e in examples]
    old = [best_score(e, prior) for e in examples]
    lines = _lines(examples, held)
    return Fit(
        fit(examples, prior, strength, free_strength),
        lines,
        average_precision(old, labels),
        average_precision(held, labels),
        tuple(chance(e, s, lines) for e, s in zip(examples, held, strict=True)),
    )


def chance(example: Example, score: float, lines: Mapping[str, Line]) -> float:
    """The probability that a score stands for; 0 for an article without a segment to judge."""
    slope, offset = lines[example.length]
    return float(_sigmoid(np.array(slope * score + offset))) if example.segments else 0.0


def _lines(examples: Sequence[Example], scores: Sequence[float]) -> dict[str, Line]:
    """A Platt line for each length, of the articles that have a segment to judge."""
    lines = {}
    for length in sorted({e.length for e in examples}):
        rows = [
            (score, e.positive)
            for e, score in zip(examples, scores, strict=True)
            if e.length == length and e.segments
        ]
        lines[length] = platt([score for score, _ in rows], [positive for _, positive in rows])
    return lines


def fit(
    examples: Sequence[Example],
    prior: Mapping[str, float],
    strength: float = STRENGTH,
    free_strength: float = FREE_STRENGTH,
) -> dict[str, float]:
    """MAP weights with the signs of ``prior``; a feature without a prior weight stays out."""
    names = sorted(prior)
    start = np.array([prior[n] for n in names])
    free = np.array([n in FREE for n in names])
    hold = np.where(free, free_strength, strength)
    weights = start.copy()
    labels = np.array([1.0 if e.positive else 0.0 for e in examples])
    counts = np.array([e.weight for e in examples])
    for _ in range(ROUNDS):
        current = dict(zip(names, weights.tolist(), strict=True))
        rows = [best_segment(e, current) for e in examples]
        values = [_value(row, n) for row in rows for n in names]
        matrix = np.array(values, dtype=np.float64).reshape(len(rows), len(names))
        weights = _climb(_Task(matrix, labels, counts), start, weights, hold)
    return dict(zip(names, weights.tolist(), strict=True))


def best_score(example: Example, weights: Mapping[str, float]) -> float:
    """The score of an article: that of its best segment; very low when there is none."""
    return _score(best_segment(example, weights), weights)


def platt(scores: Sequence[float], labels: Sequence[bool]) -> Line:
    """Slope and offset that turn scores into probabilities (Platt's smoothed targets), near 1 and 0."""
    positives = sum(labels)
    high = (positives + 1) / (positives + 2)
    low = 1 / (len(labels) - positives + 2)
    targets = np.array([high if label else low for label in labels])
    x = np.clip(np.array(scores), -30, 30)
    prior = np.array([1.0, 0.0])
    line = prior.copy()
    design = np.stack([x, np.ones_like(x)], axis=1)
    for _ in range(60):
        p = _sigmoid(design @ line)
        gradient = design.T @ (p - targets) + LINE_STRENGTH * (line - prior)
        spread = np.maximum(p * (1 - p), 0.02)[:, None]
        curvature = design.T @ (design * spread) + LINE_STRENGTH * np.eye(2)
        line = line - np.linalg.solve(curvature, gradient)
    return float(line[0]), float(line[1])


def average_precision(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Mean precision at each positive, by falling score; 0 when there are no positives."""
    ranked = sorted(zip(scores, labels, strict=True), key=lambda pair: (-pair[0], pair[1]))
    hits, total = 0, 0.0
    for rank, (_, positive) in enumerate(ranked, 1):
        if positive:
            hits += 1
            total += hits / rank
    return total / hits if hits else 0.0


def report(fit: Fit, prior: Mapping[str, float]) -> Iterable[tuple[str, float, float]]:
    """(feature, old, new) for each weight that moved, the largest move first."""
    moved = [(n, prior[n], w) for n, w in fit.weights.items() if abs(w - prior[n]) > 0.005]
    return sorted(moved, key=lambda row: (-abs(row[2] - row[1]), row[0]))


def fold(group: str) -> int:
    """The number of the fold that a group is held out in."""
    return zlib.crc32(group.encode()) % FOLDS


def _value(row: Mapping[str, float] | None, name: str) -> float:
    if row is None:
        return 0.0
    return 1.0 if name == BIAS else row.get(name, 0.0)


def _score(row: Mapping[str, float] | None, weights: Mapping[str, float]) -> float:
    if row is None:
        return -20.0
    return weights.get(BIAS, 0.0) + math.fsum(weights.get(n, 0.0) * v for n, v in row.items())


def best_segment(example: Example, weights: Mapping[str, float]) -> Mapping[str, float] | None:
    """The segment that speaks for an article; None when it has none."""
    return max(example.segments, key=lambda row: _score(row, weights), default=None)


@dataclass(frozen=True, slots=True)
class _Task:
    """Rows of features, their labels, and how many articles each row counts for."""

    matrix: Vector
    labels: Vector
    counts: Vector


def _climb(task: _Task, prior: Vector, start: Vector, hold: Vector) -> Vector:
    """Projected gradient with momentum on the concave log posterior; signs are kept."""
    usable = task.matrix.any(axis=1)
    matrix, labels, counts = task.matrix[usable], task.labels[usable], task.counts[usable]
    largest = float(np.linalg.eigvalsh(matrix.T @ (matrix * counts[:, None])).max(initial=0.0))
    step = 1.0 / (largest / 4 + float(hold.max(initial=0.0)))
    weights, ahead = start.copy(), start.copy()
    for n in range(STEPS):
        slope = matrix.T @ (counts * (_sigmoid(matrix @ ahead) - labels)) + hold * (ahead - prior)
        moved = _same_sign(ahead - step * slope, prior)
        ahead = moved + (n / (n + 3)) * (moved - weights)
        weights = moved
    return weights


def _same_sign(weights: Vector, prior: Vector) -> Vector:
    kept: Vector = np.where(
        prior > 0, np.maximum(weights, 0), np.where(prior < 0, np.minimum(weights, 0), weights)
    )
    return kept


def _sigmoid(x: Vector) -> Vector:
    out: Vector = 1.0 / (1.0 + np.exp(-np.clip(x, -30, 30)))
    return out
