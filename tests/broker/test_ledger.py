"""The decision at start, and the ledger as it lies on a real broker."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from tests.broker.kafka_broker import Broker
from tests.broker.publishing_process import config
from worker.config.schema import Kafka
from worker.core.domain.errors import PublishError
from worker.publish.kafka import ledger
from worker.publish.kafka.client import Fetched, read_to_end
from worker.publish.kafka.ledger import Mark, StoreSide, judge, read
from worker.publish.kafka.session import FencedError, Limits, Outgoing, ProducerSession
from worker.publish.kafka.topics import ensure
from worker.publish.kafka_publisher import KafkaPublisher, SecondInstanceError
from worker.publish.session_steps import Past

MARK = Mark("s1", 7, "h7", "o1")


def side(**changes: object) -> StoreSide:
    values = {"store_id": "s1", "hash_at_mark": "h7", "has_published": True, **changes}
    return StoreSide(**values)  # type: ignore[arg-type]


def test_judge_agrees_on_the_same_row_in_both() -> None:
    """Store id, seq and hash equal: one history."""
    assert judge(MARK, side(), topics_empty=False) == "agreed"


def test_judge_takes_nothing_anywhere_for_a_fresh_start() -> None:
    """No mark, nothing published, topics empty."""
    store = side(hash_at_mark=None, has_published=False)
    assert judge(None, store, topics_empty=True) == "fresh"


def test_judge_knows_a_claim_without_rows_by_its_token() -> None:
    """A mark of this store that rests on no row yet: the store must have kept the same token."""
    claim = Mark("s1", 0, "token", "o1")
    assert judge(claim, side(hash_at_mark="token"), topics_empty=False) == "agreed"
    for other in (None, "another"):
        assert judge(claim, side(hash_at_mark=other), topics_empty=False) not in ("agreed", "fresh")


def test_judge_does_not_believe_a_ledger_that_lags_behind_its_store() -> None:
    """The broker lost its newest records, or was put back from a copy: what the store notes as
    published beyond the mark may be in no topic."""
    assert judge(MARK, side(seq=8), topics_empty=False) == "behind"
    assert judge(MARK, side(seq=7), topics_empty=False) == "agreed"


def test_judge_does_not_believe_a_store_that_published_elsewhere_meanwhile() -> None:
    """Its marks are about another cluster or prefix, whatever the rows look like."""
    assert judge(MARK, side(), topics_empty=False, moved=True) == "moved"
    assert judge(None, side(), topics_empty=True, moved=True) == "moved"
    fresh = side(hash_at_mark=None, has_published=False)
    assert judge(None, fresh, topics_empty=True, moved=True) == "fresh"


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
def test_judge_names_every_other_case_as_a_divergence(
    mark: Mark | None, store: StoreSide, empty: bool, verdict: str
) -> None:
    """Lost, restored from a backup, rewritten, or a ledger that is gone: each has its name."""
    assert judge(mark, store, topics_empty=empty) == verdict


def test_judge_takes_rows_for_published_only_with_proof() -> None:
    """Over all combinations, "agreed" with a row needs the same store and the same hash."""
    for store_id, row_hash, published, empty in itertools.product(
        ("s1", "s2"), (None, "h7", "x"), (True, False), (True, False)
    ):
        store = StoreSide(store_id, row_hash, published)
        agreed = judge(MARK, store, topics_empty=empty) == "agreed"
        assert agreed == (store_id == "s1" and row_hash == "h7")


@pytest.mark.broker
def test_read_finds_the_newest_mark_behind_many_of_others(
    kafka: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mark that lies 1,300 records back is found; an instance without one has none. For one that
    lies near the end the rest of the ledger is not read."""
    wanted = config(tmp_path / "none.db", kafka.bootstrap, f"t{uuid.uuid4().hex[:8]}")
    ensure(wanted)
    topic = f"{wanted.topics.prefix}.ledger.v1"
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    producer.send(topic, key=b"w1", value=Mark("s1", 1, "h1", "o").encode())
    producer.send(topic, key=b"w1", value=MARK.encode())
    for number in range(1_300):
        producer.send(topic, key=b"w2", value=Mark("s2", number, "h", "o").encode())
    producer.send(topic, key=b"w4", value=MARK.encode())
    producer.flush(20)
    producer.close(timeout=5)
    seen: list[int] = []

    def counted(*arguments: Any) -> Iterator[Fetched]:
        for record in read_to_end(*arguments):
            seen.append(record.offset)
            yield record

    monkeypatch.setattr(ledger, "read_to_end", counted)
    assert read(wanted.kafka, topic, "w4", 20) == MARK
    assert len(seen) <= 500  # the newest is looked for at the end first
    assert read(wanted.kafka, topic, "w1", 20) == MARK
    assert read(wanted.kafka, topic, "w3", 20) is None


@pytest.mark.broker
def test_read_names_what_cannot_be_a_ledger(kafka: Broker) -> None:
    """Two partitions, a foreign value under our key, a reading that took too long: each its reason,
    and a ledger whose beginning is gone is read as far as it goes."""
    name = f"t{uuid.uuid4().hex[:8]}"
    wanted = Kafka(bootstrap_servers=kafka.bootstrap)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics([NewTopic(f"{name}.two", 2, 1), NewTopic(f"{name}.one", 1, 1)])
    for value in (b"{}", b"not json", b"[1]", b'{"store_id": "s", "seq": "x"}'):
        producer.send(f"{name}.one", key=b"w1", value=value).get(20)
        assert reason(wanted, f"{name}.one", 20) == "ledger_unreadable"
    assert reason(wanted, f"{name}.two", 20) == "ledger_partitions"
    assert reason(wanted, f"{name}.one", 0) == "topic_unread"
    admin.delete_records({TopicPartition(f"{name}.one", 0): 3})
    admin.close()
    producer.close(timeout=5)
    assert read(wanted, f"{name}.one", "w2", 20) is None


def reason(kafka: Kafka, topic: str, timeout_s: float) -> str:
    with pytest.raises(PublishError) as caught:
        read(kafka, topic, "w1", timeout_s)
    return caught.value.reason


def test_a_foreign_mark_is_fatal_once_we_have_claimed(tmp_path: Path) -> None:
    """Before our first mark anything may stand in the ledger; afterwards only our own, or nothing,
    when the topic was deleted."""
    found = Mark("s1", 7, "h7", "somebody")
    one = KafkaPublisher(config(tmp_path / "none.db", "nowhere:1", "t"), None, print)  # type: ignore[arg-type]
    one._require_ours(Past(), found)
    one._require_ours(Past(has_owned=True), Mark("s1", 7, "h7", one._owner))
    one._require_ours(Past(has_owned=True), None)
    with pytest.raises(SecondInstanceError):
        one._require_ours(Past(has_owned=True), found)


@pytest.mark.broker
def test_read_passes_the_open_transaction_of_a_dead_process(kafka: Broker, tmp_path: Path) -> None:
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
def test_read_gives_no_older_mark_while_another_workers_transaction_is_open(
    kafka: Broker, tmp_path: Path
) -> None:
    """Two workers share the ledger topic. While one of them has a transaction open there, the other
    reads nothing rather than an older mark, which would have its rows sent a second time; once that
    has ended, its newest mark is found."""
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
