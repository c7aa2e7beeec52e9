"""When two wordings name the same place, group or speaker.

Theory of operation
-------------------
Gold names a thing as printed, or in English; the program as printed, or by the profile's name.
Both sides become sets of keys: the profile's ids whose spellings occur in them, and what is left
as folded words. One key in common, or one wording inside the other, is agreement.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from tests.score.front_door import Named, city, named_actors, named_institutions, named_places

Spelled = tuple[tuple[str, str, tuple[str, ...]], ...]
"""Of each entry: id, kind, folded spellings."""

_COARSE = ("city", "province")
_DISTRICT = re.compile(r"\b(?:pd|police district|district)\s*(\d+)\b|\b(\d+)(?:st|nd|rd|th)\b")
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
]
_VAGUE = frozenset(
    [
        "a",
        "an",
        "the",
        "in",
        "of",
        "at",
        "near",
        "on",
        "outside",
        "inside",
        "to",
        "and",
        "city",
        "area",
        "province",
        "part",
        "capital",
        "central",
        "center",
        "centre",
        "north",
        "south",
        "east",
        "west",
        "northern",
        "southern",
        "eastern",
        "western",
        "downtown",
        "afghan",
        "afghanistan",
        "busy",
        "heart",
    ]
)


def fold(text: str | None) -> str:
    """Lower case, letters and digits only, words apart by one blank; no accents, no vowel signs."""
    plain = unicodedata.normalize("NFKD", (text or "").casefold().replace("\u200c", " "))
    plain = plain.replace("ي", "ی").replace("ك", "ک").replace("ۀ", "ه").replace("ة", "ه")
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", kept))


def holds(text: str, phrase: str) -> bool:
    """Whether folded ``phrase`` stands in folded ``text`` as whole words; letters where no blanks."""
    if not phrase:
        return False
    if phrase.isascii():
        return f" {phrase} " in f" {text} "
    return phrase.replace(" ", "") in text.replace(" ", "")


def alike(one: str | None, two: str | None) -> bool:
    """Whether one wording stands in the other."""
    a, b = fold(one), fold(two)
    return bool(a and b) and (holds(a, b) or holds(b, a))


def _spelled(entries: Iterable[Named]) -> Spelled:
    return tuple(
        (e.id, e.kind, tuple(filter(None, dict.fromkeys(fold(name) for name in e.names))))
        for e in entries
    )


@lru_cache(maxsize=2)
def _places(_city: str) -> Spelled:
    return _spelled(named_places())


@lru_cache(maxsize=2)
def _actors(_city: str) -> Spelled:
    return _spelled(named_actors())


@lru_cache(maxsize=2)
def _institutions(_city: str) -> Spelled:
    return _spelled(named_institutions())


def place_keys(words: str | None) -> frozenset[str]:
    """Ids of the fine places that are named in ``words``, ``pd-N`` for a numbered district."""
    text = fold(words)
    found = {
        key
        for key, kind, spellings in _places(city())
        if kind not in _COARSE and any(holds(text, spelling) for spelling in spellings)
    }
    for match in _DISTRICT.finditer(text):
        found.add(f"pd-{match[1] or match[2]}")
    for number, word in enumerate(_ORDINALS, 1):
        if "district" in text and holds(text, word):
            found.add(f"pd-{number}")
    return frozenset(found)


def is_fine(words: str | None) -> bool:
    """Whether ``words`` name more than the city, the province or a side of it."""
    text = fold(words)
    for _, kind, spellings in _places(city()):
        if kind in _COARSE:
            for spelling in sorted(spellings, key=len, reverse=True):
                text = text.replace(spelling, " ")
    return any(word not in _VAGUE and len(word) > 1 for word in text.split())


def group_key(name: str) -> str:
    """The profile's id of an armed group or state, else its folded name."""
    text = fold(name)
    same = [key for key, _, spellings in _actors(city()) if text in spellings]
    inside = [key for key, _, some in _actors(city()) if any(holds(text, one) for one in some)]
    return next(iter(same + inside), text)


def institution_keys(name: str) -> frozenset[str]:
    """Ids of the institutions that are named in ``name``."""
    text = fold(name)
    return frozenset(
        key
        for key, _, spellings in _institutions(city())
        if any(holds(text, one) for one in spellings)
    )


def is_actor(words: str, name: str) -> bool:
    """Whether ``words`` mean the actor that goes by ``name`` in the profile, or as printed."""
    key, text = group_key(name), fold(words)
    spellings = next((some for found, _, some in _actors(city()) if found == key), (fold(name),))
    return group_key(words) == key or any(holds(one, text) for one in spellings)
