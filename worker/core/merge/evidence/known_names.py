"""Which landmark or institution of the profile a printed name means, in any script.

Rules
-----
1. A name *is* what the profile lists when nothing but site words ("the … building") is left of it.
   Else it is *part* of it: "City University bus" is no university, yet belongs to one.
2. The longest spelling wins. A generic name of the gazetteer ("parliament") counts only whole.
3. An institution is an owner, never a site: the profile lists under one id whoever speaks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from worker.core.knowledge.profile import Institution, PlaceEntry
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.names import words_of

_SITE_WORDS = ("site_generic", "determiner")


@dataclass(frozen=True, slots=True)
class KnownName:
    """What the profile knows of a name.

    ``sites``: the landmark that it is, then those around it; empty for none. ``owners``: ids of
    what it belongs to.
    """

    sites: tuple[str, ...] = ()
    owners: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Spelling:
    """One spelling of a row. ``around``: the landmark and those it lies in, or the institution."""

    around: tuple[str, ...]
    is_site: bool
    generic: bool


class KnownNames:
    """The spellings of landmarks and institutions, found in names as printed."""

    def __init__(self, places: Iterable[PlaceEntry], institutions: Iterable[Institution]) -> None:
        rows = {row.id: row for row in places}
        self._spelled: dict[tuple[str, ...], list[_Spelling]] = {}
        for row in rows.values():
            if row.kind == "landmark":
                around = tuple(_landmarks_around(row, rows))
                self._add((row.name, *row.variants), _Spelling(around, True, row.generic))
        for institution in institutions:
            names = (institution.name, *institution.variants)
            self._add(names, _Spelling((institution.id,), False, True))
        self._longest = max(map(len, self._spelled), default=0)

    def find(self, name: str, lexicon: Lexicon | None, empty: frozenset[str]) -> KnownName:
        """What a name means. ``empty``: words that tell nothing apart, the city's own."""
        words = words_of(name)
        for size in range(min(len(words), self._longest), 0, -1):
            for start in range(len(words) - size + 1):
                found = self._spelled.get(words[start : start + size])
                if found is not None:
                    rest = (*words[:start], *words[start + size :])
                    return _meant(found, all(_is_empty(w, lexicon, empty) for w in rest))
        return KnownName()

    def _add(self, names: Iterable[str], spelling: _Spelling) -> None:
        for words in dict.fromkeys(map(words_of, names)):
            if words:
                self._spelled.setdefault(words, []).append(spelling)


@lru_cache(maxsize=8)
def known_names(
    places: tuple[PlaceEntry, ...], institutions: tuple[Institution, ...]
) -> KnownNames:
    """The names of a profile, made once."""
    return KnownNames(places, institutions)


def _landmarks_around(row: PlaceEntry, rows: Mapping[str, PlaceEntry]) -> Iterator[str]:
    """A landmark and the landmarks it lies in ("Abbey Gate", then the airport)."""
    at: PlaceEntry | None = row
    while at is not None and at.kind == "landmark":
        yield at.id
        at = rows.get(at.parent or "")


def _meant(found: Iterable[_Spelling], whole: bool) -> KnownName:
    counted = [s for s in found if whole or not s.generic]
    sites = next((s.around for s in counted if s.is_site and whole), ())
    owners = frozenset(s.around[0] for s in counted if not (s.is_site and whole))
    return KnownName(sites, owners)


def _is_empty(word: str, lexicon: Lexicon | None, empty: frozenset[str]) -> bool:
    """Whether a word beside a known name adds nothing to it."""
    if word in empty:
        return True
    patterns = (lexicon.pattern(c) for c in _SITE_WORDS) if lexicon is not None else ()
    return any(p is not None and p.fullmatch(word) for p in patterns)
