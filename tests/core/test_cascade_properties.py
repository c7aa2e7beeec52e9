"""The engine on anything: tokens stay in order, rules end, and the work is bounded by the length."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from worker.config.knowledge import language_names, load_languages
from worker.core.annotate.counts import find_counts
from worker.core.annotate.cut_text import LONGEST_TOKENS, cut_text
from worker.core.lang.alphabet import Alphabet, TagPattern
from worker.core.lang.cascade import run
from worker.core.lang.grammar import Grammar
from worker.core.lang.language import GrammarName, Language, Reader
from worker.core.lang.normalise import Range, normalise
from worker.core.lang.tokens import Script, Token, cut, read_number
from worker.core.text.prose import compose

GRAMMARS = [(code, name) for code in language_names() for name in get_args(GrammarName)]
"""Every grammar of every language. No pack is built for it: each process collects all tests."""


@cache
def languages() -> Mapping[str, Language]:
    """All packs, built when a test first asks."""
    return load_languages()


def reader_of(code: str, name: GrammarName) -> Reader:
    return languages()[code].readers[name]


SCRIPTS = st.deferred(
    lambda: st.sampled_from([*(one.script for one in languages().values()), Script(spaceless=True)])
)
TEXTS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(" .,:;'\"-0123456789abcÜöÉ"),
        st.sampled_from("كشتهشدند و ۱۲٣ مئة‌‍لا"),
        st.sampled_from("मारे गए पाँच क्षि ०१२"),
        st.sampled_from("七人死亡，。第3名"),
    ),
    max_size=120,
)


def inside_and_in_order(pieces: list[Range], at: Range) -> bool:
    return all(at.start <= p.start < p.end <= at.end for p in pieces) and all(
        a.end <= b.start for a, b in pairwise(pieces)
    )


@given(TEXTS, SCRIPTS, st.integers(0, 20), st.integers(0, 20))
@example("27-year-old co-founder's 4تن ب4 8'den", Script(endings_after_apostrophe=True), 0, 0)
@example("8:40:", Script(), 1, 0)
def test_cut_leaves_out_blanks_and_nothing_else(
    raw: str, script: Script, skipped: int, dropped: int
) -> None:
    """Pieces of any stretch of any text lie inside it, in order; only blanks, and endings after an
    apostrophe where the script drops them, are in no piece."""
    text = normalise(raw).text
    at = Range(min(skipped, len(text)), max(min(skipped, len(text)), len(text) - dropped))
    pieces = list(cut(text, at, script))
    assert inside_and_in_order(list(pieces), at)
    assert all(text[p.start : p.end] == p.word for p in pieces)
    covered = {i for p in pieces for i in range(p.start, p.end)}
    left = "".join(text[i] for i in range(at.start, at.end) if i not in covered)
    if not script.endings_after_apostrophe:
        assert not left.strip()


@pytest.mark.parametrize(("code", "name"), GRAMMARS)
@settings(max_examples=40)
@given(raw=TEXTS)
def test_read_keeps_the_order_of_any_text(code: str, name: GrammarName, raw: str) -> None:
    """Before and after all rules the tokens are in order, inside the text, and none overlaps; a text
    that has a word to set the rules to work is never left unread."""
    norm = normalise(raw)
    at = Range(0, len(norm.text))
    pieces = languages()[code].cut(norm.text, at)
    reader = reader_of(code, name)
    tokens = reader.tokens(pieces, lambda i: norm.letter(i).isupper(), norm.letter)
    assert inside_and_in_order(list(tokens), at)
    triggered = any(token.tags & reader.grammar.triggers for token in tokens)
    assert reader.concerns(pieces) or not triggered
    read, findings = reader.read(tokens)
    assert inside_and_in_order(list(read), at)
    assert {(t.start, t.end) for t in read} <= {
        (a.start, b.end) for a in tokens for b in tokens if a.start <= b.start
    }
    assert all(0 <= f.start <= f.end <= at.end for f in findings)


def made_of(tag_sets: list[frozenset[str]]) -> list[Token]:
    return [
        Token(2 * i, 2 * i + 1, tags, "x", 7 if "NUM" in tags else None)
        for i, tags in enumerate(tag_sets)
    ]


def alphabet(grammar: Grammar) -> list[str]:
    return sorted(grammar.classes)


@pytest.mark.parametrize(("code", "name"), GRAMMARS)
@settings(max_examples=25)
@given(data=st.data())
def test_run_ends_on_any_tags_and_makes_no_token_of_nothing(
    code: str, name: GrammarName, data: st.DataObject
) -> None:
    """Whatever tags stand beside each other: never more tokens than came in, in order; each statement
    about a number once for each rule head."""
    reader = reader_of(code, name)
    names = st.sampled_from(alphabet(reader.grammar))
    sets = data.draw(st.lists(st.frozensets(names, max_size=3), max_size=40))
    tokens = made_of(sets)
    read, findings = run(reader.grammar, tokens)
    assert len(read) <= len(tokens)
    assert inside_and_in_order(list(read), Range(0, 2 * len(tokens)))
    about = [(f.what, f.token.start, f.token.end) for f in findings if f.token is not None]
    assert len(about) == len(set(about))


class CountedRules:
    """How often rules are searched for; a rule is a search, and one more for each match."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.searches = 0
        made = TagPattern.search

        def counted(
            pattern: TagPattern, letters: Alphabet, code: str, position: int
        ) -> re.Match[str] | None:
            self.searches += 1
            return made(pattern, letters, code, position)

        monkeypatch.setattr(TagPattern, "search", counted)


_MATCHES_A_TOKEN = 3
ADVERSARIAL = {
    "en": ["seven people killed , ", "killed seven people and ", "7 of them , including dead "],
    "es": ["siete personas muertas , ", "murieron siete personas y ", "muertos , entre ellos dos "],
    "ar": ["قتل سبعة أشخاص و ", "قتلى بينهم طفلان ، ", "قتيلان "],
    "fa": ["هفت تن کشته شدند ، ", "کشته به شمول دو کودک و "],
    "hi": ["सात लोग मारे गए और ", "दो बच्चे घायल , "],
    "tr": ["yedi kişi öldü , ", "ölen 3'ü polis 8 kişi ve "],
}


@pytest.mark.parametrize(
    ("code", "words"), [(code, words) for code in ADVERSARIAL for words in ADVERSARIAL[code]]
)
def test_find_counts_works_as_much_as_a_long_sentence_is_long(
    code: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A "sentence" of 4,000 tokens: twice the length is twice the searches, and each looks at no more
    than a run of ``LONGEST_TOKENS``."""
    language = languages()[code]
    reader = language.readers["figures"]
    rules = len(reader.grammar.rules)
    work = []
    for length in (2000, 4000):
        prose = compose(None, words * (length // len(words.split())), code)
        with monkeypatch.context() as patched:
            counted = CountedRules(patched)
            find_counts(cut_text(prose, language))
        work.append(counted.searches)
        matches = _MATCHES_A_TOKEN * length
        assert counted.searches <= rules * (length / LONGEST_TOKENS + 1) + matches
    assert 0 < work[1] <= 2 * work[0] + rules


@given(st.integers(0, 10**9), st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]))
def test_read_number_gives_back_a_number_printed_with_its_separators(
    value: int, separators: tuple[str, str]
) -> None:
    """Thousands in groups of three, with the language's separator."""
    thousands, decimal = separators
    script = Script(thousands=thousands, decimal=decimal)
    printed = f"{value:,}".replace(",", thousands)
    assert read_number(printed, script)[0] in (value, None)
    assert read_number(str(value), script) == (value, None)
    if thousands in ",.":
        assert read_number(printed, script) == (value, None)
        assert [p.word for p in cut(printed, Range(0, len(printed)), script)] == [printed]


@given(st.integers(100_000, 10**9))
def test_read_number_gives_back_lakhs(value: int) -> None:
    """Groups of two before the last three, as printed in India."""
    head, tail = divmod(value, 1000)
    digits = str(head)
    groups = [digits[max(0, i - 2) : i] for i in range(len(digits), 0, -2)][::-1]
    assert read_number(",".join([*groups, f"{tail:03}"]), Script()) == (value, None)


@given(st.integers(0, 999), st.integers(0, 9), st.sampled_from([(",", "."), (".", ",")]))
def test_read_number_takes_a_decimal_for_no_count(
    whole: int, rest: int, separators: tuple[str, str]
) -> None:
    """One digit behind the decimal point is no group of thousands."""
    thousands, decimal = separators
    script = Script(thousands=thousands, decimal=decimal)
    assert read_number(f"{whole}{decimal}{rest}", script) == (None, f"{whole}.{rest}")


@pytest.mark.parametrize(("code", "name"), GRAMMARS)
@settings(max_examples=30)
@given(value=st.integers(0, 10**7))
def test_tokens_hold_a_number_as_its_language_prints_it(
    code: str, name: GrammarName, value: int
) -> None:
    """With thousands set off or not, and between words: one token, with the value."""
    reader = reader_of(code, name)
    thousands = languages()[code].script.thousands[:1]
    for printed in {str(value), f"{value:,}".replace(",", thousands)}:
        text = normalise(f"x {printed} x").text
        cut_words = languages()[code].cut(text, Range(0, len(text)))
        tokens = reader.tokens(cut_words, lambda _: False)
        assert [t.value for t in tokens if "NUM" in t.tags] == [value]


@pytest.mark.parametrize(
    ("code", "text"),
    [("fa", "۱٬۲۰۰ تن کشته شدند."), ("fa", "۱,۲۰۰ تن کشته شدند."), ("ar", "قتل ١٬٢٠٠ شخص")],
)
def test_find_counts_reads_separators_of_arabic_script(code: str, text: str) -> None:
    """Twelve hundred, and not the two hundred behind the mark."""
    found = find_counts(cut_text(compose(None, text, code), languages()[code]))
    assert [(count.what, count.value) for count in found] == [("killed", 1200)]
