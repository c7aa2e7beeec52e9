"""The addresses at which documents come to us: ``/push/<feed>`` and, for hubs, ``/websub/<feed>/<token>``.

Rules
-----
1. They are open only where a feed asks for it; any other feed's address is not found.
2. What can be refused early is: a wrong secret and a length above the limit before any byte of the body
   is read, a longer body at the limit. No more than ``_AT_ONCE`` bodies are held at the same time.
3. An answer of 2xx means: stored. Every refusal says why in its JSON, and 503 when to come again.

=====  ==================================================================================
status  meaning
=====  ==================================================================================
200    stored; ``new``, ``changed`` and ``seen`` count its entries
401    nothing was shown that could prove who sends
403    what was shown is wrong
404    no such address (410 for a hub's push: we never asked for it, or not any more)
408    the body did not come in time
413    larger than ``ingest.max_feed_bytes``, or more than 1,000 items: the newest are stored
415    no document of a kind that we read
422    a document that is broken, or cut off: its whole items are stored
503    not now: too much waits, or the worker stops; ``Retry-After`` says when
=====  ==================================================================================
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from worker.core.domain.errors import ConfigError, FetchError
from worker.ingest.decode import Decoder
from worker.ingest.signature import Access

_AT_ONCE = 8
_BODY_S = 30.0
_SOON_S = 1.0


@dataclass(frozen=True, slots=True)
class Taken:
    """How a push ended: an HTTP status, a reason of a closed set when it was refused, and counts.

    ``kept``: of a refused one, whether the counts are of what was stored all the same.
    """

    status: int
    reason: str = ""
    detail: str = ""
    new: int = 0
    changed: int = 0
    seen: int = 0
    retry_after_s: float | None = None
    kept: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many items were new, had changed, or were known, as the answer says it."""
        return {"new": self.new, "changed": self.changed, "seen": self.seen}


class Receives(Protocol):
    """What stands behind the addresses (``worker.run.receiver``)."""

    limit_bytes: int

    def retry_after_s(self) -> float | None:
        """How long a sender is to wait; None: come in."""

    async def push_access(self, feed_id: str) -> Access | None:
        """What a sender has to show; None: there is no such address. Raises ``ConfigError``."""

    def hub_access(self, feed_id: str, token: str) -> Access | None:
        """What a hub has to show; None: there is no such address."""

    async def confirm(self, feed_id: str, token: str, query: Mapping[str, str]) -> str | None:
        """The challenge to answer a hub's verification with; None: we do not want that."""

    async def take(self, feed_id: str, body: bytes, content_type: str | None) -> Taken:
        """Parse and store a document."""

    def refused(self, feed_id: str, answer: Taken) -> Taken:
        """Count and tell a refusal."""

    def unknown(self, address: str, answer: Taken) -> Taken:
        """Tell of a push to an address that nobody has; ``address`` without a token."""


def routes(receiver: Receives) -> list[web.RouteDef]:
    """The addresses, to be added to the application that serves health and metrics."""
    doors = _Doors(receiver)
    return [
        web.post("/push/{feed}", doors.push, expect_handler=doors.expect),
        web.get("/websub/{feed}/{token}", doors.verify, allow_head=False),
        web.post("/websub/{feed}/{token}", doors.deliver, expect_handler=doors.expect),
    ]


class _Doors:
    """One method per address."""

    def __init__(self, receiver: Receives) -> None:
        self._receiver = receiver
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def push(self, request: web.Request) -> web.Response:
        feed = request.match_info["feed"]
        try:
            access = await self._receiver.push_access(feed)
        except ConfigError as error:
            return self._answer(feed, Taken(503, "no_secret", str(error), retry_after_s=60.0))
        if access is None:
            return _json(self._receiver.unknown(f"/push/{feed}", Taken(404, "no_such_feed")))
        return await self._receive(request, feed, access)

    async def deliver(self, request: web.Request) -> web.Response:
        feed = request.match_info["feed"]
        access = self._receiver.hub_access(feed, request.match_info["token"])
        if access is None:
            told = Taken(410, "not_subscribed")
            return _json(self._receiver.unknown(f"/websub/{feed}", told))
        return await self._receive(request, feed, access)

    async def verify(self, request: web.Request) -> web.Response:
        """A hub asks whether we meant it (WebSub, section 5.3)."""
        names = request.match_info
        challenge = await self._receiver.confirm(names["feed"], names["token"], request.query)
        if challenge is None:
            return web.Response(status=404, text="not wanted\n")
        return web.Response(text=challenge, content_type="text/plain")

    async def expect(self, request: web.Request) -> web.Response | None:
        """Before a body is asked for: one that is too long need not be sent."""
        if (request.content_length or 0) > self._receiver.limit_bytes:
            return _json(Taken(413, "too_large"))
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return None

    async def _receive(self, request: web.Request, feed: str, access: Access) -> web.Response:
        early = self._refused_early(request, access)
        if early is not None:
            return self._answer(feed, early)
        async with self._room:
            try:
                async with asyncio.timeout(_BODY_S):
                    raw = await self._body(request)
            except TimeoutError:
                return self._answer(feed, Taken(408, "slow"))
            if raw is None:
                return self._answer(feed, self._too_large())
            if judgement := access.judge(request.headers, raw):
                return self._answer(feed, Taken(403, judgement))
            try:
                body = self._unpacked(request, raw)
            except FetchError as error:
                status = 413 if error.reason == "too_large" else 415
                return self._answer(feed, Taken(status, error.reason, error.detail))
            return _json(await self._receiver.take(feed, body, request.headers.get("Content-Type")))

    def _refused_early(self, request: web.Request, access: Access) -> Taken | None:
        """What can be said before the body is read."""
        if judgement := access.judge_head(request.headers):
            return Taken(401 if judgement == "no_signature" else 403, judgement)
        if (request.content_length or 0) > self._receiver.limit_bytes:
            return self._too_large()
        if (wait := self._receiver.retry_after_s()) is not None:
            return Taken(503, "paused", retry_after_s=wait)
        return Taken(503, "busy", retry_after_s=_SOON_S) if self._room.locked() else None

    async def _body(self, request: web.Request) -> bytes | None:
        """The body as it was sent; None when it is too long, the rest unread."""
        body = bytearray()
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > self._receiver.limit_bytes:
                return None
        return bytes(body)

    def _unpacked(self, request: web.Request, raw: bytes) -> bytes:
        decoder = Decoder(request.headers.get("Content-Encoding", ""), self._receiver.limit_bytes)
        decoder.feed(raw)
        return decoder.finish()

    def _too_large(self) -> Taken:
        return Taken(413, "too_large", f"at most {self._receiver.limit_bytes} bytes")

    def _answer(self, feed: str, taken: Taken) -> web.Response:
        return _json(self._receiver.refused(feed, taken))


def _json(taken: Taken) -> web.Response:
    """The answer of a push. A refused one closes its connection: the body may not have been read."""
    if taken.status == 200:
        return web.json_response(taken.counts)
    headers = {} if taken.retry_after_s is None else {"Retry-After": f"{taken.retry_after_s:.0f}"}
    told: dict[str, object] = {"reason": taken.reason}
    told |= {"detail": taken.detail} if taken.detail else {}
    told |= taken.counts if taken.kept else {}
    answer = web.json_response(told, status=taken.status, headers=headers)
    answer.force_close()
    return answer
