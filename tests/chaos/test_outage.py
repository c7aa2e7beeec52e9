"""A broker that is away for half an hour costs nothing but waiting: no memory, threads, files, lines.

Half an hour is compressed. The publisher waits up to 15 s between two sessions, and each spends 5 s on
looking for a broker: about a hundred failed sessions in half an hour (``sessions_in``). Leaks come with
sessions, not with waiting, so the process waits FACTOR times shorter and fails as often
(``hasty_process.py``). Rows are settled meanwhile.

The first half nobody listens on the broker's port (refused at once), the second half somebody does and
never answers (a dead line). Lines of the client are counted behind the gate, whose window is shortened
likewise: so many lines in so many sessions are as many in the true half hour. Before the gate the count
is not comparable: a client that looks for a shorter time complains less often.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.broker.kafka_broker import Broker
from tests.chaos.world import ROOT, World
from worker.publish import kafka_publisher
from worker.publish.kafka import client

HASTY = ROOT / "tests" / "chaos" / "hasty_process.py"
HALF_HOUR_S = 1_800.0
RATE = 20
GROWTH_MB = 10
SPARE_THREADS, SPARE_FILES = 2, 10
"""Some closing is always under way, and the last socket of a session waits to be collected."""
LINES_PER_HOUR = 200
ROUNDS = int(os.environ.get("KABULWIRE_CHAOS_ROUNDS", "0"))
pytestmark = [pytest.mark.broker, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(300)]


def sessions_in(seconds: float) -> int:
    """How many sessions fail in an outage, by the publisher's own constants."""
    first, longest = kafka_publisher._BACKOFF_S
    failures, passed = 0, 0.0
    while passed < seconds:
        failures += 1
        passed += client.BOOTSTRAP_MS / 1000 + min(longest, first * 2 ** min(failures, 10))
    return failures


@dataclass
class Watch:
    """The process from outside, a sample every quarter of a second."""

    process: psutil.Process
    rss: list[float] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def until(self, done: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end
            self.rss.append(self.process.memory_info().rss / 1e6)
            self.threads.append(self.process.num_threads())
            self.files.append(self.process.num_fds())
            time.sleep(0.25)

    def now(self) -> tuple[int, int]:
        """Threads and open files."""
        return self.process.num_threads(), self.process.num_fds()

    def come_down(self, most: tuple[int, int], seconds: float) -> tuple[int, int]:
        """Wait until there are no more of both than that, or the time is over."""
        end = time.monotonic() + seconds
        while any(n > m for n, m in zip(self.now(), most, strict=True)) and time.monotonic() < end:
            time.sleep(0.25)
        return self.now()

    def growth(self, of: list[float] | list[int]) -> float:
        """Median of the last third less median of the first, without a tenth of warming up."""
        kept = of[len(of) // 10 :]
        third = len(kept) // 3
        return float(statistics.median(kept[-third:]) - statistics.median(kept[:third]))


@contextlib.contextmanager
def deaf(port: int) -> Iterator[None]:
    """Somebody takes connections on this port and never says a word."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", port)) as server:

        def take() -> None:
            with contextlib.suppress(OSError):
                while True:
                    taken.append(server.accept()[0])

        threading.Thread(target=take, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for connection in taken:
                connection.close()


class Outage:
    """A world without a broker, watched."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.watch = Watch(psutil.Process(world.running.pid))

    def told(self, what: str) -> int:
        return self.world.log.read_text("utf-8", "replace").count(f"{what}\n")

    def last(self, sessions: int, seconds: float) -> None:
        """Nobody there, then somebody deaf, until so many sessions have failed."""
        before = self.told("session failed")
        self.watch.until(lambda: self.told("session failed") - before >= sessions // 2, seconds)
        with deaf(self.world.broker.port):
            self.watch.until(lambda: self.told("session failed") - before >= sessions, seconds)


@pytest.fixture
def world(own_kafka: Broker, tmp_path: Path) -> Iterator[World]:
    made: list[World] = []

    def make(factor: float) -> World:
        made.append(World(tmp_path, own_kafka, seed=1, program=(str(HASTY), str(factor))))
        return made[0]

    yield make  # type: ignore[misc]
    made[0].close()


def endure(world: World, sessions: int, title: str) -> Outage:
    """The whole story: well, an outage, well again; what must hold in any length of it."""
    world.start(rate=RATE)
    world.at_work()
    outage = Outage(world)
    calm = outage.watch.now()
    world.broker.kill()
    outage.last(sessions, 200)
    lines, raw = outage.told("client said"), outage.told("client tried")
    world.broker.start()
    world.at_work_again()
    after = outage.watch.come_down((calm[0] + SPARE_THREADS, calm[1] + SPARE_FILES), 30)
    watch = outage.watch
    print("\n" + json.dumps({
        "outage": title, "sessions": sessions, "samples": len(watch.rss),
        "rss_mb": [round(f(watch.rss)) for f in (min, max)],
        "rss_growth_mb": round(watch.growth(watch.rss), 1),
        "threads": [calm[0], max(watch.threads), after[0]],
        "files": [calm[1], max(watch.files), after[1]],
        "client_lines": lines, "client_lines_before_gate": raw,
    }), flush=True)  # fmt: skip
    assert after[0] <= calm[0] + SPARE_THREADS
    assert after[1] <= calm[1] + SPARE_FILES
    assert watch.growth(watch.threads) <= SPARE_THREADS, watch.threads
    assert watch.growth(watch.files) <= SPARE_FILES, watch.files
    assert world.log.read_text().count("publish.failed") <= 3
    world.end(title)
    return outage


def test_publisher_keeps_nothing_of_a_short_outage(world: Callable[[float], World]) -> None:
    """A dozen failed sessions: threads and files come back to what they were, rows arrive once."""
    outage = endure(world(60), 12, "outage, short")
    assert outage.told("session failed") >= 12
    assert outage.watch.growth(outage.watch.threads) <= SPARE_THREADS


@pytest.mark.skipif(not ROUNDS, reason="long: `make chaos` runs it")
def test_publisher_waits_half_an_hour_without_a_broker_and_stays_flat(
    world: Callable[[float], World],
) -> None:
    """As many failed sessions as in half an hour: memory, threads and files stay flat, the client's
    lines stay few, and everything is published when the broker is back."""
    sessions = sessions_in(HALF_HOUR_S)
    assert sessions > 80
    outage = endure(world(25), sessions, "outage of half an hour, compressed")
    assert outage.watch.growth(outage.watch.rss) < GROWTH_MB
    assert 2 * outage.told("client said") < LINES_PER_HOUR
