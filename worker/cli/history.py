"""``replay``, ``retry`` and ``train``: what was seen before, once more."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.documents import ProfileOption, named_profile
from worker.cli.service import ConfigOption, JsonOption, settings
from worker.cli.streams import put, read_lines, refuse, watched

if TYPE_CHECKING:
    from worker.core.knowledge.knowledge import Knowledge
    from worker.core.training.regression import Example

EX_DATAERR = 65


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(replay)
    app.command()(retry)
    app.command()(train)


def replay(
    files: Annotated[list[str], typer.Argument(help="JSON lines.", metavar="FILE…")],
    out: Annotated[Path, typer.Option(help="Folder for the topic files.")],
    profile: ProfileOption = None,
) -> None:
    """Documents by the clock of their own times through analyze, merge and contract; no network.

    Writes incidents.v1.jsonl (last state of each incident) and incident-log.v1.jsonl (every
    revision). The same input gives the same bytes.
    """
    from worker.replay import replay as replay_lines

    knowledge, _ = named_profile(profile)
    lines = (text for name in files for _, text in watched(read_lines(name), "replaying"))
    outcome = replay_lines(lines, out, knowledge)
    for problem in outcome.problems:
        print(f"kabulwire: {problem}", file=sys.stderr)
    if outcome.unread:
        refuse(f"{outcome.unread} lines could not be read", EX_DATAERR)


def retry(
    reason: Annotated[str | None, typer.Option(help="Only those given up for this reason.")] = None,
    config: ConfigOption = None,
    *,
    show: Annotated[bool, typer.Option("--list", help="Only show what was given up.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring back what was given up: dead letters go into the inbox again."""
    from worker.cli.corrections import request
    from worker.cli.groups import opened, profile_name, show_rows
    from worker.serve.facts import dead_letter_facts

    loaded = settings(config)
    letters = dead_letter_facts(opened(loaded))
    chosen = [letter for letter in letters if reason in (None, letter["reason"])]
    if show:
        columns = ("buried_at", "reason", "attempts", "article_id", "url", "detail")
        show_rows(chosen, columns, as_json=as_json)
        return
    if not chosen:
        counted = Counter(letter["reason"] for letter in letters)
        there = ", ".join(f"{name} ({n})" for name, n in sorted(counted.items())) or "none at all"
        refuse(f"no dead letter to bring back; there are: {there}", EX_DATAERR)
    request(loaded.config, profile_name(loaded), {"retry": reason})


def train(
    files: Annotated[list[str], typer.Argument(help="Labelled JSON lines.", metavar="FILE…")],
    profile: ProfileOption = None,
    out: Annotated[Path | None, typer.Option(help="Where the new weights file goes.")] = None,
) -> None:
    """Move the verdict's weights towards labels, and show what that would change.

    A line is a line of `analyze` with `label` (and `group`, the event). Nothing is replaced: the new
    file is written to --out, and only when it is no worse on articles it was not fitted to.
    """
    from worker.config.knowledge import CLASSIFY_WEIGHTS
    from worker.core.training.regression import report
    from worker.core.training.train import learn, render, section_weights

    knowledge, _ = named_profile(profile)
    examples = list(_examples(files, knowledge))
    try:
        fit = learn(examples, knowledge)
    except ValueError as error:
        refuse(str(error), EX_DATAERR)
    for name, old, new in report(fit, section_weights(knowledge)):
        put(f"{old:+.3f} → {new:+.3f}  {name}")
    put(f"average precision on articles held out: {fit.before:.3f} → {fit.after:.3f}")
    if out is not None and fit.better:
        out.write_text(render(fit, knowledge, CLASSIFY_WEIGHTS.read_text("utf-8")), "utf-8")
        put(f"written to {out}")
    elif out is not None:
        refuse("the new weights are worse; nothing was written", EX_DATAERR)


def _examples(files: list[str], knowledge: Knowledge) -> Iterator[Example]:
    from worker.core.domain.errors import PageError
    from worker.core.sources.jsonl import read_line
    from worker.core.sources.page import read
    from worker.core.training.train import example_of

    for name in files:
        for number, text in watched(read_lines(name), "reading"):
            line = read_line(text, number, knowledge.profile.zone)
            label = (line.fields or {}).get("label")
            label = label.get("label") if isinstance(label, dict) else label
            if line.document is None or not isinstance(label, str):
                refuse(f"{name}:{number}: {line.error or 'no label'}", EX_DATAERR)
            try:
                article = read(line.document, knowledge)
            except PageError as error:
                refuse(f"{name}:{number}: {error}", EX_DATAERR)
            group = (line.fields or {}).get("group")
            known = str(group) if group is not None else None
            yield example_of(article, label == "attack_report", knowledge, known)
