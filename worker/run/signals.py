"""What signals ask for: the first to drain, a second one to leave at once.

The same wish may come twice: ``timeout`` signals its child and then the whole group, and so does a
terminal to what a script started. What comes within half a second is no second signal.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time

from worker.observe import log

EX_TEMPFAIL = 75
_SAME_S = 0.5


class Stop:
    """Whether this process was asked to end. ``asked`` is set by the first signal, or by ``ask``."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._heard_at: float | None = None

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
        if self._heard_at is None:
            self._heard_at = moment
            self.ask()
        elif moment - self._heard_at > _SAME_S:
            log.get().warning("worker.stopped", clean=False, because="second signal")
            os._exit(EX_TEMPFAIL)  # as safe as kill -9: nothing is ever half-written
