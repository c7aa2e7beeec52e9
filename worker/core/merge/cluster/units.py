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

import itertools
import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np

from worker.core.domain.remembered import WORST_DAY_REPORTS, alike_at_ends
from worker.core.merge.cluster.bonds import Bonds
from worker.core.merge.cluster.heaps import Heaps
from worker.core.merge.cluster.mentions import Mentions
from worker.core.merge.cluster.nearby import Nearby
from worker.core.merge.cluster.unit import Core, Counted, Joined, Part, Unit
from worker.core.merge.evidence.nodes import Evidence, Node
from worker.core.merge.evidence.pairs import MILLION, in_millionths


@dataclass(frozen=True, slots=True)
class Weighed:
    """The cores that a unit was held against, and what it scores with those for which it is plausible."""

    cores: set[Core] = field(default_factory=set)
    plausible: dict[Core, float] = field(default_factory=dict)


class Units:
    """The units of some nodes, and the evidence between them.

    ``follow`` makes them those of the next decision: what is near the units that stayed, and what
    was found out about them, is kept.
    """

    def __init__(self, nodes: Iterable[Node], evidence: Evidence) -> None:
        self.evidence = evidence
        self.of: dict[str, Unit] = {}
        self.nearby = Nearby(evidence.weights["merge.threshold"])
        self.scores: dict[tuple[int, int], float | None] = {}
        """By the numbers of groups (``name``)."""
        self.bonds = Bonds()
        self.heaps: dict[tuple[Part, ...], Sequence[Core]] = {}
        """What became of the parts of a heap (``agglomerate``)."""
        self.hanging = Heaps()
        """The heaps of the last decision."""
        self.last_joined: dict[Part, Joined] = {}
        """The last joins of a heap by its first part."""
        self.cores: dict[tuple[Part, ...], Core] = {}
        """What was made of parts that are one."""
        self.last_cores: dict[Unit, Core] = {}
        """The last of these by their first unit."""
        self.related: Mapping[Core, Mapping[Core, float]] = {}
        """Of each cell of the last decision those that were related with it (``placing``)."""
        self.mentions = Mentions()
        """What mentions of past attacks score against the cells of the last decision."""
        self._weighed: dict[Unit, Weighed] = {}
        self._names: dict[Counted, int] = {}
        self._next = itertools.count()
        self._around_groups: dict[tuple[Unit, ...], frozenset[Unit]] = {}
        self._groups_of: dict[Unit, list[tuple[Unit, ...]]] = {}
        self._plain: dict[int, Unit] = {}
        self._tied: dict[int, dict[Hashable, Unit]] = {}
        self._foreign: dict[Unit, dict[Unit, float]] = {}
        self._numbers: set[int] = set()
        self._came: list[int] = []
        """The same in the order in which they came."""
        self._asked: dict[int, int] = {}
        """Number of facts → how many of these were held against them already."""
        self._agreeing: frozenset[Unit] = frozenset()
        """The last ones of which no two exclude each other."""
        self._nodes = tuple(sorted(nodes, key=attrgetter("key")))
        groups: dict[tuple[int, Hashable], list[Node]] = {}
        for node in self._nodes:
            groups.setdefault(evidence.signs[node.key][:2], []).append(node)
        for (number, tie), members in groups.items():
            self._found(Unit(number, tuple(members), tie))

    def follow(self, nodes: Sequence[Node], evidence: Evidence) -> bool:
        """Become the units of other nodes, under the same weights and decisions of a person.

        False: too little stays the same; nothing was done.
        """
        given = tuple(nodes)
        changed = self._changed(given, evidence)
        retied = self._retied(changed, evidence)
        stay = {node.key for stayed in retied for node in stayed.nodes}
        come = {key: node for key, node in changed.items() if key not in stay}
        if 2 * len(come) > len(given):
            return False
        gone = [key for key in come if key in self.of]
        if len(given) - len(come) + len(gone) < len(self.of):
            gone += self.of.keys() - {node.key for node in given}
        if 2 * (len(come) + len(gone)) > len(given):
            return False
        for key in gone:
            self._leave(key)
        for stayed, tie in retied.items():
            self._strike_off(stayed)
            stayed.tie = tie
            self._enlist(stayed)
        self.evidence, self._nodes, self._foreign = evidence, given, {}
        fresh = [self._enter(come[key]) for key in sorted(come)]
        for unit in fresh:
            if unit is not None:
                for other, weight in self._around(unit).items():
                    if other is not unit and self.nearby.come(unit, other, weight):
                        self._forget_groups(other)
        return True

    def _changed(self, nodes: tuple[Node, ...], evidence: Evidence) -> dict[str, Node]:
        """The nodes that are new, or of which the sign is another than it was, by key. Where the evidence
        went on, only those are looked at that it says are new, and those between the common ends.
        """
        before, signs, of = self.evidence.signs, evidence.signs, self.of
        asked: Iterable[Node] = nodes
        if self._goes_on(evidence) and evidence.went_on is not None:
            first, last = alike_at_ends(self._nodes, nodes)
            asked = nodes[first : len(nodes) - last]
            again = evidence.went_on[1] & of.keys()
            if again:
                asked = [*asked, *(node for node in nodes if node.key in again)]
        return {
            node.key: node
            for node in asked
            if node.key not in of or before[node.key] != signs[node.key]
        }

    def _goes_on(self, evidence: Evidence) -> bool:
        """Whether evidence went on from that of the last decision."""
        return evidence.went_on is not None and evidence.went_on[0] is self.evidence

    def _retied(self, changed: Iterable[str], evidence: Evidence) -> dict[Unit, Hashable]:
        """Units that stay as they are but for their tie, with the new one: those of which a copy came.

        Whatever was found out about such a unit and any other stands: the evidence that went on from
        the last one says nothing new of two nodes that were there. So only the copy looks around.
        """
        if not self._goes_on(evidence):
            return {}
        signs = evidence.signs
        found: dict[tuple[int, Hashable], Unit] = {}
        for key in changed:
            unit = self.of.get(key)
            if unit is not None:
                sign = signs[key][:2]
                alike = all(signs[node.key][:2] == sign for node in unit.nodes)
                if alike and sign[1] not in self._tied.get(unit.number, ()):
                    found[sign] = unit
        return {unit: tie for (_, tie), unit in found.items()}

    def _found(self, unit: Unit) -> None:
        """Take a new unit in."""
        self.of.update(dict.fromkeys((node.key for node in unit.nodes), unit))
        self._enlist(unit)

    def _enlist(self, unit: Unit) -> None:
        """Let a unit be found by its facts and its tie."""
        if unit.number not in self._numbers:
            self._numbers.add(unit.number)
            self._came.append(unit.number)
        if unit.tie is None:
            self._plain[unit.number] = unit
        else:
            self._tied.setdefault(unit.number, {})[unit.tie] = unit

    def _strike_off(self, unit: Unit) -> None:
        """Let a unit be found so no more."""
        if unit.tie is None:
            del self._plain[unit.number]
        else:
            del self._tied[unit.number][unit.tie]
            if not self._tied[unit.number]:
                del self._tied[unit.number]
        if unit.number not in self._plain and unit.number not in self._tied:
            self._numbers.discard(unit.number)

    def _enter(self, node: Node) -> Unit | None:
        """Take a node in; returns its unit when that is new."""
        number, tie, _ = self.evidence.signs[node.key]
        found = self._plain.get(number) if tie is None else self._tied.get(number, {}).get(tie)
        if found is None:
            unit = Unit(number, (node,), tie)
            self._found(unit)
            return unit
        self.of[node.key] = found
        found.hold((*found.nodes, node))
        if len(found.nodes) == 2:
            self._forget_self(found)
        return None

    def _leave(self, key: str) -> None:
        """Let a node go, and its unit with the last."""
        unit = self.of[key]
        if len(unit.nodes) > 1:
            del self.of[key]
            unit.hold(node for node in unit.nodes if node.key != key)
            if len(unit.nodes) == 1:
                self._forget_self(unit)
            return
        for other in self.near(unit):
            if other is not unit and self.nearby.go(unit, other):
                self._forget_groups(other)
        del self.of[key]
        self._forget(unit)
        self.bonds.forget(unit)
        self._strike_off(unit)

    def _forget(self, unit: Unit) -> None:
        """A unit is gone, or what is near it is asked for anew."""
        self.nearby.forget(unit)
        self._forget_groups(unit)

    def _forget_groups(self, unit: Unit) -> None:
        """What is near a unit has changed."""
        for group in self._groups_of.pop(unit, ()):
            self._around_groups.pop(group, None)

    def _forget_self(self, unit: Unit) -> None:
        """A unit has another node now, or has none any more: it is near itself, or is not."""
        self.bonds.forget_self(unit)
        self._forget(unit)

    def __iter__(self) -> Iterator[Unit]:
        yield from self._plain.values()
        for units in self._tied.values():
            yield from units.values()

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

    def bonds_of(self, unit: Unit, others: Sequence[Unit]) -> list[float]:
        """The bond (``bonds``) of a node of one unit with a node of each of others."""
        pairs = self.evidence.pairs_of(unit.number, [other.number for other in others])
        bonds = [pair.bond for pair in pairs]
        if unit.tie is not None:
            for k, other in enumerate(others):
                if other.tie is not None and pairs[k].possible and not self._by_slots(unit, other):
                    cannot = self.cannot(unit, other)
                    bonds[k] = -math.inf if cannot else in_millionths(self.weight(unit, other))
        return bonds

    def exclude_each_other(self, units: Sequence[Unit]) -> bool:
        """Whether two of these can never be one attack."""
        if len(units) < 2 or self._agreeing.issuperset(units):
            return False
        bonds = self.bonds.among(units, self.bonds_of)
        np.fill_diagonal(bonds, 0.0)
        if np.minimum.reduce(bonds, axis=None) == -math.inf:
            return True
        self._agreeing = frozenset(units)
        return False

    def near(self, unit: Unit) -> Mapping[Unit, float]:
        """Units that are plausible partners of one of its nodes, with the weight; itself too, when
        it has several. The unit asked about need not be one of these units.
        """
        near = self.nearby.of(unit)
        return self._around(unit) if near is None else near

    def near_group(self, counted: Counted) -> AbstractSet[Unit]:
        """Units that are near any of a group's, which are all of these units, or none is."""
        group = tuple([unit for unit, _ in counted])
        found = self._around_groups.get(group)
        if found is None:
            found = frozenset[Unit]().union(*map(self.near, group))
            if self._has(group[0]):
                if len(self._around_groups) >= _MOST_GROUPS:
                    self._around_groups.clear()
                    self._groups_of.clear()
                self._around_groups[group] = found
                for unit in group:
                    self._groups_of.setdefault(unit, []).append(group)
        return found

    def strong(self, unit: Unit) -> AbstractSet[Unit]:
        """Those near one of these units that reach the threshold."""
        return self.nearby.strong(unit, self.near(unit))

    def _around(self, unit: Unit) -> Mapping[Unit, float]:
        if not self._has(unit):
            if unit not in self._foreign:
                self._foreign[unit] = dict(self._look_around(unit))
            return self._foreign[unit]
        near = self.nearby.of(unit)
        return self.nearby.keep(unit, self._look_around(unit)) if near is None else near

    def _look_around(self, unit: Unit) -> Iterable[tuple[Unit, float]]:
        found = self._near_facts(unit.number)
        for number in found.keys() & self._numbers:
            plain = self._plain.get(number)
            if plain is not None and (plain is not unit or len(plain.nodes) > 1):
                yield plain, found[number]
            if unit.tie is None:
                yield from ((u, found[number]) for u in self._tied.get(number, {}).values())
        if unit.tie is not None:
            yield from self._near_tied(unit, found)

    def _near_facts(self, number: int) -> Mapping[int, float]:
        """The facts near some facts, by number, with the weight: all of these units' that are, and maybe more.

        Only what came since they were asked about last is held against them: to go through all was a
        tenth of a settle with a thousand reports of one day.
        """
        came, asked = self._came, self._asked.get(number, 0)
        self._asked[number] = len(came)
        return self.evidence.near(number, frozenset(came[asked:]))

    def _near_tied(self, unit: Unit, found: Mapping[int, float]) -> Iterable[tuple[Unit, float]]:
        """Of units about which more than slots speaks."""
        others = {
            other
            for number in found.keys() & self._tied.keys()
            for other in self._tied[number].values()
        }
        related = (self.of.get(node.key) for node in self.evidence.related(unit.first))
        others |= {other for other in related if other is not None and other.tie is not None}
        if len(unit.nodes) == 1:
            others = {other for other in others if other.first.key != unit.first.key}
        for other in others:
            if other.number in found and self._by_slots(unit, other):
                yield other, found[other.number]
                continue
            weight = self.weight(unit, other)
            if weight >= self.evidence.plausible and not self.cannot(unit, other):
                yield other, weight

    def _by_slots(self, a: Unit, b: Unit) -> bool:
        """Whether slots alone speak of two units with a tie, so that it is as if they had none."""
        return self.evidence.is_by_slots(a.first, b.nodes[-1])

    def count(self, nodes: Sequence[Node]) -> Counted:
        """The units of some nodes, with how many of each."""
        found: dict[Unit, int] = {}
        for node in nodes:
            unit = self.of[node.key]
            found[unit] = found.get(unit, 0) + 1
        return tuple(found.items())

    def name(self, counted: Counted) -> int:
        """A number for a group, of these units or of others; never given twice."""
        found = self._names.get(counted)
        if found is None:
            if len(self._names) >= _MOST_SCORES:
                self._names.clear()
            found = self._names[counted] = next(self._next)
        return found

    def named_score(self, a: Counted, b: Counted, i: int, j: int) -> float | None:
        """``score`` of groups with these numbers; worked out once."""
        known = self.scores
        if (i, j) not in known:
            if len(known) >= _MOST_SCORES:
                known.clear()
            known[i, j] = self.score(a, b)
        return known[i, j]

    def weighed_against(self, unit: Unit, n_cores: int) -> Weighed:
        """What a unit about which slots alone speak scored against cores, of which there are now
        ``n_cores``; to be added to. The unit need not be one of these.
        """
        known = self._weighed.get(unit)
        if known is None or len(known.cores) > 2 * n_cores + _MOST_GONE:
            if len(self._weighed) >= WORST_DAY_REPORTS:
                self._weighed.clear()
            known = self._weighed[unit] = Weighed()
        return known

    def score(self, a: Counted, b: Counted) -> float | None:
        """Evidence between two groups: mean of average and strongest; None when a veto stands."""
        one, other = [unit for unit, _ in a], [unit for unit, _ in b]
        if self._has(one[0]) and self._has(other[0]):
            placed = self.bonds.placed(one), self.bonds.placed(other)
            bonds = self.bonds.between(*placed, self.bonds_of)
        else:
            bonds = np.array([self.bonds_of(unit, other) for unit in one])
        top = float(np.maximum.reduce(bonds, axis=None))
        if np.minimum.reduce(bonds, axis=None) == -math.inf:
            return None
        n, m = np.array([n for _, n in a]), np.array([m for _, m in b])
        average = float(n @ bonds @ m) / int(n.sum() * m.sum())
        return round(0.5 * (average + top)) / MILLION

    def _has(self, unit: Unit) -> bool:
        """Whether it is one of these units."""
        return self.of.get(unit.first.key) is unit


_MOST_SCORES = 20 * WORST_DAY_REPORTS
_MOST_GROUPS = 500
_MOST_GONE = 16
"""Cores of earlier decisions among those that a unit was weighed against."""


def units_of(name: str, nodes: Sequence[Node], evidence: Evidence) -> Units:
    """The units of these nodes, from those of an earlier decision with the same evidence.

    ``name``: what they are for. They hold until the next call with that name. Of several busy days
    that are told of in turn each follows its own.
    """
    kept = evidence.units.setdefault(name, [])
    for known in kept:
        if not isinstance(known, Units) or not evidence.continues(known.evidence):
            continue
        if known.follow(nodes, evidence):
            kept.remove(known)
            kept.insert(0, known)
            return known
    made = Units(nodes, evidence)
    kept.insert(0, made)
    del kept[_MOST_KEPT:]
    return made


_MOST_KEPT = 3
