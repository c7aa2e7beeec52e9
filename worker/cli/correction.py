"""A person's decision about incidents, as a request to the worker.

It is kept over articles, not over incidents: their ids outlive every merge and split.
"""

from __future__ import annotations

from typing import Any

import typer

from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import settings
from worker.cli.request import request
from worker.cli.streams import refuse
from worker.store.connect import Connection
from worker.store.queries import snapshot_of


def correct(config: str | None, kind: str, *articles: str) -> None:
    """Ask for a correction: ``confirm``, ``must``, ``cannot`` or ``retract`` (rules of merging)."""
    if len(set(articles)) != len(articles):
        raise typer.BadParameter("both sides are the same article")
    asked: dict[str, Any] = {"correct": {"kind": kind, "articles": list(articles)}}
    request(settings(config), asked)


def founding_article(conn: Connection, incident_id: str) -> str:
    """The article that stands for an incident; without one the command ends (exit 65)."""
    return _articles(conn, incident_id)[0]


def articles_of(conn: Connection, incident_id: str) -> list[str]:
    """All articles of an incident, sorted; without any the command ends (exit 65)."""
    return sorted(set(_articles(conn, incident_id)))


def _articles(conn: Connection, incident_id: str) -> list[str]:
    """In the order of the snapshot's reports."""
    reports = (snapshot_of(conn, incident_id) or {}).get("reports") or ()
    if not reports:
        refuse(f"no incident {incident_id} with reports", EX_DATAERR)
    return [str(row["article_id"]) for row in reports]
