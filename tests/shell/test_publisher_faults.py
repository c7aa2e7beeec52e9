"""The publisher's thread against a broker that fails wherever it can, invented here and so quick."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.config.schema import Config, Publish, Store
from worker.core.contract.message import INCIDENTS, REPORTS, Message
from worker.core.domain.errors import PublishError
from worker.publish import kafka_publisher
from worker.publish.kafka.ledger import Mark
from worker.publish.kafka.session import FencedError, RefusedError, StuckError
from worker.publish.kafka.topics import Prepared as Found
from worker.publish.kafka_publisher import KafkaPublisher
from worker.publish.session_steps import Owned
from worker.store import outbox, queries
from worker.store.connect import Binding, open_writer
from worker.store.writer import Writer


class FakeBroker:
    """A ledger and a log; each call may fail before or after it did what it was asked."""

    def __init__(self, faults: Iterator[str], refuses: Callable[[bytes], bool]) -> None:
        self.faults = faults
        self.refuses = refuses
        self.log: list[bytes] = []
        self.mark: Mark | None = None

    def fault(self) -> str:
        return next(self.faults, "")

    def answer(self, fault: str) -> None:
        """Raise what the fault says, unless it says nothing."""
        if fault.endswith("lost"):
            raise PublishError("broker_unavailable", fault)
        if fault == "fenced":
            raise FencedError("fenced")
        if fault == "right":
            raise PublishError("not_authorized")
        if fault == "stuck":
            raise StuckError("client_stuck")

    def call(self) -> None:
        self.answer(self.fault())

    def commit(self, records: Sequence[Any]) -> None:
        bad = [at for at, record in enumerate(records) if self.refuses(record.value)]
        if bad:
            raise RefusedError(tuple(bad), ValueError("too large"))
        fault = self.fault()
        if fault != "answer lost":
            self.answer(fault)
        *rows, mark = records
        self.log += [record.value for record in rows]
        self.mark = Mark(**json.loads(mark.value))
        self.answer(fault)


FAULTS = ("", "", "", "lost", "answer lost", "fenced", "right", "stuck")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    faults=st.lists(st.sampled_from(FAULTS), min_size=4, max_size=40), seed=st.integers(0, 2**32)
)
def test_each_row_arrives_once_in_order_whatever_fails_wherever(
    faults: list[str], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Real store, real thread, invented broker: any call may fail before or after its effect, and
    reports that are too large are set aside. What arrives are the other rows, each once, in order."""
    choose = random.Random(seed)
    broker = FakeBroker(iter(faults), lambda value: value.startswith(b"huge"))
    path = tmp_path_factory.mktemp("fake") / "store.db"
    writer = Writer(open_writer(path, Binding("kafka", "w1", "p"), durable=False), print)
    writer.start()
    settles = [fill(writer, choose, k) for k in range(choose.randint(1, 12))]
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        pretend(patch, broker)
        one = KafkaPublisher(
            Config(profile="p", store=Store(path=path), publish=Publish(batch_records=3)), writer,
            lambda event, keys: told.append(event), exit_now=lambda code: None,
        )  # fmt: skip
        one.start()
        end = time.monotonic() + 30
        while writer.submit(queries.count_waiting).result() and time.monotonic() < end:
            time.sleep(0.005)
        assert one.stop(10), (one.problem, told)
    assert isinstance(one.step, Owned)
    assert one.step.mark == broker.mark
    writer.close()
    sent = [value for value in itertools.chain(*settles) if not value.startswith(b"huge")]
    assert broker.log == sent
    assert told.count("publish.set_aside") == sum(map(len, settles)) - len(sent)


def fill(writer: Writer, choose: random.Random, k: int) -> list[bytes]:
    """One settle: incidents, and perhaps a report, which may be one that no broker takes."""
    values = [(INCIDENTS, f"{k}-{n}".encode()) for n in range(choose.randint(1, 3))]
    if choose.random() < 0.4:
        values.append((REPORTS, choose.choice(("huge", "small")).encode() + str(k).encode()))

    def append(conn: sqlite3.Connection) -> None:
        rows = [Message(topic, "k", {}, value, value.decode()) for topic, value in values]
        outbox.append(conn, outbox.next_settle_id(conn), rows, dt.datetime.now(dt.UTC))

    writer.submit(append).result()
    return [value for _, value in values]


def pretend(patch: pytest.MonkeyPatch, broker: FakeBroker) -> None:
    """Put the invented broker in the place of the client."""

    class Session:
        def __init__(self, *_: object) -> None:
            self.closed = False

        def open(self) -> None:
            broker.call()

        def commit(self, records: Sequence[Any]) -> None:
            assert not self.closed
            broker.commit(records)

        def close(self) -> None:
            self.closed = True

    def prepare(_: object) -> Found:
        broker.call()
        return Found("cluster/kw", (), ())

    def read(*_: object) -> Mark | None:
        broker.call()
        return broker.mark

    patch.setattr(kafka_publisher, "_BACKOFF_S", (0.0, 0.0))
    patch.setattr(kafka_publisher, "ProducerSession", Session)
    patch.setattr(kafka_publisher.topics, "prepare", prepare)
    patch.setattr(kafka_publisher.ledger, "read", read)
    patch.setattr(kafka_publisher.read_topics, "is_empty", lambda *_: not broker.log)
