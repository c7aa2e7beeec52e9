"""How good weights are on articles that they were not fitted to: what ``kabulwire train`` prints.

Rules
-----
1. Everything here rests on the probabilities of folds held out (``Fit.held``). A verdict is a report
   from ``EVEN`` on.
2. F1 with an interval of 95 %: groups are drawn again with replacement, since articles on one attack
   are right or wrong together.
3. The learning curve fits to a growing share of the groups and judges all that it did not see. It
   says whether more labels would help.
4. Calibration: of articles called 70 % likely, seven of ten should be reports.
5. An outlet left out is judged by weights that saw none of it: does a voice nobody heard read worse?

What is drawn is counted out by a checksum: the same lines, the same report.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from worker.core.training.regression import (
    Example,
    Fit,
    Line,
    best_score,
    best_segment,
    chance,
    fit,
    fold,
)

EVEN = 0.5
DRAWS = 1000
SHARES = (0.1, 0.2, 0.4, 0.6, 0.8)
BINS = 10
LEAST_OF_OUTLET = 8
"""Articles an outlet must have to be left out on its own."""
STRONGEST = 4


@dataclass(frozen=True, slots=True)
class Confusion:
    """Reports found, invented and missed."""

    right: int
    invented: int
    missed: int

    @property
    def precision(self) -> float:
        """0 where nothing was called a report."""
        return self.right / max(1, self.right + self.invented)

    @property
    def recall(self) -> float:
        """0 where nothing is one."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """0 to 1."""
        return 2 * self.right / max(1, 2 * self.right + self.invented + self.missed)

    def __str__(self) -> str:
        return f"P {self.precision:.3f}  R {self.recall:.3f}  F1 {self.f1:.3f}"


@dataclass(frozen=True, slots=True)
class Bin:
    """Articles of about one probability: how many, how likely they were called, how many are reports."""

    count: int
    called: float
    share: float


@dataclass(frozen=True, slots=True)
class Mistake:
    """An article judged wrongly, its probability, and the terms that weighed most."""

    example: Example
    probability: float
    terms: tuple[tuple[str, float], ...]


def confusion(examples: Sequence[Example], probabilities: Sequence[float]) -> Confusion:
    """Right, invented and missed reports at ``EVEN``."""
    pairs = [(e.positive, p >= EVEN) for e, p in zip(examples, probabilities, strict=True)]
    return Confusion(
        pairs.count((True, True)), pairs.count((False, True)), pairs.count((True, False))
    )


def interval(examples: Sequence[Example], probabilities: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of F1 when groups are drawn again; (0, 0) without examples."""
    groups: dict[str, Counter[tuple[bool, bool]]] = {}
    for example, p in zip(examples, probabilities, strict=True):
        groups.setdefault(example.group, Counter())[example.positive, p >= EVEN] += 1
    parts = [groups[name] for name in sorted(groups)]
    draws = range(DRAWS if parts else 0)
    scores = sorted(_drawn_f1([parts[n] for n in _drawn(draw, len(parts))]) for draw in draws)
    return (scores[int(0.025 * DRAWS)], scores[int(0.975 * DRAWS) - 1]) if scores else (0.0, 0.0)


def _drawn(draw: int, count: int) -> Iterator[int]:
    """As many numbers below ``count``, with replacement; another row for each draw."""
    return (zlib.crc32(b"%d %d" % (draw, n)) % count for n in range(count))


def _drawn_f1(parts: Sequence[Counter[tuple[bool, bool]]]) -> float:
    right, invented, missed = (
        sum(part[kind] for part in parts) for kind in ((True, True), (False, True), (True, False))
    )
    return Confusion(right, invented, missed).f1


def learning_curve(
    examples: Sequence[Example], prior: Mapping[str, float], strength: float, free_strength: float
) -> Iterator[tuple[float, int, Confusion]]:
    """(share of the groups, articles fitted to, confusion on the rest), by growing share."""
    groups = sorted({e.group for e in examples}, key=lambda name: (zlib.crc32(name.encode()), name))
    for share in SHARES:
        seen = set(groups[: int(share * len(groups))])
        inside = [e for e in examples if e.group in seen]
        outside = [e for e in examples if e.group not in seen]
        if len({e.positive for e in inside}) < 2 or not outside:
            continue
        weights = fit(inside, prior, strength, free_strength)
        called = [_even(best_score(e, weights)) for e in outside]
        yield share, len(inside), confusion(outside, called)


def _even(score: float) -> float:
    """Whether a score is above an even chance, before any line of Platt's."""
    return 1.0 if score >= 0 else 0.0


def calibration(examples: Sequence[Example], probabilities: Sequence[float]) -> list[Bin]:
    """Bins of a tenth each, empty ones left out."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for example, p in zip(examples, probabilities, strict=True):
        bins.setdefault(min(BINS - 1, int(p * BINS)), []).append((p, example.positive))
    return [
        Bin(len(rows), sum(p for p, _ in rows) / len(rows), sum(y for _, y in rows) / len(rows))
        for _, rows in sorted(bins.items())
    ]


def mistakes(
    examples: Sequence[Example], probabilities: Sequence[float], weights: Mapping[str, float]
) -> Iterator[Mistake]:
    """What was judged wrongly, the surest first."""
    wrong = [
        (e, p) for e, p in zip(examples, probabilities, strict=True) if e.positive != (p >= EVEN)
    ]
    for example, p in sorted(wrong, key=lambda row: (-abs(row[1] - EVEN), row[0].id)):
        row = best_segment(example, weights) or {}
        terms = [(name, weights.get(name, 0.0) * value) for name, value in row.items()]
        terms.sort(key=lambda term: (-abs(term[1]), term[0]))
        yield Mistake(example, p, tuple(terms[:STRONGEST]))


def outlets_left_out(
    examples: Sequence[Example],
    prior: Mapping[str, float],
    lines: Mapping[str, Line],
    strength: float,
    free_strength: float,
) -> Iterator[tuple[str, int, Confusion]]:
    """(outlet, articles, confusion by weights that saw none of it), by name; small ones left out."""
    counts = Counter(e.outlet for e in examples if e.outlet)
    for outlet in sorted(name for name, n in counts.items() if n >= LEAST_OF_OUTLET):
        own = [e for e in examples if e.outlet == outlet]
        weights = fit([e for e in examples if e.outlet != outlet], prior, strength, free_strength)
        yield (
            outlet,
            len(own),
            confusion(own, [chance(e, best_score(e, weights), lines) for e in own]),
        )


def by_fold(examples: Sequence[Example], found: Fit) -> list[Confusion]:
    """The confusion of each fold held out: how much the folds differ."""
    rows = list(zip(examples, found.held, strict=True))
    numbers = sorted({fold(e.group) for e in examples})
    parts = ([row for row in rows if fold(row[0].group) == n] for n in numbers)
    return [confusion([e for e, _ in part], [p for _, p in part]) for part in parts]


def describe(
    examples: Sequence[Example],
    found: Fit,
    prior: Mapping[str, float],
    settings: Mapping[str, float],
) -> Iterator[str]:
    """All of it, line by line. ``settings``: the weights file, for how hard the prior holds."""
    strength, free = settings["training.strength"], settings["training.free_strength"]
    low, high = interval(examples, found.held)
    yield f"held out: {confusion(examples, found.held)}  F1 between {low:.3f} and {high:.3f}"
    yield "by fold: " + "  ".join(f"{part.f1:.3f}" for part in by_fold(examples, found))
    yield "learning curve (share of the groups, articles, on the rest)"
    for share, count, part in learning_curve(examples, prior, strength, free):
        yield f"  {share:4.0%} {count:6}  {part}"
    yield "calibration (articles, called, are)"
    for part_bin in calibration(examples, found.held):
        yield f"  {part_bin.count:6}  {part_bin.called:.2f}  {part_bin.share:.2f}"
    yield "outlets left out"
    for outlet, count, part in outlets_left_out(examples, prior, found.lines, strength, free):
        yield f"  {count:6}  {part}  {outlet}"
    yield "wrong, the surest first"
    for wrong in mistakes(examples, found.held, found.weights):
        kind = "missed  " if wrong.example.positive else "invented"
        terms = ", ".join(f"{name} {value:+.1f}" for name, value in wrong.terms)
        yield f"  {kind} {wrong.probability:.2f} {wrong.example.id}: {terms or 'nothing to judge'}"
