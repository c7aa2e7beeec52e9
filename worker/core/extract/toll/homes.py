"""Which report a count belongs to: the main attack's, or that of the stretch it stands in.

Rules
-----
1. A count that is surely the main attack's (``segment.scope``) goes to its report, wherever it
   stands: a clause that looks like background may well give the attack's toll. "Surely" is more
   where the main attack's own words count people, but for a number that somebody had given before
   ("officials had earlier put the toll at six"). Only another item of a round-up keeps what stands
   in it.
2. One that is scored out of it goes to the segment that holds it; if that is the main one, it stays
   there as a figure of something else (aggregate, another incident, background). So does one in the
   segment that tells the attack of a round-up ("3. Blast in the capital … 8. … nobody hurt").
3. A sum over attacks that the text tells one by one ("two bombings killed five") is kept with the
   main one, as a figure of several attacks: it belongs to their group.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.counts import CountMention
from worker.core.domain.vocabulary import Scope
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.weights import HomeWeights
from worker.core.segment.anchor import find_anchor
from worker.core.segment.digest import find_item, is_digest
from worker.core.segment.scope import ScopedCount, score_counts
from worker.core.segment.segment import Segment, segment_at

_SCOPES: dict[str, Scope] = {
    "main": "incident",
    "item": "incident",
    "background": "incident",
    "aggregate": "aggregate",
    "threat": "hypothetical",
}
_OF_THE_TOLD = frozenset({"WAS_WOUNDED", "OUTSIDE_TOLL"})


@dataclass(frozen=True, slots=True)
class HomedCount:
    """A count, the segment whose report has it, and what it is about there."""

    mention: CountMention
    segment: Segment
    scope: Scope


def find_homes(
    annotated: Annotated, segments: tuple[Segment, ...], knowledge: Knowledge
) -> tuple[HomedCount, ...]:
    """Every count of an article with its segment, in the order of the text."""
    weights, policy = knowledge.segment_weights, knowledge.profile.policy
    digest = is_digest(annotated)
    anchor = find_anchor(annotated.events, annotated.counts, weights.event)
    if anchor is None and digest:
        anchor = find_item(annotated, weights.event)
    main = _main_segment(segments, anchor.start if anchor is not None else None)
    scored = score_counts(
        annotated.events, annotated.counts, weights, anchor, digest=digest, policy=policy
    )
    own = {s.count.what for s in scored if s.is_main and _segment(segments, s.count) is main}
    told = segment_at(segments, anchor.start) if anchor is not None else None
    sure = partial(_sure, own=own, weights=knowledge.extract_weights.home)
    homed = (_home(count, segments, main, sure, told) for count in scored)
    return tuple(home for home in homed if home is not None)


def _main_segment(segments: tuple[Segment, ...], anchor: int | None) -> Segment | None:
    """The segment of the attack that the article is about."""
    if anchor is not None:
        held = segment_at(segments, anchor)
        if held is not None and held.kind in ("main", "item"):
            return held
    return next((s for s in segments if s.kind == "main"), None)


def _home(
    scored: ScopedCount,
    segments: tuple[Segment, ...],
    main: Segment | None,
    sure: Callable[[ScopedCount], float],
    told: Segment | None,
) -> HomedCount | None:
    held = _segment(segments, scored.count)
    if main is not None and held is not None and held.joint:
        return HomedCount(scored.count, main, "aggregate")
    if held is not None and held is told:
        return HomedCount(scored.count, held, scored.scope)
    if main is not None and (held is None or held is main or _goes_on(scored, held)):
        return HomedCount(scored.count, main, scored.scope)
    if (
        main is not None
        and scored.score > sure(scored)
        and held is not None
        and held.kind != "item"
    ):
        return HomedCount(scored.count, main, "incident")
    return HomedCount(scored.count, held, _SCOPES[held.kind]) if held is not None else None


def _goes_on(scored: ScopedCount, held: Segment) -> bool:
    """Whether a count goes on with one that was told before, in words for counts over a time."""
    return held.kind == "aggregate" and scored.is_main and bool(scored.count.tags & _OF_THE_TOLD)


def _segment(segments: tuple[Segment, ...], count: CountMention) -> Segment | None:
    return segment_at(segments, count.number.start)


def _sure(scored: ScopedCount, own: set[str], weights: HomeWeights) -> float:
    """How sure a count must be to leave its stretch; ``own``: what the main stretch counts."""
    if scored.count.is_former:  # of the same attack, told in the past of the past
        return weights.alone
    if scored.count.what in own:
        return weights.beside_same
    return weights.beside_harm if own else weights.alone
