"""``kabulwire store compact``: give free pages of the store back to the disk.

Prints its size before and after. Exit codes: 0, 75 no room, 78 settings, no store, or a running worker.
"""

from __future__ import annotations

from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import put


def compact_store(config: ConfigOption = None) -> None:
    """Give free pages back to the disk. The worker must not run."""
    from worker.store.connect import exclusive
    from worker.store.maintenance import compact

    path = settings(config).config.store.path
    opened(settings(config)).close()
    with exclusive(path):
        before, after = compact(path)
    put(f"{before:,} → {after:,} bytes")
