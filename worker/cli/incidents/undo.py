"""``kabulwire incidents undo d-…``: a decision counts no more.

``incidents list --decisions`` names them. What its articles are is decided anew without it. Prints
what becomes of which incident, beforehand and afterwards.

Exit codes: 0, 65 no such decision, it was undone before, or it is an erasure, 75 not taken in yet (it
will be), 78 settings, or no store.
"""

from __future__ import annotations

from worker.cli.correction import DryRunOption
from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import refuse


def undo_decision(
    decision_id: str, config: ConfigOption = None, *, dry_run: DryRunOption = False
) -> None:
    """A decision counts no more."""
    from worker.cli.correction import correct
    from worker.store.queries import decisions

    rows = {row["decision_id"]: row for row in decisions(opened(settings(config)))}
    row = rows.get(decision_id)
    if row is None:
        refuse(f"no decision {decision_id}", EX_DATAERR)
    if row["undone_at"] is not None:
        refuse(f"{decision_id} was undone before", EX_DATAERR)
    if row["kind"] == "erase":
        refuse("what was erased is gone", EX_DATAERR)
    asked = {
        "kind": "undo",
        "decision": decision_id,
        "articles": row["articles"],
        "incidents": row.get("incidents") or [],
    }
    correct(config, asked, dry_run=dry_run)
