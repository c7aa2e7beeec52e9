"""Joins the parts of a heap by what was joined of nearly the same parts before.

Rules
-----
1. The joins are those that are made from nothing (``joining``).
2. What is far from the parts that came or went costs no more than being looked up in the record.

Theory of operation
-------------------
The joins of the earlier heap are recorded, in their order. A cell is *changed* when the record does not
know it: a part that came, whatever a changed cell was joined with, and a cell that the record joins with
one that is gone or changed. All other cells are what they were at that point of the record. So the next
recorded join of two of these is the best of all pairs without a changed cell, and is held against the
best pair with one.

Tables have a row for each changed cell, and a column for each part and each cell that the record makes
of them: what a changed cell scores with that one is known before it is made. Whether it *stands* is kept
beside. What is joined with a changed cell takes the place of the one with the lesser first part. Of each
row a bound is kept, that is corrected when the row is looked at.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from worker.core.merge.cluster.bonds import Table
from worker.core.merge.cluster.joining import HeapEvidence, scores
from worker.core.merge.cluster.unit import Join, Joined, Part
from worker.core.merge.cluster.units import Units
from worker.core.merge.evidence.pairs import in_millionths

_Option = tuple[float, int, int, int, int]
"""Two cells: score, negative; their first parts' places; their columns. The least goes first."""
_NOBODY = -1
"""The column of what is not there any more."""
_AT_ONCE = 64
"""Recorded joins that are looked at together."""


class _Partner(NamedTuple):
    """What a cell is joined with, and the cell that is made of both."""

    other: int
    made: int


def go_on(parts: Sequence[Part], units: Units, before: Joined) -> Joined:
    """Join the parts of a heap, which are in order of key. ``before``: of about the same ones."""
    return _Continued(tuple(parts), units, before).run()


class _Record:
    """The joins of an earlier heap, by columns: of the parts that are there, then of what was made."""

    def __init__(self, parts: Sequence[Part], before: Joined) -> None:
        count = len(parts)
        joins = before.joins
        place = {part: k for k, part in enumerate(parts)}
        self.changed = sorted(set(place.values()).difference(map(place.get, before.parts)))
        """Parts that came, or that were joined with one that is gone."""
        joined: tuple[list[int], list[int]] = [], []
        self._next: dict[int, _Partner] = {}
        """What a cell is joined with next."""
        self.first = [*range(count), *(place.get(join.into, 0) for join in joins)]
        """By column the place of the first part."""
        columns = dict(zip(parts, range(count), strict=True))
        cells = {k: [k] for k in range(count)}
        lengths = [1] * (count + len(joins))
        for made, (_, into, other) in enumerate(joins, count):
            a, b = columns.get(into, _NOBODY), columns.get(other, _NOBODY)
            joined[0].append(a)
            joined[1].append(b)
            columns[into] = _NOBODY
            if a != _NOBODY and b != _NOBODY:
                columns[into] = made
                cells[place[into]] += cells.pop(place[other])
                lengths[made] = len(cells[place[into]])
                self._next[a], self._next[b] = _Partner(b, made), _Partner(a, made)
            else:
                self.changed += [column for column in (a, b) if 0 <= column < count]
        self.joins = joins
        self.scores: Table = np.array([join.score for join in joins], dtype=np.float64)
        self.pairs = np.array(joined, dtype=np.intp)
        """Two rows: of each join the columns of what it joins."""
        self.order = list(itertools.chain.from_iterable(cells.values()))
        """The parts, so that each cell is a stretch of them, which begins with its first."""
        position = np.argsort(self.order)
        begins = position[self.first]
        self._stretches = np.array((begins, begins + lengths)).T.ravel()
        """Where each cell begins and ends, in turn."""

    def members(self, column: int) -> list[int]:
        """The places of the parts of a cell."""
        begin, end = self._stretches[2 * column : 2 * column + 2]
        return self.order[begin:end]

    def partners(self, column: int) -> Iterator[_Partner]:
        """What a cell is joined with, and what is made of both, and so on."""
        while column in self._next:
            partner = self._next[column]
            yield partner
            column = partner.made

    def by_column(self, put_together: np.ufunc, of_parts: Table) -> Table:
        """A table with a column for each part as one with a column for each cell."""
        ordered: Table = np.zeros((len(of_parts), len(self.order) + 1))
        of_parts.take(self.order, axis=1, out=ordered[:, :-1])
        found: Table = put_together.reduceat(ordered, self._stretches, axis=1)[:, ::2]
        return found


class _Continued:
    """One heap while it is joined. Cells are named by their columns."""

    def __init__(self, parts: tuple[Part, ...], units: Units, before: Joined) -> None:
        self._parts = parts
        self._threshold = in_millionths(units.evidence.weights["merge.threshold"])
        self._evidence = HeapEvidence(parts, units)
        self._record = record = _Record(parts, before)
        self._next = 0
        self._joins: list[Join] = []
        self._changed = np.zeros(len(record.first) + 1, dtype=np.bool_)
        """Columns that are not what the record knows by them; the last is that of nobody."""
        self._changed[_NOBODY] = True
        self._grown: dict[int, list[int]] = {}
        """The parts of cells that were joined with a changed one."""
        sizes: Table = np.array([[len(part.nodes) for part in parts]], dtype=np.float64)
        self._size = record.by_column(np.add, sizes)[0]
        self._standing: Table = np.full(len(record.first), -np.inf)
        """``-inf`` for all but the cells that there are now."""
        self._standing[: len(parts)] = 0.0
        self._rows: dict[int, int] = {}
        """Changed cells with their rows."""
        self._column_of_row = np.empty(0, dtype=np.intp)
        self._total, self._top, self._ahead, self._score = np.empty((4, 0, len(record.first)))
        """Summed evidence, strongest evidence, the score of all cells, of those that stand; ``-inf``
        where a veto stands, in the row of what is gone, and of a cell with itself."""
        self._bound: Table = np.empty(0)
        """No score of the row with a cell that stands is higher."""
        self._give_rows(record.changed)

    def run(self) -> Joined:
        """Join until nothing reaches the threshold any more."""
        while (best := self._follow_record()) is not None:
            *_, a, b = best
            self._give_rows([column for column in (a, b) if column not in self._rows])
            self._join_changed(best)
        members = map(self._members, np.flatnonzero(self._standing == 0.0).tolist())
        cells = [[self._parts[k] for k in cell] for cell in sorted(map(sorted, members))]
        return Joined(self._parts, self._joins, cells)

    def _follow_record(self) -> _Option | None:
        """Join as the record says, until a pair with a changed cell is due; returns that."""
        record = self._record
        while self._next < len(record.joins):
            self._next += self._join_unchanged()
            if self._next == len(record.joins):
                break
            a, b = record.pairs[:, self._next].tolist()
            if not self._changed[a] and not self._changed[b]:
                score = float(record.scores[self._next])
                best = self._best(score)
                if best is not None and best < (-score, record.first[a], record.first[b], a, b):
                    return best
                self._take_over(1)
            else:
                self._give_rows([column for column in (a, b) if not self._changed[column]])
                self._changed[len(self._parts) + self._next] = True
            self._next += 1
        return self._best(self._threshold)

    def _join_unchanged(self) -> int:
        """Join as the record says while no changed cell can have a part in it; returns how often."""
        record = self._record
        some = slice(self._next, self._next + _AT_ONCE)
        a, b = record.pairs[:, some]
        begin = len(self._parts) + self._next
        ahead = self._ahead[:, begin : begin + len(a)]
        highest = np.maximum.reduce(self._bound, initial=-np.inf)
        bound = np.maximum.accumulate((highest, *np.maximum.reduce(ahead, initial=-np.inf)))[:-1]
        stops = np.flatnonzero(self._changed[a] | self._changed[b] | (bound >= record.scores[some]))
        count = int(stops[0]) if len(stops) else len(a)
        if count:
            self._take_over(count)
        return count

    def _take_over(self, count: int) -> None:
        """Join what the next recorded joins do, all of unchanged cells."""
        begin = len(self._parts) + self._next
        made = slice(begin, begin + count)
        fallen = self._record.pairs[:, self._next : self._next + count].ravel()
        self._joins += self._record.joins[self._next : self._next + count]
        ahead = self._ahead[:, made]
        np.maximum(self._bound, np.maximum.reduce(ahead, axis=1), out=self._bound)
        self._standing[made] = 0.0
        self._standing[fallen] = -np.inf
        self._score[:, made] = ahead
        self._score[:, fallen] = -np.inf

    def _best(self, floor: float) -> _Option | None:
        """The best pair with a changed cell, if it reaches the floor."""
        bound, score = self._bound, self._score
        while len(bound):
            row = int(bound.argmax())
            value = bound[row]
            if value < floor:
                break
            other = int(score[row].argmax())
            if score[row, other] < value:
                bound[row] = score[row, other]
            else:
                return self._first_of_equal(value)
        return None

    def _first_of_equal(self, value: float) -> _Option:
        """Of the pairs with the best score the one that goes first."""
        first = self._record.first
        found = []
        for row in np.flatnonzero(self._bound == value).tolist():
            equal = np.flatnonzero(self._score[row] == value).tolist()
            if equal:
                pair = self._column_of_row[row], min(equal, key=first.__getitem__)
                a, b = sorted(pair, key=first.__getitem__)
                found.append((-float(value), first[a], first[b], a, b))
        return min(found)

    def _join_changed(self, option: _Option) -> None:
        """Join two changed cells."""
        self._note(option)
        *_, a, b = option
        row, other = self._rows[a], self._rows.pop(b)
        total, top, ahead, size = self._total, self._top, self._ahead, self._size
        self._grown[a] = self._members(a) + self._members(b)
        self._grown.pop(b, None)
        self._fall(b)
        size[a] += size[b]
        total[row] += total[other]
        np.maximum(top[row], top[other], out=top[row])
        total[other] = ahead[other] = self._score[other] = self._bound[other] = -np.inf
        total[:, a] += total[:, b]
        np.maximum(top[:, a], top[:, b], out=top[:, a])
        ahead[row] = scores(total[row], top[row], size[a] * size)
        self._score[row] = ahead[row] + self._standing
        column = scores(total[:, a], top[:, a], size[a] * size[self._column_of_row])
        ahead[:, a] = self._score[:, a] = column
        np.maximum(self._bound, column, out=self._bound)
        self._bound[row] = np.maximum.reduce(self._score[row])

    def _fall(self, column: int) -> None:
        """A cell is there no more."""
        self._standing[column] = -np.inf
        self._score[:, column] = -np.inf

    def _note(self, option: _Option) -> None:
        score, a, b, *_ = option
        self._joins.append(Join(-score, self._parts[a], self._parts[b]))

    def _members(self, column: int) -> list[int]:
        grown = self._grown.get(column)
        return self._record.members(column) if grown is None else grown

    def _give_rows(self, columns: Sequence[int]) -> None:
        """Count some cells as changed."""
        if not columns:
            return
        columns = self._with_partners(columns)
        members = [self._members(column) for column in columns]
        total, top = self._evidence.of(members)
        by_column = self._record.by_column
        totals, tops = by_column(np.add, total), by_column(np.maximum, top)
        for column, places in self._grown.items():
            totals[:, column] = np.add.reduce(total[:, places], axis=1)
            tops[:, column] = np.maximum.reduce(top[:, places], axis=1)
        totals[range(len(columns)), columns] = -np.inf
        ahead = scores(totals, tops, np.outer(self._size[columns], self._size))
        score = ahead + self._standing
        self._changed[columns] = True
        self._rows.update(zip(columns, itertools.count(len(self._column_of_row))))
        self._column_of_row = np.append(self._column_of_row, columns)
        self._total = np.concatenate((self._total, totals))
        self._top = np.concatenate((self._top, tops))
        self._ahead = np.concatenate((self._ahead, ahead))
        self._score = np.concatenate((self._score, score))
        self._bound = np.concatenate((self._bound, np.maximum.reduce(score, axis=1)))

    def _with_partners(self, columns: Sequence[int]) -> list[int]:
        """Some cells that change, and what changes with them of those that stand."""
        found = dict.fromkeys(columns)
        for column in columns:
            for other, made in self._record.partners(column):
                if self._changed[made]:
                    break  # and all that is made of it
                self._changed[made] = True
                if self._standing[other] == 0.0 and not self._changed[other]:
                    found[other] = None
        return list(found)
