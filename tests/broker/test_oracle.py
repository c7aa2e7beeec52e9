"""The judge of the broker tests is itself judged: it sees each kind of fault."""

from __future__ import annotations

from typing import Any

import pytest

from tests.broker.oracle import compare
from worker.publish.kafka import Fetched


def heard(*revisions: int, value: bytes = b"v") -> list[Fetched]:
    return [
        Fetched("t", 0, at, "kw-1", value, {"ce_id": f"e{n}", "kw_revision": str(n)})
        for at, n in enumerate(revisions)
    ]


SAID = {f"e{n}": {"value": b"v"} for n in (1, 2, 3)}


def test_the_same_is_clean() -> None:
    """Each row once and in order: nothing to say."""
    assert not any(compare(SAID, heard(1, 2, 3)).values())


@pytest.mark.parametrize(
    ("records", "faults"),
    [
        (heard(1, 2), {"lost": 1}),
        (heard(1, 2, 2, 3), {"doubled": 1}),
        (heard(1, 3, 2), {"reordered": 1}),
        (heard(1, 3), {"lost": 1, "holes": 1}),
        (heard(1, 2, 3, 4), {"foreign": 1}),
        (heard(1, 2, 3, value=b"w"), {"altered": 3}),
    ],
)
def test_each_fault_is_counted(records: list[Any], faults: dict[str, int]) -> None:
    """Lost, doubled, reordered, with a hole, never said, changed on the way."""
    assert {name: n for name, n in compare(SAID, records).items() if n} == faults
