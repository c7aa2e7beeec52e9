"""What a session makes of a broker that misbehaves: each error has its class, in time, once.

The broker is the mock cluster. Outcomes are four: retried by the client and no trouble at all;
``RefusedError``; ``FencedError``; any other ``PublishError``, of which ``StuckError`` is one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import confluent_kafka
import pytest
from kafka.errors import InvalidRecordError, KafkaConnectionError
from kafka.future import Future

from tests.broker.conftest import SessionMaker
from tests.broker.mock_cluster import (
    ADD_PARTITIONS,
    END_TXN,
    FIND_COORDINATOR,
    INIT_PRODUCER_ID,
    PRODUCE,
    MockCluster,
)
from worker.core.domain.errors import PublishError
from worker.publish.kafka.session import (
    FencedError,
    Limits,
    Outgoing,
    ProducerSession,
    RefusedError,
    StuckError,
    _require_all,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]
TRANSACTION = (FIND_COORDINATOR, INIT_PRODUCER_ID, ADD_PARTITIONS, END_TXN)
OF_COORDINATOR = (14, 15, 16, 51)
"""Coordinator loading, not available, not this one; another transaction is being completed."""


def records(*values: bytes) -> list[Outgoing]:
    return [Outgoing("events", b"k", value) for value in values]


def arrived(cluster: MockCluster) -> list[bytes]:
    """All that the topic holds, read by the mock's own client.

    kafka-python's reader cannot do it here. It finds the checksums of the mock's commit markers
    wrong; and with ``api_version`` set it may lose what it was told to read: when that is told while
    the first answer about topics is on its way, the answer counts as fresh for five minutes.
    """
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "group.id": "reader",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
        }
    )
    consumer.assign([confluent_kafka.TopicPartition("events", 0, 0)])
    found: list[bytes] = []
    while (message := consumer.poll(30)) is not None and not message.error():
        found.append(message.value())
    consumer.close()
    assert message is not None
    assert message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF
    return found


def run(cluster: MockCluster, session: ProducerSession, api: int, *codes: int) -> float:
    """Open and commit one record while the broker answers so; how long that took, or raise."""
    began = time.monotonic()
    if api in (FIND_COORDINATOR, INIT_PRODUCER_ID):
        cluster.answer(api, *codes)
    session.open()
    cluster.answer(api, *codes)
    session.commit(records(b"x"))
    return time.monotonic() - began


@pytest.mark.parametrize("code", [3, 5, 6, 7, 9, 19, 20, 56, 74, 89])
def test_commit_retries_passing_errors_of_produce(
    code: int, cluster: MockCluster, session: ProducerSession
) -> None:
    """An error that passes (leader moved, not enough replicas, throttled …) costs no session, and
    nothing arrives twice."""
    cluster.answer(PRODUCE, code)
    session.commit(records(b"first"))
    session.commit(records(b"second"))
    assert arrived(cluster) == [b"first", b"second"]


@pytest.mark.parametrize("code", OF_COORDINATOR)
def test_session_retries_passing_errors_of_the_coordinator(
    code: int, cluster: MockCluster, make_session: SessionMaker
) -> None:
    """A coordinator that moves or loads while a session begins, adds partitions and commits."""
    for api in TRANSACTION:
        cluster.answer(api, code)
    session = make_session()
    session.open()
    session.commit(records(b"first"))
    assert arrived(cluster) == [b"first"]


@pytest.mark.parametrize("code", [10, 18, 32, 87])
def test_commit_raises_refused_for_what_is_never_taken(
    code: int, cluster: MockCluster, session: ProducerSession
) -> None:
    """Too large, too old or not valid: ``RefusedError`` with the position."""
    cluster.answer(PRODUCE, *[code] * 50)
    with pytest.raises(RefusedError) as caught:
        session.commit(records(b"x"))
    assert caught.value.positions == (0,)


@pytest.mark.parametrize("code", [47, 90])
@pytest.mark.parametrize("api", [INIT_PRODUCER_ID, ADD_PARTITIONS, PRODUCE, END_TXN])
def test_session_that_was_overtaken_is_fenced(
    api: int, code: int, cluster: MockCluster, make_session: SessionMaker
) -> None:
    """Another producer has our id, at whatever step we learn it: ``FencedError``."""
    with pytest.raises(FencedError):
        run(cluster, make_session(), api, *[code] * 50)


@pytest.mark.parametrize("code", [47, 90])
def test_session_that_is_overtaken_while_it_sends_is_fenced(
    code: int, cluster: MockCluster, session: ProducerSession
) -> None:
    """The client wraps what the broker said into the error of the next ``send``."""

    class Slowly(list[Outgoing]):
        def __iter__(self) -> Iterator[Outgoing]:
            first, *rest = super().__iter__()
            yield first
            while not session._producer._transaction_manager.has_error():
                time.sleep(0.01)
            yield from rest

    cluster.answer(ADD_PARTITIONS, *[code] * 50)
    with pytest.raises(FencedError):
        session.commit(Slowly(records(b"x", b"y")))


@pytest.mark.parametrize(
    ("api", "code", "reason"),
    [
        *((PRODUCE, code, "broker_unavailable") for code in (2, 17, 45, 48, 49, 59)),
        *((api, code, "broker_unavailable") for api in TRANSACTION for code in (48, 49, -1)),
        *((api, 53, "not_authorized") for api in (*TRANSACTION, PRODUCE)),
        (PRODUCE, 29, "not_authorized"),
        (ADD_PARTITIONS, 29, "not_authorized"),
        (FIND_COORDINATOR, 47, "broker_unavailable"),
        (FIND_COORDINATOR, 90, "broker_unavailable"),
    ],
)
def test_session_ends_in_time_on_lasting_errors(
    api: int, code: int, reason: str, cluster: MockCluster, make_session: SessionMaker
) -> None:
    """An error that lasts ends the session with a reason, at once and long before a deadline."""
    began = time.monotonic()
    with pytest.raises(PublishError) as caught:
        run(cluster, make_session(20), api, *[code] * 50)
    assert type(caught.value) is PublishError
    assert caught.value.reason == reason
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("api", [*TRANSACTION, PRODUCE])
def test_session_ends_by_its_deadline_on_errors_that_do_not_pass(
    api: int, cluster: MockCluster, make_session: SessionMaker
) -> None:
    """The client would try for ever, or for its own timeout; the session ends with an error."""
    began = time.monotonic()
    with pytest.raises(PublishError) as caught:
        run(cluster, make_session(1), api, *[7] * 1_000)
    assert time.monotonic() - began < 30
    assert isinstance(caught.value, StuckError) == (api == END_TXN)


def test_commit_names_a_refused_record_and_a_new_session_goes_on(
    cluster: MockCluster, session: ProducerSession, heir: Callable[[], ProducerSession]
) -> None:
    """The position of the record that the broker will never take is told."""
    session.commit(records(b"good"))
    with pytest.raises(RefusedError) as caught:
        session.commit(records(b"good", b"x" * 1_100_000))
    assert caught.value.positions == (1,)
    heir().commit(records(b"good again"))


def test_session_ends_in_an_outage_longer_than_delivery(
    cluster: MockCluster, make_session: SessionMaker, heir: Callable[[], ProducerSession]
) -> None:
    """A broker that goes away in the middle: an error in time, and the next session works."""
    session = make_session(2)
    session.open()
    session.commit(records(b"before"))
    cluster.down()
    with pytest.raises(PublishError):
        session.commit(records(b"during"))
    session.close()
    cluster.up()
    heir().commit(records(b"after"))


class Patient(Limits):
    """The client is told to wait for ten minutes, so that only our own deadlines are left."""

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "max_block_ms": 600_000,
            "request_timeout_ms": 1_000,
            "delivery_timeout_ms": 600_000,
            "transaction_timeout_ms": 10_000,
        }

    @property
    def start(self) -> float:
        return 1.0

    @property
    def flush(self) -> float:
        return 0.5


@pytest.mark.parametrize(
    ("step", "api"),
    [("start", FIND_COORDINATOR), ("send", None), ("flush", PRODUCE), ("commit", END_TXN)],
)
def test_session_has_a_deadline_for_every_step(
    step: str, api: int | None, cluster: MockCluster, make_session: SessionMaker
) -> None:
    """Where the client itself would wait for minutes, each step still ends, and with an error."""
    session = make_session()
    session._limits = Patient(1)
    topic = "events"
    if api is not None:
        cluster.answer(api, *[7] * 1_000)
    began = time.monotonic()
    with pytest.raises(PublishError) as caught:
        session.open()
        if step == "send":
            topic = "never-asked-for"
            cluster.cut_off(session._producer)
        session.commit([Outgoing(topic, b"k", b"x")])
    assert time.monotonic() - began < 30
    if step != "flush":  # this one is given a limit that it keeps
        assert isinstance(caught.value, StuckError)
        assert f"{step} did not return" in str(caught.value)


def test_close_never_delivers_what_the_session_still_held(
    cluster: MockCluster, make_session: SessionMaker
) -> None:
    """A session is closed with a record on its hands, and the client's own ``close`` hangs: closing
    returns, the client's thread ends, and the broker never gets the record."""
    session = make_session()
    session._limits = Patient(1)
    session.open()
    cluster.answer(PRODUCE, *[7] * 1_000)
    with pytest.raises(PublishError):
        session.commit(records(b"in doubt"))
    sender, never = session._producer._sender, threading.Event()
    session._producer.close = lambda **_: never.wait(60)
    began = time.monotonic()
    session.close()
    assert time.monotonic() - began < 20
    sender.join(20)
    never.set()
    assert not sender.is_alive()
    cluster.forgive(PRODUCE)
    assert arrived(cluster) == []


def future(error: BaseException | None = None) -> Any:
    """A future of the client, done."""
    return Future().success(None) if error is None else Future().failure(error)


def test_require_all_looks_at_every_record() -> None:
    """All refused positions are named; a record neither sent nor failed is no success; any other
    failure is raised as it is."""
    refused, lost = InvalidRecordError("no"), KafkaConnectionError("gone")
    _require_all([future(), future()])
    with pytest.raises(RefusedError) as caught:
        _require_all([future(), future(refused), future(lost), future(refused)])
    assert caught.value.positions == (1, 3)
    with pytest.raises(StuckError):
        _require_all([future(), Future()])
    with pytest.raises(KafkaConnectionError):
        _require_all([future(), future(lost)])


@pytest.mark.parametrize("deadline_s", [0, 1, 8, 60, 900, 5_000])
def test_limits_let_the_client_give_up_before_we_do(deadline_s: float) -> None:
    """The client's own limits are tighter than ours, fit together, and brokers accept them: by
    default none takes a transaction of more than 15 minutes."""
    limits = Limits(deadline_s)
    told = limits.settings
    assert told["request_timeout_ms"] <= told["delivery_timeout_ms"] < 1_000 * limits.flush
    if deadline_s >= 4:  # a request that got lost can be sent once more
        assert 2 * told["request_timeout_ms"] <= told["delivery_timeout_ms"]
    assert told["max_block_ms"] < 1_000 * limits.flush
    assert told["max_block_ms"] < 1_000 * limits.start
    assert 10_000 <= told["transaction_timeout_ms"] <= 900_000
