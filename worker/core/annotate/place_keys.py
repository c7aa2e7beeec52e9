"""The profile's names of places as keys: letter by letter, and by their sound.

Theory of operation: see ``places``, which looks words up here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from worker.core.domain.vocabulary import FINE_PLACES
from worker.core.knowledge.profile import PlaceEntry, Profile
from worker.core.lang.normalise import plain
from worker.core.lang.tokens import is_unspaced

WORD = re.compile(r"[^\W_][\w\u0900-\u0dff]*")
LINKS = frozenset(("e", "i", "ye", "yi", "ul", "al"))
_SOUNDS = tuple(
    (re.compile(pattern), into)
    for pattern, into in (
        (r"[ou]o|ou|oo", "u"), (r"ee|ie", "i"), (r"[ae][iy]", "ai"), (r"y$", "i"), (r"o", "u"),
        (r"e", "i"), (r"th", "t"), (r"(?<=[aiu])h(?![aiu])", ""), (r"ph", "f"),
        (r"([b-df-hj-np-tv-z])\1", r"\1"), (r"aa", "a"), (r"(?<=\w{2})[aiu]+$", ""),
    )
)  # fmt: skip
_SOUND_CHARS = 7
"""A single word is compared by sound only from this length on: shorter ones collide."""


@lru_cache(maxsize=16384)
def sound_of(word: str) -> str:
    """A word as it sounds: what its spellings have in common."""
    if not word.isascii():
        return word
    for pattern, into in _SOUNDS:
        word = pattern.sub(into, word)
    return word


@dataclass(frozen=True, slots=True)
class PlaceKeys:
    """Keys of names, and the row of each."""

    exact: dict[str, PlaceEntry]
    by_sound: dict[str, PlaceEntry]
    unspaced: re.Pattern[str] | None
    """Names in scripts without blanks, found anywhere."""
    names: dict[str, PlaceEntry]
    small: frozenset[str]
    """Keys that may be printed in small letters: "parliament", "the foreign ministry"."""
    begun: frozenset[str]
    """Everything that a key of ``exact`` begins with, the key itself included; and so on."""
    sound_begun: frozenset[str]
    small_begun: frozenset[str]
    districts: dict[int, PlaceEntry]


@lru_cache(maxsize=8)
def place_keys(profile: Profile) -> PlaceKeys:
    """The keys of a profile's places."""
    places = profile.places
    exact: dict[str, PlaceEntry] = {}
    by_sound: dict[str, PlaceEntry] = {}
    names: dict[str, PlaceEntry] = {}
    small: set[str] = set()
    for entry in places:
        for variant in (entry.name, *entry.variants):
            name = plain(variant)
            words = WORD.findall(name.replace("'s ", " "))  # as a text's is read
            if is_unspaced(name):
                names.setdefault(name, entry)
            elif words:
                exact.setdefault("".join(words), entry)
                if variant[:1].islower() or (entry.generic and entry.kind == "landmark"):
                    small.add("".join(words))
                sound = "".join(sound_of(w) for w in words if w not in LINKS)
                local = entry.kind in FINE_PLACES and not entry.generic
                if local and (len(words) > 1 or len(name) >= _SOUND_CHARS) and len(sound) >= 5:
                    by_sound.setdefault(sound, entry)
    listed = "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))
    districts = {e.police_district: e for e in places if e.kind == "district" and e.police_district}
    pattern = re.compile(listed) if listed else None
    return PlaceKeys(
        exact, by_sound, pattern, names, frozenset(small), _beginnings(exact), _beginnings(by_sound),
        _beginnings(small), districts,
    )  # fmt: skip


def _beginnings(keys: Iterable[str]) -> frozenset[str]:
    """All that a key begins with, from nothing to all of it."""
    return frozenset(key[:end] for key in keys for end in range(len(key) + 1))
