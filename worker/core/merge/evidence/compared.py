"""What was compared once is not compared again: pairs of facts, and who is near whom.

Rules
-----
1. A pair depends on two sets of facts and the weights, on nothing else: it stays true for as long
   as the process lives, whichever decision asks.
2. Everything here may be forgotten at any time; that costs time and nothing else. When it is full
   (``MOST_FACTS``, ``MOST_MET``: 100 to 300 MB), the half that was not asked for longest is forgotten.
3. *Near* is evidence of ``merge.plausible`` or more without a veto. Whatever merging does with two
   reports, it does because somebody is near somebody: no score exceeds its strongest pair.

Theory of operation
-------------------
Facts get a number, never given twice. For each number is kept with which others it was compared,
and who of them is near. A decision asks with the numbers that it looks at; only what is new is
compared. Most of what a week brought is of other days than what comes: of these the days are compared,
and nothing else. Of one day the whole pair is kept, for it is asked for again.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from worker.core.domain.remembered import WORST_DAY_REPORTS
from worker.core.merge.evidence.facts import Facts
from worker.core.merge.evidence.pairs import Pair, Said, Weights, dates_meet, said_of, weigh

MOST_FACTS = 10 * WORST_DAY_REPORTS
"""Sets of facts that are remembered: of about 1.5 KB each, and of each with which others it was compared,
which in years of busy days is the larger part."""
MOST_MET = 3 * WORST_DAY_REPORTS**2
"""Pairs of which it is remembered whether they are near, from both sides: of 30 to 100 bytes each. A day
on which no two reports say the same takes a million, and the full comparison of each pair half as
many of the larger ones; a bound of a million was reached in the middle of it, and half of the day
compared anew."""
_PAIR_IN_MET = 3
"""How many of these a full comparison is as large as."""
_SHIFT = 32


class Compared:
    """All pairs compared under one set of weights. For one thread."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._plausible = weights["merge.plausible"]
        self._next = itertools.count()
        self._numbers: dict[Facts, int] = {}
        self._by_place: dict[int, tuple[Facts, int]] = {}
        """The same by place in memory, which costs no comparison; the facts are held with it."""
        self._last: Sequence[Facts] = ()
        """What the last decision looked at."""
        self._facts: dict[int, Facts] = {}
        self._pairs: dict[int, Pair] = {}
        self._weighed: dict[Said, Pair] = {}
        self._met: dict[int, set[int]] = {}
        self._near: dict[int, dict[int, float]] = {}
        self._count = 0
        self.evidence: list[object] = []
        """What the last decisions asked with (``nodes.evidence_of``)."""
        self.units: dict[str, list[object]] = {}
        """The units of the last decisions, by what they are for (``units``)."""

    @property
    def is_full(self) -> bool:
        """Whether half of it should be forgotten."""
        return (
            max(len(self._numbers), len(self._by_place)) > MOST_FACTS
            or self._count + _PAIR_IN_MET * len(self._pairs) > MOST_MET
        )

    def number(self, facts: Facts) -> int:
        """The number of these facts; equal facts have one."""
        number = self._numbers.pop(facts, None)
        if number is None:
            number = next(self._next)
            self._facts[number] = facts
        self._numbers[facts] = number  # at the end: last asked for
        return number

    def numbers(self, asked: Sequence[Facts], all_facts: Sequence[Facts]) -> list[int]:
        """The numbers of some of the facts that a decision looks at."""
        known = self._by_place
        for facts in [facts for facts in asked if id(facts) not in known]:
            known[id(facts)] = facts, self.number(facts)
        self._last = all_facts
        return [known[id(facts)][1] for facts in asked]

    def pair(self, i: int, j: int) -> Pair:
        """How the facts with these numbers compare."""
        key = (i << _SHIFT) | j if i < j else (j << _SHIFT) | i
        found = self._pairs.get(key)
        if found is None:
            first, second = (i, j) if i < j else (j, i)
            said = said_of(self._facts[first], self._facts[second], self._weights)
            found = self._weighed.get(said)
            if found is None:
                found = self._weighed[said] = weigh(said, self._weights)
            self._pairs[key] = found
        return found

    def pairs(self, i: int, others: Sequence[int]) -> list[Pair]:
        """How the i-th facts compare with each of others."""
        keys = [(i << _SHIFT) | j if i < j else (j << _SHIFT) | i for j in others]
        found = map(self._pairs.get, keys)
        return [self.pair(i, j) if p is None else p for p, j in zip(found, others, strict=True)]

    def near(self, i: int, among: AbstractSet[int]) -> Mapping[int, float]:
        """Everybody near the i-th facts, with the weight; of ``among`` nobody is missing."""
        near = self._near.setdefault(i, {})
        met = self._met.setdefault(i, set())
        fresh = among - met
        own, facts = self._facts[i], self._facts
        for j in [j for j in fresh if dates_meet(own, facts[j], self._weights)]:
            pair = self.pair(i, j)
            if pair.veto is None and pair.weight >= self._plausible:
                near[j] = pair.weight
        met |= fresh
        self._count += len(fresh)
        return near

    def without_oldest(self) -> Compared:
        """The half that was asked for last, in a new object: whoever holds this one may go on."""
        younger = Compared(self._weights)
        younger._next = self._next
        for facts in self._last:
            self.number(facts)
        kept = list(self._numbers.items())[len(self._numbers) // 2 :]
        younger._numbers = dict(kept)
        for facts, number in kept:
            younger._facts[number] = facts
        live = younger._facts.keys()
        for number in live & self._met.keys():
            younger._met[number] = self._met[number] & live
            younger._near[number] = {j: w for j, w in self._near[number].items() if j in live}
        younger._count = sum(map(len, younger._met.values()))
        return younger


def compared_under(weights: Weights) -> Compared:
    """What is remembered of these weights. Ask anew for each decision."""
    key = tuple(sorted(weights.items()))
    kept = _KEPT.get(key)
    if kept is None:
        if len(_KEPT) >= _MOST_WEIGHTS:
            _KEPT.clear()
        kept = _KEPT[key] = Compared(dict(weights))
    elif kept.is_full:
        kept = _KEPT[key] = kept.without_oldest()
    return kept


_MOST_WEIGHTS = 4
_KEPT: dict[tuple[tuple[str, float], ...], Compared] = {}
