"""Reading a topic to its end, as every session does with the ledger before anything else."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from tests.broker.kafka_broker import Broker
from tests.broker.mock_cluster import API_VERSION, MockCluster
from tests.broker.publishing_process import config
from worker.config.schema import Kafka
from worker.core.domain.errors import PublishError
from worker.publish import kafka_publisher
from worker.publish.kafka import client as client
from worker.publish.kafka.client import partitions, read_to_end, reader
from worker.publish.kafka.ledger import Mark, read
from worker.publish.kafka.session import Limits, Outgoing, ProducerSession
from worker.publish.kafka.topics import ensure

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
MARK = Mark("s1", 7, "h7", "o1")
ABORTED = Mark("s1", 8, "h8", "o1")


class Watched:
    """A consumer; ``before_poll`` is called with the number of the poll that follows."""

    def __init__(self, consumer: Any, before_poll: Callable[[int], None]) -> None:
        self._consumer = consumer
        self._before_poll = before_poll
        self._polls = 0

    def poll(self, timeout_ms: int) -> Any:
        self._before_poll(self._polls)
        self._polls += 1
        return self._consumer.poll(timeout_ms=timeout_ms)

    def connected(self) -> bool:
        return any(line.connected for line in list(self._consumer._manager._conns.values()))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consumer, name)


@pytest.fixture
def send(cluster: MockCluster) -> Iterator[Callable[[bytes], None]]:
    """Writes a record that is there when ``send`` returns."""
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap, api_version=API_VERSION)
    yield lambda value: producer.send("events", value).get(30)
    producer.close(timeout=5)


@pytest.fixture
def consumer(cluster: MockCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The worker's reader, impatient, at the beginning of a topic."""
    kafka = Kafka(bootstrap_servers=cluster.bootstrap)
    settings = {**client.connection(kafka), "api_version": API_VERSION}
    monkeypatch.setattr(client, "connection", lambda _: settings)
    monkeypatch.setattr(client, "REQUEST_MS", 1_000)
    with reader(kafka) as made:
        spots = partitions(made, "events")
        made.assign(spots)
        made.seek(spots[0], 0)
        yield made


def values(consumer: Any, seconds: float) -> list[bytes]:
    spots = sorted(consumer.assignment())
    ends = consumer.end_offsets(spots)
    return [found.value for found in read_to_end(consumer, ends, time.monotonic() + seconds)]


def test_read_to_end_asks_again_for_an_answer_that_never_comes(
    cluster: MockCluster, send: Callable[[bytes], None], consumer: Any
) -> None:
    """The broker falls silent with the line still open, until the client has given the line up:
    that is soon enough to ask again, and the read succeeds."""
    send(b"there")
    given_up: list[int] = []

    def silent(number: int) -> None:
        if number == 0:
            cluster.silence(60)
        elif not watched.connected():
            given_up.append(number)
            cluster.silence(0)

    watched = Watched(consumer, silent)
    assert values(watched, 20) == [b"there"]
    assert given_up


def test_reader_gives_lines_up_long_before_the_read() -> None:
    """Twice over in the time that a read of the ledger has."""
    assert 2 * client.REQUEST_MS < 1_000 * kafka_publisher._READ_S


def test_read_to_end_that_gets_nowhere_ends_at_its_deadline(
    cluster: MockCluster, send: Callable[[bytes], None], consumer: Any
) -> None:
    """A broker that stays silent: the error says that the topic was not read, and in time."""
    send(b"there")
    began = time.monotonic()
    with pytest.raises(PublishError) as caught:
        values(Watched(consumer, lambda _: cluster.silence(60)), 0.5)
    assert caught.value.reason == "topic_unread"
    assert time.monotonic() - began < 20


@pytest.mark.usefixtures("consumer")
def test_read_takes_a_null_for_no_mark(cluster: MockCluster) -> None:
    """Somebody erased our key in the ledger: that is no defect, but a ledger without a mark. A
    stranger's null is none of ours."""
    kafka = Kafka(bootstrap_servers=cluster.bootstrap)
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap, api_version=API_VERSION)
    found = []
    for key, value in ((b"w1", MARK.encode()), (b"w2", None), (b"w1", None)):
        producer.send("events", key=key, value=value).get(30)
        found.append(read(kafka, "events", "w1", 20))
    producer.close(timeout=5)
    assert found == [MARK, MARK, None]


@pytest.mark.broker
def test_read_passes_markers_and_aborted_records_at_the_end(kafka: Broker, tmp_path: Path) -> None:
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


@pytest.mark.broker
def test_read_to_end_ends_where_the_end_stood_when_it_began(kafka: Broker, tmp_path: Path) -> None:
    """What is written meanwhile is not read: a busy topic would have no end."""
    wanted = config(tmp_path / "none.db", kafka.bootstrap, f"t{uuid.uuid4().hex[:8]}")
    ensure(wanted)
    topic = f"{wanted.topics.prefix}.ledger.v1"
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)

    def write(value: bytes) -> None:
        producer.send(topic, key=b"w1", value=value).get(20)

    write(b"before")
    with reader(wanted.kafka) as consumer:
        consumer.assign(partitions(consumer, topic))
        consumer.seek_to_beginning()
        watched = Watched(consumer, lambda number: None if number else write(b"meanwhile"))
        assert values(watched, 20) == [b"before"]
    producer.close(timeout=5)
