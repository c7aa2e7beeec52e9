"""Reads the log of incidents as a consumer does: from the topic, or from its file."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.config.schema import Config, Kafka

_LOG = "incident-log.v1"
_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True)
class Published:
    """One record of the log: its line as a topic file has it, its key, and the snapshot in it.

    ``value`` is None for a tombstone: the incident was erased.
    """

    line: str
    key: str
    value: Mapping[str, Any] | None


def records(config: Config, *, from_beginning: bool, follow: bool) -> Iterator[Published]:
    """Records of the incident log of the configured sink; with ``follow`` it never ends."""
    topic = f"{config.topics.prefix}.{_LOG}"
    if config.kafka.bootstrap_servers:
        yield from _from_kafka(config.kafka, topic, from_beginning=from_beginning, follow=follow)
    else:
        path = config.files.dir / f"{topic}.jsonl"
        yield from follow_file(path, from_beginning=from_beginning, follow=follow)


def follow_file(path: Path, *, from_beginning: bool, follow: bool) -> Iterator[Published]:
    """Whole lines of a topic file, waiting for it and for more of it with ``follow``."""
    while not path.exists():
        if not follow:
            return  # nothing was published yet
        time.sleep(_PAUSE_S)
    with path.open("rb") as source:
        if not from_beginning:
            source.seek(0, 2)
        rest = b""
        while True:
            chunk = source.readline()
            if chunk:
                rest += chunk
                if rest.endswith(b"\n"):
                    yield _published(rest.decode("utf-8").rstrip("\n"))
                    rest = b""
            elif follow:
                time.sleep(_PAUSE_S)
            else:
                return


def _published(line: str) -> Published:
    record = json.loads(line)
    return Published(line, str(record["key"]), record["value"])


def _from_kafka(
    settings: Kafka, topic: str, *, from_beginning: bool, follow: bool
) -> Iterator[Published]:
    from kafka import KafkaConsumer

    from worker.publish.kafka.client import build, connection, explain, quieten

    quieten()
    try:
        consumer = build(
            KafkaConsumer,
            topic,
            **connection(settings),
            isolation_level="read_committed",
            auto_offset_reset="earliest" if from_beginning else "latest",
            enable_auto_commit=False,
            consumer_timeout_ms=float("inf") if follow else 10_000,
        )
    except Exception as error:
        raise explain(error, "READ") from error
    try:
        for message in consumer:
            headers = {key: value.decode("utf-8", "replace") for key, value in message.headers}
            record = {
                "key": message.key.decode("utf-8", "replace"),
                "headers": headers,
                "value": json.loads(message.value) if message.value else None,
            }
            yield Published(
                json.dumps(record, ensure_ascii=False), str(record["key"]), record["value"]
            )
    finally:
        consumer.close()
