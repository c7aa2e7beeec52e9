"""``kabulwire incidents erase kw-… --yes``: for legal reasons nothing of it may be kept.

Its articles, their texts, reports and figures go from the store, and so do incidents that went up in
it. A tombstone (null value) is published for each; other incidents that its articles told of are
decided without them. It cannot be undone. Without ``--yes`` it only says what would go, and ends with 1:
who is asked for an erasure must not take that for one.

Exit codes: 0, 1 without ``--yes``, 65 no such incident, 75 not taken in yet (it will be), 78 settings, or no store.
"""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.exit_codes import EX_NO
from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import put


def erase_incident(
    incident_id: str,
    config: ConfigOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
) -> None:
    """For legal reasons nothing of it may be kept."""
    from worker.cli.correction import ask, snapshot_or_refuse, state_line
    from worker.decisions import to_erase
    from worker.store.queries import articles_elsewhere, snapshot_of

    conn = opened(settings(config))
    gone = to_erase(conn, (snapshot_or_refuse(conn, incident_id)["incident_id"],))
    told = [snapshot_of(conn, name) or {} for name in gone]
    articles = {str(row["article_id"]) for each in told for row in each.get("reports") or ()}
    shared = articles_elsewhere(conn, incident_id)
    for name in gone:
        put(f"now    {state_line(snapshot_of(conn, name), name)}")
    put(f"then   {', '.join(gone)} erased, with the articles {' '.join(sorted(articles))}")
    if shared:
        put(f"then   decided without {' '.join(sorted(shared))}: the other incidents they tell of")
    if not yes:
        put("nothing was done: say --yes")
        raise typer.Exit(EX_NO)
    asked = {"kind": "erase", "articles": sorted(articles), "incidents": gone}
    ask(config, asked, conn, gone)
