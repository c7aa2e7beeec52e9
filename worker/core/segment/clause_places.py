"""Where the clauses of an article play: in which regions, and at which sites of the city.

Rules
-----
1. A region is the watched area (""), or the id of another place. A clause about another place's army is
   not located there; one "in" that place is.
2. A site is a landmark or a quarter with all below the city that it lies in: two names of which one
   lies in the other are one site.
3. A round-up's paragraphs open with places: a clause plays in that of its paragraph, if it is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.place_mention import PlaceMention
from worker.core.annotate.triggers import opening
from worker.core.domain.vocabulary import WIDE_PLACES
from worker.core.knowledge.profile import PlaceEntry
from worker.core.lang.normalise import Range, starting_in
from worker.core.segment.clauses import Clause

_LOCATIVE_REACH_CHARS = 40
_MOST_PARENTS = 6
_PLACED = ("here", "near", "elsewhere")


class ClausePlaces:
    """The places of one article, asked by clause."""

    def __init__(self, annotated: Annotated, gazetteer: Mapping[str, PlaceEntry]) -> None:
        self._annotated, self._prose = annotated, annotated.prose
        self._gazetteer = gazetteer
        self._datelines = tuple(p for p in annotated.places if p.kind == "dateline")

    def regions(self, clause: Clause) -> set[str]:
        """Where a clause plays."""
        return _regions(self._places_in(clause))

    def located_regions(self, clause: Clause) -> set[str]:
        """The same, another place only as "in …", not as "…'s army"."""
        return _regions(
            p for p in self._places_in(clause) if p.kind != "elsewhere" or self._is_located(p.start)
        )

    def filed_from(self, clause: Clause) -> set[str]:
        """In a round-up, whose paragraphs open with places, that of a clause's paragraph if elsewhere."""
        if len({line.entry.id for line in self._datelines}) < 2:
            return set()
        paragraph = self._prose.sentences[clause.sentence].paragraph
        first = self._prose.paragraph(paragraph)[0]
        before = self._prose.sentences[first.index - 1].end if first.index else 0
        filed = starting_in(self._datelines, Range(before, first.start))
        return {line.entry.id for line in filed if line.entry.kind == "elsewhere"}

    def sites(self, clause: Clause) -> set[str]:
        """The landmarks and quarters of a clause, with all below the city that they lie in."""
        return set[str]().union(*self.sites_apart(clause))

    def sites_apart(self, clause: Clause) -> list[set[str]]:
        """The same, one set for each site: none lies in another."""
        apart: list[set[str]] = []
        for place in self._places_in(clause):
            if place.kind == "here" and place.entry.kind in ("landmark", "neighbourhood"):
                site = set(self._parents(place.entry.id))
                near = [other for other in apart if other & site]
                apart = [other for other in apart if not other & site]
                apart.append(site.union(*near))
        return apart

    def _parents(self, place: str | None) -> Iterator[str]:
        """A place and all that it lies in, below the city."""
        for _ in range(_MOST_PARENTS):
            entry = self._gazetteer.get(place) if place is not None else None
            if entry is None or entry.kind in WIDE_PLACES:
                return
            yield entry.id
            place = entry.parent

    def _places_in(self, clause: Clause) -> tuple[PlaceMention, ...]:
        return starting_in(self._annotated.places, clause)

    def _is_located(self, position: int) -> bool:
        before = Range(max(0, position - _LOCATIVE_REACH_CHARS), position)
        lexicon = self._annotated.lexicon
        return lexicon is not None and opening(lexicon, "locative", self._prose, before) is not None


def _regions(places: Iterable[PlaceMention]) -> set[str]:
    """The regions of those places where something can be: "" for the watched area."""
    placed = (place for place in places if place.kind in _PLACED)
    return {place.entry.id if place.kind == "elsewhere" else "" for place in placed}
