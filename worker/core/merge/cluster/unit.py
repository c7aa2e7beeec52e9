"""A unit: reports that nothing tells apart, and how many of them are meant. Parts and cores are made of
units.

Each is one value for as long as it stays what it is, from decision to decision: what was found out
about it is found by its place in memory.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from worker.core.domain.remembered import place_of_new
from worker.core.merge.evidence.nodes import Node

_by_key = attrgetter("key")
_by_order = attrgetter("order")


@dataclass(slots=True, eq=False)
class Unit:
    """Interchangeable nodes, in order of key. ``number``: of their facts; ``tie``: what else speaks.

    What is true of one node is true of all, so a unit stays itself while nodes come and go.
    """

    number: int
    nodes: tuple[Node, ...]
    tie: Hashable
    parts: Sequence[Part] | None = None
    """What joining begins with of all its nodes (``agglomerate``); None: not asked since one came or
    went."""

    @property
    def first(self) -> Node:
        """The node that speaks for all."""
        return self.nodes[0]

    def hold(self, nodes: Iterable[Node]) -> None:
        """Have these nodes from now on."""
        self.nodes = tuple(sorted(nodes, key=_by_key))
        self.parts = None


Counted = tuple[tuple[Unit, int], ...]
"""Units with how many of their nodes are meant."""


@dataclass(slots=True, eq=False)
class Part:
    """Nodes in order of key that are one to begin with."""

    nodes: tuple[Node, ...]
    counted: Counted
    key: str = field(init=False)
    order: tuple[bool, str, str] = field(init=False)
    """That of the earliest."""
    core: Core | None = None
    """What it is alone, once that was asked for."""

    def __post_init__(self) -> None:
        """Both are sorted by again and again."""
        self.key = self.nodes[0].key
        self.order = min(map(_by_order, self.nodes))

    @property
    def alone(self) -> Core:
        """The core of nothing else."""
        if self.core is None:
            self.core = Core(self.nodes, self.counted, self.order)
        return self.core


@dataclass(slots=True, eq=False)
class Core:
    """Nodes in order of key that are one attack for certain."""

    nodes: tuple[Node, ...]
    counted: Counted
    order: tuple[bool, str, str]
    """That of the earliest."""
    is_frozen: bool = field(init=False)
    units: frozenset[Unit] = field(init=False)
    parts: Sequence[Part] = ()
    """What it was joined of; none: of one."""
    cell: object = None
    """The cell that was made of it last (``partition``)."""

    def __post_init__(self) -> None:
        """Both are asked for in each decision."""
        self.units = frozenset([unit for unit, _ in self.counted])
        self.is_frozen = any(unit.first.kind == "frozen" for unit, _ in self.counted)


class Join(NamedTuple):
    """Two cells, by the first part of each; ``into`` stands before ``other``."""

    score: float
    into: Part
    other: Part


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of the parts of a heap: cells in order of their first part, parts in order of key."""

    parts: tuple[Part, ...]
    joins: Sequence[Join]
    cells: Sequence[Sequence[Part]]


def core_of(parts: Sequence[Part], before: Core | None = None) -> Core:
    """What some parts are together; they are in order of key. ``before``: what was made of about the
    same ones.
    """
    if len(parts) == 1:
        return parts[0].alone
    counted: dict[Unit, int] = {}
    for part in parts:
        for unit, count in part.counted:
            counted[unit] = counted.get(unit, 0) + count
    fresh = None if before is None else _new_node(before, parts)
    order = min(map(_by_order, parts))
    if before is not None and fresh is not None:
        place = bisect_left(before.nodes, fresh.key, key=_by_key)
        nodes = (*before.nodes[:place], fresh, *before.nodes[place:])
        return Core(nodes, tuple(counted.items()), order, parts)
    every = itertools.chain.from_iterable([part.nodes for part in parts])
    return Core(tuple(sorted(every, key=_by_key)), tuple(counted.items()), order, parts)


def _new_node(before: Core, parts: Sequence[Part]) -> Node | None:
    """The one node that parts have and an earlier core has not; None: more than that differs."""
    gone, come = set(before.parts).difference(parts), set(parts).difference(before.parts)
    if not before.parts or len(come) != 1 or len(gone) > 1:
        return None
    old = next((part.nodes for part in gone), ())
    new = next(part.nodes for part in come)
    place = place_of_new(old, new)
    return None if place is None else new[place]
