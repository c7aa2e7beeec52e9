"""Runs a program whose wall clock jumps by a day, to and fro; its monotonic clock does not.

``python jumping_clock.py 0.5 publishing_process.py …`` or ``… 0 -m worker run``: a jump every 0.5 s on
average, or, with 0, at each SIGUSR2 only. Each is told on stderr: ``clock jumped to -1 d``.

Rules
-----
1. The clock is true, a day behind or a day ahead; a jump goes to another of the three.
2. ``time_machine`` changes ``time.time``, ``datetime.now`` and their like for every thread, below the
   libraries. ``time.monotonic`` stays as it is: that is what a jump of the system's clock does, and
   ``main`` makes sure of it. Processes that the program starts have a true clock.
"""

from __future__ import annotations

import datetime as dt
import random
import runpy
import signal
import sys
import threading
import time
from typing import Any

import time_machine


class Clock:
    """The wall clock of this process, as days beside the true one."""

    def __init__(self) -> None:
        self._days = 0
        self._clock: Any = time_machine.travel(dt.datetime.now(dt.UTC), tick=True).start()

    def jump(self, *_: object) -> None:
        """To another of the three places."""
        to = random.choice([days for days in (-1, 0, 1) if days != self._days])
        self._clock.shift(dt.timedelta(days=to - self._days))
        self._days = to
        print(f"clock jumped to {to:+} d", file=sys.stderr, flush=True)

    def keep_jumping(self, mean_s: float) -> None:
        """A thread's whole life."""
        while True:
            time.sleep(random.expovariate(1 / mean_s))
            self.jump()


def main() -> None:
    mean_s, program = float(sys.argv[1]), sys.argv[2:]
    before = time.monotonic(), time.time()
    clock = Clock()
    clock.jump()
    assert abs(time.time() - before[1]) > 80_000
    assert 0 <= time.monotonic() - before[0] < 1_000
    signal.signal(signal.SIGUSR2, clock.jump)
    if mean_s:
        threading.Thread(target=clock.keep_jumping, args=(mean_s,), daemon=True).start()
    if program[0] == "-m":
        sys.argv = program[1:]
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = program
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    main()
