"""The worker's garbage collector: rare passes, which leave alone what is alive at the start."""

from __future__ import annotations

import gc

from worker.collector import calm_collector


def test_calm_collector_makes_passes_rare_and_leaves_out_what_is_alive() -> None:
    """Rarer than Python's own at each age, and what the knowledge holds is in no pass."""
    before = gc.get_threshold()
    try:
        calm_collector()
        assert all(now > then for now, then in zip(gc.get_threshold(), before, strict=True))
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
