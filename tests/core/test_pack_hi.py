"""Hindi: its words and rules for figures, read through the pack."""

from __future__ import annotations

import pytest

from tests.core.sentence import findings


def stated(sentence: str) -> list[tuple[str, int | None, int | None]]:
    """What is stated, with value and lower end."""
    found = findings("hi", sentence)
    return [(f.what, f.token.value, f.token.low) for f in found if f.token is not None]


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("सत्ताईस", 27),
        ("१२", 12),
        ("एक सौ बारह", 112),
        ("दो हजार तीन सौ", 2300),
        ("डेढ़ सौ", 150),
        ("साढ़े तीन सौ", 350),
        ("सवा सौ", 125),
        ("पौने दो सौ", 175),
        ("ढाई हजार", 2500),
        ("डेढ़ दर्जन", 18),
        ("तीन दर्जन", 36),
        ("पाँच", 5),
        ("पांच", 5),
    ],
)
def test_numbers_in_words_have_their_value(number: str, value: int) -> None:
    """Each number below a hundred has a word of its own; quarters and halves multiply."""
    assert stated(f"{number} लोग मारे गए।") == [("killed", value, None)]


@pytest.mark.parametrize("pair", ["तीन-चार", "तीन से चार", "3-4", "3 से 4"])
def test_two_numbers_that_bound_one_are_a_range(pair: str) -> None:
    """A range in words is printed with a hyphen, or with "from" between."""
    assert stated(f"{pair} लोग मारे गए।") == [("killed", 4, 3)]


def test_those_who_kill_are_not_those_who_are_killed() -> None:
    """The case marker of the doer keeps his number from the harm."""
    assert stated("तीन हमलावरों ने छह लोगों की हत्या कर दी।") == [("killed", 6, None)]


@pytest.mark.parametrize(
    "sentence",
    [
        "दर्जनों लोगों के मारे जाने की आशंका है।",
        "45 साल बाद हमले में 300 मीटर दूर तक शीशे टूटे, मौत का खतरा टला।",
        "काबुल की टीम ने 5 विकेट से मैच जीता।",
        "पुलिस ने छह लोगों की जान बचाई।",
        "हत्या के मामले में दो लोग गिरफ्तार हुए।",
    ],
)
def test_what_is_feared_saved_or_no_person_is_no_figure(sentence: str) -> None:
    """A feared death, a life that was saved, metres and wickets count nobody."""
    assert [what for what, _, _ in stated(sentence) if what in ("killed", "injured")] == []
