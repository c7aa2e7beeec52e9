"""One Kafka producer, used for as long as there is no doubt about it, and not a moment longer.

Theory of operation
-------------------
kafka-python's transactional producer is kept out of the states in which it goes wrong (each defect
was reproduced with 3.0.12; ``tests/broker/test_client_defects.py`` tells when one changes):

* D1 after an expired batch it hangs for ever → any failed future ends the session;
* D2 one refused record poisons it for ever → the same;
* D3 a record may be lost although ``commit_transaction`` succeeds → flush, look at *every* future,
  and only then commit;
* D4 ``commit_transaction`` may never return → every call has a deadline kept outside the client;
* D5 it buffers without bound → one transaction of bounded size at a time;
* D6 constructor and ``send`` block → only the publisher's thread ever calls them;
* D10 what a broker says before it hangs up is dropped → ``transport_fix`` keeps it;
* D11 a constructor that finds no broker leaves its thread and files → ``client.build`` closes them.

Rules
-----
1. After any exception the session is over: ``close`` it and build another with the same
   transactional id. ``init_transactions`` then aborts or completes what was left, and the ledger
   says which. Nothing is ever retried inside a session.
2. ``RefusedError`` names the records that the broker will never take. Everything else is ``PublishError``.
3. ``StuckError`` means a call passed its deadline; its thread is abandoned. After a few of them without a batch
   the process must be replaced: that is always safe.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from kafka import KafkaProducer
from kafka.errors import (
    AuthorizationError,
    InvalidProducerEpochError,
    InvalidRecordError,
    InvalidTimestampError,
    MessageSizeTooLargeError,
    ProducerFencedError,
    RecordListTooLargeError,
)

from worker import crash_points
from worker.config.schema import Kafka
from worker.core.domain.errors import PublishError
from worker.publish.kafka.client import build, connection, explain
from worker.publish.kafka.refusal import in_words

T = TypeVar("T")
_NEVER = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    InvalidRecordError,
    InvalidTimestampError,
)
_FENCED = (ProducerFencedError, InvalidProducerEpochError)
_LONGEST_MS = 900_000
"""Brokers refuse a producer with longer transactions (their ``transaction.max.timeout.ms``)."""


class StuckError(PublishError):
    """A call of the client passed its deadline."""


class FencedError(PublishError):
    """The broker refuses this producer: another one has taken its transactional id since."""


class RefusedError(PublishError):
    """The broker will never take these records (positions in the batch)."""

    def __init__(self, positions: tuple[int, ...], error: BaseException) -> None:
        super().__init__(
            "record_refused",
            in_words(error)[:300],
            "Compare max.message.bytes and message.timestamp.type of the topic "
            "(`kabulwire topics check`).",
        )
        self.positions = positions


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to send: full topic name, bytes as they shall arrive; None is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take, in seconds; all follow from the one the operator sets."""

    deadline: float

    @property
    def settings(self) -> dict[str, Any]:
        """The client's own limits, each tighter than the deadline outside."""
        half = max(1_000, int(self.deadline * 500))
        return {
            "max_block_ms": half,
            "request_timeout_ms": max(1_000, half // 2),
            "delivery_timeout_ms": half,
            "transaction_timeout_ms": min(_LONGEST_MS, max(10_000, int(self.deadline * 1_000))),
        }

    @property
    def start(self) -> float:
        """For building a producer: finding the brokers, then the first answer."""
        return self.deadline + 10

    @property
    def flush(self) -> float:
        """For delivering a batch; the client gives up at half the deadline."""
        return self.deadline / 2 + 2


def within(
    seconds: float, name: str, call: Callable[[], T], alive: Callable[[], None] = lambda: None
) -> T:
    """``call()``, on a thread of its own that is abandoned after ``seconds``.

    ``alive`` is called about once a second meanwhile: waiting with a deadline is no hang. Raises
    ``StuckError``, and whatever ``call`` raised.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 - it is raised again by the caller's thread
            errors.append(error)

    thread = threading.Thread(target=work, name=f"kafka-{name}", daemon=True)
    thread.start()
    end = time.monotonic() + seconds
    while thread.is_alive() and (left := end - time.monotonic()) > 0:
        thread.join(min(1.0, left))
        alive()
    if errors:
        raise errors[0]
    if not results:
        raise StuckError(
            "client_stuck", f"{name} did not return in {seconds:.0f} s", "It is rebuilt."
        )
    return results[0]


class ProducerSession:
    """A producer from ``open`` to its first doubt."""

    def __init__(
        self,
        kafka: Kafka,
        transactional_id: str,
        limits: Limits,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._kafka = kafka
        self._id = transactional_id
        self._limits = limits
        self._alive = alive
        self._producer: Any = None
        self._over = False

    def open(self) -> None:
        """Connect, fence whoever had this id before, and end what they left undone.

        Raises ``PublishError``.
        """
        self._guard(lambda: self._within(self._limits.start, "start", self._start))

    def _start(self) -> bool:
        self._producer = build(
            KafkaProducer,
            **connection(self._kafka),
            **self._limits.settings,
            transactional_id=self._id,
            linger_ms=0,
            batch_size=65_536,
            max_request_size=1_048_576,
            allow_auto_create_topics=False,
        )
        if self._over:  # given up as stuck meanwhile: nobody else would ever let go of it
            self.close()
            return False
        self._producer.init_transactions()
        return True

    def commit(self, records: Sequence[Outgoing]) -> None:
        """All of ``records`` in one transaction, in this order; when it returns they are there.

        Raises ``RefusedError``, ``FencedError``, ``StuckError`` or another ``PublishError``; then nobody knows
        whether they are, and only a new session and the ledger will tell.
        """
        self._guard(lambda: self._transact(records))

    def _transact(self, records: Sequence[Outgoing]) -> None:
        producer, limits = self._producer, self._limits
        producer.begin_transaction()
        crash_points.point("publish.before_send")
        futures = self._within(limits.flush, "send", lambda: self._send(records))
        self._within(
            limits.flush + 2, "flush", lambda: producer.flush(timeout=limits.flush) or True
        )
        _require_all(futures)
        crash_points.point("publish.before_commit")
        self._within(limits.deadline, "commit", lambda: producer.commit_transaction() or True)
        crash_points.point("publish.after_commit")

    def _send(self, records: Sequence[Outgoing]) -> list[Any]:
        futures = []
        for position, record in enumerate(records):
            try:
                future = self._producer.send(
                    record.topic,
                    value=record.value,
                    key=record.key,
                    headers=list(record.headers),
                )
            except _NEVER as error:
                raise RefusedError((position,), error) from error
            futures.append(future)
        return futures

    def close(self) -> None:
        """Let go of the producer, whatever state it is in; never waits, never raises.

        The client's own ``close`` flushes first, and when that times out its network thread lives
        on and might still answer for us. So the thread is told to end before anything else.
        """
        self._over = True
        producer, self._producer = self._producer, None
        if producer is None:
            return
        with contextlib.suppress(Exception):
            producer._sender.force_close()  # noqa: SLF001 - see above
        threading.Thread(target=_bury, args=(producer,), name="kafka-close", daemon=True).start()

    def _within(self, seconds: float, name: str, call: Callable[[], T]) -> T:
        return within(seconds, name, call, self._alive)

    def _guard(self, call: Callable[[], object]) -> None:
        """Run a step; everything that the client throws becomes an error of ours."""
        try:
            call()
        except PublishError:
            raise
        except Exception as error:
            if _is_fenced(error):
                told = str(error)[:300]
                raise FencedError("fenced", told, "Look for a second worker.") from error
            raise explain(error, "WRITE", self._id) from error


def _is_fenced(error: BaseException) -> bool:
    """Also inside another error: a record that is sent after the broker's word gets that one."""
    inner = (part for part in error.args if isinstance(part, BaseException))
    return isinstance(error, _FENCED) or any(map(_is_fenced, inner))


def _require_all(futures: Sequence[Any]) -> None:
    """Every record was taken, or the reason why not (D3)."""
    failed = [(at, future) for at, future in enumerate(futures) if not future.succeeded()]
    if not failed:
        return
    refused = tuple(at for at, future in failed if isinstance(future.exception, _NEVER))
    if refused:
        raise RefusedError(refused, futures[refused[0]].exception)
    errors = [future.exception for _, future in failed]
    error = next((e for e in errors if isinstance(e, AuthorizationError)), errors[0])
    raise error or StuckError(
        "client_stuck", "a record is neither sent nor failed", "It is rebuilt."
    )


def _bury(producer: Any) -> None:
    with contextlib.suppress(Exception):
        producer.close(timeout=1)
