"""Bengali: its words and rules for figures, read through the pack."""

from __future__ import annotations

import pytest

from tests.core.sentence import stated


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("নিহত ১২, আহত ৩০", [("killed", 12), ("injured", 30)]),
        ("মৃত্যু হয়েছে সাত জন পড়ুয়ার, জখম ন’জন।", [("killed", 7), ("injured", 9)]),
        ("২০ জনেরও বেশি মানুষ আহত হয়েছেন।", [("injured", 20)]),
        ("দুই পুলিশ ও তিন শিশু নিহত হয়েছে।", [("killed", 5)]),
        ("হামলায় দুই পুলিশসহ ৬ জনের প্রাণহানি ঘটেছে।", [("killed", 6)]),
        ("নিহতের সংখ্যা ২২ থেকে বেড়ে ২৭ হয়েছে।", [("killed", 27)]),
        ("নিহতের সংখ্যা বেড়ে ৩২-এ দাঁড়িয়েছে।", [("killed", 32)]),
        ("দেড় শতাধিক মানুষ আহত হয়েছেন।", [("injured", 150)]),
        ("গুলিতে সাংবাদিক নিহত।", [("killed", 1)]),
    ],
)
def test_people_are_counted_on_either_side_of_their_harm(
    sentence: str, found: list[tuple[str, int]]
) -> None:
    """The number stands before its people, the harm before or behind both; a part is no total."""
    assert sorted(stated("bn", sentence)) == sorted(found)


@pytest.mark.parametrize(
    "sentence",
    [
        "সকাল ৯টায় এক হামলায় সাতটি গাড়ি ধ্বংস হয়, কেউ নিহত হয়নি।",
        "হামলার ১২ দিন পর নিহতদের স্মরণ করা হয়।",
        "এক সাংবাদিক জানান, মৃত্যুর আশঙ্কা নেই।",
    ],
)
def test_hours_things_and_days_count_nobody(sentence: str) -> None:
    """Numbers beside a word of harm that count something else."""
    assert stated("bn", sentence) == []
