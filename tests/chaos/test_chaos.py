"""Faults at random against a real broker: what was settled reaches consumers once and in order.

``KABULWIRE_CHAOS_ROUNDS`` scales it, and without it these tests are left out (short cuts of the same
run in ``tests/broker/test_publish.py`` and ``test_old_kafka.py``). ``make chaos`` sets 50, and then:

=====================  =====  =========================================================
fault                  times
=====================  =====  =========================================================
worker kill -9         200    a third at named points of a transaction
broker kill -9         16     and back on its data
broker SIGSTOP         16     1 to 10 s
outage                 3      longer than three delivery timeouts
zombie                 6      a frozen process wakes up after its successor has published
worker SIGSTOP         10     1 to 12 s
cut after apply        40     8 of each kind of request, and 8 at any moment
=====================  =====  =========================================================

Each scenario prints one line of JSON. At the end a row of a markdown table sums them up: to stdout,
and appended to the file named by ``KABULWIRE_CHAOS_REPORT``. ``KABULWIRE_CHAOS_SEED`` repeats the
order of faults; ``KABULWIRE_KAFKA_VERSION`` chooses the broker.
"""

from __future__ import annotations

import collections
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.broker.kafka_broker import VERSION, Broker, free_port
from tests.broker.oracle import Judgement
from tests.chaos.fault_proxy import KINDS, MOMENT
from tests.chaos.world import ROOT, World
from tests.conftest import start_kafka

ROUNDS = int(os.environ.get("KABULWIRE_CHAOS_ROUNDS", "0"))
SEED = int(os.environ.get("KABULWIRE_CHAOS_SEED", "7"))
REPORT = os.environ.get("KABULWIRE_CHAOS_REPORT", "")
PROXY = ROOT / "tests" / "chaos" / "fault_proxy.py"
pytestmark = [
    pytest.mark.broker,
    pytest.mark.chaos,
    pytest.mark.slow,
    pytest.mark.skipif(not ROUNDS, reason="long: `make chaos` runs it"),
    pytest.mark.timeout(300 + 60 * ROUNDS),
]


def times(of_fifty: int) -> int:
    """As often as the table says, scaled; at least once."""
    return max(1, round(of_fifty * ROUNDS / 50))


class Report:
    """What all scenarios together have shown."""

    def __init__(self) -> None:
        self.faults: collections.Counter[str] = collections.Counter()
        self.found: collections.Counter[str] = collections.Counter()

    def add(self, world: World, found: Judgement) -> None:
        self.faults.update(world.done)
        self.found.update({name: getattr(found, name) for name in Judgement.__dataclass_fields__})

    def row(self) -> str:
        faults = ", ".join(f"{count} × {name}" for name, count in sorted(self.faults.items()))
        names = ("lost", "doubled", "reordered", "holes", "two_contents")
        counts = "/".join(str(self.found[name]) for name in names)
        rows, copies = self.found["rows"], self.found["uncommitted_copies"]
        return f"| {VERSION} | {faults} | {rows:,} | {counts} | {copies:,} |"


@pytest.fixture(scope="module")
def report() -> Iterator[Report]:
    made = Report()
    yield made
    head = (
        "| Kafka | faults | rows | lost/doubled/reordered/holes/two contents | uncommitted copies |"
    )
    table = f"{head}\n|---|---|---|---|---|\n{made.row()}"
    print(f"\n{table}", flush=True)
    if REPORT:
        with Path(REPORT).open("a", encoding="utf-8") as out:
            out.write(f"{table}\n")


@pytest.fixture
def world(own_kafka: Broker, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, own_kafka, seed=SEED)
    yield made
    made.close()


class Proxy:
    """The fault proxy as a process of its own; what it tells is read from its log."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self._log = folder / "proxy.log"
        command = [sys.executable, str(PROXY), str(broker.advertised), str(broker.port), "2.0"]
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out)

    def counts(self) -> dict[str, int]:
        """How often each kind was cut until now."""
        lines = [line for line in self._log.read_text("utf-8").splitlines() if line.endswith("}")]
        counts: dict[str, int] = json.loads(lines[-1])["counts"] if lines else {}
        return counts

    def quiet(self) -> None:
        """From now on it only forwards, as soon as the present cut is done."""
        self._process.send_signal(signal.SIGUSR1)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def cut_world(tmp_path: Path) -> Iterator[tuple[World, Any]]:
    """The same behind a proxy that swallows answers and cuts lines."""
    broker = Broker(tmp_path / "kafka", advertised=free_port())
    proxy = Proxy(tmp_path, broker)
    made = World(tmp_path, broker, seed=SEED)
    try:
        start_kafka(broker)
        yield made, proxy
    finally:
        made.close()
        proxy.stop()
        broker.stop()


def test_publisher_killed_again_and_again_loses_nothing(world: World, report: Report) -> None:
    """kill -9 at any moment and at each point of a transaction: nothing lost, doubled, reordered."""
    at_points = times(60)
    world.play(
        {
            "worker kill -9": (world.kill_worker, times(180) - at_points),
            "worker kill -9 at a crash point": (world.crash_worker, at_points),
        },
        pause=(0.0, 0.3),
    )
    found = world.end("worker killed")
    report.add(world, found)
    assert found.clean


def test_publisher_bears_kills_freezes_outages_and_zombies(world: World, report: Report) -> None:
    """Worker and broker killed and frozen, outages, zombies, all mixed: the same."""
    world.allowed |= {1, 3}
    world.play(
        {
            "worker kill -9": (world.kill_worker, times(14)),
            "worker kill -9 at a crash point": (world.crash_worker, times(6)),
            "worker SIGSTOP": (world.freeze_worker, times(10)),
            "broker kill -9": (world.kill_broker, times(16)),
            "broker SIGSTOP": (world.freeze_broker, times(16)),
            "outage": (world.long_outage, times(3)),
            "zombie": (world.zombie, times(6)),
        }
    )
    found = world.end("everything mixed")
    report.add(world, found)
    assert found.clean


def test_publisher_bears_answers_cut_after_apply(
    cut_world: tuple[World, Proxy], report: Report
) -> None:
    """The broker did it and nobody was told, for every kind of request, with kills between: the
    same."""
    world, proxy = cut_world
    wanted = dict.fromkeys([*KINDS, MOMENT], times(8))
    world.start()
    end = time.monotonic() + 60 + 30 * ROUNDS
    while any(proxy.counts().get(kind, 0) < least for kind, least in wanted.items()):
        assert time.monotonic() < end, (proxy.counts(), world.last_words())
        time.sleep(world.choose.uniform(2, 6))
        world.revive()
        world.kill_worker()
        world.done["worker kill -9"] += 1
    proxy.quiet()
    world.done.update({f"cut after {kind}": n for kind, n in proxy.counts().items()})
    found = world.end("cut after apply")
    report.add(world, found)
    assert found.clean
