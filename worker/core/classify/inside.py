"""Whether a segment's attack is in the area.

Rules
-----
1. A segment is inside the area, outside, or nowhere said. The place nearest the attack decides, in
   the anchor's sentence, else in the first sentence of the segment that names any place. A foreign
   name counts only where an event is put ("in X"), not as an actor ("X's foreign minister").
2. Where that sentence only names a place, the next one decides that tells an attack and names
   places: "Consulate in Y attacked | The assault on the consulate in Y …".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from worker.core.annotate.place_mention import PlaceMention
from worker.core.classify.context import Context, list_item, told_in_digest
from worker.core.classify.cues import SentenceCues
from worker.core.classify.features import is_locative
from worker.core.domain.light_value import light_value
from worker.core.lang.normalise import Range, starting_in
from worker.core.segment.segment import Segment
from worker.core.text.prose import Sentence

_COUNTED_CHARS = 8
"""Between a count of victims and the place where they were counted: a preposition and blanks."""


def is_inside(context: Context, segment: Segment) -> bool | None:
    """Whether a segment's attack is in the area: yes, no, or None when nothing says where."""
    if not context.knowledge.profile.policy.require_place or told_in_digest(context, segment):
        return True
    anchor = segment.anchor
    at = context.prose.sentence_at(anchor.start)
    first = (context.cues(at),) if at is not None and at.index in segment.sentences else ()
    in_segment = [
        (c, tuple(s for s in _named_places(context, c) if segment.holds(s.start)))
        for c in chain(first, context.of(segment))
    ]
    placed = _first_placed([(c, places) for c, places in in_segment if places])
    if placed is None:
        return True if _is_labelled_here(context, segment) else None
    told = _told_by(context, anchor, *placed)
    return False if told is None and _is_put_away(placed[0], in_segment) else told


def _is_put_away(named: SentenceCues, told: Iterable[_Placed]) -> bool:
    """Whether the next placed sentence that tells an attack puts it elsewhere, and names nothing here.

    "Consulate of X in Y attacked | The assault on the consulate in Y …": the headline only names.
    """
    later = (places for c, places in told if c is not named and places and c.attack)
    places = next(later, ())
    return any(s.located for s in places) and not any(s.here for s in places)


def _told_by(
    context: Context, anchor: Range, cues: SentenceCues, places: Sequence[_NamedPlace]
) -> bool | None:
    """What the places of one sentence say of an attack in it: here, elsewhere, or None."""
    if not cues.sentence.holds(anchor.start) and cues.attack:
        anchor = cues.attack[0]
    nearest = min(places, key=lambda s: (s.gap(anchor), s.start))
    if (
        nearest.here
        or _is_counted_here(context, cues.sentence, places)
        or (any(s.here for s in places) and not nearest.located)
    ):
        return True
    return None if not any(s.located for s in places) else False


def _is_counted_here(context: Context, sentence: Sentence, places: Sequence[_NamedPlace]) -> bool:
    """Whether victims are counted right before the area: "four killed in X, six in Herat attacks"."""
    counts = [c for c in starting_in(context.annotated.counts, sentence) if not c.is_single]
    return any(
        place.here and place.start - _COUNTED_CHARS <= count.end <= place.start
        for count in counts
        for place in places
        if count.what in ("killed", "injured") and not count.is_attackers
    )


_Placed = tuple[SentenceCues, "tuple[_NamedPlace, ...]"]


def _first_placed(told: Sequence[_Placed]) -> _Placed | None:
    """The first sentence that names places. What is near the area may be told closer after it.

    "At a base just outside the capital. He was shot on the range of the Qargha academy": it is here.
    """
    first = told[0] if told else None
    if first is None or any(place.here or not place.is_near for place in first[1]):
        return first
    return next((each for each in told if any(place.here for place in each[1])), first)


def _is_labelled_here(context: Context, segment: Segment) -> bool:
    """Whether a segment is told in an item of a list whose label is the area: "CAPITAL: A bomb …"."""
    item = list_item(context, segment)
    return item is not None and "DATELINE" in item.tags


def _named_places(context: Context, cues: SentenceCues) -> tuple[_NamedPlace, ...]:
    return (
        *(_NamedPlace(m.start, m.end, True, True) for m in cues.here),
        *(_NamedPlace(m.start, m.end, False, True, True) for m in cues.near),
        *(_NamedPlace(m.start, m.end, False, _is_located(context, m)) for m in cues.elsewhere),
        *(_NamedPlace(r.start, r.end, False, True) for r in cues.regions),
    )


@light_value
class _NamedPlace(Range):
    """A place beside an attack: inside the area or not, and whether the event is put there."""

    here: bool
    located: bool
    is_near: bool = False


def _is_located(context: Context, mention: PlaceMention) -> bool:
    """Whether a name stands where an event is put ("in X"), rather than as an actor or topic."""
    start = max(0, mention.start - 40)
    before = context.prose.text[start : mention.start].rstrip()
    words = before.split()
    return any(is_locative(context.annotated, word) for word in words[-2:])
