"""Quarters that were hit, and that the grammar of figures took for people.

Rules
-----
1. "Farid was hit by a bullet" tells of a person, by his name alone. "Deh Afghanan was hit by rockets"
   tells of none: the name is that of a place.
2. Where an age or a trade stands beside the name somebody bears it, whatever place is called so.
"""

from __future__ import annotations

from collections.abc import Sequence

from worker.core.annotate.counts import CountMention
from worker.core.annotate.place_mention import PlaceMention
from worker.core.lang.normalise import overlapping

_HIT = ("shot", "injured")
"""What "was hit" may tell of; "was hit on Sunday by" too, where the blow stands further on."""


def without_quarters(
    counts: Sequence[CountMention], places: tuple[PlaceMention, ...]
) -> tuple[CountMention, ...]:
    """The counts, in their order, without those whose name is that of a place."""
    return tuple(c for c in counts if not (_is_a_mere_name(c) and _is_in_place(c, places)))


def _is_a_mere_name(count: CountMention) -> bool:
    told = count.noun or count.age
    return count.what in _HIT and bool(count.name) and not told


def _is_in_place(count: CountMention, places: tuple[PlaceMention, ...]) -> bool:
    at = count.number
    return any(place.holds(at.start) for place in overlapping(places, at))
