"""``kabulwire healthy --store var/kabulwire.db``: for a container's health check.

Prints ``ok``, or on stderr why not. Exit codes: 0 the worker beside this store lives, 1 it does not.

This file is what ``--help`` lists. What runs is ``liveness`` alone: ``worker.cli.main`` goes there
before the parser of command lines is loaded (rule 2 of ``worker.cli``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from worker.cli.options import ConfigOption


def healthy(
    store: Annotated[
        Path | None, typer.Option(help="The store's file, when not in its usual place.")
    ] = None,
    config: ConfigOption = None,
    timeout_s: Annotated[float, typer.Option(help="Limit for the answer.")] = 5.0,
) -> None:
    """Is the worker beside this store alive? For a container's health check: 0 or 1."""
    from worker.cli import liveness

    named = ["--store", str(store)] if store else []
    named += ["--config", config] if config else []
    raise typer.Exit(liveness.healthy([*named, "--timeout-s", str(timeout_s)]))
