r"""Phrases that mean one thing, as one regex of alternatives: normalised, bounded, compiled when asked.

Rules
-----
1. A phrase is a whole word or several unless the file says otherwise; a prefix of clitics may stand
   before it (Arabic "wa-", "bi-", "al-").
2. It is compiled when it is first looked for. The English pack took a second to load when all were
   compiled, and a page that tells of no attack asks for a handful. ``check`` compiles it in any case.
3. A text is asked only where one of its words begins as a phrase does (``openings``). What is found is
   what the regex alone would find, which is asked where that is as cheap: in short texts, and in
   scripts without blanks.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice

from worker.core.domain.errors import KnowledgeError
from worker.core.lang.normalise import plain
from worker.core.lang.openings import openings, starts_of
from worker.core.lang.tokens import WORD_CHARS_CLASS

PATTERN_LIMIT = 240
NOT_INSIDE_A_WORD = rf"(?<!{WORD_CHARS_CLASS})"
_SHORT_CHARS = 160
_ESCAPES = re.compile(r"\\.")
_NESTED = re.compile(r"\([^()]*[+*][^()]*\)[+*]")


class Phrases:
    """The phrases of one category. ``where``: file and category, for errors.

    ``is_table``: which of them it was is told by the group behind it, ``v0`` for the first listed.
    """

    def __init__(
        self, listed: Sequence[str], prefix: str, where: str, *, whole: bool, is_table: bool = False
    ) -> None:
        self._listed = listed
        self._prefix = prefix
        self._where = where
        self._whole = whole
        self._is_table = is_table

    def find(self, text: str, start: int, end: int) -> Iterator[re.Match[str]]:
        """All matches in ``text[start:end]``, left to right."""
        if not self._whole or len(text) < _SHORT_CHARS:
            return self.pattern.finditer(text, start, end)
        starts = starts_of(text).of(self._openings)
        first = bisect_left(starts, start)
        if first == len(starts) or starts[first] >= end:
            return iter(())
        return self._at(starts, first, text, start, end)

    def first(self, text: str, start: int, end: int) -> re.Match[str] | None:
        """The first match, or None."""
        return next(self.find(text, start, end), None)

    def _at(
        self, starts: Sequence[int], first: int, text: str, start: int, end: int
    ) -> Iterator[re.Match[str]]:
        match = self.pattern.match
        for at in islice(starts, first, None):
            if at >= end:
                return
            if at >= start and (found := match(text, at, end)) is not None:
                yield found
                start = found.end()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """All of them in one regex. Raises ``KnowledgeError`` naming the one that is at fault."""
        parts = self._normal
        if self._is_table:
            # The group that tells which row it was stands behind it: `re` passes over an alternative
            # by its first letter, but not over a group.
            parts = [f"(?:{phrase})(?P<v{i}>)" for i, phrase in enumerate(parts)]
        try:
            compiled = re.compile(bounded("|".join(parts), self._prefix, self._whole))
        except re.error as error:
            self._check_each()
            raise KnowledgeError(f"{self._where}: {error}") from error
        if compiled.groups != len(parts) * self._is_table or compiled.match(""):
            self._check_each()
        return compiled

    def check(self) -> None:
        """Whether all are sound. Raises ``KnowledgeError``."""
        _ = self.pattern  # compiles it; an assert would be gone under -O

    @cached_property
    def _normal(self) -> list[str]:
        """In the order in which they are tried; those of a table are so already."""
        normal = [self._normalised(phrase) for phrase in self._listed]
        return normal if self._is_table else longest_first(normal)

    @cached_property
    def _openings(self) -> frozenset[str]:
        return openings(f"{self._prefix}(?:{phrase})" for phrase in self._normal)

    def _normalised(self, phrase: str) -> str:
        if len(phrase) > PATTERN_LIMIT or _NESTED.search(phrase):
            raise KnowledgeError(f"{self._where}: too long or nested: {phrase!r}")
        return normalise_pattern(phrase)

    def _check_each(self) -> None:
        """Name the one at fault. Asked only when something is: one compiling costs less."""
        for phrase in self._normal:
            try:
                compiled = re.compile(phrase)
            except re.error as error:
                raise KnowledgeError(f"{self._where}: {phrase!r}: {error}") from error
            if compiled.groups:
                raise KnowledgeError(f"{self._where}: capturing group, use (?:…): {phrase!r}")
            if compiled.match(""):
                raise KnowledgeError(f"{self._where}: matches nothing at all: {phrase!r}")


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


def longest_first(patterns: Iterable[str]) -> list[str]:
    """Patterns in the order in which they are tried."""
    return sorted(patterns, key=len, reverse=True)
