"""How the broker is reached: settings of the client, names of topics, and reading to the end.

Rules
-----
1. This module and ``session`` are the only ones that know kafka-python; it ships no types, so what
   comes from it is narrowed here and nowhere else.
2. Security settings pass through unchanged; a password is read from its file when one is named.
3. A reader is always ``read_committed``, commits no offsets and belongs to no group.
4. "To the end" means: to the end as it stood when reading began. It has a deadline, because an open
   transaction of somebody else holds the end back.
5. An answer that never comes on an open line is waited for no longer than ``REQUEST_MS``, a third
   of what a read of the ledger may take. Records are then asked for again on a new line; a question
   about offsets fails. The client's own 30 s are longer than the whole read. Setting up a line is
   not covered: it has the client's own limits, 5 s for the first and 10 s for the next.
6. The client floods the log in an outage (5 lines a second, half of them errors, measured). Its
   lines pass a narrow gate; our own ``publish.failed`` tells what happened.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import (
    AuthorizationError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
    UnknownTopicOrPartitionError,
)

from worker.config import Kafka
from worker.core.errors import PublishError

BOOTSTRAP_MS = 5_000
REQUEST_MS = 8_000
_LINES_PER_WINDOW = 10
_WINDOW_S = 600.0
_RECENT_S = 30.0
_SASL = "SaslAuthenticationFailed"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A record as it was read."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    headers: dict[str, str]


def connection(kafka: Kafka) -> dict[str, Any]:
    """The client's settings for reaching and trusting the broker, and being trusted by it."""
    settings: dict[str, Any] = {
        "bootstrap_servers": [part.strip() for part in kafka.bootstrap_servers.split(",")],
        "security_protocol": kafka.security_protocol,
        "bootstrap_timeout_ms": BOOTSTRAP_MS,
        "reconnect_backoff_max_ms": 5_000,
    }
    for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
        if path := getattr(kafka, name):
            settings[name] = str(path)
    if kafka.sasl_mechanism:
        settings["sasl_mechanism"] = kafka.sasl_mechanism
        settings["sasl_plain_username"] = kafka.sasl_username
        settings["sasl_plain_password"] = _password(kafka)
    return settings


def _password(kafka: Kafka) -> str:
    if kafka.sasl_password_file is None:
        return kafka.sasl_password.get_secret_value()
    try:
        return kafka.sasl_password_file.read_text("utf-8").strip()
    except OSError as error:
        raise PublishError(
            "no_password", str(error), "Make kafka.sasl_password_file readable for the worker."
        ) from error


def explain(error: BaseException) -> PublishError:
    """What went wrong in words of ours, with what an operator can do. ``reason`` is bounded."""
    if isinstance(error, PublishError):
        return error
    detail = f"{type(error).__name__}: {error}"[:300]
    heard = GATE.heard()
    if heard and isinstance(error, KafkaTimeoutError):
        detail = f"{detail} ({heard})"[:300]
    if isinstance(error, SaslAuthenticationFailedError) or _SASL in heard:
        return PublishError("not_authenticated", detail, "Check kafka.sasl_* and the password.")
    if isinstance(error, AuthorizationError):
        return PublishError(
            "not_authorized",
            detail,
            "Grant this user WRITE and READ on the topics, and WRITE on its transactional id.",
        )
    if isinstance(error, UnknownTopicOrPartitionError):
        return PublishError("topic_missing", detail, "Run `kabulwire topics ensure`.")
    return PublishError(
        "broker_unavailable",
        detail,
        "Check kafka.bootstrap_servers and the brokers; messages wait in the outbox meanwhile.",
    )


@contextlib.contextmanager
def reader(kafka: Kafka) -> Iterator[Any]:
    """A consumer that sees committed records only; assign partitions yourself."""
    consumer = KafkaConsumer(
        **connection(kafka),
        request_timeout_ms=REQUEST_MS,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        group_id=None,
    )
    try:
        yield consumer
    finally:
        with contextlib.suppress(Exception):  # closing may time out; nothing depends on it
            consumer.close()


def partitions(consumer: Any, topic: str) -> list[Any]:
    """All partitions of a topic. Raises ``PublishError`` topic_missing."""
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise PublishError("topic_missing", topic, "Run `kabulwire topics ensure`.")
    return [TopicPartition(topic, number) for number in sorted(numbers)]


def read_to_end(consumer: Any, where: Sequence[Any], deadline: float) -> Iterator[Fetched]:
    """Records from each partition's position to its present end; ``deadline`` is monotonic.

    Raises ``PublishError`` topic_unread when the deadline passes first.
    """
    ends = consumer.end_offsets(list(where))
    while any(consumer.position(spot) < ends[spot] for spot in where):
        if time.monotonic() > deadline:
            raise PublishError(
                "topic_unread",
                f"{where[0].topic} was not read to its end in time",
                "Look for hanging transactions on the broker; it is tried again.",
            )
        for spot, records in consumer.poll(timeout_ms=300).items():
            yield from (_fetched(record) for record in records if record.offset < ends[spot])


def _fetched(record: Any) -> Fetched:
    return Fetched(
        topic=str(record.topic),
        partition=int(record.partition),
        offset=int(record.offset),
        key=(record.key or b"").decode("utf-8", "replace"),
        value=bytes(record.value or b""),
        headers={str(name): value.decode("utf-8", "replace") for name, value in record.headers},
    )


class NarrowGate(logging.Handler):
    """Lets ten lines in ten minutes of the client's loggers through to the program's own handlers.

    It also remembers the last complaint: while looking for a broker the client logs why it was
    turned away (a wrong password, say) and raises no more than a timeout.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._since = float("-inf")
        self._passed = 0
        self._last = (float("-inf"), "")

    def heard(self) -> str:
        """What the client complained of in the last half minute, or nothing."""
        moment, text = self._last
        return text if time.monotonic() - moment < _RECENT_S else ""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass the line on, or drop it."""
        moment = time.monotonic()
        text = record.getMessage()
        if _SASL in text or moment - self._last[0] > _RECENT_S or _SASL not in self._last[1]:
            self._last = (moment, text[:200])
        if moment - self._since > _WINDOW_S:
            self._since, self._passed = moment, 0
        self._passed += 1
        if self._passed <= _LINES_PER_WINDOW:
            logging.getLogger().handle(record)


GATE = NarrowGate()


def quieten() -> None:
    """Put the gate before the client's loggers; once is enough."""
    client = logging.getLogger("kafka")
    if GATE not in client.handlers:
        client.addHandler(GATE)
        client.propagate = False
