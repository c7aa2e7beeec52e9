"""Armed groups and states of the profile, wherever an article names them."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from worker.core.domain.light_value import light_value
from worker.core.knowledge.profile import Actor
from worker.core.lang.lexicon import any_of
from worker.core.lang.normalise import Range, plain
from worker.core.text.prose import Prose

STATES = ("state", "foreign_state")
_ACRONYM_CHARS = 2
"""Names of that length are words as well ("IS")."""


@light_value
class ActorMention(Range):
    """An actor's name; ``person``: that of one who speaks for it."""

    actor: Actor
    person: bool


def is_in_power(actor: Actor, day: dt.date | None) -> bool:
    """Whether an armed group holds power on a day; unknown days are before."""
    return actor.in_power_from is not None and day is not None and day >= actor.in_power_from


def find_actors(prose: Prose, actors: tuple[Actor, ...]) -> tuple[ActorMention, ...]:
    """All of these actors that a text names, in order."""
    pattern, owners = _names(actors)
    if pattern is None:
        return ()
    found = (
        ActorMention(m.start(), m.end(), *owners[m.group()]) for m in pattern.finditer(prose.text)
    )
    return tuple(
        one for one in found if one.end - one.start > _ACRONYM_CHARS or _is_acronym(prose, one)
    )


def _is_acronym(prose: Prose, mention: ActorMention) -> bool:
    """Whether a name as short as a word stands in capitals, in a sentence that does not: "IS says"."""
    sentence = prose.sentence_at(mention.start)
    shouted = sentence is not None and prose.printed(sentence).isupper()
    return prose.printed(mention).isupper() and not shouted


@lru_cache(maxsize=8)
def _names(
    actors: tuple[Actor, ...],
) -> tuple[re.Pattern[str] | None, dict[str, tuple[Actor, bool]]]:
    owners = {plain(v): (a, True) for a in actors for v in a.speakers}
    owners |= {plain(v): (a, False) for a in actors for v in (a.name, *a.variants)}
    return any_of(owners), owners
