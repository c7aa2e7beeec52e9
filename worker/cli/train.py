"""``kabulwire train labelled.jsonl --out new.toml``: the verdict's weights, moved towards labels.

Prints each weight that moves, ``old → new  name``, and the average precision before and after, on
articles that were held out. Nothing is replaced: the new file is written to ``--out``, and only when
it is better. ``--afresh`` starts from the weights that were set by hand (``core/training/prior.toml``)
instead of the present ones: of the lines that the shipped weights were fitted to it makes these again,
digit by digit. ``--assess`` prints how good they are on what was held out.

Exit codes: 0, 65 a line without label or text, too few labels, or weights that came out worse, 66 no
such file, 78 settings or profile.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption, ProfileOption, named_profile
from worker.cli.streams import put, read_lines, refuse, watched

if TYPE_CHECKING:
    from worker.core.knowledge.knowledge import Knowledge
    from worker.core.training.regression import Example


def train(
    files: Annotated[list[str], typer.Argument(help="Labelled JSON lines.", metavar="FILE…")],
    profile: ProfileOption = None,
    config: ConfigOption = None,
    out: Annotated[Path | None, typer.Option(help="Where the new weights file goes.")] = None,
    *,
    afresh: Annotated[
        bool, typer.Option("--afresh", help="Start from the weights set by hand.")
    ] = False,
    assess: Annotated[
        bool, typer.Option("--assess", help="Print how good they are on what was held out.")
    ] = False,
) -> None:
    """Move the verdict's weights towards labels, and show what that would change.

    A line is a line of `analyze` with `label` (and `group`, the event; `invented`, true of a text
    written to teach, which counts less; `weight`, how many articles it counts for instead). Nothing is
    replaced: the new file is written to --out, and only when it is no worse on articles it was not
    fitted to.
    """
    from worker.config.knowledge import CLASSIFY_PRIOR, CLASSIFY_WEIGHTS
    from worker.core.training.regression import report
    from worker.core.training.train import learn, read_prior, render, section_weights

    knowledge, _ = named_profile(profile, config)
    examples = list(_examples(files, knowledge))
    present = section_weights(knowledge)
    prior = read_prior(CLASSIFY_PRIOR.read_text("utf-8"), knowledge) if afresh else present
    try:
        fit = learn(examples, knowledge, prior)
    except ValueError as error:
        refuse(str(error), EX_DATAERR)
    for name, old, new in report(fit, prior):
        put(f"{old:+.2f} → {new:+.2f}  {name}")
    put(f"average precision on articles held out: {fit.before:.3f} → {fit.after:.3f}")
    if assess:
        from worker.core.training.assessment import describe

        for line in describe(examples, fit, prior, knowledge.classify_weights):
            put(line)
    if out is not None and fit.better:
        out.write_text(render(fit, knowledge, CLASSIFY_WEIGHTS.read_text("utf-8")), "utf-8")
        put(f"written to {out}")
    elif out is not None:
        refuse("the new weights are worse; nothing was written", EX_DATAERR)


def _examples(files: list[str], knowledge: Knowledge) -> Iterator[Example]:
    """The labelled articles of the files; a line without a label, or that is no article, is refused."""
    from worker.core.domain.errors import PageError
    from worker.core.sources.article import read
    from worker.core.sources.jsonl import read_line
    from worker.core.training.train import example_of

    for name in files:
        for number, text in watched(read_lines(name), "reading"):
            line = read_line(text, number, knowledge.profile.zone)
            fields = line.fields or {}
            label = fields.get("label")
            label = label.get("label") if isinstance(label, dict) else label
            if line.document is None or not isinstance(label, str):
                refuse(f"{name}:{number}: {line.error or 'no label'}", EX_DATAERR)
            try:
                article = read(line.document, knowledge)
            except PageError as error:
                refuse(f"{name}:{number}: {error}", EX_DATAERR)
            group, weight = fields.get("group"), fields.get("weight")
            yield example_of(
                article,
                label == "attack_report",
                knowledge,
                str(group) if group is not None else None,
                invented=fields.get("invented") is True,
                weight=float(weight) if isinstance(weight, int | float) else None,
            )
