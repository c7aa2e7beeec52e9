"""``kabulwire incidents retract kw-…``: it never happened.

The incident becomes ``retracted``, and stays so whatever comes. Prints that the running worker took it
in, or that the next will.

Exit codes: 0, 65 no such incident, 75 not taken in yet (it will be), 78 settings, or no store.
"""

from __future__ import annotations

from worker.cli.options import ConfigOption, opened, settings


def retract_incident(incident_id: str, config: ConfigOption = None) -> None:
    """It never happened: the incident is retracted, and stays so."""
    from worker.cli.correction import articles_of, correct

    correct(config, "retract", *articles_of(opened(settings(config)), incident_id))
