"""Patterns over tags: what a formula means, and that what was read before changes nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.core.lang.alphabet import ANY, Alphabet, Formula, TagPattern
from worker.core.lang.cascade import run
from worker.core.lang.grammar import Grammar, build_grammar
from worker.core.lang.tokens import Token

_TAGS = ["A", "B", "C", "WORD", "MADE"]
_SETS = st.frozensets(st.sampled_from(_TAGS), max_size=3)
_FORMULAS = ["A", "!A", "A&!B", "A|B&C", "!A&!B|C", ANY]


def _grammar() -> Grammar:
    """Rules that make, tag and state, each on what the ones before it may have made."""
    rule = [
        {"name": "clause", "stage": "one", "rule": "+MADE <- <A> <!C>{0,4}"},
        {"name": "pair", "stage": "one", "rule": "MADE.B <- <B> <!A>? <C>"},
        {"name": "who", "stage": "one", "rule": "~WIDE <- n:<B&!WIDE> <WORD>{1,2} (?=<C>)"},
        {"name": "told", "stage": "one", "rule": "!told <- <MADE&!A> x:<MADE|C> (?!<B>)"},
    ]
    return build_grammar(
        "letters", [("letters", {"stages": ["one"], "triggers": [ANY], "rule": rule})]
    )


def _tokens(sets: list[frozenset[str]]) -> list[Token]:
    return [
        Token(2 * i, 2 * i + 1, tags | {ANY}, "w", None, None, {}) for i, tags in enumerate(sets)
    ]


@given(st.lists(st.lists(_SETS, max_size=8), min_size=2, max_size=6))
def test_what_was_read_before_changes_no_reading(sentences: list[list[frozenset[str]]]) -> None:
    """A grammar that has read other sentences finds what a new one finds."""
    used = _grammar()
    for sentence in sentences:
        assert run(used, _tokens(sentence)) == run(_grammar(), _tokens(sentence))


def test_a_rule_goes_on_from_what_it_has_just_written() -> None:
    """The second A stands within the first one's clause, and opens one of its own that goes further.

    (Its set of tags was new, and the rule did not know its character until the next sentence.)
    """
    words = [frozenset(tags) for tags in ("A", "", "A", "", "", "", "", "C", "")]
    tokens, _ = run(_grammar(), _tokens(words))
    assert ["MADE" in token.tags for token in tokens] == [True] * 7 + [False] * 2


@given(st.lists(_SETS, min_size=1, max_size=30), st.sampled_from(_FORMULAS))
def test_a_pattern_finds_the_tokens_that_satisfy_its_formula(
    sets: list[frozenset[str]], text: str
) -> None:
    """Whatever else came up, and whichever of those that hold and those that fail are fewer."""
    formulas = [Formula.of(text, 1 << bit) for bit, text in enumerate(_FORMULAS)]
    alphabet = Alphabet(formulas)
    formula = formulas[_FORMULAS.index(text)]
    pattern = TagPattern([formula], 0)
    for index, tags in enumerate(sets):
        match = pattern.search(alphabet, alphabet.letter(tags), 0)
        assert (match is not None) == formula.holds(tags), index


@given(st.lists(_SETS, min_size=1, max_size=30))
def test_a_sentence_has_the_bits_of_what_its_tokens_satisfy(sets: list[frozenset[str]]) -> None:
    """No rule is left unasked that could match."""
    formulas = [Formula.of(text, 1 << bit) for bit, text in enumerate(_FORMULAS)]
    alphabet = Alphabet(formulas)
    mask = alphabet.mask("".join(alphabet.letter(tags) for tags in sets))
    for formula in formulas:
        assert bool(mask & formula.bit) == any(formula.holds(tags) for tags in sets)


def test_a_widened_token_stays_what_it_is() -> None:
    """It stands for the whole match, and later rules meet one token."""
    words = [frozenset({tag}) for tag in ("B", "WORD", "WORD", "C")]
    tokens, _ = run(_grammar(), _tokens(words))
    assert [(token.start, token.end, token.value) for token in tokens] == [
        (0, 5, None),
        (6, 7, None),
    ]
    assert tokens[0].tags == {"B", "WIDE", ANY}
    assert tokens[0].word == "w"
    assert tokens[0].rules == ("who",)
