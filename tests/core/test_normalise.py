"""Normalised text finds its way back to what was printed."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from worker.core.domain.document import Span
from worker.core.lang.normalise import Range, apart, normalise, plain, starting_in, words_end

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
        span = norm.span(Range(start, min(len(norm.text), start + 5)))
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
def test_range_of_begins_at_the_first_character_at_or_after(raw: str, index: int) -> None:
    """A span lands on the first copied character that does not stand before it."""
    norm = normalise(raw)
    at = norm.range_of(Span(index, len(raw), raw[index:])).start
    assert all(norm.offsets[i] < index for i in range(at))
    assert at == len(norm.text) or norm.offsets[at] >= index


@given(TEXTS)
def test_range_of_takes_a_span_back_to_where_it_came_from(raw: str) -> None:
    """From the copy to the original and back there is one way: the span comes out the same."""
    norm = normalise(raw)
    for start in range(0, len(norm.text), 3):
        span = norm.span(Range(start, min(len(norm.text), start + 5)))
        assert norm.span(norm.range_of(span)) == span


PLACES = st.integers(min_value=0, max_value=12)
RANGES = st.builds(Range, PLACES, PLACES).filter(lambda r: r.start < r.end)


@given(RANGES, RANGES)
def test_range_relations_agree_with_the_characters(one: Range, two: Range) -> None:
    """What a range holds, shares and lies in is what its characters say; the gap lies between."""
    left, right = set(range(one.start, one.end)), set(range(two.start, two.end))
    assert one.overlaps(two) == two.overlaps(one) == bool(left & right)
    assert one.within(two) == (left <= right)
    assert all(one.holds(position) == (position in left) for position in range(13))
    between = [p for p in range(13) if min(max(left), max(right)) < p < max(min(left), min(right))]
    assert one.gap(two) == two.gap(one) == len(between)


@given(st.lists(RANGES, max_size=8), RANGES)
def test_starting_in_finds_what_begins_inside(found: list[Range], at: Range) -> None:
    """Looking it up and looking at every one give the same."""
    ordered = tuple(sorted(found, key=lambda r: r.start))
    assert starting_in(ordered, at) == tuple(r for r in ordered if at.holds(r.start))


@given(TEXTS, st.integers(min_value=0, max_value=20))
def test_words_end_leaves_out_the_blanks_before(raw: str, low: int) -> None:
    """What stands between the end of the words and the end is blank, and all of it."""
    text = normalise(raw).text
    low = min(low, len(text))
    assert words_end(text, len(text), low) == low + len(text[low:].rstrip())


@given(st.lists(RANGES, max_size=8))
def test_apart_leaves_nothing_that_overlaps(found: list[Range]) -> None:
    """Of those that overlap, whichever comes first in the given order stays."""
    ordered = sorted(found, key=lambda r: (r.start, -r.end))
    kept = list(apart(ordered))
    assert not any(a.overlaps(b) for i, a in enumerate(kept) for b in kept[i + 1 :])
    assert all(any(k.overlaps(r) for k in kept) for r in ordered)


def test_span_quotes_no_break_spaces_as_printed() -> None:
    """A figure beside a no-break space is found, and its span keeps the odd space."""
    raw = "at least\u00a014 people"
    norm = normalise(raw)
    start = norm.text.index("14 people")
    assert norm.text == "at least 14 people"
    assert norm.span(Range(start - 1, start + 9)).quote == "14 people"
    assert norm.span(Range(0, len(norm.text))).quote == raw


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


def test_plain_writes_han_characters_simplified() -> None:
    """One list of words serves both ways to write Chinese; full-width marks are ASCII."""
    assert plain("喀布爾遭襲擊，8人喪生（12傷）") == "喀布尔遭袭击,8人丧生(12伤)"
