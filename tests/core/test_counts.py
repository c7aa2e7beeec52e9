"""Counts: wordings, bounds, and what is no count of people."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.annotate.counts import CountMention, bounds, find_counts
from worker.core.annotate.cut_text import cut_text
from worker.core.text.prose import compose

EN = load_knowledge(PORTSMERE).languages["en"]
AR = load_knowledge(PORTSMERE).languages["ar"]


def read(text: str) -> list[CountMention]:
    """The dead that an English text counts."""
    return [c for c in find_counts(cut_text(compose(None, text, "en"), EN)) if c.what == "killed"]


@pytest.mark.parametrize(
    ("text", "value", "low", "high", "qualifier"),
    [
        ("17 people", 17, 17, 17, "exact"),
        ("1,250 people", 1250, 1250, 1250, "exact"),
        ("twenty-one people", 21, 21, 21, "exact"),
        ("a toll of two hundred and five", 205, 205, 205, "exact"),
        ("at least 11 people", 11, 11, None, "at_least"),
        ("no fewer than nine people", 9, 9, None, "at_least"),
        ("30 or more people", 30, 30, None, "at_least"),
        ("more than a dozen people", 12, 13, None, "more_than"),
        ("over 40 people", 40, 41, None, "more_than"),
        ("nearly a dozen people", 12, 10, 11, "nearly"),
        ("almost 100 people", 100, 85, 99, "nearly"),
        ("around 10 people", 10, 8, 12, "around"),
        ("some 50 people", 50, 40, 60, "around"),
        ("as many as 20 people", 20, None, 20, "up_to"),
        ("fewer than 10 people", 10, None, 9, "fewer_than"),
        ("fewer than one person", 1, None, 0, "fewer_than"),
        ("between five and seven people", 5, 5, 7, "range"),
        ("5-7 people", 5, 5, 7, "range"),
        ("two dozen people", 24, 24, 24, "exact"),
        ("half a dozen people", 6, 6, 6, "exact"),
        ("several people", None, 3, None, "several"),
        ("a number of people", None, 2, None, "a_number_of"),
        ("dozens of people", None, 24, None, "dozens"),
        ("scores of people", None, 40, None, "scores"),
        ("hundreds of people", None, 200, None, "hundreds"),
        ("many people", None, 3, None, "many"),
    ],
)
def test_find_counts_gives_each_wording_its_bounds(
    text: str, value: int | None, low: int | None, high: int | None, qualifier: str
) -> None:
    """Each wording has the value and the bounds that the method promises."""
    found = read(f"Police said {text} were killed.")

    assert [(n.value, n.low, n.high, n.qualifier) for n in found] == [(value, low, high, qualifier)]


@pytest.mark.parametrize(
    "text",
    [
        "54 percent of the country",
        "several kilometers away",
        "at 8.55 am",
        "at 8:55",
        "in 2015",
        "since 2005",
        "on May 8",
        "May 8, 2031",
        "a 23-year-old",
        "the 11th police district",
        "in PD 9",
        "$500 or 300 dollars",
        "a student, 18, from the north",
        "three weeks after",
        "two blasts",
        "picture 4 of 33",
        "the seventh round",
    ],
)
def test_find_counts_leaves_out_what_counts_no_people(text: str) -> None:
    """Percent, distances, times, dates, ages, districts, money, spans of time, things."""
    assert read(f"They died {text}.") == []


def test_find_counts_takes_the_newer_number_of_a_revision() -> None:
    """A toll that rose from three to five is five, and not "three to five"; three is replaced."""
    found = read("The toll rose from 3 to 5.")
    kept = [(n.value, n.qualifier) for n in found if "REPLACED_COUNT" not in n.tags]
    assert kept == [(5, "exact")]
    assert [n.value for n in found if "REPLACED_COUNT" in n.tags] == [3]


def test_find_counts_keeps_numbers_apart() -> None:
    """Five and seven are two figures; one hundred and five is one."""
    assert [n.value for n in read("Five died on Monday and seven were killed later.")] == [5, 7]
    assert [n.value for n in read("One hundred and five died.")] == [105]


@given(st.integers(1, 99_999), st.sampled_from(["exact", "at_least", "more_than", "nearly"]))
def test_bounds_are_in_order(value: int, qualifier: str) -> None:
    """A lower bound is never above its upper one."""
    low, high = bounds(value, qualifier)  # type: ignore[arg-type]
    assert low is None or high is None or low <= high


@given(st.text(max_size=200))
def test_find_counts_reads_any_text(text: str) -> None:
    """No text raises; every number lies inside it and none overlaps another."""
    prose = compose(None, text, "en")
    found = find_counts(cut_text(prose, EN))
    assert all(0 <= n.start < n.end <= len(prose.text) for n in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@given(st.integers(1, 9_999))
def test_find_counts_reads_digits_as_printed(value: int) -> None:
    """A figure in digits is that figure, with and without a separator."""
    if not 1900 <= value < 2100:
        assert [n.value for n in read(f"{value} people died")] == [value]
    assert [n.value for n in read(f"{value:,} people died")] in ([value], [])


def read_arabic(text: str) -> list[tuple[str, int | None]]:
    """What an Arabic text counts, and how many."""
    return [(c.what, c.value) for c in find_counts(cut_text(compose(None, text, "ar"), AR))]


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("خمسة وعشرون", 25),
        ("خمس وعشرين", 25),
        ("مئة وثلاثة وأربعين", 143),
        ("ثلاثمائة وعشرة", 310),
        ("ألف ومئتي", 1200),
        ("خمسة وعشرين ألف", 25000),
        ("ثلاثة عشر", 13),
        ("١٤", 14),
    ],
)
def test_find_counts_reads_a_unit_before_its_tens(number: str, value: int) -> None:
    """Where a language says so, "five and twenty" is one number."""
    assert read_arabic(f"وقالت الشرطة إن الانفجار أسفر عن مقتل {number} شخصا.") == [
        ("killed", value)
    ]


def test_find_counts_keeps_two_numbers_where_the_unit_comes_last() -> None:
    """ "Twenty dead and five wounded" is no 25."""
    assert read_arabic("سقط عشرون قتيلا وخمسة جرحى") == [("killed", 20), ("injured", 5)]


def test_find_counts_keeps_a_dual_out_of_a_number() -> None:
    """Two policemen in one word are people already, no unit before the twenty behind them."""
    text = "وأسفر الانفجار عن مقتل شرطيين وعشرين مدنيا"
    (found,) = find_counts(cut_text(compose(None, text, "ar"), AR))
    assert [part.value for part in found.parts] == [2, 20]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("مقتل ستة وإصابة 20", [("killed", 6), ("injured", 20)]),
        ("مقتل ستة وإصابة الـ20", [("killed", 6), ("injured", 20)]),
        ("عدد القتلى 9 وعدد الجرحى بـ17", [("killed", 9), ("injured", 17)]),
    ],
)
def test_find_counts_reads_a_number_with_a_clitic(
    text: str, found: list[tuple[str, int | None]]
) -> None:
    """ "And", "with" and "the" are written to the word, the phrase or the digits behind them."""
    assert read_arabic(f"أعلنت الشرطة {text}.") == found
