"""The subscriptions of a worker: in memory for those who ask, in the store for the next start.

Each change is a new value, put in place at once and stored in the order of changes. All of it happens
on the loop, so nobody sees half a change.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping

from pydantic import TypeAdapter

from worker.config.schema import FeedConfig
from worker.core.sources.answer_paths import FeedLinks
from worker.ingest import websub
from worker.ingest.websub import Subscription
from worker.observe import log
from worker.run.chain import Chain
from worker.run.clock import Clock
from worker.store import subscriptions as table
from worker.store.connect import Connection

RECORD: TypeAdapter[Subscription] = TypeAdapter(Subscription)


class Subscriptions:
    """What is known of the hubs of all feeds. ``stored``: JSON by feed id, as the store has it."""

    def __init__(
        self,
        feeds: Iterable[FeedConfig],
        stored: Mapping[str, str],
        chain: Chain,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._feeds = {feed.id: feed for feed in feeds if feed.websub is not None}
        self._known = {
            feed: RECORD.validate_json(record)
            for feed, record in stored.items()
            if feed in self._feeds
        }
        self._chain = chain
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    def get(self, feed: str) -> Subscription | None:
        """The subscription of a feed, as far as one is wanted."""
        return self._known.get(feed)

    def callback(self, sub: Subscription) -> str:
        """The address at which the hub reaches us."""
        return f"{self._public_url}/websub/{sub.feed}/{sub.token}"

    def delivers(self, feed: str) -> bool:
        """Whether a feed's hub can be relied on now."""
        sub = self._known.get(feed)
        return sub is not None and sub.delivers(self._clock.now().wall)

    async def note_links(self, feed: FeedConfig, found: FeedLinks) -> None:
        """A poll found these links in the feed; a hub that is new is asked soon."""
        if feed.websub is None:
            return
        links = websub.links_of(feed.websub, feed.url or "", found)
        old = self._known.get(feed.id)
        new = websub.discovered(feed.id, links, old, secrets.token_urlsafe)
        if new is not None and new is not old:
            await self.change(new)

    async def change(self, sub: Subscription) -> None:
        """Put a new value in place, and store it."""
        self.place(sub)
        await self._chain.write(self.saving(sub))

    def place(self, sub: Subscription) -> None:
        """Put a new value in place; whoever does so stores it with ``saving``."""
        self._known[sub.feed] = sub
        end = sub.lease_end.timestamp() if sub.lease_end else 0
        self._chain.metrics.lease_end.labels(sub.feed).set(end)

    def saving(self, sub: Subscription) -> _Saving:
        """What stores it, for a transaction."""
        return _Saving(sub.feed, RECORD.dump_json(sub).decode(), self._clock)

    async def confirm(self, feed: str, token: str, query: Mapping[str, str]) -> str | None:
        """The challenge to answer a hub's verification with; None when we do not want what it says."""
        sub, now = self._known.get(feed), self._clock.now().wall
        settings = self._feeds[feed].websub if feed in self._feeds else None
        if sub is None or settings is None or not sub.has_token(token):
            return None
        if query.get("hub.mode") == "denied" and query.get("hub.topic") == sub.topic:
            await self.fail(websub.denied(sub, query.get("hub.reason", "")[:200], now))
            return ""
        new = websub.verified(sub, query, settings.lease_s, now)
        if new is None:
            return None
        await self.change(new)
        log.get(feed=feed).info(
            "websub.subscribed", hub=sub.hub, topic=sub.topic, until=new.lease_end
        )
        return query["hub.challenge"]

    async def fail(self, sub: Subscription, detail: str = "") -> None:
        """A request failed, or was denied: say so, and store when it is made again."""
        await self.change(sub)
        if sub.failures & (sub.failures - 1) == 0:
            log.get(feed=sub.feed).warning(
                "websub.failed", reason=sub.reason, detail=detail, hub=sub.hubs[0],
                failures=sub.failures, again=sub.retry_at, stands_until=sub.lease_end,
            )  # fmt: skip


class _Saving:
    """A function for the writer that stores one value of a subscription."""

    def __init__(self, feed: str, record: str, clock: Clock) -> None:
        self._feed = feed
        self._record = record
        self._clock = clock

    def __call__(self, conn: Connection) -> None:
        table.save_subscription(conn, self._feed, self._record, self._clock.now().wall)
