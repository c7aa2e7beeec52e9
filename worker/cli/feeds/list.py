"""``kabulwire feeds list``: every configured feed, and how it is doing.

Prints a table: the feed, how it reaches us, its failures in a row, when it last answered, when it is
asked next, how often and why, and how far a cursor, a spool or a hub's subscription has come; with
``--json`` one line a feed with more of the same. Before the first run only what is configured.

Exit codes: 0, 78 settings or feeds.
"""

from __future__ import annotations

from worker.cli.options import ConfigOption, JsonOption, opened
from worker.cli.tables import show_rows


def list_feeds(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Every feed with its last answer, as far as this store knows."""
    import os

    from worker.config.load import load
    from worker.core.domain.errors import ConfigError
    from worker.serve.status_rows import feed_facts

    loaded = load(config, os.environ)
    try:
        conn = opened(loaded)
    except ConfigError:
        conn = None
    rows = feed_facts(conn, loaded.feeds)
    columns = ("id", "outlet", "lang", "delivery", "enabled", "failures", "last_success", "next_at",
               "pace", "position")  # fmt: skip
    show_rows(rows, columns, as_json=as_json)
