"""Printed dates become aware instants, whatever the form; junk becomes none."""

from __future__ import annotations

import datetime as dt
import email.utils
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.sources.instant import EARLIEST, LATEST, read_instant, read_news_instant

ZONE = "Asia/Tokyo"
TOKYO = dt.timezone(dt.timedelta(hours=9))
MONTHS = "January February March April May June July August September October November December"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-03-01T12:00+04:30", "2024-03-01T12:00:00+04:30"),
        ("2024-03-01T12:00:00Z", "2024-03-01T12:00:00+00:00"),
        ("2024-03-01 12:00", "2024-03-01T12:00:00+09:00"),
        ("2024-03-01", "2024-03-01T00:00:00+09:00"),
        ("1 March 2024", "2024-03-01T00:00:00+09:00"),
        ("March 1, 2024 2:30 PM", "2024-03-01T14:30:00+09:00"),
        ("Fri, 01 Mar 2024 2:30 p.m.", "2024-03-01T14:30:00+09:00"),
        ("Fri, 01 Mar 2024 10:00:00 GMT", "2024-03-01T10:00:00+00:00"),
        ("Fri, 01 Mar 2024 10:00:00 -0000", "2024-03-01T10:00:00+00:00"),
        ("Fri, 01 Mar 2024 10:00:00 AFT", "2024-03-01T10:00:00+04:30"),
        ("Fri, 01 Mar 2024 10:00:00 +04:30", "2024-03-01T10:00:00+04:30"),
        ("Fri, 01 Mar 2024 10:00:00 GMT+0430", "2024-03-01T10:00:00+04:30"),
        ("Fri, 01 Mar 2024 10:00:00 UTC+04:30", "2024-03-01T10:00:00+04:30"),
        ("Fri Mar 01 2024 10:15:00 GMT+0430 (Local Time)", "2024-03-01T10:15:00+04:30"),
        ("Fri, 01 Mar 2024 10:00:00 Asia/Yangon", "2024-03-01T10:00:00+06:30"),
        ("Fri, 05 Jul 2024 10:00:00 CEST", "2024-07-05T10:00:00+02:00"),
        ("5 July 2024 at 14:02 BST", "2024-07-05T14:02:00+01:00"),
        ("March 1, 2024 at 11:10 PM EST", "2024-03-01T23:10:00-05:00"),
        ("July 5, 2024 7 PM ET", "2024-07-05T19:00:00-04:00"),
        ("Fri Mar 1 02:10:00 EST 2024", "2024-03-01T02:10:00-05:00"),
        ("Fri, 01 Mar 2024 10:00:00 JST", "2024-03-01T10:00:00+09:00"),
        ("01.03.2024 10:00", "2024-03-01T10:00:00+09:00"),
        ("25/03/2024 10:00", "2024-03-25T10:00:00+09:00"),
        ("03/04/2024 11:10 pm PST", "2024-03-04T23:10:00-08:00"),
        ("2024-03-01T24:00:00Z", "2024-03-02T00:00:00+00:00"),
        ("Fri, 01 Mar 2024 00:24:00 +0000", "2024-03-01T00:24:00+00:00"),
        ("2024-03-01+04:30", "2024-03-01T00:00:00+04:30"),
        ("1709290800", "2024-03-01T11:00:00+00:00"),
        ("20240301T100000Z", "2024-03-01T10:00:00+00:00"),
        ("20240301100000+0430", "2024-03-01T10:00:00+04:30"),
        ("202403011000", "2024-03-01T10:00:00+09:00"),
        (1709290800, "2024-03-01T11:00:00+00:00"),
        (1709290800000, "2024-03-01T11:00:00+00:00"),
    ],
)
def test_read_instant_takes_what_people_and_programs_write(written: Any, read: str) -> None:
    """With an offset or a zone's name as it is; without one it is local time."""
    found = read_instant(written, ZONE)
    assert found is not None
    assert found.isoformat() == read


@pytest.mark.parametrize(
    "written",
    [None, "", "yesterday", "March 1", "10:30", "2024", "March 2024", "99-99", [], {}, True, 1e300,
     "20241301", "2024-02-30", "Thu, 31 Jun 2031 10:00:00 GMT",
     "2024030110", "05/11/2026 09:30", "05-11-26", "Fri, 01 Mar 2024 10:00:00 XYZ",
     "Fri, 01 Mar 2024 10:00:00 Mars/Olympus", "2024-03-01T10:00:00-05:00Z",
     "Fri, 01 Mar 2024 10:00:00 +2500"],
)  # fmt: skip
def test_read_instant_leaves_out_what_is_no_definite_day(written: Any) -> None:
    """Half a date is not completed from today's."""
    assert read_instant(written, ZONE) is None


@pytest.mark.parametrize(
    ("written", "arrived", "day"),
    [
        ("05/11/2026 09:30", "2026-11-26", "2026-11-05"),
        ("05/11/2026 09:30", "2026-05-12", "2026-05-11"),
        ("11/05/26 09:30", "2026-05-12", "2026-05-11"),
        ("05/06/2026", "2026-06-06", None),
        ("05/11/2026", "2027-11-26", None),
        ("05.11.2026", "2026-05-12", "2026-11-05"),
        ("07/07/2026", "2027-07-07", "2026-07-07"),
        ("25/03/2026", "2027-07-07", "2026-03-25"),
    ],
)
def test_read_instant_tells_day_from_month_by_the_arrival(
    written: str, arrived: str, day: str | None
) -> None:
    """The reading shortly before the arrival; where both or none are, there is no day."""
    came = dt.datetime.fromisoformat(arrived).replace(tzinfo=dt.UTC)
    found = read_instant(written, ZONE, came)
    assert (found.date().isoformat() if found else None) == day


def test_read_instant_takes_a_name_of_two_zones_for_the_callers() -> None:
    """IST is of India, but of Israel in a feed that is at home there."""
    written = "Fri, 01 Mar 2024 10:00:00 IST"
    for zone, hours in ((ZONE, 5.5), ("Asia/Jerusalem", 2.0)):
        found = read_instant(written, zone)
        assert found is not None and found.utcoffset() == dt.timedelta(hours=hours)


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "Asia", "../etc", "\0", "A" * 5000])
def test_read_instant_takes_utc_for_a_zone_that_does_not_exist(zone: str | None) -> None:
    """Without a usable zone a naive date is UTC."""
    assert read_instant("2024-03-01 10:00", zone) == dt.datetime(2024, 3, 1, 10, tzinfo=dt.UTC)


def test_read_instant_does_not_depend_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A zone that only this machine is in is as unknown as any other."""
    monkeypatch.setenv("TZ", "XYZ-7")
    time.tzset()
    try:
        found = read_instant("May 8, 2031 2:30 PM XYZ", ZONE)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found is None


def test_read_news_instant_keeps_to_the_years_of_feeds() -> None:
    """1990 to 2100; `read_instant` takes any year."""
    for printed in ("1989-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "0557300600", "9999-12-31"):
        assert read_news_instant(printed) is None
    assert read_instant("1989-12-31T23:59:59Z") == dt.datetime(
        1989, 12, 31, 23, 59, 59, tzinfo=dt.UTC
    )
    assert read_news_instant(EARLIEST.isoformat()) == EARLIEST
    assert read_news_instant((LATEST - dt.timedelta(seconds=1)).isoformat()) is not None


def _rfc_822(moment: dt.datetime) -> str:
    """Two digits of the year, no seconds."""
    month = MONTHS.split()[moment.month - 1][:3]
    return f"{moment.day} {month} {moment:%y %H:%M %z}"


def _american(moment: dt.datetime) -> str:
    month = MONTHS.split()[moment.month - 1]
    return f"{month} {moment.day}, {moment.year} {moment:%I:%M %p %z}"


WITH_OFFSET = {
    "RFC 3339": dt.datetime.isoformat,
    "RFC 3339, blank": lambda m: m.isoformat(" "),
    "RFC 3339, Z": lambda m: m.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "W3C, minutes": lambda m: m.isoformat(timespec="minutes"),
    "ISO basic": lambda m: m.strftime("%Y%m%dT%H%M%S%z"),
    "ISO basic, minutes": lambda m: m.strftime("%Y%m%dT%H%M%z"),
    "14 digits": lambda m: m.strftime("%Y%m%d%H%M%S%z"),
    "12 digits": lambda m: m.strftime("%Y%m%d%H%M%z"),
    "RFC 2822": email.utils.format_datetime,
    "RFC 2822, -0000": lambda m: email.utils.formatdate(m.timestamp()),
    "RFC 1123": lambda m: email.utils.format_datetime(m.astimezone(dt.UTC), usegmt=True),
    "RFC 822": _rfc_822,
    "American": _american,
    "seconds": lambda m: int(m.timestamp()),
    "milliseconds": lambda m: int(m.timestamp()) * 1000,
}
WITHOUT_OFFSET = {
    "ISO": lambda m: m.replace(tzinfo=None).isoformat(),
    "ISO basic": lambda m: m.strftime("%Y%m%dT%H%M%S"),
    "14 digits": lambda m: m.strftime("%Y%m%d%H%M%S"),
    "asctime": lambda m: m.replace(tzinfo=None).ctime(),
    "with dots": lambda m: m.strftime("%d.%m.%Y %H:%M"),
}  # fmt: skip
MOMENTS = st.datetimes(dt.datetime(1990, 1, 2), dt.datetime(2068, 12, 30)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)
OFFSETS = st.integers(-11 * 4, 13 * 4).map(
    lambda quarters: dt.timezone(dt.timedelta(minutes=15 * quarters))
)


@pytest.mark.parametrize("form", WITH_OFFSET)
@given(moment=MOMENTS, offset=OFFSETS)
def test_read_instant_reads_back_every_form_with_an_offset(
    form: str, moment: dt.datetime, offset: dt.timezone
) -> None:
    """Whatever the minute and the offset: printed and read it is the same instant."""
    aware = moment.replace(tzinfo=offset)
    assert read_instant(WITH_OFFSET[form](aware), ZONE) == aware


@pytest.mark.parametrize("form", WITHOUT_OFFSET)
@given(moment=MOMENTS)
def test_read_instant_reads_back_every_form_without_an_offset(
    form: str, moment: dt.datetime
) -> None:
    """Local time of the zone that is given."""
    aware = moment.replace(tzinfo=TOKYO)
    assert read_instant(WITHOUT_OFFSET[form](aware), ZONE) == aware


@given(st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30)))
def test_read_instant_reads_back_iso_times_of_any_year(moment: dt.datetime) -> None:
    """To the microsecond."""
    aware = moment.replace(tzinfo=TOKYO)
    assert read_instant(aware.isoformat(), ZONE) == aware


_PARTS = st.sampled_from(
    ["2031", "05", "8", "May", "Thu", ",", "-", "/", ":", "T", "Z", "+04:30", "+9999", "GMT", "AFT", "PM",
     "10", " ", ".", "31", "0000", "1e999", "\u06f1\u06f4", "nan", "W", "24:00", "99", "\ud800", "\0"]
)  # fmt: skip


@given(
    st.one_of(
        st.text(),
        st.lists(_PARTS, max_size=12).map("".join),
        st.integers(),
        st.floats(),
        st.lists(st.integers()),
        st.binary(),
    ),
    st.one_of(st.none(), st.text(max_size=20)),
)
def test_read_instant_raises_for_no_value(written: Any, zone: str | None) -> None:
    """An aware instant or None for all input, and for any name of a zone."""
    for found in (read_instant(written, zone), read_news_instant(written, zone)):
        assert found is None or found.utcoffset() is not None
