"""A web server on loopback that behaves badly: the path names the behaviour.

Raw asyncio streams, because a well-kept HTTP library would refuse to send most of this.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import Mapping
from typing import Self

FEED = b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Portsmere Post</title><link>http://post.example/</link>
<description>d</description>
<item><title>Blast near the old harbour</title><link>http://post.example/1</link>
<guid isPermaLink="false">post-1</guid><description>Four people were hurt, police said.</description>
</item></channel></rss>"""
ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:f</id>
<entry><id>urn:1</id><title>Blast near the old harbour</title><link href="http://post.example/1"/>
</entry></feed>"""
TEXT = FEED.decode()


def whole(
    body: bytes = FEED, *extra: bytes, status: bytes = b"200 OK", length: int | None = None,
    content_type: bytes = b"application/rss+xml",
) -> bytes:  # fmt: skip
    """One complete answer."""
    size = len(body) if length is None else length
    lines = [b"HTTP/1.1 " + status, b"Content-Type: " + content_type,
             b"Content-Length: %d" % size, *extra]  # fmt: skip
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def item(extra: str = "", title: str = "Blast near the old harbour") -> str:
    """A feed of one item with ``extra`` in it."""
    return (
        f'<rss version="2.0"><channel><title>t</title><item><title>{title}</title>'
        f"<guid>g</guid>{extra}</item></channel></rss>"
    )


def _bomb(megabytes: int) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * (1 << 20)
    return b"".join(machine.compress(block) for _ in range(megabytes)) + machine.flush()


_LAUGHS = '<!DOCTYPE x [<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
) + "]>"  # fmt: skip
_EXTERNAL = (
    '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY h SYSTEM "http://127.0.0.1:1/">]>'
)

BODIES: dict[str, bytes] = {
    "ok": FEED,
    "atom": ATOM,
    "json-feed": b'{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":7,"title":"x"}]}',
    "json-deep": b'{"version":"https://jsonfeed.org/version/1.1","items":' + b"[" * 100_000,
    "json-plain": b'{"status": "ok"}',
    "empty": b"",
    "blank": b" \r\n\t ",
    "html": b"<!doctype html><html><head><title>Just a moment</title></head><body>wait</body></html>",
    "rss-in-html": b"<html><body><pre>" + FEED + b"</pre></body></html>",
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    "path": b"/etc/passwd",
    "file-url": b"file:///etc/passwd",
    "http-url": b"http://127.0.0.1:1/",
    "no-items": b'<rss version="2.0"><channel><title>t</title></channel></rss>',
    "opml": b'<opml version="2.0"><body><outline xmlUrl="http://x.example/"/></body></opml>',
    "php-warning": b"<br />\n<b>Warning</b>: foo in /srv/x.php on line 3<br />\n" + FEED,
    "trailing-script": FEED + b"<script>var a = 1 < 2 && 3;</script>",
    "two-roots": FEED + FEED,
    "cut": TEXT.replace("</channel>", item()[40:].split("</channel>")[0]).encode()[:-60],
    "bom-bom": b"\xef\xbb\xbf\xef\xbb\xbf" + FEED,
    "utf-16": TEXT.replace("UTF-8", "UTF-16").encode("utf-16"),
    "utf-32": TEXT.replace("UTF-8", "UTF-32").encode("utf-32"),
    "windows-1256": TEXT.replace("UTF-8", "windows-1256").replace("Blast", "انفجار").encode("cp1256"),
    "cp1252-as-utf-8": FEED.replace(b"Blast", b"\x93Blast\x94"),
    "punycode": FEED.replace(b"UTF-8", b"punycode"),
    "idna": FEED.replace(b"UTF-8", b"idna"),
    "rot13": FEED.replace(b"UTF-8", b"rot13"),
    "bad-declaration": FEED.replace(b"UTF-8", b"UT\xff\xfe8"),
    "huge-reference": FEED.replace(b"Blast", b"Blast &#99999999999;"),
    "laughs": (_LAUGHS + item("<description>&a9;</description>")).encode(),
    "external-entity": (_EXTERNAL + item("<description>&f;&h;</description>")).encode(),
    "deep": item("<a>" * 20_000).encode(),
    "control": FEED.replace(b"Blast", b"Bl\x00a\x1bst\x07"),
    "bidi": TEXT.replace("Blast", "\u202eBlast\u2066").encode(),
    "long-guid": item(f"<guid>{'g' * 200_000}</guid>").encode(),
    "long-title": item(title="t" * 500_000).encode(),
    "comments": item("<description><![CDATA[" + "<!--" * 20_000 + "]]></description>").encode(),
    "author-bomb": item("<author>" + "a" * 60_000 + "</author>").encode(),
    "many-items": b'<rss version="2.0"><channel>' + b"<item><title>x</title></item>" * 30_000
    + b"</channel></rss>",
    "sitemap-index": b'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>',
    "gzip-unannounced": gzip.compress(FEED),
}  # fmt: skip

HEADED: dict[str, tuple[bytes, tuple[bytes, ...]]] = {
    "gzip": (gzip.compress(FEED), (b"Content-Encoding: gzip",)),
    "x-gzip": (gzip.compress(FEED), (b"Content-Encoding: x-gzip",)),
    "gzip-twice": (gzip.compress(gzip.compress(FEED)), (b"Content-Encoding: gzip, gzip",)),
    "gzip-lie": (FEED, (b"Content-Encoding: gzip",)),
    "gzip-cut": (gzip.compress(FEED)[:-20], (b"Content-Encoding: gzip",)),
    "gzip-tail": (gzip.compress(FEED) + b"\0\0junk", (b"Content-Encoding: gzip",)),
    "gzip-crc": (gzip.compress(FEED)[:-8] + b"\0" * 8, (b"Content-Encoding: gzip",)),
    "gzip-bomb": (_bomb(60), (b"Content-Encoding: gzip",)),
    "gzip-members": (gzip.compress(b" " * (1 << 20)) * 60, (b"Content-Encoding: gzip",)),
    "deflate": (zlib.compress(FEED), (b"Content-Encoding: deflate",)),
    "deflate-raw": (zlib.compress(FEED)[2:-4], (b"Content-Encoding: deflate",)),
    "encoding-none": (FEED, (b"Content-Encoding: none",)),
    "encoding-utf-8": (FEED, (b"Content-Encoding: utf-8",)),
    "etag": (FEED, (b'ETag: W/"v1"', b"Last-Modified: Sat, 01 Jan 2050 00:00:00 GMT")),
    "etag-control": (FEED, (b'ETag: "a\x7fb"',)),
    "etag-bytes": (FEED, (b'ETag: "\xff\xfe"',)),
    "etag-long": (FEED, (b'ETag: "' + b"e" * 4000 + b'"',)),
    "header-9k": (FEED, (b"X-A: " + b"a" * 9000,)),
    "header-40k": (FEED, (b"X-A: " + b"a" * 40_000,)),
    "headers-200": (FEED, tuple(b"X-%d: a" % n for n in range(200))),
    "headers-400": (FEED, tuple(b"X-%d: a" % n for n in range(400))),
    "cookies": (FEED, tuple(b"Set-Cookie: c%d=%s; Path=/" % (n, b"v" * 400) for n in range(50))),
    "max-age": (FEED, (b"Cache-Control: public, max-age=3600",)),
    "max-age-years": (FEED, (b"Cache-Control: max-age=315360000",)),
    "max-age-abc": (FEED, (b"Cache-Control: max-age=abc",)),
    "no-store": (FEED, (b"Cache-Control: no-store",)),
    "expires-past": (FEED, (b"Expires: 0",)),
}  # fmt: skip

STATUSES: dict[str, tuple[bytes, tuple[bytes, ...]]] = {
    "204": (b"204 No Content", ()),
    "206": (b"206 Partial Content", ()),
    "999": (b"999 Request Denied", ()),
    "401": (b"401 Unauthorized", ()),
    "403": (b"403 Forbidden", ()),
    "challenge": (b"403 Forbidden", (b"cf-mitigated: challenge",)),
    "404": (b"404 Not Found", ()),
    "410": (b"410 Gone", ()),
    "429": (b"429 Too Many Requests", (b"Retry-After: 120",)),
    "429-huge": (b"429 Too Many Requests", (b"Retry-After: 1000000000000",)),
    "429-soon": (b"429 Too Many Requests", (b"Retry-After: soon",)),
    "429-date": (b"429 Too Many Requests",
                 (b"Date: Sat, 01 Jan 2050 00:00:00 GMT",
                  b"Retry-After: Sat, 01 Jan 2050 00:05:00 GMT")),
    "500": (b"500 Internal Server Error", ()),
    "503": (b"503 Service Unavailable", (b"Retry-After: 300",)),
    "304-unasked": (b"304 Not Modified", ()),
}  # fmt: skip

RAW: dict[str, bytes] = {
    "length-long": whole(length=len(FEED) + 500),
    "length-twice": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 20\r\n\r\n" + FEED,
    "length-negative": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + FEED,
    "length-10gb": b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n",
    "length-and-chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n0\r\n\r\n",
    "no-last-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "http-0.9": FEED,
    "icy": b"ICY 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n" + FEED,
    "http-2-text": b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "http-1.0": b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + FEED,
    "status-20k": b"HTTP/1.1 200 " + b"A" * 20_000 + b"\r\nContent-Length: 2\r\n\r\nok",
}

REDIRECTS: dict[str, bytes] = {
    "to-file": b"file:///etc/passwd",
    "to-ftp": b"ftp://post.example/",
    "to-javascript": b"javascript:alert(1)",
    "to-data": b"data:text/xml,%3Crss/%3E",
    "to-private": b"http://10.0.0.1/feed",
    "to-metadata": b"http://169.254.169.254/latest/meta-data/",
    "to-mapped": b"http://[::ffff:10.0.0.1]/",
    "to-nat64": b"http://[64:ff9b::a00:1]/",
    "to-6to4": b"http://[2002:a00:1::]/",
    "to-ula": b"http://[fd00::1]/",
    "to-port": b"http://198.51.100.1:22/",
    "to-bad-port": b"http://post.example:99999/",
    "to-nothing": b"",
    "to-relative": b"/ok#part",
    "to-spaces": b"/ok?a=b c",
    "to-non-ascii": "/ok?q=کابل".encode(),
    "to-self": b"/to-self",
}


class HostileServer:
    """The server; ``requests`` are those it got, head and all."""

    def __init__(self, more: Mapping[str, bytes] | None = None) -> None:
        self.more = more or {}
        self.requests: list[bytes] = []
        self.open = 0
        self.most_open = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head)
        name = head.split(b" ", 2)[1].decode("latin-1").lstrip("/").partition("?")[0]
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            return await self._answer(name, head, writer)
        finally:
            self.open -= 1

    async def _answer(self, name: str, head: bytes, writer: asyncio.StreamWriter) -> bool:
        keep = True
        if name in BODIES:
            writer.write(whole(BODIES[name]))
        elif name in HEADED:
            body, extra = HEADED[name]
            asked = b"If-None-Match" in head
            writer.write(b"HTTP/1.1 304 Not Modified\r\n\r\n" if asked else whole(body, *extra))
        elif name in STATUSES:
            status, extra = STATUSES[name]
            body = b"" if status[:3] in (b"204", b"304") else b"no"
            writer.write(whole(body, *extra, status=status))
        elif name == "closed":
            keep = False
        elif (raw := RAW.get(name) or self.more.get(name)) is not None:
            writer.write(raw)
            keep = False
        elif name in REDIRECTS:
            writer.write(whole(b"", b"Location: " + REDIRECTS[name], status=b"302 Found"))
        else:
            keep = await getattr(self, "_" + name.replace("-", "_"), self._missing)(writer)
        await writer.drain()
        return keep

    async def _missing(self, writer: asyncio.StreamWriter) -> bool:
        writer.write(whole(b"", status=b"404 Not Found"))
        return True

    async def _hang(self, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(60)
        return False

    async def _slow_head(self, writer: asyncio.StreamWriter) -> bool:
        return await self._drip(whole(), writer)

    async def _slow_body(self, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        return await self._drip(b"x" * 1000, writer)

    async def _drip(self, data: bytes, writer: asyncio.StreamWriter) -> bool:
        for byte in data:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)
        return False

    async def _endless_chunks(self, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"a" * 65_536 + b"\r\n")
            await writer.drain()

    async def _endless(self, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(b"a" * 65_536)
            await writer.drain()

    async def _hints(self, writer: asyncio.StreamWriter) -> bool:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 50)
            await writer.drain()
            await asyncio.sleep(0.01)

    async def _continues(self, writer: asyncio.StreamWriter) -> bool:
        for _ in range(200):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 10)
            await writer.drain()
        writer.write(whole())
        return True

    async def _tiny_chunks(self, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"".join(b"1\r\n%c\r\n" % byte for byte in FEED) + b"0\r\n\r\n")
        return True

    async def _reset(self, writer: asyncio.StreamWriter) -> bool:
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False

    async def _glued(self, writer: asyncio.StreamWriter) -> bool:
        writer.write(whole() + whole(b"poisoned"))
        return True

    async def _redirect_endless(self, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 301 M\r\nLocation: /ok\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"a" * 65_536 + b"\r\n")
            await writer.drain()

    async def _redirect_bare(self, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 301 M\r\nContent-Length: 0\r\n\r\n")
        return True

    async def _hop(self, writer: asyncio.StreamWriter) -> bool:
        here = self.requests[-1].split(b" ", 2)[1]
        step = int(here.partition(b"?")[2] or b"0") + 1
        writer.write(whole(b"", b"Location: /hop?%d" % step, status=b"307 T"))
        return True

    async def _moved(self, writer: asyncio.StreamWriter) -> bool:
        writer.write(whole(b"", b"Location: /ok", status=b"301 Moved Permanently"))
        return True
