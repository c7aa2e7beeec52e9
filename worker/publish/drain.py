"""What every publisher thread offers the rest of the worker: be woken, be stopped, be looked at."""

from __future__ import annotations

import threading
import time

from worker.core.errors import PublishError

NEEDS_A_PERSON = frozenset(
    {
        "ledger_partitions",
        "ledger_unreadable",
        "no_password",
        "no_token",
        "not_authenticated",
        "not_authorized",
        "publisher_failed",
        "record_refused",
        "second_instance",
        "store_diverged",
        "tls_failed",
        "topic_not_made",
        "topic_policy",
        "topic_unreadable",
    }
)
"""Reasons that do not pass by waiting: readiness falls. All others are as an absent broker, and the
outbox is there for them.
"""


class Drain(threading.Thread):
    """A thread that empties the outbox; ``run`` says into what."""

    def __init__(self) -> None:
        super().__init__(name="publisher", daemon=True)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self.beat = time.monotonic()
        self.problem: PublishError | None = None
        """Why nothing is published at the moment, or None."""

    def needs_person(self) -> bool:
        """Whether what stands in the way will not pass by waiting."""
        problem = self.problem
        return problem is not None and problem.reason in NEEDS_A_PERSON

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._wake.set()

    def stop(self, timeout_s: float) -> bool:
        """Publish what waits within the timeout, then end; True when nothing is left waiting."""
        self._stopping.set()
        self._wake.set()
        self.join(timeout_s)
        return not self.is_alive() and self.problem is None
