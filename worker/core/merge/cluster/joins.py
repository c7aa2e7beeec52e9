"""The joins of one decision, kept for the next: most of them happen again.

Rules
-----
1. A join is known by its score and the least report ids of its two parts: that is the order in which
   joins are made (``agglomerate``).
2. While the reports are the same and their evidence is, the same joins follow. A report that came or
   went changes those that it takes part in, and what would have been joined with their result.

Theory of operation
-------------------
A part is *kept* while it is one that was there in the last decision at this point; all others are
*fresh*. Of all pairs of kept parts the next noted join is the best: it was the best of more parts
than there are now. A noted join of which a part is missing is passed over, and the part that is
there is fresh from then on. The pairs of fresh parts are looked for, as in a first decision. So each
time the better of the two is made: the next noted join, or the best pair with a fresh part. A report
among four hundred costs the joins of its own attack.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable, Sequence

from worker.core.merge.cluster.units import Unit, Units
from worker.core.merge.evidence.nodes import Node


class Part:
    """A node, or what was joined of two parts. ``known``: the counts, once they were asked for."""

    __slots__ = ("key", "known", "nodes", "parts", "size")

    def __init__(
        self,
        key: str,
        size: int,
        nodes: Sequence[Node],
        counts: dict[Unit, int] | None,
        parts: tuple[Part, ...] = (),
    ) -> None:
        self.key = key
        self.size = size
        self.nodes = nodes
        self.parts = parts
        self.known = counts

    def joined_with(self, other: Part) -> Part:
        """Both as one."""
        return Part(min(self.key, other.key), self.size + other.size, (), None, parts=(self, other))

    @property
    def counts(self) -> dict[Unit, int]:
        """Its nodes by unit. (Parts are nested deeply: no recursion.)"""
        waiting = [self]
        while self.known is None:
            part = waiting[-1]
            unknown = [p for p in part.parts if p.known is None]
            if unknown:
                waiting += unknown
                continue
            counts: dict[Unit, int] = {}
            for unit, n in (pair for p in part.parts for pair in (p.known or {}).items()):
                counts[unit] = counts.get(unit, 0) + n
            part.known = counts
            waiting.pop()
        return self.known

    def members(self) -> tuple[Node, ...]:
        """Its nodes, in order of key."""
        found: list[Node] = []
        waiting = [self]
        while waiting:
            part = waiting.pop()
            found += part.nodes
            waiting += part.parts
        return tuple(sorted(found, key=lambda node: node.key))


Order = tuple[float, str, str]
"""Of two joins the lesser one is made first: minus the score, then the least report ids."""
Step = tuple[Order, Part, Part, Part]
"""A join: its order, two parts, and what they became."""


def part_of(node: Node, units: Units) -> Part:
    """A node that is still alone."""
    return Part(node.key, 1, (node,), {units.of[node.key]: 1})


def part_of_group(group: Sequence[Node], units: Units) -> Part:
    """What a person put together."""
    key = min(node.key for node in group)
    return Part(key, len(group), tuple(group), dict(units.count(group)))


class Joins:
    """The joins of a decision: the nodes that were alone at first, and the steps, in one or several
    sequences that have nothing to do with each other.
    """

    def __init__(self) -> None:
        self.alone: dict[str, Part] = {}
        self.sequences: list[list[Step]] = []
        self.pause = 0
        """So many decisions begin anew before this is tried again."""

    def start(self, nodes: Iterable[Node], units: Units) -> tuple[list[Part], list[Part]]:
        """The nodes as parts: those that are as they were, and the new ones."""
        kept: list[Part] = []
        fresh: list[Part] = []
        alone: dict[str, Part] = {}
        for node in nodes:
            part = self.alone.get(node.key)
            if part is not None and part.nodes[0] is node and units.of[node.key] in part.counts:
                kept.append(part)
            else:
                part = part_of(node, units)
                fresh.append(part)
            alone[node.key] = part
        self.alone = alone
        return kept, fresh

    def follows(self, nodes: Sequence[Node]) -> bool:
        """Whether so many of these nodes are known that it is worth while to start from here."""
        self.pause -= 1
        if self.pause >= 0:
            return False
        fresh = sum(node.key not in self.alone for node in nodes)
        return 8 * fresh <= len(nodes) + 16


class Rejoining:
    """The joins of a decision, made from those of the last one."""

    def __init__(
        self, joins: Joins, nodes: Sequence[Node], groups: Sequence[Sequence[Node]], units: Units
    ) -> None:
        self._units = units
        self._threshold = units.evidence.weights["merge.threshold"]
        self._joins = joins
        self._heads = [iter(sequence) for sequence in joins.sequences]
        self._made: list[Step] = []
        kept, fresh = joins.start(sorted(nodes, key=lambda n: n.key, reverse=True), units)
        self._left: dict[Unit, list[Part]] = {}
        for part in sorted((*kept, *fresh), key=lambda part: part.key, reverse=True):
            self._left.setdefault(next(iter(part.counts)), []).append(part)
        firm = [part_of_group(group, units) for group in groups]
        self._larger = dict.fromkeys(firm)
        self._all = list(dict.fromkeys((*self._left, *(u for part in firm for u in part.counts))))
        self._here: set[Part] = {*kept, *fresh, *firm}
        self._rows: dict[Unit, dict[Unit, float]] = {}
        self._sums: dict[Part, tuple[dict[Unit, float], dict[Unit, float]]] = {}
        self._fresh: dict[Part, None] = {}
        self._waiting: list[tuple[Order, int, Part, Part]] = []
        self._serial = itertools.count()
        self._looks, self._most_looks = 0, 50 + len(nodes) // 8
        for part in (*fresh, *firm):
            self._look_at(part)
        self._noted: list[tuple[Order, int, Step]] = []
        for k in range(len(self._heads)):
            self._note_next(k)

    def run(self) -> list[tuple[Node, ...]] | None:
        """The cells, when nothing reaches the threshold any more. None: too little was the same, and
        to begin anew costs less.
        """
        while self._looks < self._most_looks:
            found = self._best_of_fresh()
            if self._noted and (found is None or self._noted[0][0] < found[0]):
                _, k, step = heapq.heappop(self._noted)
                if step[1] in self._here and step[2] in self._here:
                    self._repeat(step)
                else:
                    self._pass_over(step)
                self._note_next(k)
            elif found is not None:
                self._join(*found)
            else:
                self._joins.sequences = [self._made]
                return [part.members() for part in self._here]
        return None

    def _note_next(self, k: int) -> None:
        """The next join of the k-th sequence of which both parts are here."""
        for step in self._heads[k]:
            if step[1] in self._here and step[2] in self._here:
                heapq.heappush(self._noted, (step[0], k, step))
                return
            self._pass_over(step)

    def _pass_over(self, step: Step) -> None:
        """One part is gone, or both: the other is fresh. None of its pairs was better than this."""
        order, a, b, _ = step
        for part, other in ((a, b), (b, a)):
            if part in self._here and part not in self._fresh:
                self._fresh[part] = None
                heapq.heappush(self._waiting, (order, next(self._serial), part, other))

    def _repeat(self, step: Step) -> None:
        whole = step[3]
        self._take(step[1])
        self._take(step[2])
        self._put(whole, step)
        for part in self._fresh:
            value = self._score(part, whole)
            if value > -math.inf:
                self._offer(round(value, 6), part, whole)

    def _join(self, order: Order, a: Part, b: Part) -> None:
        whole = a.joined_with(b)
        one, other = self._sums_of(a), self._sums_of(b)
        self._take(a)
        self._take(b)
        total = {unit: one[0][unit] + other[0][unit] for unit in self._all}
        top = {unit: max(one[1][unit], other[1][unit]) for unit in self._all}
        self._sums[whole] = total, top
        self._put(whole, (order, a, b, whole))
        self._look_at(whole)

    def _take(self, part: Part) -> None:
        self._here.discard(part)
        self._fresh.pop(part, None)
        self._sums.pop(part, None)
        if part in self._larger:
            del self._larger[part]
            return
        unit = next(iter(part.counts))
        queue = self._left[unit]
        queue.remove(part)
        if not queue:
            del self._left[unit]

    def _put(self, whole: Part, step: Step) -> None:
        self._here.add(whole)
        self._larger[whole] = None
        self._made.append(step)

    def _look_at(self, part: Part) -> None:
        """A part is fresh: offer its best pair."""
        self._looks += 1
        self._fresh[part] = None
        total, top = self._sums_of(part)
        size, own = part.size, next(iter(part.counts)) if part.size == 1 else None
        scored: list[tuple[float, Part]] = []
        for unit, queue in self._left.items():
            other = queue[-1]
            if unit is own:
                if len(queue) == 1:
                    continue
                other = queue[-2] if other is part else other
            scored.append((0.5 * total[unit] / size + 0.5 * top[unit], other))
        scored += [(self._score(part, o), o) for o in self._larger if o is not part]
        best = max((value for value, _ in scored), default=-math.inf)
        if best > self._threshold - _NEARLY:
            value, least = round(best, 6), best - _NEARLY
            equal = (o for v, o in scored if v > least and round(v, 6) == value)
            self._offer(value, part, min(equal, key=lambda o: _keys(part, o)))

    def _offer(self, value: float, part: Part, other: Part) -> None:
        if value >= self._threshold:
            order = (-value, *_keys(part, other))
            heapq.heappush(self._waiting, (order, next(self._serial), part, other))

    def _best_of_fresh(self) -> tuple[Order, Part, Part] | None:
        """The best pair with a fresh part; where its other part is gone, the next best is found."""
        while self._waiting:
            order, _, part, other = self._waiting[0]
            if part in self._here and other in self._here:
                return order, part, other
            heapq.heappop(self._waiting)
            if part in self._here:
                self._look_at(part)
        return None

    def _score(self, part: Part, other: Part) -> float:
        total, top = self._sums_of(part)
        summed, most = 0.0, -math.inf
        for unit, n in other.counts.items():
            if total[unit] == -math.inf:
                return -math.inf
            summed += n * total[unit]
            most = max(most, top[unit])
        return 0.5 * summed / (part.size * other.size) + 0.5 * most

    def _sums_of(self, part: Part) -> tuple[dict[Unit, float], dict[Unit, float]]:
        """The evidence of a part with one more node of each unit, summed, and the strongest."""
        found = self._sums.get(part)
        if found is not None:
            return found
        (first, count), *others = part.counts.items()
        row = self._row(first)
        if not others and count == 1:
            self._sums[part] = row, row
            return row, row
        total = {unit: count * row[unit] for unit in self._all}
        top = {unit: row[unit] for unit in self._all}
        for unit, n in others:
            row = self._row(unit)
            for other in self._all:
                total[other] += n * row[other]
                top[other] = max(top[other], row[other])
        self._sums[part] = total, top
        return total, top

    def _row(self, unit: Unit) -> dict[Unit, float]:
        row = self._rows.get(unit)
        if row is None:
            row = self._rows[unit] = self._units.bonds_of(unit, self._all)
        return row


_NEARLY = 1e-5
"""Scores are rounded to six places; what differs by less than this may be equal then."""


def _keys(a: Part, b: Part) -> tuple[str, str]:
    return (a.key, b.key) if a.key < b.key else (b.key, a.key)
