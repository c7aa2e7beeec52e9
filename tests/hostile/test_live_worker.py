"""A live worker among hostile sites: it lives to the end, and its log holds nothing but its own lines."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.hostile.odd_answers import ODD
from tests.hostile.server import FEED, HostileServer, whole
from tests.hostile.test_hostile import EXPECTED, SILENT
from tests.shell.test_app import Running, started

pytestmark = pytest.mark.slow
SECRET = b"Zx9hushQ7"
LEFT_OUT = {
    *SILENT,
    "author-bomb",
    "deep",
    "many-items",
    *(p for p in EXPECTED if p.startswith("429")),
}
"""They take their time, or let the whole host rest for a day."""
_COOKIE = (
    b"Set-Cookie: sid=" + SECRET + b"; Path=/",
    b"X-Api-Key: " + SECRET,
    b'ETag: "' + SECRET + b'"',
)
_LINK = b"http://me:" + SECRET + b"@127.0.0.1:1/a?access_token=" + SECRET
PLANTED: dict[str, bytes] = {
    "in-words": whole(FEED.replace(b"Four", b"password=" + SECRET + b" Four"), *_COOKIE),
    "in-link": whole(FEED.replace(b"http://post.example/1", _LINK), *_COOKIE),
    "in-tags": whole(b"<rss><channel><item><" + SECRET + b" a='" + SECRET + b"'></item", *_COOKIE),
    "in-entity": whole(FEED.replace(b"<rss", b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///' + SECRET + b'">]>'
                                    b"<rss").replace(b"Four", b"&f;"), *_COOKIE),
    "in-json": whole(b'{"version": "https://jsonfeed.org/version/1.1", "items": [], "x": "' + SECRET
                     + b'", ]}', *_COOKIE),
    "in-page": whole(b"<html><body>token=" + SECRET + b"</body></html>", *_COOKIE),
    "in-status": whole(b"no", *_COOKIE, status=b"500 token=" + SECRET),
    "in-refusal": whole(SECRET, *_COOKIE, status=b"403 token=" + SECRET),
    "in-encoding": whole(FEED, *_COOKIE, b"Content-Encoding: " + SECRET),
    "in-charset": whole(FEED.replace(b"UTF-8", SECRET), content_type=b"text/xml; charset=" + SECRET),
    "in-inner": whole(b"", b"Location: http://10.0.0.1/?token=" + SECRET, status=b"302 Found"),
    "in-userinfo": whole(b"", b"Location: http://me:" + SECRET + b"@10.0.0.1/", status=b"302 Found"),
    "in-moved": whole(b"", b"Location: /ok?token=" + SECRET, status=b"301 Moved"),
    "in-scheme": whole(b"", b"Location: ftp://post.example/?sig=" + SECRET, status=b"301 Moved"),
    "in-port": whole(b"", b"Location: https://a.example:99999/?sig=" + SECRET, status=b"301 Moved"),
    "in-name": b"HTTP/1.1 200 OK\r\n" + SECRET + b"\x00: a\r\nContent-Length: 2\r\n\r\nok",
    "in-length": b"HTTP/1.1 200 OK\r\nContent-Length: " + SECRET + b"\r\n\r\nok",
    "in-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + SECRET + b"\r\nok",
    "in-version": b"HTTP/9.9 " + SECRET + b"\r\n\r\n",
    "in-index": whole(b'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap>'
                      b"<loc>http://10.1.1.1/?key=" + SECRET + b"</loc></sitemap></sitemapindex>"),
}  # fmt: skip


def configure(folder: Path, base: str, paths: list[str]) -> Path:
    """A feed for each path, all with a token in the address, every other one with a password."""
    secret, config = folder / "secret.txt", folder / "config"
    secret.write_text(f"me:{SECRET.decode()}", "utf-8")
    secret.chmod(0o600)
    config.mkdir()
    blocks = (
        f'[[feed]]\nid = "f{k}"\nurl = "{base}/{path}?token={SECRET.decode()}"\noutlet = "O{k}"\n'
          'lang = "en"\n' + (f'auth_file = "{secret}"\n' if k % 2 else "")
        for k, path in enumerate(paths)
    )  # fmt: skip
    (config / "feeds.toml").write_text("".join(blocks), "utf-8")
    return config


def polled(worker: Running) -> set[str]:
    """The feeds that were asked so far; a failing one says nothing else."""
    return {str(line["feed"]) for line in worker.told("feed.polled")}


@pytest.mark.asyncio
async def test_worker_among_hostile_sites_lives_and_logs_lines_of_its_own_alone(
    tmp_path: Path,
) -> None:
    """Sixty feeds: all are asked, the first again at the end; every line is JSON, and none of them, nor
    the page or the metrics, has a token, password, cookie or header of anybody.
    """
    sample = [
        *list(ODD)[::5],
        *[path for path in EXPECTED if path not in LEFT_OUT][::5],
    ]
    paths = ["ok", *PLANTED, *sample]
    async with HostileServer({path: raw for path, (raw, _) in ODD.items()} | PLANTED) as server:
        config = configure(tmp_path, server.url, paths)
        wanted = {f"f{k}" for k in range(len(paths))}

        def live() -> str:
            with started(tmp_path, config, INGEST__INTERVAL_S="2", INGEST__TIMEOUT_S="3") as worker:
                worker.wait_for(lambda: polled(worker) == wanted, 90)
                asked = len(server.requests)
                worker.wait_for(lambda: any(b" /ok?" in one for one in server.requests[asked:]), 60)
                shown = worker.get("/")[1] + worker.get("/metrics")[1]
                assert worker.stop() == 0
            return shown

        shown = await asyncio.to_thread(live)
    lines = (tmp_path / "worker.log").read_text("utf-8").splitlines()
    assert all(json.loads(line)["event"] for line in lines)
    assert [line for line in [*lines, *shown.splitlines()] if SECRET.decode() in line] == []
    assert len(paths) >= 60
    assert any("Authorization: Basic" in one.decode("latin-1") for one in server.requests)
