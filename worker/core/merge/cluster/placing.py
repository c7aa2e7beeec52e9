"""The cells while the less certain reports are placed.

A cell's core stands from here on: scores look at cores only. So what a report scores against a
cell is worked out once for all reports of its unit, and only for cells that it is near. Most cores
are those of the last decision, and most reports that are placed were placed then; of a report about
which slots alone speak it is kept what it scored (``Units.weighed``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from worker.core.domain.snapshot import LinkCertainty
from worker.core.merge.cluster.bonds import score_of_one
from worker.core.merge.cluster.mentions import Mentions
from worker.core.merge.cluster.unit import Core, Counted, Unit
from worker.core.merge.cluster.units import Units
from worker.core.merge.evidence.nodes import Evidence, Node

Option = tuple[float, "OpenCell"]
_NOTHING: Mapping[Core, float] = {}


class OpenCell:
    """One attack: ``core`` carries identity, ``attached`` grows."""

    __slots__ = ("attached", "core", "name", "numbers")

    def __init__(self, core: Core, scoring: Units) -> None:
        self.core = core
        self.name = scoring.name(core.counted)
        self.numbers = frozenset([unit.number for unit in core.units])
        self.attached: list[tuple[Node, LinkCertainty]] = []

    @property
    def counted(self) -> Counted:
        """Its units."""
        return self.core.counted

    @property
    def order(self) -> tuple[bool, str, str]:
        """That of its earliest."""
        return self.core.order

    def take_in(self, other: OpenCell) -> None:
        """Make all of another cell probable members of this one."""
        self.attached += [(node, "probable") for node in other.core.nodes]
        self.attached += [
            (node, "probable" if certainty == "certain" else certainty)
            for node, certainty in other.attached
        ]


class Placing:
    """Cells, in order of their earliest report, and what is near them."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.plausible = evidence.weights["merge.plausible"]
        self.shared_roundups: list[tuple[Node, tuple[OpenCell, ...]]] = []
        self._cells: dict[OpenCell, None] = {}
        self._by_core: dict[Core, OpenCell] = {}
        self._cells_of: dict[Units, dict[OpenCell, None]] = {}
        self._related: dict[OpenCell, dict[OpenCell, float]] = {}
        """Of each cell that was asked for what ``related`` tells."""
        self._options: dict[Unit, list[Option]] = {}

    @property
    def cells(self) -> list[OpenCell]:
        """All of them, the earliest first."""
        return sorted(self._cells, key=lambda cell: cell.order)

    def add(self, cores: Iterable[Core], units: Units) -> None:
        """Add cells; ``units`` has their nodes."""
        own = self._cells_of.setdefault(units, {})
        for core in cores:
            cell = OpenCell(core, self._scoring)
            self._cells[cell] = own[cell] = None
            self._by_core[core] = cell
        self._options.clear()

    def absorb(self, cell: OpenCell, into: OpenCell) -> None:
        """Make all of a cell probable members of another."""
        into.take_in(cell)
        del self._cells[cell], self._by_core[cell.core]
        for other in self._related.pop(cell, ()):
            del self._related[other][cell]
        for cells in self._cells_of.values():
            cells.pop(cell, None)
        self._options.clear()

    def options(self, node: Node, unit: Unit) -> list[Option]:
        """Cells that are plausible for a node with their score, best first, earliest first.
        ``unit``: the node's.
        """
        if node.combined:
            return self._options_of_combined(node)
        found = self._options.get(unit)
        if found is None:
            scored = self._scored(unit) if unit.tie is None else self._scored_tied(unit)
            found = self._options[unit] = _best_first(scored, self.plausible)
        return found

    def _scored(self, unit: Unit) -> Iterable[tuple[float | None, OpenCell]]:
        """The cells that are plausible for a unit about which slots alone speak, with what it scores."""
        cells = self._by_core
        known = self._scoring.weighed_against(unit, len(cells))
        fresh = cells.keys() - known.cores
        for core in fresh:
            score = self._score_by_slots(unit, cells[core])
            if score is not None and score >= self.plausible:
                known.plausible[core] = score
        known.cores.update(fresh)
        return [(score, cells[core]) for core, score in known.plausible.items() if core in cells]

    def _score_by_slots(self, unit: Unit, cell: OpenCell) -> float | None:
        near = self.evidence.near(unit.number, cell.numbers)
        if cell.numbers.isdisjoint(near):
            return None  # nothing of it is near, so it is not plausible
        bonds = self._scoring.bonds_of(unit, [other for other, _ in cell.counted])
        return score_of_one(bonds, [count for _, count in cell.counted])

    def _scored_tied(self, unit: Unit) -> Iterable[tuple[float | None, OpenCell]]:
        own: Counted = ((unit, 1),)
        units, name = self._scoring, self._scoring.name(own)
        for cell in self._near(own):
            yield units.named_score(own, cell.counted, name, cell.name), cell

    def _options_of_combined(self, node: Node) -> list[Option]:
        """By what agrees: the rest is of another of its attacks."""
        scored = ((self._agreeing(node, cell), cell) for cell in self._cells)
        return _best_first(scored, self.plausible)

    def _agreeing(self, node: Node, cell: OpenCell) -> float | None:
        if any(self.evidence.cannot(node, other) for other in cell.core.nodes):
            return None
        return max(self.evidence.agreeing(node, other) for other in cell.core.nodes)

    def _near(self, counted: Counted) -> Iterable[OpenCell]:
        """Cells that hold something near; no other can be plausible."""
        found: list[OpenCell] = []
        for units, cells in self._cells_of.items():
            near = units.near_group(counted)
            found += [cell for cell in cells if not near.isdisjoint(cell.core.units)]
        return found

    @property
    def _scoring(self) -> Units:
        """Those units that keep the scores: the first."""
        return next(iter(self._cells_of))

    def mentions(
        self, nodes: Sequence[Node]
    ) -> Iterable[tuple[Node, Sequence[tuple[float, Core]]]]:
        """Each mention that may be of a cell, with those that are plausible (``Mentions.options``)."""
        if not self._cells:
            return ()
        units = self._scoring
        if units.mentions.is_full:
            units.mentions = Mentions()
        units.mentions.follow(nodes, self._by_core, self.evidence, units.bonds_of)
        return units.mentions.options(nodes)

    def related(self) -> Mapping[OpenCell, Mapping[OpenCell, float]]:
        """For each cell the others that are plausible as one with it, with the score.

        Cores stand, so of two that were there when it was asked before, or in the last decision,
        nothing is asked again.
        """
        found = self._related
        fresh = {cell.core: cell for cell in self._cells if cell not in found}
        if not fresh:
            return found
        found.update((cell, {}) for cell in fresh.values())
        before = self._scoring.related
        for core, cell in fresh.items():
            for other, value in before.get(core, _NOTHING).items():
                if other in fresh:
                    found[cell][fresh[other]] = value
        for cell in [cell for core, cell in fresh.items() if core not in before]:
            for near in self._near(cell.counted):
                if near is not cell and near not in found[cell]:
                    score = self._between(cell, near)
                    if score is not None and score >= self.plausible:
                        found[cell][near] = found[near][cell] = score
        self._scoring.related = {
            cell.core: {other.core: value for other, value in others.items()}
            for cell, others in found.items()
        }
        return found

    def _between(self, a: OpenCell, b: OpenCell) -> float | None:
        if b.order < a.order:
            a, b = b, a
        return self._scoring.named_score(a.counted, b.counted, a.name, b.name)

    def agree(self, counted: Counted, cell: OpenCell) -> bool:
        """Whether what is plausible is enough to be probably one: no slot speaks against it but the
        claim.
        """
        if cell.core.is_frozen:
            return False
        pair_of = self.evidence.pair_of
        return not any(
            pair_of(x.number, y.number).opposed for x, _ in counted for y, _ in cell.counted
        )


def _best_first(scored: Iterable[tuple[float | None, OpenCell]], floor: float) -> list[Option]:
    found = [(value, cell) for value, cell in scored if value is not None and value >= floor]
    return sorted(found, key=lambda option: (-option[0], option[1].order))
