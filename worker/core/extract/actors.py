"""The actors that a segment names."""

from __future__ import annotations

from worker.core.annotate import actors
from worker.core.annotate.actors import ActorMention
from worker.core.extract.passage import Passage

__all__ = ["ActorMention", "find_actors"]


def find_actors(passage: Passage) -> tuple[ActorMention, ...]:
    """All actors named inside the segment, in order."""
    return tuple(
        mention
        for mention in actors.find_actors(passage.prose, passage.profile)
        if passage.segment.holds(mention.start)
    )
