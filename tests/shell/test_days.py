"""Stretches of days, held against plain sets of days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from worker.store.days import Days, left_out, lies_within, meets, united

FIRST = dt.date(2031, 3, 4)
WINDOWS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)).map(lambda w: _window(*w)))


def _window(begin: int, length: int) -> Days:
    first = FIRST + dt.timedelta(days=begin)
    return first, first + dt.timedelta(days=length)


def _days(windows: Iterable[Days]) -> set[dt.date]:
    return {
        first + dt.timedelta(days=n)
        for first, last in windows
        for n in range((last - first).days + 1)
    }


@given(WINDOWS)
def test_united_has_the_same_days_apart_and_in_order(windows: list[Days]) -> None:
    """No day is lost or new, and between two stretches there is one that belongs to neither."""
    stretches = united([*windows, None])
    assert _days(stretches) == _days(windows)
    apart = ((later[0] - earlier[1]).days for earlier, later in pairwise(stretches))
    assert all(days > 1 for days in apart)


@given(WINDOWS, WINDOWS)
def test_left_out_is_what_was_not_looked_at(looked_at: list[Days], asked: list[Days]) -> None:
    """Exactly the days asked for that were not seen, each once."""
    found = list(left_out(united(looked_at), united(asked)))
    assert _days(found) == _days(asked) - _days(looked_at)
    assert sum((last - first).days + 1 for first, last in found) == len(_days(found))


@given(WINDOWS, WINDOWS)
def test_meets_and_lies_within_are_those_of_sets(windows: list[Days], asked: list[Days]) -> None:
    """Of a window that nothing is known of, neither."""
    stretches, days = united(windows), _days(windows)
    for window in asked:
        assert meets(window, stretches) == bool(_days([window]) & days)
        assert lies_within(window, stretches) == (_days([window]) <= days)
    assert not meets(None, stretches)
    assert not lies_within(None, stretches)
