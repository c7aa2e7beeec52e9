"""``kabulwire retry --reason deadline``: articles that were given up go into the inbox again.

A running worker is handed the request; without one it is put into the store for the next. Prints
which of the two happened; with ``--list`` only what was given up, and why.

Exit codes: 0, 65 nothing to bring back, 75 the running worker has not taken it in within 30 s (it
will), 78 settings, or no store.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption, JsonOption, opened, settings
from worker.cli.streams import refuse
from worker.cli.tables import show_rows


def retry(
    reason: Annotated[str | None, typer.Option(help="Only those given up for this reason.")] = None,
    config: ConfigOption = None,
    *,
    show: Annotated[bool, typer.Option("--list", help="Only show what was given up.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring back what was given up: dead letters go into the inbox again."""
    from worker.cli.request import request
    from worker.serve.status_rows import dead_letter_facts

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
    request(loaded, {"retry": reason})
