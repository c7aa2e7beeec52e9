r"""Normalised text with a map of offsets: what lexicons match on, and where it is in the original.

Rules
-----
1. The original is never changed. ``Normalised.span`` turns a match back into a verbatim ``Span``.
2. Normalising is per character: NFKC, case folded, Latin marks stripped, Arabic-script letter
   variants unified, Devanagari nasal signs one, every kind of space one space, curly quotes straight,
   digits ASCII and what stands between them ("۱٬۲۰۰" is "1,200").
3. Characters that carry nothing (tatweel, tashkeel, joiners, bidi marks) vanish.
4. Two systems of positions, two types: a ``Range`` counts into the normalised copy, a ``Span`` into
   the original. Only ``Normalised`` turns one into the other. A bare position is a normalised one.

Theory of operation
-------------------
Each original character yields zero or more normalised ones; ``offsets[i]`` is the original index of
normalised character ``i`` and ``offsets[-1]`` the length of the original. Runs of blanks collapse to
the first; line breaks are kept as ``\n``, because paragraphs matter.
(TRT World 2019-05-08 has four no-break spaces in its body: a figure next to one must still be quoted
exactly as printed.)
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from re import Match
from typing import TypeVar

from worker.core.domain.document import Span

_LETTERS = str.maketrans({
    "ي": "ی", "ى": "ی", "ئ": "ی", "ې": "ی", "ۍ": "ی", "ے": "ی", "ۓ": "ی", "ك": "ک", "ڪ": "ک",
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ؤ": "و", "ة": "ه", "ۀ": "ه", "ہ": "ه", "ە": "ه",
    "ھ": "ه", "ۂ": "ه", "ګ": "گ", "ں": "ن", "ı": "i", "ё": "е", "ँ": "ं",
    "’": "'", "‘": "'", "ʼ": "'", "`": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "٬": ",", "٫": ".",
    "–": "-", "—": "-", "‑": "-", "‐": "-", "−": "-", "…": "...",
})  # fmt: skip
_VANISH = frozenset(
    (
        *(0x640, 0x670, 0xFEFF, 0x93C, 0xAD),
        *range(0x64B, 0x660),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x206A),
    )
)
_LATIN_GREEK_CYRILLIC_MARKS = 0x370
_ASCII_RUN = re.compile(r"[!-~]+(?: [!-~]+)*")
"""A run of which every character yields one; most text is such, and is taken at once."""


@lru_cache(maxsize=8192)
def _fold(char: str) -> str:
    """One original character, normalised: zero or more characters."""
    if ord(char) in _VANISH:
        return ""
    if char in "\n\r\v\f\u2028\u2029\x85":
        return "\n"
    if char.isspace():
        return " "
    if char.isdigit() and not char.isascii():
        return str(unicodedata.digit(char))
    folded = unicodedata.normalize("NFKC", char).casefold()
    kept = (
        c
        for c in unicodedata.normalize("NFD", folded)
        if not (unicodedata.category(c) == "Mn" and ord(c) < _LATIN_GREEK_CYRILLIC_MARKS)
    )
    composed = unicodedata.normalize("NFC", "".join(kept)).translate(_LETTERS)
    return "".join(c for c in composed if ord(c) not in _VANISH)


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch ``[start, end)`` of normalised text.

    Whatever is found in a text (a sentence, a number, a name) is a ``Range`` with its meaning added.
    No ``Span`` is one, nor is a pair of numbers.
    """

    start: int
    end: int

    def holds(self, position: int) -> bool:
        """Whether a position is inside."""
        return self.start <= position < self.end

    def overlaps(self, other: Range) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end

    def within(self, other: Range) -> bool:
        """Whether all of it is inside the other."""
        return other.start <= self.start and self.end <= other.end

    def gap(self, other: Range) -> int:
        """Characters between the two; 0 when they touch or overlap."""
        return max(0, self.start - other.end, other.start - self.end)

    @staticmethod
    def of(match: Match[str], group: int = 0) -> Range:
        """Where a pattern matched in a whole normalised text."""
        return Range(*match.span(group))


Found = TypeVar("Found", bound=Range)
_START = attrgetter("start")


def apart(ordered: Iterable[Found]) -> Iterator[Found]:
    """Those that begin where no earlier one stands."""
    end = -1
    for found in ordered:
        if found.start >= end:
            end = found.end
            yield found


def starting_in(found: tuple[Found, ...], at: Range) -> tuple[Found, ...]:
    """Those that begin inside a stretch; ``found`` stands in the order of the text."""
    low = bisect_left(found, at.start, key=_START)
    return found[low : bisect_left(found, at.end, low, key=_START)]


def inside(found: tuple[Found, ...], at: Range) -> tuple[Found, ...]:
    """Those of which all lies in a stretch; ``found`` stands in the order of the text, apart."""
    begun = starting_in(found, at)
    return begun[:-1] if begun and begun[-1].end > at.end else begun


def overlapping(found: tuple[Found, ...], at: Range) -> tuple[Found, ...]:
    """Those that share a character with a stretch; ``found`` stands in the order of the text, apart."""
    low = bisect_left(found, at.start, key=_START)
    if low and found[low - 1].end > at.start:
        low -= 1
    return found[low : bisect_left(found, at.end, low, key=_START)]


def holding(found: tuple[Found, ...], position: int) -> Found | None:
    """The one that holds a position; ``found`` stands in the order of the text, apart."""
    index = bisect_right(found, position, key=_START) - 1
    return found[index] if index >= 0 and found[index].holds(position) else None


def least_gap(ones: Iterable[Range], others: Iterable[Range]) -> int | None:
    """Characters between the nearest two of two kinds; None without one of each.

    Those of a kind stand apart, in any order: of the others only the two neighbours can be nearest.
    """
    ordered = sorted(others, key=_START)
    nearest: int | None = None
    for one in ones:
        index = bisect_left(ordered, one.start, key=_START)
        for other in ordered[max(0, index - 1) : index + 1]:
            gap = one.gap(other)
            nearest = gap if nearest is None or gap < nearest else nearest
    return nearest


def words_end(text: str, end: int, low: int = 0) -> int:
    """Where the words before ``end`` stop: blanks left out, not before ``low``."""
    while end > low and text[end - 1].isspace():
        end -= 1
    return end


@dataclass(frozen=True, slots=True)
class Normalised:
    """A normalised copy of ``raw`` and, for each of its characters, where it came from."""

    raw: str
    text: str
    offsets: array[int]

    def span(self, at: Range) -> Span:
        """The verbatim span of a range; blanks at its edges are left out."""
        start, end = at.start, at.end
        while start < end and self.text[start].isspace():
            start += 1
        return self.untrimmed(Range(start, words_end(self.text, end, start)))

    def untrimmed(self, at: Range) -> Span:
        """The verbatim span of a range, blanks and all."""
        first = self.offsets[at.start]
        last = self.offsets[at.end - 1] + 1 if at.end > 0 else 0
        return Span(first, last, self.raw[first:last])

    def letter(self, position: int) -> str:
        """The original character that a position stands for: capital or small."""
        return self.raw[self.offsets[position]]

    def range_of(self, span: Span) -> Range:
        """The range that a span was copied to."""
        return Range(self._at_or_after(span.start), self._at_or_after(span.end))

    def _at_or_after(self, index: int) -> int:
        """First position whose original is at or after ``index`` of ``raw``."""
        low, high = 0, len(self.text)
        while low < high:
            middle = (low + high) // 2
            if self.offsets[middle] < index:
                low = middle + 1
            else:
                high = middle
        return low


def normalise(raw: str) -> Normalised:
    """Normalise ``raw`` with an offset for every character of the result."""
    out: list[str] = []
    offsets: array[int] = array("l")
    done = 0
    for run in _ASCII_RUN.finditer(raw):
        start, end = run.span()
        _fold_all(raw, done, start, out, offsets)
        out.append(run.group().lower().replace("`", "'"))
        offsets.extend(range(start, end))
        done = end
    _fold_all(raw, done, len(raw), out, offsets)
    offsets.append(len(raw))
    return Normalised(raw, "".join(out), offsets)


def _fold_all(raw: str, start: int, end: int, out: list[str], offsets: array[int]) -> None:
    """Add the characters of a stretch, normalised one by one."""
    previous = out[-1][-1] if out else ""
    for index in range(start, end):
        for c in _fold(raw[index]):
            if c == " " and previous in (" ", "\n", ""):
                continue
            out.append(c)
            offsets.append(index)
            previous = c


def plain(raw: str) -> str:
    """The normalised copy alone, blanks collapsed and trimmed: for names and patterns."""
    folded = raw.lower().replace("`", "'") if raw.isascii() else "".join(map(_fold, raw))
    return " ".join(folded.split())
