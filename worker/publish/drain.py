"""What every publisher thread is: woken, stopped, looked at, and writing to the store.

A full disk stops publishing for the time being: the ballast beside the store is given up, and when
that is not enough ``PublishError`` store_full is raised, which is tried again like an absent broker.
So is store_busy, when another program holds the write lock.
What was sent and could not be noted is recognised by the ledger or by the files themselves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from worker.core.domain.errors import PublishError
from worker.publish.flow import Flow, FlowEvent
from worker.store.connect import Connection
from worker.store.disk_space import UnwritableError, drop_ballast
from worker.store.writer import Writer

_T = TypeVar("_T")
Told = Callable[[str, dict[str, Any]], None]
"""Called with the name of a log event and its keys, from the publisher's thread."""

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

    def __init__(self, store: Path, writer: Writer, tell: Told) -> None:
        super().__init__(name="publisher", daemon=True)
        self._store = store
        self._writer = writer
        self._tell = tell
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self.beat = time.monotonic()
        self.flow = Flow()
        """How publishing goes; read by other threads, so it is replaced as a whole."""

    @property
    def problem(self) -> PublishError | None:
        """Why nothing is published at the moment, or None."""
        return self.flow.problem

    @property
    def may_settle(self) -> bool:
        """Whether incidents may be decided: with Kafka not before a ledger was read once."""
        return not self.settles_later

    @property
    def settles_later(self) -> str:
        """Why nothing may be settled yet, in a sentence; "" when it may."""
        return ""

    def needs_person(self) -> bool:
        """Whether what stands in the way will not pass by waiting."""
        flow = self.flow
        named = flow.problem is not None and flow.problem.reason in NEEDS_A_PERSON
        return flow.is_blocked or named

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._wake.set()

    def stop(self, timeout_s: float) -> bool:
        """Publish what waits within the timeout, then end; True when nothing is left waiting."""
        self._stopping.set()
        self._wake.set()
        self.join(timeout_s)
        return not self.is_alive() and self.problem is None

    def _ended(self, event: FlowEvent, error: PublishError, *, quietly: bool = False) -> None:
        """A try ended in this error: say what stops publishing, once for each reason in a row."""
        before, self.flow = self.flow, self.flow.after(event, error)
        if self.flow.problem is error and before.tells_anew(error) and not quietly:
            passes = event == "waits" and error.reason not in NEEDS_A_PERSON
            waits = self.settles_later or "Messages wait in the outbox meanwhile."
            advice = f"{error.advice} {waits if passes else ''}".strip()
            keys = {"reason": error.reason, "detail": error.detail, "advice": advice}
            self._tell("publish.failed", keys)

    def _goes_on(self, event: FlowEvent) -> None:
        """Nothing stands in the way, as far as this event shows."""
        after = self.flow.after(event)
        if self.flow.problem is not None and after.problem is None:
            self._tell_recovered(self.flow.problem)
        self.flow = after

    def _tell_recovered(self, problem: PublishError) -> None:  # noqa: ARG002 - for who tells more
        self._tell("publish.recovered", {})

    def _write(self, job: Callable[[Connection], _T]) -> _T:
        """Run ``job`` on the writer. Raises ``PublishError`` store_full or store_busy."""
        while True:
            try:
                return self._writer.submit(job).result()
            except UnwritableError as error:
                if not (error.no_room and drop_ballast(self._store)):
                    told = f"{self._store}: {error}"
                    raise PublishError(error.reason, told, error.advice) from error
                self._tell(
                    "store.full",
                    {"reason": error.reason, "path": str(self._store), "detail": str(error),
                     "advice": error.advice, "ballast_given_up": True},
                )  # fmt: skip
