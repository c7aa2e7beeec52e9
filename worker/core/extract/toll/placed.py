"""A count with its speaker and with what it is about: what becomes a statement."""

from __future__ import annotations

from dataclasses import dataclass

from worker.core.annotate.speakers import Speaker
from worker.core.domain.vocabulary import Scope
from worker.core.extract.toll.count import Count
from worker.core.extract.toll.counts import is_perpetrator
from worker.core.figures.decide import PART

Opinion = tuple[str, str, bool]
Side = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Placed:
    """A counted figure with what it is about, and its speaker."""

    count: Count
    scope: Scope
    speaker: Speaker
    own_killing: bool = False
    """Whoever says that he himself killed them ("the group says it killed 60")."""
    told: int | None = None
    """How late its entry of a live blog was written, the earliest lowest; None outside of one."""

    @property
    def side(self) -> Side:
        """What is counted, and whether of the attacking side."""
        return self.count.measure, is_perpetrator(self.count.victim_class)

    @property
    def opinion(self) -> Opinion:
        """Whose number of what, on which side."""
        return self.speaker.id, *self.side

    @property
    def is_whole(self) -> bool:
        """Whether it is of the main attack, and no part of another count."""
        return self.scope == "incident" and self.count.parent is None

    @property
    def number(self) -> int:
        """The number as printed; 0 where none is ("several")."""
        return self.count.mention.value or 0


def is_toll(item: Placed) -> bool:
    """Whether a figure is a number for all of its side, given by no party of the attack."""
    mention = item.count.mention
    given = mention.value is not None and not mention.is_single and not mention.is_former
    is_party = item.speaker.perpetrator_party or item.own_killing
    return given and item.count.victim_class != PART and not is_party
