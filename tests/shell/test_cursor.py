"""Feeds that hand out pages: an API on loopback, asked by a real fetcher and by a real worker."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from pydantic import TypeAdapter

from tests.loopback import serving
from tests.shell.deliveries import FRONT, identities, working
from worker.config.delivery import Cursor
from worker.config.schema import FeedConfig, Ingest
from worker.ingest.asking import Asking
from worker.ingest.fetch import Fetcher
from worker.ingest.pace import pace_of
from worker.ingest.poll import poll_feed
from worker.ingest.results import PollResult
from worker.ingest.schedule import FeedState
from worker.sandbox.pool import Sandbox

NOW = dt.datetime(2031, 5, 8, 12, tzinfo=dt.UTC)
PAGE = 3
STATE: TypeAdapter[FeedState] = TypeAdapter(FeedState)
VERSION = "https://jsonfeed.org/version/1.1"


@dataclass
class Api:
    """An agency's API: ``items`` in the order of their numbers, ``PAGE`` at a time.

    ``/token?cursor=``, ``/since?from=&page=`` (newest first), ``/sequence?after=``, ``/link?p=`` (the
    next page in the Link header), ``/xml?after=`` (Atom). ``forgotten``: cursors it does not know.
    """

    base: str
    items: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    broken: bytes | None = None
    """Sent in place of the next page, once."""

    def publish(self, *names: str) -> None:
        self.items += names

    def _page(self, numbers: list[int], **more: Any) -> bytes:
        items = [
            {"id": self.items[n], "title": f"Council notes {self.items[n]}", "seq": n + 1,
             "url": f"{self.base}/{self.items[n]}", "date_published": date_of(n)}
            for n in numbers
        ]  # fmt: skip
        return json.dumps({"version": VERSION, "title": "Wire", "items": items, **more}).encode()

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(path)
        parts = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if self.forgotten & {*query.values()}:
            return 410, {}, b"gone"
        if self.broken is not None and len(query) > 0:
            body, self.broken = self.broken, None
            return 200, {}, body
        return {"/token": self._token, "/since": self._since, "/sequence": self._sequence,
                "/link": self._link, "/xml": self._xml}[parts.path](query)  # fmt: skip

    def _token(self, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        start = int(query.get("cursor", "t0")[1:])
        end = min(start + PAGE, len(self.items))
        more = {"meta": {"paging": {"next": f"t{end}"}}}
        return 200, {}, self._page(list(range(start, end)), **more)

    def _since(self, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        since = dt.datetime.fromisoformat(query["from"])
        fresh = [n for n in range(len(self.items)) if moment_of(n) >= since][::-1]
        page = int(query.get("page", "0"))
        here = fresh[page * PAGE : (page + 1) * PAGE]
        more = {"next_page": page + 1} if len(fresh) > (page + 1) * PAGE else {}
        return 200, {}, self._page(here, **more)

    def _sequence(self, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        after = int(query["after"])
        return 200, {}, self._page(list(range(after, min(after + PAGE, len(self.items)))))

    def _link(self, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        start = int(query.get("p", "0"))
        end = min(start + PAGE, len(self.items))
        link = f'<https://elsewhere.example/>; rel="alternate", </link?p={end}>; rel="next"'
        return 200, {"Link": link}, self._page(list(range(start, end)))

    def _xml(self, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        after = int(query.get("after", "0"))
        end = min(after + PAGE, len(self.items))
        entries = "".join(
            f"<entry><id>{self.items[n]}</id><title>Council notes</title><updated>{date_of(n)}</updated>"
            "</entry>" for n in range(after, end)
        )  # fmt: skip
        feed = (f"<feed xmlns='http://www.w3.org/2005/Atom' xmlns:w='urn:wire'><title>Wire</title>"
                f"<w:paging><w:last no='{end}'/></w:paging>{entries}</feed>")  # fmt: skip
        return 200, {}, feed.encode()


def moment_of(number: int) -> dt.datetime:
    return NOW - dt.timedelta(hours=10) + dt.timedelta(minutes=10 * number)


def date_of(number: int) -> str:
    return moment_of(number).isoformat()


@pytest.fixture
def api() -> Iterator[Api]:
    """An API that answers for one test."""
    running = Api("")
    with serving(lambda asked: running.answer(asked.path)) as running.base:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox("anywhere", 1) as running:
        yield running


class Reading:
    """A feed that is read page by page; its state goes through the JSON that the store keeps."""

    def __init__(self, url: str, cursor: Cursor, sandbox: Sandbox) -> None:
        self.feed = FeedConfig(id="wire", outlet="Wire", lang="en", url=url, cursor=cursor)
        self.sandbox = sandbox
        self.state = FeedState("wire")

    async def poll(self, *, stored: bool = True) -> PollResult:
        settings = Ingest(allow_loopback=True, host_spacing_s=0)
        async with Fetcher(settings) as fetcher:
            asking = Asking(pace_of(self.feed, settings))
            result = await poll_feed(self.feed, self.state, fetcher, self.sandbox, NOW, asking)
        if stored:
            self.state = STATE.validate_json(STATE.dump_json(result.state))
        return result

    async def all(self) -> list[str]:
        """Ids of the entries of every page up to a pause."""
        found: list[str] = []
        more = True
        while more:
            result = await self.poll()
            assert result.outcome != "failed", result.reason
            found += ids(result)
            more = result.more
        return found


def ids(result: PollResult) -> list[str]:
    """Ids as the API has them; Atom's are resolved against the address."""
    return [entry.id.rpartition("/")[2] for entry, _ in result.entries]


CURSORS = {
    "token": Cursor(kind="token", parameter="cursor", next="meta.paging.next"),
    "since": Cursor(kind="since", parameter="from", next="next_page", page_parameter="page"),
    "sequence": Cursor(kind="sequence", parameter="after", at="items.*.seq"),
    "link": Cursor(kind="token", parameter="p", next="link"),
    "xml": Cursor(kind="sequence", parameter="after", at="paging.last.@no"),
}


@pytest.mark.parametrize("way", CURSORS)
@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_reads_every_page_once_and_goes_on_from_there(
    way: str, api: Api, sandbox: Sandbox
) -> None:
    """Every kind of cursor: all pages at first, nothing when nothing came, then what is new."""
    reading = Reading(f"{api.base}/{way}?size=3", CURSORS[way], sandbox)
    api.publish(*"abcdefgh")
    assert sorted(await reading.all()) == [*"abcdefgh"]
    first = len(api.asked)
    assert {*(await reading.all())} <= {"h"}  # `since` overlaps a little
    assert len(api.asked) == first + 1
    api.publish(*"ijklm")
    assert sorted({*(await reading.all())} - {"h"}) == [*"ijklm"]
    assert all("size=3" in path for path in api.asked if way != "link")


@pytest.mark.parametrize("way", CURSORS)
@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_asks_again_for_a_page_that_was_not_stored(
    way: str, api: Api, sandbox: Sandbox
) -> None:
    """A page whose entries were not stored leads nowhere: it is asked for again."""
    reading = Reading(f"{api.base}/{way}", CURSORS[way], sandbox)
    api.publish(*"abcdefgh")
    await reading.poll()
    lost = await reading.poll(stored=False)
    again = await reading.poll()
    assert ids(again) == ids(lost) != []


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_stops_at_the_bound_of_pages_and_goes_on_at_the_next_poll(
    api: Api, sandbox: Sandbox
) -> None:
    """Two pages in a row are allowed: then the feed's pause, and the third page after it."""
    cursor = Cursor(kind="token", parameter="cursor", next="meta.paging.next", pages=2)
    reading = Reading(f"{api.base}/token", cursor, sandbox)
    api.publish(*"abcdefgh")
    first, second, third = [await reading.poll() for _ in range(3)]
    assert [first.more, second.more, third.more] == [True, False, True]
    assert first.state.next_at == NOW
    assert second.state.next_at is not None and second.state.next_at > NOW
    assert ids(third) == [*"gh"]


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_begins_anew_from_the_look_back_when_a_cursor_is_forgotten(
    api: Api, sandbox: Sandbox
) -> None:
    """410 to our cursor: said, not counted as an answer, and the next poll begins from the beginning
    that the settings name; a 410 without any cursor is an ordinary failure."""
    cursor = Cursor(kind="token", parameter="cursor", next="meta.paging.next",
                    start_parameter="start", time_format="epoch", look_back_s=3600)  # fmt: skip
    reading = Reading(f"{api.base}/token", cursor, sandbox)
    api.publish(*"abcd")
    await reading.all()
    api.forgotten = {"t4"}
    lost = await reading.poll()
    assert (lost.outcome, lost.reason, lost.restarted) == ("failed", "cursor_lost", True)
    api.publish("e")
    assert await reading.all() == [*"abcde"]
    start = int(NOW.timestamp()) - 3600
    assert f"/token?start={start}" in api.asked[-3]
    api.forgotten = {str(start)}
    reading.state = FeedState("wire")
    refused = await reading.poll()
    assert (refused.reason, refused.restarted) == ("http_410", False)


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_begins_a_walk_anew_when_its_page_is_forgotten(
    api: Api, sandbox: Sandbox
) -> None:
    """In the middle of a walk the page is forgotten: the same walk from its first page, not the
    look-back, and nothing of it is left out."""
    reading = Reading(f"{api.base}/since", CURSORS["since"], sandbox)
    api.publish(*"ab")
    await reading.all()
    api.publish(*"cdefgh")
    assert ids(await reading.poll()) == [*"hgf"]
    api.forgotten = {"1"}
    assert (await reading.poll()).reason == "cursor_lost"
    api.forgotten = set()
    assert sorted(await reading.all()) == [*"bcdefgh"]


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_does_not_step_over_a_page_that_it_cannot_read(
    api: Api, sandbox: Sandbox
) -> None:
    """A page that is an error page with status 200: a failure, and the same page again."""
    reading = Reading(f"{api.base}/token", CURSORS["token"], sandbox)
    api.publish(*"abcdef")
    await reading.poll()
    api.broken = b"<html><body>Down for maintenance</body></html>"
    failed = await reading.poll()
    assert (failed.outcome, failed.reason) == ("failed", "not_a_feed")
    assert await reading.all() == [*"def"]


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_takes_no_next_page_from_another_origin(api: Api, sandbox: Sandbox) -> None:
    """An answer that names a page of another server: it is not asked, and our key not sent there."""
    page = {"version": VERSION, "title": "Wire", "items": [{"id": "a", "title": "Notes"}]}
    api.broken = json.dumps({**page, "meta": {"paging": {"next": "http://127.0.0.2:1/x"}}}).encode()
    reading = Reading(f"{api.base}/token?key=k", CURSORS["token"], sandbox)
    assert ids(await reading.poll()) == ["a"]
    failed = await reading.poll()
    assert (failed.outcome, failed.reason) == ("failed", "cursor_foreign")
    assert failed.detail == "the next page is at 127.0.0.2"


@pytest.mark.asyncio(loop_scope="module")
async def test_poll_feed_reads_documents_within_an_answer(api: Api, sandbox: Sandbox) -> None:
    """An answer that holds whole documents: each is read by its own format, one that cannot be is
    named and harms no other."""
    whole = (
        "<rss version='2.0'><channel><item><title>T</title><guid>{}</guid></item></channel></rss>"
    )
    answer = {
        "data": {"docs": [whole.format("a"), "<html>no</html>", whole.format("b")], "to": "t9"}
    }
    api.broken = json.dumps(answer).encode()
    cursor = Cursor(kind="token", parameter="cursor", next="data.to", items="data.docs")
    reading = Reading(f"{api.base}/token?key=k", cursor, sandbox)
    result = await reading.poll()
    assert ids(result) == ["a", "b"]
    assert [refused.reason for refused in result.refused] == ["not_a_feed"]
    assert result.state.cursor is not None and result.state.cursor.value == "t9"


def toml(api: Api) -> str:
    return (f'[[feed]]\nid = "wire"\nurl = "{api.base}/token"\n{FRONT}'
            'cursor = {kind = "token", parameter = "cursor", next = "meta.paging.next"}\n')  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("point", ["admit.before_commit:3", "admit.after_commit:2"])
def test_run_killed_between_pages_loses_and_doubles_nothing(
    point: str, api: Api, tmp_path: Path
) -> None:
    """Killed before or after a page is stored: every item once; a cursor that is then forgotten is
    told, and the feed goes on."""
    names = [f"n{number:02}" for number in range(20)]
    api.publish(*names)
    with working(tmp_path, toml(api), KABULWIRE_CRASH_POINT=point) as worker:
        assert worker.process.wait(120) == 137
    assert len(identities(tmp_path)) == 6
    with working(tmp_path, toml(api)) as worker:
        worker.wait_for(lambda: identities(tmp_path) == names, 120)
        api.forgotten = {"t20"}
        worker.wait_for(lambda: worker.told("feed.restarted"), 60)
        api.forgotten = set()
        api.publish("n20")
        worker.wait_for(lambda: identities(tmp_path) == [*names, "n20"], 60)
        worker.wait_for(lambda: worker.told("feed.recovered"), 60)
        assert worker.stop() == 0
    asked = [path for path in api.asked if "cursor=t6" in path]
    assert len(asked) == (2 if point.startswith("admit.before") else 1) + 1
