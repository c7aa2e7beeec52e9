"""``kabulwire replay lines.jsonl --out out``: documents by the clock of their own times.

They go through analyze, merge and contract as in a worker, without a network. Writes
``out/incidents.v1.jsonl`` (last state of each incident) and ``out/incident-log.v1.jsonl`` (every
revision). On stderr it says how many there are; lines that cannot be read are named and left out. The
same input gives the same bytes. `store export` writes such lines.

Exit codes: 0, 65 at least one line could not be read, 66 no such file, 78 settings or profile.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ProfileOption, named_profile
from worker.cli.streams import read_lines, refuse, watched


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
    print(
        f"kabulwire: {outcome.settled} documents, {outcome.incidents} incidents, "
        f"{outcome.revisions} revisions in {out}",
        file=sys.stderr,
    )
    if outcome.unread:
        refuse(f"{outcome.unread} lines could not be read", EX_DATAERR)
