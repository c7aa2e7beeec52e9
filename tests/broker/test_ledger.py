"""The decision at start, and the ledger as it lies on a real broker."""

from __future__ import annotations

import itertools
import uuid
from pathlib import Path

import pytest
from kafka import KafkaProducer

from tests.broker.kafka_broker import Broker
from tests.broker.publishing_process import config
from worker.core.errors import PublishError
from worker.publish.ledger import Mark, StoreSide, judge, read
from worker.publish.session import FencedError, Limits, Outgoing, ProducerSession
from worker.publish.topics import ensure

MARK = Mark("s1", 7, "h7", "o1")


def side(**changes: object) -> StoreSide:
    values = {"store_id": "s1", "hash_at_mark": "h7", "has_published": True, **changes}
    return StoreSide(**values)  # type: ignore[arg-type]


def test_same_row_in_both_is_agreement() -> None:
    """Store id, seq and hash equal: one history."""
    assert judge(MARK, side(), topics_empty=False) == "agreed"


def test_nothing_anywhere_is_a_fresh_start() -> None:
    """No mark, nothing published, topics empty."""
    store = side(hash_at_mark=None, has_published=False)
    assert judge(None, store, topics_empty=True) == "fresh"


@pytest.mark.parametrize(
    ("mark", "store", "empty", "verdict"),
    [
        (MARK, side(store_id="s2"), False, "foreign"),
        (MARK, side(hash_at_mark=None), False, "ahead"),
        (MARK, side(hash_at_mark="other"), False, "rewritten"),
        (None, side(has_published=True), True, "missing"),
        (None, side(has_published=False), False, "missing"),
        (Mark("s2", 0, "t", "o"), side(has_published=False), False, "missing"),
        (Mark("s1", 0, "t", "o"), side(hash_at_mark="other"), False, "rewritten"),
        (Mark("s1", 0, "t", "o"), side(hash_at_mark=None), True, "ahead"),
    ],
)
def test_every_other_case_is_a_divergence(
    mark: Mark | None, store: StoreSide, empty: bool, verdict: str
) -> None:
    """Lost, restored from a backup, rewritten, or a ledger that is gone: each has its name."""
    assert judge(mark, store, topics_empty=empty) == verdict


def test_rows_are_taken_for_published_only_with_proof() -> None:
    """Over all combinations, "agreed" with a row needs the same store and the same hash."""
    for store_id, row_hash, published, empty in itertools.product(
        ("s1", "s2"), (None, "h7", "x"), (True, False), (True, False)
    ):
        store = StoreSide(store_id, row_hash, published)
        agreed = judge(MARK, store, topics_empty=empty) == "agreed"
        assert agreed == (store_id == "s1" and row_hash == "h7")


@pytest.mark.broker
def test_newest_mark_is_found_behind_many_of_others(kafka: Broker, tmp_path: Path) -> None:
    """A mark that lies 1,300 records back is found; an instance without one has none."""
    wanted = config(tmp_path / "none.db", kafka.bootstrap, f"t{uuid.uuid4().hex[:8]}")
    ensure(wanted)
    topic = f"{wanted.topics.prefix}.ledger.v1"
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    producer.send(topic, key=b"w1", value=Mark("s1", 1, "h1", "o").encode())
    producer.send(topic, key=b"w1", value=MARK.encode())
    for number in range(1_300):
        producer.send(topic, key=b"w2", value=Mark("s2", number, "h", "o").encode())
    producer.flush(20)
    producer.close(timeout=5)
    assert read(wanted.kafka, topic, "w1", 20) == MARK
    assert read(wanted.kafka, topic, "w3", 20) is None


@pytest.mark.broker
def test_open_transaction_of_a_dead_process_is_not_read(kafka: Broker, tmp_path: Path) -> None:
    """What was sent but never committed is invisible, and ended by the next session."""
    wanted = config(tmp_path / "none.db", kafka.bootstrap, f"t{uuid.uuid4().hex[:8]}")
    ensure(wanted)
    topic = f"{wanted.topics.prefix}.ledger.v1"
    limits = Limits(8)
    dead = ProducerSession(wanted.kafka, "tx", limits)
    dead.open()
    dead._producer.begin_transaction()
    dead._producer.send(topic, key=b"w1", value=MARK.encode()).get(10)
    heir = ProducerSession(wanted.kafka, "tx", limits)
    heir.open()
    assert read(wanted.kafka, topic, "w1", 20) is None
    heir.commit([Outgoing(topic, b"w1", MARK.encode())])
    assert read(wanted.kafka, topic, "w1", 20) == MARK
    with pytest.raises(FencedError):
        dead._guard(dead._producer.commit_transaction)
    dead.close()
    heir.close()


@pytest.mark.broker
def test_open_transaction_of_another_worker_does_not_hide_our_mark(
    kafka: Broker, tmp_path: Path
) -> None:
    """Two workers share the ledger topic. While one of them has a transaction open there, the newest
    mark of the other is still found: an older one would have its rows sent a second time."""
    wanted = config(tmp_path / "none.db", kafka.bootstrap, f"t{uuid.uuid4().hex[:8]}")
    ensure(wanted)
    topic = f"{wanted.topics.prefix}.ledger.v1"
    ours, theirs = (ProducerSession(wanted.kafka, name, Limits(8)) for name in ("ours", "theirs"))
    ours.open()
    theirs.open()
    ours.commit([Outgoing(topic, b"w1", Mark("s1", 6, "h6", "o1").encode())])
    theirs._producer.begin_transaction()
    theirs._producer.send(topic, key=b"w2", value=Mark("s2", 1, "h", "o").encode()).get(10)
    ours.commit([Outgoing(topic, b"w1", MARK.encode())])
    with pytest.raises(PublishError, match="topic_unread"):
        read(wanted.kafka, topic, "w1", 3)
    theirs._producer.commit_transaction()
    assert read(wanted.kafka, topic, "w1", 20) == MARK
    ours.close()
    theirs.close()
