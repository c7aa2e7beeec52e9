"""An index of news sitemaps: what it lists is fetched and read in its stead."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from worker.config.schema import FeedConfig, Ingest
from worker.ingest.asking import Asking
from worker.ingest.fetch import Fetcher
from worker.ingest.follow import same_site
from worker.ingest.pace import pace_of
from worker.ingest.poll import PollResult, poll_feed
from worker.ingest.schedule import FeedState
from worker.sandbox.pool import Sandbox

NOW = dt.datetime(2031, 5, 8, 12, tzinfo=dt.UTC)
SETTINGS = Ingest(allow_loopback=True, host_spacing_s=0, timeout_s=20)
NEWS = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://post.example/{0}</loc>
 <news:news><news:title>Story {0}</news:title>
 <news:publication_date>2031-05-08T10:00:00Z</news:publication_date></news:news></url></urlset>"""
PLAIN = (
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>/a</loc></url></urlset>'
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox("anywhere", 1) as running:
        yield running


async def poll(pages: dict[str, str], sandbox: Sandbox, state: FeedState) -> PollResult:
    """One poll of ``/index.xml`` of a server that has ``pages``; each answer has an ETag."""

    async def answer(request: web.Request) -> web.Response:
        page = pages.get(request.path)
        if page is None:
            return web.Response(status=404)
        if request.headers.get("if-none-match"):
            return web.Response(status=304)
        return web.Response(text=page.replace("HOST", request.host), headers={"ETag": '"e"'})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        feed = FeedConfig(
            id="post", outlet="Post", lang="en", url=f"http://127.0.0.1:{port}/index.xml"
        )
        async with Fetcher(SETTINGS) as fetcher:
            asking = Asking(pace_of(feed, SETTINGS), chance=lambda: 0.0)
            return await poll_feed(feed, state, fetcher, sandbox, NOW, asking)
    finally:
        await runner.cleanup()


def index(*names: str) -> str:
    rows = "".join(f"<sitemap><loc>{name}</loc></sitemap>" for name in names)
    return (
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>'
    )


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_reads_what_an_index_lists(sandbox: Sandbox) -> None:
    """All that can be read, each entry once; a document that is missing or plain costs nothing else."""
    pages = {
        "/index.xml": index("/news-1.xml", "/news-2.xml", "/gone.xml", "/plain.xml", "/news-1b.xml"),
        "/news-1.xml": NEWS.format(1), "/news-2.xml": NEWS.format(2), "/news-1b.xml": NEWS.format(1),
        "/plain.xml": PLAIN,
    }  # fmt: skip
    result = await poll(pages, sandbox, FeedState("post"))
    assert result.outcome == "entries"
    assert sorted(entry.title or "" for entry, _ in result.entries) == ["Story 1", "Story 2"]


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_asks_for_an_index_anew_each_time(sandbox: Sandbox) -> None:
    """The same index may list a document that has changed, so neither ETag nor bytes say unchanged."""
    pages = {"/index.xml": index("/news.xml"), "/news.xml": NEWS.format(1)}
    first = await poll(pages, sandbox, FeedState("post"))
    pages["/news.xml"] = NEWS.format(2)
    second = await poll(pages, sandbox, first.state)
    assert [entry.title for entry, _ in second.entries] == ["Story 2"]


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_fails_where_nothing_of_an_index_can_be_read(sandbox: Sandbox) -> None:
    """With the reason of the first; an index without news is empty, and no failure."""
    failed = await poll({"/index.xml": index("/gone.xml")}, sandbox, FeedState("post"))
    assert (failed.outcome, failed.reason) == ("failed", "http_404")
    other = await poll(
        {"/index.xml": index("http://other.example/n.xml")}, sandbox, FeedState("post")
    )
    assert (other.outcome, other.reason) == ("failed", "not_a_feed")
    empty = await poll({"/index.xml": index("/p.xml"), "/p.xml": PLAIN}, sandbox, FeedState("post"))
    assert empty.outcome == "empty"


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_follows_no_index_in_an_index(sandbox: Sandbox) -> None:
    """One level: no address leads to another list of addresses."""
    pages = {"/index.xml": index("/index.xml", "/deep.xml"), "/deep.xml": index("/news.xml"),
             "/news.xml": NEWS.format(1)}  # fmt: skip
    assert (await poll(pages, sandbox, FeedState("post"))).entries == ()


def test_same_site_compares_hosts() -> None:
    """With or without "www."; a port or another name of the company is another matter."""
    assert same_site("https://www.post.example/a", "https://post.example/b")
    assert not same_site("https://post.example.evil/a", "https://post.example/b")
    assert not same_site("", "https://post.example/b")
