"""``kabulwire incidents show kw-…``: the latest snapshot of one incident.

Prints the JSON that was published, indented. Exit codes: 0, 65 no such incident, 78 settings, or no
store.
"""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import put, refuse


def show_incident(
    incident_id: Annotated[str, typer.Argument(help="kw-…")], config: ConfigOption = None
) -> None:
    """The latest snapshot of one incident, as published."""
    import json

    from worker.store.queries import snapshot_of

    found = snapshot_of(opened(settings(config)), incident_id)
    if found is None:
        refuse(f"no incident {incident_id}; see `kabulwire incidents list`", EX_DATAERR)
    put(json.dumps(found, ensure_ascii=False, indent=2))
