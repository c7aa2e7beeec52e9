"""What is remembered of a feed from poll to poll, by digests; the reading of it is in ``unseen``.

This stands apart because the worker holds it, and the worker loads no parser.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeenItem:
    """What is known of an item that stood in a feed: digests of its id and its address, and its date."""

    names: tuple[bytes, ...]
    published: dt.datetime | None


@dataclass(frozen=True, slots=True)
class SeenFeed:
    """A feed as it was when it was read last, by digests. ``since``: when it was read as a whole."""

    format: str
    frame: bytes
    items: Mapping[bytes, SeenItem]
    next_hint_s: float | None
    since: dt.datetime

    @property
    def moments(self) -> tuple[dt.datetime, ...]:
        """The dates of its items."""
        return tuple(item.published for item in self.items.values() if item.published is not None)
