"""``kabulwire incidents retract kw-…``: it never happened.

The incident becomes ``retracted``, and stays so whatever comes, until that is undone. Prints what
becomes of which incident, beforehand and afterwards.

Exit codes: 0, 65 no such incident, or it would not be retracted, 75 not taken in yet (it will be), 78
settings, or no store.
"""

from __future__ import annotations

from worker.cli.correction import DryRunOption
from worker.cli.options import ConfigOption


def retract_incident(
    incident_id: str, config: ConfigOption = None, *, dry_run: DryRunOption = False
) -> None:
    """It never happened: the incident is retracted, and stays so."""
    from worker.cli.correction import Outlook, correct, names_in

    def goal(outlook: Outlook) -> str | None:
        state = (outlook.snapshot(incident_id) or {}).get("state")
        return None if state == "retracted" else f"{incident_id} would be {state}"

    asked = {
        "kind": "retract",
        "articles": names_in(config, incident_id),
        "incidents": [incident_id],
    }
    correct(config, asked, goal, dry_run=dry_run)
