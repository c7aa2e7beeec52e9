"""Many articles, a worker killed without warning again and again, and what a consumer then reads."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.broker.kafka_broker import Broker
from tests.broker.test_end_to_end import consumed
from tests.shell.press import Press, assert_no_holes, at_work, printing, shooting, until
from tests.shell.test_app import Running
from tests.shell.test_republish import kabulwire

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(400)]
ROUNDS = 6
ARTICLES = 40


@pytest.fixture
def press() -> Iterator[Press]:
    """One outlet on loopback."""
    with printing() as press:
        yield press


def test_run_killed_again_and_again_at_any_moment_loses_and_doubles_nothing(
    kafka: Broker, press: Press, tmp_path: Path
) -> None:
    """kill -9 at moments that nobody chose: every message of the outbox is in its topic once, and
    each incident counts 1, 2, 3 …"""
    prefix = f"killed-{time.time_ns()}"
    settings = {
        "KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap,
        "TOPICS__PREFIX": prefix,
        "TOPICS__REPLICATION_FACTOR": "1",
        "INSTANCE": prefix,
        "PUBLISH__BATCH_RECORDS": "4",
    }
    chance = random.Random(20310507)
    for number in range(ARTICLES):
        street = "the Ropewalk area" if number % 2 else "Lantern Quay"
        shooting(press, "ledger", f"{street} of Portsmere", f"n{number}")
    killed_at: list[int] = []
    for round_ in range(ROUNDS):
        with at_work(tmp_path, press, "ledger", **settings) as worker:
            assert until(partial(has_begun, worker, round_), worker)
            before = articles(tmp_path)
            assert until(partial(has_settled, tmp_path, before), worker)
            time.sleep(chance.uniform(0.0, 0.6))
            assert worker.stop(signal.SIGKILL) == -signal.SIGKILL
        killed_at.append(waiting(tmp_path))
    middle = [left for left in killed_at if left and abs(left - ARTICLES) > 1]
    assert middle, f"no kill came in the middle of work: {killed_at}"
    with at_work(tmp_path, press, "ledger", **settings) as worker:
        assert until(partial(has_begun, worker, ROUNDS), worker)
        assert until(lambda: at_rest(tmp_path), worker, 120)
        bring_back(tmp_path, settings)
        assert until(lambda: waiting(tmp_path) == 0, worker, 120)
        assert worker.stop() == 0
    expected = outbox(tmp_path)
    for name in ("incidents.v1", "incident-log.v1", "reports.v1"):
        records = consumed(kafka, f"{prefix}.{name}")
        found = Counter((record["key"], record["headers"]["ce_id"]) for record in records)
        assert found == expected[name], name
    log = consumed(kafka, f"{prefix}.incident-log.v1")
    assert_no_holes([{**record, "seq": seq} for seq, record in enumerate(log)])
    reports = consumed(kafka, f"{prefix}.reports.v1")
    assert len({record["key"] for record in reports}) == ARTICLES


def has_begun(worker: Running, lives_before: int) -> bool:
    """Whether this life of the worker has begun to work."""
    return len(worker.told("worker.started")) > lives_before


def has_settled(folder: Path, before: int) -> bool:
    """Whether more was settled than before, or all."""
    return articles(folder) > min(before, ARTICLES - 1)


def at_rest(folder: Path) -> bool:
    """Nothing to be worked on, nothing to be sent."""
    inbox = _count(folder, "SELECT count(*) FROM inbox WHERE kind != 'recheck'")
    return inbox + _count(folder, "SELECT count(*) FROM outbox WHERE published = 0") == 0


def bring_back(folder: Path, settings: dict[str, str]) -> None:
    """On a slow machine three kills may meet one article, which is then rightly given up: do what an
    operator does."""
    if _count(folder, "SELECT count(*) FROM dead_letter"):
        done = kabulwire(folder, "retry", **settings)
        assert done.returncode == 0, done.stderr


def articles(folder: Path) -> int:
    """How many are settled."""
    return _count(folder, "SELECT count(*) FROM article WHERE current = 1")


def waiting(folder: Path) -> int:
    """Pieces of work and messages that are not done."""
    rows = _count(folder, "SELECT count(*) FROM outbox WHERE published = 0")
    return ARTICLES - articles(folder) + rows


def _count(folder: Path, query: str) -> int:
    conn = sqlite3.connect(folder / "store.db")
    try:
        return int(conn.execute(query).fetchone()[0])
    finally:
        conn.close()


def outbox(folder: Path) -> dict[str, Counter[tuple[str, str]]]:
    """What had to be published, by topic."""
    conn = sqlite3.connect(folder / "store.db")
    try:
        told: dict[str, Counter[tuple[str, str]]] = {}
        for topic, key, ce_id in conn.execute("SELECT topic, key, ce_id FROM outbox"):
            told.setdefault(topic, Counter())[key, ce_id] += 1
        return told
    finally:
        conn.close()
