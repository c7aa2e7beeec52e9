"""Districts that a text tells by number: "13th police district", "fifth district", "ناحیه پنجم".

Rules
-----
1. A number stands right beside a word for a district: in digits on either side, or as an ordinal before
   it; behind it, where a language puts the noun first (``district_then_number``).
2. Other towns number theirs, too. One that stands beside the name of a town elsewhere, with no name of
   the area nearer, is a district of that town ("the fifth police district of Y").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.core.annotate.place_keys import PlaceKeys
from worker.core.annotate.place_mention import PlaceMention
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range

_DIGITS_CHARS, _DIGITS_BEHIND_CHARS = 8, 14
_DIGITS_BEFORE = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.|º)?[ -]$")
_DIGITS_BEHIND = re.compile(r"[ -]?(?:no\.? ?|number )?(\d{1,2})(?!\d)")
_ORDINAL_CHARS = 18
"""Room for an ordinal beside the word for a district."""
_TOWN_CHARS = 16
"""Between a district and the town that it belongs to: "of the city of"."""
_MARKS = re.compile(r"[.:;!?\n\u061f\u06d4\u0964]")


def numbered_districts(
    text: str, keys: PlaceKeys, lexicon: Lexicon | None
) -> Iterator[PlaceMention]:
    """Districts by number, in the order of the text."""
    if lexicon is None or not keys.districts:
        return
    for found in lexicon.find("district_word", text):
        word = Range.of(found)
        number, at = _digits_beside(text, word) or _ordinal_beside(text, lexicon, word) or (0, word)
        entry = keys.districts.get(number)
        if entry is not None:
            yield PlaceMention(at.start, at.end, entry, "here")


def _digits_beside(text: str, district: Range) -> tuple[int, Range] | None:
    """The number that digits give a district, with where both stand."""
    before = _DIGITS_BEFORE.search(text[max(0, district.start - _DIGITS_CHARS) : district.start])
    if before is not None:
        return int(before[1]), Range(district.start - len(before[0]), district.end)
    after = _DIGITS_BEHIND.match(text[district.end : district.end + _DIGITS_BEHIND_CHARS])
    if after is None:
        return None
    return int(after[1]), Range(district.start, district.end + after.end())


def _ordinal_beside(text: str, lexicon: Lexicon, district: Range) -> tuple[int, Range] | None:
    """The number that an ordinal gives a district, with where both stand."""
    ordinals, start, end = lexicon.tables["ordinal_word"], district.start, district.end
    before = ordinals.ending_at(text, max(0, start - _ORDINAL_CHARS), start - 1)
    if before is not None and text[start - 1] == " ":
        return int(before[1]), Range(before[0].start(), end)
    if any(m.span() == (start, end) for m in lexicon.find("district_then_number", text)):
        for word, number in ordinals.find(text, end + 1, min(len(text), end + _ORDINAL_CHARS)):
            if word.start() == end + 1 and text[end] == " ":
                return int(number), Range(start, word.end())
    return None


def without_those_elsewhere(
    text: str, keys: PlaceKeys, mentions: tuple[PlaceMention, ...]
) -> tuple[PlaceMention, ...]:
    """The mentions without the districts of other towns."""
    if all(m.kind != "elsewhere" for m in mentions):
        return mentions
    numbered = {entry.id for entry in keys.districts.values()}
    return tuple(
        m for m in mentions if m.entry.id not in numbered or not _is_elsewhere(text, m, mentions)
    )


def _is_elsewhere(text: str, district: PlaceMention, mentions: tuple[PlaceMention, ...]) -> bool:
    """Whether the nearest name beside a district, in its sentence, is that of a town elsewhere."""
    beside = [
        m
        for m in mentions
        if m is not district
        and m.gap(district) <= _TOWN_CHARS
        and not _MARKS.search(text, min(m.end, district.end), max(m.start, district.start))
    ]
    nearest = min(beside, key=lambda m: m.gap(district), default=None)
    return nearest is not None and nearest.kind == "elsewhere"
