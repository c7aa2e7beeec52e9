"""The core knows no language: its words stand in the packs, and code names their classes only.

What code still matches against text letter by letter is listed here with the reason, word for word:
who adds a word has to say why it is no pack's.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.config.knowledge import load_languages

CORE = Path(__file__).resolve().parents[2] / "worker" / "core"
LANG = CORE / "lang"
MODULES = sorted(
    path
    for path in CORE.rglob("*.py")
    if path.relative_to(CORE).parts[0] not in {"lang", "sources", "contract"}
)
"""``lang`` holds the engine and the packs, ``sources`` and ``contract`` the words of formats."""
CLASSES = tomllib.loads((LANG / "classes.toml").read_text("utf-8"))
PHRASES = tomllib.loads((LANG / "phrases.toml").read_text("utf-8"))
CATEGORIES = {*PHRASES["patterns"], *PHRASES["tables"]}
_PREFIXES = {f"{name.partition('_')[0]}_" for name in CATEGORIES}
"""What a name that is put together begins with: f"cue_{category}"."""

MATCHED = {
    "annotate/clock.py": ("h", "a unit: 8h30"),
    "annotate/dates.py": ("JOINT", "a slot that the pack fills"),
    "annotate/numbered_districts.py": (
        "st nd rd th no number º",
        "what is written to a district's number in digits; ordinals in words are the pack's",
    ),
    "annotate/place_keys.py": ("s", "a possessive inside a name"),
    "annotate/places.py": (
        "وف بلک ال لل",
        "what is written to a name in Arabic: articles and clitics",
    ),
    "extract/noun_phrase.py": ("an and for of s the", "English noun phrases; others by np_joint"),
    "extract/unlisted.py": ("s", "an English genitive after a place"),
    "extract/victims.py": ("aged s", "a name and an age in apposition, an English genitive"),
    "extract/where.py": (
        "central downtown east north south the west",
        "what may stand before an English proper name, which has a capital",
    ),
    "merge/evidence/pairs.py": ("claim", "codes of its own reasons"),
    "merge/state/slots.py": ("unknown", "values of its own"),
    "text/markup.py": ("xX", "a character reference: &#x41;"),
    "text/prose.py": (
        (
            "afp al anadolu ani ap dpa efe epa getty ians icture image images photo picture reuters"
            " upi xinhua aa file caption credit by hoto p via"  # agencies and their credits
            " a A aei approx apr aug brig capt co col cpl d de dec dr e ed feb ft gen gov inc jan jul jun"
            " k km la lt ltd m maj mar md mohd mr mrs ms n no nos nov oct of prof rep rev s sen sep sept"
            " sgt st u vs el ё"
        ),
        "agencies are called so everywhere; abbreviations whose dot ends no sentence; filing places",
    ),
}
"""Module → letters that it matches against text, and why they stand in code."""

_NOT_CLASSES = {"JOINT", "ANY", "NFC", "NFD", "NFKC"}
"""A slot of a pattern, what every token satisfies, forms of Unicode."""
_CALLS = {"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
_METHODS = {
    "startswith", "endswith", "removeprefix", "removesuffix", "find", "rfind", "index", "rindex",
    "count", "replace", "partition", "rpartition", "split", "rsplit", "strip", "lstrip", "rstrip",
}  # fmt: skip
_NO_LETTERS = re.compile(
    r"\\[a-zA-Z](?:[0-9a-fA-F]{4})?"  # an escape
    r"|\(\?P[<=]\w+[>)]?|\(\?[aiLmsux-]+[:)]"  # a group's name, a flag
    r"|[^\W\d_]-[^\W\d_]"  # a range of letters
)


def literals(node: ast.AST) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value


def pieces_of(node: ast.AST, tree: ast.Module) -> Iterator[str]:
    """The texts that an expression is made of, also those that a module gave a name."""
    yield from literals(node)
    names = {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}
    for line in tree.body:
        targets = line.targets if isinstance(line, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id in names for target in targets):
            assert isinstance(line, ast.Assign)
            yield from pieces_of(line.value, tree)


def matched(tree: ast.Module) -> set[str]:
    """Runs of letters that a module looks for: in regexes, and in methods of ``str``."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner, name = node.func.value, node.func.attr
        is_regex = isinstance(owner, ast.Name) and owner.id == "re" and name in _CALLS
        if is_regex:
            for text in pieces_of(node.args[0], tree):
                found.update(re.findall(r"[^\W\d_]+", _NO_LETTERS.sub(" ", text)))
        elif name in _METHODS:
            for text in (text for argument in node.args for text in literals(argument)):
                declared = text in CATEGORIES or text in _PREFIXES
                if not declared:
                    found.update(re.findall(r"[^\W\d_]+", text))
    return found


def named(path: Path) -> str:
    return path.relative_to(CORE).as_posix()


def test_the_core_matches_no_words_but_those_that_are_listed_with_a_reason() -> None:
    """Exactly the listed letters, so that one which is gone leaves the list as well."""
    found = {named(path): matched(ast.parse(path.read_text("utf-8"))) for path in MODULES}
    listed = {name: set(words.split()) for name, (words, _) in MATCHED.items()}
    assert {name: words for name, words in found.items() if words} == listed


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('re.search(r"\\bkilled\\b", text)', {"killed"}),
        ('re.compile(rf"(?P<n>\\d+){_JOINT}[a-z]")', {"and"}),
        ('text.startswith("who ")', {"who"}),
        ('annotated.find("claim_passive", at)', set()),
        ('"toll" in count.flags', set()),
    ],
)
def test_matched_sees_letters_however_they_are_written(line: str, words: set[str]) -> None:
    """In a regex or a method, in place or by a name; no escape, no range, no declared name."""
    assert matched(ast.parse(f'_JOINT = " and "\n{line}\n')) == words


def test_names_of_months_stand_in_no_code_of_sources() -> None:
    """What agencies call a month is data: ``[months]`` of ``notices.toml``."""
    listed = tomllib.loads((CORE / "sources" / "notices.toml").read_text("utf-8"))["months"]
    starts = {start for names in listed.values() for start in names}
    paths = [path for path in sorted(CORE.rglob("*.py")) if "sources" in path.parts]
    code = {
        named(path): starts & set(literals(ast.parse(path.read_text("utf-8")))) for path in paths
    }
    assert {name: words for name, words in code.items() if words} == {}
    assert starts & set(literals(ast.parse('MONTHS = {"jan": 1}'))) == {"jan"}


def classes_named(path: Path) -> set[str]:
    """Texts in capitals: what code calls a word class by."""
    return {
        text
        for text in literals(ast.parse(path.read_text("utf-8")))
        if re.fullmatch(r"[A-Z][A-Z_]*[A-Z]", text) and text not in _NOT_CLASSES
    }


READERS = [
    path
    for path in sorted(CORE.rglob("*.py"))
    if path.relative_to(CORE).parts[0] in {"annotate", "extract", "segment", "classify", "lang"}
]


def test_code_names_only_word_classes_that_are_declared() -> None:
    """A misspelt class in code would silently be one that no token has."""
    unknown = {named(path): classes_named(path) - set(CLASSES) for path in READERS}
    assert {name: names for name, names in unknown.items() if names} == {}


def test_code_asks_only_for_classes_that_a_grammar_keeps() -> None:
    """A word list drops every class that its grammar neither seeks nor ``reads``."""
    kept = {
        tag
        for language in load_languages().values()
        for reader in language.readers.values()
        for tag in reader.grammar.classes
    }
    made = {name for name, row in CLASSES.items() if row.get("made")}
    asked = {name for path in READERS if LANG not in path.parents for name in classes_named(path)}
    assert asked - kept - made == set()
