"""Lexicons are knowledge files: judged when loaded.

That they are free of places and groups is tested beside the profile that has them:
``tests/profiles/test_kabul.py``.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.classify.cues import Cue
from worker.core.classify.deed_features import PHRASES as DEEDS
from worker.core.domain.errors import KnowledgeError
from worker.core.lang.categories import Category, read_categories
from worker.core.lang.lexicon import any_of, build
from worker.core.lang.normalise import plain

FOLDER = Path(__file__).parent.parent.parent / "worker" / "core" / "lang"
DECLARED = FOLDER / "phrases.toml"
CATEGORIES = read_categories(tomllib.loads(DECLARED.read_text("utf-8")), DECLARED.name)
FILES = sorted(FOLDER.glob("*/phrases.toml"))
CORE = FOLDER.parent
LEAST = {
    "lang": "qq",
    "patterns": {c: ["x"] for c in ("cue_attack", "cue_casualty", "harm")},
    "tables": {"attack_type": {"x": "unknown"}},
}
"""A language with nothing but what is required."""


def language(**patterns: list[str]) -> dict[str, Any]:
    """The least language with these patterns besides."""
    return {**LEAST, "patterns": {**LEAST["patterns"], **patterns}}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.parent.name)
def test_build_compiles_the_shipped_files(path: Path) -> None:
    """Every pattern compiles within its limits, and every name is a declared one."""
    complete = path.parent.name == "en"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    lexicon = build(data, path.name, CATEGORIES, complete=complete)
    lexicon.check()
    assert lexicon.lang == path.parent.name


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("(a+)+", "nested"),
        ("(bomb", "unterminated"),
        ("(bomb)", "capturing"),
        ("x*", "nothing at all"),
    ],
)
def test_build_refuses_a_bad_pattern_by_name(pattern: str, complaint: str) -> None:
    """The message names file and category, so that a translator can mend it."""
    with pytest.raises(KnowledgeError, match=complaint) as caught:
        build(language(cue_attack=[pattern]), "qq.toml", CATEGORIES).check()
    assert "qq.toml" in str(caught.value)
    assert "cue_attack" in str(caught.value)


def test_find_takes_whole_words_and_normalised() -> None:
    """ "bomb" is not in "bombastic"; the file may write accents, the text need not."""
    lexicon = build(language(cue_attack=["bomb", "explosión"]), "qq.toml", CATEGORIES)
    text = plain("Bombastic bomb; EXPLOSION")
    assert [m.group() for m in lexicon.find("cue_attack", text)] == ["bomb", "explosion"]


def test_build_leaves_a_missing_category_empty() -> None:
    """The engine is language-neutral: only the required names must be there."""
    lexicon = build(LEAST, "qq.toml", CATEGORIES)
    assert lexicon.first("late_death", "he died of his wounds") is None
    assert list(lexicon.table("weapon").find("bomb", 0, 4)) == []


def test_build_refuses_an_unknown_category_and_names_the_nearest() -> None:
    """A misspelt category would silently be empty; the message names file, section and neighbour."""
    with pytest.raises(KnowledgeError) as caught:
        build(language(late_deaths=["died later"]), "qq.toml", CATEGORIES)
    message = "qq.toml: [patterns] 'late_deaths' is unknown; did you mean 'late_death'?"
    assert str(caught.value) == message
    with pytest.raises(KnowledgeError, match=r"\[patterns\] 'weapon' is unknown"):
        build(language(weapon=["gun"]), "qq.toml", CATEGORIES)


def test_build_refuses_a_language_without_a_required_name() -> None:
    """Without words for attacks nothing could be found, and nobody would notice."""
    with pytest.raises(KnowledgeError) as caught:
        build({"lang": "qq"}, "qq.toml", CATEGORIES)
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == [
        "[patterns] 'cue_attack' is missing", "[patterns] 'cue_casualty' is missing",
        "[patterns] 'harm' is missing", "[tables] 'attack_type' is missing",
    ]  # fmt: skip


def test_lexicon_refuses_to_look_for_what_is_not_declared() -> None:
    """A slip in code is as loud as one in a file."""
    lexicon = build(LEAST, "qq.toml", CATEGORIES)
    with pytest.raises(KeyError):
        lexicon.first("late_deaths", "he died of his wounds")
    with pytest.raises(KeyError):
        lexicon.table("weapons")


def test_read_categories_refuses_a_name_without_its_example() -> None:
    """A translator is told what each category means, and shown one match."""
    rows = {"patterns": {"harm": {"meaning": "harm"}}, "tables": {}}
    with pytest.raises(KnowledgeError, match="harm: 'example' is missing"):
        read_categories(rows, "phrases.toml")


@pytest.mark.parametrize("category", CATEGORIES.values(), ids=lambda c: c.name)
def test_find_matches_every_declared_example(category: Category) -> None:
    """What is shown to translators is true of the English file."""
    lexicon = load_knowledge(PORTSMERE).lexicon("en")
    assert lexicon is not None
    if re.match(r"[a-z]{2}: ", category.example):
        assert not lexicon.words.get(category.name)
        return
    text = plain(category.example)
    if category.kind == "patterns":
        assert lexicon.first(category.name, text) is not None
    else:
        assert list(lexicon.table(category.name).find(text, 0, len(text)))


LOOKS = {
    "opening",
    "find",
    "first",
    "has",
    "ends_with",
    "ending_at",
    "pattern",
    "find_ranges",
    "_right_before",
    "is_opened_by",
    "_is",
    "_is_word",
    "_label",
    "_skip",
    "_says",
    "says",
    "ranges",
    "_before",
}
TABLE_LOOKS = {"table", "find_in_table"}


def asked() -> Iterator[tuple[str, str]]:
    """(kind, name) of every look-up that code spells out.

    ``.find("harm", …)``, ``words["spelling"]``, and ``for c in ("harm", …): find(c, …)``.
    """
    for path in CORE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        looped: dict[str, str] = {}
        for node in nodes:
            for kind, word in _looks(node, "classify" in path.parts):
                if isinstance(word, ast.Name):
                    looped[word.id] = kind
                elif isinstance(word, ast.Constant) and re.fullmatch(r"[a-z_]+", str(word.value)):
                    yield kind, str(word.value)
        named = {
            target.id: node.value
            for node in nodes
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        for node in nodes:
            if isinstance(node, ast.For | ast.comprehension):
                target = _first(node.target)
                kind = looped.get(target.id) if isinstance(target, ast.Name) else None
                values = node.iter
                values = named.get(values.id) if isinstance(values, ast.Name) else values
                for word in _listed(values) if kind is not None else ():
                    if word.islower():  # in capitals: a class of words, not a category
                        yield str(kind), word


def _looks(node: ast.AST, cued: bool) -> Iterator[tuple[str, ast.expr]]:
    """Kind and what may be a name, for a call or subscript that looks something up."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
        kind = {"words": "tables", "tables": "tables"}.get(node.value.attr)
        if kind is not None:
            yield kind, node.slice
    if isinstance(node, ast.Call) and not (cued and _on_cues(node) and not _spelled_out(node)):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in LOOKS | TABLE_LOOKS:
            kind = "patterns" if name in LOOKS else "tables"
            yield from ((kind, word) for word in node.args)


def _spelled_out(node: ast.Call) -> bool:
    """Whether a call asks for a whole name, ``cue_`` and all: the text, not a sentence's cues."""
    return any(
        isinstance(word, ast.Constant) and str(word.value).startswith("cue_") for word in node.args
    )


def _first(node: ast.expr) -> ast.expr:
    return node.elts[0] if isinstance(node, ast.Tuple) else node


def _listed(values: ast.expr | None) -> Iterator[str]:
    """The strings of a literal tuple, or the first ones of its tuples; of both branches of an if."""
    if isinstance(values, ast.IfExp):
        yield from (*_listed(values.body), *_listed(values.orelse))
    for value in values.elts if isinstance(values, ast.Tuple) else ():
        word = _first(value)
        if isinstance(word, ast.Constant) and isinstance(word.value, str):
            yield word.value


def _on_cues(node: ast.Call) -> bool:
    """Whether a call asks a sentence's cues, whose names are categories without ``cue_``."""
    return isinstance(node.func, ast.Attribute) and node.func.attr == "has"


def test_code_asks_for_declared_names_only() -> None:
    """Every literal look-up names a declared category of its kind."""
    found = set(asked())
    assert len(found) > 80
    assert found - {(c.kind, c.name) for c in CATEGORIES.values()} == set()


def test_every_declared_name_is_asked_for() -> None:
    """Words that no code looks for would be written in vain, in every language."""
    cues = {f"cue_{name}" for name in get_args(Cue)}
    deeds = {f"deed_{name}" for name in DEEDS}
    assert set(CATEGORIES) - {name for _, name in asked()} - cues - deeds == set()
    assert deeds - set(CATEGORIES) == set()
    assert cues - set(CATEGORIES) == set()


def test_any_of_finds_names_without_blanks_anywhere_and_others_as_whole_words() -> None:
    """ "塔利班" stands inside a run of characters; "IS" is no part of "this"."""
    pattern = any_of(["塔利班", "is"])
    assert pattern is not None
    assert [m.group() for m in pattern.finditer("this is 警方称塔利班否认")] == ["is", "塔利班"]
