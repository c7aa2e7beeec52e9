"""``kabulwire topics ensure``: make the topics that are missing, before the first run.

Prints one line a topic. A topic that exists is left alone, right or wrong: ``topics check`` tells.

Exit codes: 0, 69 no broker, 75 and 78 a broker that refuses, 78 settings, or none for a broker.
"""

from __future__ import annotations

from worker.cli.options import ConfigOption, settings_with_broker
from worker.cli.streams import put


def ensure_topics(config: ConfigOption = None) -> None:
    """Make the topics that are missing, with the right number of partitions and policies."""
    from worker.publish.kafka.topics import ensure

    for text in ensure(settings_with_broker(config).config):
        put(text)
