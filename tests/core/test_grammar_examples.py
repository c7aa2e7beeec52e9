"""The rules of all grammars against their own examples, read as articles are read.

A pack's rule is tried in its language; a rule of ``shared`` in each language that it has examples in,
behind that language's own rules.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple, get_args

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.annotate.actors import STATES, find_actors
from worker.core.annotate.attributions import Marks
from worker.core.annotate.counts import find_counts, with_groups
from worker.core.annotate.cut_text import cut_text
from worker.core.annotate.dates import find_dates
from worker.core.annotate.events import find_events
from worker.core.annotate.places import find_places
from worker.core.annotate.speakers import find_speaker_names
from worker.core.lang.cascade import Finding
from worker.core.lang.grammar import Rule
from worker.core.lang.language import GrammarName, Language, Reader
from worker.core.lang.tokens import NO_TAGS, Token
from worker.core.text.prose import Prose, compose

KNOWLEDGE = load_knowledge(PORTSMERE)
WEDNESDAY = dt.date(2031, 3, 12)


class Place(NamedTuple):
    """A rule as one language has it."""

    language: Language
    grammar: GrammarName
    reader: Reader
    rule: Rule


class Case(NamedTuple):
    """An example of a rule."""

    place: Place
    text: str
    fires: bool

    def __repr__(self) -> str:
        kind = "yes" if self.fires else "no"
        return f"{self.place.language.code} {self.place.grammar} {self.place.rule.name} {kind}"


def places() -> Iterator[Place]:
    """Every rule of every language; a shared one as often as languages have it."""
    for language in KNOWLEDGE.languages.values():
        for name in get_args(GrammarName):
            reader = language.reader(name)
            if reader is not None:
                for rule in reader.grammar.rules:
                    yield Place(language, name, reader, rule)


CASES = [
    Case(place, example.text, example.fires)
    for place in places()
    for example in place.rule.examples
    if example.lang == place.language.code
]


Used = dict[str, set[str]]
"""The rules that were used, each with the words that it read."""


def used_by(prose: Prose, tokens: Iterable[Token], findings: Iterable[Finding] = ()) -> Used:
    """The rules that made or tagged a token, or state something."""
    used: Used = {}
    for token in tokens:
        for rule in token.rules:
            used.setdefault(rule, set()).add(prose.text[token.start : token.end])
    for finding in findings:
        used.setdefault(finding.rule, set()).add(prose.text[finding.start : finding.end])
    return used


def used_in_figures(prose: Prose, language: Language, reader: Reader) -> Used:
    """The rules that made or tagged something, or state something, in a text."""
    named = find_actors(prose, KNOWLEDGE.profile.actors)
    groups = tuple(a for a in named if a.actor.actor_class not in STATES)
    tokens, findings = list[Token](), list[Finding]()
    text = cut_text(prose, language)
    for sentence in text.sentences:
        for run in text.runs(sentence, reader):
            made, found = reader.read(with_groups(run, groups))
            tokens += [*made, *(f.token for f in found if f.token is not None)]
            findings += found
    return used_by(prose, tokens, findings)


def used_in_events(prose: Prose, language: Language) -> Used:
    """The rules that tagged something beside the places and dates of a text."""
    dates = find_dates(prose, KNOWLEDGE).seen_from(WEDNESDAY)
    places = find_places(prose, KNOWLEDGE)
    sentences = find_events(cut_text(prose, language), places, dates, (), WEDNESDAY)
    return used_by(prose, (token for sentence in sentences for token in sentence.tokens))


def used_in_speakers(prose: Prose, language: Language, reader: Reader) -> Used:
    """The rules that made or tagged something, or state something, beside names and counts."""
    names = find_speaker_names(prose, KNOWLEDGE.profile, WEDNESDAY)
    text = cut_text(prose, language)
    marks = Marks.of(prose, names, find_counts(text))
    tokens, findings = list[Token](), list[Finding]()
    for sentence in text.sentences:
        for run in text.runs(sentence, reader):
            made, found = reader.read(marks.on(run))
            tokens += made
            findings += found
    return used_by(prose, tokens, findings)


def shown(case: Case) -> str:
    return repr(case)


@pytest.mark.parametrize("case", CASES, ids=shown)
def test_every_rule_is_used_in_its_example_and_not_in_its_neighbour(case: Case) -> None:
    """``yes`` uses the rule, ``no`` does not. The message says which rules took which words."""
    language, grammar, reader, rule = case.place
    prose = compose(None, case.text, language.code)
    if grammar == "events":
        used = used_in_events(prose, language)
    elif grammar == "speakers":
        used = used_in_speakers(prose, language, reader)
    else:
        used = used_in_figures(prose, language, reader)
    took = "; ".join(f"{name} took {sorted(words)}" for name, words in sorted(used.items()))
    assert (rule.name in used) is case.fires, took or "no rule was used"


@pytest.mark.parametrize("case", [case for case in CASES if not case.fires], ids=shown)
def test_every_neighbour_is_read(case: Case) -> None:
    """A ``no`` that no rule of its grammar is tried on could never fail."""
    language, _, reader, _ = case.place
    text = cut_text(compose(None, case.text, language.code), language)
    runs = [run for sentence in text.sentences for run in text.runs(sentence, reader)]
    tags = NO_TAGS.union(*(token.tags for run in runs for token in run))
    assert tags & reader.grammar.triggers, "no trigger word in this sentence"


def test_every_rule_has_an_example_for_and_one_against() -> None:
    """A rule without is one that nobody can change. A shared rule needs one language that has it."""
    shown_in: dict[str, set[bool]] = {}
    for place in places():
        key = f"{place.grammar}: {place.rule.name}: {place.rule.source}"
        shown_in.setdefault(key, set()).update(
            example.fires for example in place.rule.examples if example.lang == place.language.code
        )
    assert {rule for rule, fires in shown_in.items() if fires != {True, False}} == set()


def test_no_two_rules_of_a_grammar_have_one_name() -> None:
    """``explain --rules`` and the tests tell rules by their names, and a name is no number."""
    names = Counter(f"{p.language.code} {p.grammar} {p.rule.name}" for p in places())
    assert {name for name, times in names.items() if times > 1} == set()
    assert {name for name in names if re.search(r"\d", name)} == set()
