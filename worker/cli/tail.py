"""``kabulwire tail --from-beginning --no-follow``: changes of incidents as they are published.

Prints one line a change, from the topic of the configured broker or from its files, rotated ones too;
with ``--json`` the line of a topic file. An erased incident is a line of its own. It waits for more
until Ctrl-C, unless ``--no-follow``.

Exit codes: 0, 69 no broker, 75 and 78 a broker that refuses, 78 settings.
"""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.options import ConfigOption, JsonOption, settings
from worker.cli.streams import put


def tail(
    config: ConfigOption = None,
    *,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Not only news.")
    ] = False,
    follow: Annotated[bool, typer.Option(help="Wait for more.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Changes of incidents as they are published, from the topic or its files."""
    from worker.cli.incident_log import records
    from worker.demo.show import change_line
    from worker.observe.log import printable

    loaded = settings(config)
    try:
        for record in records(loaded.config, from_beginning=from_beginning, follow=follow):
            line = change_line({"key": record.key, "value": record.value}, utc=True)
            put(record.line if as_json else printable(line))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
