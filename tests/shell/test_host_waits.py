"""Waiting for a host is told from work: one page that hangs is not the fault of the next."""

from __future__ import annotations

import asyncio
import threading

from tests.loopback import Answer, Asked, serving
from worker.config.schema import Ingest
from worker.ingest.fetch import Fetcher
from worker.ingest.host_waits import host_waits

SETTINGS = Ingest(allow_loopback=True, host_spacing_s=0)


async def waited_for(fetcher: Fetcher, url: str) -> list[float]:
    with host_waits() as waits:
        await fetcher.get(url, purpose="page")
    return waits


def test_get_notes_how_long_its_host_was_held_up_by_another_request() -> None:
    """The first answer comes only when the second request waits for its turn, which is what it notes."""
    asked, go_on = threading.Event(), threading.Event()

    def answer(request: Asked) -> Answer:
        if request.path == "/slow":
            asked.set()
            assert go_on.wait(30)
        return 200, {}, b"<html></html>"

    async def both(base: str) -> tuple[list[float], list[float]]:
        async with Fetcher(SETTINGS) as fetcher, asyncio.TaskGroup() as group:
            slow = group.create_task(waited_for(fetcher, f"{base}/slow"))
            await asyncio.to_thread(asked.wait, 30)
            quick = group.create_task(waited_for(fetcher, f"{base}/quick"))
            await asyncio.sleep(0)  # it begins, and finds its host held
            await asyncio.sleep(0.05)
            go_on.set()
        return slow.result(), quick.result()

    with serving(answer) as base:
        slow, quick = asyncio.run(both(base))
    assert (len(slow), len(quick)) == (1, 1)
    assert quick[0] > 0.04


def test_get_notes_nothing_where_nobody_asks() -> None:
    """Outside of the block there is no list, and each task has its own."""

    async def ask(base: str) -> list[list[float]]:
        async with Fetcher(SETTINGS) as fetcher:
            await fetcher.get(f"{base}/a")
            return await asyncio.gather(*(waited_for(fetcher, f"{base}/{n}") for n in range(3)))

    with serving(lambda _: (200, {}, b"x")) as base:
        waits = asyncio.run(ask(base))
    assert [len(each) for each in waits] == [1, 1, 1]
