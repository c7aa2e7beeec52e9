"""From labelled lines to new weights: what ``kabulwire train`` does, without its files.

A labelled line is a line of ``analyze``'s input with a ``label`` beside it (one of the four labels
of a verdict, or a verdict object) and, if known, a ``group`` (the event). Review decisions of people
are such lines.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence

from worker.core.annotate.annotate import annotate
from worker.core.classify.score import length_of, section_of
from worker.core.classify.verdict import examine
from worker.core.domain.caps import readable
from worker.core.domain.document import Article
from worker.core.knowledge.knowledge import Knowledge
from worker.core.segment.segment import find_segments
from worker.core.text.prose import compose
from worker.core.training.regression import FREE, Example, Fit, train

_SECTION = re.compile(r"\[(?P<name>[\w.]+)\]")
_ROW = re.compile(r"""(?P<head>"?(?P<name>[\w.]+)"? = )[-+.\d]+ *(?P<reason>(?:#.*)?)""")
_STRENGTHS = ("strength", "free_strength")
DIGITS = 2
MINIMUM = 20
"""Labelled articles of each kind below which new weights are not worth having."""


def example_of(
    article: Article,
    positive: bool,
    knowledge: Knowledge,
    group: str | None = None,
    *,
    invented: bool = False,
    weight: float | None = None,
) -> Example:
    """One labelled article as its segments' features. ``group``: its event, else its own id.

    ``invented``: written to teach; what an outlet printed counts for more (``printed_weight``).
    ``weight``: how many articles it counts for, whoever wrote it.
    """
    prose = compose(article.title, readable(article.text), article.lang)
    annotated = annotate(article, prose, knowledge)
    found = examine(annotated, find_segments(annotated, knowledge), knowledge)
    if weight is None:
        weight = 1.0 if invented else knowledge.classify_weights["training.printed_weight"]
    return Example(
        positive, found, group or article.article_id, length_of(prose), weight,
        article.article_id, article.outlet or "",
    )  # fmt: skip


def section_weights(knowledge: Knowledge) -> dict[str, float]:
    """The weights that judge under the profile's policy: feature → log-odds.

    What weighs nothing on purpose is left out: it has no sign to keep, so it is not learnt.
    """
    head = section_of(knowledge.profile.policy) + "."
    weights = knowledge.classify_weights
    return {
        name.removeprefix(head): weight
        for name, weight in weights.items()
        if name.startswith(head) and weight
    }


def read_prior(text: str, knowledge: Knowledge) -> dict[str, float]:
    """The weights set by hand: feature → log-odds, those that weigh nothing on purpose left out.

    Raises ``KeyError`` when the profile's policy judges by weights that nobody has fitted.
    """
    weights: dict[str, float] = tomllib.loads(text)[section_of(knowledge.profile.policy)]
    return {name: float(weight) for name, weight in weights.items() if weight or name in FREE}


def learn(
    examples: Sequence[Example], knowledge: Knowledge, prior: Mapping[str, float] | None = None
) -> Fit:
    """Fit new weights near a prior, mostly the present ones.

    Raises ``ValueError`` when there are fewer than ``MINIMUM`` articles of either kind.
    """
    positives = sum(e.positive for e in examples)
    if min(positives, len(examples) - positives) < MINIMUM:
        raise ValueError(
            f"training needs {MINIMUM} articles of each kind, found {positives} reports"
        )
    strength, free = (knowledge.classify_weights[f"training.{n}"] for n in _STRENGTHS)
    near = section_weights(knowledge) if prior is None else prior
    return train(examples, near, strength, free)


def _printed(weight: float) -> float:
    """Two digits: no label could tell more. Never minus nought."""
    return round(weight, DIGITS) + 0.0


def render(fit: Fit, knowledge: Knowledge, present: str) -> str:
    """The whole weights file: the ``present`` text with the fitted numbers in it, reasons kept."""
    section = section_of(knowledge.profile.policy)
    new = {f"{section}.{name}": _printed(weight) for name, weight in fit.weights.items()}
    for length, (slope, offset) in fit.lines.items():
        new[f"platt.{section}.{length}.slope"] = _printed(slope)
        new[f"platt.{section}.{length}.offset"] = _printed(offset)
    out, at = [], ""
    for line in present.splitlines():
        if head := _SECTION.fullmatch(line):
            at = head["name"]
        row = _ROW.fullmatch(line)
        name = f"{at}.{row['name']}" if row else ""
        if row and name in new:
            out.append(f"{row['head']}{new[name]!r}".ljust(row.start("reason")) + row["reason"])
        else:
            out.append(line)
    return "\n".join(out) + "\n"
