"""Faults at random against a real broker: what was settled reaches consumers once and in order.

``KABULWIRE_CHAOS_ROUNDS`` faults of each kind are mixed; ``make chaos`` sets it, and without it these
tests are left out (a shorter cut runs in ``tests/broker/test_publish.py``). ``KABULWIRE_CHAOS_SEED``
repeats a run. The figures are printed with ``-s``; a round takes about a minute.
"""

from __future__ import annotations

import collections
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.broker import oracle
from tests.broker.kafka_broker import Broker, free_port
from tests.conftest import start_kafka

ROUNDS = int(os.environ.get("KABULWIRE_CHAOS_ROUNDS", "0"))
pytestmark = [
    pytest.mark.broker,
    pytest.mark.chaos,
    pytest.mark.slow,
    pytest.mark.skipif(not ROUNDS, reason="long: `make chaos` runs it"),
]
SEED = int(os.environ.get("KABULWIRE_CHAOS_SEED", "7"))
ROOT = Path(__file__).resolve().parents[2]
PUBLISHING = ROOT / "tests" / "broker" / "publishing_process.py"
PROXY = ROOT / "tests" / "chaos" / "fault_proxy.py"
RATE = 60


class Chaos:
    """A broker, a publishing process, and what can be done to them."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.broker = broker
        self.store = folder / "store.db"
        self.log = folder / "process.log"
        self.prefix = f"c{uuid.uuid4().hex[:8]}"
        self.choose = random.Random(SEED)
        self.done: collections.Counter[str] = collections.Counter()
        self.running: Any = None

    def start(self, rate: float = RATE) -> None:
        """A publishing process on the store."""
        self.running = self._process(rate)

    def _process(self, rate: float) -> Any:
        command = [sys.executable, str(PUBLISHING), str(self.store), self.broker.bootstrap,
                   self.prefix, str(rate)]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self.log.open("ab") as out:
            return subprocess.Popen(command, stderr=out, cwd=ROOT, env=environment)

    def play(self, faults: dict[str, Callable[[], None]], rounds: int = ROUNDS) -> None:
        """Every fault ``rounds`` times, shuffled, with pauses between."""
        self.start()
        order = list(faults) * rounds
        self.choose.shuffle(order)
        for name in order:
            time.sleep(self.choose.uniform(0.5, 3.0))
            if self.running.poll() is not None:
                self.done[f"ended by itself ({self.running.returncode})"] += 1
                self.start()
            faults[name]()
            self.done[name] += 1
        self.end()

    def end(self) -> None:
        """Let it be killed once more, then publish what waits, and compare."""
        self.kill_worker(again=False)
        self.broker.wait(60)
        self.start(rate=0)
        assert self.running.wait(180) == 0, self.log.read_text()[-3000:]
        judgement = oracle.judge(self.store, self.broker.bootstrap, self.prefix)
        print(f"\n{judgement} faults={dict(self.done)}")
        assert judgement.clean, self.log.read_text()[-3000:]
        assert judgement.rows > 0

    def kill_worker(self, *, again: bool = True) -> None:
        """kill -9."""
        self.running.kill()
        self.running.wait()
        if again:
            self.start()

    def freeze_worker(self) -> None:
        """SIGSTOP for longer or shorter than a transaction lives."""
        self.running.send_signal(signal.SIGSTOP)
        time.sleep(self.choose.choice((1, 5, 13)))
        self.running.send_signal(signal.SIGCONT)

    def kill_broker(self) -> None:
        """kill -9, and back."""
        self.broker.kill()
        time.sleep(self.choose.uniform(0, 2))
        self.broker.start()
        time.sleep(self.choose.uniform(1, 5))

    def freeze_broker(self) -> None:
        """SIGSTOP: connections stay open."""
        self.broker.freeze()
        time.sleep(self.choose.choice((1, 3, 7, 15)))
        self.broker.thaw()

    def long_outage(self) -> None:
        """No broker for several delivery timeouts."""
        self.broker.kill()
        time.sleep(16)
        self.broker.start()
        time.sleep(3)

    def zombie(self) -> None:
        """A second process starts while the first is frozen; then the first wakes up."""
        first = self.running
        first.send_signal(signal.SIGSTOP)
        self.start()
        time.sleep(5)
        first.send_signal(signal.SIGCONT)
        time.sleep(4)
        first.kill()
        first.wait()

    def close(self) -> None:
        if self.running is not None:
            self.running.kill()
            self.running.wait()


@pytest.fixture
def chaos(own_kafka: Broker, tmp_path: Path) -> Iterator[Chaos]:
    made = Chaos(tmp_path, own_kafka)
    yield made
    made.close()


@pytest.fixture
def cut_chaos(tmp_path: Path) -> Iterator[tuple[Chaos, Any]]:
    """The same behind a proxy that swallows answers and cuts lines."""
    broker = Broker(tmp_path / "kafka", advertised=free_port())
    command = [sys.executable, str(PROXY), str(broker.advertised), str(broker.port), "1.5",
               str(8 + 4 * ROUNDS)]  # fmt: skip
    proxy = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        start_kafka(broker)
    except BaseException:
        proxy.kill()
        raise
    made = Chaos(tmp_path, broker)
    yield made, proxy
    made.close()
    proxy.kill()
    broker.stop()


@pytest.mark.timeout(120 + 120 * ROUNDS)
def test_kills_freezes_outages_and_zombies(chaos: Chaos) -> None:
    """Worker and broker killed and frozen, outages, zombies: nothing lost, doubled, reordered."""
    chaos.play(
        {
            "worker killed": chaos.kill_worker,
            "worker frozen": chaos.freeze_worker,
            "broker killed": chaos.kill_broker,
            "broker frozen": chaos.freeze_broker,
            "outage": chaos.long_outage,
            "zombie": chaos.zombie,
        }
    )


@pytest.mark.timeout(120 + 60 * ROUNDS)
def test_answers_swallowed_and_lines_cut(cut_chaos: tuple[Chaos, Any]) -> None:
    """The broker did it and nobody was told, again and again, with kills between: the same."""
    chaos, proxy = cut_chaos
    chaos.play({"worker killed": chaos.kill_worker, "pause": lambda: time.sleep(3)})
    proxy.kill()
    cuts = proxy.stdout.read().split()
    assert cuts, "the proxy never cut anything"
    print(f"cuts={cuts[-1]}")
