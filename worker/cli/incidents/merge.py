"""``kabulwire incidents merge kw-… kw-…``: two incidents are one.

Prints that the running worker took it in, or that the next will.

Exit codes: 0, 2 both rest on one article, 65 no such incident, or the same twice, 75 not taken in yet
(it will be), 78 settings, or no store.
"""

from __future__ import annotations

from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import refuse


def merge_incidents(one: str, other: str, config: ConfigOption = None) -> None:
    """Two incidents are one."""
    from worker.cli.correction import correct, founding_article

    if one == other:
        refuse(f"{one} was given twice", EX_DATAERR)
    conn = opened(settings(config))
    correct(config, "must", founding_article(conn, one), founding_article(conn, other))
