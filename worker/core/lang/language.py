"""A language pack, typed: how a language writes, its words by class, its grammars, what it can do.

Rules
-----
1. A pack is a folder ``lang/<code>/``: ``language.toml`` (script, numerals, capabilities),
   ``words.toml`` (forms by class), ``phrases.toml`` (see ``lexicon``), and a file for each grammar
   that has rules of its own; the grammars of ``lang/shared`` serve every language.
2. Word classes, and flags of what rules state, are declared once (``declared``). Another one is
   refused when the pack is loaded, in a word list and in a rule; so are a value that is none of its
   vocabulary ("childern"), and something stated that nobody takes up. A misspelt one would silently be
   empty. A language that lacks a class which its capabilities need is refused as well.
3. A class may imply others (``[implies]``: in a language of free word order a word of harm that
   stands after its number may stand before it too).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from worker.core.domain.errors import KnowledgeError
from worker.core.lang.cascade import Finding, run
from worker.core.lang.declared import VALUES, Declared, WordClass
from worker.core.lang.grammar import Grammar, build_grammar
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range, plain
from worker.core.lang.numerals import Numerals
from worker.core.lang.ordinary import count_forms
from worker.core.lang.tokens import NO_TAGS, Piece, Script, Token, cut
from worker.core.lang.word_list import Entry, WordList, is_shape

Capability = Literal["verdict", "slots", "figures"]
GrammarName = Literal["figures", "events", "speakers"]
_KEYS = {
    "lang", "name", "capabilities", "review_only", "script", "number", "scale", "implies", "joints",
    "units_first", "hides",
}  # fmt: skip
_SPLIT = re.compile(r"(\\.)")
_QUOTES = frozenset('"')
"""Marks that no rule looks at: \"nearly a dozen\" were hurt."""
_SPACELESS_FORM = re.compile(r"[a-z]+|\S")


@dataclass(frozen=True, slots=True)
class Reader:
    """A grammar with the words that it knows."""

    grammar: Grammar
    words: WordList

    def tokens(
        self,
        cut: Sequence[Piece],
        is_capital: Callable[[int], bool],
        letter: Callable[[int], str] | None = None,
    ) -> list[Token]:
        """The tokens of a cut stretch of normalised text, before any rule."""
        return self.words.tokens(cut, is_capital, letter)

    def concerns(self, cut: Sequence[Piece]) -> bool:
        """Whether the grammar may find anything in a cut stretch: whether it holds a trigger."""
        return self.words.concerns(cut, self.grammar.triggers)

    def read(self, tokens: Sequence[Token]) -> tuple[list[Token], list[Finding]]:
        """What the rules make of a sentence's tokens, and what they state."""
        return run(self.grammar, tokens)


@dataclass(frozen=True, slots=True)
class Language:
    """One language as far as it is read. ``phrases``: regexes of slots and verdict.

    ``review_only``: its verdicts wait for a person, however sure, until they have been measured.
    """

    code: str
    name: str
    capabilities: frozenset[Capability]
    script: Script
    numerals: Numerals
    entries: tuple[Entry, ...]
    readers: Mapping[str, Reader]
    phrases: Lexicon
    classes: Mapping[str, WordClass]
    review_only: bool = False
    hiding: frozenset[tuple[str, ...]] = frozenset()
    listed: frozenset[str] = frozenset()
    """The word classes that the pack lists forms of."""
    ordinary: Mapping[str, int] = field(default_factory=dict)
    """Beginnings of words → in how many forms of the pack they stand (``ordinary``)."""

    def reader(self, grammar: GrammarName) -> Reader | None:
        """The reader of a grammar, or None when this language has no words for it."""
        return self.readers.get(grammar)

    def cut(self, text: str, at: Range) -> tuple[Piece, ...]:
        """The words and marks of a stretch of normalised text, for any reader; quotation marks left out."""
        return tuple(p for p in cut(text, at, self.script) if p.word not in _QUOTES)


def build_language(
    data: Mapping[str, Any],
    words: Mapping[str, Any],
    phrases: Lexicon,
    grammars: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]],
    declared: Declared,
) -> Language:
    """A pack from its parsed files. ``grammars``: name → its files, own rules first.

    Raises ``KnowledgeError`` naming file and class.
    """
    classes = declared.classes
    code = str(data.get("lang", ""))
    source = f"{code}/language.toml"
    if set(data) - _KEYS or not code:
        raise KnowledgeError(f"{source}: unknown or missing keys: {sorted(set(data) - _KEYS)}")
    script = _script(data.get("script", {}), source)
    entries = tuple(_entries(words, script, f"{code}/words.toml", declared))
    entries += tuple(_number_entries(data, script))
    numerals = _numerals(data, script)
    implies = _implied(data.get("implies", {}), declared, source)
    capabilities = _capabilities(data, source)
    _check_complete(entries, implies, classes, capabilities, source)
    readers = {}
    for name, files in grammars.items():
        grammar = build_grammar(name, files)
        declared.check(grammar, ", ".join(name for name, _ in files))
        readers[name] = _reader(grammar, entries, implies, script, numerals)
    return Language(
        code=code,
        name=str(data.get("name", code)),
        capabilities=capabilities,
        script=script,
        numerals=numerals,
        entries=entries,
        readers=readers,
        phrases=phrases,
        classes=classes,
        review_only=bool(data.get("review_only", False)),
        hiding=frozenset(_form(form, script, source) for form in data.get("hides", ())),
        listed=frozenset(entry.tag for entry in entries),
        ordinary=count_forms((e.words for e in entries), spaceless=script.spaceless),
    )


def _numerals(data: Mapping[str, Any], script: Script) -> Numerals:
    """How a language puts numbers together of words."""
    scales = {plain(word): int(value) for word, value in data.get("scale", {}).items()}
    joints = frozenset(plain(word) for word in data.get("joints", ()))
    return Numerals(scales, joints, script.spaceless, bool(data.get("units_first", False)))


def _reader(
    grammar: Grammar,
    entries: Sequence[Entry],
    implies: Mapping[str, frozenset[str]],
    script: Script,
    numerals: Numerals,
) -> Reader:
    """A grammar with those words of the pack of which it mentions a class."""
    listed = [e for e in entries if grammar.classes & ({e.tag} | implies.get(e.tag, NO_TAGS))]
    words = WordList(listed, implies, script, numerals)
    grammar.prepare(words.tag_sets())
    return Reader(grammar, words)


def _implied(
    given: Mapping[str, Sequence[str]], declared: Declared, source: str
) -> dict[str, frozenset[str]]:
    """Which classes the words of a class have too: as declared, and as the pack gives."""
    implies = {c.name: c.implies for c in declared.classes.values() if c.implies}
    for tag, tags in given.items():
        more = frozenset(declared.word_class(t, source).name for t in tags)
        implies[declared.word_class(tag, source).name] = implies.get(tag, NO_TAGS) | more
    return implies


def _capabilities(data: Mapping[str, Any], source: str) -> frozenset[Capability]:
    given = data.get("capabilities", [])
    unknown = set(given) - set(get_args(Capability))
    if unknown:
        raise KnowledgeError(f"{source}: no such capability: {sorted(unknown)}")
    return frozenset(cast("list[Capability]", given))


def _script(data: Mapping[str, Any], source: str) -> Script:
    known = set(Script.__dataclass_fields__)
    if set(data) - known:
        raise KnowledgeError(
            f"{source}: [script] knows {sorted(known)}, not {sorted(set(data) - known)}"
        )
    made: dict[str, Any] = {
        key: tuple(plain(v) for v in value) if isinstance(value, list) else value
        for key, value in data.items()
    }
    return Script(**made)


def _entries(
    words: Mapping[str, Any], script: Script, source: str, declared: Declared
) -> Iterator[Entry]:
    """``CLASS = [forms]``, or ``[CLASS]`` with value = [forms]."""
    for name, listed in words.items():
        of = declared.word_class(name, source)
        if of.made:
            raise KnowledgeError(f"{source}: {name} is made by rules, no word is one")
        if isinstance(listed, Mapping) != (of.value is not None):
            raise KnowledgeError(
                f"{source}: {name}: a class with a value has a table, others a list"
            )
        rows = listed.items() if isinstance(listed, Mapping) else [(None, listed)]
        for value, forms in rows:
            if of.value is not None and value not in VALUES[of.value]:
                raise KnowledgeError(f"{source}: {name}: no such {of.value}: {value!r}")
            meaning = {} if value is None else {str(of.value): str(value)}
            for form in forms:
                words_of = _form(form, script, f"{source}: {name}")
                yield Entry(words_of, name, meaning, of.number)


def _number_entries(data: Mapping[str, Any], script: Script) -> Iterator[Entry]:
    for word, value in (*data.get("number", {}).items(), *data.get("scale", {}).items()):
        yield Entry(_form(word, script, "number"), "NUM", {}, int(value))


def _form(form: str, script: Script, where: str) -> tuple[str, ...]:
    """A form's words, normalised and cut as a text is; escapes of a regex are left alone.

    ("gen." was once one word here and two tokens in every text, so no title was ever found.)
    """
    parts = _SPLIT.split(form) if "\\" in form else [form]
    normal = "".join(p if p.startswith("\\") else _plain(p) for p in parts)
    words = tuple(_SPACELESS_FORM.findall(normal) if script.spaceless else normal.split(" "))
    if not all(words):
        raise KnowledgeError(f"{where}: an empty word in {form!r}")
    try:
        for word in words:
            re.compile(word) if is_shape(word) else None
    except re.error as error:
        hint = " (a form is cut at its blanks: no group may hold one)" if " " in form else ""
        raise KnowledgeError(f"{where}: {form!r}: {error}{hint}") from error
    return tuple(
        piece for word in words for piece in ([word] if is_shape(word) else _pieces(word, script))
    )


def _pieces(word: str, script: Script) -> list[str]:
    if word.isalpha() and not script.spaceless:
        return [word]
    return [piece.word for piece in cut(word, Range(0, len(word)), script)] or [word]


def _plain(part: str) -> str:
    """Normalised, with a blank at either edge kept."""
    tail = " " if part.endswith(" ") and part.strip() else ""
    return (" " if part.startswith(" ") else "") + plain(part) + tail


def _check_complete(
    entries: Sequence[Entry],
    implies: Mapping[str, frozenset[str]],
    classes: Mapping[str, WordClass],
    capabilities: frozenset[Capability],
    source: str,
) -> None:
    """Every class that a capability needs has a form."""
    listed = {e.tag for e in entries}
    listed |= {tag for of in listed for tag in implies.get(of, NO_TAGS)}
    missing = [
        c.name for c in classes.values() if c.needed_by & capabilities and c.name not in listed
    ]
    if missing:
        raise KnowledgeError(f"{source}: its capabilities need words of {sorted(missing)}")
