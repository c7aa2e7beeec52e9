"""How many files a second a spool takes, and what memory it needs: run it, no test does.

``python -m tests.bench.spool [FILES] [BYTES]`` fills a folder with documents of one entry each, as
an agency delivers them, and lets poller, sandbox and store work it off: everything but the reading
of articles. Prints files a second, the peak of this process, and what looking alone costs.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from worker.config.schema import FeedConfig
from worker.ingest.poll_spool import poll_spool
from worker.ingest.schedule import FeedState
from worker.ingest.spool import Spool
from worker.sandbox.pool import Sandbox
from worker.store import inbox
from worker.store.connect import Binding, open_writer, transaction
from worker.store.inbox import Admission


def fill(folder: Path, files: int, size: int) -> None:
    """Documents of one entry, a minute old, spread over ten sub-folders."""
    past = time.time() - 60
    for number in range(files):
        place = folder / str(number % 10)
        place.mkdir(exist_ok=True)
        text = (f"Council meets for the {number}th time. " * (size // 30))[:size]
        path = place / f"{number}.xml"
        path.write_text(
            f"<rss version='2.0'><channel><item><title>Item {number}</title><guid>{number}</guid>"
            f"<description>{text}</description></item></channel></rss>"
        )
        os.utime(path, (past + number / files, past + number / files))


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def work_off(folder: Path, store: Path) -> tuple[int, float]:
    """All of the spool into the store; how many looks and seconds that took, once all had started."""
    conn = open_writer(store, Binding("files", "bench", "anywhere"))
    feed = FeedConfig(id="wire", outlet="Wire", lang="en", path=folder)
    spool, state, looks, more = Spool(folder, 16_000_000, 0.0), FeedState("wire"), 0, True
    async with Sandbox("anywhere", 1) as sandbox:
        began = time.perf_counter()
        while more:
            now = dt.datetime.now(dt.UTC)
            result = await poll_spool(feed, state, spool, sandbox, now)
            with transaction(conn):
                inbox.admit(conn, Admission("wire", result.entries, "{}"), now)
            spool.clear(result.state.spool_read)
            state, more, looks = result.state, result.more, looks + 1
        took = time.perf_counter() - began
    conn.close()
    return looks, took


def main() -> None:
    files, size = (int(text) for text in (*sys.argv[1:], *("10000", "2000")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "spool"
        folder.mkdir()
        fill(folder, files, size)
        before = peak_mb()
        began, used = time.perf_counter(), time.process_time()
        Spool(folder, 1).take(dt.datetime.now(dt.UTC), 0)
        print(f"one listing of {files} files: {time.perf_counter() - began:.2f} s")
        looks, took = asyncio.run(work_off(folder, Path(place) / "store.db"))
        cpu = time.process_time() - used
        print(f"{files} files of {size} bytes, {looks} looks: {took:.1f} s, {files / took:.0f} a "
              f"second")  # fmt: skip
        print(f"processor: {cpu:.1f} s in this process, without the sandbox")
        print(f"left in the folder: {sum(1 for _ in folder.glob('[0-9]/*.xml'))}")
        print(f"peak of this process: {before:.0f} MB before, {peak_mb():.0f} MB after")


if __name__ == "__main__":
    main()
