"""``kabulwire topics compact``: the incidents file, cut to the newest state of each incident.

For the file sink; a broker does it by itself. Prints how many incidents are left in the file.

Exit codes: 0, 78 settings, a broker is configured, or a worker is running.
"""

from __future__ import annotations

from worker.cli.exit_codes import EX_CONFIG
from worker.cli.options import ConfigOption, settings
from worker.cli.streams import put, refuse
from worker.core.domain.counted import counted


def compact_topics(config: ConfigOption = None) -> None:
    """File sink: keep the newest state of each incident. The worker must not run."""
    from worker.publish.files.sink import FileSink
    from worker.store.connect import exclusive

    loaded = settings(config).config
    if loaded.kafka.bootstrap_servers:
        refuse("the broker compacts its topics by itself", EX_CONFIG)
    with exclusive(loaded.store.path):
        lines = FileSink(loaded.files.dir, loaded.topics.prefix).compact()
    put(counted(lines, "incident"))
