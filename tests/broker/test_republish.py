"""A store that goes to another sink, and topics that are gone: every incident is sent once more."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from tests.broker import oracle
from tests.broker.kafka_broker import Broker
from tests.broker.test_worker import count, log_of, settings
from tests.shell.press import topic
from tests.shell.test_app import Newsroom, attack, newsroom, running
from tests.shell.test_republish import kabulwire
from worker.core.contract.message import INCIDENT_LOG, INCIDENTS

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(240)]
__all__ = ["newsroom"]


@pytest.fixture
def prefix() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


def told(broker: Broker, prefix: str) -> list[tuple[int, str]]:
    values: list[Any] = [json.loads(record.value) for record in log_of(broker, prefix)]
    return [(value["revision"], value["change"]["kind"]) for value in values]


def delete(broker: Broker, prefix: str, *names: str) -> None:
    """Delete topics: these, or all of the prefix."""
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    wanted = {f"{prefix}.{name}" for name in names}
    gone = [t for t in admin.list_topics() if t.startswith(prefix) and (t in wanted or not names)]
    assert gone
    admin.delete_topics(gone)
    end = time.monotonic() + 30
    while any(name in gone for name in admin.list_topics()) and time.monotonic() < end:
        time.sleep(0.05)
    admin.close()


def killed(broker: Broker, prefix: str) -> list[tuple[int, int]]:
    """Revision and best figure, as the log has them."""
    values: list[Any] = [json.loads(record.value) for record in log_of(broker, prefix)]
    return [(v["revision"], v["casualties"]["killed"]["best"]) for v in values]


def test_topics_republish_takes_a_store_from_files_to_a_broker(
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
        done.stdout == "1 incident queued, 2 messages wait; the store belongs to the new sink now\n"
    )
    with running(tmp_path, feed, **broker) as worker:
        worker.wait_for(lambda: count(kafka, prefix) == 1, 60)
        attack(newsroom, dead="nine")
        worker.wait_for(lambda: count(kafka, prefix) == 2, 60)
        assert not worker.told("store.diverged")
        assert worker.stop() == 0
    assert told(kafka, prefix) == [(2, "resync"), (3, "updated")]


def test_run_makes_topics_anew_that_were_deleted(
    kafka: Broker, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """Somebody deletes all topics, the ledger too. The worker makes them anew, says that its store
    and the ledger disagree, and sends every incident as its next revision by itself."""
    feed, broker = f"{newsroom.base}/feed.xml", settings(kafka, prefix)
    attack(newsroom)
    with running(tmp_path, feed, **broker) as worker:
        worker.wait_for(lambda: count(kafka, prefix) == 1, 60)
        assert worker.stop() == 0
    delete(kafka, prefix)
    with running(tmp_path, feed, **broker) as worker:
        worker.wait_for(lambda: count(kafka, prefix) == 1, 60)
        assert [line["reason"] for line in worker.told("store.diverged")] == ["missing"]
        assert worker.stop() == 0
    assert told(kafka, prefix) == [(2, "resync")]
    latest = oracle.read_committed(kafka.bootstrap, f"{prefix}.{INCIDENTS}")
    assert [json.loads(record.value)["revision"] for record in latest] == [2]


@pytest.mark.parametrize("names", [(), (INCIDENT_LOG,), (INCIDENTS, INCIDENT_LOG)])
def test_run_makes_topics_anew_that_are_deleted_under_it(
    names: tuple[str, ...], kafka: Broker, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """All topics, or one of the incidents, go while it runs. It makes them anew, says so, sends every
    incident as its next revision, and goes on; it takes nobody for a second worker."""
    attack(newsroom)
    with running(tmp_path, f"{newsroom.base}/feed.xml", **settings(kafka, prefix)) as worker:
        worker.wait_for(lambda: count(kafka, prefix) == 1, 60)
        delete(kafka, prefix, *names)
        attack(newsroom, dead="nine")
        worker.wait_for(lambda: ends_with(kafka, prefix, 9), 120)
        assert "second_instance" not in {line["reason"] for line in worker.told("publish.failed")}
        assert worker.told("store.diverged")
        assert worker.stop() == 0
    revisions = [revision for revision, _ in killed(kafka, prefix)]
    assert revisions == sorted(set(revisions))
    assert revisions[0] >= 2
    latest = oracle.read_committed(kafka.bootstrap, f"{prefix}.{INCIDENTS}")
    assert json.loads(latest[-1].value)["casualties"]["killed"]["best"] == 9


def test_run_fills_the_topic_of_states_that_was_deleted_while_nobody_looked(
    kafka: Broker, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """Only `incidents.v1` is gone at the start, and somebody made it anew already: the ledger knows
    nothing of that. It is noticed, and filled again."""
    feed, broker = f"{newsroom.base}/feed.xml", settings(kafka, prefix)
    attack(newsroom)
    with running(tmp_path, feed, **broker) as worker:
        worker.wait_for(lambda: count(kafka, prefix) == 1, 60)
        assert worker.stop() == 0
    delete(kafka, prefix, INCIDENTS)
    assert kabulwire(tmp_path, "topics", "ensure", **broker).returncode == 0
    with running(tmp_path, feed, **broker) as worker:
        worker.wait_for(lambda: count(kafka, prefix) == 2, 60)
        assert [line["reason"] for line in worker.told("store.diverged")] == ["emptied"]
        assert worker.stop() == 0
    latest = oracle.read_committed(kafka.bootstrap, f"{prefix}.{INCIDENTS}")
    assert [json.loads(record.value)["revision"] for record in latest] == [2]


def test_topics_republish_takes_a_store_to_files_and_back(
    kafka: Broker, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """What was settled while the store wrote to files reaches the topics when it comes back, with a
    revision above all that either sink has seen."""
    feed, broker = f"{newsroom.base}/feed.xml", settings(kafka, prefix)
    attack(newsroom)
    with running(tmp_path, feed, **broker) as worker:
        worker.wait_for(lambda: count(kafka, prefix) == 1, 60)
        assert worker.stop() == 0
    assert kabulwire(tmp_path, "topics", "republish").returncode == 0
    attack(newsroom, dead="nine")
    (tmp_path / "worker.log").unlink()
    with running(tmp_path, feed) as worker:
        worker.wait_for(lambda: worker.told("incident.changed"), 60)
        assert worker.stop() == 0
    in_files = max(record["value"]["revision"] for record in topic(tmp_path, INCIDENT_LOG))
    assert kabulwire(tmp_path, "topics", "republish", **broker).returncode == 0
    (tmp_path / "worker.log").unlink()
    with running(tmp_path, feed, **broker) as worker:
        worker.wait_for(lambda: count(kafka, prefix) == 2, 60)
        assert [line["reason"] for line in worker.told("store.diverged")] == ["moved"]
        assert worker.stop() == 0
    (first, last) = killed(kafka, prefix)
    assert first == (1, 6)
    assert last[1] == 9
    assert last[0] > in_files


def test_run_goes_to_another_prefix_and_back(
    kafka: Broker, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """The rows that went to the other prefix are not taken for sent to the first one."""
    feed = f"{newsroom.base}/feed.xml"
    for number, (name, dead) in enumerate([("a", "six"), ("b", "seven"), ("a", "nine")], start=1):
        attack(newsroom, dead=dead)
        with running(tmp_path, feed, **settings(kafka, f"{prefix}{name}")) as worker:
            wanted = {"six": 6, "seven": 7, "nine": 9}[dead]
            worker.wait_for(
                lambda name=name, wanted=wanted: ends_with(kafka, f"{prefix}{name}", wanted), 60
            )
            assert worker.stop() == 0, number
    first, last = killed(kafka, f"{prefix}a")
    assert first == (1, 6)
    assert last[0] > max(revision for revision, _ in killed(kafka, f"{prefix}b"))


def ends_with(broker: Broker, prefix: str, best: int) -> bool:
    try:
        told = killed(broker, prefix)
    except (oracle.UnreadError, KafkaError):
        return False
    return bool(told) and told[-1][1] == best
