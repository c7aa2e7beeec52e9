"""The status page and its answers, asked over real sockets."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
from aiohttp import web

from worker.observe.metrics import Metrics
from worker.serve.status_rows import age_s, bounds
from worker.serve.web import ProbeResult, StatusSource, build, build_page, weblink

EVIL = '<script>alert("x")</script>'
STATUS: dict[str, Any] = {
    "title": "Portsmere", "problems": [], "notes": ["the broker is away"], "version": "1",
    "profile": "portsmere", "knowledge": "abc", "sink": "files",
    "store": {"outbox": 0, "inbox": 2},
    "feeds": [{"id": "one", "host": "one.example", "outlet": "One", "enabled": True, "failures": 3,
               "last_success": None, "last_reason": "timeout", "next_at": "2024-03-01T10:00:00Z",
               "delivery": "websub", "pace": "300 s", "position": "hub: timeout"}],
    "incidents": [{"incident_id": "kw-1", "attack_types": ["bombing_explosion"], "targets": [EVIL],
                   "place": "Old Quay", "date": "2024-03-01", "time": None,
                   "killed": {"low": 4, "best": None, "high": 6},
                   "injured": None, "claims": ["One", "Two"], "state": "active", "revision": 2, "reports": 3,
                   "independent": 2, "superseded_by": None}],
    "articles": [{"settled_at": "2024-03-01T10:00:00.000000Z", "outlet": "One", "title": EVIL,
                  "article_id": "a", "url": "javascript:alert(1)", "version": 2, "label": "other",
                  "band": "drop"}],
}  # fmt: skip


async def status() -> dict[str, Any]:
    return STATUS


SOURCE = StatusSource(live=ProbeResult, ready=ProbeResult, status=status, metrics=Metrics())


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            yield session, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_livez_and_readyz_are_200_or_503_with_the_reasons() -> None:
    """An orchestrator gets a code, a person gets the reasons in words."""
    sick = replace(SOURCE, ready=lambda: ProbeResult(("disk is full",), ("no broker",)))
    async with served(build(sick)) as (session, base):
        live = await session.get(f"{base}/livez")
        ready = await session.get(f"{base}/readyz")
        assert (live.status, ready.status) == (200, 503)
        assert await ready.json() == {
            "status": "failing", "problems": ["disk is full"], "notes": ["no broker"],
        }  # fmt: skip


async def test_metrics_have_the_prefix_and_the_text_format() -> None:
    """Prometheus gets its text format, every series of ours with the prefix."""
    SOURCE.metrics.articles.labels("merged").inc()
    async with served(build(SOURCE)) as (session, base):
        answer = await session.get(f"{base}/metrics")
        text = await answer.text()
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'kabulwire_articles_total{outcome="merged"} 1.0' in text
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert {
        name for name in names if not name.startswith(("kabulwire_", "python_", "process_"))
    } == (set())


async def test_page_escapes_what_strangers_wrote() -> None:
    """A title with a script in it stays text, and only http addresses become links."""
    async with served(build(SOURCE)) as (session, base):
        answer = await session.get(f"{base}/")
        text = await answer.text()
    assert answer.status == 200
    assert EVIL not in text
    assert "&lt;script&gt;" in text
    assert "javascript:" not in text
    assert "killed 4-6" in text
    assert "claimed by One, Two" in text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_page_is_not_for_a_foreign_name_on_loopback() -> None:
    """A browser tricked into asking loopback under a foreign name is refused; health is not."""
    async with served(build(SOURCE)) as (session, base):
        foreign = {"Host": "evil.example"}
        codes = [
            (await session.get(base + path, headers=foreign)).status
            for path in ("/", "/status", "/livez", "/metrics")
        ]
    assert codes == [403, 403, 200, 200]


async def test_page_on_its_own_port_has_neither_metrics_nor_guard() -> None:
    """serve.page_port serves the page and the JSON behind it, nothing else."""
    async with served(build_page(SOURCE)) as (session, base):
        foreign = {"Host": "newsroom.example"}
        page = await session.get(f"{base}/status", headers=foreign)
        metrics = await session.get(f"{base}/metrics")
        facts = json.loads(await page.text())
    assert (page.status, metrics.status, facts["profile"]) == (200, 404, "portsmere")


def test_weblink_takes_web_addresses_only() -> None:
    """http and https only."""
    addresses = ["https://a.example/x", "javascript:alert(1)", "data:text/html,x", None, "//x"]
    assert [weblink(url) for url in addresses] == ["https://a.example/x", None, None, None, None]


def test_bounds_and_age_s_take_few_characters() -> None:
    """9; 1-11; 3+; nothing. An age is never negative."""
    figures = [
        {"low": 9, "high": 9},
        {"low": 1, "best": 11, "high": 11},
        {"low": 3, "high": None},
        None,
    ]
    assert [bounds(figure) for figure in figures] == ["9", "11 (1-11)", "3+", None]
    now = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)
    assert age_s("2024-03-01T11:59:00.000000Z", now) == 60.0
    assert age_s("2024-03-01T12:59:00.000000Z", now) == age_s(None, now) == 0.0
