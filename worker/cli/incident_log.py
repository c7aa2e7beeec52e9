"""Reads the log of incidents as a consumer does: from the topic, or from its files.

Rules
-----
1. Of files the rotated ones come first, the oldest first (the name ends in the last ``seq``), then the
   one that is appended to. When that is rotated under a reader, it reads its rest and goes on behind.
2. A record without a value erases its key. Nothing else is known of it.
3. Without ``follow`` the end is what the sink holds now. Nobody waits for silence.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from worker.config.schema import Config, Kafka
from worker.core.domain.errors import PublishError
from worker.publish.files.sink import last_whole_line

if TYPE_CHECKING:
    from worker.publish.kafka.client import Fetched

_LOG = "incident-log.v1"
_PAUSE_S = 0.2
_READ_S = 600.0


@dataclass(frozen=True, slots=True)
class Published:
    """One record of the log: its line as a topic file has it, key, and snapshot (None: erased)."""

    line: str
    key: str
    value: Mapping[str, Any] | None


def records(config: Config, *, from_beginning: bool, follow: bool) -> Iterator[Published]:
    """Records of the incident log of the configured sink; with ``follow`` it never ends."""
    topic = f"{config.topics.prefix}.{_LOG}"
    if not config.kafka.bootstrap_servers:
        path = config.files.dir / f"{topic}.jsonl"
        yield from follow_files(path, from_beginning=from_beginning, follow=follow)
    elif follow:
        yield from _follow_topic(config.kafka, topic, from_beginning=from_beginning)
    else:
        yield from _read_topic(config.kafka, topic, from_beginning=from_beginning)


def follow_files(path: Path, *, from_beginning: bool, follow: bool) -> Iterator[Published]:
    """Whole lines of a topic's files, waiting for them and for more of them with ``follow``.

    ``path``: the file that is appended to. It is opened before the older ones are looked for, so what
    is rotated in between is found among them, and read once, as ``seq`` rises.
    """
    seen = 0 if from_beginning else _last_seq(path)
    while True:
        with contextlib.ExitStack() as stack:
            newest = stack.enter_context(path.open("rb")) if path.exists() else None
            older = [stack.enter_context(part.open("rb")) for part in _rotated(path, seen)]
            for source in older if newest is None else [*older, newest]:
                for seq, record in _lines(source):
                    if seq > seen:
                        seen = seq
                        yield record
            while follow and newest is not None and _is_same(newest, path):
                time.sleep(_PAUSE_S)
                for seq, record in _lines(newest):
                    if seq > seen:
                        seen = seq
                        yield record
        if not follow:
            return
        time.sleep(_PAUSE_S)


def _lines(source: BinaryIO) -> Iterator[tuple[int, Published]]:
    """``seq`` and record of the whole lines from here on; a torn one is left for the next time."""
    while (line := source.readline()).endswith(b"\n"):
        record = json.loads(line)
        text = line.decode("utf-8").rstrip("\n")
        yield int(record["seq"]), Published(text, record["key"], record["value"])
    source.seek(-len(line), os.SEEK_CUR)


def _is_same(source: BinaryIO, path: Path) -> bool:
    """Whether the name still leads to the open file."""
    try:
        return os.path.samestat(os.fstat(source.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _rotated(path: Path, seq: int) -> list[Path]:
    """The older files that hold records behind ``seq``, the oldest first."""
    found = path.parent.glob(f"{path.stem}.[0-9]*.jsonl")
    return sorted(part for part in found if _ends_at(part) > seq)


def _ends_at(rotated: Path) -> int:
    return int(rotated.name.rsplit(".", 2)[1])


def _last_seq(path: Path) -> int:
    """The last record that the files hold now; 0 when none."""
    if path.exists() and (line := last_whole_line(path)):
        return int(json.loads(line)["seq"])
    return max(map(_ends_at, _rotated(path, 0)), default=0)


def _follow_topic(settings: Kafka, topic: str, *, from_beginning: bool) -> Iterator[Published]:
    from kafka import KafkaConsumer

    from worker.publish.kafka.client import build, connection, explain, fetched, quieten

    quieten()
    try:
        consumer = build(
            KafkaConsumer,
            topic,
            **connection(settings),
            isolation_level="read_committed",
            auto_offset_reset="earliest" if from_beginning else "latest",
            enable_auto_commit=False,
        )
    except Exception as error:
        raise explain(error, "READ") from error
    try:
        for message in consumer:
            yield _published(fetched(message))
    finally:
        consumer.close()


def _read_topic(settings: Kafka, topic: str, *, from_beginning: bool) -> Iterator[Published]:
    """What the topic holds now; without ``from_beginning`` nothing, once the broker has answered."""
    from worker.publish.kafka.client import (
        ends_of,
        explain,
        partitions,
        quieten,
        read_to_end,
        reader,
    )

    quieten()
    try:
        with reader(settings) as consumer:
            spots = partitions(consumer, topic)
            consumer.assign(spots)
            consumer.seek_to_beginning(*spots)
            ends = ends_of(settings, spots) if from_beginning else {}
            for record in read_to_end(consumer, ends, time.monotonic() + _READ_S):
                yield _published(record)
    except PublishError:
        raise
    except Exception as error:
        raise explain(error, "READ") from error


def _published(record: Fetched) -> Published:
    value = json.loads(record.value) if record.value else None
    line = {"key": record.key, "headers": dict(record.headers), "value": value}
    return Published(json.dumps(line, ensure_ascii=False), record.key, value)
