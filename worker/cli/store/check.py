"""``kabulwire store check``: is the store whole, and does it agree with itself?

Prints one line for each problem, or that there is none; what to do about them stands on stderr. Exit codes: 0 whole, 70 not, 78 settings, or
no store.
"""

from __future__ import annotations

from worker.cli.exit_codes import EX_SOFTWARE
from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import put, refuse


def check_store(config: ConfigOption = None) -> None:
    """Whether the store is whole and agrees with itself; exit 70 when not."""
    from worker.store.maintenance import check
    from worker.store.store_error import DAMAGED_ADVICE

    loaded = settings(config)
    problems = check(opened(loaded))
    for text in problems:
        put(text)
    if problems:
        refuse(f"store {loaded.config.store.path} is damaged; {DAMAGED_ADVICE}", EX_SOFTWARE)
    put("the store is whole")
