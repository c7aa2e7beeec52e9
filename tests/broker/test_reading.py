"""Reading a topic to its end, as every session does with the ledger before anything else."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from tests.broker.kafka_broker import Broker
from tests.broker.mock_cluster import API_VERSION, MockCluster
from tests.broker.publishing_process import config
from worker.config import Kafka
from worker.publish import kafka as client
from worker.publish import publisher
from worker.publish.kafka import partitions, read_to_end, reader
from worker.publish.ledger import Mark, read
from worker.publish.session import Limits, Outgoing, ProducerSession
from worker.publish.topics import ensure

MARK = Mark("s1", 7, "h7", "o1")
ABORTED = Mark("s1", 8, "h8", "o1")


@pytest.mark.slow
def test_an_answer_that_never_comes_costs_no_read(
    cluster: MockCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker falls silent with the line still open, until the client has given the line up:
    that is soon enough to ask again, and the read succeeds."""
    assert 2 * client.REQUEST_MS < 1_000 * publisher._READ_S
    kafka = Kafka(bootstrap_servers=cluster.bootstrap)
    settings = {**client.connection(kafka), "api_version": API_VERSION}
    monkeypatch.setattr(client, "connection", lambda _: settings)
    monkeypatch.setattr(client, "REQUEST_MS", 1_000)
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap, api_version=API_VERSION)
    producer.send("events", b"there").get(30)
    producer.close(timeout=5)
    with reader(kafka) as consumer:
        spots = partitions(consumer, "events")
        consumer.assign(spots)
        consumer.seek(spots[0], 0)
        silent = _Silent(cluster, consumer)
        found = list(read_to_end(silent, spots, time.monotonic() + 20))
    assert [record.value for record in found] == [b"there"]
    assert silent.given_up


class _Silent:
    """A consumer whose broker says nothing from its first poll until it hangs up."""

    def __init__(self, cluster: MockCluster, consumer: Any) -> None:
        self._cluster = cluster
        self._consumer = consumer
        self._polled = False
        self.given_up = False

    def poll(self, timeout_ms: int) -> Any:
        if not self._polled:
            self._cluster.silence(60)
            self._polled = True
        found = self._consumer.poll(timeout_ms=timeout_ms)
        lines = list(self._consumer._manager._conns.values())
        if not any(line.connected for line in lines):
            self.given_up = True
            self._cluster.silence(0)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consumer, name)


@pytest.mark.broker
def test_markers_and_aborted_records_at_the_end_are_passed(kafka: Broker, tmp_path: Path) -> None:
    """A new ledger, one that ends in a commit, one that ends in aborted marks: each is read to its
    end again and again, and the newest committed mark is found."""
    wanted = config(tmp_path / "none.db", kafka.bootstrap, f"t{uuid.uuid4().hex[:8]}")
    ensure(wanted)
    topic = f"{wanted.topics.prefix}.ledger.v1"
    assert [read(wanted.kafka, topic, "w1", 20) for _ in range(3)] == [None] * 3
    session = ProducerSession(wanted.kafka, "tx", Limits(8))
    session.open()
    session.commit([Outgoing(topic, b"w1", MARK.encode())])
    assert [read(wanted.kafka, topic, "w1", 20) for _ in range(3)] == [MARK] * 3
    producer = session._producer
    for _ in range(3):
        producer.begin_transaction()
        producer.send(topic, key=b"w1", value=ABORTED.encode()).get(10)
        producer.abort_transaction()
        assert read(wanted.kafka, topic, "w1", 20) == MARK
    session.close()
