"""The fault proxy reads answers rightly: a cut counts only after something was applied."""

from __future__ import annotations

from typing import Any

import pytest
from kafka.protocol.producer import (
    AddPartitionsToTxnResponse,
    EndTxnResponse,
    InitProducerIdResponse,
    ProduceResponse,
)

from tests.chaos.fault_proxy import KINDS, error_code

Topic = ProduceResponse.TopicProduceResponse
Added = AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult


def produced(code: int) -> Any:
    partition = Topic.PartitionProduceResponse(index=5, error_code=code, base_offset=1)
    return ProduceResponse(responses=[Topic(name="a.topic", partition_responses=[partition])])


def added(code: int) -> Any:
    partition = Added.AddPartitionsToTxnPartitionResult(
        partition_index=5, partition_error_code=code
    )
    topic = Added(name="a.topic", results_by_partition=[partition])
    return AddPartitionsToTxnResponse(throttle_time_ms=77, results_by_topic_v3_and_below=[topic])


def started(code: int) -> Any:
    return InitProducerIdResponse(throttle_time_ms=77, error_code=code, producer_id=9)


def ended(code: int) -> Any:
    return EndTxnResponse(throttle_time_ms=77, error_code=code)


@pytest.mark.parametrize("code", [0, 51])
@pytest.mark.parametrize(
    ("kind", "make", "versions"),
    [
        ("Produce", produced, (3, 8, 9)),
        ("InitProducerId", started, (1, 2, 4)),
        ("AddPartitionsToTxn", added, (2, 3)),
        ("EndTxn", ended, (2, 3)),
    ],
)
def test_error_code_is_found_in_every_version_of_an_answer(
    kind: str, make: Any, versions: tuple[int, ...], code: int
) -> None:
    """Whatever the version, old or compact, the first error code is found."""
    for version in versions:
        answer = make(code)
        header = b"\0\0\0\7\0" if answer.flexible_version_q(version) else b"\0\0\0\7"
        assert error_code(KINDS[kind], version, header + bytes(answer.encode(version))) == code
