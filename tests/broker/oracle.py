"""What consumers saw against what the store said: lost, doubled, out of order, with holes.

Rules
-----
1. Independent of what it judges: records are read by librdkafka, an implementation of its own; of
   the worker it knows the names of three topics and the table ``outbox``, nothing else.
2. Every partition from its beginning to its *high watermark* as it stood when reading began. A
   transaction that is still open there is waited for: reading to the last stable offset would call
   complete what is not. What was not read in time raises ``UnreadError``, never a short answer.
3. A record is known by its topic and ``ce_id``. Order is judged twice, by revision and by ``seq`` of
   the outbox, for each key; a key in two partitions has no order at all and counts as reordered.
4. ``uncommitted_copies`` is what a ``read_uncommitted`` consumer sees more. It tells how many
   transactions were broken off, and is no fault.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from worker.core.contract.message import INCIDENT_LOG, INCIDENTS, REPORTS

TOPICS = (INCIDENT_LOG, INCIDENTS, REPORTS)
_ANSWER_S = 10
_PAUSE_S = 0.1
_NO_LEADER_YET = frozenset({KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE})
_SILENT = ("_TRANSPORT", "_ALL_BROKERS_DOWN", "_TIMED_OUT")
"""A broker that goes and comes while we read is no reason to give up before the time is over."""


class UnreadError(Exception):
    """A topic is not there, or was not read to its end in time."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A record as librdkafka delivered it."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    headers: dict[str, str]

    @property
    def ce_id(self) -> str:
        return self.headers.get("ce_id", "")

    @property
    def revision(self) -> int | None:
        text = self.headers.get("kw_revision")
        return None if text is None else int(text)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Counts over all topics; all but ``rows`` and ``uncommitted_copies`` must be 0."""

    rows: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    holes: int = 0
    foreign: int = 0
    altered: int = 0
    two_contents: int = 0
    uncommitted_copies: int = 0

    @property
    def clean(self) -> bool:
        return not any(
            (self.lost, self.doubled, self.reordered, self.holes, self.foreign, self.altered,
             self.two_contents)
        )  # fmt: skip


def read_committed(bootstrap: str, topic: str, timeout_s: float = 60) -> list[Heard]:
    """All committed records of a topic, to its high watermark. Raises ``UnreadError``."""
    return _read(bootstrap, topic, "read_committed", timeout_s)


def read_uncommitted(bootstrap: str, topic: str, timeout_s: float = 60) -> list[Heard]:
    """All records, those of broken transactions too. Raises ``UnreadError``."""
    return _read(bootstrap, topic, "read_uncommitted", timeout_s)


def outbox_rows(store: Path) -> list[sqlite3.Row]:
    """The outbox in the order of ``seq``."""
    conn = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=20)
    conn.row_factory = sqlite3.Row
    rows = conn.execute("SELECT * FROM outbox ORDER BY seq").fetchall()
    conn.close()
    return rows


def judge(store: Path, bootstrap: str, prefix: str) -> Judgement:
    """Compare every row of the outbox with every committed record."""
    rows = [row for row in outbox_rows(store) if row["topic"] in TOPICS]
    counts: Counter[str] = Counter(rows=len(rows))
    for topic in TOPICS:
        said = {row["ce_id"]: row for row in rows if row["topic"] == topic}
        heard = read_committed(bootstrap, f"{prefix}.{topic}")
        counts.update(compare(said, heard))
        copies = len(read_uncommitted(bootstrap, f"{prefix}.{topic}")) - len(heard)
        counts["uncommitted_copies"] += copies
    return Judgement(**counts)


def compare(said: Mapping[str, Any], heard: Sequence[Heard]) -> Counter[str]:
    """Rows of one topic by ``ce_id`` against its committed records: a count for each fault."""
    seen = Counter(record.ce_id for record in heard)
    by_key: dict[str, list[Heard]] = defaultdict(list)
    for record in sorted(heard, key=lambda record: (record.partition, record.offset)):
        by_key[record.key].append(record)
    return Counter(
        lost=len(set(said) - set(seen)),
        doubled=sum(seen.values()) - len(seen),
        foreign=len(set(seen) - set(said)),
        reordered=sum(_reordered(said, records) for records in by_key.values()),
        holes=sum(_has_holes(records) for records in by_key.values()),
        altered=sum(r.ce_id in said and not _same(said[r.ce_id], r) for r in heard),
        two_contents=_two_contents(heard),
    )


def _reordered(said: Mapping[str, Any], records: Sequence[Heard]) -> int:
    """How often, in the records of one key, a later one stands before an earlier one."""
    seqs = [said[record.ce_id]["seq"] if record.ce_id in said else None for record in records]
    revisions = [record.revision for record in records]
    back = sum(
        _falls(*pair) or _falls(*seq)
        for pair, seq in zip(itertools.pairwise(revisions), itertools.pairwise(seqs), strict=True)
    )
    return back + len({record.partition for record in records}) - 1


def _falls(before: int | None, after: int | None) -> bool:
    return before is not None and after is not None and before > after


def _has_holes(records: Sequence[Heard]) -> bool:
    revisions = {record.revision for record in records} - {None}
    return revisions != set(range(1, len(revisions) + 1))


def _same(row: Any, record: Heard) -> bool:
    return bool(row["value"] == record.value and row["key"] == record.key)


def _two_contents(heard: Sequence[Heard]) -> int:
    """How many revisions of a key were told with more than one value."""
    values: dict[tuple[str, int], set[bytes]] = defaultdict(set)
    for record in heard:
        if record.revision is not None:
            values[record.key, record.revision].add(record.value)
    return sum(len(told) > 1 for told in values.values())


def _read(bootstrap: str, topic: str, isolation: str, timeout_s: float) -> list[Heard]:
    end = time.monotonic() + timeout_s
    try:
        # What a read_committed client is told of the end is the last stable offset, so ask another.
        with _consumer(bootstrap, "read_uncommitted") as asking:
            ends = _ends(asking, topic, min(timeout_s, _ANSWER_S))
        with _consumer(bootstrap, isolation) as consumer:
            consumer.assign([TopicPartition(topic, number, 0) for number in ends])
            return list(_poll(consumer, ends, end))
    except KafkaException as error:
        raise UnreadError(f"{topic}: {error}") from error


@contextlib.contextmanager
def _consumer(bootstrap: str, isolation: str) -> Iterator[Any]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"oracle-{uuid.uuid4().hex}",
            "isolation.level": isolation,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 50,
            "log_level": 0,
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()


def _ends(consumer: Any, topic: str, timeout_s: float) -> dict[int, int]:
    """High watermark of each partition."""
    found = consumer.list_topics(topic, timeout=timeout_s).topics[topic]
    if found.error is not None or not found.partitions:
        raise UnreadError(f"{topic}: {found.error or 'no partitions'}")
    spots = (TopicPartition(topic, number) for number in sorted(found.partitions))
    return {spot.partition: _end(consumer, spot, timeout_s) for spot in spots}


def _end(consumer: Any, spot: TopicPartition, timeout_s: float) -> int:
    """High watermark of a partition; asked again while a new topic's leader does not know that it is."""
    end = time.monotonic() + timeout_s
    while True:
        try:
            return int(consumer.get_watermark_offsets(spot, timeout=timeout_s)[1])
        except KafkaException as error:
            if error.args[0].code() not in _NO_LEADER_YET or time.monotonic() > end:
                raise
            time.sleep(_PAUSE_S)


def _poll(consumer: Any, ends: Mapping[int, int], end: float) -> Iterator[Heard]:
    """Records before the watermarks. A partition is done when its end of file stands there or
    beyond: the last offsets are often the marks of transactions, which nobody is handed.
    """
    missing = {number for number, high in ends.items() if high}
    while missing:
        if time.monotonic() > end:
            raise UnreadError(f"not read to {dict(ends)}: partitions {sorted(missing)} are missing")
        for message in consumer.consume(500, timeout=0.1):
            number, error = message.partition(), message.error()
            if error is None:
                if message.offset() < ends[number]:
                    yield _heard(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                if message.offset() >= ends[number]:
                    missing.discard(number)
            elif error.name() not in _SILENT:
                raise KafkaException(error)


def _heard(message: Any) -> Heard:
    return Heard(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        key=(message.key() or b"").decode("utf-8", "replace"),
        value=message.value() or b"",
        headers={name: value.decode("utf-8", "replace") for name, value in message.headers() or ()},
    )
