"""When a feed is asked next: politely, and for ever."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.config.schema import FeedConfig, Ingest
from worker.ingest.answer_headers import retry_after, usable_validator
from worker.ingest.fetch import Response
from worker.ingest.schedule import (
    FeedState,
    Pace,
    after_failure,
    after_success,
    first_poll,
    freshness,
    next_poll,
    pace_of,
)

NOW = dt.datetime(2031, 5, 8, 12, tzinfo=dt.UTC)
PACE = Pace(interval=300, floor=60, ceiling=3600)


def seconds(state: FeedState) -> float:
    assert state.next_at is not None
    return (state.next_at - NOW).total_seconds()


def test_after_failure_doubles_the_interval_up_to_the_ceiling() -> None:
    """Twenty failures in a row: the interval doubles to the ceiling and stays; success resets it."""
    state, waits = FeedState("f", etag='"a"'), []
    for _ in range(20):
        state = after_failure(state, "http_5xx", None, PACE, NOW, 0.0)
        waits.append(seconds(state))
    assert waits[:4] == [600, 1200, 2400, 3600]
    assert set(waits[4:]) == {3600}
    assert state.etag == '"a"'
    answer = Response(200, "u", b"", None, None, {})
    state = after_success(state, answer, PACE, NOW, 0.0)
    assert (state.failures, seconds(state), state.last_success) == (0, 300, NOW)


@given(
    st.integers(0, 50),
    st.none() | st.floats(0, 1e9),
    st.none() | st.floats(0, 1e9),
    st.floats(0, 0.99),
)
def test_next_poll_is_never_below_the_floor_nor_sooner_than_asked(
    failures: int, hint: float | None, wait: float | None, chance: float
) -> None:
    """Never below the floor, never above a day and a tenth, never sooner than asked."""
    found, _ = next_poll(
        PACE, failures=failures, hint_s=hint, wait_s=wait, reason="x", chance=chance
    )
    assert PACE.floor <= found <= 86_400 * 1.1
    assert found >= min(wait or 0, 86_400)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"cache-control": "public, max-age=3600"}, 3600),
        ({"cache-control": "max-age=3600", "age": "600"}, 3000),
        ({"cache-control": "max-age=60", "age": "600"}, 0),
        ({"cache-control": "no-cache, max-age=3600"}, None),
        ({"cache-control": "max-age=-5"}, None),
        ({"cache-control": "s-maxage=900"}, None),
        ({"expires": "0"}, None),
        ({"expires": "Thu, 08 May 2031 13:00:00 GMT", "date": "Thu, 08 May 2031 12:00:00 GMT"}, 3600),
        ({"expires": "Thu, 08 May 2031 11:00:00 GMT", "date": "Thu, 08 May 2031 12:00:00 GMT"}, 0),
        ({}, None),
    ],
)  # fmt: skip
def test_freshness_is_max_age_less_age_or_expires_less_date(
    headers: dict[str, str], expected: float | None
) -> None:
    """max-age less Age, else Expires less the server's own Date."""
    assert freshness(headers) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("120", 120), ("1000000000000", 86_400), ("-5", None), ("soon", None), ("", None),
     ("Thu, 08 May 2031 12:05:00 GMT", 300), ("Thu, 08 May 2031 11:00:00 GMT", None)],
)  # fmt: skip
def test_retry_after_takes_seconds_or_a_date_up_to_a_day(
    value: str, expected: float | None
) -> None:
    """Seconds or a date, capped at a day; nonsense says nothing."""
    headers = {"Retry-After": value, "Date": "Thu, 08 May 2031 12:00:00 GMT"}
    assert retry_after(headers) == expected


def test_first_poll_asks_nobody_early_after_a_restart() -> None:
    """A remembered time holds after a restart; new feeds are spread; a mad clock is not believed."""
    soon = NOW + dt.timedelta(seconds=200)
    assert first_poll(FeedState("f", next_at=soon), PACE, NOW, 0.5) == soon
    assert first_poll(FeedState("f"), PACE, NOW, 0.5) == NOW + dt.timedelta(seconds=30)
    mad = FeedState("f", next_at=NOW + dt.timedelta(days=400))
    assert first_poll(mad, PACE, NOW, 0.0) == NOW


def test_pace_of_keeps_a_feeds_interval_above_the_floor() -> None:
    """A feed's own interval stands, but never below the floor."""
    settings = Ingest(interval_s=300, min_interval_s=60)
    feed = FeedConfig(id="f", outlet="o", lang="en", url="https://x.example/", interval_s=5)
    assert pace_of(feed, settings).interval == 60
    slow = FeedConfig(id="f", outlet="o", lang="en", url="https://x.example/", interval_s=7200)
    assert (pace_of(slow, settings).interval, pace_of(slow, settings).ceiling) == (7200, 7200)


def test_after_success_keeps_and_renews_validators_of_a_304() -> None:
    """A 304 keeps what it does not replace; the body's hash stays."""
    state = FeedState("f", etag='"a"', last_modified="x", body_hash="h", last_full=NOW)
    answer = Response(304, "u", b"", '"b"', None, {})
    after = after_success(state, answer, PACE, NOW, 0.0)
    assert (after.etag, after.last_modified, after.body_hash) == ('"b"', "x", "h")


@pytest.mark.parametrize(
    ("value", "usable"),
    [('"a"', True), ('W/"a b"', True), ("", False), (None, False), ('"a\x01"', False), ('"a\x7f"', False),
     ('"\udcff"', False), ("a" * 1025, False), ('"é"', True), ('"中"', False)],
)  # fmt: skip
def test_usable_validator_takes_only_what_can_be_sent_back(value: str | None, usable: bool) -> None:
    """Only what can be sent back is kept."""
    assert usable_validator(value) is usable
