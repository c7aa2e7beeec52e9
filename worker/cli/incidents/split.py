"""``kabulwire incidents split kw-… ARTICLE``: this article is about another incident.

It is kept apart from all others that the incident has now. Prints what becomes of which incident,
beforehand and afterwards.

Exit codes: 0, 65 no such incident, the article is not in it, nothing else is, or it would not leave,
75 not taken in yet (it will be), 78 settings, or no store.
"""

from __future__ import annotations

from worker.cli.correction import DryRunOption
from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import refuse


def split_incident(
    incident_id: str,
    article_id: str,
    config: ConfigOption = None,
    *,
    dry_run: DryRunOption = False,
) -> None:
    """An article is about another incident."""
    from worker.cli.correction import Outlook, correct, snapshot_or_refuse

    snapshot = snapshot_or_refuse(opened(settings(config)), incident_id)
    members = sorted({str(row["article_id"]) for row in snapshot["reports"]})
    if article_id not in members:
        refuse(f"article {article_id} is not in {incident_id}: {', '.join(members)}", EX_DATAERR)
    others = [article for article in members if article != article_id]
    if not others:
        refuse(f"{incident_id} has no other article", EX_DATAERR)

    def goal(outlook: Outlook) -> str | None:
        left = outlook.homes(others, (incident_id,)) - {None}
        if left & outlook.homes((article_id,), (incident_id,)):
            return f"{article_id} would stay with the others"
        return None

    asked = {"kind": "apart", "articles": [article_id, *others], "incidents": [incident_id]}
    correct(config, asked, goal, dry_run=dry_run)
