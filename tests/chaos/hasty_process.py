"""The publishing process with its patience shortened, so that a long outage passes quickly.

``python hasty_process.py 25 STORE BOOTSTRAP PREFIX RATE``: what the publisher waits for between two
sessions, what the client waits for to find a broker, and the window of the log's gate are all 25
times shorter than they are by default. So as many sessions fail in a minute as fail in 25.

Every failed session is told on stderr as ``session failed``, every line of the client that passes the
gate as ``client said``, and every line before the gate as ``client tried``; the text is left out.
"""

from __future__ import annotations

import logging
import runpy
import sys
from pathlib import Path
from typing import Any

from worker.publish import kafka_publisher
from worker.publish.kafka import client

PUBLISHING = Path(__file__).resolve().parents[1] / "broker" / "publishing_process.py"
LEAST_BOOTSTRAP_MS = 100


def tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


class Passed(logging.Handler):
    """The program's own log, as the gate sees it."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("kafka"):
            tell("client said")


class Tried(logging.Handler):
    """Beside the gate: what there would be without it."""

    def emit(self, record: logging.LogRecord) -> None:
        tell("client tried")


def hasten(factor: float) -> None:
    """Shorten what is waited for."""
    first, longest = kafka_publisher._BACKOFF_S
    kafka_publisher._BACKOFF_S = (first / factor, longest / factor)
    client.BOOTSTRAP_MS = max(LEAST_BOOTSTRAP_MS, int(client.BOOTSTRAP_MS / factor))
    client._WINDOW_S /= factor


def count_failures() -> None:
    """Tell each failed session."""
    failed = kafka_publisher.KafkaPublisher._failed

    def told(self: Any, error: Any) -> None:
        tell("session failed")
        failed(self, error)

    kafka_publisher.KafkaPublisher._failed = told  # type: ignore[method-assign]


if __name__ == "__main__":
    hasten(float(sys.argv[1]))
    count_failures()
    logging.getLogger().addHandler(Passed())
    logging.getLogger("kafka").addHandler(Tried(logging.WARNING))
    sys.argv = [str(PUBLISHING), *sys.argv[2:]]
    runpy.run_path(str(PUBLISHING), run_name="__main__")
