"""Many cases in one test: all are tried, and the failure names each that does not hold.

A test of its own for each of thousands of cases costs more than most of them: every process of a run
collects all tests and tells of each. So cases that differ by a datum alone share one test, that of
their file or grammar. One that fails hides none behind it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

Case = TypeVar("Case")


def all_hold(
    cases: Iterable[Case], check: Callable[[Case], object], name: Callable[[Case], str]
) -> None:
    """Try ``check`` on every case. Fails with the name of each that it raised on, and what it said.

    No case at all is a failure, too: nothing would have been tried.
    """
    tried, failed = 0, list[str]()
    for case in cases:
        tried += 1
        try:
            check(case)
        except pytest.fail.Exception as failure:
            failed.append(f"{name(case)}\n{failure.msg}")
        except Exception:  # noqa: BLE001 - any other case is still to be tried
            failed.append(f"{name(case)}\n{traceback.format_exc()}")
    if failed or not tried:
        told = [f"{len(failed)} of {tried} fail", *(f"----- {each}" for each in failed)]
        pytest.fail("\n\n".join(told), pytrace=False)
