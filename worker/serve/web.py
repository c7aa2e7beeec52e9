"""What is answered over HTTP: ``/livez``, ``/readyz``, ``/metrics``, ``/status`` (JSON) and ``/`` (a page).

Where a feed is pushed, its address is on the same port (``worker.serve.push``).

Rules
-----
1. ``/livez`` asks nothing but this process: a dead broker is no reason to restart a worker.
2. ``/readyz`` is 503 with its reasons in words; the outbox absorbs an absent broker, so that alone
   is said, not refused.
3. The page is read-only, needs no script and escapes all text by default. Beside health and
   metrics it is shown to loopback only; on a port of its own, to whoever that port is given to.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from worker.observe.metrics import Metrics
from worker.serve.status_rows import bounds

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Answers to the two questions of an orchestrator; empty ``problems`` = yes."""

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusSource:
    """Where the answers come from."""

    live: Callable[[], ProbeResult]
    ready: Callable[[], ProbeResult]
    status: Callable[[], Awaitable[dict[str, Any]]]
    metrics: Metrics


def build(source: StatusSource, pushed: Iterable[web.RouteDef] = ()) -> web.Application:
    """Everything on one port; ``/status`` and ``/`` for loopback only. ``pushed``: more addresses."""
    endpoints = _Endpoints(source, guarded=True)
    app = web.Application()
    app.add_routes(pushed)
    app.add_routes(
        [
            web.get("/livez", endpoints.livez),
            web.get("/readyz", endpoints.readyz),
            web.get("/metrics", endpoints.metrics),
            web.get("/status", endpoints.status),
            web.get("/", endpoints.page),
        ]
    )
    return app


def build_page(source: StatusSource) -> web.Application:
    """``/status`` and ``/`` alone, for whoever reaches this port."""
    endpoints = _Endpoints(source, guarded=False)
    app = web.Application()
    app.add_routes([web.get("/status", endpoints.status), web.get("/", endpoints.page)])
    return app


class _Endpoints:
    """One method per address."""

    def __init__(self, source: StatusSource, *, guarded: bool) -> None:
        self._source = source
        self._guarded = guarded
        self._templates = Environment(
            loader=PackageLoader("worker.serve"), autoescape=True, undefined=StrictUndefined
        )
        self._templates.filters |= {"weblink": weblink, "bounds": bounds}

    async def livez(self, _: web.Request) -> web.Response:
        return _answer(self._source.live())

    async def readyz(self, _: web.Request) -> web.Response:
        return _answer(self._source.ready())

    async def metrics(self, request: web.Request) -> web.Response:
        metrics, accept = self._source.metrics, request.headers.get("Accept", "")
        metrics.ready.set(not self._source.ready().problems)
        body, content_type = await asyncio.to_thread(metrics.render, accept)
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def status(self, request: web.Request) -> web.Response:
        self._require_loopback(request)
        text = json.dumps(await self._source.status(), ensure_ascii=False, default=str)
        return web.Response(text=text, content_type="application/json", headers=_HEADERS)

    async def page(self, request: web.Request) -> web.Response:
        self._require_loopback(request)
        facts = await self._source.status()
        text = self._templates.get_template("status.html").render(facts)
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)

    def _require_loopback(self, request: web.Request) -> None:
        try:
            loopback = ipaddress.ip_address(request.remote or "").is_loopback
        except ValueError:
            loopback = False
        # A page in a browser elsewhere may reach loopback by a name of its own (DNS rebinding).
        named = request.url.host in {"127.0.0.1", "localhost", "::1"}
        if self._guarded and not (loopback and named):
            raise web.HTTPForbidden(text="The status page is shown on this machine only.\n")


def weblink(url: str | None) -> str | None:
    """``url`` if a browser may be sent there; feeds have carried ``javascript:`` addresses."""
    return url if url and urlsplit(url).scheme in {"http", "https"} else None


def _answer(health: ProbeResult) -> web.Response:
    body = {
        "status": "failing" if health.problems else "ok",
        "problems": health.problems,
        "notes": health.notes,
    }
    return web.json_response(body, status=503 if health.problems else 200, headers=_HEADERS)
