"""Article → candidate attacks: which stretches of a text tell of which attack, found once.

Rules
-----
1. A segment is one attack as told in one article, however many paragraphs come back to it.
2. ``ranges`` are exact to the clause ("The blast comes two weeks after | gunmen stormed …");
   ``sentences`` are the sentences that hold them, ascending. A character belongs to one segment.
3. Segments stand in the order of their anchors; ``index`` is that order, from 0.
4. Nothing here decides whether an attack counts: that is classifying.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from worker.core.model import Article, IncidentDate

if TYPE_CHECKING:
    from worker.core.knowledge import Knowledge
    from worker.core.text.places import PlaceMention
    from worker.core.text.prose import Prose

SegmentKind = Literal["main", "item", "background", "aggregate", "threat"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an article about one candidate attack.

    ``main``: the attack the article is about. ``item``: a further one told for its own sake
    (brief, round-up, live-blog entry). ``background``: an earlier or other attack brought in for
    context. ``aggregate``: attacks counted together ("attacks that have killed hundreds").
    ``threat``: plots, vows, warnings, what might happen. ``anchor`` is the trigger's position in
    ``Prose.text``; so are ``ranges``.
    """

    index: int
    kind: SegmentKind
    sentences: tuple[int, ...]
    anchor: tuple[int, int]
    date: IncidentDate
    places: tuple[PlaceMention, ...]
    retraction: bool = False
    """The text takes the attack back ("it was a gas cylinder, police said")."""
    ranges: tuple[tuple[int, int], ...] = ()

    def holds(self, position: int) -> bool:
        """Whether a position of ``Prose.text`` belongs to this segment."""
        return any(start <= position < end for start, end in self.ranges)


def segment_at(segments: tuple[Segment, ...], position: int) -> Segment | None:
    """The segment that a position of ``Prose.text`` belongs to, if any."""
    return next((s for s in segments if s.holds(position)), None)


def find_segments(
    article: Article, prose: Prose, knowledge: Knowledge
) -> tuple[Segment, ...]:
    """All candidate attacks of an article, in the order of the text."""
    lexicon = knowledge.lexicon(prose.lang)
    if lexicon is None:
        return ()
    found = [
        (m.span(), s)
        for s in prose.sentences
        for m in lexicon.find("trigger", prose.text, s.start, s.end)
    ]
    if not found:
        return ()
    date = IncidentDate(None, None, "unknown", "none")
    ranges = tuple((s.start, s.end) for s in prose.sentences)
    every = tuple(s.index for s in prose.sentences)
    return (Segment(0, "main", every, found[0][0], date, (), ranges=ranges),)
