"""What signals ask for: the first to drain, the second to leave at once."""

from __future__ import annotations

import asyncio
import os
import signal

from worker.observe import log

EX_TEMPFAIL = 75


class Stop:
    """Whether this process was asked to end. ``asked`` is set by the first signal, or by ``ask``."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    def listen(self) -> None:
        """Hear SIGTERM and SIGINT from now on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._heard)

    def ask(self) -> None:
        """Begin to drain."""
        self.asked.set()

    def _heard(self) -> None:
        if self.asked.is_set():
            log.get().warning("worker.stopped", clean=False, because="second signal")
            os._exit(EX_TEMPFAIL)  # as safe as kill -9: nothing is ever half-written
        self.ask()
