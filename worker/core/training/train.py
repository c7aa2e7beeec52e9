"""From labelled lines to new weights: what ``kabulwire train`` does, without its files.

A labelled line is a line of ``analyze``'s input with a ``label`` beside it (one of the four labels
of a verdict, or a verdict object) and, if known, a ``group`` (the event). Review decisions of people
are such lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from worker.core.classify.score import section_of
from worker.core.classify.verdict import examine
from worker.core.domain.document import Article
from worker.core.knowledge.knowledge import Knowledge
from worker.core.segment.segment import find_segments
from worker.core.text.prose import compose
from worker.core.training.regression import Example, Fit, train

MINIMUM = 20
"""Labelled articles of each kind below which new weights are not worth having."""


def example_of(
    article: Article, positive: bool, knowledge: Knowledge, group: str | None = None
) -> Example:
    """One labelled article as its segments' features. ``group``: its event, else its own id."""
    prose = compose(article.title, article.text, article.lang)
    segments = find_segments(article, prose, knowledge)
    found = examine(article, prose, segments, knowledge)
    return Example(positive, found, group or article.article_id)


def section_weights(knowledge: Knowledge) -> dict[str, float]:
    """The weights that judge under the profile's policy: feature → log-odds."""
    head = section_of(knowledge.profile.policy) + "."
    weights = knowledge.classify_weights
    return {name.removeprefix(head): w for name, w in weights.items() if name.startswith(head)}


def learn(examples: Sequence[Example], knowledge: Knowledge) -> Fit:
    """Fit new weights near the present ones.

    Raises ``ValueError`` when there are fewer than ``MINIMUM`` articles of either kind.
    """
    positives = sum(e.positive for e in examples)
    if min(positives, len(examples) - positives) < MINIMUM:
        raise ValueError(
            f"training needs {MINIMUM} articles of each kind, found {positives} reports"
        )
    return train(examples, section_weights(knowledge))


def render(fit: Fit, knowledge: Knowledge) -> str:
    """The whole weights file, as TOML, with the fitted section replaced and the others kept."""
    section = section_of(knowledge.profile.policy)
    merged: dict[str, float] = dict(knowledge.classify_weights)
    merged |= {f"{section}.{name}": round(weight, 3) for name, weight in fit.weights.items()}
    merged |= {
        f"platt.{section}.slope": round(fit.slope, 3),
        f"platt.{section}.offset": round(fit.offset, 3),
    }
    return "\n".join(_section(name, merged) for name in ("weights", "anywhere")) + _platt(merged)


def _section(name: str, weights: Mapping[str, float]) -> str:
    head = f"{name}."
    rows = [
        f'"{key.removeprefix(head)}" = {value!r}'
        for key, value in sorted(weights.items())
        if key.startswith(head)
    ]
    return "\n".join([f"[{name}]", *rows, ""])


def _platt(weights: Mapping[str, float]) -> str:
    rows = []
    for name in ("weights", "anywhere"):
        slope, offset = weights[f"platt.{name}.slope"], weights[f"platt.{name}.offset"]
        rows.append(f"\n[platt.{name}]\nslope = {slope!r}\noffset = {offset!r}\n")
    return "".join(rows)
