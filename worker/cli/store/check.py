"""``kabulwire store check``: is the store whole, and does it agree with itself?

Prints one line for each problem, or that there is none. Exit codes: 0 whole, 70 not, 78 settings, or
no store.
"""

from __future__ import annotations

import typer

from worker.cli.exit_codes import EX_SOFTWARE
from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import put


def check_store(config: ConfigOption = None) -> None:
    """Whether the store is whole and agrees with itself; exit 70 when not."""
    from worker.store.maintenance import check

    problems = check(opened(settings(config)))
    for text in problems:
        put(text)
    if problems:
        raise typer.Exit(EX_SOFTWARE)
    put("the store is whole")
