"""The whole worker on a real broker: from a feed on loopback to a read_committed consumer."""

from __future__ import annotations

import json
import signal
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests import program
from tests.broker import oracle
from tests.broker.kafka_broker import Broker
from tests.shell.test_app import Newsroom, Running, attack, configured, environ, newsroom, running
from worker.core.contract.message import INCIDENT_LOG, INCIDENTS, REPORTS

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(240)]
__all__ = ["newsroom"]


def settings(broker: Broker, prefix: str) -> dict[str, str]:
    return {
        "KAFKA__BOOTSTRAP_SERVERS": broker.bootstrap,
        "TOPICS__PREFIX": prefix,
        "TOPICS__REPLICATION_FACTOR": "1",
        "PUBLISH__DEADLINE_S": "8",
    }


@pytest.fixture
def prefix() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


def log_of(broker: Broker, prefix: str) -> list[Any]:
    return oracle.read_committed(broker.bootstrap, f"{prefix}.{INCIDENT_LOG}")


def count(broker: Broker, prefix: str) -> int:
    try:
        return len(log_of(broker, prefix))
    except oracle.UnreadError:  # the topics are not there yet, or the broker is away
        return 0


def assert_whole(broker: Broker, prefix: str, store: Path, incidents: int = 1) -> None:
    """Every row once, revisions 1, 2, 3 …, and as many incidents as there were attacks."""
    judgement = oracle.judge(store, broker.bootstrap, prefix)
    assert judgement.clean, judgement
    revisions: dict[str, list[int]] = {}
    for record in log_of(broker, prefix):
        revisions.setdefault(record.key, []).append(json.loads(record.value)["revision"])
    assert len(revisions) == incidents
    assert all(found == list(range(1, len(found) + 1)) for found in revisions.values())


def test_run_brings_an_article_from_feed_to_consumer(
    kafka: Broker, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """An article becomes an incident that a consumer reads, CloudEvents headers and all; a changed
    article becomes its next revision."""
    attack(newsroom)
    with running(tmp_path, f"{newsroom.base}/feed.xml", **settings(kafka, prefix)) as worker:
        worker.wait_for(lambda: count(kafka, prefix) == 1, 60)
        newsroom.pages.clear()
        attack(newsroom, dead="nine")
        worker.wait_for(lambda: count(kafka, prefix) == 2, 60)
        assert worker.stop() == 0
    first, second = log_of(kafka, prefix)
    assert first.key == second.key
    assert first.headers["ce_specversion"] == "1.0"
    assert second.headers["kw_revision"] == "2"
    bests = [json.loads(r.value)["casualties"]["killed"]["best"] for r in (first, second)]
    assert bests == [6, 9]
    latest = oracle.read_committed(kafka.bootstrap, f"{prefix}.{INCIDENTS}")
    assert latest[-1].value == second.value
    assert len(oracle.read_committed(kafka.bootstrap, f"{prefix}.{REPORTS}")) == 2
    assert_whole(kafka, prefix, tmp_path / "store.db")


@pytest.mark.chaos
@pytest.mark.parametrize(
    "point",
    [
        "settle.before_commit",
        "settle.after_commit",
        "publish.before_send:2",
        "publish.before_commit:2",
        "publish.after_commit:2",
    ],
)
def test_run_killed_at_a_crash_point_loses_and_doubles_nothing(
    point: str, kafka: Broker, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """The process ends as by kill -9 inside a settle or a Kafka transaction; the next one finishes:
    one incident, no revision lost, doubled or missing."""
    attack(newsroom)
    url = f"{newsroom.base}/feed.xml"
    config = configured(tmp_path, url)
    environment = environ(tmp_path, **settings(kafka, prefix)) | {"KABULWIRE_CRASH_POINT": point}
    died = program.run("run", "--config", str(config), env=environment, cwd=tmp_path)
    assert died.returncode == 137, died.stderr[-2000:]
    with running(tmp_path, url, **settings(kafka, prefix)) as worker:
        worker.wait_for(lambda: count(kafka, prefix) >= 1, 60)
        newsroom.pages.clear()
        attack(newsroom, dead="nine")
        worker.wait_for(lambda: count(kafka, prefix) >= 2, 60)
        assert worker.stop() == 0
    assert_whole(kafka, prefix, tmp_path / "store.db")


def test_run_with_a_lost_store_keeps_the_incident_and_counts_on(
    kafka: Broker, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """The store is deleted while the feed still lists the article: no second incident; a changed
    article is revision 2 of the old one, and the operator was told."""
    attack(newsroom)
    url = f"{newsroom.base}/feed.xml"
    with running(tmp_path, url, **settings(kafka, prefix)) as worker:
        worker.wait_for(lambda: count(kafka, prefix) == 1, 60)
        assert worker.stop() == 0
    for left in tmp_path.glob("store.db*"):
        left.unlink()
    with running(tmp_path, url, **settings(kafka, prefix)) as worker:
        worker.wait_for(lambda: worker.told("store.restored"), 60)
        worker.wait_for(lambda: worker.told("article.processed"), 60)
        time.sleep(2)
        assert count(kafka, prefix) == 1
        newsroom.pages.clear()
        attack(newsroom, dead="nine")
        worker.wait_for(lambda: count(kafka, prefix) == 2, 60)
        assert worker.told("store.diverged")[0]["reason"] == "foreign"
        assert worker.stop() == 0
    first, second = log_of(kafka, prefix)
    assert first.key == second.key
    assert [json.loads(r.value)["revision"] for r in (first, second)] == [1, 2]


def test_run_bears_a_broker_absent_at_start_and_lost_on_the_way(
    own_kafka: Broker, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """Without a broker the worker starts, polls and keeps; when it comes all is published. It goes
    away, articles are settled all the same, and it comes back."""
    own_kafka.kill()
    attack(newsroom)
    url = f"{newsroom.base}/feed.xml"
    with running(tmp_path, url, **settings(own_kafka, prefix)) as worker:
        worker.wait_for(lambda: worker.told("publish.failed"), 60)
        (failed,) = worker.told("publish.failed")
        assert (failed["level"], failed["reason"]) == ("warning", "broker_unavailable")
        assert failed["detail"].startswith("KafkaTimeoutError: Unable to bootstrap")
        assert worker.told("worker.started")[0]["broker"] == own_kafka.bootstrap
        assert worker.get("/livez")[0] == 200
        assert not worker.told("article.processed")
        own_kafka.start()
        worker.wait_for(lambda: count(own_kafka, prefix) == 1, 90)
        own_kafka.kill()
        newsroom.pages.clear()
        attack(newsroom, dead="nine")
        worker.wait_for(lambda: len(worker.told("article.processed")) == 2, 60)
        own_kafka.start()
        worker.wait_for(lambda: count(own_kafka, prefix) == 2, 90)
        assert worker.stop() == 0
        assert not [line for line in worker.told() if line["level"] == "error"]
    assert_whole(own_kafka, prefix, tmp_path / "store.db")


def test_run_ends_when_a_second_worker_takes_its_name(
    kafka: Broker, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """Two workers, one instance name, two stores: the one that was overtaken ends with 70 and says
    what to change."""
    attack(newsroom)
    url = f"{newsroom.base}/feed.xml"
    first_home, second_home = tmp_path / "first", tmp_path / "second"
    first_home.mkdir()
    second_home.mkdir()
    more = settings(kafka, prefix)
    with running(first_home, url, **more) as first:
        first.wait_for(lambda: count(kafka, prefix) == 1, 60)
        with running(second_home, url, **more) as second:
            second.wait_for(lambda: second.told("store.restored"), 60)
            newsroom.pages.clear()
            attack(newsroom, dead="nine")
            _ends(first)
            assert first.process.returncode == 70
            reasons = [line["reason"] for line in first.told("publish.failed")]
            assert reasons == ["second_instance"]
            assert [line["level"] for line in first.told("publish.failed")] == ["error"]
            assert second.stop(signal.SIGTERM) == 0


def _ends(worker: Running, seconds: float = 60) -> None:
    worker.process.wait(seconds)
