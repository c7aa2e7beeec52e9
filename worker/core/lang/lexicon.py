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
the file's name when it is first looked for (``phrases``); ``check --languages`` and
``tests/core/test_lexicon.py`` hold all shipped files to that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from worker.core.domain.errors import KnowledgeError
from worker.core.lang.categories import Categories, Kind, check_names
from worker.core.lang.normalise import plain, words_end
from worker.core.lang.phrases import Phrases, bounded, longest_first, normalise_pattern
from worker.core.lang.tokens import is_unspaced

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Table:
    """Phrases that mean a value: ("car bomb", "explosives/vehicle"). Longest phrase first."""

    phrases: Phrases | None
    values: tuple[str, ...]

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """All phrases in one regex; None when there are none."""
        return self.phrases.pattern if self.phrases is not None else None

    def find(self, text: str, start: int, end: int) -> Iterator[tuple[re.Match[str], str]]:
        """All matches in ``text[start:end]`` with their values."""
        if self.phrases is None:
            return
        for found in self.phrases.find(text, start, end):
            yield found, self.values[int((found.lastgroup or "v0")[1:])]

    def ending_at(self, text: str, low: int, stop: int) -> tuple[re.Match[str], str] | None:
        """The match that stands right before ``stop``, not before ``low``, and its value."""
        return next((f for f in self.find(text, low, stop) if f[0].end() == stop), None)


_NOTHING = Table(None, ())


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's words.

    Every declared name has its entry, also those that this language leaves out (None, an empty table);
    a name that is not declared is a ``KeyError``.
    """

    lang: str
    phrases: Mapping[str, Phrases | None]
    tables: Mapping[str, Table]
    words: Mapping[str, Mapping[str, str]]
    """The raw tables, for look-ups by exact normalised word."""

    def pattern(self, category: str) -> re.Pattern[str] | None:
        """The regex of a category, to ask whether a given word is of it."""
        phrases = self.phrases[category]
        return phrases.pattern if phrases is not None else None

    def find(
        self, category: str, text: str, start: int = 0, end: int | None = None
    ) -> Iterator[re.Match[str]]:
        """All matches of a category in ``text[start:end]``, left to right."""
        phrases = self.phrases[category]
        if phrases is None:
            return iter(())
        return phrases.find(text, start, len(text) if end is None else end)

    def first(
        self, category: str, text: str, start: int = 0, end: int | None = None
    ) -> re.Match[str] | None:
        """The first match of a category, or None."""
        return next(self.find(category, text, start, end), None)

    def ending_at(self, category: str, text: str, low: int, stop: int) -> re.Match[str] | None:
        """The match of a category that stands right before ``stop``, not before ``low``."""
        return next((m for m in self.find(category, text, low, stop) if m.end() == stop), None)

    def ends_with(self, category: str, text: str, end: int, reach: int) -> re.Match[str] | None:
        """The match of a category right before ``end``, blanks aside, within so many characters."""
        return self.ending_at(category, text, max(0, end - reach), words_end(text, end))

    def table(self, name: str) -> Table:
        """A table by name; an empty one when this language has none."""
        return self.tables[name]

    def check(self) -> None:
        """Compile everything. Raises ``KnowledgeError`` naming the file, the category and the pattern."""
        for phrases in (*self.phrases.values(), *(t.phrases for t in self.tables.values())):
            if phrases is not None:
                phrases.check()


def build(
    data: Mapping[str, Any], source: str, categories: Categories, *, complete: bool = True
) -> Lexicon:
    """A lexicon of its TOML data; ``source`` names the file in errors.

    ``complete``: every required category must be there (a language that gets a verdict).

    Raises ``KnowledgeError`` naming the file and the category; of patterns ``Lexicon.check`` does.
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
    phrases = {
        category: Phrases(listed, prefix, f"{source}: {category}", whole=whole) if listed else None
        for category, listed in raw.items()
    }
    tables = {}
    for name, rows in raw_tables.items():
        keys = longest_first(rows)
        of = Phrases(keys, prefix, f"{source}: {name}", whole=whole, is_table=True)
        tables[name] = Table(of, tuple(str(rows[key]) for key in keys)) if rows else _NOTHING
    words = {
        name: {plain(key): str(value) for key, value in rows.items()}
        for name, rows in raw_tables.items()
    }
    return Lexicon(str(data["lang"]), phrases, tables, words)


def _named(categories: Categories, kind: Kind, empty: Callable[[], T]) -> dict[str, T]:
    """Every declared name of a kind, still empty."""
    return {c.name: empty() for c in categories.values() if c.kind == kind}


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
