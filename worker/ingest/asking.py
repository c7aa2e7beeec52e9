"""How a feed is asked this time: what its poll is given beside the feed itself and its state."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from worker.core.sources.seen import SeenFeed
from worker.ingest.pace import Pace
from worker.ingest.spool import Spool


@dataclass(frozen=True, slots=True)
class Asking:
    """``pace``: how often it is asked. ``spool`` remembers its listing from look to look (else it is
    made); ``seen`` is what the last poll said to remember; ``chance`` gives numbers in [0, 1).
    """

    pace: Pace
    headers: Mapping[str, str] | None = None
    spool: Spool | None = None
    seen: SeenFeed | None = None
    chance: Callable[[], float] = random.random
