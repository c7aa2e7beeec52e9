"""Tolls that have the attackers in them, though no word says so: by what their numbers come to.

Rules
-----
1. "Killing three. The four attackers were also killed, bringing the death toll to seven": seven is what
   both numbers come to, so the attackers are in it. A toll so marked loses them further on.
2. The attackers must be told in its sentence. Where victims are told there, too, it must be the sum of
   those: "two guards and two attackers were killed, taking the toll to five" has no attackers in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.core.extract.toll.count import Count

_TOLL = "toll"
_WITH_ATTACKERS = "WITH_ATTACKERS"


def with_attackers_in(counts: Sequence[Count]) -> list[Count]:
    """The counts, with tolls marked that are the victims and the attackers together."""
    return [_marked(c) if _is_sum(c, counts) else c for c in counts]


def _marked(count: Count) -> Count:
    tags = count.mention.tags | {_WITH_ATTACKERS}
    return replace(count, mention=replace(count.mention, tags=tags))


def _is_sum(toll: Count, counts: Sequence[Count]) -> bool:
    mention = toll.mention
    plain = mention.qualifier == "exact" and mention.value and _TOLL in mention.flags
    if not plain or mention.is_attackers or toll.parent is not None:
        return False
    same = [
        c for c in counts if c.measure == toll.measure and c is not toll and _is_beside(c, toll)
    ]
    attackers = {c.mention.value for c in same if c.mention.is_attackers}
    beside = [c for c in same if not c.mention.is_attackers and c.parent is None]
    victims = {c.mention.value for c in beside or _victims_before(toll, counts)}
    if mention.value in victims:
        return False
    return any(a and v and a + v == mention.value for a in attackers for v in victims)


def _is_beside(count: Count, toll: Count) -> bool:
    return count.mention.sentence == toll.mention.sentence


def _victims_before(toll: Count, counts: Sequence[Count]) -> list[Count]:
    return [
        c
        for c in counts
        if c.measure == toll.measure
        and c.parent is None
        and not c.mention.is_attackers
        and c.mention.number.end <= toll.mention.number.start
    ]
