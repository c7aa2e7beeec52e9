"""One broker for all processes of a test run: the first that wants it starts it, the last ends it.

Rules
-----
1. Who uses it holds ``users`` shared, until its tests are over. Who leaves and can have it alone is
   the last, and ends the broker; so it ends also when the process that started it is long gone.
2. Nobody kills, freezes or alters it as a whole. Topics and rights have a prefix of their own.

A node costs six seconds of processor time to start and some to be there; four of them, one for each
process of ``make test``, cost a fifth of the whole run.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.broker.kafka_broker import Broker


@contextlib.contextmanager
def shared(folder: Path, start: Callable[[Broker], Broker]) -> Iterator[Broker]:
    """The broker whose data lie in ``folder``; ``start`` starts it when it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield _found_or_started(folder, start)
        finally:
            fcntl.flock(users, fcntl.LOCK_UN)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _end(folder / "address.json")


def _found_or_started(folder: Path, start: Callable[[Broker], Broker]) -> Broker:
    address = folder / "address.json"
    with (folder / "starting").open("a") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        if address.exists():
            found = Broker(folder)
            found.move(json.loads(address.read_text("utf-8"))["port"])
            return found
        # A folder of its own: a start that failed on a busy machine leaves a log that none can read.
        started = start(Broker(folder / f"kafka-{os.getpid()}"))
        address.write_text(json.dumps({"port": started.port, "pid": started.pid}), "utf-8")
        return started


def _end(address: Path) -> None:
    """Kill the broker that stands there, if any."""
    if address.exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(json.loads(address.read_text("utf-8"))["pid"], signal.SIGKILL)
        address.unlink()
