"""The partition written plainly, pair by pair: slow, and right by being easy to read.

The one that the worker uses must give the same cells; ``test_merge_flat.py`` compares them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import replace

from worker.core.domain.snapshot import LinkCertainty
from worker.core.merge.cluster.partition import Cell, Partition
from worker.core.merge.evidence.nodes import Evidence, Node


def partition(nodes: Iterable[Node], evidence: Evidence) -> Partition:
    """Put primary, round-up, retraction and frozen nodes together into attacks."""
    ordered = sorted(nodes, key=lambda node: node.key)
    core = [node for node in ordered if node.kind in ("primary", "frozen")]
    seeds = _seeds(core, evidence)
    bridges = _find_bridges(core, seeds, evidence)
    held = {node.key for node in bridges}
    cells = agglomerate([s for s in seeds if s[0].key not in held], evidence)
    assignment = _Assignment(cells, evidence)
    several = _place_bridges(assignment, bridges)
    _join_probable(assignment)
    _place_roundups(assignment, several)
    _place_roundups(assignment, [node for node in ordered if node.kind == "roundup"])
    _place_retractions(assignment, [node for node in ordered if node.kind == "retraction"])
    return assignment.result([node for node in ordered if node.kind == "background"])


def score(a: Sequence[Node], b: Sequence[Node], evidence: Evidence) -> float | None:
    """Evidence between two groups: mean of average and strongest; None when a veto stands."""
    if any(evidence.cannot(x, y) for x in a for y in b):
        return None
    values = [evidence.weight(x, y) for x in a for y in b]
    return round(0.5 * sum(values) / len(values) + 0.5 * max(values), 6)


def _seeds(core: Sequence[Node], evidence: Evidence) -> list[list[Node]]:
    """What a person put together, and every other node alone."""
    group = {node.key: [node] for node in core}
    for a, b in evidence.joined(core):
        if group[a.key] is not group[b.key]:
            merged = sorted(group[a.key] + group[b.key], key=lambda node: node.key)
            group.update({node.key: merged for node in merged})
    unique = {id(members): members for members in group.values()}
    return sorted(unique.values(), key=lambda members: members[0].key)


def _find_bridges(
    core: Sequence[Node], seeds: Sequence[list[Node]], evidence: Evidence
) -> list[Node]:
    """The bridges; nodes that differ in nothing but the article are judged once."""
    free = {members[0].key for members in seeds if len(members) == 1}
    judged: dict[object, bool] = {}
    bridges = []
    for node in core:
        if node.kind != "primary" or node.key not in free:
            continue
        key = node.key if evidence.tie(node) is not None else node.facts
        if key not in judged:
            judged[key] = node.facts.attacks > 1 or _is_bridge(node, core, evidence)
        if judged[key]:
            bridges.append(node)
    return bridges


def _is_bridge(node: Node, core: Sequence[Node], evidence: Evidence) -> bool:
    """Whether its near-best partners exclude each other: it cannot choose by its own evidence."""
    plausible, margin = evidence.weights["merge.plausible"], evidence.weights["merge.margin"]
    partners = [
        (evidence.weight(node, other), other)
        for other in core
        if other is not node and not evidence.cannot(node, other)
    ]
    best = max((weight for weight, _ in partners), default=0.0)
    if best < plausible:
        return False
    floor = max(plausible, best - margin)
    near = _one_of_each([other for weight, other in partners if weight >= floor], evidence)
    return any(evidence.cannot(a, b) for i, a in enumerate(near) for b in near[:i])


def _one_of_each(nodes: Sequence[Node], evidence: Evidence) -> list[Node]:
    """One node of each set of slots: twins say the same of everything else."""
    seen: dict[object, Node] = {}
    for node in nodes:
        seen.setdefault(node.key if evidence.tie(node) is not None else node.facts, node)
    return list(seen.values())


class _Links:
    """Sums, maxima and vetoes between cells, kept while cells are joined."""

    def __init__(self, groups: Sequence[list[Node]], evidence: Evidence) -> None:
        self.members: dict[int, list[Node]] = dict(enumerate(groups))
        self._total: dict[tuple[int, int], float] = {}
        self._top: dict[tuple[int, int], float] = {}
        self.heap: list[tuple[float, str, str, int, int]] = []
        self._threshold = evidence.weights["merge.threshold"]
        for j in self.members:
            for i in range(j):
                self._measure(i, j, evidence)

    def _measure(self, i: int, j: int, evidence: Evidence) -> None:
        pairs = [(a, b) for a in self.members[i] for b in self.members[j]]
        if any(evidence.cannot(a, b) for a, b in pairs):
            return
        values = [evidence.weight(a, b) for a, b in pairs]
        self._set(i, j, sum(values), max(values))

    def _set(self, i: int, j: int, total: float, top: float) -> None:
        self._total[i, j], self._top[i, j] = total, top
        size = len(self.members[i]) * len(self.members[j])
        value = round(0.5 * total / size + 0.5 * top, 6)
        if value >= self._threshold:
            first, second = sorted((self.members[i][0].key, self.members[j][0].key))
            heapq.heappush(self.heap, (-value, first, second, i, j))

    def join(self, i: int, j: int, new: int) -> None:
        """Replace cells i and j by one; a veto against either is a veto against both."""
        merged = sorted(self.members.pop(i) + self.members.pop(j), key=lambda node: node.key)
        others = list(self.members)
        self.members[new] = merged
        for other in others:
            left, right = _key(i, other), _key(j, other)
            if left in self._total and right in self._total:
                total = self._total[left] + self._total[right]
                self._set(other, new, total, max(self._top[left], self._top[right]))


def _key(i: int, j: int) -> tuple[int, int]:
    return (i, j) if i < j else (j, i)


def agglomerate(groups: Sequence[list[Node]], evidence: Evidence) -> list[Cell]:
    """Join groups best first until nothing reaches the threshold; twins are joined from the start."""
    started = _with_twins_joined(groups, evidence)
    links = _Links(started, evidence)
    fresh = len(started)
    while links.heap:
        _, _, _, i, j = heapq.heappop(links.heap)
        if i in links.members and j in links.members:
            links.join(i, j, fresh)
            fresh += 1
    return [Cell(tuple(members)) for members in links.members.values()]


def _with_twins_joined(groups: Sequence[list[Node]], evidence: Evidence) -> list[list[Node]]:
    """Lone reports that nothing tells apart, together where their evidence reaches the threshold."""
    started = [group for group in groups if len(group) > 1]
    twins: dict[object, list[Node]] = {}
    for node in (group[0] for group in groups if len(group) == 1):
        twins.setdefault((node.facts, evidence.tie(node)), []).append(node)
    for same in twins.values():
        together = len(same) > 1 and (
            not evidence.cannot(same[0], same[1])
            and evidence.weight(same[0], same[1]) >= evidence.weights["merge.threshold"]
        )
        started += [same] if together else [[node] for node in same]
    return sorted(started, key=lambda group: group[0].key)


def _with(cell: Cell, node: Node, certainty: LinkCertainty) -> Cell:
    return replace(cell, attached=(*cell.attached, (node, certainty)))


class _Assignment:
    """The cells while the less certain reports are placed. Scores look at cores only."""

    def __init__(self, cells: Iterable[Cell], evidence: Evidence) -> None:
        self.evidence = evidence
        self.cells = sorted(cells, key=lambda cell: cell.order)
        self.shared_roundups: list[tuple[Node, tuple[str, ...]]] = []

    def options(self, node: Node, floor: float) -> list[tuple[float, int]]:
        """Cells with at least this score against a node, best first, earliest first."""
        scored = ((self._score(node, cell), k) for k, cell in enumerate(self.cells))
        return sorted(
            ((value, k) for value, k in scored if value is not None and value >= floor),
            key=lambda option: (-option[0], option[1]),
        )

    def _score(self, node: Node, cell: Cell) -> float | None:
        """``score``; of a combined round-up what agrees: the rest is of another of its attacks."""
        if not node.combined:
            return score([node], cell.core, self.evidence)
        if any(self.evidence.cannot(node, other) for other in cell.core):
            return None
        return max(self.evidence.agreeing(node, other) for other in cell.core)

    def attach(self, k: int, node: Node, certainty: LinkCertainty) -> None:
        """Make a node a member of the k-th cell."""
        self.cells[k] = _with(self.cells[k], node, certainty)

    def add(self, cells: Iterable[Cell]) -> None:
        """Add cells that stand alone."""
        self.cells = sorted([*self.cells, *cells], key=lambda cell: cell.order)

    def absorb(self, k: int, into: Cell) -> None:
        """Make all of the k-th cell probable members of another."""
        cell = self.cells[k]
        larger = into
        for node in cell.core:
            larger = _with(larger, node, "probable")
        for node, certainty in cell.attached:
            larger = _with(larger, node, "probable" if certainty == "certain" else certainty)
        self.cells = [larger if c is into else c for c in self.cells if c is not cell]

    def result(self, background: Sequence[Node]) -> Partition:
        """The partition, with the cells that may be one and those that are mentioned."""
        by_first = {cell.core[0].key: cell for cell in self.cells}
        shared_roundups = tuple(
            (node, tuple(by_first[key] for key in keys)) for node, keys in self.shared_roundups
        )
        found = [(node, self._options_elsewhere(node)) for node in background]
        mentions = tuple((node, tuple(options)) for node, options in found if options)
        return Partition(tuple(self.cells), shared_roundups, tuple(self._near()), mentions)

    def _options_elsewhere(self, node: Node) -> list[tuple[float, Cell]]:
        """Of a mention: not what its own article brings news of."""
        return [
            (value, self.cells[k])
            for value, k in self.options(node, self.evidence.plausible)
            if node.article_id not in {other.article_id for other in self.cells[k].core}
        ]

    def _near(self) -> Iterable[tuple[Cell, Cell, float]]:
        floor = self.evidence.weights["merge.plausible"]
        for k, cell in enumerate(self.cells):
            for other in self.cells[:k]:
                value = score(cell.core, other.core, self.evidence)
                if value is not None and value >= floor:
                    yield other, cell, value


def _place_bridges(assignment: _Assignment, bridges: Sequence[Node]) -> list[Node]:
    """Returned are those of several attacks that fit several cells: they come later."""
    weights = assignment.evidence.weights
    unplaced = []
    several = []
    for node in bridges:
        options = assignment.options(node, weights["merge.plausible"])
        is_of_several = node.facts.attacks > 1
        if is_of_several and len(options) > 1:
            several.append(node)
            continue
        if not options or (is_of_several and options[0][0] < weights["merge.threshold"]):
            unplaced.append([node])
            continue
        (best, k), rest = options[0], options[1:]
        clear = not rest or best - rest[0][0] >= weights["merge.margin"]
        sure = best >= weights["merge.threshold"]
        assignment.attach(k, node, "certain" if sure and clear else "ambiguous")
    assignment.add(agglomerate(unplaced, assignment.evidence))
    return several


def _join_probable(assignment: _Assignment) -> None:
    """A cell with exactly one compatible cell joins it; small ones first, later ones first."""
    joined = True
    while joined:
        size = [(len(cell.core), -k) for k, cell in enumerate(assignment.cells)]
        joined = any(_join_one(assignment, -k) for _, k in sorted(size))


def _join_one(assignment: _Assignment, k: int) -> bool:
    cell = assignment.cells[k]
    if any(node.kind == "frozen" for node in cell.core):
        return False
    near = [
        other
        for other in assignment.cells
        if other is not cell and _related(cell, other, assignment)
    ]
    if len(near) != 1 or not _agree(cell, near[0], assignment.evidence):
        return False
    assignment.absorb(k, near[0])
    return True


def _related(a: Cell, b: Cell, assignment: _Assignment) -> bool:
    """Whether two cells compete for the same reports: no veto, and plausible as one."""
    value = score(a.core, b.core, assignment.evidence)
    return value is not None and value >= assignment.evidence.weights["merge.plausible"]


def _agree(a: Cell, b: Cell, evidence: Evidence) -> bool:
    """Enough to be probably one: plausible, and no slot speaks against it but the claim."""
    value = score(a.core, b.core, evidence)
    frozen = any(node.kind == "frozen" for node in b.core)
    if value is None or frozen or value < evidence.weights["merge.plausible"]:
        return False
    return all(
        weight >= 0 or code.startswith("claim.")
        for x in a.core
        for y in b.core
        for code, weight in evidence.pair(x, y).terms
    )


def _place_roundups(assignment: _Assignment, roundups: Sequence[Node]) -> None:
    """Each to at most one cell; one that tells of several is an ambiguous member of the best."""
    weights = assignment.evidence.weights
    alone = []
    for node in roundups:
        options = assignment.options(node, weights["merge.plausible"])
        if not options:
            alone.append([node])
        elif len(options) == 1 and not node.combined:
            value, k = options[0]
            if value >= weights["merge.threshold"]:
                assignment.attach(k, node, "certain")
            elif _agree(Cell((node,)), assignment.cells[k], assignment.evidence):
                assignment.attach(k, node, "probable")
            else:
                alone.append([node])
        else:
            assignment.attach(options[0][1], node, "ambiguous")
            assignment.shared_roundups.append(
                (node, tuple(assignment.cells[k].core[0].key for _, k in options))
            )
    assignment.add(agglomerate(alone, assignment.evidence))


def _place_retractions(assignment: _Assignment, retractions: Sequence[Node]) -> None:
    weights = assignment.evidence.weights
    for node in retractions:
        options = assignment.options(node, weights["merge.plausible"])
        if not options or options[0][0] < weights["merge.threshold"]:
            continue
        if len(options) == 1 or options[0][0] - options[1][0] >= weights["merge.margin"]:
            assignment.attach(options[0][1], node, "certain")
