"""How far publishing got, written by the same transaction as the messages.

Rules
-----
1. A mark names the store, the last published row (``seq``, ``row_hash``) and the process (``owner``).
   Key is the instance; the topic is compacted and has one partition.
2. Heartbeats are no progress: they are replaced while they wait, so a mark never rests on one.
3. ``judge`` is the whole decision at start, and pure. Only when store and ledger tell one history
   are rows taken for published; the trap of a naive ledger is a store that was lost or restored:
   its ``seq`` starts below the mark, and new rows would count as sent.
4. After a fresh start and after a divergence nothing was published yet that a mark could rest on. It
   rests on a token then, which the store keeps as well. Without it an old copy of a store that was
   restored meanwhile would be believed: it has the same id, and there is no row to compare.
5. Once this process has written a mark, a mark of another owner means that a second worker runs
   under our instance name. One of the two must end; it is the one that sees the other's mark.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from worker.config.schema import Kafka
from worker.core.domain.errors import PublishError
from worker.publish.kafka.client import ends_of, partitions, read_to_end, reader

TOPIC = "ledger.v1"
_STEP = 500

Judgement = Literal[
    "agreed", "fresh", "foreign", "moved", "behind", "ahead", "rewritten", "missing"
]
"""Everything but the first two is a divergence."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One record of the ledger. ``row_hash`` is a token when nothing was published under it yet."""

    store_id: str
    seq: int
    row_hash: str
    owner: str

    def encode(self) -> bytes:
        """The record's value."""
        body = {"store_id": self.store_id, "seq": self.seq, "row_hash": self.row_hash}
        return json.dumps({**body, "owner": self.owner}).encode()


@dataclass(frozen=True, slots=True)
class StoreSide:
    """What the store knows: its id, the hash of its row at the mark's ``seq`` (None: no such row),
    whether it believes to have published anything, and up to which ``seq``.
    """

    store_id: str
    hash_at_mark: str | None
    has_published: bool
    seq: int = 0


def judge(
    mark: Mark | None, store: StoreSide, *, topics_empty: bool, moved: bool = False
) -> Judgement:
    """Do store and ledger tell the same history?

    ``topics_empty``: the incident topics hold nothing of this worker. ``moved``: the store published
    to another cluster or prefix meanwhile; what it notes as published says nothing about this one.
    """
    if mark is None or _says_nothing_of(store, mark):
        if topics_empty and not store.has_published:
            return "fresh"
        return "moved" if moved and mark is None else "missing"
    if mark.store_id != store.store_id:
        return "foreign"
    if moved:
        return "moved"
    if mark.seq < store.seq:  # a broker that lost its newest records, or came back from a copy
        return "behind"
    if store.hash_at_mark is None:
        return "ahead"
    return "agreed" if store.hash_at_mark == mark.row_hash else "rewritten"


def must_see_topics(mark: Mark | None, store: StoreSide) -> bool:
    """Whether the verdict depends on what the incident topics hold (else they need not be read)."""
    return not store.has_published and (mark is None or _says_nothing_of(store, mark))


def _says_nothing_of(store: StoreSide, mark: Mark) -> bool:
    """A claim of another store under our name, under which nothing was published."""
    return mark.seq == 0 and mark.store_id != store.store_id


def read(kafka: Kafka, topic: str, instance: str, timeout_s: float) -> Mark | None:
    """The newest committed mark of ``instance``; None when there is none, or a null erased it.

    Raises ``PublishError``.
    """
    deadline = time.monotonic() + timeout_s
    with reader(kafka) as consumer:
        spots = partitions(consumer, topic)
        if len(spots) != 1:
            raise PublishError(
                "ledger_partitions", f"{topic} has {len(spots)}", "It must have exactly one."
            )
        ends = ends_of(kafka, spots)
        return _newest(consumer, ends, instance, deadline)


def _newest(consumer: Any, ends: Mapping[Any, int], instance: str, deadline: float) -> Mark | None:
    """Look at the last few hundred records, then at twice as many, and so on to the beginning."""
    ((spot, end),) = ends.items()
    consumer.assign([spot])
    first = consumer.beginning_offsets([spot])[spot]
    step = _STEP
    while True:
        start = max(first, end - step)
        consumer.seek(spot, start)
        found = None
        for record in read_to_end(consumer, ends, deadline):
            if record.key == instance:
                found = _decode(record.value) if record.value else None
        if found is not None or start == first:
            return found
        step *= 2


def _decode(value: bytes) -> Mark:
    try:
        body = json.loads(value)
        return Mark(
            str(body["store_id"]), int(body["seq"]), str(body["row_hash"]), str(body["owner"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise PublishError(
            "ledger_unreadable", repr(value[:100]), "Something else writes to the ledger topic."
        ) from error
