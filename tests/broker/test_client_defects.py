"""What kafka-python's producer does wrong, as of the version we pin.

If one of these fails after an upgrade, the client was mended: good news, and a reason to read
``worker/publish/kafka/session.py`` again. That a session bears each of them is shown beside it, or in
``test_session.py``; those must never fail.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import InvalidRecordError, KafkaError, KafkaTimeoutError
from kafka.net import transport

from tests.broker.conftest import SessionMaker
from tests.broker.kafka_broker import free_port
from tests.broker.mock_cluster import API_VERSION, PRODUCE, MockCluster
from worker.config.schema import Kafka
from worker.core.domain.errors import PublishError
from worker.publish.kafka import client as client
from worker.publish.kafka import transport_fix
from worker.publish.kafka.client import NarrowGate
from worker.publish.kafka.session import Limits, Outgoing, ProducerSession, StuckError, within

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]
REQUEST_TIMED_OUT, INVALID_RECORD = 7, 87
SHORT = {"request_timeout_ms": 1_000, "delivery_timeout_ms": 2_000, "max_block_ms": 20_000}


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
    later = producer.send("events", b"after")
    with contextlib.suppress(KafkaTimeoutError):
        later.get(5)  # more than twice its delivery timeout
    assert not later.is_done


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
    cluster: MockCluster, make_session: SessionMaker
) -> None:
    """Any failed future ends the transaction with an error instead of a commit."""
    session = make_session(2)
    session.open()
    cluster.answer(PRODUCE, *[REQUEST_TIMED_OUT] * 1_000)
    with pytest.raises(PublishError):
        session.commit(records(b"lost"))


def test_d4_commit_never_returns_after_the_coordinator_was_away(
    cluster: MockCluster, producers: Any
) -> None:
    """D4: the coordinator's connection is gone in the moment of the commit; it comes back at once,
    others publish, and the commit waits for ever, for its request was dropped."""
    producer = producers(transactional_id="d4")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send("events", b"sent")
    producer.flush(30)
    cluster.cut_off(producer)
    ended = threading.Event()

    def commit() -> None:
        with contextlib.suppress(KafkaError):
            producer.commit_transaction()
        ended.set()

    threading.Thread(target=commit, daemon=True).start()
    assert not ended.wait(0.2)
    cluster.up()
    producers().send("events", b"another producer's").get(30)
    assert not ended.wait(3)  # three times its request timeout


def test_d4_session_gives_up_and_the_next_one_goes_on(
    cluster: MockCluster,
    make_session: SessionMaker,
    heir: Callable[[], ProducerSession],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same moment inside a session: it ends by its own deadline, with signs of life meanwhile,
    and a new session with the same id commits."""
    beats: list[float] = []
    session = make_session(6, lambda: beats.append(time.monotonic()))
    session.open()

    def go_away(point: str) -> None:
        if point == "publish.before_commit":
            monkeypatch.setattr("worker.crash_points.point", lambda _: None)
            beats.clear()
            cluster.cut_off(session._producer)

    monkeypatch.setattr("worker.crash_points.point", go_away)
    began = time.monotonic()
    with pytest.raises(StuckError, match="commit did not return"):
        session.commit(records(b"in doubt"))
    assert time.monotonic() - began < 30
    assert beats
    session.close()
    cluster.up()
    heir().commit(records(b"after"))


def test_d5_send_never_blocks_while_the_broker_is_down(
    cluster: MockCluster, producers: Any
) -> None:
    """D5: with the broker down 20 MB are taken without a word; so a batch must be bounded by us."""
    producer = producers(delivery_timeout_ms=60_000)
    producer.send("events", b"0").get(30)
    cluster.down()
    began = time.monotonic()
    for _ in range(2_000):
        producer.send("events", b"x" * 10_000)
    assert time.monotonic() - began < 60  # its delivery timeout: send itself never waited


def test_d6_constructor_and_send_hold_their_caller_up(cluster: MockCluster, producers: Any) -> None:
    """D6: without a broker the constructor waits for its timeout, and so does the first ``send`` to
    a topic; both end by themselves, in a time that is ours to set."""
    nobody = f"127.0.0.1:{free_port()}"
    producer = producers(max_block_ms=1_000)
    cluster.down()
    for block in (
        lambda: KafkaProducer(bootstrap_servers=nobody, bootstrap_timeout_ms=1_000),
        lambda: producer.send("never-asked-for", b"x"),
    ):
        began = time.monotonic()
        with pytest.raises(KafkaTimeoutError):
            block()
        assert 0.5 < time.monotonic() - began < 30


def test_d6_session_is_not_held_up_by_a_silent_broker() -> None:
    """A broker that takes the connection and never says a word: the client waits longer than it was
    told to, a session does not."""

    class Hasty(Limits):
        @property
        def start(self) -> float:
            return 1.0

    with socket.create_server(("127.0.0.1", 0)) as silent:
        kafka = Kafka(bootstrap_servers=f"127.0.0.1:{silent.getsockname()[1]}")
        session = ProducerSession(kafka, "tx", Hasty(2))
        began = time.monotonic()
        with pytest.raises(StuckError, match="start did not return"):
            session.open()
        assert time.monotonic() - began < 30
        session.close()


class Lines(logging.Handler):
    """Keeps what reaches it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.kept: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(record)


def test_d8_an_outage_floods_the_log_and_the_gate_holds_it_back(
    cluster: MockCluster, producers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D8: in a few seconds without a broker the client logs more warnings and errors than ten, and
    ten are what we let pass in ten minutes."""
    said, passed = Lines(), Lines()
    monkeypatch.setattr(logging.getLogger("kafka"), "handlers", [said, NarrowGate()])
    monkeypatch.setattr(logging.getLogger("kafka"), "propagate", False)
    monkeypatch.setattr(logging.getLogger(), "handlers", [passed])
    producer = producers(delivery_timeout_ms=60_000)
    producer.send("events", b"0").get(30)
    cluster.down()
    producer.send("events", b"waits")
    end = time.monotonic() + 30
    while len(said.kept) < 25:
        assert time.monotonic() < end, "the client has become quiet"
        time.sleep(0.05)
    assert len([line for line in passed.kept if line.name.startswith("kafka")]) == 10


def started_since(before: set[threading.Thread], seconds: float) -> set[threading.Thread]:
    """Threads that were started since then and live on, after waiting for their end."""
    end = time.monotonic() + seconds
    while (left := set(threading.enumerate()) - before) and time.monotonic() < end:
        time.sleep(0.05)
    return left


NOBODY: dict[str, Any] = {"bootstrap_servers": "127.0.0.1:1", "bootstrap_timeout_ms": 300}
CLIENTS = [KafkaConsumer, KafkaProducer, KafkaAdminClient]


@pytest.mark.parametrize("client_class", [KafkaConsumer, KafkaAdminClient])
def test_d11_a_constructor_that_finds_no_broker_leaves_a_thread(client_class: Any) -> None:
    """D11: when no broker answers, the constructor raises and its network thread lives on."""
    before = set(threading.enumerate())
    with pytest.raises(KafkaTimeoutError):
        client_class(**NOBODY)
    assert started_since(before, 2)


@pytest.mark.parametrize("client_class", CLIENTS)
def test_d11_what_we_build_leaves_nothing_behind(client_class: Any) -> None:
    """The same through ``build``: no thread (files are counted in ``test_outage``)."""
    before = set(threading.enumerate())
    with pytest.raises(KafkaTimeoutError):
        client.build(client_class, **NOBODY)
    assert not started_since(before, 10)


def test_session_that_ended_in_doubt_leaves_no_thread(
    cluster: MockCluster, make_session: SessionMaker
) -> None:
    """A broker goes away in the middle: after the failure and ``close`` the client's threads end."""
    opened = make_session()
    before = set(threading.enumerate())
    opened.open()
    opened.commit(records(b"before"))
    assert set(threading.enumerate()) - before
    cluster.down()
    with pytest.raises(PublishError):
        opened.commit(records(b"during"))
    opened.close()
    assert not started_since(before, 30)


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
    transport_fix.keep()
    dropping = transport.KafkaTCPTransport._sock_recv.__wrapped__
    assert _received(dropping)[0] == (b"wrong password", True)


def test_d10_answer_is_read_first() -> None:
    """With ours the answer counts, and the end is met at the next read."""
    transport_fix.keep()
    kept = _received(transport.KafkaTCPTransport._sock_recv)
    assert kept == [(b"wrong password", False), (b"", True)]
