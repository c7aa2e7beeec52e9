"""What hangs together, carried on, is what hangs together when everybody is asked."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import pytest

from worker.core.merge.cluster.heaps import Heaps
from worker.core.merge.cluster.unit import Part, Unit


class _World:
    """Units that come and go, of which some hang together; ``asked`` counts whose partners are asked for."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.partners: dict[Unit, set[Unit]] = {}
        self.parts: dict[Unit, Sequence[Part]] = {}
        self.asked: list[Unit] = []

    def come(self, *, most: int) -> Unit:
        """A unit with up to so many partners."""
        unit = Unit(len(self.partners), (), None)
        others = self.rng.sample(
            list(self.parts), min(len(self.parts), self.rng.randrange(most + 1))
        )
        self.partners[unit] = set(others)
        for other in others:
            self.partners[other].add(unit)
        self.parts = {**self.parts, unit: []}
        return unit

    def go(self, unit: Unit) -> None:
        """It may still be named as a partner, as bridges are."""
        self.parts = {other: own for other, own in self.parts.items() if other is not unit}

    def has_more(self, unit: Unit) -> None:
        """It has another node."""
        self.parts = {**self.parts, unit: []}

    def strong(self, unit: Unit) -> AbstractSet[Unit]:
        self.asked.append(unit)
        return self.partners[unit]


def _plain(
    parts: Mapping[Unit, object], partners: Mapping[Unit, set[Unit]]
) -> set[frozenset[Unit]]:
    found: set[frozenset[Unit]] = set()
    for start in parts:
        heap, waiting = {start}, [start]
        while waiting:
            fresh = (partners[waiting.pop()] & parts.keys()) - heap
            heap |= fresh
            waiting += fresh
        found.add(frozenset(heap))
    return found


@pytest.mark.parametrize("seed", range(10))
def test_heaps_that_are_carried_on_are_those_found_anew(seed: int) -> None:
    """Units come, go and get nodes; what became of a heap is kept while it is the same."""
    world, heaps = _World(seed), Heaps()
    for step in range(60):
        for _ in range(world.rng.randrange(3)):
            world.come(most=2)
        if world.parts and world.rng.random() < 0.3:
            world.go(world.rng.choice(list(world.parts)))
        if world.parts and world.rng.random() < 0.3:
            world.has_more(world.rng.choice(list(world.parts)))
        found = list(heaps.follow(world.parts, world.strong))
        told = {frozenset(heap.units) for heap in found}
        assert told == _plain(world.parts, world.partners), step
        assert all(heap.units[unit] is world.parts[unit] for heap in found for unit in heap.units)
        for heap in found:
            heap.cores = heap.cores or ()


def test_who_comes_is_asked_for_his_partners_and_nobody_else() -> None:
    """Of a hundred units one more, and one more node of one: a single unit is asked."""
    world, heaps = _World(7), Heaps()
    for _ in range(100):
        world.come(most=2)
    for heap in heaps.follow(world.parts, world.strong):
        heap.cores = ()
    world.asked.clear()
    fresh, older = world.come(most=1), next(iter(world.parts))
    world.has_more(older)
    found = list(heaps.follow(world.parts, world.strong))
    assert world.asked == [fresh]
    changed = [heap for heap in found if heap.cores is None]
    assert changed
    assert all(fresh in heap.units or older in heap.units for heap in changed)
