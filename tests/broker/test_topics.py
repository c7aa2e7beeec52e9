"""Topics on a real broker: made as they must be, found out when they are not."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from tests.broker.kafka_broker import Broker, free_port
from tests.broker.publishing_process import config
from worker.config.schema import Config, Topics
from worker.core.domain.errors import PublishError
from worker.publish.kafka.client import NarrowGate, connection
from worker.publish.kafka.topics import check, ensure, specs

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]


@pytest.fixture
def wanted(kafka: Broker, tmp_path: Path) -> Config:
    return config(tmp_path / "none.db", kafka.bootstrap, f"t{uuid.uuid4().hex[:8]}")


def settled(wanted: Config, problems: int) -> list[str]:
    """What `check` says once a change of settings has gone round (the broker answers before)."""
    end = time.monotonic() + 15
    while len(found := check(wanted)) != problems and time.monotonic() < end:
        time.sleep(0.1)
    return found


def test_ensure_makes_what_check_then_finds_right(wanted: Config) -> None:
    """Seven topics are missing, then made, then as they must be; a second `ensure` changes nothing."""
    assert len(check(wanted)) == 7
    assert all(text.endswith(": made") for text in ensure(wanted))
    assert check(wanted) == []
    assert all(text.endswith(": as it must be") for text in ensure(wanted))


def test_ensure_mends_a_setting_that_was_changed(kafka: Broker, wanted: Config) -> None:
    """A topic turned to CreateTime is named by `check` with its setting, and mended by `ensure`."""
    ensure(wanted)
    name = f"{wanted.topics.prefix}.incidents.v1"
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    changed = {"message.timestamp.type": "CreateTime"}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=changed)])
    admin.close()
    (problem,) = settled(wanted, 1)
    assert name in problem
    assert "message.timestamp.type is CreateTime" in problem
    assert f"{name}: mended" in ensure(wanted)
    assert settled(wanted, 0) == []


def test_ensure_names_more_replicas_than_brokers(wanted: Config) -> None:
    """Three replicas on one broker: the error says which setting to lower."""
    topics = Topics(prefix=wanted.topics.prefix, replication_factor=3)
    with pytest.raises(PublishError) as caught:
        ensure(wanted.model_copy(update={"topics": topics}))
    assert caught.value.reason == "topic_not_made"
    assert "topics.replication_factor" in caught.value.advice


def test_check_names_a_broker_that_is_absent(tmp_path: Path) -> None:
    """Nobody listens: `check` says so, with what to look at."""
    with pytest.raises(PublishError) as caught:
        check(config(tmp_path / "none.db", f"127.0.0.1:{free_port()}", "t"))
    assert caught.value.reason == "broker_unavailable"


def test_specs_are_those_promised_to_consumers(tmp_path: Path) -> None:
    """Latest state is compacted, logs are kept for their time, broker time everywhere; replicas
    above one must be two in sync."""
    wanted = config(tmp_path / "none.db", "nowhere:1", "kw")
    three = wanted.model_copy(update={"topics": Topics(prefix="kw", replication_factor=3)})
    by_name = {spec.name: spec for spec in specs(three)}
    assert by_name["kw.incidents.v1"].settings["cleanup.policy"] == "compact"
    assert by_name["kw.incident-log.v1"].settings["retention.ms"] == str(365 * 86_400_000)
    assert by_name["kw.ledger.v1"].partitions == 1
    assert {spec.settings["message.timestamp.type"] for spec in by_name.values()} == {
        "LogAppendTime"
    }
    assert {spec.settings["min.insync.replicas"] for spec in by_name.values()} == {"2"}


def test_connection_takes_the_password_from_its_file(tmp_path: Path) -> None:
    """Security settings reach the client unchanged; the password is that of the file."""
    secret = tmp_path / "secret"
    secret.write_text("s3same\n")
    base = config(tmp_path / "none.db", "a:1, b:2", "kw").kafka
    told = {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_username": "wire",
        "sasl_password_file": secret,
    }
    settings = connection(base.model_copy(update=told))
    assert settings["bootstrap_servers"] == ["a:1", "b:2"]
    assert settings["sasl_plain_password"] == "s3same"
    assert settings["sasl_mechanism"] == "SCRAM-SHA-512"


def test_narrow_gate_lets_ten_lines_of_the_client_through() -> None:
    """Of a flood of client lines ten get through in ten minutes."""
    import logging

    passed: list[logging.LogRecord] = []
    catcher = logging.Handler()
    catcher.emit = passed.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(catcher)
    try:
        gate = NarrowGate()
        for number in range(500):
            gate.handle(
                logging.makeLogRecord({"name": "kafka.x", "levelno": 40, "msg": str(number)})
            )
    finally:
        logging.getLogger().removeHandler(catcher)
    assert len(passed) == 10
