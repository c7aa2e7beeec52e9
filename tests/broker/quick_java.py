"""``python -m tests.broker.quick_java``: what Java reads of Kafka at each start, kept on disk.

A run of the tests starts some twenty nodes, and formats the storage of each: seven seconds of processor
time, most of it to load and check the same ten thousand classes. Java can keep what it made of
them (JEP 514) and then takes half as long. It is the same Java with the same jars.

Rules
-----
1. One file for each Kafka, Java and way of starting it, beside the jars; ``make test`` has it made
   once: a node is started, asked, and ended politely.
2. A broker takes the file that is there and starts without where there is none. Java itself leaves a
   file alone that was made with other jars or by another Java.
3. A Java that cannot keep anything, such as the one of Kafka 3.9, starts as ever.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.broker.kafka_parts import VERSION, KafkaMissing, cache_dir, classpath, is_old, java

_LONGEST_S = 300
_QUIET = "-Xlog:disable"
"""What a file lacks is no news."""


def options(version: str, starting: Sequence[str]) -> tuple[str, ...]:
    """What makes a start quick: nothing where nothing was kept. ``starting``: the other options."""
    kept = _file(version, starting)
    return (f"-XX:AOTCache={kept}", _QUIET) if kept is not None and kept.exists() else ()


def keep(version: str = VERSION) -> None:
    """Make the file, unless it is there. Raises ``KafkaMissing``."""
    from tests.broker.kafka_broker import SHORT_LIVED, Broker

    kept = _file(version, SHORT_LIVED)
    if kept is None or kept.exists():
        return
    made = kept.with_suffix(f".{os.getpid()}")
    with tempfile.TemporaryDirectory(prefix="kafka-") as folder:
        broker = Broker(Path(folder) / "kafka", version=version)
        broker.options = (f"-XX:AOTCacheOutput={made}", _QUIET)
        try:
            broker.start().end(_LONGEST_S)
            made.replace(kept)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise KafkaMissing(f"nothing could be kept: {error}") from error
        finally:
            broker.stop()
            made.unlink(missing_ok=True)


def _file(version: str, starting: Sequence[str]) -> Path | None:
    """Where it is kept; None for a Java that keeps nothing."""
    if is_old(version):
        return None
    release = Path(java(version)).resolve().parents[1] / "release"
    if not release.is_file():
        return None
    told = "\n".join([release.read_text("utf-8"), classpath(version), *starting])
    return cache_dir() / f"start-{version}-{hashlib.sha256(told.encode()).hexdigest()[:16]}.aot"


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        try:
            keep()
        except KafkaMissing as missing:
            sys.stderr.write(f"Kafka starts slowly in this run: {' '.join(str(missing).split())}\n")
