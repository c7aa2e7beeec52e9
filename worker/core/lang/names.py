"""The words of a printed name, folded, and what the name is written in.

Rules
-----
1. A word is what a word of a text is (``tokens.WORD_CHARS``): vowel signs part none. But a hyphen
   does, and the dots of "U.S." do not.
2. Of a word with an apostrophe the longer part stands: the rest is an ending or an article
   ("ministry's", "Bakanlığı'na", "l'Intérieur").
3. A name whose words stand in another one, in a row, may be the same person's.
4. Two names can be told apart only where they are written alike: one language, one script.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from worker.core.lang.normalise import plain
from worker.core.lang.tokens import WORD_CHARS

_UNKNOWN = ("", "und")
_WORD = re.compile(rf"(?:{WORD_CHARS}|')+")


@dataclass(frozen=True, slots=True)
class Wording:
    """A printed name, folded, and its ``written`` ("fa/arabic").

    ``known``: the profile lists it, so that its canonical name stands here whatever was printed.
    """

    folded: str
    written: str | None
    known: bool = False

    def differs(self, other: Wording) -> bool:
        """Whether the two cannot be one name: other words, where words can be compared."""
        comparable = is_comparable(self.written, other.written) or (self.known and other.known)
        return comparable and self.folded != other.folded


@lru_cache(maxsize=8192)
def words_of(name: str) -> tuple[str, ...]:
    """The folded words of a name, in its order."""
    found = _WORD.findall(plain(name).replace(".", ""))
    return tuple(word for part in found if (word := _without_ending(part)))


@lru_cache(maxsize=8192)
def written(name: str, lang: str | None) -> str | None:
    """Language and script of a name; None where the language is unknown or nothing is a letter."""
    script = next(_scripts(name), None)
    return None if script is None or lang is None or lang in _UNKNOWN else f"{lang}/{script}"


def is_comparable(one: str | None, two: str | None) -> bool:
    """Whether names that are written so can contradict each other."""
    return one is not None and one == two


def has_capitals(name: str) -> bool:
    """Whether the script of a name has capital letters at all."""
    return any(c.lower() != c.upper() for c in name)


def _without_ending(word: str) -> str:
    return max(word.split("'"), key=len)


def _scripts(name: str) -> Iterator[str]:
    """The script of every letter, as Unicode names it."""
    return (unicodedata.name(c, "?").split()[0].lower() for c in name if c.isalpha())


def without_parts(names: Iterable[str]) -> tuple[str, ...]:
    """Each person once: a name whose words stand in another one, in a row, is that of the same person."""
    kept = tuple(dict.fromkeys(names))
    return tuple(n for n in kept if not any(n != m and f" {n} " in f" {m} " for m in kept))
