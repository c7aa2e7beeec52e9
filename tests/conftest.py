"""Shared by all tests: the real Kafka, and one plain line when it could not be had.

Hypothesis has one profile for all tests. No deadline and no complaint about slowness, since a loaded
two-core machine is slow for reasons of its own; in CI the same examples every time, so that a red
run can be repeated.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.broker.kafka_broker import Broker, KafkaMissing

if TYPE_CHECKING:
    from tests.broker.secured_broker import SecuredBroker

hypothesis.settings.register_profile(
    "kabulwire",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("kabulwire")

KAFKA_MISSING: list[str] = []


def start_kafka(broker: Broker) -> Broker:
    """Start a broker: a skip with a reason when it cannot be had, a failure when it must be."""
    try:
        return broker.start()
    except KafkaMissing as missing:
        broker.stop()
        KAFKA_MISSING.append(" ".join(str(missing).split())[:300])
        if os.environ.get("KABULWIRE_REQUIRE_KAFKA") == "1":
            pytest.fail(f"KAFKA NOT TESTED: {KAFKA_MISSING[-1]}")
        pytest.skip(f"Kafka cannot be had: {KAFKA_MISSING[-1]}")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One real broker for the whole run; nobody kills it. Use topics of your own prefix."""
    broker = start_kafka(Broker(tmp_path_factory.mktemp("kafka")))
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    """One broker that asks who comes, for the whole run. Use topics and rights of your own prefix."""
    from tests.broker.secured_broker import SecuredBroker

    broker = SecuredBroker(tmp_path_factory.mktemp("secured"))
    start_kafka(broker)
    yield broker
    broker.stop()


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Broker]:
    """A real broker of this test alone, to be killed, frozen and restarted."""
    broker = start_kafka(Broker(tmp_path / "kafka"))
    yield broker
    broker.stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one plain line that Kafka was not tested, so that nobody takes green for proof."""
    if KAFKA_MISSING:
        terminalreporter.write_line(f"KAFKA NOT TESTED: {KAFKA_MISSING[0]}")
