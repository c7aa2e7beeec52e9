"""``kabulwire incidents confirm ARTICLE``: a report under review is right.

From then on it makes and joins incidents like one of band ``report``. Prints what becomes of which
incident, beforehand and afterwards.

Exit codes: 0, 65 no such article, or it would still be in no incident, 75 not taken in yet (it will
be), 78 settings, or no store.
"""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.correction import DryRunOption
from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import refuse


def confirm_report(
    article_id: Annotated[str, typer.Argument(help="An article of band review.")],
    config: ConfigOption = None,
    *,
    dry_run: DryRunOption = False,
) -> None:
    """A report under review is right: it may make and join incidents."""
    from worker.cli.correction import Outlook, correct
    from worker.store.articles import analysis_of

    found = analysis_of(opened(settings(config)), article_id)
    if found is None:
        refuse(f"no article {article_id} in the store", EX_DATAERR)
    if found[0].verdict.band == "report":
        refuse(f"{article_id} counts already: its band is report", EX_DATAERR)

    def goal(outlook: Outlook) -> str | None:
        told = any(
            row["article_id"] == article_id
            for change in outlook.changes.changes
            for row in (outlook.snapshot(change.incident.incident_id) or {})["reports"]
        )
        return None if told else f"{article_id} would be in no incident: it has no report of one"

    correct(config, {"kind": "confirm", "articles": [article_id]}, goal, dry_run=dry_run)
