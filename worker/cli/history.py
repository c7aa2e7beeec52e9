"""``replay``, ``retry`` and ``train``: what was seen before, once more."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from worker.cli.documents import ProfileOption, named_profile
from worker.cli.service import ConfigOption, settings
from worker.cli.streams import read_lines, refuse, watched

EX_DATAERR = 65


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(replay)
    app.command()(retry)


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
) -> None:
    """Bring back what was given up: dead letters go into the inbox again."""
    from worker.cli.corrections import request
    from worker.cli.groups import profile_name

    loaded = settings(config)
    request(loaded.config, profile_name(loaded), {"retry": reason})
