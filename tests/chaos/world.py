"""A broker, a publishing process, what can be done to them, and what came of it.

    world = World(folder, broker, seed=7)
    world.play({"worker killed": (world.kill_worker, 20), "broker frozen": (world.freeze_broker, 3)})

Rules
-----
1. Faults come shuffled, with pauses between, from one seeded source: a seed repeats the order (not
   the moments: those are the machine's).
2. A process that ended by itself is started again, and its exit code is counted. 70 is its right
   (too many stuck calls); with ``zombie`` 3 and 1 are (overtaken; the store was locked by a frozen
   process). Any other code is a failure: ``play`` raises.
3. ``end`` lets a last process publish what waits, then the oracle compares store and topics.
"""

from __future__ import annotations

import collections
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.broker import oracle
from tests.broker.kafka_broker import Broker
from tests.broker.oracle import Judgement
from tests.broker.publishing_process import started

ROOT = Path(__file__).resolve().parents[2]
PUBLISHING = ROOT / "tests" / "broker" / "publishing_process.py"
RATE = 60
DELIVERY_S = 4.0
"""The client's delivery timeout at the deadline of 8 s that the publishing process sets."""
POINTS = ("publish.before_send", "publish.before_commit", "publish.after_commit")
KILLED = (137, -signal.SIGKILL)
AGAIN = (4, 70)
"""Not everything was published when it was asked to end, or too many calls were stuck: once more."""
Fault = Callable[[], None]


class World:
    """What one scenario plays with."""

    def __init__(
        self,
        folder: Path,
        broker: Broker,
        *,
        seed: int,
        program: Sequence[str] = (),
    ) -> None:
        self.broker = broker
        self.program = program
        self.store = folder / "store.db"
        self.log = folder / "process.log"
        self.prefix = f"c{uuid.uuid4().hex[:8]}"
        self.choose = random.Random(seed)
        self.done: collections.Counter[str] = collections.Counter()
        self.allowed = {70}
        self.running: Any = None
        self._published_at_start = 0

    def start(self, rate: float = RATE, **environment: str) -> None:
        """A publishing process on the store."""
        told = (self.store, self.broker.bootstrap, self.prefix, rate)
        self._published_at_start = self.published()
        if not self.program:
            self.running = started(*told, self.log, **environment)
            return
        command = [sys.executable, *self.program, *map(str, told)]
        with self.log.open("ab") as out:
            self.running = subprocess.Popen(
                command, stderr=out, cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            )  # fmt: skip

    def published(self) -> int:
        """``seq`` of the newest row that was noted as published; 0 before the first."""
        try:
            conn = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=20)
            try:
                row = conn.execute("SELECT max(seq) FROM outbox WHERE published = 1").fetchone()
            finally:
                conn.close()
        except sqlite3.OperationalError:  # not there yet
            return 0
        return int(row[0] or 0)

    def wait(self, done: Callable[[], bool], seconds: float = 60) -> None:
        """Until it is done, or the process ended, or the time is over (an assertion)."""
        end = time.monotonic() + seconds
        while not done() and self.running.poll() is None:
            assert time.monotonic() < end, self.last_words()
            time.sleep(0.02)

    def at_work(self) -> None:
        """Wait until the process has published something."""
        self.wait(lambda: self.published() > self._published_at_start)

    def last_words(self) -> str:
        kept = f"store and log are kept in {self.store.parent}\n"
        return kept + self.log.read_text("utf-8", "replace")[-3000:]

    def play(
        self, faults: Mapping[str, tuple[Fault, int]], pause: tuple[float, float] = (0.3, 1.5)
    ) -> None:
        """Every fault as often as it says, shuffled, with pauses between."""
        self.start()
        order = [name for name, (_, times) in faults.items() for _ in range(times)]
        self.choose.shuffle(order)
        for name in order:
            time.sleep(self.choose.uniform(*pause))
            self.revive()
            faults[name][0]()
            self.done[name] += 1

    def revive(self) -> None:
        """Start again what ended by itself, if it was allowed to."""
        code = self.running.poll()
        if code is not None:
            self.done[f"ended by itself ({code})"] += 1
            assert code in self.allowed, self.last_words()
            self.start()

    def end(self, title: str) -> Judgement:
        """Let it be killed once more, then publish what waits, compare, and tell in one line."""
        self.running.kill()
        self.running.wait()
        self.broker.wait(60)
        for _ in range(5):
            self.start(rate=0)
            if self.running.wait(240) not in AGAIN:
                break
        assert self.running.returncode == 0, self.last_words()
        found = oracle.judge(self.store, self.broker.bootstrap, self.prefix)
        figures = {name: getattr(found, name) for name in Judgement.__dataclass_fields__}
        told = {"scenario": title, "kafka": self.broker.version, **figures}
        print("\n" + json.dumps({**told, "faults": dict(self.done)}), flush=True)
        assert found.clean, self.last_words()
        assert found.rows > 0
        return found

    def kill_worker(self) -> None:
        """kill -9: as it starts, or in the middle of publishing."""
        if self.choose.random() < 0.5:
            self.at_work()
        time.sleep(self.choose.uniform(0, 0.8))
        self.running.kill()
        self.running.wait()
        self.start()

    def crash_worker(self) -> None:
        """kill -9 at a named point of a transaction: before sending, before and after the commit."""
        self.running.kill()
        self.running.wait()
        point = f"{self.choose.choice(POINTS)}:{self.choose.randint(1, 8)}"
        self.start(KABULWIRE_CRASH_POINT=point)
        assert self.running.wait(90) in KILLED, self.last_words()
        self.start()

    def freeze_worker(self) -> None:
        """SIGSTOP for shorter or longer than a transaction lives."""
        self.running.send_signal(signal.SIGSTOP)
        time.sleep(self.choose.choice((1, 4, 12)))
        self.running.send_signal(signal.SIGCONT)

    def kill_broker(self) -> None:
        """kill -9 while it takes records, and back."""
        self.at_work()
        self.broker.kill()
        time.sleep(self.choose.uniform(0, 2))
        self.broker.start()
        self.at_work_again()

    def at_work_again(self) -> None:
        """Wait until something more was published than now."""
        self._published_at_start = self.published()
        self.at_work()

    def freeze_broker(self) -> None:
        """SIGSTOP: connections stay open."""
        self.at_work()
        self.broker.freeze()
        time.sleep(self.choose.choice((1, 3, 6, 10)))
        self.broker.thaw()
        self.at_work_again()

    def long_outage(self) -> None:
        """No broker for more than three delivery timeouts."""
        self.at_work()
        self.broker.kill()
        time.sleep(3 * DELIVERY_S + 3)
        self.broker.start()
        self.at_work_again()

    def zombie(self) -> None:
        """A second process starts while the first is frozen, and publishes; the first wakes up."""
        self.at_work()
        first = self.running
        first.send_signal(signal.SIGSTOP)
        try:
            self.start()
            self.at_work()
            first.send_signal(signal.SIGCONT)
            time.sleep(self.choose.uniform(1, 4))
        finally:
            first.kill()
            first.wait()

    def close(self) -> None:
        if self.running is not None and self.running.poll() is None:
            self.running.kill()
            self.running.wait()
