"""The loop that serves what is due, driven by a clock that is turned by hand: nothing sleeps here."""

from __future__ import annotations

import asyncio
import datetime as dt
import heapq
import itertools
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.shell.test_app import Newsroom, configured, environ, newsroom
from worker.config.schema import FeedConfig, Ingest
from worker.core.domain.document import Document
from worker.core.domain.errors import StateError
from worker.ingest.pace import Pace, wait_after_success
from worker.ingest.results import PollResult
from worker.ingest.schedule import FeedState
from worker.observe.metrics import Metrics
from worker.run import poller
from worker.run.clock import Clock, Now, SystemClock
from worker.run.due_work.inbox import Inbox
from worker.run.parts import Parts
from worker.run.poller import Poller
from worker.run.scheduler import Due, Every, Scheduler, Source
from worker.store import inbox, queries
from worker.store.connect import Binding, open_writer, transaction
from worker.store.inbox import Admitted, Work

__all__ = ["newsroom"]
ROOT = Path(__file__).resolve().parents[2]
EXTEND = (ROOT / "docs" / "extend.md").read_text("utf-8")
BEGIN = 1000.0
ARTICLES = [f"a-{n}" for n in range(8)]
NOON = dt.datetime(2031, 5, 8, 12, tzinfo=dt.UTC)


class HandClock(Clock):
    """Stands still until everything that was begun waits for it; then it goes to the next instant
    that somebody waits for, and at ``end_s`` it sets ``over`` and stays."""

    def __init__(self, end_s: float) -> None:
        self.end_s = BEGIN + end_s
        self.steady_s = BEGIN
        self.wall = NOON
        self.over = asyncio.Event()
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._count = itertools.count()

    def now(self) -> Now:
        return Now(self.wall, self.steady_s)

    async def sleep(self, seconds: float) -> None:
        """What a piece of work does that takes its time."""
        if seconds:
            done = asyncio.Event()
            entry = (self.steady_s + seconds, next(self._count), done)
            heapq.heappush(self._sleepers, entry)
            await done.wait()

    async def wait(self, until_s: float, woken: asyncio.Event) -> None:
        while True:
            for _ in range(12):
                await asyncio.sleep(0)
            if woken.is_set() or until_s <= self.steady_s:
                return
            self._turn_to(min(until_s, *(at for at, _, _ in self._sleepers), self.end_s))
            if self.steady_s >= self.end_s:
                self.over.set()
                await woken.wait()

    def _turn_to(self, steady_s: float) -> None:
        self.wall += dt.timedelta(seconds=steady_s - self.steady_s)
        self.steady_s = steady_s
        while self._sleepers and self._sleepers[0][0] <= steady_s:
            heapq.heappop(self._sleepers)[2].set()


class Made(Source):
    """Due every ``every_s``, takes ``took_s``, and fails where ``error(n)`` gives something."""

    def __init__(
        self,
        clock: HandClock,
        every_s: float = 10.0,
        took_s: float = 0.0,
        at_once: int = 1,
        error: Callable[[int], Exception | None] = lambda _: None,
    ) -> None:
        self.name, self.at_once = "made", at_once
        self.clock, self.every_s, self.took_s, self.error = clock, every_s, took_s, error
        self.due = Due(BEGIN + every_s)
        self.began: list[float] = []
        self.ended: list[float] = []
        self.expected: list[float] = []
        """The instants at which, by the rules, each serve could begin at the earliest."""
        self.running = self.most = self.failures = 0
        self.put_off = 0.0

    def next_due(self, now: Now) -> float | None:
        return self.due.at_s

    async def serve(self, now: Now) -> None:
        free = self.ended[-1] if self.at_once == 1 and self.ended else BEGIN
        self.expected.append(max(self.due.at_s, free, self.put_off))
        self.began.append(now.steady_s)
        self.due.at_s = now.steady_s + self.every_s
        self.running += 1
        self.most = max(self.most, self.running)
        await self.clock.sleep(self.took_s)
        self.running -= 1
        self.ended.append(self.clock.steady_s)
        error = self.error(len(self.ended))
        self.failures = self.failures + 1 if error else 0
        if error:
            self.put_off = self.clock.steady_s + min(2.0 ** (self.failures - 1), 300.0)
            raise error


async def drive(clock: HandClock, work: list[Source], **more: Any) -> Scheduler:
    """Run the loop to the end of the clock."""
    scheduler = Scheduler(work, [], clock)
    async with asyncio.TaskGroup() as group:
        loop = group.create_task(scheduler.run(group.create_task, **more))
        await clock.over.wait()
        scheduler.cancel()
        loop.cancel()
    return scheduler


seconds = st.floats(0.5, 60.0)
shape = st.tuples(seconds, st.just(0.0) | seconds, st.integers(0, 7))


@given(st.lists(shape, min_size=1, max_size=6))
def test_run_serves_each_source_when_it_is_due_and_never_before(
    shapes: list[tuple[float, float, int]],
) -> None:
    """Whatever the others do, slow or failing: each begins at the very instant at which it is due,
    its last serve has ended and its own back-off is over. So none starves, none is early."""

    async def story() -> list[Made]:
        clock = HandClock(500.0)
        made = [
            Made(
                clock, every, took, error=lambda n, bad=bad: OSError("no") if n % 8 < bad else None
            )
            for every, took, bad in shapes
        ]
        await drive(clock, list(made))
        return made

    with capture_logs():
        for source in asyncio.run(story()):
            assert source.began == pytest.approx(source.expected)
            assert source.most == 1
            if not source.put_off:
                slowest = max(source.every_s, source.took_s)
                assert len(source.began) >= int(500.0 / (slowest + 1e-6)) - 1


async def test_run_serves_a_source_at_most_so_often_at_once() -> None:
    """A source with more to do than may be done at once: three at a time, each taking ten seconds."""
    clock = HandClock(99.0)
    busy, other = Made(clock, 0.0, 10.0, at_once=3), Made(clock, 5.0)
    await drive(clock, [busy, other])
    assert busy.most == 3
    assert len(busy.ended) == 27
    assert len(other.began) == 19


async def test_under_way_counts_what_hangs_and_no_upkeep() -> None:
    """A poll whose server never answers is in flight (`worker.stopping` says how many are); what has
    ended is not, nor is upkeep."""
    clock = HandClock(20.0)
    never = 1e6
    hangs, quick, upkeep = Made(clock, 5.0, never), Made(clock, 5.0), Made(clock, 5.0, never)
    scheduler = Scheduler([hangs, quick], [upkeep], clock)
    assert scheduler.under_way() == 0
    async with asyncio.TaskGroup() as group:
        loop = group.create_task(scheduler.run(group.create_task))
        await clock.over.wait()
        assert (hangs.running, upkeep.running, scheduler.under_way()) == (1, 1, 1)
        scheduler.cancel()
        loop.cancel()


class Daily(Every):
    """Once a day; the first try fails."""

    name = "daily"

    def __init__(self) -> None:
        super().__init__(86_400.0)
        self.began: list[float] = []

    async def work(self, now: Now) -> None:
        self.began.append(now.steady_s)
        if len(self.began) == 1:
            raise OSError("full")


async def test_every_is_tried_again_when_the_log_says_so_and_then_keeps_its_pace() -> None:
    """A daily copy that fails once is made a second later, not a day later; then once a day."""
    clock, source = HandClock(2 * 86_400.0 + 10), Daily()
    with capture_logs() as lines:
        await drive(clock, [source])
    assert [line["again_s"] for line in lines] == [1.0]
    assert source.began == [BEGIN, BEGIN + 1, BEGIN + 86_401, BEGIN + 172_801]


async def test_run_counts_serves_that_fail_together_as_one_failure() -> None:
    """A full disk under eight articles: tried again after a second, not after two minutes."""
    clock = HandClock(20.0)
    failing = Made(clock, 0.0, 3.0, 8, lambda n: OSError("full") if n <= 8 else None)
    with capture_logs() as lines:
        await drive(clock, [failing])
    assert [line["failures"] for line in lines] == [1]
    assert failing.began[:9] == [BEGIN] * 8 + [BEGIN + 4]


async def test_run_backs_off_from_a_source_that_fails_and_logs_it() -> None:
    """Ten failures in a row are tried again after 1, 2, 4 … 300 s and logged four times; the other
    source does not notice."""
    clock = HandClock(1500.0)
    failing = Made(clock, 0.5, error=lambda n: PermissionError("not ours") if n <= 10 else None)
    healthy = Made(clock, 10.0)
    with capture_logs() as lines:
        await drive(clock, [failing, healthy])
    waits = [b - a for a, b in itertools.pairwise(failing.began)]
    assert waits[:11] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 0.5]
    assert [(line["event"], line["failures"]) for line in lines] == [
        ("source.failed", n) for n in (1, 2, 4, 8)
    ]
    assert (
        lines[0] | {"source": "made", "error": "PermissionError: not ours", "again_s": 1.0}
        == (lines[0])
    )
    assert len(healthy.began) == 149


@pytest.mark.parametrize("error", [StateError("broken"), KeyError("x"), sqlite3.DatabaseError("x")])
async def test_run_ends_with_an_error_that_is_our_own(error: Exception) -> None:
    """A corrupt store or a defect is not waited out: it leaves the loop and ends the process."""
    clock = HandClock(100.0)
    source = Made(clock, error=lambda _: error)
    with pytest.RaisesGroup(type(error)):
        await drive(clock, [source])
    assert source.began == [BEGIN + 10]


async def test_run_forgives_nothing_when_told_so() -> None:
    """`kabulwire once` does not wait for better times."""
    clock = HandClock(100.0)
    source = Made(clock, error=lambda _: OSError("no"))
    with pytest.RaisesGroup(OSError):
        await drive(clock, [source], forgiving=False)
    assert source.began == [BEGIN + 10]


async def test_drain_begins_no_work_lets_the_begun_end_and_goes_on_with_upkeep() -> None:
    """Asked at 25 s: what was begun at 20 s ends at 35 s, nothing follows it, signs of life do."""
    clock = HandClock(100.0)
    work, upkeep = Made(clock, 10.0, 15.0), Made(clock, 5.0)
    scheduler = Scheduler([work], [upkeep], clock)
    async with asyncio.TaskGroup() as group:
        loop = group.create_task(scheduler.run(group.create_task))
        await clock.sleep(26.0)
        assert await scheduler.drain(60.0)
        assert (work.began, work.ended) == ([BEGIN + 10, BEGIN + 25], [BEGIN + 25, BEGIN + 40])
        await clock.over.wait()
        loop.cancel()
    assert len(work.began) == 2
    assert len(upkeep.began) == 19


async def test_drain_tells_when_the_grace_ran_out() -> None:
    """Work that does not end is not waited for longer than the grace."""
    clock = HandClock(15.0)
    scheduler = Scheduler([Made(clock, 10.0, 1000.0)], [], clock)
    async with asyncio.TaskGroup() as group:
        loop = group.create_task(scheduler.run(group.create_task))
        await clock.over.wait()
        assert await scheduler.drain(0.01) is False
        scheduler.cancel()
        loop.cancel()


async def test_wake_makes_the_loop_look_at_once() -> None:
    """A source that is due only when something has come is served when the loop is woken."""
    clock = HandClock(100.0)
    source = Made(clock)
    source.due.at_s = float("inf")
    scheduler = Scheduler([source], [], clock)
    async with asyncio.TaskGroup() as group:
        loop = group.create_task(scheduler.run(group.create_task))
        await clock.sleep(7.0)
        source.due.at_s = clock.steady_s
        scheduler.wake()
        await clock.over.wait()
        loop.cancel()
    assert source.began[0] == BEGIN + 7


async def test_wait_can_be_cancelled_in_the_moment_it_is_woken() -> None:
    """Woken and cancelled in one turn of asyncio's loop: the cancel counts (`wait_for` lost it)."""
    for _ in range(50):
        woken = asyncio.Event()
        clock = SystemClock()
        waiting = asyncio.get_running_loop().create_task(
            clock.wait(clock.now().steady_s + 60, woken)
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        woken.set()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


def settings(**more: Any) -> Any:
    ingest = Ingest(interval_s=300, min_interval_s=60, tick_s=5, articles_in_flight=3)
    return SimpleNamespace(ingest=ingest, **more)


async def nothing_found(_: Any) -> bool:
    return False


def parts_with(clock: HandClock, chain: Any, **more: Any) -> Parts:
    """Parts of a worker as far as a source of the test needs them."""
    conditions = SimpleNamespace(paused=False, feeds={})
    stands: dict[str, Any] = {
        "feeds": (),
        "states": {},
        "health": SimpleNamespace(conditions=conditions, read=nothing_found),
        "subscriptions": SimpleNamespace(get=lambda _: None, delivers=lambda _: False),
        "publisher": SimpleNamespace(may_settle=True, wake=lambda: None),
        "stop": SimpleNamespace(asked=asyncio.Event()),
    }
    return Parts(config=settings(), chain=chain, clock=clock, **stands | more)


@pytest.mark.parametrize(("took_s", "then_s"), [(250.0, 300.0), (400.0, 460.0)])
async def test_poller_lets_go_of_a_feed_after_a_poll_that_took_longer_than_its_interval(
    took_s: float, then_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the interval it counts from the beginning; else the floor follows the end. What is stored
    and told as the next time lies ahead, whatever the clock on the wall did meanwhile."""
    clock, kept = HandClock(10_000.0), []

    async def poll(feed: FeedConfig, *_: Any) -> PollResult:
        due = clock.wall + dt.timedelta(seconds=300)
        clock._turn_to(clock.steady_s + took_s)
        return PollResult(FeedState(feed.id, next_at=due), (), "failed", reason="timeout")

    async def write(_: Any) -> Admitted:
        return Admitted()

    def tell(*arguments: Any) -> None:
        kept.append(arguments[2].state.next_at)

    monkeypatch.setattr(poller, "poll_feed", poll)
    monkeypatch.setattr(poller, "tell_poll", tell)
    chain = SimpleNamespace(metrics=Metrics(), fetcher=None, sandbox=None, write=write)
    feed = FeedConfig(id="ledger", url="https://ledger.example/feed", outlet="L", lang="en")
    source = Poller(feed, parts_with(clock, chain))
    clock._turn_to(BEGIN + 100)
    await source.serve(clock.now())
    assert source.next_due(clock.now()) == pytest.approx(BEGIN + 100 + then_s)
    assert kept == [NOON + dt.timedelta(seconds=100 + then_s)]
    assert kept[0] > clock.wall


@pytest.mark.parametrize("days", [-1, 1])
async def test_poller_keeps_its_pace_when_the_wall_clock_jumps(
    days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's clock is set a day back, or forward, between two polls: they stay 300 s apart."""
    clock, asked = HandClock(1000.0), []

    async def poll(feed: FeedConfig, *_: Any) -> PollResult:
        asked.append(clock.steady_s - BEGIN)
        due = clock.wall + dt.timedelta(seconds=300)
        clock.wall += dt.timedelta(days=days) * (-1) ** len(asked)
        return PollResult(FeedState(feed.id, next_at=due), (), "empty")

    async def write(_: Any) -> Admitted:
        return Admitted()

    monkeypatch.setattr(poller, "poll_feed", poll)
    chain = SimpleNamespace(metrics=Metrics(), fetcher=None, sandbox=None, write=write)
    feed = FeedConfig(id="ledger", url="https://ledger.example/feed", outlet="L", lang="en")
    source = Poller(feed, parts_with(clock, chain))
    first = cast("float", source.next_due(clock.now())) - BEGIN
    assert 0 <= first <= 60
    clock.wall += dt.timedelta(days=days)
    # Reading a secret's file takes a thread, and with it real time: the clock is turned to each poll.
    for n in range(3):
        clock._turn_to(BEGIN + first + 300 * n)
        assert source.next_due(clock.now()) == pytest.approx(clock.steady_s)
        await source.serve(clock.now())
    assert asked == pytest.approx([first, first + 300, first + 600])


async def test_poller_asks_at_once_when_a_person_wants_it() -> None:
    """A feed that was asked for is due now, the others stay when they are."""
    clock = HandClock(100.0)
    parts = parts_with(clock, None)
    sources = [
        Poller(FeedConfig(id=name, url="https://l.example/", outlet="L", lang="en"), parts)
        for name in ("one", "two")
    ]
    before = [source.next_due(clock.now()) for source in sources]
    parts.asked_for.add("two")
    assert [source.next_due(clock.now()) for source in sources] == [before[0], BEGIN]


@pytest.mark.parametrize(("under_way", "every_s"), [(True, 120), (False, 300)])
async def test_poller_hurries_while_an_incident_that_the_feed_told_of_is_under_way(
    under_way: bool, every_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is asked before each poll, and the pace goes by its answer."""
    clock, paces = HandClock(100.0), []

    async def read(_: Any) -> bool:
        return under_way

    async def poll(feed: FeedConfig, *given: Any) -> PollResult:
        pace: Pace = given[-1].pace
        paces.append(wait_after_success(pace, hint_s=None, gap_s=None, chance=0.0).every_s)
        return PollResult(FeedState(feed.id), (), "empty")

    async def write(_: Any) -> Admitted:
        return Admitted()

    monkeypatch.setattr(poller, "poll_feed", poll)
    chain = SimpleNamespace(metrics=Metrics(), fetcher=None, sandbox=None, write=write)
    parts = parts_with(clock, chain)
    parts.health.read = read  # type: ignore[method-assign,assignment]
    feed = FeedConfig(id="ledger", url="https://ledger.example/feed", outlet="L", lang="en")
    await Poller(feed, parts).serve(clock.now())
    assert paces == [every_s]


async def test_poller_holds_while_polling_is_paused() -> None:
    """Above a high-water mark a due feed is looked at again every tick, and asked afterwards."""
    clock = HandClock(100.0)
    parts = parts_with(clock, None, once=True)
    source = Poller(FeedConfig(id="l", url="https://l.example/", outlet="L", lang="en"), parts)
    parts.health.conditions.paused = True
    assert source.next_due(clock.now()) == BEGIN + 5
    clock._turn_to(BEGIN + 5)
    assert source.next_due(clock.now()) == BEGIN + 10
    parts.health.conditions.paused = False
    assert source.next_due(clock.now()) == BEGIN
    parts.polled.add("l")
    assert source.next_due(clock.now()) is None


class Line:
    """An inbox on disk with a chain that writes at once and works for ``took_s`` on each article."""

    def __init__(self, folder: Path, clock: HandClock, took_s: float, errors: int = 0) -> None:
        self.conn = open_writer(folder / "store.db", Binding("files", "w", "p"))
        self.clock, self.took_s, self.errors = clock, took_s, errors
        self.running = self.most = 0
        self.done: list[str] = []

    def admit(self, *names: str) -> None:
        with transaction(self.conn) as conn:
            for name in names:
                document = Document(article_id=name, version=1, url=f"https://l.example/{name}")
                inbox.admit_document(conn, document, NOON)

    async def write(self, job: Callable[[sqlite3.Connection], Any]) -> Any:
        with transaction(self.conn) as conn:
            return job(conn)

    async def work_off(self, work: Work, _: Any) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.clock.sleep(self.took_s)
            if self.errors:
                self.errors -= 1
                raise OSError("no process can be made")
        finally:
            self.running -= 1
        await self.write(lambda conn: inbox.finish(conn, work))
        self.done.append(work.article_id)


async def test_inbox_works_on_all_that_is_due_so_many_at_a_time(tmp_path: Path) -> None:
    """Eight articles, three in flight, two seconds each: the next begins when one has ended."""
    clock = HandClock(6.5)
    line = Line(tmp_path, clock, 2.0)
    line.admit(*ARTICLES)
    await drive(clock, [Inbox(parts_with(clock, line))])
    assert line.most == 3
    assert sorted(line.done) == ARTICLES


async def test_inbox_takes_nothing_new_once_a_stop_was_asked_for(tmp_path: Path) -> None:
    """Serves that had begun before and wait for their turn to look take nothing."""
    clock = HandClock(6.5)
    line = Line(tmp_path, clock, 2.0)
    line.admit(*ARTICLES)
    parts = parts_with(clock, line)
    parts.stop.asked.set()
    await Inbox(parts).serve(clock.now())
    assert (line.most, queries.backlog(line.conn).inbox) == (0, 8)


async def test_inbox_waits_until_settling_is_allowed(tmp_path: Path) -> None:
    """A new store settles nothing before a ledger was read; then everything, within a tick."""
    clock = HandClock(18.0)
    line = Line(tmp_path, clock, 0.0)
    line.admit(*ARTICLES)
    publisher = SimpleNamespace(may_settle=False, wake=lambda: None)

    async def allow() -> None:
        await clock.sleep(11.0)
        assert line.done == []
        publisher.may_settle = True

    async with asyncio.TaskGroup() as group:
        group.create_task(allow())
        await drive(clock, [Inbox(parts_with(clock, line, publisher=publisher))])
    assert sorted(line.done) == ARTICLES


async def test_inbox_gives_back_what_could_not_be_worked_on(tmp_path: Path) -> None:
    """A fault from outside, five times: the row is not left taken, no attempt counts, so that it is
    never given up, and it is done later."""
    clock = HandClock(90.0)
    line = Line(tmp_path, clock, 0.0, errors=5)
    line.admit("a-1")
    with capture_logs() as lines:
        await drive(clock, [Inbox(parts_with(clock, line))])
    assert line.done == ["a-1"]
    assert [line["failures"] for line in lines if line["event"] == "source.failed"] == [1, 2, 4]


def code_after(mark: str) -> str:
    """The block of code that follows a mark of docs/extend.md."""
    found = re.search(rf"<!-- {re.escape(mark)} -->\n```python\n(.*?)```", EXTEND, re.DOTALL)
    assert found, mark
    return found[1]


@pytest.fixture
def extended(tmp_path: Path) -> Iterator[Path]:
    """A copy of the program with the source of docs/extend.md in it: one file, one line."""
    program = tmp_path / "program"
    shutil.copytree(ROOT / "worker", program / "worker", ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copytree(ROOT / "config", program / "config")
    source, table = "worker/run/due_work/backup.py", "worker/run/due_work/__init__.py"
    (program / source).write_text(code_after(f"source: {source}"), "utf-8")
    brought, entry = code_after(f"table: {table}").splitlines(keepends=True)
    text = (program / table).read_text("utf-8")
    text = text.replace(
        "from worker.run.due_work.gauges", f"{brought}from worker.run.due_work.gauges"
    )
    (program / table).write_text(
        text.replace("        LoopLag(parts),\n", f"        LoopLag(parts),\n{entry}")
    )
    yield program


@pytest.mark.slow
def test_once_serves_a_new_source_of_one_file_and_one_line(
    extended: Path, tmp_path: Path, newsroom: Newsroom
) -> None:
    """What docs/extend.md prints, put where it says: the worker serves it."""
    config = configured(tmp_path, f"{newsroom.base}/feed.xml")
    done = subprocess.run(
        [sys.executable, "-m", "worker", "once", "--config", str(config)],
        env=environ(tmp_path) | {"PYTHONPATH": str(extended)}, cwd=extended,
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    copy = sqlite3.connect(tmp_path / "store.copy")
    assert copy.execute("SELECT value FROM meta WHERE key = 'sink'").fetchone() == ("files",)
    copy.close()
