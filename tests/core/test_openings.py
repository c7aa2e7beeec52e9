"""Where a regex is asked, and where it need not be: what is found stays what the regex finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.lang.alphabet import Alphabet
from worker.core.lang.grammar import build_grammar
from worker.core.lang.openings import openings
from worker.core.lang.phrases import Phrases

_PHRASES = (
    r"bomb(?:s|ed|ing)?", r"(?:car|truck) bomb", r"\d+ (?:dead|hurt)", r"\w+ attacks?",
    r"(?:the )?dead", r"(?<!no )harm\w*", r"[ab]omb of", r"sh?ot", r"(?:no ){1,2}dead|a bomb",
)  # fmt: skip
_WORDS = ("bomb", "bombed", "car", "truck", "12", "dead", "the", "no", "harmed", "aomb", "of", "shot",
          "attack", "a", "-", "hurt,", "sot", "é\u0301bomb", "٣", "_bomb")  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("bomb", {"bom"}),
        ("(?:car|truck) bomb", {"car", "tru"}),
        ("(?:the )?dead", {"the", "dea"}),
        (r"\d+ dead", {"0"}),
        (r"\w+ dead", {""}),
        ("sho?t", {"sho", "sht"}),
        ("(?<!no )harm", {"har"}),
        ("[ab]x|c", {"ax", "bx", "c"}),
        ("(?:bomb|mine)(?:s|(?:ed|ing))+ near|fire", {"bom", "min", "fir"}),
        ("bomb(?:s", {""}),
        ("(a", {""}),
    ],
)
def test_openings_are_what_every_match_begins_with(pattern: str, expected: set[str]) -> None:
    """At most three characters; what may be left out gives way to what follows."""
    assert openings([pattern]) == expected


@given(
    st.lists(st.sampled_from(_WORDS), min_size=40, max_size=80),
    st.lists(st.sampled_from(_PHRASES), min_size=1, max_size=4),
    st.integers(0, 60),
    st.integers(0, 300),
)
def test_find_gives_what_the_regex_alone_finds(
    words: list[str], phrases: list[str], start: int, length: int
) -> None:
    """In any stretch of a text, also one that begins or ends within a word."""
    text = " ".join(words)
    asked = Phrases(phrases, "", "a file", whole=True)
    alone = [m.span() for m in asked.pattern.finditer(text, start, start + length)]
    assert [m.span() for m in asked.find(text, start, start + length)] == alone


_TAGS = ("A", "B", "C", "D")
_PATTERNS = (
    "<A> <B>? <C>", "(?:<A>|<B> <C>) <D>", "<A> (?=<B>|$)", "(?<=<A>) n:<B>", "(?<!<A>) <B>{1,2}",
    "(?:<A>{0,2} <B>|<C&D> <A|B>)", "<!A> (?:<B> <C>){1,2}", "(?:<A> <B>?){0,1} <C>", "<A>|<B> <C>",
)  # fmt: skip


@given(
    st.lists(st.frozensets(st.sampled_from(_TAGS), max_size=2), max_size=7),
    st.sampled_from(_PATTERNS),
)
def test_a_pattern_matches_only_where_what_it_needs_stands(
    sets: list[frozenset[str]], text: str
) -> None:
    """A rule that is not asked would have found nothing."""
    row = {"name": "rule", "stage": "one", "rule": f"+X <- {text}"}
    grammar = build_grammar("letters", [("letters", {"stages": ["one"], "rule": [row]})])
    alphabet: Alphabet = grammar.alphabet
    code = "".join(map(alphabet.letter, sets))
    pattern = grammar.rules[0].pattern
    if pattern.search(alphabet, code, 0) is not None:
        assert pattern.may_match(alphabet.mask(code))


def test_what_is_needed_of_a_choice_is_one_of_its_ways() -> None:
    """A sentence without either alternative is not asked, whatever else it has."""
    row = {"name": "rule", "stage": "one", "rule": "+X <- (?:<A>|<B> <C>) <D>"}
    grammar = build_grammar("letters", [("letters", {"stages": ["one"], "rule": [row]})])
    alphabet, pattern = grammar.alphabet, grammar.rules[0].pattern
    asked = [("D", "C"), ("D", "B"), ("A", "D"), ("B", "C", "D"), ("A", "B")]
    answers = [
        pattern.may_match(alphabet.mask("".join(alphabet.letter(frozenset({t})) for t in tags)))
        for tags in asked
    ]
    assert answers == [False, False, True, True, False]
