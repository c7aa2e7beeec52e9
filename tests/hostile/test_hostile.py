"""Every odd or hostile answer ends one poll with one reason, and harms nothing else."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.hostile.server import BODIES, HostileServer
from worker.config.schema import FeedConfig, Ingest
from worker.core.domain.errors import FetchError
from worker.core.sources import formats
from worker.core.sources.seen import SeenFeed
from worker.ingest import fetch
from worker.ingest.asking import Asking
from worker.ingest.fetch import Fetcher
from worker.ingest.pace import pace_of
from worker.ingest.poll import poll_feed
from worker.ingest.results import PollResult
from worker.ingest.schedule import FeedState
from worker.sandbox.pool import KILL_REASONS, Sandbox

NOW = dt.datetime(2031, 5, 8, 12, 0, tzinfo=dt.UTC)
SETTINGS = Ingest(allow_loopback=True, host_spacing_s=0, timeout_s=20, max_feed_bytes=8_000_000,
                  min_interval_s=1, user_agent="newsworker-test/1 (+https://test.example)")  # fmt: skip
SILENT = {"hang", "slow-head", "slow-body", "hints"}
"""Paths that never finish: only these wait for the limit, so only these get a short one."""
REASONS = fetch.REASONS | formats.REASONS | {f"parse_{reason}" for reason in KILL_REASONS}

# What a poll of each path ends with: an outcome, or the reason of a failure.
EXPECTED = {
    # bodies
    "ok": "entries", "atom": "entries", "json-feed": "entries", "json-deep": "parse_error",
    "json-plain": "not_a_feed", "empty": "empty", "blank": "empty", "html": "not_a_feed",
    "rss-in-html": "not_a_feed", "pdf": "not_a_news_item", "jpeg": "not_a_news_item", "path": "not_a_feed",
    "file-url": "not_a_feed", "http-url": "not_a_feed", "no-items": "empty_feed",
    "opml": "not_a_feed", "php-warning": "entries", "trailing-script": "entries",
    "two-roots": "entries", "cut": "entries", "bom-bom": "entries", "utf-16": "entries",
    "utf-32": "entries", "windows-1256": "entries", "cp1252-as-utf-8": "entries",
    "punycode": "entries", "idna": "entries", "rot13": "entries", "bad-declaration": "entries",
    "huge-reference": "entries", "laughs": "entries", "external-entity": "entries",
    "deep": ("entries", "parse_deadline"), "control": "entries", "bidi": "entries", "long-guid": "entries",
    "long-title": "entries", "comments": "entries", "author-bomb": "parse_deadline",
    "many-items": "entries", "sitemap-index": "empty_feed", "gzip-unannounced": "entries",
    # headers and compression
    "gzip": "entries", "x-gzip": "entries", "gzip-twice": "entries", "gzip-lie": "entries",
    "gzip-cut": "truncated", "gzip-tail": "entries", "gzip-crc": "truncated",
    "gzip-bomb": "too_large", "gzip-members": "too_large", "deflate": "entries",
    "deflate-raw": "entries", "encoding-none": "entries", "encoding-utf-8": "entries",
    "etag": "entries", "etag-control": ("entries", "protocol"), "etag-bytes": "entries",
    "etag-long": "entries", "header-9k": "entries", "header-40k": "protocol",
    "headers-200": "entries", "headers-400": "protocol", "cookies": "entries",
    "max-age": "entries", "max-age-years": "entries", "max-age-abc": "entries",
    "no-store": "entries", "expires-past": "entries",
    # statuses
    "204": "unexpected_status", "206": "unexpected_status", "999": ("unexpected_status", "protocol"),
    "401": "http_401", "403": "http_403", "challenge": "challenge", "404": "http_404",
    "410": "http_410", "429": "http_429", "429-huge": "http_429", "429-soon": "http_429",
    "429-date": "http_429", "500": "http_5xx", "503": "http_5xx", "304-unasked": "unexpected_status",
    # framing
    "length-long": "truncated", "length-twice": "protocol", "length-negative": "protocol",
    "length-10gb": "too_large", "length-and-chunks": ("protocol", "not_a_feed"),
    "no-last-chunk": "truncated", "http-0.9": "protocol", "icy": "protocol",
    "http-2-text": "protocol", "http-1.0": "entries", "status-20k": "protocol", "closed": "reset",
    "hang": "timeout", "slow-head": "timeout", "slow-body": "timeout",
    "endless-chunks": "too_large", "endless": "too_large", "hints": "timeout",
    "continues": "entries", "tiny-chunks": "entries", "reset": "reset",
    # redirects
    "to-file": "redirect_invalid", "to-ftp": "redirect_invalid", "to-javascript": "redirect_invalid",
    "to-data": "redirect_invalid", "to-private": "blocked_address", "to-metadata": "blocked_address",
    "to-mapped": "blocked_address", "to-nat64": "blocked_address", "to-6to4": "blocked_address",
    "to-ula": "blocked_address", "to-port": "blocked_url", "to-bad-port": "redirect_invalid",
    "to-nothing": "redirect_invalid", "to-relative": "entries", "to-spaces": "entries",
    "to-non-ascii": "entries", "to-self": "redirect_loop", "redirect-endless": "entries",
    "redirect-bare": "unexpected_status", "hop": "redirect_limit",
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    """Parses with a limit that no honest feed of this module comes near, however slow the machine."""
    async with Sandbox("anywhere", 2, parse_deadline_s=30) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def strict_sandbox() -> AsyncIterator[Sandbox]:
    """Parses with a short limit: for the feeds that must run into it."""
    async with Sandbox("anywhere", 2, parse_deadline_s=4) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[HostileServer]:
    async with HostileServer() as running:
        yield running


async def poll(
    server: HostileServer, sandbox: Sandbox, path: str, state: FeedState | None = None,
    seen: SeenFeed | None = None,
) -> PollResult:  # fmt: skip
    feed = FeedConfig(id="post", outlet="Portsmere Post", lang="en", url=f"{server.url}/{path}")
    limit_s = 1.5 if path in SILENT else SETTINGS.timeout_s
    async with Fetcher(SETTINGS.model_copy(update={"timeout_s": limit_s})) as fetcher:
        before = state or FeedState("post")
        asking = Asking(pace_of(feed, SETTINGS), seen=seen, chance=lambda: 0.0)
        return await poll_feed(feed, before, fetcher, sandbox, NOW, asking)


def ending(result: PollResult) -> str:
    if result.outcome == "empty":
        return "empty_feed"
    return result.reason or result.outcome


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", EXPECTED)
async def test_poll_feed_ends_with_one_reason_and_leaves_the_loop_free(
    server: HostileServer, sandbox: Sandbox, strict_sandbox: Sandbox, path: str
) -> None:
    """The poll ends as expected, and the loop was free meanwhile."""
    gaps: list[float] = []

    async def tick() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            gaps.append(time.monotonic() - began)

    ticking = asyncio.create_task(tick())
    wanted = EXPECTED[path]
    endings = (wanted,) if isinstance(wanted, str) else wanted
    may_be_killed = "parse_deadline" in endings
    result = await poll(server, strict_sandbox if may_be_killed else sandbox, path)
    ticking.cancel()
    assert ending(result) in endings
    assert not result.reason or result.reason in REASONS
    assert max(gaps, default=0) < 3.5  # a loop that waits for a killed job waits 4 s
    assert all(entry.id for entry, _ in result.entries)
    assert result.state.next_at is not None and result.state.next_at > NOW


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_keeps_validators_over_a_failure(
    server: HostileServer, sandbox: Sandbox, strict_sandbox: Sandbox
) -> None:
    """After a failed poll the validators are those of the last good one."""
    good = (await poll(server, sandbox, "etag")).state
    for path in ("500", "html", "no-last-chunk", "author-bomb"):
        parser = strict_sandbox if path == "author-bomb" else sandbox
        bad = (await poll(server, parser, path, good)).state
        assert (bad.etag, bad.last_modified) == (good.etag, good.last_modified) == (
            'W/"v1"', "Sat, 01 Jan 2050 00:00:00 GMT")  # fmt: skip
        assert bad.failures == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_sends_validators_back_and_leaves_them_out_after_a_day(
    server: HostileServer, sandbox: Sandbox
) -> None:
    """Validators go back as they came, and 304 keeps them; after a day they are left out once."""
    good = (await poll(server, sandbox, "etag")).state
    again = await poll(server, sandbox, "etag", good)
    assert again.outcome == "not_modified"
    assert b'If-None-Match: W/"v1"' in server.requests[-1]
    assert again.state.etag == good.etag
    assert good.last_full == NOW
    old = FeedState("post", etag=good.etag, last_full=NOW - dt.timedelta(hours=25))
    await poll(server, sandbox, "etag", old)
    assert b"If-None-Match" not in server.requests[-1]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", ["etag-bytes", "etag-long", "etag-control"])
async def test_poll_feed_keeps_no_validator_that_cannot_be_sent_back(
    server: HostileServer, sandbox: Sandbox, path: str
) -> None:
    """A validator that cannot be sent back is not kept."""
    assert (await poll(server, sandbox, path)).state.etag is None


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_does_not_parse_the_same_bytes_again(
    server: HostileServer, sandbox: Sandbox
) -> None:
    """A body seen before is not parsed again, though the server knows no validators."""
    first = await poll(server, sandbox, "ok")
    second = await poll(server, sandbox, "ok", first.state)
    assert (first.outcome, second.outcome) == ("entries", "unchanged")


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_reads_only_the_items_that_were_not_there_before(
    server: HostileServer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One new item is read, and the feed's rhythm goes by all; failing forgets nothing, a cut feed all."""
    items = [
        f"<item><title>Harbour news {k}</title><link>https://post.example/{k}</link>"
        f"<pubDate>{8 - k // 4:02} May 2031 {20 - k % 4}:00:00 GMT</pubDate></item>"
        for k in range(12)
    ]
    feeds = [
        f"<rss version='2.0'><channel>{''.join(i)}</channel></rss>" for i in (items[1:], items)
    ]
    monkeypatch.setitem(BODIES, "changing", feeds[0].encode())
    first = await poll(server, sandbox, "changing")
    failed = await poll(server, sandbox, "500", first.state, first.seen)
    same = await poll(server, sandbox, "changing", failed.state, failed.seen)
    monkeypatch.setitem(BODIES, "changing", feeds[1].encode())
    second = await poll(server, sandbox, "changing", same.state, same.seen)
    whole = await poll(server, sandbox, "changing", same.state)
    monkeypatch.setitem(BODIES, "changing", f"{feeds[1]} ".encode())
    third = await poll(server, sandbox, "changing", second.state, second.seen)
    monkeypatch.setitem(BODIES, "changing", feeds[1][:-60].encode())
    cut = await poll(server, sandbox, "changing", third.state, third.seen)

    assert [len(one.entries) for one in (first, second, whole, third, cut)] == [11, 1, 12, 0, 11]
    assert second.entries == whole.entries[:1]
    assert (same.outcome, second.known, third.outcome, third.known) == (
        "unchanged",
        11,
        "unchanged",
        12,
    )
    assert (second.state.gap_s, second.state.newest) == (whole.state.gap_s, whole.state.newest)
    assert cut.seen is None


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_takes_the_whole_entries_of_a_cut_document(
    server: HostileServer, sandbox: Sandbox
) -> None:
    """Of a document cut short the whole entries count, and it is asked for again in full."""
    result = await poll(server, sandbox, "cut")
    assert result.problem == "truncated"
    assert [entry.id for entry, _ in result.entries] == ["post-1"]
    assert result.state.body_hash is None


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_waits_as_it_was_told_within_bounds(
    server: HostileServer, sandbox: Sandbox
) -> None:
    """Retry-After decides up to a day, freshness up to two intervals; nonsense decides nothing."""
    seconds = {}
    for path in ("429", "429-huge", "429-soon", "429-date", "503", "max-age", "max-age-years",
                 "max-age-abc", "no-store", "410"):  # fmt: skip
        state = (await poll(server, sandbox, path)).state
        assert state.next_at is not None
        seconds[path] = (state.next_at - NOW).total_seconds()
    assert seconds == {
        "429": 300, "429-huge": 86_400, "429-soon": 300, "429-date": 300, "503": 300,
        "max-age": 600, "max-age-years": 600, "max-age-abc": 300, "no-store": 300, "410": 300,
    }  # fmt: skip


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_says_who_we_are_and_nothing_else(
    server: HostileServer, sandbox: Sandbox
) -> None:
    """We say who we are, and send no cookie, no referrer and no parameter of ours."""
    await poll(server, sandbox, "cookies")
    async with Fetcher(SETTINGS) as fetcher:  # whose first answer sets a cookie
        await fetcher.get(f"{server.url}/cookies")
        await fetcher.get(f"{server.url}/cookies")
    head = server.requests[-1].lower()
    assert b"user-agent: newsworker-test/1 (+https://test.example)" in head
    assert (
        b"\r\ncookie:" not in head and b"\r\nreferer:" not in head and b"get /cookies http" in head
    )


@pytest.mark.asyncio(loop_scope="module")
async def test_fetch_sends_credentials_to_their_origin_only(server: HostileServer) -> None:
    """What was meant for one origin is not sent to the next."""
    async with HostileServer() as other, Fetcher(SETTINGS) as fetcher:
        from tests.hostile import server as module

        module.REDIRECTS["to-other"] = f"{other.url}/ok".encode()
        try:
            await fetcher.get(f"{server.url}/to-other", headers={"X-Api-Key": "s3cr3t"})
        finally:
            del module.REDIRECTS["to-other"]
        assert b"s3cr3t" in server.requests[-1]
        assert b"s3cr3t" not in other.requests[-1]


@pytest.mark.asyncio(loop_scope="module")
async def test_fetch_repeats_no_secret_in_errors(server: HostileServer) -> None:
    """No error text repeats the key of an address."""
    async with Fetcher(SETTINGS.model_copy(update={"timeout_s": 1.5})) as fetcher:
        for path in ("500", "length-twice", "to-file", "hop", "gzip-cut", "reset", "hang"):
            with pytest.raises(FetchError) as caught:
                await fetcher.get(f"{server.url}/{path}?token=s3cr3t")
            assert "s3cr3t" not in str(caught.value)


@pytest.mark.asyncio(loop_scope="module")
async def test_fetch_asks_a_host_one_request_at_a_time() -> None:
    """However many are due at once, a host sees one request at a time, spaced."""
    settings = SETTINGS.model_copy(update={"host_spacing_s": 0.05})
    async with HostileServer() as server, Fetcher(settings) as fetcher:
        began = time.monotonic()
        await asyncio.gather(*(fetcher.get(f"{server.url}/ok?{n}") for n in range(8)))
        assert server.most_open == 1
        assert time.monotonic() - began >= 7 * 0.05


@pytest.mark.asyncio(loop_scope="module")
async def test_fetch_takes_no_glued_answer_for_the_next(server: HostileServer) -> None:
    """A second answer glued behind the first does not answer the next request."""
    async with Fetcher(SETTINGS) as fetcher:
        await fetcher.get(f"{server.url}/glued")
        assert (await fetcher.get(f"{server.url}/ok")).body == BODIES["ok"]


@pytest.mark.asyncio(loop_scope="module")
async def test_fetch_tells_permanent_redirects_only(server: HostileServer) -> None:
    """Permanent redirects are told; temporary ones are not."""
    async with Fetcher(SETTINGS) as fetcher:
        assert (await fetcher.get(f"{server.url}/moved")).moved_to == f"{server.url}/ok"
        assert (await fetcher.get(f"{server.url}/to-relative")).moved_to is None


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_parses_beside_a_feed_that_goes_nowhere(
    server: HostileServer, strict_sandbox: Sandbox
) -> None:
    """While one feed's parsing goes nowhere, another is parsed: it need not wait for the kill."""
    bomb = asyncio.create_task(poll(server, strict_sandbox, "author-bomb"))
    await asyncio.sleep(0.5)  # into the parse, which has 4 s
    assert (await poll(server, strict_sandbox, "ok")).outcome == "entries"
    assert not bomb.done()
    assert (await bomb).reason == "parse_deadline"
