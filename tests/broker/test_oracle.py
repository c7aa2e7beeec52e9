"""The judge of the broker tests is itself judged: it sees each kind of fault, and the whole topic."""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import confluent_kafka
import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from tests.broker.kafka_broker import Broker
from tests.broker.oracle import (
    TOPICS,
    Heard,
    Judgement,
    UnreadError,
    compare,
    judge,
    read_committed,
    read_uncommitted,
)


def heard(*revisions: int, value: bytes = b"v") -> list[Heard]:
    return [
        Heard("t", 0, at, "kw-1", value, {"ce_id": f"e{n}", "kw_revision": str(n)})
        for at, n in enumerate(revisions)
    ]


def plain(*numbers: int) -> list[Heard]:
    """Records without a revision, as those of the reports topic are."""
    return [Heard("t", 0, at, "kw-1", b"v", {"ce_id": f"e{n}"}) for at, n in enumerate(numbers)]


def moved(partition: int, record: Heard) -> Heard:
    return Heard("t", partition, 0, record.key, record.value, record.headers)


def row(seq: int, key: str = "kw-1") -> dict[str, Any]:
    return {"seq": seq, "key": key, "value": b"v"}


SAID = {f"e{n}": row(n) for n in (1, 2, 3)}
OTHER_VALUE = Heard("t", 0, 9, "kw-1", b"w", {"ce_id": "e3", "kw_revision": "3"})


def test_compare_has_nothing_to_say_of_the_same() -> None:
    """Each row once and in order: nothing to say."""
    assert not any(compare(SAID, heard(1, 2, 3)).values())
    assert Judgement(rows=3, uncommitted_copies=2).clean


@pytest.mark.parametrize(
    ("records", "faults"),
    [
        (heard(1, 2), {"lost": 1}),
        (heard(1, 2, 2, 3), {"doubled": 1}),
        (heard(1, 3, 2), {"reordered": 1}),
        (plain(1, 3, 2), {"reordered": 1}),
        ([*heard(1, 2), moved(1, heard(3)[0])], {"reordered": 1}),
        (heard(1, 3), {"lost": 1, "holes": 1}),
        (heard(1, 2, 3, 4), {"foreign": 1}),
        (heard(1, 2, 3, value=b"w"), {"altered": 3}),
        ([*heard(1, 2, 3), OTHER_VALUE], {"doubled": 1, "altered": 1, "two_contents": 1}),
    ],
)
def test_compare_counts_each_fault(records: list[Heard], faults: dict[str, int]) -> None:
    """Lost, doubled, reordered by revision, by seq or by partition, with a hole, never said, changed
    on the way, one revision with two contents."""
    assert {name: n for name, n in compare(SAID, records).items() if n} == faults
    assert not Judgement(**faults).clean


def test_compare_takes_a_key_that_changed_for_altered() -> None:
    """A record under another key than its row has is not what was said."""
    said = {**SAID, "e3": row(3, key="kw-2")}
    assert compare(said, heard(1, 2, 3))["altered"] == 1


def make_topics(bootstrap: str, *names: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for made in admin.create_topics([NewTopic(name, 2, 1) for name in names]).values():
        made.result(20)


def topic_of(bootstrap: str) -> str:
    name = f"o{uuid.uuid4().hex[:8]}"
    make_topics(bootstrap, name)
    return name


def open_transaction(bootstrap: str, topic: str, *values: bytes) -> Any:
    """A producer with records that were sent and not yet committed."""
    settings = {"bootstrap.servers": bootstrap, "transactional.id": f"x{uuid.uuid4().hex}"}
    producer = confluent_kafka.Producer(settings)
    producer.init_transactions(20)
    producer.begin_transaction()
    for at, value in enumerate(values):
        producer.produce(topic, value, key=str(at), partition=at % 2, headers={"ce_id": f"c{at}"})
    producer.flush(20)
    return producer


@pytest.mark.broker
def test_read_uncommitted_alone_sees_broken_transactions(kafka: Broker) -> None:
    """Two committed records and three aborted ones: one reader sees two, the other five."""
    topic = topic_of(kafka.bootstrap)
    open_transaction(kafka.bootstrap, topic, b"a", b"b").commit_transaction(20)
    open_transaction(kafka.bootstrap, topic, b"x", b"y", b"z").abort_transaction(20)
    assert sorted(r.value for r in read_committed(kafka.bootstrap, topic)) == [b"a", b"b"]
    assert len(read_uncommitted(kafka.bootstrap, topic)) == 5


@pytest.mark.broker
def test_read_committed_waits_for_an_open_transaction(kafka: Broker) -> None:
    """What lies beyond the last stable offset is not the end: no short answer, but patience until
    the transaction ends, or an error."""
    topic = topic_of(kafka.bootstrap)
    producer = open_transaction(kafka.bootstrap, topic, b"a", b"b", b"c")
    with pytest.raises(UnreadError, match="missing"):
        read_committed(kafka.bootstrap, topic, 2)
    read: list[Heard] = []
    reading = threading.Thread(target=lambda: read.extend(read_committed(kafka.bootstrap, topic)))
    reading.start()
    time.sleep(0.5)  # so that it has begun to wait; it must answer rightly in any case
    producer.commit_transaction(20)
    reading.join(30)
    assert sorted(record.value for record in read) == [b"a", b"b", b"c"]


@pytest.mark.broker
def test_read_committed_tells_no_topic_from_an_empty_one(kafka: Broker) -> None:
    """Nothing read and nothing there are two answers."""
    with pytest.raises(UnreadError):
        read_committed(kafka.bootstrap, f"none-{uuid.uuid4().hex}")
    assert read_committed(kafka.bootstrap, topic_of(kafka.bootstrap)) == []


@pytest.mark.broker
def test_judge_reads_store_and_topics(kafka: Broker, tmp_path: Path) -> None:
    """A row that is in no topic is lost, a record that is in no outbox is foreign, and the copy of a
    broken transaction is counted beside them."""
    prefix = f"j{uuid.uuid4().hex[:8]}"
    make_topics(kafka.bootstrap, *(f"{prefix}.{topic}" for topic in TOPICS))
    store = tmp_path / "store.db"
    with sqlite3.connect(store) as conn:
        conn.execute("CREATE TABLE outbox (seq INTEGER, topic TEXT, key TEXT, value BLOB, ce_id)")
        conn.execute("INSERT INTO outbox VALUES (1, ?, '0', x'61', 'c0')", (TOPICS[0],))
        conn.execute("INSERT INTO outbox VALUES (2, ?, '0', x'61', 'never')", (TOPICS[1],))
    conn.close()
    full = f"{prefix}.{TOPICS[0]}"
    open_transaction(kafka.bootstrap, full, b"a", b"b").commit_transaction(20)
    open_transaction(kafka.bootstrap, full, b"a").abort_transaction(20)
    found = judge(store, kafka.bootstrap, prefix)
    assert found == Judgement(rows=2, lost=1, foreign=1, uncommitted_copies=1)
