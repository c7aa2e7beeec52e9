"""Language of a text, with the declared one as a prior."""

from __future__ import annotations

import pytest

from worker.core.text.identify import canonical, identify

ENGLISH = "A bomb killed five people outside a clinic on Tuesday morning, the police chief said."
SPANISH = "Una bomba mató a cinco personas frente a una clínica el martes por la mañana, según la policía."
PERSIAN = "انفجار بمب روز سه‌شنبه در نزدیکی یک درمانگاه پنج کشته برجای گذاشت، پولیس گفت."


@pytest.mark.parametrize(("text", "lang"), [(ENGLISH, "en"), (SPANISH, "es"), (PERSIAN, "fa")])
def test_identify_needs_no_declaration_for_a_lead(text: str, lang: str) -> None:
    """A lead is enough to tell."""
    assert identify(text, None) == lang


def test_identify_believes_the_declaration_of_a_short_title() -> None:
    """Too few words to overrule the feed, unless they are in another script."""
    assert identify("Bomba en Kabul", "es-ES") == "es"
    assert identify("Atentado", "es") == "es"
    assert identify("انفجار در کابل", "en") in ("fa", "ps", "ar", "ur")


def test_identify_lets_a_clear_text_overrule_the_declaration() -> None:
    """Many sites declare the language of their template."""
    assert identify(SPANISH, "en") == "es"


def test_identify_takes_sibling_languages_for_one() -> None:
    """Dari is read as Persian, regional codes lose their region."""
    assert [canonical(c) for c in ("prs", "en-US", "PT_br", None)] == ["fa", "en", "pt", ""]
    assert identify(PERSIAN, "prs") == "fa"


def test_identify_of_no_letters_is_the_declaration_or_undetermined() -> None:
    """No letters: the declaration, or undetermined."""
    assert identify("12:30", "ar") == "ar"
    assert identify("", None) == "und"
