"""``kabulwire once --feed ledger``: one round, for cron and first tries.

Polls every feed (or those named) once, works through what is due, publishes and leaves. Prints
nothing; its log goes to stderr.

Exit codes: 0 all done, 69 not all could be done or published, 75 no room on the disk, 78 settings,
profile, or a feed that is not configured.
"""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.exit_codes import EX_CONFIG
from worker.cli.options import ConfigOption
from worker.cli.streams import refuse


def once(
    config: ConfigOption = None,
    feed: Annotated[list[str] | None, typer.Option(help="Only this feed (repeatable).")] = None,
    profile: Annotated[str | None, typer.Option(help="Watch this profile.")] = None,
) -> None:
    """Poll every feed once, work through what is due, publish, leave: for cron and first tries."""
    import os

    from worker.config.load import load

    loaded = load(config, os.environ, {"profile": profile})
    known = {row.id for row in loaded.feeds}
    for name in feed or ():
        if name not in known:
            refuse(f"no feed {name!r} in {loaded.feeds_file}; see `feeds list`", EX_CONFIG)
    from worker.run import app

    raise typer.Exit(app.run(loaded, once=True, only=frozenset(feed or ())))
