"""``kabulwire incidents merge kw-… kw-…``: two incidents are one.

All reports of both belong together from then on, whatever their slots say. Prints what becomes of
which incident, beforehand and afterwards.

Exit codes: 0, 65 no such incident, the same twice, or their reports would not be one, 75 not taken in
yet (it will be), 78 settings, or no store.
"""

from __future__ import annotations

from worker.cli.correction import DryRunOption
from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption
from worker.cli.streams import refuse


def merge_incidents(
    one: str, other: str, config: ConfigOption = None, *, dry_run: DryRunOption = False
) -> None:
    """Two incidents are one."""
    from worker.cli.correction import Outlook, correct, names_in

    if one == other:
        refuse(f"{one} was given twice", EX_DATAERR)
    names = names_in(config, one, other)

    def goal(outlook: Outlook) -> str | None:
        homes = outlook.homes(names, (one, other))
        if len(homes) == 1 and None not in homes:
            return None
        told = ", ".join(sorted(home or "none" for home in homes))
        return f"the reports of {one} and {other} would not be one incident, but in {told}"

    asked = {"kind": "must", "articles": names, "incidents": [one, other]}
    correct(config, asked, goal, dry_run=dry_run)
