"""``kabulwire replay lines.jsonl --out out``: documents by the clock of their own times.

They go through analyze, merge and contract as in a worker, without a network. Writes
``out/incidents.v1.jsonl`` (last state of each incident) and ``out/incident-log.v1.jsonl`` (every
revision). On stderr it says how many there are; lines that cannot be read are named and left out. The
same input gives the same bytes. `store export` writes such lines.

``--diff OLD`` compares with the output of an earlier replay (of other code or settings) and prints which
incidents and fields differ, as a table or (``--json``) as JSON lines.

Exit codes: 0, 1 something differs, 65 at least one line could not be read, 66 no such file, 78 settings or profile.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli.exit_codes import EX_DATAERR, EX_NOINPUT
from worker.cli.incident_diff import Difference, differences, states
from worker.cli.options import ConfigOption, JsonOption, ProfileOption, named_profile
from worker.cli.streams import read_lines, refuse, watched
from worker.cli.tables import show_rows

_CELL_CHARS = 60


def replay(
    files: Annotated[list[str], typer.Argument(help="JSON lines.", metavar="FILE…")],
    out: Annotated[Path, typer.Option(help="Folder for the topic files.")],
    profile: ProfileOption = None,
    config: ConfigOption = None,
    *,
    diff: Annotated[
        Path | None, typer.Option(help="Output of an earlier replay to compare with.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Documents by the clock of their own times through analyze, merge and contract; no network.

    Writes incidents.v1.jsonl (last state of each incident) and incident-log.v1.jsonl (every
    revision). The same input gives the same bytes.
    """
    from worker.collector import calm_collector
    from worker.replay import replay as replay_lines

    before = _states_before(diff)
    knowledge, _ = named_profile(profile, config)
    calm_collector()
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
    if before is not None and _show(differences(before, states(out)), as_json=as_json):
        raise typer.Exit(1)


def _states_before(folder: Path | None) -> Mapping[str, Mapping[str, Any]] | None:
    """The incidents to compare with, read before the new ones may take their place."""
    if folder is None:
        return None
    try:
        return states(folder)
    except OSError as error:
        refuse(f"no replay in {folder}: {error.strerror}", EX_NOINPUT)
    except ValueError as error:
        refuse(str(error), EX_DATAERR)


def _show(found: Sequence[Difference], *, as_json: bool) -> bool:
    """Print what differs; returns whether anything does."""
    rows = [asdict(difference) for difference in found]
    if not as_json:
        rows = [row | {"old": _cell(row["old"]), "new": _cell(row["new"])} for row in rows]
    if rows:
        show_rows(rows, ("kind", "old_id", "new_id", "field", "old", "new"), as_json=as_json)
    return bool(rows)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _CELL_CHARS else f"{text[: _CELL_CHARS - 1]}…"
