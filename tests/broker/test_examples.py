"""The examples of docs/examples against a real broker, with what makes consumers stumble in it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.broker.kafka_broker import Broker
from tests.broker.kafka_parts import classpath
from tests.broker.kafka_parts import java as java_runtime
from tests.broker.publishing_process import config
from tests.broker.secured_broker import SecuredBroker
from tests.core.published import Message, story
from worker.cli.incident_log import records
from worker.config.schema import Config
from worker.core.contract.message import INCIDENT_LOG, INCIDENTS, SCHEMAS
from worker.publish.kafka.topics import ensure

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(240)]
EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
Record = tuple[str, str, bytes | None]
"""Topic without prefix, key, value."""


@pytest.fixture
def wanted(kafka: Broker, tmp_path: Path) -> Config:
    """Topics of a prefix of its own."""
    made = config(tmp_path / "none.db", kafka.bootstrap, f"ex{uuid.uuid4().hex[:8]}")
    ensure(made)
    return made


def told(messages: Iterable[Message]) -> list[Record]:
    return [(m.topic, m.key, m.value) for m in messages]


def send(wanted: Config, *transactions: tuple[bool, list[Record]]) -> None:
    """Write records in transactions, which are then committed or not."""
    producer = Producer(
        {
            "bootstrap.servers": wanted.kafka.bootstrap_servers,
            "transactional.id": f"{wanted.topics.prefix}-writer",
        }
    )
    producer.init_transactions(30)
    for committed, rows in transactions:
        producer.begin_transaction()
        for topic, key, value in rows:
            producer.produce(f"{wanted.topics.prefix}.{topic}", key=key, value=value)
        producer.flush(30)
        if committed:
            producer.commit_transaction(30)
        else:
            producer.abort_transaction(30)


def newest(rows: Iterable[Record], topic: str = INCIDENTS) -> dict[str, dict[str, object]]:
    """What a consumer has to end with."""
    state: dict[str, dict[str, object]] = {}
    for name, key, value in rows:
        if name == topic and value is None:
            state.pop(key, None)
        elif name == topic:
            state[key] = json.loads(value or b"")
    return state


def tabulated(wanted: Config, database: Path) -> dict[str, dict[str, object]]:
    """Run the table until the end of the topic; what it then holds."""
    subprocess.run(
        [sys.executable, EXAMPLES / "incident_table.py", wanted.kafka.bootstrap_servers,
         f"{wanted.topics.prefix}.{INCIDENTS}", database, "--once"],
        check=True, timeout=60,
    )  # fmt: skip
    table = sqlite3.connect(database)
    rows = table.execute("SELECT incident_id, snapshot FROM incident").fetchall()
    table.close()
    return {key: json.loads(snapshot) for key, snapshot in rows}


def test_incident_table_goes_on_where_it_ended_and_keeps_nothing_erased(
    wanted: Config, tmp_path: Path
) -> None:
    """A merge, a transaction that was broken off, a restart, an erasure, records sent again: the
    table is what the committed records say, each time."""
    rows = told(story("late_merge"))
    half = len(rows) // 2
    send(wanted, (True, rows[:half]), (False, [(INCIDENTS, "kw-never", rows[0][2])]))
    database = tmp_path / "incidents.db"
    assert tabulated(wanted, database) == newest(rows[:half])
    send(wanted, (True, rows[half:]), (True, rows[:2]))
    assert tabulated(wanted, database) == newest(rows)
    first = rows[0][1]
    send(wanted, (True, [(INCIDENTS, first, None)]))
    assert tabulated(wanted, database) == newest([*rows, (INCIDENTS, first, None)])
    assert tabulated(wanted, tmp_path / "another.db") == newest([*rows, (INCIDENTS, first, None)])


def test_incident_table_in_java_holds_what_the_topic_says(wanted: Config) -> None:
    """The same in another language: newest revisions, nothing erased, nothing broken off."""
    java = shutil.which("java")
    if java is None or shutil.which("javac") is None:
        pytest.skip("no Java with a compiler on PATH")
    rows = [*told(story("late_merge")), *told(story("kill"))]
    rows.append((INCIDENTS, rows[0][1], None))
    send(wanted, (True, rows), (False, [(INCIDENTS, "kw-never", rows[0][2])]))
    done = subprocess.run(
        [java, "-cp", classpath(), EXAMPLES / "IncidentTable.java",
         wanted.kafka.bootstrap_servers, f"{wanted.topics.prefix}.{INCIDENTS}"],
        check=True, timeout=90, capture_output=True, text=True,
    )  # fmt: skip
    shown = [line.split("\t") for line in done.stdout.splitlines()]
    assert {key: (int(revision), state) for key, revision, state, _ in shown} == {
        key: (value["revision"], value["state"]) for key, value in newest(rows).items()
    }


def test_records_end_at_once_and_tell_of_the_erased(wanted: Config) -> None:
    """`tail --no-follow` waits for no silence; a null value is a record without a snapshot."""
    rows = [*told(story("late_merge")), (INCIDENT_LOG, "kw-gone", None)]
    send(wanted, (True, rows))
    began = time.monotonic()
    found = list(records(wanted, from_beginning=True, follow=False))
    assert time.monotonic() - began < 8
    logged = [row for row in rows if row[0] == INCIDENT_LOG]
    assert {r.key for r in found} == {key for _, key, _ in logged}
    assert len(found) == len(logged)
    assert [r.key for r in found if r.value is None] == ["kw-gone"]
    assert list(records(wanted, from_beginning=False, follow=False)) == []


def test_rights_of_a_consumer_are_granted_by_the_script(
    secured: SecuredBroker, tmp_path: Path
) -> None:
    """Read and describe on six topics and read on its groups, and nothing on the ledger."""
    prefix = f"ex{uuid.uuid4().hex[:8]}"
    tool = f"{java_runtime()} -cp {classpath()} org.apache.kafka.tools.AclCommand"
    (tmp_path / "admin.properties").write_text("", "utf-8")
    command = [EXAMPLES / "consumer-acls.sh", secured.bootstrap, "User:reader",
               tmp_path / "admin.properties", prefix]  # fmt: skip
    subprocess.run(command, check=True, timeout=120, env=os.environ | {"KAFKA_ACLS": tool})
    wanted = {(f"{prefix}.{topic}", o) for topic in SCHEMAS for o in ("READ", "DESCRIBE")}
    wanted.add((f"{prefix}-", "READ"))
    secured.until(lambda: secured.granted("User:reader") >= wanted)
    assert secured.granted("User:reader") == wanted
