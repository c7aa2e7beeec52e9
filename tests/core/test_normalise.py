"""Normalised text finds its way back to what was printed."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from worker.core.lang.normalise import normalise, plain

TEXTS = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8"), st.sampled_from("\u00a0\u200c\u0640 \n’“—éİıكي٣۷क़")
    ),
    max_size=80,
)


@given(TEXTS)
def test_span_quotes_the_original(raw: str) -> None:
    """Whatever is matched in the copy, the span quotes the original exactly."""
    norm = normalise(raw)
    for start in range(0, len(norm.text), 3):
        span = norm.span(start, min(len(norm.text), start + 5))
        assert raw[span.start : span.end] == span.quote


@given(TEXTS)
def test_normalise_gives_offsets_that_never_go_back(raw: str) -> None:
    """Positions of the copy map to the original in order, one for each character and one more."""
    norm = normalise(raw)
    assert len(norm.offsets) == len(norm.text) + 1
    assert list(norm.offsets) == sorted(norm.offsets)
    assert norm.offsets[-1] == len(raw)


@given(TEXTS)
def test_normalise_twice_changes_nothing(raw: str) -> None:
    """The copy is already normal, so patterns normalised at load time meet it."""
    once = plain(raw)
    assert plain(once) == once


@given(TEXTS, st.integers(min_value=0, max_value=90))
def test_from_raw_is_the_first_character_at_or_after(raw: str, index: int) -> None:
    """A position of the original lands on the first copied character that is not before it."""
    norm = normalise(raw)
    at = norm.from_raw(index)
    assert all(norm.offsets[i] < index for i in range(at))
    assert at == len(norm.text) or norm.offsets[at] >= index


def test_span_quotes_no_break_spaces_as_printed() -> None:
    """A figure beside a no-break space is found, and its span keeps the odd space."""
    raw = "at least\u00a014 people"
    norm = normalise(raw)
    start = norm.text.index("14 people")
    assert norm.text == "at least 14 people"
    assert norm.span(start - 1, start + 9).quote == "14 people"
    assert norm.span(0, len(norm.text)).quote == raw


def test_normalise_makes_one_letter_of_persian_and_arabic_forms() -> None:
    """Arabic and Persian ways of writing one word, marks and joiners meet in one form."""
    assert plain("كابل") == plain("کابل")
    assert plain("وزیرِ") == plain("وزير")
    assert plain("می‌شود") == plain("میشود")
    assert plain("Kārte Chār") == "karte char"
    assert plain("İstanbul") == plain("istanbul")
    assert plain("۱۴ و ١٤ و १४") == "14 و 14 و 14"


def test_normalise_keeps_line_breaks_and_shrinks_blanks() -> None:
    """Paragraphs matter, double blanks do not."""
    assert normalise("a  \t b\r\n\nc").text == "a b\n\n\nc"


@given(TEXTS)
def test_normalise_drops_every_latin_mark(raw: str) -> None:
    """A name with an accent and one without are the same name."""
    decomposed = unicodedata.normalize("NFD", normalise(raw).text)
    assert not [c for c in decomposed if unicodedata.category(c) == "Mn" and ord(c) < 0x345]
