"""Numbers as news prints them, with the bounds of their wording. What they count is not asked here.

Rules (docs/method.md, Figures)
-----
1. exact N → N/N; at least N → N/-; more than N → N+1/-; nearly N → floor(.85 N)/N-1; around N → ±20 %;
   up to N → -/N; N to M → N/M; several, many → 3/-; a number of → 2/-; a score → 20/-; scores → 40/-;
   dozens → 24/-; hundreds → 200/-; a dozen is 12.
2. Never a number: percent, money, ordinals, ages, clock times, years, distances, districts.
   (EFE 2019-07-01: "54 percent", "several kilometers", "8.55 am", "seventh round".)
3. Number words are read by text2num where it knows the language, else by the lexicon's own table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import cast

from text_to_num import text2num

from worker.core.domain.vocabulary import Qualifier
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range
from worker.core.text.prose import Prose

_DIGITS = r"\d{1,3}(?:,\d{3})+|\d+"
_NEARLY = 0.85
_AROUND = 0.2
_LIMIT = 100_000
_YEARS = range(1900, 2100)
_REACH_CHARS = 32
_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Number(Range):
    """A number with its wording."""

    value: int | None
    low: int | None
    high: int | None
    qualifier: Qualifier


@dataclass(frozen=True, slots=True)
class _Bare(Range):
    value: int


def find_numbers(prose: Prose, lexicon: Lexicon) -> tuple[Number, ...]:
    """All numbers of a text that could count people, in order, none overlapping another."""
    text = prose.text
    bare = [b for b in _bare(text, lexicon) if not _is_other(text, b, lexicon)]
    found = [*_ranges(text, bare, lexicon), *(_qualified(text, b, lexicon) for b in bare)]
    found += _vague(text, lexicon)
    return tuple(_without_overlaps(found))


def bounds(value: int, qualifier: Qualifier) -> tuple[int | None, int | None]:
    """Lower and upper bound of a wording with a number."""
    match qualifier:
        case "at_least":
            return value, None
        case "more_than":
            return value + 1, None
        case "nearly":
            return int(value * _NEARLY), max(value - 1, int(value * _NEARLY))
        case "around":
            return round(value * (1 - _AROUND)), round(value * (1 + _AROUND))
        case "up_to":
            return None, value
        case _:
            return value, value


def _bare(text: str, lexicon: Lexicon) -> Iterator[_Bare]:
    for found in re.finditer(rf"(?:(?<![\w.,:/$€£-])|(?<=\d-))(?:{_DIGITS})(?![\w/])", text):
        value = int(found.group().replace(",", ""))
        if value <= _LIMIT:
            yield _Bare(found.start(), found.end(), value)
    for found in _spoken(tuple(sorted(lexicon.words["number_word"].items()))).finditer(text):
        spoken = _read_words(found.group(), lexicon)
        if spoken is not None and spoken <= _LIMIT:
            yield _Bare(found.start(), found.end(), spoken)


def _read_words(words: str, lexicon: Lexicon) -> int | None:
    table = lexicon.words["number_word"]
    if words in table:
        return int(table[words])
    return _by_library(words, lexicon.lang)


@lru_cache(maxsize=16)
def _spoken(words: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """Runs of number words: "twenty-one", "two hundred and five", but not "five and seven"."""
    if not words:
        return re.compile(r"(?!)")
    one = "|".join(re.escape(word) for word, _ in sorted(words, key=lambda w: -len(w[0])))
    large = [re.escape(word) for word, value in words if int(value) >= _HUNDRED]
    joints = "".join(rf"|(?<={word}) and " for word in large)
    return re.compile(rf"(?<![\w-])(?:{one})(?:(?:[ -]{joints})(?:{one}))*(?![\w-])")


@lru_cache(maxsize=2048)
def _by_library(words: str, lang: str) -> int | None:
    try:
        return int(text2num(words.replace("-", " "), lang))
    except ValueError:
        return None


def _is_other(text: str, bare: _Bare, lexicon: Lexicon) -> bool:
    """Whether a number counts no people: money, ages, times, years, places, percent."""
    after = lexicon.first(
        "number_not_after", text, bare.end, min(len(text), bare.end + _REACH_CHARS)
    )
    if after is not None and after.start() <= bare.end + 1 and _only_blank(text, bare, after):
        return True
    if lexicon.ends_with("number_not_before", text, bare.start, _REACH_CHARS) is not None:
        return True
    if re.match(r"[.:]\d", text[bare.end : bare.end + 2]) or _is_age(text, bare):
        return True
    is_digits = text[bare.start : bare.end].isdigit()
    return is_digits and bare.value in _YEARS and bare.end - bare.start == 4


def _is_age(text: str, bare: _Bare) -> bool:
    """A numeral between commas after a name is an age: "a student, 18, died"."""
    return text[bare.start - 2 : bare.start] == ", " and text[bare.end : bare.end + 1] == ","


def _only_blank(text: str, bare: _Bare, after: re.Match[str]) -> bool:
    return text[bare.end : after.start()].strip(" -") == ""


def _ranges(text: str, bare: list[_Bare], lexicon: Lexicon) -> Iterator[Number]:
    """As in "between five and seven", "5 to 7", "5-7"."""
    for first, second in pairwise(bare):
        gap = text[first.end : second.start]
        between = _before(text, first.start, "number_between", lexicon)
        joined = re.fullmatch(r" ?- ?", gap) or lexicon.first(
            "number_to", text, first.end, second.start
        )
        if first.value >= second.value or len(gap) > 6:
            continue
        if between is not None and joined is None:
            joined = lexicon.first("number_and", text, first.end, second.start)
        if joined is None or _is_revision(text, first, lexicon):
            continue
        start = between.start() if between is not None else first.start
        yield Number(start, second.end, first.value, first.value, second.value, "range")


def _is_revision(text: str, first: _Bare, lexicon: Lexicon) -> bool:
    """As in "from 20 to 14" and "rose from 3 to 5" tell of two tolls, not of a range."""
    return _before(text, first.start, "number_from", lexicon) is not None


def _qualified(text: str, bare: _Bare, lexicon: Lexicon) -> Number:
    start, end = bare.start, bare.end
    qualifier: Qualifier = "exact"
    lead = _lead(text, bare.start, lexicon)
    if lead is not None:
        start, qualifier = lead
    else:
        tail = _tail(text, bare.end, lexicon)
        if tail is not None:
            end, qualifier = tail
    low, high = bounds(bare.value, qualifier)
    return Number(start, end, bare.value, low, high, qualifier)


def _lead(text: str, start: int, lexicon: Lexicon) -> tuple[int, Qualifier] | None:
    """The wording before a number: "at least", "more than" …"""
    low = max(0, start - _REACH_CHARS)
    for found, value in lexicon.table("number_lead").find(text, low, start):
        if not text[found.end() : start].strip():
            return found.start(), cast("Qualifier", value)
    return None


def _tail(text: str, end: int, lexicon: Lexicon) -> tuple[int, Qualifier] | None:
    """The wording after a number: "or more"."""
    for found, value in lexicon.table("number_tail").find(
        text, end, min(len(text), end + _REACH_CHARS)
    ):
        if not text[end : found.start()].strip():
            return found.end(), cast("Qualifier", value)
    return None


def _before(text: str, start: int, category: str, lexicon: Lexicon) -> re.Match[str] | None:
    low = max(0, start - _REACH_CHARS)
    for found in lexicon.find(category, text, low, start):
        if not text[found.end() : start].strip():
            return found
    return None


def _vague(text: str, lexicon: Lexicon) -> Iterator[Number]:
    """Wordings without a number, and dozens: "several", "nearly a dozen", "two dozen"."""
    for found, value in lexicon.table("quantity").find(text, 0, len(text)):
        name, _, amount = value.partition("/")
        if name == "exact":
            yield _qualified(text, _Bare(found.start(), found.end(), int(amount)), lexicon)
            continue
        if _is_other(text, _Bare(found.start(), found.end(), int(amount)), lexicon):
            continue
        lead = _lead(text, found.start(), lexicon)
        start = lead[0] if lead is not None else found.start()
        yield Number(start, found.end(), None, int(amount), None, cast("Qualifier", name))


def _without_overlaps(found: list[Number]) -> Iterator[Number]:
    """The longer of two that overlap, in text order."""
    kept: list[Number] = []
    for number in sorted(found, key=lambda n: (n.start - n.end, n.start)):
        if not any(number.overlaps(other) for other in kept):
            kept.append(number)
    yield from sorted(kept, key=lambda n: n.start)
