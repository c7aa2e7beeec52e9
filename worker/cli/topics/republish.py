"""``kabulwire topics republish``: every incident once more, for a sink that is new or was lost.

Prints how many incidents are queued and how many messages wait; the next ``run`` publishes them.

Exit codes: 0, 78 settings, no store, a running worker, or a folder that holds another's topic files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import put

if TYPE_CHECKING:
    from worker.config.load import Loaded
    from worker.config.schema import Config


def republish_topics(config: ConfigOption = None) -> None:
    """Send every incident once more, as its next revision. The worker must not run.

    For a sink that is new or was lost: a store that wrote to files and now has a broker, a topic
    folder that is gone. The next `run` publishes what is queued here.
    """
    counts = _queue_all(settings(config))
    moved = "; the store belongs to the new sink now" if counts["moved"] else ""
    put(f"{counts['incidents']} incidents queued, {counts['waiting']} messages wait{moved}")


def _queue_all(loaded: Loaded) -> dict[str, int]:
    """Queue every incident for the sink of these settings, in a store that no worker is using."""
    import datetime as dt

    from worker.config.knowledge import load_knowledge
    from worker.publish.recovery.resync import republish
    from worker.store.connect import Binding, exclusive, open_writer, transaction
    from worker.store.meta import read_meta

    config = loaded.config
    knowledge = load_knowledge(config.profile, loaded.folder)
    sink = "kafka" if config.kafka.bootstrap_servers else "files"
    reading = opened(loaded)
    bound = read_meta(reading, "sink") or sink
    reading.close()
    lost = sink == "files" and _is_empty(config, moving=bound != sink) and bound == sink
    with exclusive(config.store.path):
        binding = Binding(bound, config.instance, knowledge.profile.name)
        conn = open_writer(config.store.path, binding)
        try:
            with transaction(conn):
                now = dt.datetime.now(dt.UTC)
                return republish(conn, sink, now, knowledge, lost=lost)
        finally:
            conn.close()


def _is_empty(config: Config, *, moving: bool) -> bool:
    """Whether the folder of topics is empty; raises ``ConfigError`` when it holds another's."""
    from worker.core.domain.errors import ConfigError
    from worker.publish.file_publisher import open_sink
    from worker.publish.files.sink import FileSink

    empty = not FileSink(config.files.dir, config.topics.prefix).topics()
    if not empty and moving:
        raise ConfigError(
            f"files.dir: {config.files.dir} holds topic files already; name an empty folder"
        )
    if not empty:
        rotate = config.files.rotate_mb * 1_000_000
        open_sink(config.files.dir, config.topics.prefix, rotate, config.store.path)
    return empty
