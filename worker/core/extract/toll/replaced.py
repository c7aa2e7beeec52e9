"""Which figures an article itself replaces, or tells as steps to another: no opinions of the whole.

A figure goes for the first of the ``REASONS`` that applies to it. Each has its one sentence with an
example in the codebook (``why_derived``), and its rules in the module it comes from: ``newer``,
``revised``, ``some_of_all``, ``addends``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from worker.core.domain.vocabulary import WhyDerived
from worker.core.extract.toll.addends import addends
from worker.core.extract.toll.counts import TAKEN_BACK
from worker.core.extract.toll.newer import Newer, find_newer
from worker.core.extract.toll.placed import Placed
from worker.core.extract.toll.revised import (
    are_replaced,
    before_a_death,
    is_before_a_death,
    is_named_old,
    is_of_before,
    is_of_earlier_entry,
    is_revised,
)
from worker.core.extract.toll.some_of_all import (
    is_increase,
    is_kind_of_people,
    is_of_one_blast,
    is_part_again,
    is_some_of_those,
    is_told_to_be_less,
    is_within_total,
    of_part,
)

Same = frozenset[int]
"""Figures by their identity (``id``): two of them may be alike."""


@dataclass(frozen=True, slots=True)
class Told:
    """All that an article tells of one attack, and what can only be seen of all of it."""

    placed: Sequence[Placed]
    gone: Sequence[Placed]
    """What the text itself says is replaced."""
    said_to_be_old: Same
    """The same, by identity."""
    newer: Newer
    parts: Same
    """Few whom somebody tells of who cannot know the whole."""
    addends: Same
    before: frozenset[int]
    """Numbers of dead of before somebody died of his wounds."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a figure is no opinion of the whole (any more)."""

    name: WhyDerived
    applies: Callable[[Placed, Told], bool]


REASONS = (
    Reason("taken_back", lambda item, _: TAKEN_BACK in item.count.mention.tags),
    Reason("said_to_be_old", lambda item, told: id(item) in told.said_to_be_old),
    Reason("increase", lambda item, told: is_increase(item, told.placed)),
    Reason("newer", lambda item, told: told.newer.overtakes(item)),
    Reason("named_old", lambda item, told: is_named_old(item, told.gone)),
    Reason("revised", lambda item, told: is_revised(item, told.placed)),
    Reason("of_before", lambda item, told: is_of_before(item, told.placed)),
    Reason("earlier_entry", lambda item, told: is_of_earlier_entry(item, told.placed)),
    Reason("within_total", lambda item, told: is_within_total(item, told.placed)),
    Reason("told_to_be_less", lambda item, told: is_told_to_be_less(item, told.placed)),
    Reason("of_one_blast", lambda item, told: is_of_one_blast(item, told.placed)),
    Reason("before_a_death", lambda item, told: is_before_a_death(item, told.before)),
    Reason("part_again", lambda item, told: is_part_again(item, told.placed)),
    Reason("some_of_those", lambda item, told: is_some_of_those(item, told.placed)),
    Reason("kind_of_people", lambda item, told: is_kind_of_people(item, told.placed)),
    Reason("knows_a_part", lambda item, told: id(item) in told.parts),
    Reason("addend", lambda item, told: id(item) in told.addends),
)
_STAYS_PART = frozenset({"stays_part"})
_OF_ANY = REASONS[:2]
"""What the text says of any number, of all or of some."""


def find_replaced(placed: Sequence[Placed]) -> list[WhyDerived | None]:
    """For each figure, in their order, why it is no opinion of the whole; None where it stands."""
    told = _told(placed)
    return [next((r.name for r in _reasons_for(p) if r.applies(p, told)), None) for p in placed]


def _reasons_for(item: Placed) -> Sequence[Reason]:
    """What may speak against a figure: "two were among the dead" says itself that it is a part of them."""
    return REASONS if _STAYS_PART.isdisjoint(item.count.mention.flags) else _OF_ANY


def _told(placed: Sequence[Placed]) -> Told:
    gone = [p for p, is_gone in zip(placed, are_replaced(placed), strict=True) if is_gone]
    adding, parts = set(addends(placed)), of_part(placed)
    return Told(
        placed,
        gone,
        frozenset(map(id, gone)),
        find_newer(placed, adding | parts),
        frozenset(id(placed[i]) for i in parts),
        frozenset(id(placed[i]) for i in adding),
        before_a_death(placed),
    )
