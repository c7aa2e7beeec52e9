"""``kabulwire incidents confirm ARTICLE``: a report under review is right.

From then on it makes and joins incidents like one of band ``report``. Prints that the running worker
took it in, or that the next will.

Exit codes: 0, 65 no such article, 75 not taken in yet (it will be), 78 settings, or no store.
"""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import refuse


def confirm_report(
    article_id: Annotated[str, typer.Argument(help="An article of band review.")],
    config: ConfigOption = None,
) -> None:
    """A report under review is right: it may make and join incidents."""
    from worker.cli.correction import correct
    from worker.store.articles import is_settled

    if not is_settled(opened(settings(config)), article_id):
        refuse(f"no article {article_id} in the store", EX_DATAERR)
    correct(config, "confirm", article_id)
