"""Language of a text, with the declared one as a prior."""

from __future__ import annotations

import pytest

from worker.core.text.identify import canonical, identify

ENGLISH = "A bomb killed five people outside a clinic on Tuesday morning, the police chief said."
SPANISH = "Una bomba mató a cinco personas frente a una clínica el martes por la mañana, según la policía."
PERSIAN = "انفجار بمب روز سه‌شنبه در نزدیکی یک درمانگاه پنج کشته برجای گذاشت، پولیس گفت."


@pytest.mark.parametrize(("text", "lang"), [(ENGLISH, "en"), (SPANISH, "es"), (PERSIAN, "fa")])
def test_found_without_help(text: str, lang: str) -> None:
    """A lead is enough to tell."""
    assert identify(text, None) == lang


def test_a_short_title_is_in_the_declared_language() -> None:
    """Too few words to overrule the feed, unless they are in another script."""
    assert identify("Bomba en Kabul", "es-ES") == "es"
    assert identify("Atentado", "es") == "es"
    assert identify("انفجار در کابل", "en") in ("fa", "ps", "ar", "ur")


def test_a_clear_text_overrules_a_wrong_declaration() -> None:
    """Many sites declare the language of their template."""
    assert identify(SPANISH, "en") == "es"


def test_siblings_are_one() -> None:
    """Dari is read as Persian, regional codes lose their region."""
    assert [canonical(c) for c in ("prs", "en-US", "PT_br", None)] == ["fa", "en", "pt", ""]
    assert identify(PERSIAN, "prs") == "fa"


def test_nothing_to_read() -> None:
    """No letters: the declaration, or undetermined."""
    assert identify("12:30", "ar") == "ar"
    assert identify("", None) == "und"
