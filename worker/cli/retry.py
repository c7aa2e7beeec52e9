"""``kabulwire retry --reason deadline``: articles that were given up go into the inbox again.

``kabulwire retry 3f2a… 77c0…`` brings back these articles alone. A running worker is handed the
request; without one it is put into the store for the next. Prints which of the two happened; with
``--list`` only what was given up, and why.

Exit codes: 0, 65 nothing to bring back, 75 the running worker has not taken it in within 30 s (it
will), 78 settings, or no store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption, JsonOption, opened, settings
from worker.cli.streams import refuse
from worker.cli.tables import show_rows


def retry(
    articles: Annotated[
        list[str] | None,
        typer.Argument(help="Only these articles, as --list names them.", metavar="[ID…]"),
    ] = None,
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
    wanted = articles or []
    chosen = [
        letter
        for letter in letters
        if reason in (None, letter["reason"]) and (not wanted or letter["article_id"] in wanted)
    ]
    if show:
        columns = ("buried_at", "reason", "attempts", "article_id", "url", "detail")
        show_rows(chosen, columns, as_json=as_json)
        return
    _require(letters, chosen, wanted)
    request(loaded, {"retry": reason, "articles": wanted})


def _require(
    letters: Sequence[dict[str, Any]], chosen: Sequence[dict[str, Any]], wanted: Sequence[str]
) -> None:
    """Every article that was named is there, and anything at all; else the command ends (exit 65)."""
    missing = [name for name in wanted if name not in {row["article_id"] for row in chosen}]
    if chosen and not missing:
        return
    counted = Counter(letter["reason"] for letter in letters)
    there = ", ".join(f"{name} ({n})" for name, n in sorted(counted.items())) or "none at all"
    what = f"no dead letter of {missing[0]}" if missing else "no dead letter to bring back"
    refuse(f"{what}; there are: {there} (`kabulwire retry --list`)", EX_DATAERR)
