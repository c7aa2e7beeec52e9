"""The worker's garbage collector: rare passes, which leave alone what is alive at the start."""

from __future__ import annotations

import gc
from itertools import accumulate
from operator import mul

from worker.collector import calm_collector

_OWN = (700, 10, 10)
"""The thresholds that Python begins with."""


def test_calm_collector_makes_passes_rare_and_leaves_out_what_is_alive() -> None:
    """Rarer than Python's own at each age, and what the knowledge holds is in no pass."""
    before = gc.get_threshold()
    try:
        gc.set_threshold(*_OWN)  # another test of this process may have calmed it
        calm_collector()
        # Each counts passes over the younger: in values that is the product of all up to it.
        now, own = accumulate(gc.get_threshold(), mul), accumulate(_OWN, mul)
        assert all(ours > theirs for ours, theirs in zip(now, own, strict=True))
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
