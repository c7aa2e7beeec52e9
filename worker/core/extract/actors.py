"""Armed groups and states of the profile, wherever an article names them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from worker.core.extract.passage import Passage
from worker.core.knowledge.profile import Actor
from worker.core.lang.lexicon import any_of
from worker.core.lang.normalise import plain


@dataclass(frozen=True, slots=True)
class ActorMention:
    """An actor named at a position of ``Prose.text``; ``person``: by one who speaks for it."""

    start: int
    end: int
    actor: Actor
    person: bool


def find_actors(passage: Passage) -> tuple[ActorMention, ...]:
    """All actors named inside the segment, in order."""
    pattern, owners = _names(passage.profile.actors)
    if pattern is None:
        return ()
    return tuple(
        ActorMention(m.start(), m.end(), *owners[m.group()])
        for start, end in passage.segment.ranges
        for m in pattern.finditer(passage.prose.text, start, end)
    )


@lru_cache(maxsize=8)
def _names(
    actors: tuple[Actor, ...],
) -> tuple[re.Pattern[str] | None, dict[str, tuple[Actor, bool]]]:
    owners = {plain(v): (a, True) for a in actors for v in a.speakers}
    owners |= {plain(v): (a, False) for a in actors for v in (a.name, *a.variants)}
    return any_of(owners), owners
