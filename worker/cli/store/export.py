"""``kabulwire store export > lines.jsonl``: what was settled, as input for ``replay``.

Prints one JSON line for every article version and every correction, in the order of settling. Replayed
they give the same incidents. Exit codes: 0, 78 settings, or no store.
"""

from __future__ import annotations

from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import put


def export_store(config: ConfigOption = None) -> None:
    """Every article version and correction in the order of settling, one JSON line each."""
    from worker.cli.answers import line
    from worker.store.export import export_articles

    for row in export_articles(opened(settings(config))):
        put(line(row))
