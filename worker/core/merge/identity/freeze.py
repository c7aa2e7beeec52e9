"""A closed incident as one node: its last slots as a report, and its used statements."""

from __future__ import annotations

from collections.abc import Sequence

from worker.core.domain.incident import FrozenIncident
from worker.core.domain.report import Report, Statement
from worker.core.domain.snapshot import Member, Snapshot


def freeze(
    snapshot: Snapshot, members: Sequence[Member], statements: Sequence[Statement]
) -> FrozenIncident:
    """The node of an incident. ``statements``: the used ones, each with its ``report_id``."""
    casualties = snapshot.casualties
    report = Report(
        report_id=f"{snapshot.incident_id}#frozen",
        role="primary",
        date=snapshot.date,
        time=snapshot.time,
        place=snapshot.place,
        attack_types=snapshot.attack_types,
        suicide=snapshot.suicide,
        weapons=snapshot.weapons,
        targets=snapshot.targets,
        perpetrators=snapshot.perpetrators,
        claims=snapshot.claims,
        killed=casualties.killed,
        injured=casualties.injured,
        attackers_killed=casualties.attackers_killed,
        by_category=casualties.by_category,
        statements=tuple(statements),
        incident_status=snapshot.incident_status,
        attackers_injured=casualties.attackers_injured,
        other_counts=casualties.other_counts,
        n_blasts=snapshot.n_blasts,
        victims=snapshot.victims,
    )
    return FrozenIncident(snapshot.incident_id, report, tuple(members))
