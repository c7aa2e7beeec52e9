"""The wall clock jumps a day back and forth while the worker works: nobody downstream notices."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import time_machine
from kafka.admin import KafkaAdminClient, NewTopic

from tests.broker import oracle
from tests.broker.kafka_broker import Broker
from tests.chaos.world import PUBLISHING, ROOT, World
from tests.shell.test_app import Newsroom, Running, attack, configured, environ, newsroom
from worker.config.schema import Kafka
from worker.core.contract.message import INCIDENT_LOG
from worker.publish.kafka.session import Limits, Outgoing, ProducerSession, RefusedError

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(180)]
__all__ = ["newsroom"]
JUMPING = ROOT / "tests" / "chaos" / "jumping_clock.py"
JUMPED = "clock jumped"


@pytest.fixture
def prefix() -> str:
    return f"k{uuid.uuid4().hex[:8]}"


@pytest.fixture
def session(kafka: Broker) -> Iterator[ProducerSession]:
    made = ProducerSession(Kafka(bootstrap_servers=kafka.bootstrap), uuid.uuid4().hex, Limits(8))
    made.open()
    yield made
    made.close()


def make_topic(bootstrap: str, name: str, kind: str) -> None:
    """A topic whose records may be an hour ahead: the broker's own default since 4.0."""
    settings = {"message.timestamp.type": kind, "message.timestamp.after.max.ms": "3600000"}
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(name, 1, 1, topic_configs=settings)])
    admin.close()


def tomorrow() -> time_machine.travel:
    return time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=1), tick=True)


def test_create_time_would_refuse_a_record_of_tomorrow(
    kafka: Broker, prefix: str, session: ProducerSession
) -> None:
    """The contrast: on a topic that keeps the sender's time, a clock a day ahead stops publishing."""
    make_topic(kafka.bootstrap, prefix, "CreateTime")
    session.commit([Outgoing(prefix, b"k", b"today")])
    with tomorrow(), pytest.raises(RefusedError):
        session.commit([Outgoing(prefix, b"k", b"tomorrow")])


def test_log_append_time_takes_a_record_of_tomorrow(
    kafka: Broker, prefix: str, session: ProducerSession
) -> None:
    """On a topic set as ours are, the same record arrives."""
    make_topic(kafka.bootstrap, prefix, "LogAppendTime")
    with tomorrow():
        session.commit([Outgoing(prefix, b"k", b"tomorrow")])
    assert [r.value for r in oracle.read_committed(kafka.bootstrap, prefix)] == [b"tomorrow"]


def test_publisher_goes_on_while_the_clock_jumps(kafka: Broker, tmp_path: Path) -> None:
    """A day ahead, a day behind, and to and fro while rows are settled and published, with kills
    between: nothing is lost, doubled, reordered or refused."""
    world = World(tmp_path, kafka, seed=1, program=(str(JUMPING), "0.2", str(PUBLISHING)))
    try:
        world.play({"worker kill -9": (world.kill_worker, 2)})
        jumps = world.log.read_text().count(JUMPED)
        world.wait(lambda: world.log.read_text().count(JUMPED) >= jumps + 8)
        world.at_work_again()
        found = world.end("wall clock jumps by a day")
    finally:
        world.close()
    log = world.log.read_text()
    assert found.rows > 100
    assert {f"{JUMPED} to {days} d" for days in ("-1", "+0", "+1")} <= set(log.splitlines())
    assert "publish.failed" not in log
    assert "publish.set_aside" not in log


@contextmanager
def running(folder: Path, room: Newsroom, **more: str) -> Iterator[Running]:
    """The whole worker; its clock jumps while the newsroom answers every second poll."""
    command = [sys.executable, str(JUMPING), "0", "-m", "worker", "run", "--config",
               str(configured(folder, f"{room.base}/feed.xml"))]  # fmt: skip
    with (folder / "worker.log").open("ab") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=environ(folder, **more), cwd=folder
        )
    worker = Running(folder, process)
    try:
        worker.wait_for(lambda: worker.told("worker.started"), 60)
        room.answer = jumping(room, process)  # type: ignore[method-assign]
        yield worker
    finally:
        process.kill()
        process.wait()


def jumping(
    room: Newsroom, process: subprocess.Popen[bytes]
) -> Callable[[str], tuple[int, str, str]]:
    """Answers as the room does; the worker's clock jumps between its question and its answer."""

    def answer(path: str) -> tuple[int, str, str]:
        if path == "/feed.xml" and len(room.asked) % 2:
            process.send_signal(signal.SIGUSR2)
        return Newsroom.answer(room, path)

    return answer


def test_run_goes_on_while_the_clock_jumps(
    kafka: Broker, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """From feed to consumer under the same jumps: every poll comes in its time, each revision
    arrives once, and the end is clean."""
    settings = {
        "KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap,
        "TOPICS__PREFIX": prefix,
        "TOPICS__REPLICATION_FACTOR": "1",
        "PUBLISH__DEADLINE_S": "8",
    }
    attack(newsroom)
    with running(tmp_path, newsroom, **settings) as worker:
        worker.wait_for(lambda: worker.told("article.processed"), 30)
        attack(newsroom, dead="nine")  # in place: a page that is gone for a moment is put off
        # Its page may be read before its entry has changed: twice, and the second time nothing is new.
        worker.wait_for(lambda: len(worker.told("article.processed")) >= 2, 30)
        polled = len(worker.told("feed.polled"))
        worker.wait_for(lambda: len(worker.told("feed.polled")) >= polled + 8, 30)
        assert worker.stop() == 0
        assert worker.told("worker.stopped")[-1]["clean"] is True
    assert (tmp_path / "worker.log").read_text().count(JUMPED) >= 6
    assert not worker.told("publish.failed")
    assert oracle.judge(tmp_path / "store.db", kafka.bootstrap, prefix).clean
    told = oracle.read_committed(kafka.bootstrap, f"{prefix}.{INCIDENT_LOG}")
    assert [json.loads(record.value)["revision"] for record in told] == [1, 2]
