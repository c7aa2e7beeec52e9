"""``kabulwire incidents list --limit 5``: what was found, the last changed first.

Prints a table of incidents: id, revision, state, day, place, killed, injured, reports; with ``--json``
one line an incident. Exit codes: 0, 78 settings, or no store.
"""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.options import ConfigOption, JsonOption, opened, settings
from worker.cli.tables import show_rows


def list_incidents(
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, newest first.")] = 50,
    *,
    as_json: JsonOption = False,
) -> None:
    """Incidents, the last changed first."""
    from worker.serve.status_rows import incident_facts

    rows = incident_facts(opened(settings(config)), limit)
    columns = ("incident_id", "revision", "state", "date", "place", "killed", "injured", "reports")
    show_rows(rows, columns, as_json=as_json)
