"""``python -m tests.broker.quick_java``: what Java reads of Kafka at each start, kept on disk.

A run of the tests starts some twenty nodes, and formats the storage of each: seven seconds of processor
time, most of it to load and check the same ten thousand classes. Java can keep what it made of
them (JEP 514) and then takes half as long. It is the same Java with the same jars.

Rules
-----
1. ``make test`` has the file made once: a node is started, asked, and ended politely.
2. Which file it is, and who takes it, is a matter of ``java_options``.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.broker.java_options import QUIET, kept_classes
from tests.broker.kafka_broker import Broker
from tests.broker.kafka_parts import VERSION, KafkaMissing

_LONGEST_S = 300


def keep(version: str = VERSION) -> None:
    """Make the file, unless it is there. Raises ``KafkaMissing``."""
    kept = kept_classes(version)
    if kept is None or kept.exists():
        return
    made = kept.with_suffix(f".{os.getpid()}")
    with tempfile.TemporaryDirectory(prefix="kafka-") as folder:
        broker = Broker(Path(folder) / "kafka", version=version)
        broker.options = (f"-XX:AOTCacheOutput={made}", QUIET)
        try:
            broker.start().end(_LONGEST_S)
            made.replace(kept)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise KafkaMissing(f"nothing could be kept: {error}") from error
        finally:
            broker.stop()
            made.unlink(missing_ok=True)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        try:
            keep()
        except KafkaMissing as missing:
            sys.stderr.write(f"Kafka starts slowly in this run: {' '.join(str(missing).split())}\n")
