"""From a feed on loopback to a consumer that reads committed records of a real broker."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from tests.broker.kafka_broker import Broker
from tests.shell.test_app import Newsroom, attack, newsroom, running

__all__ = ["newsroom"]
pytestmark = [pytest.mark.broker, pytest.mark.slow]


def consumed(broker: Broker, topic: str) -> list[dict[str, Any]]:
    """Everything committed in a topic, oldest first within each partition."""
    consumer = KafkaConsumer(
        bootstrap_servers=broker.bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        return list(_read(consumer, topic))
    finally:
        consumer.close()


def _read(consumer: Any, topic: str) -> Iterator[dict[str, Any]]:
    parts = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic) or ()]
    consumer.assign(parts)
    consumer.seek_to_beginning(*parts)
    ends = consumer.end_offsets(parts)
    while any(consumer.position(part) < ends[part] for part in parts):
        for records in consumer.poll(timeout_ms=500).values():
            for record in records:
                headers = {key: value.decode() for key, value in record.headers}
                yield {
                    "key": record.key.decode(),
                    "headers": headers,
                    "value": json.loads(record.value),
                }


def test_run_brings_an_attack_to_a_consumer_once_through_kill_and_restart(
    tmp_path: Path, newsroom: Newsroom, kafka: Broker
) -> None:
    """Feed → worker → Kafka; killed without warning and started again, revisions have no hole."""
    url = f"{newsroom.base}/feed.xml"
    settings = {
        "KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap,
        "TOPICS__PREFIX": "end-to-end",
        "TOPICS__REPLICATION_FACTOR": "1",
        "INSTANCE": "end-to-end",
    }
    attack(newsroom)
    with running(tmp_path, url, **settings) as worker:
        worker.wait_for(lambda: worker.told("article.processed"), 90)
        worker.stop(signal.SIGKILL)
    newsroom.pages.clear()
    attack(newsroom, dead="nine")
    with running(tmp_path, url, **settings) as worker:
        worker.wait_for(lambda: len(worker.told("article.processed")) == 2, 90)
        assert worker.stop() == 0
    log = consumed(kafka, "end-to-end.incident-log.v1")
    assert len({record["key"] for record in log}) == 1
    assert [record["value"]["revision"] for record in log] == list(range(1, len(log) + 1))
    assert log[-1]["value"]["casualties"]["killed"]["best"] == 9
    assert log[-1]["headers"]["ce_specversion"] == "1.0"
    latest = {r["key"]: r["value"] for r in consumed(kafka, "end-to-end.incidents.v1")}
    assert latest[log[-1]["key"]] == log[-1]["value"]
    assert consumed(kafka, "end-to-end.reports.v1")
