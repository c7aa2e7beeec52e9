"""How often Python looks for garbage that refers to itself.

By its own thresholds it goes through everything that is alive each time a quarter is new. In a worker
that is knowledge, decoded reports and incidents: values, of which nearly none refers to itself. On a
busy day such a pass took 0.2 s in the middle of a settle, once in thirty. What no longer lives is
freed at once all the same; only circles (of a failed request, say) wait longer.

Passes over the young and the middle ones are small and many: each stands in the middle of something.
(With ten times as many values in each the middle ones took 0.1 s at once, and all together no less.)
"""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE, _ALL = 2_000, 5, 1_000
"""Values more than were freed, before the young are looked at; so many such passes before the middle
ones are; and so many of these before all are."""


def calm_collector() -> None:
    """Leave what is alive now out of every pass, and make passes rare. To be called once, when the
    knowledge is loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _ALL)
