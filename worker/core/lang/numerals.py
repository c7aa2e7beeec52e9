"""Numbers in words: what several number words come to ("two hundred and five", "bist o panj").

Rules
-----
1. Number words stand for values, scales multiply ("hundred", "lakh", "bin"); both are the language's.
   A scale of a thousand or more closes what stands before it.
2. Words go on as long as each could follow the one before: a scale always, a smaller unit after tens.
   Digits stand for themselves, but a scale may follow them ("2 thousand", "1.5 million"), and
   fewer of them the scale ("2 bin 500", Turkish for 2,500).
3. A word of joining ("and", "و", "y") stands inside a number only between number words, from the
   larger to the smaller, and never beside digits.
4. In some languages the unit stands before its tens ("خمسة وعشرون"): the pack says so.

("بیست و پنج" was once read as 20 and 5; "five and seven" are still two numbers.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from worker.core.lang.tokens import Token

_THOUSAND = 1000
NUMBER, DIGITS, DECIMAL = "NUM", "DIGIT", "DECIMAL"
_NUMERIC = frozenset({NUMBER, DECIMAL})
PAIR = "DUAL"
"""Two people in one word: a count, and no part of a larger number ("شرطيان وعشرون مدنيا")."""


@dataclass(frozen=True, slots=True)
class Numerals:
    """A language's number words: ``scales`` by word, and the words that join a number's parts.

    ``units_first``: the unit stands before its tens ("خمسة وعشرون", five and twenty).
    """

    scales: Mapping[str, int]
    joints: frozenset[str]
    spaceless: bool = False
    units_first: bool = False


@dataclass(slots=True)
class _Sum:
    """A number as far as it is read: closed thousands, the running part, the last unit."""

    total: int = 0
    current: int = 0
    unit: int = 0

    def add_scale(self, scale: int) -> None:
        if scale >= _THOUSAND:
            self.total += (self.current + self.unit or 1) * scale
            self.current = 0
        else:
            self.current += (self.unit or 1) * scale
        self.unit = 0

    def add_unit(self, value: int, *, spaceless: bool) -> None:
        self.unit = value if spaceless else self.unit + value

    @property
    def value(self) -> int:
        return self.total + self.current + self.unit


def compose(tokens: Sequence[Token], numerals: Numerals) -> list[Token]:
    """The same tokens, with each run of number words made one token."""
    out: list[Token] = []
    index = 0
    while index < len(tokens):
        if tokens[index].tags.isdisjoint(_NUMERIC):
            out.append(tokens[index])
            index += 1
            continue
        scaled = _scaled_decimal(tokens, index, numerals)
        end, value = scaled if scaled is not None else _run(tokens, index, numerals)
        if end - index > 1:
            first, last = tokens[index], tokens[end - 1]
            tags = first.tags - {DECIMAL} | {NUMBER} if scaled is not None else first.tags
            word = " ".join(t.word for t in tokens[index:end])
            out.append(replace(first, end=last.end, tags=tags, value=value, word=word))
            index = end
        else:
            out.append(tokens[index])
            index += 1
    return out


def _scaled_decimal(
    tokens: Sequence[Token], index: int, numerals: Numerals
) -> tuple[int, int] | None:
    """A decimal with its scale, as in "1.5 thousand": where it ends, and its value."""
    if DECIMAL not in tokens[index].tags or index + 1 == len(tokens):
        return None
    scale = numerals.scales.get(tokens[index + 1].word)
    if scale is None:
        return None
    return index + 2, round(float(tokens[index].meaning["decimal"]) * scale)


def _run(tokens: Sequence[Token], index: int, numerals: Numerals) -> tuple[int, int]:
    """Where the run of number words at ``index`` ends, and its value."""
    sum_, at = _Sum(), index
    while at < len(tokens) and _is_number(tokens[at]):
        token = tokens[at]
        if at > index and not _continues(tokens[at - 1], token, sum_, numerals):
            break
        scale = numerals.scales.get(token.word)
        if scale is not None:
            sum_.add_scale(scale)
        else:
            sum_.add_unit(token.value or 0, spaceless=numerals.spaceless)
        at += 1
        if _joins(tokens, at, numerals):
            at += 1
    return at, sum_.value


def _is_number(token: Token) -> bool:
    return NUMBER in token.tags and PAIR not in token.tags and token.value is not None


def _continues(before: Token, token: Token, sum_: _Sum, numerals: Numerals) -> bool:
    """Whether a number word belongs to the number before it."""
    if token.word in numerals.scales:
        return True
    if DIGITS in token.tags:
        return (token.value or 0) < _THOUSAND <= numerals.scales.get(before.word, 0)
    if DIGITS in before.tags:
        return False
    if before.word in numerals.scales or before.word in numerals.joints:
        return True
    return (sum_.current + sum_.unit) % 100 >= 20 and (token.value or 0) < 10


def _joins(tokens: Sequence[Token], at: int, numerals: Numerals) -> bool:
    """Whether a word of joining at ``at`` stands inside a number."""
    if not 0 < at < len(tokens) - 1 or tokens[at].word not in numerals.joints:
        return False
    before, after = tokens[at - 1], tokens[at + 1]
    if not _is_number(after) or DIGITS in before.tags | after.tags:
        return False
    first, second = before.value or 0, after.value or 0
    if numerals.units_first and first < 100 and before.word not in numerals.scales:
        # "خمسة وعشرون" is 25, "عشرون وخمسة" are two numbers.
        return 0 < first < 10 and second in range(20, 100, 10) and _is_number(before)
    small = second < first and after.word not in numerals.scales
    larger_than_teens = first >= 20 or before.word in numerals.scales
    # "صد و بیست و پنج": after the tens a unit, after the hundreds anything smaller; a thousand may
    # be followed by "two hundred", whose first word is a small one.
    return larger_than_teens and small
