"""Reads an answer whose headers the library refuses, though every browser and curl read them.

Real servers send ``Content-Length`` twice, beside chunks, with a blank before the colon; a header without
a name, one in parentheses, ``Transfer-Encoding: identity``. The library's parser is strict, because
such answers on a shared connection let one request's answer pass for another's. So they are read here:

Rules
-----
1. One request, one connection, closed afterwards: whatever stands behind the body is never an answer
   to anybody. Nothing is sent but a GET.
2. Two lengths that differ, a length that is no number, another coding than ``chunked`` around the body,
   a status line that is not HTTP/1: refused (``protocol``). With chunks, chunks count.
3. The guard judges the address as for every connection. Lines, their number and the time between two
   pieces have limits; total time and size are the caller's.
"""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import TypeVar

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from worker.core.domain.errors import FetchError
from worker.ingest.guard import Guard

_T = TypeVar("_T")
_LINE_BYTES, _LINES, _INTERIM = 32_768, 256, 100
_PIECE_BYTES, _STATUS_BYTES = 65_536, 16_384
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9]\d{2})(?:[ \t].*)?\Z", re.DOTALL)
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\Z", re.DOTALL)


@dataclass(slots=True)
class PlainAnswer:
    """An answer whose body is still to be read, once: by ``iter_any`` of ``content``."""

    status: int
    headers: CIMultiDictProxy[str]
    cookies: SimpleCookie
    content_length: int | None
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter
    _idle_s: float
    _chunked: bool = field(default=False)

    @property
    def content(self) -> PlainAnswer:
        """Where the body comes from: itself."""
        return self

    def close(self) -> None:
        """Hang up; the rest is not read."""
        self._writer.close()

    async def iter_any(self) -> AsyncIterator[bytes]:
        """The body, piece by piece as it comes. Raises ``FetchError`` (truncated, protocol, timeout)."""
        if self._chunked:
            while left := await self._next_chunk():
                async for piece in self._exactly(left):
                    yield piece
                if (await self._line()).strip():
                    raise FetchError("protocol", "a chunk is longer than it says")
        elif self.content_length is not None:
            async for piece in self._exactly(self.content_length):
                yield piece
        else:
            while piece := await _within(self._idle_s, self._reader.read(_PIECE_BYTES)):
                yield piece

    async def _next_chunk(self) -> int:
        size = _CHUNK.match(await self._line())
        if size is None:
            raise FetchError("protocol", "unreadable size of a chunk")
        return int(size[1], 16)

    async def _exactly(self, left: int) -> AsyncIterator[bytes]:
        while left:
            piece = await _within(self._idle_s, self._reader.read(min(left, _PIECE_BYTES)))
            if not piece:
                raise FetchError("truncated", f"{left} bytes are missing")
            left -= len(piece)
            yield piece

    async def _line(self) -> bytes:
        line = await _read_line(self._reader, self._idle_s)
        if not line.endswith(b"\n"):
            raise FetchError("truncated", "the last chunk is missing")
        return line.rstrip(b"\r\n")


async def ask_plainly(
    target: URL, headers: Mapping[str, str], guard: Guard, idle_s: float
) -> PlainAnswer:
    """GET ``target`` over a connection of its own. Raises ``FetchError``, ``OSError``, ``ssl.SSLError``.

    Whoever calls this closes the answer. ``idle_s``: longest wait for the next piece.
    """
    reader, writer = await _connect(target, guard)
    try:
        writer.write(_request(target, headers))
        await _within(idle_s, writer.drain())
        status, lines = await _read_head(reader, idle_s)
        for _ in range(_INTERIM):
            if not 100 <= status < 200:
                break
            status, lines = await _read_head(reader, idle_s)
        return _answer(status, lines, reader, writer, idle_s)
    except BaseException:
        writer.close()
        raise


async def _connect(target: URL, guard: Guard) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first address of the host that the guard grants."""
    host, port = target.raw_host or "", target.port or 80
    found = await guard.resolver().resolve(host, port, socket.AF_UNSPEC)
    last: OSError | None = None
    for address in found[:4]:
        place = (address["host"], port)
        sock = guard.socket_factory((address["family"], socket.SOCK_STREAM, 0, "", place))
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, place)
        except OSError as error:
            sock.close()
            last = error
            continue
        context = ssl.create_default_context() if target.scheme == "https" else None
        return await asyncio.open_connection(
            sock=sock, ssl=context, server_hostname=host if context else None, limit=_LINE_BYTES
        )
    raise last or FetchError("dns", "no address")


def _request(target: URL, headers: Mapping[str, str]) -> bytes:
    """The bytes of the request. Raises ``FetchError`` for what would not stay one line."""
    host = target.raw_authority.rpartition("@")[2]
    sent = {"Host": host, **headers, "Connection": "close"}
    if target.user is not None and "Authorization" not in sent:
        token = base64.b64encode(f"{target.user}:{target.password or ''}".encode()).decode()
        sent["Authorization"] = f"Basic {token}"
    lines = [f"GET {target.raw_path_qs} HTTP/1.1", *(f"{k}: {v}" for k, v in sent.items())]
    if any(not c.isprintable() for line in lines for c in line):
        raise FetchError("protocol", "a header that cannot be sent")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


async def _read_head(reader: asyncio.StreamReader, idle_s: float) -> tuple[int, list[str]]:
    """Status and header lines; folded lines are joined."""
    first = (await _read_line(reader, idle_s)).rstrip(b"\r\n")
    status = _STATUS.match(first) if len(first) <= _STATUS_BYTES else None
    if status is None:
        raise FetchError("protocol" if first else "reset", "no status line of HTTP/1")
    lines: list[str] = []
    for _ in range(_LINES):
        line = await _read_line(reader, idle_s)
        if not line.endswith(b"\n"):
            raise FetchError("truncated", "the headers have no end")
        text = line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
        if not text:
            return int(status[1]), lines
        if text[0] in " \t" and lines:
            lines[-1] += " " + text.strip()
        else:
            lines.append(text)
    raise FetchError("protocol", f"more than {_LINES} headers")


def _answer(
    status: int,
    lines: list[str],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    idle_s: float,
) -> PlainAnswer:
    headers: CIMultiDict[str] = CIMultiDict()
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and name.strip():
            headers.add(name.strip(), value.strip())
    chunked = _is_chunked(headers)
    length = None if chunked else _length(headers)
    return PlainAnswer(status, CIMultiDictProxy(headers), _cookies(headers), length, reader, writer,
                       idle_s, chunked)  # fmt: skip


def _is_chunked(headers: CIMultiDict[str]) -> bool:
    codings = ",".join(headers.getall("Transfer-Encoding", [])).lower().split(",")
    named = {coding.strip() for coding in codings} - {"", "identity"}
    if named - {"chunked"}:
        raise FetchError("protocol", "an unknown Transfer-Encoding")
    return bool(named)


def _length(headers: CIMultiDict[str]) -> int | None:
    told = {n.strip() for n in ",".join(headers.getall("Content-Length", [])).split(",")} - {""}
    if not told:
        return None
    length = told.pop()
    if told or not (length.isascii() and length.isdecimal() and len(length) < 19):
        raise FetchError("protocol", "Content-Length is unclear")
    return int(length)


def _cookies(headers: CIMultiDict[str]) -> SimpleCookie:
    found = SimpleCookie()
    for value in headers.getall("Set-Cookie", [])[:20]:
        try:
            found.load(value)
        except CookieError:
            continue
    return found


async def _read_line(reader: asyncio.StreamReader, idle_s: float) -> bytes:
    try:
        return await _within(idle_s, reader.readline())
    except ValueError as error:
        raise FetchError("protocol", "a header line is too long") from error


async def _within(idle_s: float, waiting: Awaitable[_T]) -> _T:
    try:
        async with asyncio.timeout(idle_s):
            return await waiting
    except TimeoutError as error:
        raise FetchError("timeout", f"nothing came for {idle_s:.0f} s") from error
