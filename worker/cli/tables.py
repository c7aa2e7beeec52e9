"""Rows of facts on stdout: a table for a person, JSON lines for a program.

A table cuts nothing off: an id must be there to be copied. A terminal that is too narrow shows a long
cell on several lines; in a file a row is one line, however long. Instants are shown to the second.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from worker.cli.streams import put, screen

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_ONE_LINE_CHARS = 10_000


def show_rows(rows: Iterable[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Rows as JSON lines, whole, or as a table of ``columns``."""
    from worker.cli.answers import line

    if as_json:
        for row in rows:
            put(line(row))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_plain(row.get(column))) for column in columns))
    console = screen()
    if not sys.stdout.isatty():
        console.width = _ONE_LINE_CHARS
    console.print(table)


def _plain(value: Any) -> str:
    """A value in a cell: nothing for None, yes and no for flags."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"{text[:10]} {text[11:19]}Z" if _INSTANT.fullmatch(text) else text
