"""Pages are fetched where robots.txt allows it, and only there."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from worker.config.schema import Ingest
from worker.core.domain.document import Entry
from worker.core.domain.errors import FetchError
from worker.ingest.fetch import Fetcher
from worker.ingest.fetch_page import fetch_page
from worker.ingest.robots import Robots, _with_few_stars

NOW = dt.datetime(2031, 5, 8, tzinfo=dt.UTC)
SETTINGS = Ingest(
    allow_loopback=True, host_spacing_s=0, timeout_s=3, user_agent="kabulwire/1 (test)"
)
PAGE = "<html><body><article><p>Four people were hurt by a blast near the harbour.</p></article></body></html>"
Start = Callable[[str, int], "Site"]


class Site:
    """A site with one robots.txt and one article."""

    def __init__(self, robots: str, status: int) -> None:
        self.robots, self.status = robots, status
        self.asked: list[str] = []
        app = web.Application()
        app.router.add_get("/robots.txt", self._robots)
        app.router.add_get("/{tail:.*}", self._page)
        self.server = TestServer(app)

    async def _robots(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return web.Response(text=self.robots, status=self.status)

    async def _page(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        kind = "application/pdf" if request.path.endswith(".pdf") else "text/html"
        return web.Response(text=PAGE, content_type=kind, charset="utf-8")

    def entry(self, path: str) -> Entry:
        return Entry(feed="f", id=path, format="rss", url=str(self.server.make_url(path)))


@pytest_asyncio.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with Fetcher(SETTINGS) as running:
        yield running


async def test_fetch_page_asks_for_no_disallowed_page(fetcher: Fetcher) -> None:
    """A disallowed page is not asked for; an allowed one is, and robots.txt only once."""
    site = Site("User-agent: kabulwire\nDisallow: /private\n", 200)
    async with site.server:
        robots = Robots(fetcher)
        with pytest.raises(FetchError) as caught:
            await fetch_page(site.entry("/private/1"), fetcher, robots, NOW)
        assert caught.value.reason == "robots_disallowed"
        document = await fetch_page(site.entry("/news/1"), fetcher, robots, NOW)
        assert document.html is not None and b"harbour" in document.html
        assert document.charset == "utf-8" and document.first_seen == NOW
        assert site.asked == ["/robots.txt", "/news/1"]


@pytest.mark.parametrize(
    ("status", "allowed"), [(404, True), (403, True), (500, False), (503, False)]
)
async def test_robots_check_allows_all_without_rules_and_nothing_in_trouble(
    fetcher: Fetcher, status: int, allowed: bool
) -> None:
    """No robots.txt allows everything; a server in trouble allows nothing for now."""
    site = Site("", status)
    async with site.server:
        robots = Robots(fetcher)
        if allowed:
            await robots.check(site.entry("/1").url or "", NOW)
            return
        with pytest.raises(FetchError) as caught:
            await robots.check(site.entry("/1").url or "", NOW)
        assert caught.value.reason == "robots_unavailable"
        assert caught.value.retry_after
        site.status = 404
        await robots.check(site.entry("/1").url or "", NOW + dt.timedelta(minutes=11))


async def test_robots_check_goes_by_the_old_copy_in_trouble(fetcher: Fetcher) -> None:
    """When the server fails after a day, the rules it gave before still hold."""
    site = Site("User-agent: *\nDisallow: /private\n", 200)
    async with site.server:
        robots = Robots(fetcher)
        await robots.check(site.entry("/1").url or "", NOW)
        site.status = 503
        later = NOW + dt.timedelta(hours=25)
        await robots.check(site.entry("/1").url or "", later)
        with pytest.raises(FetchError):
            await robots.check(site.entry("/private/1").url or "", later)


async def test_robots_check_takes_an_html_page_for_no_rules(fetcher: Fetcher) -> None:
    """An HTML page in place of robots.txt forbids nothing."""
    site = Site("<html>Disallow: /</html>", 200)
    async with site.server:
        await Robots(fetcher).check(site.entry("/private/1").url or "", NOW)
    assert site.asked == ["/robots.txt"]


async def test_fetch_page_refuses_what_is_no_html(fetcher: Fetcher) -> None:
    """A PDF is refused before anything reads it."""
    site = Site("", 404)
    async with site.server:
        with pytest.raises(FetchError) as caught:
            await fetch_page(site.entry("/report.pdf"), fetcher, Robots(fetcher), NOW)
        assert caught.value.reason == "not_html"


async def test_fetch_page_asks_no_server_for_an_entry_with_text(fetcher: Fetcher) -> None:
    """Text in the feed, and a kill, ask no server."""
    url = "https://post.example/1"
    full = Entry(feed="f", id="1", format="rss", url=url, body="The whole article.", title="T")
    kill = Entry(feed="f", id="1", format="rss", url=url, status="kill")
    document = await fetch_page(full, fetcher, None, NOW, article_id="art", version=3)
    assert (document.text, document.title, document.article_id, document.version) == (
        "The whole article.", "T", "art", 3)  # fmt: skip
    assert (await fetch_page(kill, fetcher, None, NOW)).text == ""


def test_with_few_stars_cuts_a_rule_of_many_stars() -> None:
    """A rule of many stars is cut: each is a loop in the pattern it becomes."""
    assert _with_few_stars("Disallow: /" + "*a" * 50) == "Disallow: /" + "*a" * 5
    assert _with_few_stars("Disallow: /*.pdf$") == "Disallow: /*.pdf$"
