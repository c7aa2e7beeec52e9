"""What a call costs in processor time; what the machine does beside is left out."""

from __future__ import annotations

import time
from collections.abc import Callable


def cost_ms(work: Callable[[], object], rounds: int = 20) -> float:
    """The least processor time of one call among ``rounds``, in milliseconds."""
    times = []
    for _ in range(rounds):
        start = time.process_time_ns()
        work()
        times.append(time.process_time_ns() - start)
    return min(times) / 1e6
