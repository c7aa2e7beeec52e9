"""Dates and clock times as news writes them."""

from __future__ import annotations

import datetime as dt

import pytest
from convertdate import persian
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.annotate.clock import find_times
from worker.core.annotate.dates import DateMention, find_dates
from worker.core.text.prose import compose

KNOWLEDGE = load_knowledge(PORTSMERE)
PUBLISHED = dt.date(2019, 7, 1)
"""A Monday."""
DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2060, 12, 31))
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
SOLAR_MONTHS = [
    "Hamal",
    "Sawr",
    "Jawza",
    "Saratan",
    "Asad",
    "Sunbula",
    "Mizan",
    "Aqrab",
    "Qaws",
    "Jadi",
    "Dalw",
    "Hut",
]


def mentions(text: str, day: dt.date | None = PUBLISHED) -> tuple[DateMention, ...]:
    return find_dates(compose(None, text, "en"), KNOWLEDGE).seen_from(day)


def times(text: str, zone: str = "Asia/Kabul") -> list[str]:
    lexicon = KNOWLEDGE.lexicon("en")
    assert lexicon is not None
    found = find_times(compose(None, text, "en"), lexicon)
    return [m.local(zone, PUBLISHED) for m in found]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("They struck on Monday at noon.", "2019-07-01", "2019-07-01"),
        ("Sunday's blast broke windows.", "2019-06-30", "2019-06-30"),
        ("A bomb went off on Tuesday.", "2019-06-25", "2019-06-25"),
        ("It happened last Monday.", "2019-06-24", "2019-06-24"),
        ("Gunfire was heard last night.", "2019-06-30", "2019-06-30"),
        ("The fight went on overnight.", "2019-06-30", "2019-07-01"),
        ("He was shot the day before yesterday.", "2019-06-29", "2019-06-29"),
        ("Two died on May 8.", "2019-05-08", "2019-05-08"),
        ("Two died on Dec. 24.", "2018-12-24", "2018-12-24"),
        ("Two died on 7-8 May.", "2019-05-07", "2019-05-08"),
        ("Two died on Tuesday (May 8).", "2019-05-08", "2019-05-08"),
        ("The attack of 18 Sawr 1398 is remembered.", "2019-05-08", "2019-05-08"),
        ("In March a market burned.", "2019-03-01", "2019-03-31"),
        ("It was the third in 2017.", "2017-01-01", "2017-12-31"),
        ("A month ago five died.", "2019-05-25", "2019-06-07"),
        ("Just over two weeks after that", "2019-06-13", "2019-06-17"),
        ("Three days ago a bus burned.", "2019-06-28", "2019-06-28"),
        ("The page says 05/08/2019.", "2019-05-08", "2019-05-08"),
    ],
)
def test_find_dates_turns_words_into_days(text: str, first: str, last: str) -> None:
    """Each way of writing a date yields the days that a reader of that day's paper understands."""
    found = mentions(text)
    assert [(m.first.isoformat(), m.last.isoformat()) for m in found] == [(first, last)]


@pytest.mark.parametrize(
    "text",
    [
        "It may 8 times be repeated.",
        "The talks have gone on since 2001.",
        "A seventh round of talks began.",
        "They march in the square.",
        "The group controls 54 percent.",
        "He will visit next Monday.",
    ],
)
def test_find_dates_leaves_alone_what_is_no_date(text: str) -> None:
    """A modal verb, a stretch of time, an ordinal and a future appointment are no past day."""
    assert mentions(text) == ()


def test_find_dates_needs_full_dates_where_the_document_has_none() -> None:
    """A weekday means nothing when nobody knows when the text was written."""
    found = mentions("On Monday, 3 June 2019, a bus burned; last week another.", None)
    assert [m.first for m in found] == [dt.date(2019, 6, 3)]


def test_find_dates_leaves_alone_what_is_older_than_any_calendar() -> None:
    """ "300 decades ago" is no day, and no error."""
    assert mentions("It was built 300 decades ago.") == ()
    assert len(mentions("It was built 3 decades ago.")) == 1


def test_find_dates_marks_an_anaphoric_mention_that_can_be_moved() -> None:
    """ "Two weeks after" counts from the attack told of, which may be older than the paper."""
    after, ago = mentions("Two weeks after it; two weeks ago it was.")
    assert (after.anaphoric, ago.anaphoric) == (True, False)
    assert after.shifted(-3).first == after.first - dt.timedelta(days=3)


@given(
    DAYS,
    st.sampled_from(["{d} {m} {y}", "{m} {d}, {y}", "{m} {d} {y}", "{iso}", "{d} of {m}, {y}"]),
)
def test_find_dates_reads_a_full_date_back_exactly(day: dt.date, shape: str) -> None:
    """Whatever the order of day, month and year, the day comes back, with or without a clock."""
    written = shape.format(d=day.day, m=MONTHS[day.month - 1], y=day.year, iso=day.isoformat())
    for document in (None, PUBLISHED):
        (found,) = mentions(f"The blast of {written} killed many.", document)
        assert (found.first, found.last, found.precision) == (day, day, "day")


@given(DAYS)
def test_find_dates_reads_a_solar_date_as_the_same_day(day: dt.date) -> None:
    """A date of the profile's own calendar becomes the Gregorian day."""
    year, month, number = persian.from_gregorian(day.year, day.month, day.day)
    (found,) = mentions(f"On {number} {SOLAR_MONTHS[month - 1]} {year} a bomb exploded.", None)
    assert found.first == day


@given(DAYS, st.integers(0, 6))
def test_find_dates_puts_no_weekday_in_the_future(day: dt.date, number: int) -> None:
    """A weekday is the latest one on or before the document's day."""
    name = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][number]
    (found,) = mentions(f"The attack on {name} was the first.", day)
    assert found.first.weekday() == number
    assert 0 <= (day - found.first).days <= 6


@given(DAYS, st.integers(2, 40), st.sampled_from(["days", "weeks", "months"]))
def test_find_dates_gives_a_counted_span_that_holds_its_count(
    day: dt.date, count: int, unit: str
) -> None:
    """However wide the interval, the exact count lies in it, and nothing after the document."""
    (found,) = mentions(f"It was {count} {unit} ago that he died.", day)
    length = {"days": 1.0, "weeks": 7.0, "months": 30.44}[unit]
    assert found.first <= day - dt.timedelta(days=round(count * length)) <= found.last < day


@given(st.text(max_size=200))
def test_find_dates_reads_any_text(text: str) -> None:
    """Any characters at all yield mentions in order, inside the text, first before last."""
    prose = compose(None, text, "en")
    end = 0
    for mention in find_dates(prose, KNOWLEDGE).seen_from(PUBLISHED):
        assert end <= mention.start < mention.end <= len(prose.text)
        assert mention.first <= mention.last
        end = mention.end


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("around 8.55 am in the old town", ["08:55"]),
        ("at 8:55 a.m. local time", ["08:55"]),
        ("around 9:30 in the morning", ["09:30"]),
        ("at 0910 local time", ["09:10"]),
        ("at 0425 GMT", ["08:55"]),
        ("shortly before 9am", ["09:00"]),
        ("at 4 pm", ["16:00"]),
        ("at 12:10 a.m.", ["00:10"]),
        ("at around noon", ["12:00"]),
        ("about 8.5 million people", []),
        ("lost 2:1 on points", []),
        ("killed 65 people in 2015", []),
    ],
)
def test_find_times_needs_minutes_or_a_word_beside(text: str, expected: list[str]) -> None:
    """A time needs minutes after a colon or a word beside it; UTC becomes local time."""
    assert times(text) == expected


@given(st.integers(0, 23), st.integers(0, 59), st.sampled_from(["24", "12"]))
def test_find_times_reads_a_clock_time_back_exactly(hour: int, minute: int, style: str) -> None:
    """Twelve-hour and twenty-four-hour writing name the same minute."""
    if style == "24":
        written = f"{hour:02d}:{minute:02d}"
    else:
        written = f"{hour % 12 or 12}:{minute:02d} {'am' if hour < 12 else 'pm'}"
    assert times(f"The bomb exploded at {written} near the gate.") == [f"{hour:02d}:{minute:02d}"]


@pytest.mark.parametrize(
    ("text", "quote", "day"),
    [
        ("7月1日发生爆炸", "7月1", "2019-07-01"),
        ("2019年6月30日发生爆炸", "2019年6月30", "2019-06-30"),
        ("警方1日说", "1日", "2019-07-01"),
        ("29日发生爆炸", "29日", "2019-06-29"),
        ("週一發生爆炸", "週一", "2019-07-01"),
    ],
)
def test_find_dates_reads_the_number_of_a_day(text: str, quote: str, day: str) -> None:
    """A day's number alone is the latest such day; beside a month it is the month's."""
    prose = compose(None, text, "zh")
    found = find_dates(prose, KNOWLEDGE).seen_from(PUBLISHED)
    assert [(prose.span(m).quote, m.first.isoformat(), m.last.isoformat()) for m in found] == [
        (quote, day, day)
    ]


@pytest.mark.parametrize("text", ["持续3日内", "第31届会议", "距离8公里", "80日"])
def test_find_dates_takes_no_other_number_for_a_day(text: str) -> None:
    """Spans, ordinals and numbers that no month has are no days."""
    assert find_dates(compose(None, text, "zh"), KNOWLEDGE).seen_from(PUBLISHED) == ()
