"""When a feed is asked next: politely, and for ever."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.config.schema import FeedConfig, Ingest
from worker.ingest.answer_headers import retry_after, usable_validator
from worker.ingest.fetch import Response
from worker.ingest.pace import (
    Pace,
    freshness,
    pace_of,
    usual_gap_s,
    wait_after_failure,
    wait_after_success,
)
from worker.ingest.schedule import (
    FeedState,
    address_of,
    after_failure,
    after_success,
    first_poll,
    is_stale,
    with_move,
)

NOW = dt.datetime(2031, 5, 8, 12, tzinfo=dt.UTC)
PACE = Pace(interval=300, floor=60, ceiling=3600)


def seconds(state: FeedState) -> float:
    assert state.next_at is not None
    return (state.next_at - NOW).total_seconds()


def feed_at(url: str = "https://post.example/rss", **more: object) -> FeedConfig:
    return FeedConfig(id="f", outlet="o", lang="en", url=url, **more)  # type: ignore[arg-type]


def test_after_failure_retries_at_the_normal_pace_and_then_doubles_up_to_the_ceiling() -> None:
    """A weekend of failures: three quick tries, then the interval doubles to the ceiling and stays;
    one answer resets it.
    """
    state, waits, reasons = FeedState("f", etag='"a"'), [], []
    for _ in range(20):
        state = after_failure(state, "http_5xx", None, PACE, NOW, 0.0)
        waits.append(seconds(state))
        reasons.append(state.reason)
    assert waits[:7] == [300, 300, 300, 600, 1200, 2400, 3600]
    assert set(waits[7:]) == {3600}
    assert reasons[:4] == ["retry", "retry", "retry", "backoff"]
    assert state.etag == '"a"'
    answer = Response(200, "u", b"", None, None, {})
    state = after_success(state, answer, PACE, NOW, 0.0)
    assert (state.failures, seconds(state), state.last_success) == (0, 300, NOW)


@given(
    st.integers(1, 50),
    st.none() | st.floats(0, 1e9),
    st.sampled_from(["http_5xx", "http_403", "http_410", "timeout"]),
    st.floats(0, 0.99),
)
def test_wait_after_failure_is_never_below_the_floor_nor_sooner_than_asked(
    failures: int, wait: float | None, cause: str, chance: float
) -> None:
    """Never below the floor, never above a day and a tenth, never sooner than asked."""
    found = wait_after_failure(PACE, failures=failures, cause=cause, wait_s=wait, chance=chance)
    assert PACE.floor <= found.seconds <= 86_400 * 1.1
    assert found.seconds >= min(wait or 0, 86_400)


@given(
    st.none() | st.floats(0, 1e9),
    st.none() | st.floats(0, 1e9),
    st.none() | st.floats(1, 600),
    st.floats(0, 0.99),
    st.floats(1, 10),
)
def test_wait_after_success_keeps_the_operators_interval_within_the_factor(
    hint: float | None, gap: float | None, burst: float | None, chance: float, factor: float
) -> None:
    """Whatever feed and server declare, no wait is longer than the factor allows."""
    pace = Pace(300, 60, 3600, hint_factor=factor, burst=burst)
    found = wait_after_success(pace, hint_s=hint, gap_s=gap, chance=chance)
    assert 60 <= found.seconds <= 300 * factor * 1.1 + 1e-6
    if burst is not None and burst < 300:
        assert found.every_s <= 300


@pytest.mark.parametrize(
    ("hint", "gap", "burst", "every", "reason"),
    [
        (None, None, None, 300, "interval"),
        (120, None, None, 300, "interval"),
        (450, None, None, 450, "hint"),
        (2_591_034, None, None, 600, "hint_capped"),
        (None, 400, None, 300, "interval"),
        (None, 40_000, None, 600, "quiet"),
        (None, 40_000, 120, 120, "burst"),
        (200, 40_000, 120, 200, "hint"),
        (2_591_034, None, 120, 300, "hint_capped"),
        (None, None, 10, 60, "burst"),
    ],
)
def test_wait_after_success_names_its_reason(
    hint: float | None, gap: float | None, burst: float | None, every: float, reason: str
) -> None:
    """Each wait with the reason that the operator is shown."""
    pace = Pace(300, 60, 3600, 2.0, burst)
    found = wait_after_success(pace, hint_s=hint, gap_s=gap, chance=0.0)
    assert (found.every_s, found.reason) == (every, reason)


def test_after_failure_suspends_a_gone_feed_at_its_second_410_and_probes_it_daily() -> None:
    """One 410 may be a slip; the second suspends the feed, and it is asked once a day from then on."""
    state = after_failure(FeedState("f"), "http_410", None, PACE, NOW, 0.0)
    assert (seconds(state), state.reason) == (300, "retry")
    for _ in range(3):
        state = after_failure(state, "http_410", None, PACE, NOW, 0.0)
        assert (seconds(state), state.reason) == (86_400, "gone")


def test_after_failure_asks_a_site_that_turns_us_away_at_the_ceiling() -> None:
    """After three tries a 403 is asked at the ceiling, and never given up."""
    state = FeedState("f")
    for _ in range(4):
        state = after_failure(state, "http_403", None, PACE, NOW, 0.0)
    assert (seconds(state), state.reason) == (3600, "backoff")


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


def test_first_poll_asks_every_feed_soon_after_a_restart() -> None:
    """Within a minute, spread; only what was told to wait, or is gone, keeps its time."""
    later = NOW + dt.timedelta(hours=3)
    before = NOW - dt.timedelta(hours=1)
    for reason in ("interval", "hint", "backoff", ""):
        state = FeedState("f", next_at=later, last_attempt=before, reason=reason)
        assert first_poll(state, PACE, NOW, 0.5) == NOW + dt.timedelta(seconds=30)
    for reason in ("retry_after", "gone"):
        state = FeedState("f", next_at=later, last_attempt=before, reason=reason)
        assert first_poll(state, PACE, NOW, 0.5) == later
    assert first_poll(FeedState("f"), PACE, NOW, 0.5) == NOW + dt.timedelta(seconds=30)
    mad = FeedState("f", next_at=NOW + dt.timedelta(days=400), reason="gone")
    assert first_poll(mad, PACE, NOW, 0.0) == NOW


@given(st.floats(0, 0.99), st.floats(0, 59))
def test_first_poll_asks_nobody_twice_within_the_floor(chance: float, ago_s: float) -> None:
    """A worker that is started again and again asks no feed more often than its floor."""
    asked = NOW - dt.timedelta(seconds=ago_s)
    state = FeedState("f", next_at=asked, last_attempt=asked, reason="interval")
    assert first_poll(state, PACE, NOW, chance) >= asked + dt.timedelta(seconds=60)


def test_with_move_adopts_a_place_that_redirects_led_to_for_a_week() -> None:
    """A redirect for good is followed each time, and becomes the address after seven days."""
    feed, there = feed_at(), "https://news.example/rss"
    state = with_move(FeedState("f"), feed, there, NOW)
    assert (state.moved_to, state.moved_since) == (there, NOW)
    state = with_move(state, feed, there, NOW + dt.timedelta(days=6))
    assert address_of(feed, state) == feed.url
    state = with_move(state, feed, there, NOW + dt.timedelta(days=7, hours=1))
    assert address_of(feed, state) == there
    assert address_of(feed_at("https://other.example/rss"), state) == "https://other.example/rss"
    for _ in range(3):
        state = after_failure(state, "http_404", None, PACE, NOW, 0.0)
    assert address_of(feed, state) == feed.url


@pytest.mark.parametrize("broken", [None, "https://third.example/rss"])
def test_with_move_begins_anew_when_the_redirect_changes(broken: str | None) -> None:
    """A week of the same redirect it has to be: one poll without it, or to elsewhere, begins anew."""
    feed, there = feed_at(), "https://news.example/rss"
    state = with_move(FeedState("f"), feed, there, NOW)
    state = with_move(state, feed, broken, NOW + dt.timedelta(days=3))
    state = with_move(state, feed, there, NOW + dt.timedelta(days=8))
    assert address_of(feed, state) == feed.url


def test_with_move_never_leaves_tls_nor_takes_a_secret_along(tmp_path: Path) -> None:
    """From https to http nobody moves, and a feed with a password stays where it is configured."""
    for feed, there in (
        (feed_at(), "http://news.example/rss"),
        (feed_at(auth_file=tmp_path / "secret"), "https://news.example/rss"),
        (feed_at("https://me:word@post.example/rss"), "https://news.example/rss"),
    ):
        state = with_move(FeedState("f"), feed, there, NOW)
        state = with_move(state, feed, there, NOW + dt.timedelta(days=30))
        assert address_of(feed, state) == feed.url
        assert state.moved_to == there


def test_is_stale_goes_by_what_is_usual_for_the_feed() -> None:
    """Two days without news are a lot for a news site, and nothing for a feed that has some monthly."""
    old = NOW - dt.timedelta(days=3)
    assert is_stale(FeedState("f", newest=old, gap_s=1800), 172_800, NOW)
    assert not is_stale(FeedState("f", newest=old, gap_s=86_400), 172_800, NOW)
    assert not is_stale(FeedState("f", newest=old), 0, NOW)
    assert not is_stale(FeedState("f"), 172_800, NOW)


def test_usual_gap_s_looks_at_the_ten_newest_dates() -> None:
    """Ten entries an hour apart and one of last year: an hour. Three dates say nothing."""
    hours = [NOW - dt.timedelta(hours=n) for n in range(10)]
    assert usual_gap_s([NOW - dt.timedelta(days=365), *hours]) == 3600
    assert usual_gap_s(hours[:3]) is None


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
