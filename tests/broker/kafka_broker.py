"""A real Apache Kafka for tests, from PyPI and Maven coordinates alone; no Docker, no system Java.

Rules
-----
1. Java and jars come from ``kafka_parts``; ``KABULWIRE_KAFKA_VERSION`` or ``Broker(version=…)``
   chooses which Kafka. 3.9.1, 4.1.1 and newer are known to work.
2. The broker is one KRaft node on free loopback ports; its data lie in the caller's temporary
   folder. It answers after about 4 s; ``java_options`` makes that quick.
3. Faults are those of a server: ``kill`` is SIGKILL, ``freeze`` is SIGSTOP, ``restart`` starts on
   the same data and port. Only the process started here is ever signalled, by its id.
4. What cannot be had raises ``KafkaMissing`` with one plain reason; ``tests/conftest.py`` turns it
   into a skip with a summary line, or into a failure when ``KABULWIRE_REQUIRE_KAFKA=1``.
"""

from __future__ import annotations

import base64
import contextlib
import os
import random
import signal
import socket
import subprocess
import time
import uuid
from pathlib import Path

from tests.broker import java_options
from tests.broker.kafka_parts import VERSION, KafkaMissing, classpath, java

PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENT://127.0.0.1:{advertised}
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,CLIENT:{protocol}
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
log.dirs={data}
auto.create.topics.enable=false
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=3
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.enable=true
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
"""
"""The last two: a node that was killed is let in again once its old session is over, by default 9 s."""

SASL = """\
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.client.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required \
username="broker" password="between" user_broker="between" user_{user}="{password}";
"""


def free_port() -> int:
    """A loopback port that is free now, and below those that the system gives to outgoing
    connections (32768 and up): a broker that is away must find its port again.
    """
    while True:
        port = random.randrange(12_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def _cluster_id() -> str:
    """A random id as Kafka writes them: 16 bytes in base64, and no dash in front."""
    return "k" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]


class Broker:
    """One Kafka node. ``advertised`` names the port of a proxy that clients shall come through;
    ``user`` (name, password) makes it ask who they are (SASL PLAIN).
    """

    options: tuple[str, ...] = ()
    """For the Java that runs it."""

    def __init__(
        self,
        folder: Path,
        *,
        heap_mb: int = 512,
        advertised: int | None = None,
        user: tuple[str, str] | None = None,
        version: str = VERSION,
    ) -> None:
        self.user = user
        self.version = version
        self.folder = folder
        self.heap_mb = heap_mb
        self.port = free_port()
        self.controller = free_port()
        self.advertised = advertised or self.port
        self.bootstrap = f"127.0.0.1:{self.advertised}"
        self._process: subprocess.Popen[bytes] | None = None
        self._config = folder / "server.properties"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def move(self, port: int) -> None:
        """Stand for a broker that another process has started on this port."""
        self.port = self.advertised = port
        self.bootstrap = f"127.0.0.1:{port}"

    def start(self, timeout: float = 100) -> Broker:
        """Format on first use, start, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._config.exists():
            self._format()
        log = (self.folder / "broker.log").open("ab")
        heap = (f"-Xms{self.heap_mb // 2}m", f"-Xmx{self.heap_mb}m")
        command = [
            java(self.version),
            *heap,
            *java_options.options(self.version),
            *self.options,
            "-cp",
            classpath(self.version),
            "kafka.Kafka",
            str(self._config),
        ]
        self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        log.close()
        self.wait(timeout)
        return self

    def _format(self) -> None:
        values = {"port": self.port, "controller": self.controller, "advertised": self.advertised}
        protocol = "SASL_PLAINTEXT" if self.user else "PLAINTEXT"
        text = PROPERTIES.format(**values, protocol=protocol, data=self.folder / "data")
        if self.user:
            text += SASL.format(user=self.user[0], password=self.user[1])
        self._config.write_text(text, encoding="utf-8")
        self._tool("format", "--standalone", "-t", _cluster_id(), "-c", str(self._config))

    def _tool(self, *arguments: str) -> None:
        command = [
            java(),
            "-Xmx128m",
            *java_options.options(self.version),
            "-cp",
            classpath(self.version),
            "kafka.tools.StorageTool",
            *arguments,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            self._config.unlink(missing_ok=True)
            raise KafkaMissing(f"format: {(done.stderr or done.stdout).strip()[-300:]}")

    def wait(self, timeout: float = 60) -> None:
        """Until the node answers a request for the cluster's description."""
        from kafka import KafkaAdminClient

        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self._process is not None and self._process.poll() is not None:
                raise KafkaMissing(f"the broker ended at start: {self._last_words()}")
            with contextlib.suppress(Exception):
                address = f"127.0.0.1:{self.port}"
                with contextlib.closing(
                    KafkaAdminClient(
                        bootstrap_servers=address, bootstrap_timeout_ms=1000, **self._credentials()
                    )
                ) as admin:
                    if admin.describe_cluster()["brokers"]:
                        return
            time.sleep(0.2)
        raise KafkaMissing(f"the broker did not answer in {timeout:.0f} s: {self._last_words()}")

    def _credentials(self) -> dict[str, str]:
        if self.user is None:
            return {}
        return {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": self.user[0],
            "sasl_plain_password": self.user[1],
        }

    def _last_words(self) -> str:
        return (self.folder / "broker.log").read_text("utf-8", "replace").strip()[-300:]

    def kill(self) -> None:
        """SIGKILL, as when the power goes."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def restart(self, timeout: float = 60) -> None:
        """Start again on the same data and ports."""
        self.kill()
        self.start(timeout)

    def end(self, timeout: float) -> None:
        """SIGTERM, and wait until it is gone. Raises ``TimeoutExpired``."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(timeout)

    def stop(self) -> None:
        """End it; politeness is of no use to a temporary folder."""
        self.kill()


__all__ = ["VERSION", "Broker", "KafkaMissing", "free_port"]
