"""``kabulwire incidents split kw-… ARTICLE``: this article is about another incident.

Prints that the running worker took it in, or that the next will.

Exit codes: 0, 65 no such incident, the article is not in it, or nothing else is, 75 not taken in yet
(it will be), 78 settings, or no store.
"""

from __future__ import annotations

from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import refuse


def split_incident(incident_id: str, article_id: str, config: ConfigOption = None) -> None:
    """An article is about another incident."""
    from worker.cli.correction import articles_of, correct

    members = articles_of(opened(settings(config)), incident_id)
    if article_id not in members:
        refuse(f"article {article_id} is not in {incident_id}: {', '.join(members)}", EX_DATAERR)
    others = [article for article in members if article != article_id]
    if not others:
        refuse(f"{incident_id} has no other article", EX_DATAERR)
    correct(config, "cannot", article_id, others[0])
