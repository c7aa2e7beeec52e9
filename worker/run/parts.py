"""What a running worker is made of, as one value that every source of due work is given."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.config.schema import Config, FeedConfig
from worker.publish.drain import Drain
from worker.run.chain import Chain
from worker.run.clock import Clock
from worker.run.health import Health
from worker.run.signals import Stop
from worker.run.subscriptions import Subscriptions


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one worker. ``states``: what the store knows of each feed, as JSON, by its id.

    ``once``: every feed is asked once, then the worker ends.
    """

    config: Config
    feeds: tuple[FeedConfig, ...]
    states: Mapping[str, str]
    chain: Chain
    health: Health
    subscriptions: Subscriptions
    publisher: Drain
    clock: Clock
    stop: Stop
    once: bool = False
    work_came: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by whoever put something into the inbox, or gave it back; the inbox is looked at then."""
    in_flight: set[int] = field(default_factory=set)
    """Inbox ids of what is being worked on."""
    polled: set[str] = field(default_factory=set)
    """Ids of feeds that were asked at least once since the start."""
    asked_for: set[str] = field(default_factory=set)
    """Ids of feeds that a person wants asked now."""

    @property
    def pulled(self) -> tuple[FeedConfig, ...]:
        """The feeds that are asked; the others come by themselves."""
        return tuple(feed for feed in self.feeds if feed.push is None)
