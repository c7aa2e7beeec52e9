"""Urdu: its words and rules for figures, read through the pack."""

from __future__ import annotations

import pytest

from tests.core.sentence import stated


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("حملے میں کم از کم پینتیس افراد ہلاک ہو گئے۔", [("killed", 35)]),
        ("20 سے زائد شہری جاں بحق جبکہ درجنوں زخمی ہیں۔", [("injured", None), ("killed", 20)]),
        ("مسلح افراد نے تین اہلکاروں کو گولی مار کر ہلاک کر دیا۔", [("killed", 3)]),
        ("مرنے والوں کی تعداد 22 سے بڑھ کر 27 ہو گئی۔", [("killed", 27)]),
        ("ہلاکتیں 29 تک جا پہنچیں۔", [("killed", 29)]),
        ("دو خواتین سمیت سات شہری ہلاک ہو گئے۔", [("killed", 7)]),
        ("ایک خاتون اور اس کے دو بچے زخمی ہوئے۔", [("injured", 3)]),
        ("صحافی نادیہ حکیمی کو گولی مار کر قتل کر دیا گیا۔", [("killed", 1)]),
        ("70 افراد ہلاک یا زخمی ہوئے۔", [("casualties", 70)]),
        ("اسی علاقے میں 35 سالہ شخص زخمی ہوا۔", [("injured", 1)]),
        ("کسی کے ہلاک ہونے کی اطلاع نہیں، دھماکا 9 بجے ہوا۔", []),
    ],
)
def test_urdu_counts_are_read_as_they_are_printed(
    sentence: str, found: list[tuple[str, int | None]]
) -> None:
    """Number words, case markers between people and their harm; and what counts nobody."""
    assert sorted(stated("ur", sentence)) == found
