"""Which cells a mention of a past attack may be of, carried on from one decision to the next.

A busy day has hundreds of mentions, and an arrival changes one cell or two. So what each mention scores
against each cell is kept for as long as both stay what they are: a mention is held against the cells
that are new, a cell against the mentions that are new, and only where something of the cell is near.

It changes nothing that all mentions are held against all cells (``tests/core/merge_oracle.py`` does).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import attrgetter

from worker.core.domain.remembered import WORST_DAY_REPORTS, Names
from worker.core.merge.cluster.bonds import BondsOf, score_of_one
from worker.core.merge.cluster.unit import Core, Unit
from worker.core.merge.evidence.nodes import Evidence, Node, Sign

ARTICLES: Names[Node] = Names(attrgetter("article_id"))
"""Those of the nodes of a core."""


class Mentions:
    """The mentions of the last decision, and the cores that each fits. For one thread."""

    def __init__(self) -> None:
        self._signs: dict[str, Sign] = {}
        """Of each mention by key."""
        self._units: dict[str, Unit] = {}
        """Of each mention what stands for all that are like it."""
        self._by_number: dict[int, dict[Unit, None]] = {}
        self._by_copy: dict[str, set[Unit]] = {}
        """Article → the mentions in articles of which it is a copy."""
        self._near: dict[int, set[int]] = {}
        """Number of the facts of a core → those of the mentions that are near."""
        self._articles: dict[Core, frozenset[str]] = {}
        """Of each core of the last decision its articles."""
        self._fits: dict[Unit, dict[Core, float]] = {}
        self._bonds: dict[Unit, dict[Unit, float]] = {}

    @property
    def is_full(self) -> bool:
        """Whether it knows more facts than any day has, most of them of cores that are gone."""
        return len(self._near) > _MOST_FACTS

    def follow(
        self, nodes: Sequence[Node], cores: Collection[Core], evidence: Evidence, bonds_of: BondsOf
    ) -> None:
        """Become those of another decision, under the same weights and decisions of a person."""
        for gone in [core for core in self._articles if core not in cores]:
            del self._articles[gone]
            for fits in self._fits.values():
                fits.pop(gone, None)
        fresh = self._take_over(nodes, evidence)
        self._find_near(fresh, cores, evidence)
        for core in cores:
            known = core in self._articles
            if not known:
                self._articles[core] = ARTICLES.of(core.nodes)
            if fresh or not known:
                near = self._near_to(core)
                self._hold_against(near & fresh if known else near, core, evidence, bonds_of)

    def options(self, nodes: Iterable[Node]) -> Iterator[tuple[Node, list[tuple[float, Core]]]]:
        """Each mention that fits a cell but that of its own article's news, with the cores and the
        scores: the best first, of equal ones the earliest.
        """
        ranked: dict[Unit, list[tuple[float, Core]]] = {}
        for node in nodes:
            unit = self._units[node.key]
            if not self._fits[unit]:
                continue
            if unit not in ranked:
                found = [(value, core) for core, value in self._fits[unit].items()]
                ranked[unit] = sorted(found, key=lambda option: (-option[0], option[1].order))
            own = node.article_id
            options = [row for row in ranked[unit] if own not in self._articles[row[1]]]
            if options:
                yield node, options

    def _take_over(self, nodes: Sequence[Node], evidence: Evidence) -> set[Unit]:
        """Have these mentions from now on; returned are the units that are new."""
        known, signs = self._signs, evidence.signs
        changed = [node for node in nodes if known.get(node.key) != signs[node.key]]
        gone = [node.key for node in changed if node.key in known]
        if len(known) + len(changed) - len(gone) > len(nodes):
            gone += known.keys() - {node.key for node in nodes}
        for key in gone:
            self._leave(key)
        return {unit for node in changed if (unit := self._enter(node, evidence)) is not None}

    def _enter(self, node: Node, evidence: Evidence) -> Unit | None:
        """Take a mention in; returns its unit when that is new."""
        number, tie, _ = self._signs[node.key] = evidence.signs[node.key]
        alike = self._by_number.setdefault(number, {})
        unit = next((unit for unit in alike if unit.tie == tie), None)
        if unit is not None:
            unit.hold((*unit.nodes, node))
            self._units[node.key] = unit
            return None
        unit = self._units[node.key] = Unit(number, (node,), tie)
        alike[unit] = None
        self._fits[unit] = {}
        for copy in evidence.copied.get(node.article_id, ()):
            self._by_copy.setdefault(copy, set()).add(unit)
        return unit

    def _leave(self, key: str) -> None:
        """Let a mention go, and its unit with the last."""
        unit = self._units.pop(key)
        del self._signs[key]
        if len(unit.nodes) > 1:
            unit.hold(node for node in unit.nodes if node.key != key)
            return
        del self._fits[unit], self._by_number[unit.number][unit]
        self._bonds.pop(unit, None)
        if not self._by_number[unit.number]:
            del self._by_number[unit.number]
        for units in self._by_copy.values():
            units.discard(unit)

    def _find_near(self, fresh: Iterable[Unit], cores: Iterable[Core], evidence: Evidence) -> None:
        """Who is near whom by facts, of new mentions and of facts of new cores."""
        known = frozenset(self._near)
        for number in {unit.number for unit in fresh}:
            for other in evidence.near(number, known).keys() & known:
                self._near[other].add(number)
        own = frozenset(self._by_number)
        for core in cores:
            for unit in core.units if core not in self._articles else ():
                if unit.number not in self._near:
                    self._near[unit.number] = set(evidence.near(unit.number, own).keys() & own)

    def _near_to(self, core: Core) -> set[Unit]:
        """The mentions that something of a core is near: no other can be plausible."""
        numbers = set[int]().union(*[self._near[unit.number] for unit in core.units])
        found = {unit for number in numbers for unit in self._by_number.get(number, ())}
        copied = self._by_copy.keys() & self._articles[core]
        return found.union(*[self._by_copy[article] for article in copied])

    def _hold_against(
        self, mentions: Iterable[Unit], core: Core, evidence: Evidence, bonds_of: BondsOf
    ) -> None:
        """Find out what some mentions score against a core."""
        units = [unit for unit, _ in core.counted]
        counts = [count for _, count in core.counted]
        for mention in mentions:
            score = score_of_one(self._bonds_with(mention, units, bonds_of), counts)
            if score is not None and score >= evidence.plausible:
                self._fits[mention][core] = score

    def _bonds_with(self, mention: Unit, units: Sequence[Unit], bonds_of: BondsOf) -> list[float]:
        """The bonds of a mention with units of a core; each is worked out once."""
        known = self._bonds.setdefault(mention, {})
        unknown = [unit for unit in units if unit not in known]
        if unknown:
            if len(known) >= WORST_DAY_REPORTS:
                known.clear()
                unknown = list(units)
            known.update(zip(unknown, bonds_of(mention, unknown), strict=True))
        return [known[unit] for unit in units]


_MOST_FACTS = 4 * WORST_DAY_REPORTS
