"""Which figures an article itself replaces, or tells as steps to another: no opinions of the whole.

A figure goes for the first of the ``REASONS`` that applies to it. Each has its one sentence below, and
its rules in the module it comes from: ``newer``, ``revised``, ``some_of_all``, ``addends``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from worker.core.extract.toll.addends import addends
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

    name: str
    rule: str
    applies: Callable[[Placed, Told], bool]


REASONS = (
    Reason(
        "said_to_be_old",
        'The text says that it was replaced ("from nine to seven").',
        lambda item, told: id(item) in told.said_to_be_old,
    ),
    Reason(
        "newer",
        'Somebody has given a newer number since ("by nightfall 16").',
        lambda item, told: told.newer.overtakes(item),
    ),
    Reason(
        "named_old",
        "It is a number that the text says, elsewhere, is replaced.",
        lambda item, told: is_named_old(item, told.gone),
    ),
    Reason(
        "revised",
        'The toll "was revised to" another one later on.',
        lambda item, told: is_revised(item, told.placed),
    ),
    Reason(
        "of_before",
        '"Officials had said" so before a number that is more.',
        lambda item, told: is_of_before(item, told.placed),
    ),
    Reason(
        "increase",
        '"Three more died", "two Filipinos also died" are within a number told elsewhere.',
        lambda item, told: is_increase(item, told.placed),
    ),
    Reason(
        "earlier_entry",
        "A later entry of the live blog has a newer number.",
        lambda item, told: is_of_earlier_entry(item, told.placed),
    ),
    Reason(
        "within_total",
        'A larger number behind it is one "in all".',
        lambda item, told: is_within_total(item, told.placed),
    ),
    Reason(
        "told_to_be_less",
        'The first of its list is told to be all: "nine and four, nine in all".',
        lambda item, told: is_told_to_be_less(item, told.placed),
    ),
    Reason(
        "of_one_blast",
        "It is what one of several blasts did, and somebody gives more for all of them.",
        lambda item, told: is_of_one_blast(item, told.placed),
    ),
    Reason(
        "before_a_death",
        "Who died of his wounds since makes another's number out of it.",
        lambda item, told: is_before_a_death(item, told.before),
    ),
    Reason(
        "part_again",
        "The same class and number is told as a part of a larger figure.",
        lambda item, told: is_part_again(item, told.placed),
    ),
    Reason(
        "kind_of_people",
        "The outlet tells some by who they are, and more people behind them.",
        lambda item, told: is_kind_of_people(item, told.placed),
    ),
    Reason(
        "knows_a_part",
        "Its speaker knows a part only, and an office has counted many.",
        lambda item, told: id(item) in told.parts,
    ),
    Reason(
        "addend",
        "With its neighbours it adds up to a total that the text has as well.",
        lambda item, told: id(item) in told.addends,
    ),
)


def find_replaced(placed: Sequence[Placed]) -> list[bool]:
    """For each figure, in their order, whether it is no opinion of the whole (any more)."""
    return [reason is not None for reason in find_reasons(placed)]


def find_reasons(placed: Sequence[Placed]) -> list[Reason | None]:
    """For each figure, in their order, the first reason why it is replaced; None where it stands."""
    told = _told(placed)
    return [next((r for r in REASONS if r.applies(p, told)), None) for p in placed]


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
