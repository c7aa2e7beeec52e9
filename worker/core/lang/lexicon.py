"""Words, by language: what an attack, a death, a claim or a doubt is called.

Rules
-----
1. A lexicon holds words only: no place, no group, no person, no date (those are the profile's).
2. One TOML file a language. ``[patterns]`` maps a category to a list of regexes, ``[tables]`` a
   table name to {regex or word: value}. All are matched on *normalised* text and are themselves
   normalised when loaded, so a file keeps natural spelling.
3. A pattern is a whole word unless the file says ``whole_words = false`` (scripts without blanks).
   ``prefix`` is a regex of clitics that may stand before it (Arabic "wa-", "bi-", "al-").
4. Names are declared (``phrases.toml``): an unknown one is refused, so is a file without a required
   one. Any other that a language lacks is empty: the engine is language-neutral.

A pattern that cannot compile, is longer than 240 characters or nests quantifiers is refused with
the file's name; ``tests/core/test_lexicon.py`` holds all shipped files to that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from worker.core.domain.errors import KnowledgeError
from worker.core.lang.categories import Categories, Kind, check_names
from worker.core.lang.normalise import plain, words_end
from worker.core.lang.tokens import WORD_CHARS_CLASS, is_unspaced

T = TypeVar("T")
PATTERN_LIMIT = 240
NOT_INSIDE_A_WORD = rf"(?<!{WORD_CHARS_CLASS})"
_ESCAPES = re.compile(r"\\.")
_NESTED = re.compile(r"\([^()]*[+*][^()]*\)[+*]")


@dataclass(frozen=True, slots=True)
class Table:
    """Patterns that mean a value: ("car bomb", "explosives/vehicle"). Longest pattern first."""

    pattern: re.Pattern[str] | None
    values: tuple[str, ...]

    def find(self, text: str, start: int, end: int) -> Iterator[tuple[re.Match[str], str]]:
        """All matches in ``text[start:end]`` with their values."""
        if self.pattern is None:
            return
        for found in self.pattern.finditer(text, start, end):
            yield found, self.values[int((found.lastgroup or "v0")[1:])]

    def ending_at(self, text: str, low: int, stop: int) -> tuple[re.Match[str], str] | None:
        """The match that stands right before ``stop``, not before ``low``, and its value."""
        return next((f for f in self.find(text, low, stop) if f[0].end() == stop), None)


_NOTHING = Table(None, ())


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's words, compiled.

    Every declared name has its entry, also those that this language leaves out (None, an empty table);
    a name that is not declared is a ``KeyError``.
    """

    lang: str
    patterns: Mapping[str, re.Pattern[str] | None]
    tables: Mapping[str, Table]
    words: Mapping[str, Mapping[str, str]]
    """The raw tables, for look-ups by exact normalised word."""

    def find(
        self, category: str, text: str, start: int = 0, end: int | None = None
    ) -> Iterator[re.Match[str]]:
        """All matches of a category in ``text[start:end]``, left to right."""
        pattern = self.patterns[category]
        if pattern is None:
            return iter(())
        return pattern.finditer(text, start, len(text) if end is None else end)

    def first(
        self, category: str, text: str, start: int = 0, end: int | None = None
    ) -> re.Match[str] | None:
        """The first match of a category, or None."""
        pattern = self.patterns[category]
        if pattern is None:
            return None
        return pattern.search(text, start, len(text) if end is None else end)

    def ending_at(self, category: str, text: str, low: int, stop: int) -> re.Match[str] | None:
        """The match of a category that stands right before ``stop``, not before ``low``."""
        return next((m for m in self.find(category, text, low, stop) if m.end() == stop), None)

    def ends_with(self, category: str, text: str, end: int, reach: int) -> re.Match[str] | None:
        """The match of a category right before ``end``, blanks aside, within so many characters."""
        return self.ending_at(category, text, max(0, end - reach), words_end(text, end))

    def table(self, name: str) -> Table:
        """A table by name; an empty one when this language has none."""
        return self.tables[name]


def build(
    data: Mapping[str, Any], source: str, categories: Categories, *, complete: bool = True
) -> Lexicon:
    """Compile a lexicon from its TOML data; ``source`` names the file in errors.

    ``complete``: every required category must be there (a language that gets a verdict).

    Raises ``KnowledgeError`` naming the file, the category and the pattern.
    """
    unknown = set(data) - {"lang", "prefix", "whole_words", "patterns", "tables"}
    if unknown or "lang" not in data:
        raise KnowledgeError(f"{source}: unknown or missing keys: {sorted(unknown) or 'lang'}")
    check_names(data, categories, source, complete=complete)
    prefix = normalise_pattern(str(data.get("prefix", "")))
    whole = bool(data.get("whole_words", True))
    raw: dict[str, list[str]] = {**_named(categories, "patterns", list), **data.get("patterns", {})}
    raw_tables: dict[str, dict[str, str]] = {
        **_named(categories, "tables", dict),
        **data.get("tables", {}),
    }
    patterns = {
        category: _compile(listed, prefix, whole, category, source) if listed else None
        for category, listed in raw.items()
    }
    tables = {
        name: _compile_table(rows, prefix, whole, name, source) if rows else _NOTHING
        for name, rows in raw_tables.items()
    }
    words = {
        name: {plain(key): str(value) for key, value in rows.items()}
        for name, rows in raw_tables.items()
    }
    return Lexicon(str(data["lang"]), patterns, tables, words)


def _named(categories: Categories, kind: Kind, empty: Callable[[], T]) -> dict[str, T]:
    """Every declared name of a kind, still empty."""
    return {c.name: empty() for c in categories.values() if c.kind == kind}


def normalise_pattern(pattern: str) -> str:
    """Normalise the literals of a regex and leave its escapes alone."""
    kept = [found.group() for found in _ESCAPES.finditer(pattern)]
    parts = _ESCAPES.split(pattern)
    out = []
    for index, part in enumerate(parts):
        lead = " " if part.startswith(" ") else ""
        tail = " " if part.endswith(" ") and part.strip() else ""
        out.append(f"{lead}{plain(part)}{tail}")
        if index < len(kept):
            out.append(kept[index])
    return "".join(out)


def bounded(pattern: str, prefix: str = "", whole: bool = True) -> str:
    r"""Wrap a normalised pattern so that it matches whole words only.

    The vowel signs of Indic scripts are no ``\\w``, and yet inside words.
    """
    if not whole:
        return f"{prefix}(?:{pattern})"
    return rf"{NOT_INSIDE_A_WORD}{prefix}(?:{pattern})(?!{WORD_CHARS_CLASS})"


def any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern for whole names, the longest first; None when there are none.

    ``names`` are normalised already. They are taken literally. Those that begin with one letter stand
    together: of a thousand names most are passed over by that letter.
    """
    by_letter: dict[tuple[bool, str], list[str]] = {}
    for name in sorted(names, key=len, reverse=True):
        by_letter.setdefault((is_unspaced(name), name[:1]), []).append(re.escape(name[1:]))
    return any_phrase(
        f"{re.escape(letter)}(?:{'|'.join(rests)})" for (_, letter), rests in by_letter.items()
    )


def any_phrase(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern for whole phrases, in this order; in a script without blanks they stand anywhere.

    ``patterns`` are normalised regexes. None when there are none.
    """
    listed = tuple(patterns)
    spaced = "|".join(p for p in listed if not is_unspaced(p))
    unspaced = "|".join(p for p in listed if is_unspaced(p))
    parts = [bounded(spaced)] if spaced else []
    return re.compile("|".join([*parts, unspaced] if unspaced else parts)) if listed else None


def _normal(pattern: str, category: str, source: str) -> str:
    if len(pattern) > PATTERN_LIMIT or _NESTED.search(pattern):
        raise KnowledgeError(f"{source}: {category}: too long or nested: {pattern!r}")
    return normalise_pattern(pattern)


def _check(patterns: Iterable[str], category: str, source: str) -> None:
    """Name the pattern that is at fault. Asked only when something is: one compiling costs less."""
    for pattern in patterns:
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise KnowledgeError(f"{source}: {category}: {pattern!r}: {error}") from error
        if compiled.groups:
            raise KnowledgeError(f"{source}: {category}: capturing group, use (?:…): {pattern!r}")
        if compiled.match(""):
            raise KnowledgeError(f"{source}: {category}: matches nothing at all: {pattern!r}")


def _compile(
    patterns: list[str], prefix: str, whole: bool, category: str, source: str
) -> re.Pattern[str]:
    normal = [_normal(pattern, category, source) for pattern in patterns]
    longest_first = sorted(normal, key=len, reverse=True)
    compiled = _compiled(longest_first, normal, prefix, whole, category, source)
    if compiled.groups:
        _check(normal, category, source)
    return compiled


def _compile_table(
    rows: Mapping[str, str], prefix: str, whole: bool, name: str, source: str
) -> Table:
    ordered = sorted(rows.items(), key=lambda row: len(row[0]), reverse=True)
    normal = [_normal(key, name, source) for key, _ in ordered]
    # The group that tells which row it was stands behind it: `re` passes over an alternative by its
    # first letter, but not over a group.
    parts = [f"(?:{key})(?P<v{i}>)" for i, key in enumerate(normal)]
    pattern = _compiled(parts, normal, prefix, whole, name, source)
    if pattern.groups != len(parts):
        _check(normal, name, source)
    return Table(pattern, tuple(str(value) for _, value in ordered))


def _compiled(
    parts: list[str], patterns: list[str], prefix: str, whole: bool, category: str, source: str
) -> re.Pattern[str]:
    """Alternatives in one pattern; each of ``patterns`` must be sound alone."""
    try:
        compiled = re.compile(bounded("|".join(parts), prefix, whole))
    except re.error as error:
        _check(patterns, category, source)
        raise KnowledgeError(f"{source}: {category}: {error}") from error
    if compiled.match(""):
        _check(patterns, category, source)
    return compiled
