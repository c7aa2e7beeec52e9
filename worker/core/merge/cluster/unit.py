"""A unit: reports that nothing tells apart, and how many of them are meant."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from worker.core.merge.evidence.nodes import Node


@dataclass(slots=True, eq=False)
class Unit:
    """Interchangeable nodes, in order of key. ``number``: of their facts; ``tie``: what else speaks.

    What is true of one node is true of all, so a unit stays itself while nodes come and go.
    """

    number: int
    nodes: tuple[Node, ...]
    tie: Hashable

    @property
    def first(self) -> Node:
        """The node that speaks for all."""
        return self.nodes[0]


Counted = tuple[tuple[Unit, int], ...]
"""Units with how many of their nodes are meant."""
