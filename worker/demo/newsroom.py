"""A loopback newsroom: outlets that publish a profile's own articles over real HTTP.

Rules
-----
1. The worker uses no shortcut: it polls feeds, gets pages and sees versions as from any server,
   with entity tags and robots.txt.
2. Each outlet has a port of its own, because it is a host of its own.
3. What is published when stands in ``<profile>/demo/newsroom.toml``; this module knows no story.

Theory of operation
-------------------
The clock of the demonstration is the seconds since ``start``. A release is visible from its
``at`` on; a later release of the same slug replaces the page and changes the feed's entry. The
story's first day is the day before yesterday in the profile's zone, so that no article is dated in
the future at any hour of the day.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from worker.core.domain.errors import KnowledgeError

FORMATS = ("rss", "atom", "sitemap")
_STORY_BEGAN_DAYS_AGO = 2


@dataclass(frozen=True, slots=True)
class Outlet:
    """One outlet and the format in which it lists its articles."""

    id: str
    name: str
    format: str
    lang: str


@dataclass(frozen=True, slots=True)
class Release:
    """One version of one article, published ``at`` seconds after the start of the story."""

    at: float
    outlet: str
    slug: str
    title: str
    body: str
    published: dt.datetime
    """When the article first came out; kept over its versions, as careful outlets do."""
    updated: dt.datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """All that a newsroom will publish, in order."""

    outlets: tuple[Outlet, ...]
    releases: tuple[Release, ...]

    @property
    def length_s(self) -> float:
        """Seconds until the last release."""
        return max(release.at for release in self.releases)


def read_schedule(folder: Path, zone: str, today: dt.date) -> Schedule:
    """Read ``newsroom.toml`` of a profile's ``demo`` folder, dated so that it ends before today.

    Raises ``KnowledgeError`` when the file is missing or names an unknown outlet or format.
    """
    path = folder / "newsroom.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise KnowledgeError(f"{path}: {error}") from error
    outlets = tuple(Outlet(**row) for row in data["outlet"])
    known = {outlet.id for outlet in outlets}
    if wrong := [o.format for o in outlets if o.format not in FORMATS]:
        raise KnowledgeError(f"{path}: unknown format {wrong[0]!r}")
    first = today - dt.timedelta(days=_STORY_BEGAN_DAYS_AGO)
    releases = _releases(sorted(data["release"], key=_at), first, ZoneInfo(zone))
    if strange := [r.outlet for r in releases if r.outlet not in known]:
        raise KnowledgeError(f"{path}: release of unknown outlet {strange[0]!r}")
    return Schedule(outlets, releases)


def _at(row: Mapping[str, Any]) -> float:
    return float(row["at"])


def _releases(
    rows: Sequence[Mapping[str, Any]], first: dt.date, zone: ZoneInfo
) -> tuple[Release, ...]:
    first_out: dict[tuple[str, str], dt.datetime] = {}
    out = []
    for row in rows:
        release = _release(row, first, zone)
        key = (release.outlet, release.slug)
        out.append(replace(release, published=first_out.setdefault(key, release.updated)))
    return tuple(out)


def _release(row: Mapping[str, Any], first: dt.date, zone: ZoneInfo) -> Release:
    day = first + dt.timedelta(days=int(row["day"]))
    hour, minute = map(int, str(row["time"]).split(":"))
    words = {f"{{day{n}}}": f"{first + dt.timedelta(days=n):%A}" for n in range(3)}
    words |= {f"{{date{n}}}": _spoken(first + dt.timedelta(days=n)) for n in range(3)}
    return Release(
        at=_at(row),
        outlet=str(row["outlet"]),
        slug=str(row["slug"]),
        title=_fill(str(row["title"]), words),
        body=_fill(str(row["body"]).strip(), words),
        published=(out := dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)),
        updated=out,
    )


def _spoken(day: dt.date) -> str:
    return f"{day:%B} {day.day}"


def _fill(text: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(name, value)
    return text


class Newsroom:
    """Serves a schedule on loopback, one port an outlet, until ``stop``."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._began: float | None = None
        self._runners: list[web.AppRunner] = []
        self.addresses: dict[str, str] = {}
        """Outlet id → "http://127.0.0.1:port"."""

    async def start(self) -> None:
        """Bind a free loopback port for each outlet; nothing is out before ``begin``."""
        for outlet in self._schedule.outlets:
            app = web.Application()
            app.add_routes(self._routes(outlet))
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[0][1]
            self.addresses[outlet.id] = f"http://127.0.0.1:{port}"
            self._runners.append(runner)

    async def stop(self) -> None:
        """Stop serving."""
        for runner in self._runners:
            await runner.cleanup()

    def begin(self) -> None:
        """Begin the story now: called when the worker is ready to read it.

        What a feed held before would be its first answer, of which old entries are not read.
        """
        self._began = time.monotonic()

    def feed_url(self, outlet: Outlet) -> str:
        """Where an outlet lists its articles."""
        name = "news-sitemap.xml" if outlet.format == "sitemap" else "feed.xml"
        return f"{self.addresses[outlet.id]}/{name}"

    def visible(self, outlet: Outlet) -> list[Release]:
        """The newest version of each article that is out by now, newest first."""
        if self._began is None:
            return []
        passed = time.monotonic() - self._began
        newest = {
            release.slug: release
            for release in self._schedule.releases
            if release.outlet == outlet.id and release.at <= passed
        }
        return sorted(newest.values(), key=lambda release: release.published, reverse=True)

    def _routes(self, outlet: Outlet) -> Sequence[web.RouteDef]:
        async def feed(request: web.Request) -> web.Response:
            render = {"rss": _rss, "atom": _atom, "sitemap": _sitemap}[outlet.format]
            base = self.addresses[outlet.id]
            return _conditional(request, render(outlet, base, self.visible(outlet)))

        async def page(request: web.Request) -> web.Response:
            slug = request.match_info["slug"]
            for release in self.visible(outlet):
                if release.slug == slug:
                    return web.Response(text=_page(outlet, release), content_type="text/html")
            raise web.HTTPNotFound

        async def robots(_: web.Request) -> web.Response:
            return web.Response(text="User-agent: *\nAllow: /\n")

        return [
            web.get("/feed.xml", feed),
            web.get("/news-sitemap.xml", feed),
            web.get("/news/{slug}", page),
            web.get("/robots.txt", robots),
        ]


def _conditional(request: web.Request, body: str) -> web.Response:
    tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    return web.Response(text=body, content_type="application/xml", headers={"ETag": tag})


def _summary(release: Release) -> str:
    return release.body.split("\n\n")[0]


def _rss(outlet: Outlet, base: str, releases: Sequence[Release]) -> str:
    items = "".join(
        f"<item><title>{escape(r.title)}</title><link>{base}/news/{r.slug}</link>"
        f"<guid isPermaLink='false'>{outlet.id}:{r.slug}</guid>"
        f"<pubDate>{r.published:%a, %d %b %Y %H:%M:%S %z}</pubDate>"
        f"<description>{escape(_summary(r))}</description></item>"
        for r in releases
    )
    return (
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>"
        f"<title>{escape(outlet.name)}</title><link>{base}/</link>"
        f"<description>{escape(outlet.name)}</description>"
        f"<language>{outlet.lang}</language>{items}</channel></rss>"
    )


def _atom(outlet: Outlet, base: str, releases: Sequence[Release]) -> str:
    entries = "".join(
        f"<entry><title>{escape(r.title)}</title><id>tag:{outlet.id},2000:{r.slug}</id>"
        f"<link href='{base}/news/{r.slug}'/><published>{r.published.isoformat()}</published>"
        f"<updated>{r.updated.isoformat()}</updated>"
        f"<summary>{escape(_summary(r))}</summary></entry>"
        for r in releases
    )
    newest = max((r.updated for r in releases), default=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    return (
        f"<?xml version='1.0' encoding='utf-8'?><feed xmlns='http://www.w3.org/2005/Atom' "
        f"xml:lang='{outlet.lang}'><title>{escape(outlet.name)}</title><id>tag:{outlet.id},2000:</id>"
        f"<updated>{newest.isoformat()}</updated>{entries}</feed>"
    )


def _sitemap(outlet: Outlet, base: str, releases: Sequence[Release]) -> str:
    urls = "".join(
        f"<url><loc>{base}/news/{r.slug}</loc><news:news><news:publication>"
        f"<news:name>{escape(outlet.name)}</news:name><news:language>{outlet.lang}</news:language>"
        f"</news:publication><news:publication_date>{r.published.isoformat()}</news:publication_date>"
        f"<news:title>{escape(r.title)}</news:title></news:news></url>"
        for r in releases
    )
    return (
        "<?xml version='1.0' encoding='utf-8'?>"
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
        f"xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>{urls}</urlset>"
    )


def _page(outlet: Outlet, release: Release) -> str:
    paragraphs = "".join(f"<p>{escape(p)}</p>" for p in release.body.split("\n\n"))
    return (
        f"<!doctype html><html lang='{outlet.lang}'><head><meta charset='utf-8'>"
        f"<title>{escape(release.title)}</title>"
        f"<meta property='article:published_time' content='{release.published.isoformat()}'>"
        f"<meta property='article:modified_time' content='{release.updated.isoformat()}'></head>"
        f"<body><header>{escape(outlet.name)}</header><main><article><h1>{escape(release.title)}</h1>"
        f"{paragraphs}</article></main><footer>An invented outlet.</footer></body></html>"
    )
