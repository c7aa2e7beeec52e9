"""Why polling waits: what is above or below which limit, and what an operator can do about it.

Example: ``disk: only 120 MB of disk are free at /var/lib/kabulwire, fewer than store.min_free_mb
(200)``. Whoever reads that at night needs the place and the number, not only that it waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from worker.config.schema import Config

_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Pause:
    """One limit that is passed. ``setting`` has the limit; ``place`` is a folder, "" where there is none."""

    reason: Literal["disk", "outbox", "inbox"]
    told: str
    setting: str
    limit: int
    advice: str
    place: str = ""


def pauses(config: Config, *, free_bytes: int, inbox: int, outbox: int) -> Iterator[Pause]:
    """Every limit that is passed; polling waits while there is one."""
    free_mb, least_mb = free_bytes // _MB, config.store.min_free_mb
    folder = str(config.store.path.parent.absolute())
    if free_bytes < least_mb * _MB:
        yield Pause(
            "disk",
            f"only {free_mb} MB of disk are free at {folder}, fewer than store.min_free_mb ({least_mb})",
            "store.min_free_mb",
            least_mb,
            "free some space there; polling goes on by itself",
            folder,
        )
    if outbox > (most := config.ingest.outbox_high_water):
        yield Pause(
            "outbox",
            f"{outbox} messages wait, more than ingest.outbox_high_water ({most})",
            "ingest.outbox_high_water",
            most,
            "mend what keeps publishing: see publish.failed",
        )
    if inbox > (most := config.ingest.inbox_high_water):
        yield Pause(
            "inbox",
            f"{inbox} articles wait to be read, more than ingest.inbox_high_water ({most})",
            "ingest.inbox_high_water",
            most,
            "it passes when they are read; if it comes again and again, see sandbox.workers",
        )
