"""Pashto: its words and rules for figures, read through the pack."""

from __future__ import annotations

import pytest

from tests.core.sentence import stated


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("په برید کې لږ تر لږه پنځه ویشت کسان ووژل شول.", [("killed", 25)]),
        (
            "چاودنې له ۲۰ څخه زیات کسان وژلي او دوه دېرش یې ټپیان کړي دي.",
            [("killed", 20), ("injured", 32)],
        ),
        ("د یو سل او شلو کسانو د وژل کېدو خبر ورکړی.", [("killed", 120)]),
        (
            "برید د ۱۹ کسانو ژوند واخیست او ۲۷ تنو ته یې ټپونه واړول.",
            [("killed", 19), ("injured", 27)],
        ),
        ("د مړو شمېر له ۱۲ څخه ۱۷ تنو ته لوړ شو.", [("killed", 17)]),
        ("نږدې ۱۰۰ کسانو ته مرګ‌ژوبله واوښته.", [("casualties", 100)]),
        ("د دریو ماشومانو په ګډون نهه ملکیان ووژل شول.", [("killed", 9)]),
        ("په ۱۱۳ ټپیانو کې ۲۵ ماشومان دي.", [("injured", 113)]),
        ("قوماندان له څلورو نورو پولیسو سره ووژل شو.", [("killed", 5)]),
        ("تېره میاشت ۲۱ تنه په بل برید کې وژل شوي وو.", []),
        ("هېڅوک نه دي وژل شوي، چاودنه په ۹ بجو وشوه.", []),
    ],
)
def test_pashto_counts_are_read_as_they_are_printed(
    sentence: str, found: list[tuple[str, int]]
) -> None:
    """Numbers in two cases, the verb at the end, parts before their whole; and what counts nobody."""
    assert sorted(stated("ps", sentence)) == sorted(found)
