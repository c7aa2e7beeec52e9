"""``kabulwire incidents list --limit 5``: what was found, the last changed first.

Prints a table of incidents: id, revision, state, day, place, killed, injured, reports, and what people
decided about them; with ``--decisions`` the decisions themselves, the newest last, each called as its
command is; with ``--json`` one
line each. Exit codes: 0, 78 settings, or no store.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from worker.cli.options import ConfigOption, JsonOption, opened, settings
from worker.cli.tables import show_rows

_INCIDENTS = (
    "incident_id", "revision", "state", "date", "place", "killed", "injured", "reports", "decided",
)  # fmt: skip
_DECISIONS = ("decision_id", "kind", "made_at", "undone_at", "incidents", "articles")


def list_incidents(
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, newest first.")] = 50,
    *,
    decisions: Annotated[
        bool, typer.Option("--decisions", help="What people decided, the newest last.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Incidents, the last changed first."""
    from worker.decisions import command_of
    from worker.serve.status_rows import incident_facts
    from worker.store import queries

    conn = opened(settings(config))
    made = [{**row, "kind": command_of(row["kind"])} for row in queries.decisions(conn)]
    if decisions:
        rows = [row if as_json else _listed(row) for row in made]
        show_rows(rows, _DECISIONS, as_json=as_json)
        return
    found = incident_facts(conn, limit)
    for row in found:
        named = queries.articles_once(conn, row["incident_id"])
        row["decided"] = [
            f"{each['kind']} {each['decision_id']}"
            for each in made
            if each["undone_at"] is None
            and not named.isdisjoint(name.partition("#")[0] for name in each["articles"])
        ]
    show_rows(found if as_json else map(_in_words, found), _INCIDENTS, as_json=as_json)


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    from worker.serve.status_rows import bounds

    figures = {key: bounds(row[key]) for key in ("killed", "injured")}
    return {**row, **figures, "decided": " ".join(row["decided"])}


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    lists = {key: " ".join(row.get(key) or ()) for key in ("incidents", "articles")}
    return {**row, **lists}
