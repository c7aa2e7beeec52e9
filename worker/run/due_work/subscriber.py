"""Asks a feed's hub for what is new: at first, before a lease ends, and again after a failure."""

from __future__ import annotations

from dataclasses import replace

from worker.config.delivery import WebSub
from worker.config.schema import FeedConfig
from worker.core.domain.errors import FetchError
from worker.ingest import websub
from worker.ingest.websub import Subscription
from worker.run.clock import Now
from worker.run.parts import Parts
from worker.run.scheduler import Source


class Subscriber(Source):
    """Keeps the subscription of one feed standing, once a poll has found its hub."""

    def __init__(self, feed: FeedConfig, settings: WebSub, parts: Parts) -> None:
        self.name = f"subscription of {feed.id}"
        self._feed = feed
        self._settings = settings
        self._parts = parts

    def next_due(self, now: Now) -> float | None:
        """As the subscription says; never while no hub is known."""
        sub = self._parts.subscriptions.get(self._feed.id)
        if sub is None or self._parts.once:
            return None
        due = sub.due()
        return now.steady_s if due is None else now.steady_of(due)

    async def serve(self, now: Now) -> None:
        """One request to the hub; or it took the last one and has not verified it in time."""
        subscriptions = self._parts.subscriptions
        sub = subscriptions.get(self._feed.id)
        if sub is None:
            return
        if sub.asked_at is not None:
            detail = f"the hub did not ask back at serve.public_url within {websub.VERIFY_S:.0f} s"
            await subscriptions.fail(websub.failed(sub, "not_verified", now.wall), detail)
            return
        # Stored before it is sent: a hub may verify while we still wait for its answer.
        asked = replace(sub, asked_at=now.wall)
        await subscriptions.change(asked)
        await self._ask(asked, now)

    async def _ask(self, sub: Subscription, now: Now) -> None:
        subscriptions = self._parts.subscriptions
        form = websub.request_form(sub, subscriptions.callback(sub), self._settings.lease_s)
        try:
            await self._parts.chain.fetcher.post_form(sub.hub, form, proxy=self._feed.proxy)
        except FetchError as error:
            current = subscriptions.get(sub.feed) or sub
            failed = websub.failed(current, error.reason, now.wall, error.retry_after)
            await subscriptions.fail(failed, error.detail)
