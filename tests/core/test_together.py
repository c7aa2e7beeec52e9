"""tests.together: many cases in one test hide no failure."""

from __future__ import annotations

import pytest

from tests.together import all_hold


def judge(number: int) -> None:
    """Odd numbers hold, two fails, and four breaks."""
    if number == 2:
        pytest.fail("two is even")
    if number == 4:
        raise ValueError("four breaks")


def test_all_hold_names_each_case_that_fails_or_breaks() -> None:
    """The first failure hides no other one, and what broke is named with its error."""
    with pytest.raises(pytest.fail.Exception) as caught:
        all_hold([1, 2, 3, 4, 5], judge, lambda number: f"case-{number}")
    told = str(caught.value)
    assert told.startswith("2 of 5 fail")
    assert "case-2\ntwo is even" in told
    assert "case-4" in told
    assert "four breaks" in told
    assert not {name for name in ("case-1", "case-3", "case-5") if name in told}


def test_all_hold_fails_where_there_is_no_case() -> None:
    """A test that tries nothing says so."""
    with pytest.raises(pytest.fail.Exception, match="0 of 0"):
        all_hold([], judge, str)


def test_all_hold_is_silent_where_all_hold() -> None:
    """Nothing is raised."""
    all_hold([1, 3, 5], judge, str)
