"""``kabulwire incidents pin kw-…``: its reports belong together, and stay together.

No later report, new version or new weight parts them. Prints what the incident is, and what would
change (nothing).

Exit codes: 0, 65 no such incident, or it has one article only, 75 not taken in yet (it will be), 78
settings, or no store.
"""

from __future__ import annotations

from worker.cli.correction import DryRunOption
from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption
from worker.cli.streams import refuse


def pin_incident(
    incident_id: str, config: ConfigOption = None, *, dry_run: DryRunOption = False
) -> None:
    """Its reports belong together, and stay together."""
    from worker.cli.correction import Outlook, correct, names_in

    names = names_in(config, incident_id)
    if len(names) < 2:
        refuse(f"{incident_id} has one article: there is nothing to keep together", EX_DATAERR)

    def goal(outlook: Outlook) -> str | None:
        homes = outlook.homes(names, (incident_id,))
        return None if homes == {incident_id} else f"{incident_id} would not hold all of them"

    asked = {"kind": "pin", "articles": names, "incidents": [incident_id]}
    correct(config, asked, goal, dry_run=dry_run)
