"""Values in the order of their keys, of which a few come, go or change between two askings."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class InOrder(Generic[V]):
    """At most one value a key. For one thread."""

    def __init__(self) -> None:
        self._keys: list[Any] = []
        self._values: list[V] = []

    def put(self, key: Any, value: V) -> None:
        """Take a value in, in place of the one with its key."""
        place = bisect_left(self._keys, key)
        if self._has(key, place):
            self._values[place] = value
        else:
            self._keys.insert(place, key)
            self._values.insert(place, value)

    def drop(self, key: Any) -> None:
        """Let the value with a key go, if there is one."""
        place = bisect_left(self._keys, key)
        if self._has(key, place):
            del self._keys[place], self._values[place]

    def _has(self, key: Any, place: int) -> bool:
        return place < len(self._keys) and bool(self._keys[place] == key)

    def values(self) -> tuple[V, ...]:
        """All of them, in order."""
        return tuple(self._values)
