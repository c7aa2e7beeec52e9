"""What a site's robots.txt allows us to fetch (RFC 9309). For article pages; feeds are published
to be fetched by programs.

Rules
-----
1. No such file (any 4xx): all is allowed. A server in trouble: nothing is, until it answers again;
   a copy that we still have goes on counting.
2. A copy counts for a day. A crawl delay is kept, up to half a minute.
3. At most 500 kB are read, off the loop, and a rule has at most five ``*``: each one is a loop in
   the pattern that it becomes.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from protego import Protego

from worker.core.domain.errors import FetchError
from worker.ingest.fetch import Fetcher

_FRESH = dt.timedelta(hours=24)
_RETRY = dt.timedelta(minutes=10)
_MAX_DELAY_S = 30.0
_MAX_STARS = 5
_MAX_BYTES = 512_000
_SITES_KEPT = 5_000
_MISSING = ("http_4xx", "http_401", "http_403", "http_404", "http_410", "challenge")
_PRODUCT = re.compile(r"[A-Za-z_-]+")


@dataclass(frozen=True, slots=True)
class _CachedRules:
    rules: Any
    """A ``Protego``; None: everything is allowed."""
    until: dt.datetime
    unavailable: str = ""
    """Why nobody knows what is allowed: reason of the failure."""


class Robots:
    """The robots.txt of all sites asked so far."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        found = _PRODUCT.match(fetcher.user_agent)
        self._agent = found.group() if found else "*"
        self._cached: dict[str, _CachedRules] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def check(self, url: str, now: dt.datetime) -> None:
        """Raise ``FetchError``: robots_disallowed, or robots_unavailable (try again later)."""
        parts = urlsplit(url)
        site = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
        async with self._asking.setdefault(site, asyncio.Lock()):
            cached = self._cached.get(site)
            if cached is None or cached.until <= now:
                cached = await self._renew(site, cached, now)
                self._cached[site] = cached
        if cached.unavailable:
            wait = (cached.until - now).total_seconds()
            why = f"{site}: {cached.unavailable}"
            raise FetchError("robots_unavailable", why, retry_after=max(wait, 1.0))
        if cached.rules is None:
            return
        if not cached.rules.can_fetch(url, self._agent):
            raise FetchError("robots_disallowed", site)
        delay = cached.rules.crawl_delay(self._agent)
        if delay:
            self._fetcher.slow_down(url, min(float(delay), _MAX_DELAY_S))

    async def _renew(self, site: str, old: _CachedRules | None, now: dt.datetime) -> _CachedRules:
        self._forget(now)
        try:
            answer = await self._fetcher.get(f"{site}/robots.txt", purpose="robots")
        except FetchError as error:
            if error.reason in _MISSING or error.reason.startswith("redirect_"):
                return _CachedRules(None, now + _FRESH)
            if error.reason in ("blocked_address", "blocked_url"):
                raise
            if old is not None and not old.unavailable:
                return _CachedRules(old.rules, now + _RETRY)
            return _CachedRules(None, now + _RETRY, unavailable=error.reason)
        return _CachedRules(await asyncio.to_thread(_rules, answer.body), now + _FRESH)

    def _forget(self, now: dt.datetime) -> None:
        if len(self._cached) > _SITES_KEPT:
            self._cached = {
                site: cached for site, cached in self._cached.items() if cached.until > now
            }
            self._asking = {s: lock for s, lock in self._asking.items() if lock.locked()}


def _rules(body: bytes) -> Any:
    text = body[:_MAX_BYTES].decode("utf-8", "replace").lstrip("\ufeff")
    if text.lstrip()[:1] == "<":
        return None  # an error page with status 200
    return Protego.parse("\n".join(_with_few_stars(line) for line in text.splitlines()))


def _with_few_stars(line: str) -> str:
    """The line, cut before its sixth star."""
    parts = line[:2000].split("*")
    return line[:2000] if len(parts) <= _MAX_STARS + 1 else "*".join(parts[: _MAX_STARS + 1])
