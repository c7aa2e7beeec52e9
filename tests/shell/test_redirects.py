"""Redirects as servers really send them: raw bytes in addresses, cookies that are wanted back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from worker.config.schema import Ingest
from worker.core.domain.errors import FetchError
from worker.ingest.fetch import Fetcher

Answer = Callable[[str, str], bytes]
"""Path and cookies of a request → the raw answer."""


@asynccontextmanager
async def served(answer: Answer) -> AsyncIterator[str]:
    """A server of raw bytes on loopback; gives its address."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        cookies = [line[8:] for line in lines if line.lower().startswith("cookie: ")]
        writer.write(answer(lines[0].split()[1], "".join(cookies)))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def to(location: bytes, *cookies: str) -> bytes:
    set_cookies = b"".join(f"Set-Cookie: {c}\r\n".encode() for c in cookies)
    return b"HTTP/1.1 302 Found\r\n%bLocation: %b\r\nContent-Length: 0\r\n\r\n" % (
        set_cookies,
        location,
    )


def page(body: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def fetcher() -> Fetcher:
    return Fetcher(Ingest(allow_loopback=True, host_spacing_s=0.0))


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("/caf\u00e9".encode("latin-1"), "/caf%E9"),
        ("/caf\u00e9".encode(), "/caf%C3%A9"),
        (b"/a b", "/a%20b"),
        (b"/a%20b?x=%C3%A9", "/a%20b?x=%C3%A9"),
    ],
)
async def test_fetch_keeps_the_bytes_of_a_location(location: bytes, asked: str) -> None:
    """What a server sent raw is escaped byte by byte; what it escaped stays."""
    async with (
        served(lambda path, _: to(location) if path == "/" else page(path)) as base,
        fetcher() as client,
    ):
        answer = await client.get(f"{base}/", purpose="page")
    assert answer.body.decode() == asked


async def test_fetch_keeps_cookies_within_a_chain_only() -> None:
    """A site that sends a visitor without a cookie to fetch one is read; the next visit has none."""
    asked: list[str] = []

    def answer(path: str, cookies: str) -> bytes:
        asked.append(f"{path} {cookies}".strip())
        if path == "/set":
            return to(b"/", "seen=1; Path=/; HttpOnly")
        return page("the article") if "seen=1" in cookies else to(b"/set")

    async with served(answer) as base, fetcher() as client:
        for _ in range(2):
            assert (await client.get(f"{base}/", purpose="page")).body == b"the article"
    assert asked == ["/", "/set", "/ seen=1"] * 2


async def test_fetch_gives_a_cookie_to_the_host_that_set_it() -> None:
    """Another host, or another port, gets none."""
    async with (
        served(lambda _, cookies: page(f"cookies: {cookies}")) as other,
        served(lambda _, __: to(other.encode() + b"/", "seen=1")) as base,
        fetcher() as client,
    ):
        answer = await client.get(f"{base}/", purpose="page")
    assert answer.body == b"cookies: "


async def test_fetch_ends_a_circle_that_cookies_do_not_change() -> None:
    """The same address with the same cookies is a loop."""
    async with served(lambda _, __: to(b"/", "seen=1")) as base, fetcher() as client:
        with pytest.raises(FetchError) as caught:
            await client.get(f"{base}/", purpose="page")
    assert caught.value.reason == "redirect_loop"
