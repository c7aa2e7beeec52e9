"""Rows of facts on stdout: a table for a person, JSON lines for a program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from worker.cli.streams import put, screen


def show_rows(rows: Iterable[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Rows as JSON lines, whole, or as a table of ``columns``."""
    from worker.cli.answers import line

    if as_json:
        for row in rows:
            put(line(row))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(_plain(row.get(column))) for column in columns))
    screen().print(table)


def _plain(value: Any) -> str:
    """A value in a cell: nothing for None, yes and no for flags."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
