"""``kabulwire feeds poll [ID]``: let the running worker ask a feed now; without ID, every feed.

A host that asked to be left alone still is, and feeds of one host are asked one after the other.
Prints what it left for the worker; ``kabulwire feeds list`` shows the answer a moment later.

Exit codes: 0, 65 no such feed, or none that is asked, 69 no worker is running, 75 the worker did not
take it in within 30 s (it will), 78 settings or feeds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.exit_codes import EX_DATAERR, EX_UNAVAILABLE
from worker.cli.options import ConfigOption
from worker.cli.streams import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.config.schema import FeedConfig


def poll_feeds(
    feed: Annotated[list[str] | None, typer.Argument(help="Ids of feeds; none = all.")] = None,
    config: ConfigOption = None,
) -> None:
    """Ask feeds now, not when they are due: the running worker does it."""
    import os

    from worker.cli.request import leave_and_wait
    from worker.config.load import load
    from worker.core.domain.errors import ConfigError
    from worker.store.connect import exclusive

    loaded = load(config, os.environ)
    store = loaded.config.store.path
    wanted = _wanted(loaded.feeds, feed or [])
    try:
        with exclusive(store):
            pass
    except ConfigError as error:
        if "in use" not in str(error):
            raise
    else:
        refuse("no worker is running; `kabulwire once` asks every feed once", EX_UNAVAILABLE)
    leave_and_wait(store, {"poll": wanted})


def _wanted(feeds: Iterable[FeedConfig], ids: list[str]) -> list[str]:
    """The feeds that are meant and can be asked; ends the command when one of them cannot."""
    asked = {feed.id for feed in feeds if feed.enabled and feed.delivery != "push"}
    for name in ids:
        if name not in asked:
            refuse(f"{name}: no feed of this id is asked; see `kabulwire feeds list`", EX_DATAERR)
    return ids or sorted(asked)
