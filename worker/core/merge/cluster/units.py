"""Reports that nothing tells apart, taken together: the same facts, and nothing else that decides.

Rules
-----
1. A *unit* is all nodes of the same facts about which nothing else speaks; or all copies of one
   text with the same facts; or one node that is like no other (``Evidence.tie``).
2. What is true of one node of a unit is true of all. So units are compared, and counted.
3. Two units are compared only when their facts are near, or when something else ties them. All
   others cannot matter: their score stays below ``merge.plausible``.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from worker.core.merge.evidence.nodes import Evidence, Node


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """Interchangeable nodes, in order of key. ``number``: of their facts; ``tie``: what else speaks."""

    number: int
    nodes: tuple[Node, ...]
    tie: Hashable

    @property
    def alone(self) -> bool:
        """Whether it is like no other node; its evidence holds for this decision only."""
        return isinstance(self.tie, str)

    @property
    def first(self) -> Node:
        """The node that speaks for all."""
        return self.nodes[0]


Counted = tuple[tuple[Unit, int], ...]
"""Units with how many of their nodes are meant."""


class Units:
    """The units of some nodes, and the evidence between them."""

    def __init__(self, nodes: Iterable[Node], evidence: Evidence) -> None:
        self.evidence = evidence
        self.of: dict[str, Unit] = {}
        self._plain: dict[int, Unit] = {}
        self._tied: dict[int, list[Unit]] = {}
        groups: dict[tuple[int, Hashable], list[Node]] = {}
        for node in sorted(nodes, key=lambda node: node.key):
            groups.setdefault((evidence.number(node), evidence.tie(node)), []).append(node)
        for (number, tie), members in groups.items():
            unit = Unit(number, tuple(members), tie)
            self.of.update(dict.fromkeys((node.key for node in members), unit))
            if tie is None:
                self._plain[number] = unit
            else:
                self._tied.setdefault(number, []).append(unit)
        self._near: dict[Unit, list[tuple[Unit, float]]] = {}
        self._numbers = self._plain.keys() | self._tied.keys()

    def __iter__(self) -> Iterator[Unit]:
        yield from self._plain.values()
        for units in self._tied.values():
            yield from units

    def cannot(self, a: Unit, b: Unit) -> bool:
        """Whether a node of one and another node of the other can never be one attack."""
        if a.tie is not None and b.tie is not None:
            return self.evidence.cannot(a.nodes[0], b.nodes[-1])
        return not self.evidence.pair_of(a.number, b.number).possible

    def weight(self, a: Unit, b: Unit) -> float:
        """Log-odds of a node of one and another node of the other."""
        if a.tie is not None and b.tie is not None:
            return self.evidence.weight(a.nodes[0], b.nodes[-1])
        return self.evidence.pair_of(a.number, b.number).weight

    def bond(self, a: Unit, b: Unit) -> float:
        """The weight, or ``-inf`` where they cannot be one."""
        if a.tie is not None and b.tie is not None:
            return -math.inf if self.cannot(a, b) else self.weight(a, b)
        pair = self.evidence.pair_of(a.number, b.number)
        return pair.weight if pair.veto is None else -math.inf

    def near(self, unit: Unit) -> Sequence[tuple[Unit, float]]:
        """Units that are plausible partners of one of its nodes, with the weight; itself too, when
        it has several. The unit asked about need not be one of these units.
        """
        near = self._near.get(unit)
        if near is None:
            near = self._near[unit] = list(self._look_around(unit))
        return near

    def _look_around(self, unit: Unit) -> Iterable[tuple[Unit, float]]:
        found = self.evidence.near(unit.number, self._numbers)
        for number in found.keys() & self._numbers:
            plain = self._plain.get(number)
            if plain is not None and (plain is not unit or len(plain.nodes) > 1):
                yield plain, found[number]
            if unit.tie is None:
                yield from ((other, found[number]) for other in self._tied.get(number, ()))
        if unit.tie is not None:
            yield from self._near_tied(unit, found)

    def _near_tied(self, unit: Unit, found: Mapping[int, float]) -> Iterable[tuple[Unit, float]]:
        """Of units about which more than slots speaks."""
        others = {
            other for number in found.keys() & self._tied.keys() for other in self._tied[number]
        }
        related = (self.of.get(node.key) for node in self.evidence.related(unit.first))
        others |= {other for other in related if other is not None and other.tie is not None}
        if len(unit.nodes) == 1:
            others = {other for other in others if other.first.key != unit.first.key}
        for other in sorted(others, key=lambda other: other.first.key):
            weight = self.weight(unit, other)
            if weight >= self.evidence.plausible and not self.cannot(unit, other):
                yield other, weight

    def count(self, nodes: Sequence[Node]) -> Counted:
        """The units of some nodes, with how many of each."""
        found: dict[Unit, int] = {}
        for node in nodes:
            unit = self.of[node.key]
            found[unit] = found.get(unit, 0) + 1
        return tuple(found.items())

    def score(self, a: Counted, b: Counted) -> float | None:
        """Evidence between two groups: mean of average and strongest; None when a veto stands."""
        total, top, size = 0.0, float("-inf"), 0
        for x, n in a:
            for y, m in b:
                if self.cannot(x, y):
                    return None
                weight = self.weight(x, y)
                total += weight * n * m
                size += n * m
                top = max(top, weight)
        return round(0.5 * total / size + 0.5 * top, 6)
