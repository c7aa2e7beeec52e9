"""``kabulwire run --config config/``: the worker.

Polls, reads, merges and publishes until it is told to stop. Prints nothing; its log goes to stderr.

Exit codes: 0 drained, 70 our own fault, or another worker has this name, 75 the grace ran out, or no
room on the disk, 78 settings, feeds or profile.
"""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from worker.cli.options import ConfigOption


def run(
    config: ConfigOption = None,
    profile: Annotated[str | None, typer.Option(help="Watch this profile.")] = None,
    log_format: Annotated[
        Literal["auto", "json", "console"] | None, typer.Option(help="How lines look.")
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None, typer.Option(help="What is told.")
    ] = None,
    *,
    wait_when_refused: Annotated[
        bool,
        typer.Option(
            "--wait-when-refused", help="Refused (78): stay, not ready, until a signal comes."
        ),
    ] = False,
) -> None:
    """The worker: polls, reads, merges and publishes until it is told to stop.

    SIGTERM or Ctrl-C drains and leaves with 0, or 75 when the grace ran out; a second one stops at
    once. Nothing is lost either way.
    """
    import os

    from worker.config.load import load, where_to_listen
    from worker.core.domain.errors import ConfigError, KnowledgeError

    flags = {"profile": profile, "log.format": log_format, "log.level": log_level}
    try:
        loaded = load(config, os.environ, flags)
        from worker.run import app

        code = app.run(loaded)
    except (ConfigError, KnowledgeError) as error:
        if not wait_when_refused:
            raise
        from worker.cli.refused_start import wait

        wait(str(error), where_to_listen(config, os.environ))
    raise typer.Exit(code)
