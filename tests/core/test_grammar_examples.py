"""The rules of all grammars against their own examples, read as articles are read.

A pack's rule is tried in its language; a rule of ``shared`` in each language that it has examples in,
behind that language's own rules. All examples of a language are one test: a failure names each
that fails.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, get_args

import pytest

from tests.profiles.cities import PORTSMERE
from tests.together import failures
from worker.config.knowledge import load_knowledge
from worker.core.annotate.actors import STATES, find_actors
from worker.core.annotate.attributions import Marks
from worker.core.annotate.counts import find_counts, with_groups
from worker.core.annotate.cut_text import cut_text
from worker.core.annotate.dates import find_dates
from worker.core.annotate.events import find_events
from worker.core.annotate.places import find_places
from worker.core.annotate.speakers import find_speaker_names
from worker.core.lang.alphabet import ANY
from worker.core.lang.cascade import Finding
from worker.core.lang.grammar import Rule
from worker.core.lang.language import GrammarName, Language, Reader
from worker.core.lang.tokens import NO_TAGS, Token
from worker.core.text.prose import Prose, compose

KNOWLEDGE = load_knowledge(PORTSMERE)
WEDNESDAY = dt.date(2031, 3, 12)
STAGES = [
    "numbers that count no people",
    "persons and counts",
    "harm",
    "parts and groups",
    "events",
]
"""Of figures in English."""


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

    def __str__(self) -> str:
        kind = "yes" if self.fires else "no"
        place = self.place
        return f"{place.language.code} {place.grammar} {place.rule.name} {kind}: {self.text}"


CODES = tuple(KNOWLEDGE.languages)
"""Of all languages. No pack is built for it: that takes seconds, and each process collects tests."""


def places_in(code: str) -> Iterator[Place]:
    """Every rule that a language reads by, shared ones among them."""
    language = KNOWLEDGE.languages[code]
    for name in get_args(GrammarName):
        reader = language.reader(name)
        if reader is not None:
            for rule in reader.grammar.rules:
                yield Place(language, name, reader, rule)


def places() -> Iterator[Place]:
    """Every rule of every language; a shared one as often as languages have it."""
    return (place for code in CODES for place in places_in(code))


def cases_in(code: str) -> list[Case]:
    """Every example that rules have in a language."""
    return [
        Case(place, example.text, example.fires)
        for place in places_in(code)
        for example in place.rule.examples
        if example.lang == code
    ]


Read = tuple[list[Token], list[Finding]]
"""The tokens of a text as a grammar leaves them, also those that it made on the way; its findings."""
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
        if finding.token is not None:
            for rule in finding.token.rules:
                used.setdefault(rule, set()).add(
                    prose.text[finding.token.start : finding.token.end]
                )
    return used


def read_figures(prose: Prose, language: Language) -> Read:
    """What the rules of figures make of a text."""
    named = find_actors(prose, KNOWLEDGE.profile.actors)
    groups = tuple(a for a in named if a.actor.actor_class not in STATES)
    return read_runs(prose, language, "figures", lambda run: with_groups(run, groups))


def read_events(prose: Prose, language: Language) -> Read:
    """What the rules of events make of a text, beside its places and dates."""
    dates = find_dates(prose, KNOWLEDGE).seen_from(WEDNESDAY)
    places = find_places(prose, KNOWLEDGE)
    sentences = find_events(cut_text(prose, language), places, dates, (), WEDNESDAY)
    return [token for sentence in sentences for token in sentence.tokens], []


def read_speakers(prose: Prose, language: Language) -> Read:
    """What the rules of speakers make of a text, beside its names and counts."""
    names = find_speaker_names(prose, KNOWLEDGE.profile, WEDNESDAY)
    marks = Marks.of(prose, names, find_counts(cut_text(prose, language)))
    return read_runs(prose, language, "speakers", marks.on)


def read_runs(
    prose: Prose,
    language: Language,
    name: GrammarName,
    marked: Callable[[Sequence[Token]], Sequence[Token]],
) -> Read:
    """What a grammar makes of the runs of a text, each with the marks that it gets beforehand."""
    reader = language.readers[name]
    text = cut_text(prose, language)
    tokens, findings = list[Token](), list[Finding]()
    for sentence in text.sentences:
        for run in text.runs(sentence, reader):
            made, found = reader.read(marked(run))
            tokens += made
            findings += found
    return tokens, findings


READ: dict[GrammarName, Callable[[Prose, Language], Read]] = {
    "figures": read_figures,
    "events": read_events,
    "speakers": read_speakers,
}


def stage_by_stage(case: Case) -> Iterator[str]:
    """The words of an example with their classes, and after each stage what has become of them."""
    language, name, reader, _ = case.place
    prose = compose(None, case.text, language.code)
    rules = reader.grammar.rules
    before: set[str] = set()
    for stage in ("", *dict.fromkeys(rule.stage for rule in rules)):
        done = (
            () if not stage else rules[: max(n for n, r in enumerate(rules, 1) if r.stage == stage)]
        )
        cut = Reader(replace(reader.grammar, rules=done), reader.words)
        tokens, _ = READ[name](prose, replace(language, readers={**language.readers, name: cut}))
        after = [
            f"  {prose.text[t.start : t.end]}: {' '.join(sorted(t.tags - {ANY}))}" for t in tokens
        ]
        yield f"after {stage!r}" if stage else "words"
        yield from (line for line in after if line not in before) if stage else after
        before = set(after)


def judge(case: Case) -> None:
    """``yes`` uses the rule, ``no`` does not. The message says which rules took which words, and
    shows these with their classes after each stage."""
    language, grammar, _, rule = case.place
    prose = compose(None, case.text, language.code)
    used = used_by(prose, *READ[grammar](prose, language))
    if (rule.name in used) is not case.fires:
        took = "; ".join(f"{name} took {sorted(words)}" for name, words in sorted(used.items()))
        pytest.fail("\n".join([rule.source, took or "no rule was used", *stage_by_stage(case)]))


@pytest.mark.parametrize("code", CODES)
def test_every_rule_is_used_in_its_example_and_not_in_its_neighbour(code: str) -> None:
    """Every example of every rule of a language."""
    told = failures(cases_in(code), judge, str)
    assert not told, told


def test_a_failing_example_shows_words_with_their_classes_after_each_stage() -> None:
    """All words first, then what each stage has made or tagged."""
    (place,) = (p for p in places() if (p.language.code, p.rule.name) == ("en", "people-killed"))
    told = list(
        stage_by_stage(Case(place, "Two men were killed, and a boy was taken to it.", True))
    )
    words, *stages = (n for n, line in enumerate(told) if not line.startswith("  "))
    assert [told[n] for n in stages] == [f"after {stage!r}" for stage in STAGES]
    assert "  to: BE MODAL TO" in told[words : stages[0]]
    assert "  two men: COUNT" in told[stages[1] : stages[2]]
    assert "  two men: COUNT USED" in told[stages[-1] :]
    assert sum(line.startswith("  to: ") for line in told) == 1


def judge_neighbour(case: Case) -> None:
    """A word of it sets the rules to work."""
    language, _, reader, _ = case.place
    text = cut_text(compose(None, case.text, language.code), language)
    runs = [run for sentence in text.sentences for run in text.runs(sentence, reader)]
    tags = NO_TAGS.union(*(token.tags for run in runs for token in run))
    if not tags & reader.grammar.triggers:
        pytest.fail("no trigger word in this sentence")


@pytest.mark.parametrize("code", CODES)
def test_every_neighbour_is_read(code: str) -> None:
    """A ``no`` that no rule of its grammar is tried on could never fail."""
    neighbours = [case for case in cases_in(code) if not case.fires]
    told = failures(neighbours, judge_neighbour, str)
    assert not told, told


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
