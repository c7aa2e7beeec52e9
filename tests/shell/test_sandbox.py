"""Jobs that never end, eat memory or crash cost their process, and nothing outlives the worker."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.annotate import actors, place_keys
from worker.core.domain.document import Document
from worker.core.domain.errors import FeedError
from worker.core.extract import target
from worker.core.sources.entries import Hint
from worker.sandbox import warm
from worker.sandbox.pool import Sandbox, SandboxKilledError

FEED = (
    b"<rss version='2.0'><channel><item><title>Blast</title><guid>1</guid></item></channel></rss>"
)
BOMB = FEED.replace(b"<guid>", b"<author>" + b"a" * 300_000 + b"</author><guid>")
ROOT = Path(__file__).resolve().parents[2]


async def test_sandbox_gives_values_and_errors_back() -> None:
    """A job answers with entries and gate decisions, or with the error of its input."""
    async with Sandbox("anywhere", 1) as sandbox:
        parsed, gates = await sandbox.parse(FEED, Hint(feed="f"))
        assert (parsed.entries[0].title, len(gates)) == ("Blast", 1)
        with pytest.raises(FeedError) as caught:
            await sandbox.parse(b"<html>", Hint())
        assert (caught.value.reason, caught.value.detail) == ("not_a_feed", "looks like html")


async def test_sandbox_ends_a_job_past_its_deadline() -> None:
    """A job past its deadline is ended, even inside a regular expression, and the next is done."""
    async with Sandbox("anywhere", 1, parse_deadline_s=4) as sandbox:
        began = time.monotonic()
        with pytest.raises(SandboxKilledError) as caught:
            await sandbox.parse(BOMB, Hint())
        assert caught.value.reason == "deadline"
        assert time.monotonic() - began < 40
        assert len((await sandbox.parse(FEED, Hint()))[0].entries) == 1


async def test_sandbox_finishes_a_job_while_the_clock_is_set_a_day_ahead() -> None:
    """Deadlines are of the steady clock: a wall clock that is put right ends no job under way."""
    long = FEED.replace(b"</item>", b"</item>" + b"<item><title>Fire</title></item>" * 5000)
    async with Sandbox("anywhere", 1) as sandbox:
        job = asyncio.ensure_future(sandbox.parse(long, Hint()))
        await asyncio.sleep(0.3)
        with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=1), tick=True):
            done, _ = await asyncio.wait({job}, timeout=60)
        assert job.result()[0].entries[0].title == "Blast"
        assert done


async def test_sandbox_fails_a_job_alone_that_wants_too_much_memory() -> None:
    """A job that wants more memory than allowed fails alone."""
    async with Sandbox("anywhere", 1, memory_mb=700, parse_deadline_s=60) as sandbox:
        with pytest.raises(SandboxKilledError) as caught:
            await sandbox.parse(b"<rss>" + b"<a b='c'>" * 30_000_000, Hint())
        assert caught.value.reason in ("memory", "killed")
        assert len((await sandbox.parse(FEED, Hint()))[0].entries) == 1


async def test_sandbox_goes_on_after_a_busy_process_was_killed() -> None:
    """The out-of-memory killer takes a process in the middle of a job: the next job is done."""
    async with Sandbox("anywhere", 1, parse_deadline_s=30) as sandbox:
        job = asyncio.create_task(sandbox.parse(BOMB, Hint()))
        busy = _processes(sandbox)
        before = sum(map(_cpu_ticks, busy))
        await _until(lambda: sum(map(_cpu_ticks, busy)) > before + 20)  # 0.2 s: it is at the bomb
        for pid in busy:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(SandboxKilledError) as caught:
            await job
        assert caught.value.reason == "killed"
        assert len((await sandbox.parse(FEED, Hint()))[0].entries) == 1


async def test_sandbox_goes_on_after_an_idle_process_was_killed() -> None:
    """A process killed while it waits does not take the pool along."""
    async with Sandbox("anywhere", 1) as sandbox:
        await sandbox.parse(FEED, Hint())
        idle = _processes(sandbox)
        for pid in idle:
            os.kill(pid, signal.SIGKILL)
        await _until(lambda: not set(idle) & set(_processes(sandbox)))  # the pool has seen it
        assert len((await sandbox.parse(FEED, Hint()))[0].entries) == 1


async def _until(happened: Callable[[], bool]) -> None:
    """Wait for what no event tells of; the limit of a test is the limit here."""
    while not happened():  # noqa: ASYNC110
        await asyncio.sleep(0.05)


def _processes(sandbox: Sandbox) -> list[int]:
    assert sandbox._pool is not None
    return list(sandbox._pool._pool_manager.worker_manager.workers)


WORKER = """
import asyncio, sys
from worker.core.sources.entries import Hint
from worker.sandbox.pool import Sandbox

async def main():
    sandbox = Sandbox("anywhere", 1, parse_deadline_s=60)
    await sandbox.start()
    print(*sandbox._pool._pool_manager.worker_manager.workers, flush=True)
    await sandbox.parse(open(sys.argv[1], "rb").read(), Hint())

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
def test_sandbox_leaves_no_process_behind_a_dead_worker(tmp_path: Path) -> None:
    """After kill -9 of the worker, a process busy for a minute is gone long before it."""
    script, bomb = tmp_path / "worker_script.py", tmp_path / "bomb.xml"
    script.write_text(WORKER)
    bomb.write_bytes(BOMB)
    worker = subprocess.Popen(
        [sys.executable, str(script), str(bomb)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )
    assert worker.stdout is not None
    child = int(worker.stdout.readline())
    before = _cpu_ticks(child)
    while _alive(child) and _cpu_ticks(child) < before + 50:  # half a second of work
        time.sleep(0.05)
    assert _alive(child)
    worker.kill()
    worker.wait()
    worker.stdout.close()
    deadline = time.monotonic() + 30
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(child)


def _cpu_ticks(pid: int) -> int:
    """CPU time that a process has used, in hundredths of a second on Linux."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_sandbox_stopped_while_its_children_begin_says_nothing() -> None:
    """A child that finds its locks gone was stopped: no traceback stands between the log lines."""
    program = (
        "from worker.sandbox.pool import Sandbox\n"
        "if __name__ == '__main__':\n"
        "    for _ in range(3):\n"
        "        box = Sandbox('anywhere', 16)\n"
        "        box._open()\n"
        "        box._close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_rehearse_leaves_nothing_to_be_made_of_the_knowledge_by_a_first_job() -> None:
    """The tables of names and their patterns are made before forking, once for all children."""
    knowledge = load_knowledge(PORTSMERE)
    text = "Gunmen killed two people at a bank in Portsmere on Tuesday; the Red Tide claimed it."
    tables = (place_keys.place_keys, actors._names, target._institutions)
    for table in tables:
        table.cache_clear()
    warm.rehearse(knowledge)
    made = [table.cache_info().misses for table in tables]
    analyze(
        Document("x", text=text, lang="en", first_seen=dt.datetime(2031, 3, 4, tzinfo=dt.UTC)),
        None,
        knowledge,
    )

    assert made == [1, 1, 1]
    assert [table.cache_info().misses for table in tables] == made
