r"""Tokens: the words, numbers and marks of a sentence, each with the word classes that it carries.

Rules
-----
1. Positions are those of normalised text. A token keeps *all* its classes ("tags"); what it is in a
   sentence is decided by the rules of the grammar that read it, never here.
2. A word is a run of letters with the vowel signs and joiners of its script. Python's ``\w`` knows no
   Devanagari vowel sign, so ``\b`` cuts Hindi and Bengali words in two; ``WORD_CHARS`` does not.
3. "27-year-old", "co-founder" and "u.n." are one token; a number that is printed against a word of
   another script ("4تن", "ب4") is two. In a language that says so, what follows a letter's
   apostrophe is an ending and no token ("Kabil'de", Turkish); after digits it is one, since it
   tells what the number is for ("8'den 11'e": from 8 to 11).
4. In a script without blanks each run of Latin letters or digits is a token, and so is every other
   character.
5. A clock time ("8:40") is one token that counts nobody, whatever stands before it.
6. A number's separators are the language's: "1.200" is twelve hundred in Spanish and a decimal in
   English. A decimal counts nobody, unless a scale follows it ("3,5 millones").
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from operator import attrgetter

from worker.core.domain.light_value import light_value
from worker.core.lang.normalise import Range

NO_TAGS: frozenset[str] = frozenset()
WORD_CHARS = r"[^\W_]|[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u0dff\u0e00-\u0fff\u1000-\u109f]"
"""A character of a word, as an alternative of a regex: letters, digits, and the signs of scripts."""
WORD_CHARS_CLASS = r"[\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u0dff\u0e00-\u0fff\u1000-\u109f]"
"""The same and the underscore, as a class: what may not stand beside a whole word."""
UNSPACED = r"\u3040-\u9fff"
"""Characters of scripts that put no blank between words, as a range of a class."""
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0971-\u0dff\u0e00-\u0fff\u1000-\u109f])"
_WORD = rf"(?:{WORD_CHARS})+(?:-(?:{WORD_CHARS})+)*"
_OTHER_SCRIPT = r"[\u0370-\u1fff\u2c00-\ud7ff]"
_CLOCK = r"(?<![\d:])\d{1,2}(?::\d\d)+(?![\d:])"
_TOKEN = (
    rf"{_CLOCK}"
    r"|(?:[^\W\d_]\.){2,}"
    r"|\d+(?:[.,]\d+)+(?![\d-])"
    rf"|\d+(?={_OTHER_SCRIPT})"
    rf"|\d+(?:-\d+)*(?:-{_LETTER}+)+"
    r"|\d+[^\W\d_]+"
    r"|\d+"
    r"|[\u0621-\u064a\u06a9\u06cc]{1,4}(?=\d)"
    rf"|{_WORD}"
    r"|'s(?!\w)|\S"
)
_WORDS = re.compile(_TOKEN)
_ENDING = "ending"
_WORDS_WITH_ENDINGS = re.compile(rf"(?:(?<=[^\W\d_])'(?P<{_ENDING}>{_LETTER}+))|{_TOKEN}")
_SPACELESS = re.compile(rf"{_CLOCK}|\d+(?:[.,]\d+)*|[a-z]+|\S")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_END = attrgetter("end")
_UNSPACED = re.compile(f"[{UNSPACED}]")


@light_value
class Token(Range):
    """A word, or what rules made of several.

    ``meaning`` holds what its classes say beside their name (``people``: a victim class,
    ``qualifier``: of a count, ``age``, ``name`` …). ``parts`` are the counts that a sum was made of.
    """

    tags: frozenset[str]
    word: str
    value: int | None = None
    low: int | None = None
    meaning: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Token, ...] = ()
    rules: tuple[str, ...] = ()
    """The rules that made it or gave it a tag, in order."""

    def also(self, tags: AbstractSet[str], rules: tuple[str, ...] = ()) -> Token:
        """The same token with more tags, and the rules that gave them."""
        return self.over(self.start, self.end, tags, rules)

    def over(self, start: int, end: int, tags: AbstractSet[str], rules: tuple[str, ...]) -> Token:
        """The same token over a longer stretch, with more tags."""
        return Token(
            *(start, end, self.tags | tags, self.word, self.value, self.low),
            *(self.meaning, self.parts, self.rules + rules),
        )


@light_value
class Piece(Range):
    """A stretch of text that is one token, before anything is known of it."""

    word: str


@dataclass(frozen=True, slots=True)
class Script:
    """How a language writes: what its tokens and its numbers look like.

    ``thousands`` and ``decimal`` are separators. ``split`` are clitics that are words (Arabic "wa-"),
    ``prefixes`` and ``suffixes`` those that are not (Arabic "al-", Persian "-ها"): a form that is not
    listed is looked up without them. ``has_case``: a capital may make a name. ``marked``: letters that
    normal text folds and that tell words apart (Turkish "ö": "öldü" is died, "oldu" was).
    """

    spaceless: bool = False
    has_case: bool = True
    marked: str = ""
    endings_after_apostrophe: bool = False
    thousands: str = ","
    decimal: str = "."
    split: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()


def cut(text: str, at: Range, script: Script) -> Iterator[Piece]:
    """The tokens of a stretch of normalised text, in order."""
    pattern = _SPACELESS if script.spaceless else _WORDS
    if script.endings_after_apostrophe:
        pattern = _WORDS_WITH_ENDINGS
    for found in pattern.finditer(text, at.start, at.end):
        if found.lastgroup != _ENDING:
            yield Piece(found.start(), found.end(), found.group())


def index_at(tokens: Sequence[Token], position: int) -> int:
    """The index of the token that holds a position, or of the next one."""
    return bisect_right(tokens, position, key=_END)


def touched(tokens: Sequence[Token], at: Range) -> range:
    """Indexes of the tokens that a stretch touches."""
    first = last = index_at(tokens, at.start)
    while last < len(tokens) and tokens[last].start < at.end:
        last += 1
    return range(first, last)


def is_unspaced(name: str) -> bool:
    """Whether a name or pattern is of a script without blanks: it may stand anywhere in a text."""
    return _UNSPACED.search(name) is not None


def is_clock_time(word: str) -> bool:
    """Whether a piece is a time of day in digits: "8:40", "21:05:30"."""
    return word[:1].isdigit() and ":" in word


def read_number(word: str, script: Script) -> tuple[int | None, str | None]:
    """A number in digits: its whole value, or else the decimal that it is; (None, None) for no number.

    "1,200" → (1200, None), "3.5" → (None, "3.5") in English; lakhs are grouped by two ("1,20,000").
    """
    if not word[:1].isdigit() or _NUMBER.fullmatch(word) is None:
        return None, None
    if word.isdigit():
        return int(word), None
    groups = re.split(rf"[{re.escape(script.thousands)}]", word)
    grouped = len(groups) > 1 and len(groups[0]) <= 3 and len(groups[-1]) == 3
    if grouped and all(g.isdigit() and 2 <= len(g) <= 3 for g in groups[1:]):
        return int("".join(groups)), None
    whole, mark, rest = word.rpartition(script.decimal)
    if mark and whole.isdigit() and rest.isdigit():
        return None, f"{whole}.{rest}"
    return None, None
