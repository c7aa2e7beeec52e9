"""tests.together: many cases in one test hide no failure."""

from __future__ import annotations

import pytest

from tests.together import failures


def judge(number: int) -> None:
    """Odd numbers hold, two fails, and four breaks."""
    if number == 2:
        pytest.fail("two is even")
    if number == 4:
        raise ValueError("four breaks")


def test_failures_names_each_case_that_fails_or_breaks() -> None:
    """The first failure hides no other one, and what broke is named with its error."""
    told = failures([1, 2, 3, 4, 5], judge, lambda number: f"case-{number}")
    assert told.startswith("2 of 5 fail")
    assert "case-2\ntwo is even" in told
    assert "case-4" in told
    assert "four breaks" in told
    assert not {name for name in ("case-1", "case-3", "case-5") if name in told}


def test_failures_tells_that_there_was_no_case() -> None:
    """A test that tries nothing must fail."""
    assert failures([], judge, str) == "0 of 0 fail"


def test_failures_is_empty_where_all_hold() -> None:
    """Nothing is told, and nothing raised."""
    assert failures([1, 3, 5], judge, str) == ""
