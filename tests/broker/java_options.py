"""How Kafka's Java is started: compiled plainly, and from a file of kept classes where there is one.

Rules
-----
1. A node of the tests lives for seconds: Java compiles it once and plainly, and collects its garbage on
   one thread. That halves the processor time of a start.
2. One file of kept classes for each Kafka, Java and way of starting it, beside the jars. ``quick_java``
   makes it; a start goes without where there is none. Java itself leaves a file alone that was made
   with other jars or by another Java.
3. A Java that cannot keep anything, such as the one of Kafka 3.9, starts as ever.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.broker.kafka_parts import cache_dir, classpath, is_old, java

_SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData")
QUIET = "-Xlog:disable"
"""What a file lacks is no news."""


def options(version: str) -> tuple[str, ...]:
    """What makes a start of this Kafka quick."""
    kept = kept_classes(version)
    if kept is None or not kept.exists():
        return _SHORT_LIVED
    return (*_SHORT_LIVED, f"-XX:AOTCache={kept}", QUIET)


def kept_classes(version: str) -> Path | None:
    """The file where classes are kept, whether it is there or not; None for a Java that keeps none."""
    if is_old(version):
        return None
    release = Path(java(version)).resolve().parents[1] / "release"
    if not release.is_file():
        return None
    told = "\n".join([release.read_text("utf-8"), classpath(version), *_SHORT_LIVED])
    return cache_dir() / f"start-{version}-{hashlib.sha256(told.encode()).hexdigest()[:16]}.aot"
