"""From the outbox to read_committed consumers on a real broker: each row once, in order, unchanged."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import confluent_kafka
import pytest

from tests.broker import oracle
from tests.broker.kafka_broker import Broker, free_port
from tests.broker.publishing_process import config, revision, settle, started
from tests.conftest import start_kafka
from worker.config.schema import Config
from worker.core.contract.message import INCIDENT_LOG, REPORTS, Message
from worker.publish.kafka import ledger
from worker.publish.kafka.session import Limits, Outgoing, ProducerSession
from worker.publish.kafka_publisher import KafkaPublisher, SecondInstanceError
from worker.store import outbox, queries
from worker.store.connect import Binding, open_writer
from worker.store.writer import Writer

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]


class Publishing:
    """Store, writer and publisher of one worker, inside the test."""

    def __init__(self, wanted: Config) -> None:
        self.config = wanted
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.fatal: list[BaseException] = []
        binding = Binding("kafka", wanted.instance, "anywhere")
        self.writer = Writer(open_writer(wanted.store.path, binding), self.fatal.append)
        self.writer.start()
        self.publisher = KafkaPublisher(
            wanted,
            self.writer,
            lambda event, keys: self.told.append((event, keys)),
            on_fatal=self.fatal.append,
            exit_now=lambda code: self.fatal.append(SystemExit(code)),
        )

    def write(self, settles: int, seed: int = 1) -> None:
        choose = random.Random(seed)
        for _ in range(settles):
            self.writer.submit(lambda conn: settle(conn, choose)).result()

    def add(self, *messages: Message) -> None:
        def append(conn: sqlite3.Connection) -> None:
            import datetime as dt

            outbox.append(conn, outbox.next_settle_id(conn), messages, dt.datetime.now(dt.UTC))

        self.writer.submit(append).result()

    def waiting(self) -> int:
        return self.writer.submit(queries.count_waiting).result()

    def until(self, done: Any, timeout: float = 60) -> None:
        end = time.monotonic() + timeout
        while not done():
            assert time.monotonic() < end, (self.told, self.publisher.problem)
            time.sleep(0.05)

    def events(self, name: str) -> list[dict[str, Any]]:
        return [keys for event, keys in self.told if event == name]

    def close(self) -> None:
        self.publisher.stop(10)
        self.writer.close()


@pytest.fixture
def prefix() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


@pytest.fixture
def worker_of(tmp_path: Path) -> Iterator[Any]:
    made: list[Publishing] = []

    def make(bootstrap: str, prefix: str, **changes: Any) -> Publishing:
        store = changes.pop("store", tmp_path / "store.db")
        made.append(Publishing(config(store, bootstrap, prefix, **changes)))
        return made[-1]

    yield make
    for publishing in made:
        publishing.close()


def written(store: Path) -> int:
    """How many rows a publishing process has written so far; on a busy machine it starts slowly."""
    if not store.exists():
        return 0
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as conn:
        try:
            return int(conn.execute("SELECT coalesce(max(seq), 0) FROM outbox").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def test_publisher_gives_consumers_what_the_outbox_holds(
    kafka: Broker, prefix: str, worker_of: Any
) -> None:
    """Every row arrives once, with its key, headers and bytes, in the order of the outbox."""
    one = worker_of(kafka.bootstrap, prefix)
    one.write(120)
    one.publisher.start()
    one.until(lambda: one.waiting() == 0)
    assert oracle.judge(one.config.store.path, kafka.bootstrap, prefix).clean
    heard = oracle.read_committed(kafka.bootstrap, f"{prefix}.{INCIDENT_LOG}")
    rows = {row["ce_id"]: row for row in oracle.outbox_rows(one.config.store.path)
            if row["topic"] == INCIDENT_LOG}  # fmt: skip
    assert all(json.loads(rows[r.headers["ce_id"]]["headers"]) == r.headers for r in heard)
    assert all(rows[r.headers["ce_id"]]["key"] == r.key for r in heard)
    assert one.publisher.stop(20)
    assert not one.events("store.diverged")


def test_next_start_goes_on_where_the_ledger_is(kafka: Broker, prefix: str, worker_of: Any) -> None:
    """Rows that were committed but never marked are not sent again by the next process. Its claim
    keeps how far the ledger was, and only changes the owner."""
    one = worker_of(kafka.bootstrap, prefix)
    one.write(20)
    one.publisher.start()
    one.until(lambda: one.waiting() == 0)
    one.close()
    before = mark_of(one.config)
    conn = sqlite3.connect(one.config.store.path)
    conn.execute("UPDATE outbox SET published = 0")
    conn.commit()
    conn.close()
    two = worker_of(kafka.bootstrap, prefix)
    two.publisher.start()
    two.until(lambda: two.publisher.step.past.has_owned)
    after = mark_of(two.config)
    assert before.seq > 0
    assert (after.seq, after.row_hash) == (before.seq, before.row_hash)
    assert after.owner != before.owner
    two.write(5, seed=2)
    two.publisher.wake()
    two.until(lambda: two.waiting() == 0)
    assert oracle.judge(two.config.store.path, kafka.bootstrap, prefix).clean


def mark_of(wanted: Config) -> ledger.Mark:
    """The newest mark of a worker on its broker."""
    topic = f"{wanted.topics.prefix}.{ledger.TOPIC}"
    found = ledger.read(wanted.kafka, topic, wanted.instance, 20)
    assert found is not None
    return found


def test_publisher_keeps_everything_without_a_broker_at_start(
    tmp_path: Path, prefix: str, worker_of: Any
) -> None:
    """Without a broker the outbox keeps everything; the reason and an advice are said once."""
    one = worker_of(f"127.0.0.1:{free_port()}", prefix, deadline_s=2)
    one.write(5)
    rows = one.waiting()
    one.publisher.start()
    one.until(lambda: one.events("publish.failed"), timeout=30)
    time.sleep(3)
    assert one.waiting() == rows
    assert [keys["reason"] for keys in one.events("publish.failed")] == ["broker_unavailable"]
    assert one.publisher.problem is not None
    assert "bootstrap_servers" in one.publisher.problem.advice
    assert not one.publisher.stop(20)


def test_second_instance_is_fatal_for_the_first(
    kafka: Broker, prefix: str, worker_of: Any, tmp_path: Path
) -> None:
    """A second worker under one instance name takes over; the first ends with a named error, and
    nothing that either committed is lost or doubled."""
    first = worker_of(kafka.bootstrap, prefix)
    first.write(10)
    first.publisher.start()
    first.until(lambda: first.waiting() == 0)
    second_store = tmp_path / "second.db"
    with sqlite3.connect(first.config.store.path) as source, sqlite3.connect(second_store) as copy:
        source.backup(copy)
    second = worker_of(kafka.bootstrap, prefix, store=second_store)
    second.publisher.start()
    second.until(lambda: second.publisher.step.past.has_owned)
    first.write(1, seed=3)
    first.publisher.wake()
    first.until(lambda: first.fatal)
    assert isinstance(first.fatal[0], SecondInstanceError)
    assert first.publisher.problem is not None
    assert first.publisher.problem.reason == "second_instance"
    second.write(3, seed=4)
    second.publisher.wake()
    second.until(lambda: second.waiting() == 0)
    assert not second.fatal
    assert not second.events("publish.rebuilt")  # the first looked before it took the id back
    assert oracle.judge(second_store, kafka.bootstrap, prefix).clean


def test_taken_over_while_a_session_opens(
    kafka: Broker, prefix: str, worker_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker claims our name between our look at the ledger and our taking of the id: we
    see its mark before anything is sent, and end."""
    one = worker_of(kafka.bootstrap, prefix)
    one.write(3)
    one.publisher.start()
    one.until(lambda: one.waiting() == 0)
    other = ProducerSession(one.config.kafka, f"{prefix}.w1", Limits(8))
    opened = ProducerSession.open

    def overtaken(session: ProducerSession) -> None:
        monkeypatch.setattr(ProducerSession, "open", opened)
        own = mark_of(one.config)
        mark = ledger.Mark(own.store_id, own.seq, own.row_hash, "other")
        other.commit([Outgoing(f"{prefix}.{ledger.TOPIC}", b"w1", mark.encode())])
        opened(session)

    other.open()  # our session is fenced from here on, the ledger is still ours
    monkeypatch.setattr(ProducerSession, "open", overtaken)
    one.write(1, seed=2)
    one.publisher.wake()
    one.until(lambda: one.fatal)
    other.close()
    assert isinstance(one.fatal[0], SecondInstanceError)
    assert one.waiting() > 0


def test_publisher_sets_a_report_too_large_aside_and_goes_on(
    kafka: Broker, prefix: str, worker_of: Any
) -> None:
    """A reports row that no broker takes is marked 2 and named; its neighbours arrive."""
    one = worker_of(kafka.bootstrap, prefix)
    one.write(3)
    one.add(Message(REPORTS, "a-big", {"ce_id": "big"}, b"x" * 2_000_000, "big"))
    one.add(*revision("kw-after", 1, 99))
    one.publisher.start()
    one.until(lambda: one.waiting() == 0)
    states = {row["ce_id"]: row["published"] for row in oracle.outbox_rows(one.config.store.path)}
    assert states.pop("big") == 2
    assert set(states.values()) == {1}
    assert [keys["key"] for keys in one.events("publish.set_aside")] == ["a-big"]
    assert one.publisher.problem is None


def test_incident_row_is_never_skipped(kafka: Broker, prefix: str, worker_of: Any) -> None:
    """A revision that no broker takes stops publishing: what follows it waits, and we say so."""
    one = worker_of(kafka.bootstrap, prefix)
    one.add(*revision("kw-before", 1, 1))
    one.add(*revision("kw-huge", 1, 2, padding=2_000_000))
    one.add(*revision("kw-after", 1, 3))
    one.publisher.start()
    one.until(lambda: one.publisher.flow.is_blocked)
    assert one.waiting() == 4
    heard = oracle.read_committed(kafka.bootstrap, f"{prefix}.{INCIDENT_LOG}")
    assert [record.key for record in heard] == ["kw-before"]
    time.sleep(2)  # tried again meanwhile: still blocked, and said once
    assert one.publisher.flow.is_blocked
    assert [keys["reason"] for keys in one.events("publish.failed")] == ["record_refused"]


def test_publisher_stops_at_a_lost_store_without_knowledge(
    kafka: Broker, prefix: str, worker_of: Any, tmp_path: Path
) -> None:
    """A new store under an old name sends nothing: its revisions would double the old ones."""
    old = worker_of(kafka.bootstrap, prefix)
    old.write(10)
    old.publisher.start()
    old.until(lambda: old.waiting() == 0)
    old.close()
    before = len(oracle.read_committed(kafka.bootstrap, f"{prefix}.{INCIDENT_LOG}"))
    new = worker_of(kafka.bootstrap, prefix, store=tmp_path / "new.db")
    new.write(3, seed=5)
    new.publisher.start()
    new.until(lambda: new.events("store.diverged"))
    new.until(lambda: new.publisher.problem is not None)
    assert new.events("store.diverged")[0]["reason"] == "foreign"
    assert not new.publisher.may_settle
    after = len(oracle.read_committed(kafka.bootstrap, f"{prefix}.{INCIDENT_LOG}"))
    assert after == before


def test_publisher_chooses_the_partition_of_a_key_as_java_does(
    kafka: Broker, prefix: str, worker_of: Any
) -> None:
    """Consumers in Java or C find an incident where their own partitioner looks for it."""
    one = worker_of(kafka.bootstrap, prefix)
    one.add(*(m for n in range(30) for m in revision(f"kw-p{n}", 1, 1)))
    one.publisher.start()
    one.until(lambda: one.waiting() == 0)
    topic = f"{prefix}.{INCIDENT_LOG}"
    ours = {r.key: r.partition for r in oracle.read_committed(kafka.bootstrap, topic)}
    theirs: dict[str, int] = {}
    other = confluent_kafka.Producer(
        {"bootstrap.servers": kafka.bootstrap, "partitioner": "murmur2_random"}
    )
    for key in ours:
        other.produce(
            topic,
            key=key,
            value=b"x",
            on_delivery=lambda _, sent: theirs.update({sent.key().decode(): sent.partition()}),
        )
    other.flush(20)
    assert len(set(ours.values())) == 3
    assert theirs == ours


def test_publisher_gives_the_password_and_names_a_wrong_one(
    prefix: str, worker_of: Any, tmp_path: Path
) -> None:
    """A broker that asks who we are: with the password from its file rows are published; with a
    wrong one the reason says so, and nothing is lost."""
    broker = start_kafka(Broker(tmp_path / "kafka", user=("wire", "s3same")))
    try:
        secret = tmp_path / "secret"
        secret.write_text("wrong\n")
        one = worker_of(broker.bootstrap, prefix)
        told = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN",
                "sasl_username": "wire", "sasl_password_file": secret}  # fmt: skip
        one.config.__dict__["kafka"] = one.config.kafka.model_copy(update=told)
        one.write(3)
        rows = one.waiting()
        one.publisher.start()
        one.until(lambda: one.events("publish.failed"))
        assert one.events("publish.failed")[0]["reason"] == "not_authenticated"
        assert one.waiting() == rows
        secret.write_text("s3same\n")
        one.until(lambda: one.waiting() == 0)
    finally:
        broker.stop()


@pytest.mark.chaos
def test_publisher_killed_in_the_middle_many_times_loses_nothing(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    """A publishing process is killed again and again; nothing is lost, doubled or reordered."""
    store, log = tmp_path / "store.db", tmp_path / "process.log"
    choose = random.Random(7)
    for _ in range(6):
        before = written(store)
        running = started(store, kafka.bootstrap, prefix, 150, log)
        deadline = time.monotonic() + 30
        while written(store) < before + 50 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(choose.uniform(0.2, 1.5))
        running.kill()
        running.wait()
    drained = started(store, kafka.bootstrap, prefix, 0, log)
    assert drained.wait(60) == 0, log.read_text()
    judgement = oracle.judge(store, kafka.bootstrap, prefix)
    assert judgement.rows > 200
    assert judgement.clean, (judgement, log.read_text())


@pytest.mark.chaos
def test_publisher_bears_a_broker_that_is_killed_and_frozen(
    own_kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    """The broker is killed once and frozen once while rows come in; nothing is lost or doubled."""
    store, log = tmp_path / "store.db", tmp_path / "process.log"
    running = started(store, own_kafka.bootstrap, prefix, 60, log)
    time.sleep(5)
    own_kafka.restart()
    time.sleep(4)
    own_kafka.freeze()
    threading.Event().wait(6)
    own_kafka.thaw()
    time.sleep(5)
    running.kill()
    running.wait()
    assert started(store, own_kafka.bootstrap, prefix, 0, log).wait(90) == 0, log.read_text()
    judgement = oracle.judge(store, own_kafka.bootstrap, prefix)
    assert judgement.rows > 100
    assert judgement.clean, (judgement, log.read_text())
