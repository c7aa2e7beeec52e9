"""How the broker is reached: settings of the client, building it, and reading topics to the end.

Rules
-----
1. Nothing outside this package knows kafka-python, `kabulwire tail` excepted. It ships no types, so
   what comes from it is narrowed where it comes in.
2. Trust, certificate, password and token are read anew for each client (``credentials``,
   ``tokens``).
3. A reader commits no offsets and belongs to no group. It is ``read_committed``; only the one that
   asks for the end is not.
4. "To the end" means: to the high watermark as it stood when reading began, not to the last stable
   offset, which is what a ``read_committed`` client calls the end. Workers share the ledger topic: an
   open transaction of one holds the stable end back, and behind it may lie the newest mark of
   another, who would then send its rows a second time. So such a transaction is waited for, with a
   deadline.
5. An answer that never comes on an open line is waited for no longer than ``REQUEST_MS``, a third
   of what a read of the ledger may take. Records are then asked for again on a new line; a question
   about offsets fails. The client's own 30 s are longer than the whole read. Setting up a line is
   not covered: it has the client's own limits, 5 s for the first and 10 s for the next.
6. The client floods the log in an outage (5 lines a second, half of them errors, measured). Its
   lines pass a narrow gate; our own ``publish.failed`` tells what happened.
7. Clients are made by ``build``: one that finds no broker leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from worker.config.schema import Kafka
from worker.core.domain.errors import PublishError
from worker.publish.kafka import credentials, refusal, tokens, transport_fix

BOOTSTRAP_MS = 5_000
REQUEST_MS = 8_000
_LINES_PER_WINDOW = 10
_WINDOW_S = 600.0
_RECENT_S = 30.0
_SAYS_NOTHING = ("Bootstrap failed", "Bootstrap bootstrap")
"""That it gave up, or waits: the line before says why."""


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
    """The client's settings for reaching and trusting the broker, and being trusted by it.

    Files are read anew. Raises ``PublishError`` when one cannot be used.
    """
    transport_fix.keep()
    settings: dict[str, Any] = {
        "bootstrap_servers": [part.strip() for part in kafka.bootstrap_servers.split(",")],
        "security_protocol": kafka.security_protocol,
        "bootstrap_timeout_ms": BOOTSTRAP_MS,
        "reconnect_backoff_max_ms": 5_000,
    }
    if (context := credentials.tls(kafka)) is not None:
        settings["ssl_context"] = context
    if kafka.sasl_mechanism:
        settings["sasl_mechanism"] = kafka.sasl_mechanism
        settings |= _identity(kafka)
    return settings


def _identity(kafka: Kafka) -> dict[str, Any]:
    """Who we say we are."""
    if kafka.sasl_mechanism == "OAUTHBEARER":
        return {"sasl_oauth_token_provider": tokens.provider(kafka)}
    return {
        "sasl_plain_username": kafka.sasl_username,
        "sasl_plain_password": credentials.password(kafka),
    }


def explain(error: BaseException, operation: str = "", transactional_id: str = "") -> PublishError:
    """What went wrong in words of ours, with what an operator can do. ``reason`` is bounded.

    ``operation``: what was tried, as an access list calls it (READ, WRITE …).
    """
    return refusal.name(error, GATE.heard(), operation, transactional_id)


def build(make: Any, *topics: str, **settings: Any) -> Any:
    """A consumer, producer or admin client of kafka-python. One that is not ready in time raises.

    Then nobody holds it, and its thread and four files would stay for ever: in an outage some two
    hundred an hour. So what it had built until then is closed here.
    """
    built: list[Any] = []

    def remember(**inner: Any) -> Any:
        built.append(make.DEFAULT_CONFIG["kafka_client"](**inner))
        return built[0]

    try:
        return make(*topics, **settings, kafka_client=remember)
    except BaseException:
        for client in built:
            with contextlib.suppress(Exception):
                client._net.stop(timeout_ms=2_000)  # noqa: SLF001 - its own ``close`` waits for ever
                client.close()
        raise


@contextlib.contextmanager
def reader(kafka: Kafka, isolation: str = "read_committed") -> Iterator[Any]:
    """A consumer, of committed records unless told otherwise; assign partitions yourself."""
    consumer = build(
        KafkaConsumer,
        **connection(kafka),
        request_timeout_ms=REQUEST_MS,
        isolation_level=isolation,
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


def ends_of(kafka: Kafka, where: Sequence[Any]) -> dict[Any, int]:
    """The high watermark of each partition: open transactions of others are in front of it."""
    with reader(kafka, "read_uncommitted") as scout:
        return dict(scout.end_offsets(list(where)))


def read_to_end(consumer: Any, ends: Mapping[Any, int], deadline: float) -> Iterator[Fetched]:
    """Records from each partition's position to its end (``ends_of``); ``deadline`` is monotonic.

    Raises ``PublishError`` topic_unread when the deadline passes first.
    """
    while behind := [spot for spot, end in ends.items() if consumer.position(spot) < end]:
        if time.monotonic() > deadline:
            raise PublishError(
                "topic_unread",
                f"{behind[0].topic} was not read to its end in time",
                "Look for hanging transactions on the broker; it is tried again.",
            )
        for spot, records in consumer.poll(timeout_ms=300).items():
            yield from (fetched(record) for record in records if record.offset < ends[spot])


def fetched(record: Any) -> Fetched:
    """A record as the client gives it; of one without a value ``value`` is empty."""
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

    It also remembers the last complaint, and rather one that tells why we were turned away
    (``refusal``): while looking for a broker the client logs that and raises no more than a timeout.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._since = float("-inf")
        self._passed = 0
        self._last = (float("-inf"), "")
        self._telling = False

    def forget(self) -> None:
        """A new session begins: what was heard in the one before does not count."""
        self._last, self._telling = (float("-inf"), ""), False

    def heard(self) -> str:
        """What the client complained of in the last half minute, or nothing."""
        moment, text = self._last
        return text if time.monotonic() - moment < _RECENT_S else ""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass the line on, or drop it."""
        moment = time.monotonic()
        text = record.getMessage()
        telling = refusal.is_telling(text)
        says_why = not text.startswith(_SAYS_NOTHING)
        if telling or (says_why and (not self._telling or moment - self._last[0] > _RECENT_S)):
            self._last, self._telling = (moment, telling or text[:200]), bool(telling)
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
