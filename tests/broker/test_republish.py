"""A store that goes to another sink, and topics that are gone: every incident is sent once more."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient

from tests.broker import oracle
from tests.broker.kafka_broker import Broker
from tests.broker.test_worker import count, log_of, settings
from tests.shell.test_app import Newsroom, attack, newsroom, running
from tests.shell.test_republish import kabulwire
from worker.core.contract.message import INCIDENTS

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(240)]
__all__ = ["newsroom"]


@pytest.fixture
def prefix() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


def told(broker: Broker, prefix: str) -> list[tuple[int, str]]:
    values: list[Any] = [json.loads(record.value) for record in log_of(broker, prefix)]
    return [(value["revision"], value["change"]["kind"]) for value in values]


def test_from_files_to_a_broker(
    kafka: Broker, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """A worker that wrote to files gets a broker. It refuses until it is told to send everything;
    then the new log begins with the next revision of each incident, and no divergence is seen."""
    feed, broker = f"{newsroom.base}/feed.xml", settings(kafka, prefix)
    attack(newsroom)
    with running(tmp_path, feed) as worker:
        worker.wait_for(lambda: worker.told("incident.changed"))
        assert worker.stop() == 0
    refused = kabulwire(tmp_path, "run", **broker)
    assert refused.returncode == 78
    assert "topics republish" in refused.stderr
    done = kabulwire(tmp_path, "topics", "republish", **broker)
    assert (
        done.stdout
        == "1 incidents queued, 2 messages wait; the store belongs to the new sink now\n"
    )
    with running(tmp_path, feed, **broker) as worker:
        worker.wait_for(lambda: count(kafka, prefix) == 1, 60)
        attack(newsroom, dead="nine")
        worker.wait_for(lambda: count(kafka, prefix) == 2, 60)
        assert not worker.told("store.diverged")
        assert worker.stop() == 0
    assert told(kafka, prefix) == [(2, "resync"), (3, "updated")]


def test_topics_that_were_deleted(
    own_kafka: Broker, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """Somebody deletes all topics, the ledger too. The worker makes them anew, says that its store
    and the ledger disagree, and sends every incident as its next revision by itself."""
    feed, broker = f"{newsroom.base}/feed.xml", settings(own_kafka, prefix)
    attack(newsroom)
    with running(tmp_path, feed, **broker) as worker:
        worker.wait_for(lambda: count(own_kafka, prefix) == 1, 60)
        assert worker.stop() == 0
    admin = KafkaAdminClient(bootstrap_servers=own_kafka.bootstrap)
    gone = [name for name in admin.list_topics() if name.startswith(prefix)]
    admin.delete_topics(gone)
    end = time.monotonic() + 30
    while any(name in gone for name in admin.list_topics()) and time.monotonic() < end:
        time.sleep(0.2)
    admin.close()
    with running(tmp_path, feed, **broker) as worker:
        worker.wait_for(lambda: count(own_kafka, prefix) == 1, 60)
        assert [line["reason"] for line in worker.told("store.diverged")] == ["missing"]
        assert worker.stop() == 0
    assert told(own_kafka, prefix) == [(2, "resync")]
    latest = oracle.read_committed(own_kafka.bootstrap, f"{prefix}.{INCIDENTS}")
    assert [json.loads(record.value)["revision"] for record in latest] == [2]
