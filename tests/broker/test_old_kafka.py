"""The broker line before 4: the same promises on Kafka 3.9, in a short cut of the chaos suite.

Its brokers take some 17 s to come back after kill -9, so none is killed here; the suite itself does it
with ``KABULWIRE_KAFKA_VERSION=3.9.1``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.kafka_broker import Broker
from tests.broker.kafka_parts import OLD_VERSION
from tests.chaos.world import World
from tests.conftest import start_kafka

pytestmark = [
    pytest.mark.broker,
    pytest.mark.chaos,
    pytest.mark.slow,
    pytest.mark.timeout(240),
]


@pytest.fixture
def old(tmp_path: Path) -> Iterator[World]:
    broker = Broker(tmp_path / "kafka", version=OLD_VERSION)
    world = World(tmp_path, broker, seed=39)
    try:
        start_kafka(broker)
        yield world
    finally:
        world.close()
        broker.stop()


def test_publisher_keeps_the_promises_on_kafka_3_9(old: World) -> None:
    """Workers are killed, also inside transactions: nothing is lost, doubled or reordered."""
    old.play(
        {
            "worker kill -9": (old.kill_worker, 3),
            "worker kill -9 at a crash point": (old.crash_worker, 2),
        },
        pause=(0.0, 0.3),
    )
    found = old.end("Kafka 3.9, short")
    assert found.clean
    assert old.done["worker kill -9"] + old.done["worker kill -9 at a crash point"] == 5
