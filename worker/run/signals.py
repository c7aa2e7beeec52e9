"""What signals ask for: the first to drain, a second one to leave at once.

The same wish may come twice: ``timeout`` signals its child and then the whole group, and so does a
terminal to what a script started. What comes within half a second is no second signal.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass

from worker.observe import log

EX_TEMPFAIL = 75
_SAME_S = 0.5


@dataclass(slots=True)
class _First:
    """When the first signal came, on the steady clock; None: none has."""

    at_s: float | None = None


class Stop:
    """Whether this process was asked to end. ``asked`` is set by the first signal, or by ``ask``."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._first = _First()

    def listen(self) -> None:
        """Hear SIGTERM and SIGINT from now on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._heard)

    def ask(self) -> None:
        """Begin to drain."""
        self.asked.set()

    def _heard(self) -> None:
        moment = time.monotonic()
        if self._first.at_s is None:
            self._first.at_s = moment
            self.ask()
        elif moment - self._first.at_s > _SAME_S:
            log.get().warning("worker.stopped", clean=False, because="second signal")
            os._exit(EX_TEMPFAIL)  # as safe as kill -9: nothing is ever half-written
