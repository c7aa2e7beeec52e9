r"""With which characters the matches of a regex begin, and where in a text words begin with them.

A text is scanned for some two hundred categories of phrases, sentence by sentence, and most of them
do not occur in it. Where a phrase may begin is found by a look into a table of the text's own word
beginnings, and only there its regex is asked: scanning was a fifth of the time of reading.

Openings are strings of at most ``LETTERS`` characters; every match begins with one of them. The empty
one is that of a pattern which begins with anything (``\w+``). A digit, and ``\d``, count as "0".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from worker.core.lang.tokens import WORD_CHARS_CLASS

LETTERS = 3
_MOST = 400
"""Openings of one pattern; of one that has more only first letters are told apart."""
_START = re.compile(rf"(?<!{WORD_CHARS_CLASS})(?=(.{{1,{LETTERS}}}))", re.DOTALL)
_DIGIT = re.compile(r"\d")
_MARK = re.compile(r"\(\?(?:[:=!]|<[=!])|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}|\\.|.", re.DOTALL)
_LOOKS = frozenset({"(?=", "(?!", "(?<=", "(?<!"})
_BRACKETS = _LOOKS | {"(", "(?:"}
_OPEN, _STOP = True, False
_Beginnings = frozenset[tuple[str, bool]]
"""What a part of a pattern may begin with; ``_OPEN``: that is all of it, what follows goes on."""
_NOTHING: _Beginnings = frozenset({("", _OPEN)})
_ANYTHING: _Beginnings = frozenset({("", _STOP)})


def openings(patterns: Iterable[str]) -> frozenset[str]:
    """With which characters the matches of these patterns begin; of one that is no regex, with any."""
    found = {opening for pattern in patterns for opening in _openings(pattern)}
    return frozenset(o for o in found if not any(o[:n] in found for n in range(len(o))))


def _openings(pattern: str) -> Iterable[str]:
    try:
        found, _ = _choice([*_MARK.findall(pattern), ")"], 0)
    except IndexError:  # a bracket is never closed
        found = _ANYTHING
    return (opening for opening, _ in found)


def _choice(marks: Sequence[str], at: int) -> tuple[_Beginnings, int]:
    """The beginnings of alternatives, and the index of the bracket that ends them."""
    found: _Beginnings = frozenset()
    while True:
        one, at = _sequence(marks, at)
        found |= one
        if marks[at] == ")":
            return found, at
        at += 1


def _sequence(marks: Sequence[str], at: int) -> tuple[_Beginnings, int]:
    """The beginnings of parts in a row, and the index of the bar or bracket behind them."""
    found = _NOTHING
    while marks[at] not in ("|", ")"):
        if not any(is_open for _, is_open in found):
            return found, _behind(marks, at)
        part, at = _part(marks, at)
        if marks[at][0] in "?*+{":
            part, at = _repeated(part, marks[at]), at + 1
            at += marks[at] in ("?", "+")
        found = _joined(found, part)
    return found, at


def _behind(marks: Sequence[str], at: int) -> int:
    """The index of the bar or bracket behind the parts in a row, which say nothing more."""
    depth = 0
    while depth or marks[at] not in ("|", ")"):
        mark = marks[at]
        depth += (mark in _BRACKETS) - (mark == ")")
        at += 1
    return at


def _part(marks: Sequence[str], at: int) -> tuple[_Beginnings, int]:
    mark, at = marks[at], at + 1
    if mark in _BRACKETS:
        inside, at = _choice(marks, at)
        return _NOTHING if mark in _LOOKS else inside, at + 1
    if mark in ("^", "$", r"\b"):
        return _NOTHING, at
    return _characters(mark), at


@lru_cache(maxsize=1_000)
def _characters(mark: str) -> _Beginnings:
    """Which characters a mark is, as far as it names them; the same marks stand in all patterns."""
    if mark == r"\d":
        return frozenset({("0", _OPEN)})
    if mark[0] == "[":
        named = mark[1:-1]
        if set(named) & set("\\^-["):
            return _ANYTHING
        return frozenset((_DIGIT.sub("0", c), _OPEN) for c in named)
    if mark == "." or (mark[0] == "\\" and mark[1:].isalnum()):
        return _ANYTHING
    return frozenset({(_DIGIT.sub("0", mark[-1]), _OPEN)})


def _repeated(part: _Beginnings, times: str) -> _Beginnings:
    """Of what stands several times the first is known, and whether there need be one."""
    if times == "?":
        return part | _NOTHING
    stopped = frozenset((opening, _STOP) for opening, _ in part)
    return stopped | _NOTHING if times[0] == "*" or times[:2] in ("{0", "{,") else stopped


def _joined(before: _Beginnings, after: _Beginnings) -> _Beginnings:
    found = set()
    for first, is_open in before:
        if not is_open or len(first) >= LETTERS:
            found.add((first, _STOP))
            continue
        found |= {((first + then)[:LETTERS], goes_on) for then, goes_on in after}
    if len(found) > _MOST:
        return frozenset((opening[:1], _STOP) for opening, _ in found)
    return frozenset(found)


class Starts:
    """Where words begin in a text, and other characters that stand behind none of a word."""

    def __init__(self, text: str) -> None:
        self._all: list[int] = []
        self._by: dict[str, list[int]] = {}
        self._of: dict[frozenset[str], Sequence[int]] = {}
        for found in _START.finditer(text):
            at, opening = found.start(), _DIGIT.sub("0", found[1])
            self._all.append(at)
            for length in range(1, len(opening) + 1):
                self._by.setdefault(opening[:length], []).append(at)

    def of(self, asked: frozenset[str]) -> Sequence[int]:
        """Where one of some openings stands, in order."""
        found = self._of.get(asked)
        if found is None:
            found = self._of[asked] = self._found(asked)
        return found

    def _found(self, asked: frozenset[str]) -> Sequence[int]:
        if "" in asked:
            return self._all
        return sorted(at for opening in asked & self._by.keys() for at in self._by[opening])


@lru_cache(maxsize=4)
def starts_of(text: str) -> Starts:
    """The starts of a text; the same few texts are asked about all the time that they are read."""
    return Starts(text)
