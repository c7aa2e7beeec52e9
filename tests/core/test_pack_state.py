"""Language packs: what is refused at load, and what ``pack_states`` finds amiss."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from worker.config.knowledge import load_languages
from worker.core.domain.errors import KnowledgeError
from worker.core.lang.categories import Category
from worker.core.lang.declared import Declared, read_classes, read_flags
from worker.core.lang.language import Language, build_language
from worker.core.lang.lexicon import build
from worker.core.lang.pack_state import PackState, pack_states

LANG = Path(__file__).resolve().parents[2] / "worker" / "core" / "lang"
SAID = {"meaning": "said of it", "example": "so"}
CLASSES = {
    "NUM": {**SAID, "made": True},
    "COUNT": {**SAID, "made": True},
    "PEOPLE": {**SAID, "value": "people"},
    "KILLED": SAID,
    "WOUNDED": SAID,
    "AMONG": {**SAID, "hides": True},
    "ATTEMPTED": SAID,
    "BETWEEN": SAID,
}
FLAGS = {
    "toll": {**SAID, "behind": ["killed"]},
    "once": {**SAID, "behind": ["nobody"]},
}
RULES = {
    "stages": ["all"],
    "triggers": ["KILLED", "WOUNDED"],
    "reads": ["ATTEMPTED"],
    "rule": [
        {"stage": "all", "name": "counted", "rule": "COUNT <- n:<NUM> who:<PEOPLE>"},
        {"stage": "all", "name": "dead", "rule": "!killed <- n:<COUNT> <AMONG|BETWEEN>? <KILLED>"},
    ],
}
WORDS = {"PEOPLE": {"civilians": ["people"]}, "KILLED": ["killed"], "WOUNDED": ["wounded"]}
CATEGORIES = {"hours": Category("hours", "patterns", "hours", "hour", required=False)}


def pack(
    words: Mapping[str, Any] = WORDS,
    rules: Mapping[str, Any] = RULES,
    phrases: Mapping[str, Any] | None = None,
    lang: str = "xx",
    **head: Any,
) -> Language:
    """A small pack for figures."""
    head = {"lang": lang, "capabilities": ["figures"], **head}
    lexicon = build({"lang": lang, **(phrases or {})}, "phrases", CATEGORIES)
    grammars = {"figures": [(f"{lang}/figures.toml", rules)]}
    declared = Declared(read_classes(CLASSES, "classes.toml"), read_flags(FLAGS, "flags.toml"))
    return build_language(head, words, lexicon, grammars, declared)


def state(made: Language, *others: Language) -> PackState:
    packs = {language.code: language for language in (made, *others)}
    return next(found for found in pack_states(packs) if found.code == made.code)


def with_rule(rule: str) -> dict[str, Any]:
    return {**RULES, "rule": [*RULES["rule"], {"stage": "all", "name": "new", "rule": rule}]}


@pytest.mark.parametrize(
    ("words", "rules", "named"),
    [
        ({**WORDS, "KILED": ["slain"]}, RULES, "KILED"),
        ({**WORDS, "COUNT": ["a lot"]}, RULES, "COUNT"),
        ({**WORDS, "PEOPLE": {"childern": ["boys"]}}, RULES, "childern"),
        ({**WORDS, "KILLED": {"civilians": ["killed"]}}, RULES, "KILLED"),
        (WORDS, {**RULES, "triggers": ["KILED"]}, "KILED"),
        (WORDS, with_rule("COUNT <- <KILED>"), "KILED"),
        (WORDS, with_rule("COUNT <- <NUM&!KILED>"), "KILED"),
        (WORDS, with_rule("CONT <- <NUM>"), "CONT"),
        (WORDS, with_rule("COUNT,CONT <- <NUM>"), "CONT"),
        (WORDS, with_rule("+CONT <- t:<NUM>"), "CONT"),
        (WORDS, with_rule("!kiled <- n:<COUNT> <KILLED>"), "kiled"),
        (WORDS, with_rule("!nobody.kiled <- <KILLED>"), "kiled"),
        (WORDS, with_rule("!killed.tol <- n:<COUNT> <KILLED>"), "tol"),
        (WORDS, with_rule("!killed.once <- n:<COUNT> <KILLED>"), "once"),
        (WORDS, with_rule("!killed.injured <- n:<COUNT> <KILLED>"), "injured"),
        (WORDS, {**RULES, "triggers": ["COUNT"]}, "COUNT"),
        (WORDS, {**RULES, "reads": ["KILED"]}, "KILED"),
    ],
)
def test_build_language_refuses_what_is_not_declared(
    words: Mapping[str, Any], rules: Mapping[str, Any], named: str
) -> None:
    """A misspelt class, value, head or flag is named when the pack is loaded."""
    with pytest.raises(KnowledgeError, match=named):
        pack(words, rules)


@pytest.mark.parametrize(
    "row", [{**SAID, "value": "poeple"}, {**SAID, "implies": ["KILED"]}, {**SAID, "maid": True}]
)
def test_read_classes_refuses_a_class_that_is_declared_wrong(row: Mapping[str, Any]) -> None:
    """Its value has a vocabulary, what it implies is declared, its keys are known."""
    with pytest.raises(KnowledgeError, match="SLAIN"):
        read_classes({**CLASSES, "SLAIN": row}, "classes.toml")


def test_build_language_refuses_a_statement_before_the_stages_that_state() -> None:
    """The last stage states, and those which the file names besides."""
    early = {"stage": "early", "name": "new", "rule": "!injured <- n:<COUNT> <WOUNDED>"}
    rules = {**RULES, "stages": ["early", "all"], "rule": [*RULES["rule"], early]}
    with pytest.raises(KnowledgeError, match=r"new: only \['all'\] may state"):
        pack(rules=rules)
    assert pack(rules={**rules, "states": ["early", "all"]}).readers


def test_the_last_stage_of_figures_only_states() -> None:
    """What a rule made there would be seen by some statements and not by those above it."""
    files = {p: tomllib.loads(p.read_text("utf-8")) for p in LANG.glob("*/figures.toml")}
    last = {data["stages"][-1] for data in files.values() if "stages" in data}
    making = [
        f"{path.parent.name}: {row['name']}"
        for path, data in files.items()
        for row in data.get("rule", ())
        if row["stage"] in last and not row["rule"].strip().startswith("!")
    ]
    assert (last, making) == ({"events"}, [])


@pytest.mark.parametrize(
    "row", [SAID, {**SAID, "behind": ["kiled"]}, {**SAID, "behind": ["killed"], "made": True}]
)
def test_read_flags_refuses_a_flag_that_is_declared_wrong(row: Mapping[str, Any]) -> None:
    """It says behind which heads it stands, rules may state these, and its keys are known."""
    with pytest.raises(KnowledgeError, match="tall"):
        read_flags({**FLAGS, "tall": row}, "flags.toml")


def test_build_language_takes_a_flag_behind_its_head() -> None:
    """And a measure behind ``nobody``."""
    assert pack(rules=with_rule("!killed.toll <- n:<COUNT> <KILLED>")).readers
    assert pack(rules=with_rule("!nobody.killed.once <- <KILLED>")).readers


def test_every_declared_flag_is_stated_by_a_rule_behind_each_of_its_heads() -> None:
    """A row that no rule needs would hide a misspelt flag."""
    declared = tomllib.loads((LANG / "flags.toml").read_text("utf-8"))
    stated = {
        (flag, rule.head)
        for language in load_languages().values()
        for reader in language.readers.values()
        for rule in reader.grammar.rules
        if rule.kind == "state"
        for flag in rule.flags
    }
    rows = {(flag, head) for flag, row in declared.items() for head in row["behind"]}
    assert rows - stated == set()


def test_pack_states_of_a_sound_pack_has_only_numbers() -> None:
    """Forms, classes and rules are counted; no fault, no gap."""
    found = state(pack())
    assert (found.forms, found.classes, found.rules) == (3, 3, {"figures": 2})
    assert not found.missing_classes + found.missing_phrases + found.repeated
    assert not found.at_odds + found.hidden


def test_pack_states_tells_what_another_pack_has() -> None:
    """A class that a rule looks for, a declared phrase; not what the pack has itself."""
    rich = pack(
        {**WORDS, "BETWEEN": ["amid"]}, phrases={"patterns": {"hours": ["hours"]}}, lang="yy"
    )
    found = state(pack(), rich)
    assert (found.missing_classes, found.missing_phrases) == (("BETWEEN",), ("hours",))
    assert not state(rich, pack()).missing_classes


def test_pack_states_tells_no_gap_against_a_pack_that_does_something_else() -> None:
    """Only packs that share a capability are compared; nor does a class count that no rule seeks."""
    other = {**WORDS, "BETWEEN": ["amid"]}
    assert not state(pack(), pack(other, lang="yy", capabilities=["slots"])).missing_classes
    unsought = pack({**WORDS, "ATTEMPTED": ["attempted"]}, lang="yy")
    assert not state(pack(), unsought).missing_classes


def test_pack_states_tells_a_form_with_two_values_and_one_listed_twice() -> None:
    """Which of two values holds would be chance; a doublet is lost work."""
    words = {**WORDS, "PEOPLE": {"civilians": ["people", "guards"], "police": ["guards"]}}
    assert state(pack(words)).at_odds == ("PEOPLE: guards is civilians and police",)
    doublet = {**WORDS, "KILLED": ["killed", "slain", "Slain"]}
    assert state(pack(doublet)).repeated == ("KILLED: slain",)


@pytest.mark.parametrize(
    ("words", "hidden"),
    [
        ({"PEOPLE": {"civilians": ["people", "wounded people"]}}, "wounded people"),
        ({"AMONG": ["among the wounded"]}, None),
        ({"ATTEMPTED": ["nearly killed"]}, None),
        ({"KILLED": ["killed", "wounded fatally"]}, None),
        ({"PEOPLE": {"civilians": ["people", "two people"]}}, None),
    ],
)
def test_pack_states_tells_a_phrase_that_keeps_a_sentence_from_being_read(
    words: Mapping[str, Any], hidden: str | None
) -> None:
    """One of its words sets the rules to work and the phrase does not, and hiding is not meant."""
    found = state(pack({**WORDS, **words})).hidden
    assert [line.partition(",")[0] for line in found] == ([hidden] if hidden else [])


def test_pack_states_lets_a_pack_name_the_phrases_that_mean_to_hide() -> None:
    """``hides`` in ``language.toml``."""
    words = {**WORDS, "PEOPLE": {"civilians": ["people", "wounded people"]}}
    assert not state(pack(words, hides=["wounded people"])).hidden


def test_no_shipped_pack_is_at_odds_with_itself() -> None:
    """What ``check --languages`` would call a fault."""
    faults = {s.code: s.repeated + s.at_odds + s.hidden for s in pack_states(load_languages())}
    assert faults == dict.fromkeys(faults, ())


def test_a_form_is_cut_as_a_text_is() -> None:
    """A title with its dot and a word with an apostrophe are phrases of several tokens."""
    words = {**WORDS, "BETWEEN": ["gen.", "wasn't", "children's home"]}
    listed = {entry.words for entry in pack(words).entries if entry.tag == "BETWEEN"}
    assert listed == {("gen", "."), ("wasn", "'", "t"), ("children", "'s", "home")}
