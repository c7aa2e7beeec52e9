"""``kabulwire topics check``: are the broker's topics as they must be?

Prints one line for each difference, or that there is none.

Exit codes: 0, 69 no broker, 75 and 78 a broker that refuses, 78 a difference, settings, or none for a
broker.
"""

from __future__ import annotations

import typer

from worker.cli.exit_codes import EX_CONFIG
from worker.cli.options import ConfigOption, settings_with_broker
from worker.cli.streams import put


def check_topics(config: ConfigOption = None) -> None:
    """Compare the topics with what they must be; exit 78 when one differs."""
    from worker.publish.kafka.topics import check

    problems = list(check(settings_with_broker(config).config))
    for text in problems:
        put(text)
    if problems:
        raise typer.Exit(EX_CONFIG)
    put("all topics are as they must be")
