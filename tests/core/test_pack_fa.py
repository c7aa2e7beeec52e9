"""Dari and Persian: words and rules for figures, read through the pack."""

from __future__ import annotations

import pytest

from tests.core.sentence import findings


def stated(sentence: str) -> list[tuple[str, int | None]]:
    """What is stated of whole counts, in the order of the text; parts are left out."""
    found = [f for f in findings("fa", sentence) if f.what != "part"]
    return [(f.what, f.token.value) for f in sorted(found, key=lambda f: f.start) if f.token]


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("۲۱", 21),
        ("بیست و یک", 21),
        ("بیست‌ویک", 21),
        ("هجده", 18),
        ("هژده", 18),
        ("صد و دوازده", 112),
        ("یک‌صد و بیست و پنج", 125),
        ("دوصد و چهل", 240),
        ("دویست و چهل", 240),
        ("سه‌صد", 300),
        ("دو هزار و سه‌صد", 2300),
    ],
)
def test_numbers_in_words_have_their_value(number: str, value: int) -> None:
    """The joint stands with blanks or without; hundreds differ between Kabul and Tehran."""
    assert stated(f"{number} نفر کشته شدند.") == [("killed", value)]


@pytest.mark.parametrize("count", ["چهل تن", "چهل‌تن", "۴۰تن", "۴۰ نفر", "۴۰نفر"])
def test_a_classifier_may_be_written_to_its_number(count: str) -> None:
    """Outlets print the classifier with a blank, a half-space or nothing before it."""
    assert stated(f"{count} زخمی شدند.") == [("injured", 40)]


@pytest.mark.parametrize(
    ("sentence", "figures"),
    [
        ("شش تن در این حمله که دیروز رخ داد کشته شدند.", [("killed", 6)]),
        ("شش تن از سوی افراد ناشناس در غرب شهر به قتل رسیدند.", [("killed", 6)]),
        ("چهار مهاجم شش نفر را کشتند.", [("killed", 6)]),
        ("این حمله جان شش تن را گرفت.", [("killed", 6)]),
        ("او با دو محافظش کشته شد.", [("killed", 3)]),
        ("سه نفر گریختند و دو نفر کشته شدند.", [("killed", 2)]),
        ("شش تن «کشته و زخمی» شدند.", [("casualties", 6)]),
        ("هفتاد کارمند این وزارت را کشته یا زخمی کرده‌اند.", [("casualties", 70)]),
        ("شش تن زخمی شدند که دو تن آنان در شفاخانه جان باختند.", [("injured", 6), ("killed", 2)]),
    ],
)
def test_the_verb_at_the_end_finds_its_people(
    sentence: str, figures: list[tuple[str, int | None]]
) -> None:
    """Adjuncts, relative clauses and objects stand between a count and its harm."""
    assert stated(sentence) == figures


@pytest.mark.parametrize(
    "sentence",
    [
        "نماینده از این حمله جان سالم به در برد.",
        "پولیس پنج نفر را در پیوند به قتل یک خبرنگار بازداشت کرد.",
        "هیچ‌یک از ۳۰ کارمند کشته نشده است.",
        "بیم آن می‌رود که شش تن کشته شده باشند.",
        "در صنف ۲۰۰ نفر بودند که انفجار رخ داد.",
        "شفاخانهٔ صد بستر ویران شد و ۲۰ موتر سوخت.",
        "شصت نفر نجات داده شدند.",
        "سن قربانیان بین ۱۲ تا ۱۷ سال است.",
        "پنج وزیر از کشتار غیرنظامیان ابراز نگرانی کردند.",
        "سه عملیات انجام شد و چند مخفیگاه از بین رفت.",
        "سه پولیس به محل رسیدند که جسد را پیدا کردند.",
        "۱۲ خانواده پس از کشته شدن نان‌آورشان آواره شدند.",
    ],
)
def test_what_is_denied_feared_or_no_person_is_no_figure(sentence: str) -> None:
    """Survival, a case of murder, a denied or feared harm, beds and ages count nobody."""
    assert stated(sentence) == []
