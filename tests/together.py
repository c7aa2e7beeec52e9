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


def failures(
    cases: Iterable[Case], check: Callable[[Case], object], name: Callable[[Case], str]
) -> str:
    """Try ``check`` on every case, and tell of each that it raised on: its name, and what was said.

    "" where all hold. No case at all is told as well: nothing would have been tried.
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
    if tried and not failed:
        return ""
    return "\n\n".join([f"{len(failed)} of {tried} fail", *(f"----- {each}" for each in failed)])
