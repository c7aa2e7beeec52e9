"""``kabulwire incidents recompute kw-…``: decide these incidents anew, by the weights in force.

For incidents that were decided before an update and would not be touched again. Their reports count
as they were read. Prints what becomes of which incident, beforehand and afterwards.

Exit codes: 0, 65 no such incident, 75 not taken in yet (it will be), 78 settings, or no store.
"""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.correction import DryRunOption
from worker.cli.options import ConfigOption


def recompute_incidents(
    incident_ids: Annotated[list[str], typer.Argument(help="kw-…", metavar="ID…")],
    config: ConfigOption = None,
    *,
    dry_run: DryRunOption = False,
) -> None:
    """Decide incidents anew, by the weights in force."""
    from worker.cli.correction import correct, names_in

    names = names_in(config, *incident_ids)
    asked = {"kind": "recompute", "articles": names, "incidents": incident_ids}
    correct(config, asked, dry_run=dry_run)
