"""``kabulwire store info``: whose store it is, and how much is in it.

Prints a table of facts; with ``--json`` one object. Exit codes: 0, 78 settings, or no store.
"""

from __future__ import annotations

from worker.cli.options import ConfigOption, JsonOption, opened, settings
from worker.cli.tables import show_rows


def show_store(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Whose store it is, and how much is in it."""
    from worker.serve.status_rows import store_facts

    loaded = settings(config)
    facts = store_facts(opened(loaded))
    rows = [{"fact": key, "value": value} for key, value in facts.items()]
    show_rows([facts] if as_json else rows, ("fact", "value"), as_json=as_json)
