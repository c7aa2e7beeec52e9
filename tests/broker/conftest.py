"""A misbehaving broker for tests of the client: the mock cluster, and sessions before it.

The mock needs an old ``api_version`` of kafka-python, which the worker never sets; so a session is
given one here, and nothing else about it differs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.broker.mock_cluster import API_VERSION, MockCluster
from worker.config.schema import Kafka
from worker.core.domain.errors import PublishError
from worker.publish.kafka import client as client
from worker.publish.kafka.session import Limits, ProducerSession

SessionMaker = Callable[..., ProducerSession]


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    """One mock broker with the topic ``events``."""
    mock = MockCluster("events")
    yield mock
    mock.close()


@pytest.fixture
def make_session(cluster: MockCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionMaker]:
    """``make_session(deadline_s, alive)``: a session that is not open yet."""

    def connection(kafka: Kafka) -> dict[str, Any]:
        return {**client.connection(kafka), "api_version": API_VERSION}

    monkeypatch.setattr("worker.publish.kafka.client.session.connection", connection)
    made: list[ProducerSession] = []

    def make(deadline_s: float = 4, alive: Callable[[], None] = lambda: None) -> ProducerSession:
        kafka = Kafka(bootstrap_servers=cluster.bootstrap)
        made.append(ProducerSession(kafka, "tx", Limits(deadline_s), alive))
        return made[-1]

    yield make
    for session in made:
        session.close()


@pytest.fixture
def session(make_session: SessionMaker) -> ProducerSession:
    """An open session with a deadline of 4 s."""
    made = make_session()
    made.open()
    return made


@pytest.fixture
def heir(make_session: SessionMaker) -> Callable[[], ProducerSession]:
    """``heir()``: the next session of the same id, opened again until the broker lets it."""

    def open_heir() -> ProducerSession:
        end = time.monotonic() + 30
        while True:
            made = make_session()
            try:
                made.open()
                return made
            except PublishError:
                made.close()
                assert time.monotonic() < end

    return open_heir
