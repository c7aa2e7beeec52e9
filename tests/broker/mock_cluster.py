"""librdkafka's mock cluster, driven from Python: errors, outages and slowness on request.

It ships inside the confluent-kafka wheel. It checks no transactions (no fencing, no isolation), so
it says what the *client* does when a broker misbehaves, and nothing about delivery. Clients need
``api_version=(2, 3)``: it answers newer version requests with a body that kafka-python cannot read.
"""

from __future__ import annotations

import ctypes as c
import time
from pathlib import Path
from typing import Any

import confluent_kafka

PRODUCE, FIND_COORDINATOR, INIT_PRODUCER_ID, ADD_PARTITIONS, END_TXN = 0, 10, 22, 24, 26
API_VERSION = (2, 3)


def _library() -> Any:
    folder = Path(confluent_kafka.__file__).resolve().parents[1] / "confluent_kafka.libs"
    library = c.CDLL(str(next(iter(sorted(folder.glob("librdkafka*.so*"))))))
    library.rd_kafka_conf_new.restype = c.c_void_p
    library.rd_kafka_new.restype = c.c_void_p
    library.rd_kafka_new.argtypes = [c.c_int, c.c_void_p, c.c_char_p, c.c_size_t]
    mock = {
        "cluster_new": (c.c_void_p, [c.c_void_p, c.c_int]),
        "cluster_bootstraps": (c.c_char_p, [c.c_void_p]),
        "cluster_destroy": (None, [c.c_void_p]),
        "push_request_errors_array": (
            None, [c.c_void_p, c.c_int16, c.c_size_t, c.POINTER(c.c_int)]),
        "clear_request_errors": (None, [c.c_void_p, c.c_int16]),
        "topic_create": (c.c_int, [c.c_void_p, c.c_char_p, c.c_int, c.c_int]),
        "broker_set_down": (c.c_int, [c.c_void_p, c.c_int32]),
        "broker_set_up": (c.c_int, [c.c_void_p, c.c_int32]),
        "broker_set_rtt": (c.c_int, [c.c_void_p, c.c_int32, c.c_int]),
    }  # fmt: skip
    for name, (result, arguments) in mock.items():
        function = getattr(library, f"rd_kafka_mock_{name}")
        function.restype, function.argtypes = result, arguments
    library.rd_kafka_destroy.argtypes = [c.c_void_p]
    return library


class MockCluster:
    """One mock broker."""

    def __init__(self, *topics: str) -> None:
        self._library = _library()
        problem = c.create_string_buffer(512)
        configuration = self._library.rd_kafka_conf_new()
        self._handle = self._library.rd_kafka_new(0, configuration, problem, 512)
        assert self._handle, problem.value
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._handle, 1)
        self.bootstrap = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        for topic in topics:
            self._library.rd_kafka_mock_topic_create(self._cluster, topic.encode(), 1, 1)

    def answer(self, api: int, *codes: int) -> None:
        """The next requests of this kind get these error codes."""
        array = (c.c_int * len(codes))(*codes)
        self._library.rd_kafka_mock_push_request_errors_array(self._cluster, api, len(codes), array)

    def forgive(self, api: int) -> None:
        """No more errors for this kind of request."""
        self._library.rd_kafka_mock_clear_request_errors(self._cluster, api)

    def down(self) -> None:
        self._library.rd_kafka_mock_broker_set_down(self._cluster, 1)

    def cut_off(self, producer: Any) -> None:
        """The broker goes away, and this kafka-python producer has seen its connections close."""
        self.down()
        connections = producer._sender._client._manager._conns
        end = time.monotonic() + 30
        while any(connection.connected for connection in list(connections.values())):
            assert time.monotonic() < end
            time.sleep(0.005)

    def up(self) -> None:
        self._library.rd_kafka_mock_broker_set_up(self._cluster, 1)

    def silence(self, seconds: float) -> None:
        """Requests from now on are answered so much later; 0 for at once."""
        self._library.rd_kafka_mock_broker_set_rtt(self._cluster, 1, int(seconds * 1_000))

    def close(self) -> None:
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._handle)
