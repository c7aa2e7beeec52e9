"""A person's decision about incidents: said beforehand, asked of the worker, said afterwards.

It is kept over articles, not over incidents: their ids outlive every merge and split. What it would
do is decided here first, on the store as it is, by the code that the worker uses. A decision that
the evidence would undo at once is refused (exit 65), and nothing is asked of the worker.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import opened, settings
from worker.cli.streams import put, refuse
from worker.core.domain.counted import counted
from worker.store.queries import articles_elsewhere, decisions, snapshot_of

if TYPE_CHECKING:
    from worker.core.domain.incident import Changes, Incident
    from worker.store.connect import Connection

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would become of what, and stop.")
]
_WAIT_S = 20.0
_PAUSE_S = 0.2
_GONE = ("superseded", "retracted")


@dataclass(frozen=True, slots=True)
class Outlook:
    """The store as it would be: the incidents that change, over those that stand."""

    conn: Connection
    changes: Changes

    def snapshot(self, incident_id: str) -> dict[str, Any] | None:
        """The state of an incident afterwards, as the contract has it."""
        from worker.core.domain.canonical import plain
        from worker.core.domain.snapshot import SNAPSHOT

        for incident in _told(self.changes):
            if incident.incident_id == incident_id:
                found: dict[str, Any] = plain(incident.snapshot, SNAPSHOT)
                return found
        return snapshot_of(self.conn, incident_id)

    def homes(self, names: Sequence[str], incident_ids: Sequence[str]) -> set[str | None]:
        """The live incidents that surely hold these articles (or reports); None: none does."""
        changed = [incident.incident_id for incident in _told(self.changes)]
        held: dict[str, str] = {}
        for incident_id in dict.fromkeys((*incident_ids, *changed)):
            snapshot = self.snapshot(incident_id) or {}
            if snapshot.get("state") not in _GONE:
                held |= dict.fromkeys(certain_names(snapshot), incident_id)
        return {held.get(name) for name in names}


Goal = Callable[[Outlook], str | None]
"""Says why a decision would not do what it is for; None: it would."""


def correct(
    config: str | None,
    correction: Mapping[str, Any],
    goal: Goal | None = None,
    *,
    dry_run: bool = False,
) -> None:
    """Say what a decision would do, ask the worker for it, and say what it did."""
    from worker.config.knowledge import load_knowledge
    from worker.decisions import foresee, read_asked

    loaded = settings(config)
    conn = opened(loaded)
    knowledge = load_knowledge(loaded.config.profile, loaded.folder)
    now = dt.datetime.now(dt.UTC)
    outlook = Outlook(conn, foresee(conn, read_asked(correction), now, knowledge))
    named = [str(name) for name in correction.get("incidents") or ()]
    changed = [incident.incident_id for incident in _told(outlook.changes)]
    concerned = list(dict.fromkeys((*named, *changed)))
    for incident_id in concerned:
        put(f"now    {state_line(snapshot_of(conn, incident_id), incident_id)}")
    for incident_id in changed:
        put(f"then   {state_line(outlook.snapshot(incident_id), incident_id)}")
    if not changed:
        put("then   as now")
        if correction["kind"] in {"undo", "recompute"} and (held := _held_by(conn, correction)):
            put(f"held   by {', '.join(held)}")
    problem = goal(outlook) if goal is not None else None
    if problem is not None:
        refuse(f"{problem}; nothing was decided", EX_DATAERR)
    if not dry_run:
        ask(config, correction, conn, concerned)


def _held_by(conn: Connection, correction: Mapping[str, Any]) -> list[str]:
    """The other decisions about these articles that hold: why nothing changes, as far as people decided
    it.
    """
    from worker.decisions import command_of

    named = {str(name).partition("#")[0] for name in correction["articles"]}
    return [
        f"{command_of(row['kind'])} {row['decision_id']}"
        for row in decisions(conn)
        if row["undone_at"] is None
        and row["decision_id"] != correction.get("decision")
        and not named.isdisjoint(str(name).partition("#")[0] for name in row["articles"])
    ]


def ask(
    config: str | None, correction: Mapping[str, Any], conn: Connection, concerned: Sequence[str]
) -> None:
    """Leave a decision for the worker; once it is carried out, say what the store holds."""
    from worker.cli.request import request

    before = decisions(conn)
    taken = request(settings(config), {"correct": dict(correction)})
    if not taken:
        return
    limit = time.monotonic() + _WAIT_S
    while correction["kind"] != "recompute" and decisions(conn) == before:
        if time.monotonic() > limit:
            put("the worker has not carried it out yet; it will")
            return
        time.sleep(_PAUSE_S)
    for incident_id in concerned:
        put(f"after  {state_line(snapshot_of(conn, incident_id), incident_id)}")


def snapshot_or_refuse(conn: Connection, incident_id: str) -> dict[str, Any]:
    """The snapshot of an incident that lives; else the command ends (exit 65)."""
    snapshot = snapshot_of(conn, incident_id)
    if snapshot is None or not snapshot.get("reports"):
        refuse(
            f"no incident {incident_id} with reports; see `kabulwire incidents list`", EX_DATAERR
        )
    if snapshot["superseded_by"] is not None:
        refuse(f"{incident_id} went up in {snapshot['superseded_by']}: name that", EX_DATAERR)
    return snapshot


def names_in(config: str | None, *incident_ids: str) -> list[str]:
    """What stands for these incidents in a decision; one that does not live ends the command (65)."""
    conn = opened(settings(config))
    snapshots = [snapshot_or_refuse(conn, incident_id) for incident_id in incident_ids]
    return [name for snapshot in snapshots for name in _names_of(conn, snapshot)]


def _names_of(conn: Connection, snapshot: Mapping[str, Any]) -> list[str]:
    """The certain articles of an incident, the founding one first.

    Of an article that tells of another live incident as well, the report.
    """
    shared = articles_elsewhere(conn, snapshot["incident_id"])
    surely = [row for row in snapshot["reports"] if row["link"] == "certain"]
    reporting = [row for row in surely if row["role"] != "retraction"] or snapshot["reports"]
    names = (
        row["report_id"] if row["article_id"] in shared else row["article_id"] for row in reporting
    )
    return [str(name) for name in dict.fromkeys(names)]


def certain_names(snapshot: Mapping[str, Any]) -> set[str]:
    """Ids of the articles and reports that are surely part of an incident."""
    surely = [row for row in snapshot.get("reports") or () if row["link"] == "certain"]
    return {str(row[key]) for row in surely for key in ("article_id", "report_id")}


def state_line(snapshot: Mapping[str, Any] | None, incident_id: str) -> str:
    """An incident in one line: state, reports, killed and injured, or who took it over."""
    if snapshot is None:
        return f"{incident_id}  is not there"
    if snapshot["superseded_by"] is not None:
        return f"{incident_id}  superseded by {snapshot['superseded_by']}"
    casualties = snapshot["casualties"]
    parts = [str(snapshot["state"]), counted(snapshot["reports_total"], "report")]
    for measure in ("killed", "injured"):
        figure = casualties[measure]
        if figure is not None:
            parts.append(f"{measure} {figure['best']}")
    articles = dict.fromkeys(str(row["article_id"]) for row in snapshot["reports"])
    return f"{incident_id}  {', '.join(parts)}: {' '.join(list(articles)[:8])}"


def _told(changes: Changes) -> list[Incident]:
    return [change.incident for change in changes.changes]
