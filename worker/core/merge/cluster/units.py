"""Reports that nothing tells apart, taken together: the same facts, and nothing else that decides.

Rules
-----
1. A *unit* is all nodes of one kind of facts, or one node about which more than its slots speaks
   (``Evidence.has_other_evidence``: an article with several reports, a copy, a person, a frozen
   incident).
2. What is true of one node of a unit is true of all. So units are compared, and counted.
3. Two units are compared only when their facts are near, or when something else ties them. All
   others cannot matter: their score stays below ``merge.plausible``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from worker.core.merge.evidence.nodes import Evidence, Node


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """Interchangeable nodes, in order of key. ``number``: of their facts."""

    number: int
    nodes: tuple[Node, ...]
    special: bool
    """One node, about which more than its slots speaks."""

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
        self._special: dict[int, list[Unit]] = {}
        plain: dict[int, list[Node]] = {}
        for node in sorted(nodes, key=lambda node: node.key):
            number = evidence.number(node)
            if evidence.has_other_evidence(node):
                unit = self.of[node.key] = Unit(number, (node,), True)
                self._special.setdefault(number, []).append(unit)
            else:
                plain.setdefault(number, []).append(node)
        for number, members in plain.items():
            unit = self._plain[number] = Unit(number, tuple(members), False)
            self.of.update(dict.fromkeys((node.key for node in members), unit))
        self._numbers = self._plain.keys() | self._special.keys()

    def __iter__(self) -> Iterator[Unit]:
        yield from self._plain.values()
        for units in self._special.values():
            yield from units

    def cannot(self, a: Unit, b: Unit) -> bool:
        """Whether a node of one and a node of the other can never be one attack."""
        if a.special and b.special:
            return self.evidence.cannot(a.first, b.first)
        return not self.evidence.pair_of(a.number, b.number).possible

    def weight(self, a: Unit, b: Unit) -> float:
        """Log-odds of a node of one and a node of the other."""
        if a.special and b.special:
            return self.evidence.weight(a.first, b.first)
        return self.evidence.pair_of(a.number, b.number).weight

    def near(self, unit: Unit) -> Iterable[tuple[Unit, float]]:
        """Units that are plausible partners of one of its nodes, with the weight; itself too, when
        it has several. The node asked about need not be one of these units.
        """
        found = self.evidence.near(unit.number, self._numbers)
        for number in found.keys() & self._numbers:
            plain = self._plain.get(number)
            if plain is not None and (plain is not unit or len(plain.nodes) > 1):
                yield plain, found[number]
            if not unit.special:
                yield from ((other, found[number]) for other in self._special.get(number, ()))
        if unit.special:
            yield from self._near_special(unit, found)

    def _near_special(self, unit: Unit, found: Mapping[int, float]) -> Iterable[tuple[Unit, float]]:
        """Of units about which more than slots speaks: weighed node by node."""
        floor = self.evidence.weights["merge.plausible"]
        others = {
            other.first.key: other
            for number in found.keys() & self._special.keys()
            for other in self._special[number]
        }
        for node in self.evidence.related(unit.first):
            other = self.of.get(node.key)
            if other is not None and other.special:
                others[node.key] = other
        others.pop(unit.first.key, None)
        for other in others.values():
            weight = self.evidence.weight(unit.first, other.first)
            if weight >= floor and not self.evidence.cannot(unit.first, other.first):
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
