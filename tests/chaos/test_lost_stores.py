"""A real worker that is killed again and again, and whose store is lost or replaced by an old copy.

Between two lives the store is left, deleted, or put back from a copy of any earlier life; at times
the broker is away while an old copy starts, so that it goes on by itself before it can look. In the
end every attack is one incident, with the figures and reports that an undisturbed worker has.

``KABULWIRE_CHAOS_ROUNDS`` (``make chaos``) makes it longer, ``KABULWIRE_CHAOS_SEED`` repeats it.
"""

from __future__ import annotations

import collections
import json
import os
import random
import signal
import sqlite3
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.broker import oracle
from tests.broker.kafka_broker import Broker
from tests.broker.test_worker import settings
from tests.shell.press import Press, at_work, bomb, launch, printing, shooting, topic, until
from tests.shell.test_app import Running
from worker.core.contract.message import INCIDENT_LOG

ROUNDS = int(os.environ.get("KABULWIRE_CHAOS_ROUNDS", "0"))
SEED = int(os.environ.get("KABULWIRE_CHAOS_SEED", "7"))
LIVES = 30 if ROUNDS else 6
pytestmark = [
    pytest.mark.broker,
    pytest.mark.chaos,
    pytest.mark.slow,
    pytest.mark.timeout(120 + 30 * LIVES),
]
OUTLETS = ("ledger", "gazette", "harbour")
TOLLS = ("six", "seven", "eight", "nine", "ten", "eleven")
LAST = "twelve"
WAYS = ("left", "deleted", "old copy", "old copy, broker away")


@pytest.fixture
def press() -> Iterator[Press]:
    with printing() as made:
        yield made


class Lives:
    """One worker after the other on a store that somebody tampers with."""

    def __init__(self, folder: Path, press: Press, broker: Broker) -> None:
        self.folder = folder
        self.press = press
        self.broker = broker
        self.more = settings(broker, f"l{uuid.uuid4().hex[:8]}")
        self.store = folder / "store.db"
        self.copies: list[Path] = []
        self.choose = random.Random(SEED)
        self.done: collections.Counter[str] = collections.Counter()
        self.restored = 0

    def news(self) -> None:
        """Somebody prints another figure, or another outlet joins."""
        bomb(self.press, self.choose.choice(OUTLETS), self.choose.choice(TOLLS))
        if self.choose.random() < 0.4:
            shooting(self.press, self.choose.choice(OUTLETS[:2]), "the Ropewalk area of Portsmere")

    def live(self, way: str) -> None:
        """A life on a store that was treated in this ``way`` before, ended by kill -9."""
        self._tamper(way)
        away = way.endswith("away")
        if away:
            self.broker.kill()
        worker = self._started()
        try:
            time.sleep(self.choose.uniform(0.2, 2.0))
            self.news()
            time.sleep(self.choose.uniform(0.2, 2.0))
            if away:
                self.broker.start()
                self.news()
                time.sleep(self.choose.uniform(0.5, 4.0))
            if self.choose.random() < 0.75:  # the others die before they have looked
                assert until(lambda: worker.told("publish.committed"), worker)
                time.sleep(self.choose.uniform(0.0, 1.0))
            if self.choose.random() < 0.6:
                self._copy()
        finally:
            worker.stop(signal.SIGKILL)
            self.restored += len(worker.told("store.restored"))
        self.done[way] += 1

    def _started(self) -> Running:
        (self.folder / "worker.log").unlink(missing_ok=True)
        worker = launch(self.folder, self.press, *OUTLETS, **self.more)
        assert until(lambda: worker.told("worker.started"), worker), worker.process.returncode
        return worker

    def _copy(self) -> None:
        """A copy as an operator makes it, while the worker runs."""
        path = self.folder / f"copy-{len(self.copies)}.db"
        source, target = sqlite3.connect(self.store), sqlite3.connect(path)
        with target:
            source.backup(target)
        source.close()
        target.close()
        self.copies.append(path)

    def _tamper(self, way: str) -> None:
        if way == "left":
            return
        for part in self.folder.glob("store.db*"):
            part.unlink()
        if way.startswith("old copy") and self.copies:
            self.store.write_bytes(self.choose.choice(self.copies).read_bytes())

    def end(self) -> None:
        """The last word of every outlet, and a life that nobody disturbs."""
        for outlet in OUTLETS:
            bomb(self.press, outlet, LAST)
        for outlet in OUTLETS[:2]:
            shooting(self.press, outlet, "the Ropewalk area of Portsmere")
        worker = self._started()
        try:
            assert until(lambda: agree(self.newest(), 12, 5), worker, 90), self.newest()
            assert worker.stop() == 0
        finally:
            if worker.process.poll() is None:
                worker.stop(signal.SIGKILL)

    def log(self) -> list[Any]:
        name = f"{self.more['TOPICS__PREFIX']}.{INCIDENT_LOG}"
        return oracle.read_committed(self.broker.bootstrap, name)

    def newest(self) -> list[dict[str, Any]]:
        """The present state of each incident that stands, as consumers know it."""
        return standing(json.loads(record.value) for record in self.log())


def standing(values: Any) -> list[dict[str, Any]]:
    newest = {value["incident_id"]: value for value in values}
    return [v for v in newest.values() if v["state"] not in ("superseded", "retracted")]


def essence(incidents: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """Who tells of each attack, and how many died."""
    return {
        (
            frozenset(report["article_id"] for report in value["reports"]),
            *(value["casualties"]["killed"][bound] for bound in ("low", "best", "high")),
        )
        for value in incidents
    }


def agree(incidents: list[dict[str, Any]], killed: int, reports: int) -> bool:
    """All reports are there, and the last figure."""
    bests = [value["casualties"]["killed"]["best"] for value in incidents]
    return killed in bests and sum(len(value["reports"]) for value in incidents) == reports


def test_run_bears_stores_that_are_lost_and_come_back_old(
    own_kafka: Broker, press: Press, tmp_path: Path
) -> None:
    """No attack is told as two, no revision twice or with two contents, none is missing, and the
    end is that of a worker whom nothing happened to."""
    lives = Lives(tmp_path, press, own_kafka)
    bomb(press, "ledger", "six")
    lives.live("left")
    lives._copy()
    order = [WAYS[n % len(WAYS)] for n in range(LIVES)]
    lives.choose.shuffle(order)
    for way in order:
        lives.live(way)
    lives.end()
    told: dict[str, list[int]] = collections.defaultdict(list)
    for record in lives.log():
        told[record.key].append(int(record.headers["kw_revision"]))
    print(f"\nseed={SEED} {dict(lives.done)} revisions={ {k: len(v) for k, v in told.items()} }")
    assert len(told) == 2, "an id was announced that nobody needed"
    assert lives.restored >= lives.done["deleted"] / 2
    for name, revisions in told.items():
        assert revisions == list(range(1, len(revisions) + 1)), (name, revisions)
    assert essence(lives.newest()) == undisturbed(tmp_path / "undisturbed", press)


def undisturbed(folder: Path, press: Press) -> set[tuple[Any, ...]]:
    """What a worker makes of the last versions alone."""
    folder.mkdir()

    def now() -> list[dict[str, Any]]:
        if not (folder / "topics").is_dir():
            return []
        return standing(record["value"] for record in topic(folder, INCIDENT_LOG))

    with at_work(folder, press, *OUTLETS) as worker:
        assert until(lambda: agree(now(), 12, 5), worker)
        assert worker.stop() == 0
    return essence(now())
