"""Shared by all tests: the real Kafka, and one plain line when it could not be had.

Hypothesis has one profile for all tests. No deadline and no complaint about slowness, since a loaded
two-core machine is slow for reasons of its own; in CI the same examples every time, so that a red
run can be repeated.

The order of files is set here as well: those that wait beside those that reckon.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.broker.kafka_broker import Broker, KafkaMissing
from tests.broker.shared_broker import shared

if TYPE_CHECKING:
    from tests.broker.secured_broker import SecuredBroker

hypothesis.settings.register_profile(
    "kabulwire",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("kabulwire")

_NO_KAFKA = "Kafka cannot be had: "
_WAITS = ("broker", "chaos", "slow")
"""Marks of tests that mostly wait: for a broker, for another process, for a timer."""
_LONG = (
    "test_corpus", "test_rebuild", "test_long_text", "test_merge_flat", "test_composed",
    "test_decoded", "test_wire_properties", "test_grammar_examples", "test_cascade_properties",
)  # fmt: skip
"""Files that reckon longest, whatever the number of their tests: begun last, one keeps all waiting."""


def start_kafka(broker: Broker) -> Broker:
    """Start a broker: a skip with a reason when it cannot be had, a failure when it must be."""
    try:
        return broker.start()
    except KafkaMissing as missing:
        broker.stop()
        reason = " ".join(str(missing).split())[:300]
        if os.environ.get("KABULWIRE_REQUIRE_KAFKA") == "1":
            pytest.fail(f"KAFKA NOT TESTED: {reason}")
        pytest.skip(f"{_NO_KAFKA}{reason}")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One real broker for the whole run; nobody kills it. Use topics of your own prefix."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of this process alone; what is above it belongs to the run
    with shared(folder / "kafka", start_kafka) as broker:
        yield broker


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait and files that reckon by turns, so that neither leaves the processors idle.

    A process takes a file as a whole, in this order. By name all of the broker's files came first:
    four processes waited for a broker together, and reckoned together afterwards.
    """
    assert all(any(Path(__file__).parent.rglob(f"{name}.py")) for name in _LONG), (
        "_LONG names a file that is gone"
    )
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waiting = [tests for tests in files.values() if any(map(_waits, tests))]
    reckoning = [tests for tests in files.values() if not any(map(_waits, tests))]
    reckoning.sort(key=lambda tests: (tests[0].path.stem in _LONG, len(tests)), reverse=True)
    by_turns = zip_longest(waiting, reckoning, fillvalue=[])
    items[:] = [item for pair in by_turns for tests in pair for item in tests]


def _waits(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in _WAITS)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one plain line that Kafka was not tested, so that nobody takes green for proof.

    Tests run in processes of their own; what comes here is the reason of their skips.
    """
    for report in terminalreporter.stats.get("skipped", ()):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
        if _NO_KAFKA in reason:
            terminalreporter.write_line(f"KAFKA NOT TESTED: {reason.partition(_NO_KAFKA)[2]}")
            return
