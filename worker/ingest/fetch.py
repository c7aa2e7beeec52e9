"""One request, done politely and defensively: the only place where this program asks the network.

Rules
-----
1. One request at a time to a host, spaced; a host that said 429 is left alone as long as it asked.
2. Everything has an end: total time, bytes as sent, bytes as unpacked, number of redirects. Without
   a total time a server that drips one byte a second is never done.
3. Redirects are followed here, not by the library: each hop is judged by the guard, and what was
   meant for one origin (credentials, headers) is not sent to another.
4. We say who we are: no browser's name, no referrer, nothing added to an address. Cookies live as
   long as one chain of redirects, and go back to the host that set them only: some sites send a
   visitor without a cookie in circles.
5. An answer whose headers the library refuses is asked for once more over a connection of its own and
   read leniently (``plain_http``). What that cannot read is ``protocol``, never the server's status.

A body is unpacked by ``decode``; the library's own way returns half a gzip stream without a word.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

import aiohttp
from yarl import URL

from worker.config.schema import Ingest
from worker.core.domain.errors import FetchError
from worker.ingest.answer_headers import link_header, usable_validator
from worker.ingest.decode import Decoder, accepted
from worker.ingest.fetch_errors import Answer, fetch_error, refused
from worker.ingest.guard import Guard
from worker.ingest.host_waits import note_wait
from worker.ingest.plain_http import ask_plainly

Purpose = Literal["feed", "page", "robots", "form"]

REASONS = frozenset(
    {"timeout", "dns", "connect", "reset", "tls", "protocol", "too_large", "truncated",
     "bad_encoding", "blocked_address", "blocked_url", "redirect_loop", "redirect_limit",
     "redirect_invalid", "unexpected_status", "http_401", "http_403", "http_404", "http_410",
     "http_429", "http_4xx", "http_5xx", "challenge", "rate_limited", "robots_disallowed",
     "robots_unavailable", "not_html", "cursor_foreign"}
)  # fmt: skip
"""All reasons of a ``FetchError`` raised in this package."""

MAX_REDIRECTS = 5
_REDIRECTS, _SAME_METHOD = frozenset({301, 302, 303, 307, 308}), frozenset({307, 308})
_CONNECT_S, _READ_S = 8.0, 15.0
_PATIENCE_S = 60.0
"""A host that wants to be left alone for longer is an error now, not a wait."""
_KEPT = ("etag", "last-modified", "cache-control", "expires", "age", "date", "retry-after",
         "content-type", "content-language")  # fmt: skip
_ACCEPT: Mapping[Purpose, str] = {
    "feed": "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.9, */*;q=0.5",
    "page": "text/html, application/xhtml+xml;q=0.9, */*;q=0.5",
    "robots": "text/plain, */*;q=0.5",
    "form": "text/plain, */*;q=0.5",
}
_ROBOTS_BYTES = 512_000
_HOSTS_KEPT = 5_000
_COOKIES_KEPT, _COOKIE_CHARS = 20, 4096


@dataclass(frozen=True, slots=True)
class Validators:
    """ETag and Last-Modified of an answer, for the next request; opaque, sent back as they came."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """An answer of status 200 or 304. ``url`` is where it came from, after redirects.

    ``headers``: the few that matter, lower-case. ``hops``: status and target of each redirect.
    """

    status: int
    url: str
    body: bytes
    etag: str | None
    last_modified: str | None
    headers: Mapping[str, str]
    hops: tuple[tuple[int, str], ...] = ()

    @property
    def moved_to(self) -> str | None:
        """Where the resource went for good, when every redirect said so (301, 308)."""
        permanent = all(status in (301, 308) for status, _ in self.hops)
        return self.url if self.hops and permanent else None


@dataclass(slots=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    closed_until: float = 0.0
    spacing: float = 0.0


class Fetcher:
    """Fetches for one worker. Use as an async context manager, or ``close`` it."""

    def __init__(self, settings: Ingest, guard: Guard | None = None) -> None:
        self._settings = settings
        self._guard = guard or Guard(
            allow_loopback=settings.allow_loopback, allow_hosts=settings.allow_hosts
        )
        self._hosts: dict[str, _Host] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def settings(self) -> Ingest:
        """The settings of polling that this fetcher was made with."""
        return self._settings

    @property
    def user_agent(self) -> str:
        """How we introduce ourselves."""
        return self._settings.user_agent

    def slow_down(self, url: str, spacing_s: float) -> None:
        """Space requests to a host wider than configured (its robots.txt asks for it)."""
        self._host(_netloc(URL(url))).spacing = spacing_s

    async def get(
        self,
        url: str,
        *,
        validators: Validators | None = None,
        limit: int | None = None,
        purpose: Purpose = "feed",
        headers: Mapping[str, str] | None = None,
        proxy: str | None = None,
    ) -> Response:
        """The body at ``url`` (status 200), or "not modified" (304, only if ``validators`` are given).

        ``limit``: bytes, as sent and as unpacked. ``headers`` go to the first origin only. Raises
        ``FetchError`` with a reason from ``REASONS``.
        """
        request = _Request(purpose, validators or Validators(), dict(headers or {}), proxy,
                           limit or self._limit(purpose))  # fmt: skip
        return await self._follow(url, request)

    async def post_form(
        self, url: str, fields: Mapping[str, str], *, proxy: str | None = None
    ) -> None:
        """Post a form; back when the server has taken it (a status of 200 to 299).

        A redirect is followed only where it keeps a POST a POST (307, 308). Raises ``FetchError``.
        """
        request = _Request("form", Validators(), {}, proxy, _ROBOTS_BYTES, dict(fields))
        await self._follow(url, request)

    async def _follow(self, url: str, request: _Request) -> Response:
        """The answer to a request, after redirects."""
        target, hops = _address(url), list[tuple[int, str]]()
        seen = {f"{target} []"}
        left = self._settings.timeout_s
        while True:
            self._guard.check_url(str(target))
            began = time.monotonic()
            answer = await self._at_host(target, request, left)
            if isinstance(answer, Response):
                return Response(answer.status, str(target.with_user(None)), answer.body, answer.etag,
                                answer.last_modified, answer.headers, tuple(hops))  # fmt: skip
            left = max(1.0, left - (time.monotonic() - began))
            hops.append((answer.status, str(answer.target)))
            if answer.cookies:
                request.cookies.setdefault(_netloc(target), {}).update(answer.cookies)
            _check_redirect(target, answer.target, seen, len(hops), request)
            target = answer.target

    def _limit(self, purpose: Purpose) -> int:
        limits = {"feed": self._settings.max_feed_bytes, "page": self._settings.max_page_bytes}
        return limits.get(purpose, _ROBOTS_BYTES)

    def _host(self, name: str) -> _Host:
        if len(self._hosts) > _HOSTS_KEPT:
            moment = time.monotonic()
            self._hosts = {
                k: h for k, h in self._hosts.items()
                if h.lock.locked() or max(h.free_at, h.closed_until) > moment
            }  # fmt: skip
        return self._hosts.setdefault(name, _Host())

    async def _at_host(self, target: URL, request: _Request, left: float) -> Response | _Redirect:
        """One hop, when its host is free."""
        host, asked = self._host(_netloc(target)), time.monotonic()
        async with host.lock:
            moment = time.monotonic()
            wait = host.closed_until - moment
            if wait > _PATIENCE_S:
                raise FetchError("rate_limited", target.host or "", retry_after=wait)
            await asyncio.sleep(max(wait, host.free_at - moment, 0))
            note_wait(time.monotonic() - asked)
            try:
                async with asyncio.timeout(left):
                    return await self._ask(target, request)
            except TimeoutError as error:
                raise FetchError("timeout", f"{left:.0f} s") from error
            except FetchError as error:
                if error.reason == "http_429" and error.retry_after:
                    host.closed_until = time.monotonic() + error.retry_after
                raise
            finally:
                host.free_at = time.monotonic() + max(host.spacing, self._settings.host_spacing_s)

    async def _ask(self, target: URL, request: _Request) -> Response | _Redirect:
        session = self._open_session()
        try:
            async with session.request(
                "GET" if request.form is None else "POST",
                target,
                data=request.form,
                headers=request.to_send(target),
                allow_redirects=False,
                proxy=request.proxy,
            ) as answer:
                return await _read(answer, target, request)
        except aiohttp.ClientResponseError as error:
            if request.proxy is not None or request.form is not None:
                raise fetch_error(error) from error
            return await self._ask_plainly(target, request)
        except (aiohttp.ClientError, OSError, ValueError, ssl.SSLError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise fetch_error(error) from error

    async def _ask_plainly(self, target: URL, request: _Request) -> Response | _Redirect:
        """The same over a connection of its own, read leniently: the library refused the headers."""
        sent = {"User-Agent": self._settings.user_agent, **request.to_send(target)}
        try:
            answer = await ask_plainly(target, sent, self._guard, _READ_S)
            try:
                return await _read(answer, target, request)
            finally:
                answer.close()
        except (OSError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise fetch_error(error) from error

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(
                limit=100,
                resolver=self._guard.resolver(),
                socket_factory=self._guard.socket_factory,
                use_dns_cache=False,
                keepalive_timeout=75,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=_CONNECT_S, connect=_CONNECT_S, sock_read=_READ_S
                ),
                headers={"User-Agent": self._settings.user_agent},
                auto_decompress=False,
                max_line_size=16_384,
                max_field_size=32_768,
                max_headers=256,
                trust_env=False,
            )
        return self._session


@dataclass(slots=True)
class _Request:
    purpose: Purpose
    validators: Validators
    headers: dict[str, str]
    proxy: str | None
    limit: int
    form: dict[str, str] | None = None
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    """By host and port, of this chain of redirects."""

    @property
    def redirects(self) -> frozenset[int]:
        """Statuses that are followed: some of them make a GET of a POST."""
        return _REDIRECTS if self.form is None else _SAME_METHOD

    def to_send(self, target: URL) -> dict[str, str]:
        send = {"Accept": _ACCEPT[self.purpose], "Accept-Encoding": accepted(), **self.headers}
        if usable_validator(self.validators.etag):
            send["If-None-Match"] = self.validators.etag or ""
        if usable_validator(self.validators.last_modified):
            send["If-Modified-Since"] = self.validators.last_modified or ""
        if kept := self.cookies.get(_netloc(target)):
            send["Cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items())
        return send

    @property
    def conditional(self) -> bool:
        return bool(self.validators.etag or self.validators.last_modified)


@dataclass(frozen=True, slots=True)
class _Redirect:
    status: int
    target: URL
    cookies: dict[str, str] = field(default_factory=dict)


async def _read(answer: Answer, target: URL, request: _Request) -> Response | _Redirect:
    status = answer.status
    if status in request.redirects and "Location" in answer.headers:
        answer.close()  # its body is of no interest, and may be endless
        location = answer.headers["Location"]
        return _Redirect(status, _joined(target, location), _cookies(answer))
    if request.form is not None and 200 <= status < 300:
        answer.close()
        return Response(status, str(target), b"", None, None, {})
    if status != 200 and not (status == 304 and request.conditional):
        answer.close()
        raise refused(answer)
    body = await _body(answer, request.limit) if status == 200 else b""
    kept = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
    kept |= link_header(answer.headers)
    etag, modified = kept.get("etag"), kept.get("last-modified")
    return Response(
        status=status,
        url=str(target),
        body=body,
        etag=etag if usable_validator(etag) else None,
        last_modified=modified if usable_validator(modified) else None,
        headers=kept,
    )


async def _body(answer: Answer, limit: int) -> bytes:
    length = answer.content_length
    if length is not None and length > limit:
        answer.close()
        raise FetchError("too_large", f"{length} bytes announced")
    decoder = Decoder(answer.headers.get("Content-Encoding", ""), limit)
    try:
        async for chunk in answer.content.iter_any():
            decoder.feed(chunk)
        return decoder.finish()
    except FetchError:
        answer.close()
        raise


def _address(url: str) -> URL:
    try:
        ready = url.isascii() and " " not in url
        return URL(url, encoded=ready)
    except (ValueError, TypeError) as error:
        raise FetchError("blocked_url", "no valid address") from error


def _cookies(answer: Answer) -> dict[str, str]:
    """The cookies of an answer that can be sent back as they are; not more than a few small ones."""
    found = {name: morsel.coded_value for name, morsel in answer.cookies.items()}
    return {
        name: value
        for name, value in list(found.items())[:_COOKIES_KEPT]
        if len(value) <= _COOKIE_CHARS and value.isascii() and value.isprintable()
    }


def _spelled(location: str) -> str:
    """A Location as an address: the bytes that a server sent raw are escaped one by one."""
    raw = location.strip().encode("utf-8", "surrogateescape")
    return "".join(chr(b) if 0x20 < b < 0x7F else f"%{b:02X}" for b in raw)


def _joined(base: URL, location: str) -> URL:
    """The target of a redirect, without user info and fragment."""
    try:
        target = base.join(_address(_spelled(location)))
        port = target.port
    except (ValueError, FetchError) as error:
        raise FetchError("redirect_invalid", "unreadable Location") from error
    if (
        not location.strip()
        or target.scheme not in ("http", "https")
        or not target.host
        or not port
    ):
        raise FetchError("redirect_invalid", f"scheme {target.scheme[:20]!r}")
    return target.with_user(None).with_fragment(None)


def _check_redirect(here: URL, target: URL, seen: set[str], hops: int, request: _Request) -> None:
    state = f"{target} {sorted(request.cookies.get(_netloc(target), {}).items())}"
    if state in seen:
        raise FetchError("redirect_loop", target.host or "")
    if hops > MAX_REDIRECTS:
        raise FetchError("redirect_limit", f"more than {MAX_REDIRECTS}")
    seen.add(state)
    if target.origin() != here.with_user(None).origin():
        if (request.headers or here.user) and here.scheme == "https" and target.scheme == "http":
            raise FetchError("redirect_invalid", "credentials would leave TLS")
        request.headers.clear()


def _netloc(url: URL) -> str:
    return f"{url.host}:{url.port}"
