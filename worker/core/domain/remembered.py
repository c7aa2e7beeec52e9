"""What was made of a value, remembered for the value itself, or for all that are equal.

A decision asks for the same reports as the one before. What is made of one (its facts, its node) is
pure and depends on it and the knowledge alone, so it is kept as long as there is room: ``most`` of
the last asked for, and beside them some long sequences of values, whole. The value is kept with it,
so that its place in memory means nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import is_
from typing import Any, Generic, TypeVar

WORST_DAY_REPORTS = 1_000
"""Room is meant for a day like the worst that we know of, when a thousand reports of one day came. All
bounds of reports that merging remembers are multiples of it, so that such a day is never forgotten in
its middle."""
K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """At most ``most`` values with what was made of them. For one thread."""

    def __init__(self, make: Callable[[K], V], most: int) -> None:
        self._make = make
        self._half = most // 2
        self._young: dict[int, V] = {}
        self._old: dict[int, V] = {}
        """By the places of the values in memory, which are held meanwhile."""
        self._held: list[K] = []
        self._held_before: list[K] = []
        self._sequences: dict[int, tuple[tuple[K, ...], list[V]]] = {}

    def of(self, value: K) -> V:
        """What is made of a value."""
        key = id(value)
        if key in self._young:
            return self._young[key]
        made = self._old.pop(key) if key in self._old else self._make(value)
        self.keep(value, made)
        return made

    def keep(self, value: K, made: V) -> None:
        """Remember what is made of a value that was not asked for yet."""
        if len(self._young) >= self._half:
            self._old, self._held_before = self._young, self._held
            self._young, self._held = {}, []
        self._young[id(value)] = made
        self._held.append(value)

    def all(self, values: Iterable[K]) -> list[V]:
        """What is made of each of many values, in order; one that is remembered costs next to
        nothing, and of a long sequence that is like the last one at both ends only what is between.
        Equal values count as the same.
        """
        asked = values if isinstance(values, tuple) else tuple(values)
        if len(asked) < _LONG:
            return self._each(asked)
        before, made = self._sequences.pop(id(asked[0]), ((), []))
        first, last = alike_at_ends(before, asked)
        if 2 * (first + last) < len(asked):
            made = self._each(asked)
        else:
            made[first : len(before) - last] = self._each(asked[first : len(asked) - last])
        self._sequences[id(asked[0])] = asked, made
        if len(self._sequences) > _MOST_SEQUENCES:
            del self._sequences[next(iter(self._sequences))]
        return list(made)

    def _each(self, asked: Sequence[K]) -> list[V]:
        found: list[Any] = list(map(self._young.get, map(id, asked)))
        if all(found):
            return found
        for k in [k for k, made in enumerate(found) if made is None]:
            found[k] = self.of(asked[k])
        return found


_LONG = 16
_MOST_SEQUENCES = 32
"""Sequences that are remembered whole, by their first value: of each the last that was asked for."""


def alike_at_ends(a: tuple[K, ...], b: tuple[K, ...]) -> tuple[int, int]:
    """How many values are the same from the first on, and of the others from the last back.

    (Tuples are compared first by the places of their values in memory, without a look at these.)
    """
    first = _alike(a, b)
    return first, _alike(a[first:][::-1], b[first:][::-1])


def _alike(a: tuple[K, ...], b: tuple[K, ...]) -> int:
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def place_of_new(before: tuple[K, ...], after: tuple[K, ...]) -> int | None:
    """Where the one value stands that is new among others that are the very same ones; None: more than
    that is new, or something is gone.
    """
    if len(after) != len(before) + 1:
        return None
    place, last = alike_at_ends(before, after)
    if place + last < len(before):
        return None
    others = (*after[:place], *after[place + 1 :])
    return place if all(map(is_, before, others)) else None  # equal ones may be others


class Names(Generic[K]):
    """What the values of a sequence are called, as a set. Of a sequence that is one asked for before
    with more values in it only these are looked at. For one thread.
    """

    def __init__(self, name: Callable[[K], str]) -> None:
        self._name = name
        self._kept: dict[int, tuple[tuple[K, ...], frozenset[str]]] = {}

    def of(self, values: tuple[K, ...]) -> frozenset[str]:
        """The names."""
        if len(values) < _LONG:
            return frozenset(map(self._name, values))
        before, names = self._kept.pop(id(values[0]), ((), frozenset[str]()))
        if before is not values:
            first, last = alike_at_ends(before, values)
            if first + last < len(before):
                first, last, names = 0, 0, frozenset()
            names = names.union(map(self._name, values[first : len(values) - last]))
        self._kept[id(values[0])] = values, names
        if len(self._kept) > _MOST_SEQUENCES:
            del self._kept[next(iter(self._kept))]
        return names


class Equal(Generic[K, V]):
    """The same for values that are equal: at most ``most``, then all are forgotten. For one thread."""

    def __init__(self, make: Callable[[K], V], most: int) -> None:
        self._make = make
        self._most = most
        self._made: dict[K, V] = {}

    def of(self, value: K) -> V:
        """What is made of a value."""
        known = self._made.get(value)
        if known is None:
            if len(self._made) >= self._most:
                self._made.clear()
            known = self._made[value] = self._make(value)
        return known


class Continued(Generic[V]):
    """Values that are carried on from one asking to the next, at most ``most``: each is found by the
    first of what it is made of. For one thread.

    ``taken`` hands a value out, which is forgotten unless it is kept again: what breaks off in its
    middle is not used once more.
    """

    def __init__(self, make: Callable[[], V], most: int) -> None:
        self._make = make
        self._most = most
        self._kept: dict[int, tuple[object, V]] = {}

    def taken(self, first: object) -> V:
        """What was kept, or a new one."""
        known = self._kept.pop(id(first), None)
        return self._make() if known is None else known[1]

    def keep(self, first: object, value: V) -> None:
        """Keep it for the next who asks."""
        self._kept[id(first)] = first, value
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
