"""A process that settles invented work and publishes it, to be killed, frozen and doubled by tests.

``python publishing_process.py STORE BOOTSTRAP PREFIX RATE [INSTANCE]``: settles of 1 to 4 messages,
RATE a second (0: publish what waits and end), with the real store, writer and publisher.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import sqlite3
import sys
import threading
import time
from pathlib import Path

from pydantic import SecretStr

from tests import program
from worker.config.schema import Config, Kafka, Publish, Store, Topics
from worker.core.contract.message import INCIDENT_LOG, INCIDENTS, REPORTS, Message
from worker.publish.kafka_publisher import KafkaPublisher
from worker.store import outbox
from worker.store.connect import Binding, open_writer
from worker.store.meta import read_meta
from worker.store.writer import Writer

KEYS = 20
_RUN = (
    "from tests.broker import publishing_process\npublishing_process.end(publishing_process.main())"
)


def config(
    store: Path, bootstrap: str, prefix: str, *, instance: str = "w1", deadline_s: float = 8
) -> Config:
    """A configuration for one broker without replicas."""
    return Config(
        profile="anywhere",
        instance=instance,
        store=Store(path=store),
        kafka=Kafka(bootstrap_servers=bootstrap, sasl_password=SecretStr("")),
        topics=Topics(prefix=prefix, partitions=3, replication_factor=1),
        publish=Publish(batch_records=50, deadline_s=deadline_s),
    )


def settle(conn: sqlite3.Connection, choose: random.Random, padding: int = 100) -> None:
    """One settle: revisions of one or two incidents, each in both topics, and perhaps a report."""
    now = dt.datetime.now(dt.UTC)
    settle_id = outbox.next_settle_id(conn)
    messages: list[Message] = []
    for key in choose.sample(range(KEYS), choose.randint(1, 2)):
        name = f"kw-{key}"
        held = conn.execute(  # by the index, for it is asked thousands of times: "." follows "-"
            "SELECT count(*) FROM outbox WHERE topic = ? AND ce_id > ? AND ce_id < ?",
            (INCIDENT_LOG, f"{name}-", f"{name}."),
        ).fetchone()[0]
        messages += revision(name, held + 1, settle_id, padding)
    if choose.random() < 0.3:
        body = json.dumps({"profile": "anywhere", "settle": settle_id}).encode()
        headers = {"ce_id": f"r{settle_id}", "settle": str(settle_id)}
        messages.append(Message(REPORTS, f"a{settle_id}", headers, body, f"r{settle_id}"))
    outbox.append(conn, settle_id, messages, now)


def revision(name: str, number: int, settle_id: int, padding: int = 100) -> list[Message]:
    """One invented revision, for both incident topics."""
    body = {"profile": "anywhere", "incident_id": name, "revision": number, "pad": "x" * padding}
    value = json.dumps(body).encode()
    ce_id = f"{name}-{number}"
    headers = {"ce_id": ce_id, "kw_revision": str(number), "settle": str(settle_id)}
    return [Message(topic, name, headers, value, ce_id) for topic in (INCIDENT_LOG, INCIDENTS)]


def started(
    store: Path, bootstrap: str, prefix: str, rate: float, log: Path, **environment: str
) -> program.Process:
    """Such a process, a fork of the program's code; what it has to say is added to ``log``."""
    env = {**os.environ, "PYTHONPATH": str(program.ROOT), **environment}
    with log.open("ab") as out:
        return program.start(
            str(store), bootstrap, prefix, str(rate), env=env, stderr=out, before=_RUN
        )


def main() -> int:
    store, bootstrap, prefix, rate = sys.argv[1:5]
    instance = sys.argv[5] if len(sys.argv) > 5 else "w1"
    wanted = config(Path(store), bootstrap, prefix, instance=instance)
    fatal = threading.Event()
    writer = Writer(
        open_writer(wanted.store.path, Binding("kafka", instance, "anywhere")),
        lambda error: fatal.set(),
    )
    writer.start()
    publisher = KafkaPublisher(wanted, writer, say, on_fatal=lambda error: fatal.set())
    publisher.start()
    assert writer.submit(lambda conn: read_meta(conn, "store_id")).result()
    choose = random.Random()
    while float(rate) and not fatal.is_set():
        writer.submit(lambda conn: settle(conn, choose)).result()
        publisher.wake()
        time.sleep(1 / float(rate))
    if fatal.is_set():
        return 3
    return 0 if publisher.stop(90) else 4


def say(event: str, keys: dict[str, object]) -> None:
    if event != "publish.committed":
        print(
            time.strftime("%X"), event, json.dumps(keys, default=str), file=sys.stderr, flush=True
        )


def end(code: int) -> None:
    """Leave without a wait for threads of the client."""
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    end(main())
