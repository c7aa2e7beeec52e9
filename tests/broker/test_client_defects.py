"""What kafka-python's producer does wrong, as of the version we pin; and that a session bears it.

If the first of a pair fails after an upgrade, the client was mended: good news, and a reason to read
``worker/publish/session.py`` again. The second of a pair must never fail.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import confluent_kafka
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import InvalidRecordError, KafkaError, KafkaTimeoutError
from kafka.net import transport

from tests.broker.mock_cluster import API_VERSION, PRODUCE, MockCluster
from worker.config import Kafka
from worker.core.errors import PublishError
from worker.publish import kafka as client
from worker.publish import last_words
from worker.publish.session import (
    Limits,
    Outgoing,
    ProducerSession,
    RefusedError,
    StuckError,
    within,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]
REQUEST_TIMED_OUT, INVALID_RECORD = 7, 87
SHORT = {"request_timeout_ms": 1_000, "delivery_timeout_ms": 5_000, "max_block_ms": 20_000}


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    mock = MockCluster("events", "ledger")
    yield mock
    mock.close()


@pytest.fixture
def producers(cluster: MockCluster) -> Iterator[Any]:
    made: list[Any] = []

    def make(**settings: Any) -> Any:
        made.append(
            KafkaProducer(
                bootstrap_servers=cluster.bootstrap,
                api_version=API_VERSION,
                reconnect_backoff_max_ms=500,
                **{**SHORT, **settings},
            )
        )
        return made[-1]

    yield make
    for producer in made:
        producer._sender.force_close()
        with contextlib.suppress(Exception):
            producer.close(timeout=0)


@pytest.fixture
def session(cluster: MockCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProducerSession]:
    def connection(kafka: Kafka) -> dict[str, Any]:
        return {**client.connection(kafka), "api_version": API_VERSION}

    monkeypatch.setattr("worker.publish.session.connection", connection)
    made = ProducerSession(Kafka(bootstrap_servers=cluster.bootstrap), "tx", Limits(4))
    made.open()
    yield made
    made.close()


def records(*values: bytes) -> list[Outgoing]:
    return [Outgoing("events", b"k", value) for value in values]


def test_d1_idempotent_producer_hangs_after_an_outage(cluster: MockCluster, producers: Any) -> None:
    """D1: after a batch expired in retry, later records neither arrive nor fail, for ever."""
    producer = producers()
    producer.send("events", b"0").get(30)
    cluster.answer(PRODUCE, *[REQUEST_TIMED_OUT] * 1_000)
    with pytest.raises(KafkaTimeoutError):
        producer.send("events", b"lost").get(40)
    cluster.forgive(PRODUCE)
    producers().send("events", b"another producer's").get(30)  # the broker is well again
    with pytest.raises(KafkaTimeoutError):
        producer.send("events", b"after").get(12)  # more than twice its delivery timeout


def test_d2_one_refused_record_poisons_the_producer(cluster: MockCluster, producers: Any) -> None:
    """D2: after INVALID_RECORD for one record every later one fails, though the broker is well."""
    producer = producers()
    producer.send("events", b"0").get(30)
    cluster.answer(PRODUCE, INVALID_RECORD)
    with pytest.raises(InvalidRecordError):
        producer.send("events", b"refused").get(30)
    with pytest.raises(KafkaError):
        producer.send("events", b"innocent").get(30)


def test_d3_commit_succeeds_although_a_record_was_lost(
    cluster: MockCluster, producers: Any
) -> None:
    """D3: a record expires undelivered, and ``commit_transaction`` returns as if it had not."""
    producer = producers(transactional_id="d3")
    producer.init_transactions()
    producer.begin_transaction()
    cluster.answer(PRODUCE, *[REQUEST_TIMED_OUT] * 1_000)
    future = producer.send("events", b"lost")
    within(60, "commit", lambda: producer.commit_transaction() or True)
    assert future.failed()


def test_d3_session_does_not_commit_without_every_record(
    cluster: MockCluster, session: ProducerSession
) -> None:
    """Any failed future ends the transaction with an error instead of a commit."""
    cluster.answer(PRODUCE, *[REQUEST_TIMED_OUT] * 1_000)
    with pytest.raises(PublishError):
        session.commit(records(b"lost"))


def test_d4_session_gives_up_on_a_call_that_never_returns() -> None:
    """D4: ``commit_transaction`` waits without a limit; the deadline outside ends the wait."""
    never = threading.Event()
    beats: list[float] = []
    began = time.monotonic()
    with pytest.raises(StuckError):
        within(2.5, "commit", never.wait, lambda: beats.append(time.monotonic()))
    assert time.monotonic() - began < 30
    assert len(beats) >= 2


def test_d5_send_never_blocks_while_the_broker_is_down(
    cluster: MockCluster, producers: Any
) -> None:
    """D5: with the broker down 20 MB are taken without a word; so a batch must be bounded by us."""
    producer = producers(delivery_timeout_ms=60_000, request_timeout_ms=1_000)
    producer.send("events", b"0").get(30)
    cluster.down()
    began = time.monotonic()
    for _ in range(2_000):
        producer.send("events", b"x" * 10_000)
    assert time.monotonic() - began < 60  # its delivery timeout: send itself never waited


def started_since(before: set[threading.Thread], seconds: float) -> set[threading.Thread]:
    """Threads that were started since then and live on, after waiting for their end."""
    end = time.monotonic() + seconds
    while (left := set(threading.enumerate()) - before) and time.monotonic() < end:
        time.sleep(0.05)
    return left


NOBODY: dict[str, Any] = {"bootstrap_servers": "127.0.0.1:1", "bootstrap_timeout_ms": 300}
CLIENTS = [KafkaConsumer, KafkaProducer, KafkaAdminClient]


@pytest.mark.parametrize("client_class", [KafkaConsumer, KafkaAdminClient])
def test_d10_a_constructor_that_finds_no_broker_leaves_a_thread(client_class: Any) -> None:
    """D10: when no broker answers, the constructor raises and its network thread lives on."""
    before = set(threading.enumerate())
    with pytest.raises(KafkaTimeoutError):
        client_class(**NOBODY)
    assert started_since(before, 2)


@pytest.mark.parametrize("client_class", CLIENTS)
def test_d10_what_we_build_leaves_nothing_behind(client_class: Any) -> None:
    """The same through ``build``: no thread (files are counted in ``test_outage``)."""
    before = set(threading.enumerate())
    with pytest.raises(KafkaTimeoutError):
        client.build(client_class, **NOBODY)
    assert not started_since(before, 10)


def test_a_session_that_ended_in_doubt_leaves_no_thread(
    cluster: MockCluster, session: ProducerSession
) -> None:
    """A broker goes away in the middle: after the failure and ``close`` the client's threads end."""
    opened = ProducerSession(Kafka(bootstrap_servers=cluster.bootstrap), "other", Limits(4))
    before = set(threading.enumerate())
    opened.open()
    opened.commit(records(b"before"))
    assert set(threading.enumerate()) - before
    cluster.down()
    with pytest.raises(PublishError):
        opened.commit(records(b"during"))
    opened.close()
    assert not started_since(before, 30)


def test_refused_record_is_named_and_a_new_session_goes_on(
    cluster: MockCluster, session: ProducerSession
) -> None:
    """The position of the record that the broker will never take is told."""
    session.commit(records(b"good"))
    with pytest.raises(RefusedError) as caught:
        session.commit(records(b"good", b"x" * 1_100_000))
    assert caught.value.positions == (1,)
    heir = ProducerSession(Kafka(bootstrap_servers=cluster.bootstrap), "tx", Limits(4))
    heir.open()
    heir.commit(records(b"good again"))
    heir.close()


@pytest.mark.parametrize("code", [3, 5, 6, 7, 19, 20, 56, 89])
def test_passing_errors_are_retried(
    code: int, cluster: MockCluster, session: ProducerSession
) -> None:
    """An error that passes (leader moved, not enough replicas, throttled …) costs no session."""
    cluster.answer(PRODUCE, code)
    session.commit(records(b"first"))
    session.commit(records(b"second"))
    assert arrived(cluster, 2) == [b"first", b"second"]


def arrived(cluster: MockCluster, expected: int) -> list[bytes]:
    """What the topic holds, one record more than expected too; read by the mock's own client.

    kafka-python's reader stands still before this mock every few runs, with all records there.
    """
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": cluster.bootstrap, "group.id": "reader"}
    )
    consumer.assign([confluent_kafka.TopicPartition("events", 0, 0)])
    found = consumer.consume(expected, timeout=30) + consumer.consume(1, timeout=0.5)
    consumer.close()
    return [message.value() for message in found]


@pytest.mark.parametrize("code", [2, 10, 29, 45, 47, 59, 87, 90])
def test_lasting_errors_end_the_session_in_time(
    code: int, cluster: MockCluster, session: ProducerSession
) -> None:
    """An error that lasts is raised well within the deadlines; nothing ever hangs."""
    cluster.answer(PRODUCE, *[code] * 50)
    began = time.monotonic()
    with pytest.raises(PublishError):
        session.commit(records(b"x"))
    assert time.monotonic() - began < 60


def test_outage_longer_than_delivery_ends_the_session(
    cluster: MockCluster, session: ProducerSession
) -> None:
    """A broker that goes away in the middle: an error in time, and the next session works."""
    session.commit(records(b"before"))
    cluster.down()
    with pytest.raises(PublishError):
        session.commit(records(b"during"))
    session.close()
    cluster.up()
    heir = ProducerSession(Kafka(bootstrap_servers=cluster.bootstrap), "tx", Limits(8))
    end = time.monotonic() + 30
    while True:
        try:
            heir.open()
            break
        except PublishError:
            heir.close()
            assert time.monotonic() < end
    heir.commit(records(b"after"))
    heir.close()


def _received(receive: Any) -> list[tuple[bytes, bool]]:
    """What two reads give when an answer and the end of the connection arrive together."""
    here, there = socket.socketpair()
    there.sendall(b"wrong password")
    there.close()
    here.setblocking(False)
    carrier = transport.KafkaTCPTransport(None, here)
    found = [receive(carrier) for _ in range(2)]
    here.close()
    return [(bytes(data), error is not None) for data, error in found]


def test_d10_client_meets_the_end_before_the_answer() -> None:
    """An answer that arrives with the end of its connection comes with an error, for which the
    client throws it away."""
    last_words.keep()
    dropping = transport.KafkaTCPTransport._sock_recv.__wrapped__
    assert _received(dropping)[0] == (b"wrong password", True)


def test_d10_answer_is_read_first() -> None:
    """With ours the answer counts, and the end is met at the next read."""
    last_words.keep()
    kept = _received(transport.KafkaTCPTransport._sock_recv)
    assert kept == [(b"wrong password", False), (b"", True)]
