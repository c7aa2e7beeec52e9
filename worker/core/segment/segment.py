"""Cuts an article into segments: which stretches of a text are about which attack.

Rules
-----
1. A segment is one attack as told in one article, however many paragraphs come back to it.
2. ``ranges`` are exact to the clause ("The blast comes two weeks after | gunmen stormed …");
   ``sentences`` are the sentences that hold them, ascending. A character belongs to one segment.
3. Segments stand in the order of their anchors; ``index`` is that order, from 0.
4. Nothing here decides whether an attack counts: that is classifying.

Theory of operation
-------------------
The main attack is dated first (``main_date``), since every other date marks another attack. Sentences
are cut into clauses (``clauses``), and the clauses are put into threads (``clause_linking``): a
plain clause goes on with the main attack, unless it stands in the paragraph of another one, points
back to it ("that attack"), or reports harm in a place that is not the main attack's. What has no
attack at all belongs to no segment when it turns aside, else to the main one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.dates import DateMention
from worker.core.annotate.place_mention import PlaceMention
from worker.core.domain.report import IncidentDate
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.profile import KnownAttack
from worker.core.lang.normalise import Found, Range, holding, inside, plain, starting_in
from worker.core.segment.clause_linking import ClauseLinker, SegmentKind, Thread
from worker.core.segment.clauses import Clause, split_clauses
from worker.core.segment.digest import is_digest, telling_sentences
from worker.core.segment.main_date import Timeline, find_timeline
from worker.core.segment.taken_back import find_taken_back
from worker.core.text.prose import Prose

__all__ = ["Segment", "SegmentKind", "find_segments", "segment_at"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an article about one candidate attack.

    ``main``: the attack the article is about. ``item``: a further one told for its own sake
    (brief, round-up, live-blog entry). ``background``: an earlier or other attack brought in for
    context. ``aggregate``: attacks counted together ("attacks that have killed hundreds").
    ``threat``: plots, vows, warnings, what might happen. ``anchor`` is the first trigger.
    """

    index: int
    kind: SegmentKind
    sentences: tuple[int, ...]
    anchor: Range
    date: IncidentDate
    places: tuple[PlaceMention, ...]
    dates: tuple[DateMention, ...] = ()
    """Its mentions, counted from the main attack where the text counts from it."""
    taken_back: tuple[Range, ...] = ()
    """Where the text takes the attack back ("it was a gas cylinder, police said"); () if it does not."""
    ranges: tuple[Range, ...] = ()
    joint: bool = False
    """Of an aggregate: it counts together the attacks that the text tells one by one."""

    @property
    def retraction(self) -> bool:
        """Whether the text takes the attack back."""
        return bool(self.taken_back)

    def holds(self, position: int) -> bool:
        """Whether a position of ``Prose.text`` belongs to this segment."""
        return holding(self.ranges, position) is not None


def segment_at(segments: tuple[Segment, ...], position: int) -> Segment | None:
    """The segment that a position of ``Prose.text`` belongs to, if any."""
    return next((s for s in segments if s.holds(position)), None)


def find_segments(annotated: Annotated, knowledge: Knowledge) -> tuple[Segment, ...]:
    """All candidate attacks of an article, in the order of the text."""
    if annotated.lexicon is None or annotated.silent:
        return ()
    weights = knowledge.segment_weights
    told = telling_sentences(annotated, weights.event) if is_digest(annotated) else ()
    timeline = find_timeline(annotated, weights.main_date, told)
    clauses = [
        clause
        for sentence in annotated.prose.sentences
        for clause in split_clauses(annotated, sentence, timeline)
    ]
    gazetteer = {p.id: p for p in knowledge.profile.places}
    threads = ClauseLinker(annotated, timeline, gazetteer, weights.linking).link(clauses)
    found = _segments(annotated, threads, timeline)
    known: dict[str, KnownAttack] = {}
    for attack in knowledge.profile.known:
        for name in attack.names:
            known.setdefault(plain(name), attack)
    return tuple(_with_known_date(s, annotated.prose, known) for s in found)


def _with_known_date(segment: Segment, prose: Prose, known: Mapping[str, KnownAttack]) -> Segment:
    """An undated background attack that goes by its name takes the date that the profile knows.

    Only background: a new attack may well be called by the same words ("the wedding bombing").
    """
    if segment.kind != "background" or segment.date.start is not None:
        return segment
    text = " ".join(prose.of(r) for r in segment.ranges)
    for name, attack in known.items():
        if name in text:
            day = IncidentDate(attack.date, attack.date, "day", "relative")
            return replace(segment, date=day)
    return segment


def _segments(
    annotated: Annotated, threads: list[Thread], timeline: Timeline
) -> tuple[Segment, ...]:
    made = [
        _segment(annotated, thread, timeline)
        for thread in threads
        if any(c.triggers or c.harm for c in thread.clauses)
    ]
    ordered = sorted(made, key=lambda s: (s.anchor.start, s.anchor.end))
    return tuple(replace(s, index=i) for i, s in enumerate(ordered))


def _segment(annotated: Annotated, thread: Thread, timeline: Timeline) -> Segment:
    ranges = _joined(thread.clauses)
    anchor: Range | None = next((t for c in thread.clauses for t in c.triggers), None)
    if anchor is None:
        harmed = next(c for c in thread.clauses if c.harm)
        anchor = inside(annotated.harm, harmed)[0]
    return Segment(
        index=0,
        kind=thread.kind,
        sentences=tuple(sorted(thread.sentences())),
        anchor=anchor,
        date=timeline.reportable(thread.date),
        places=_places_of(annotated, thread, ranges),
        dates=_dates_of(annotated.prose, timeline.dates, thread, ranges),
        taken_back=find_taken_back(annotated, ranges) if thread.kind == "main" else (),
        ranges=ranges,
        joint=thread.joint,
    )


def _places_of(
    annotated: Annotated, thread: Thread, ranges: tuple[Range, ...]
) -> tuple[PlaceMention, ...]:
    """The places inside the ranges; a clause without one shares those of its sentence.

    ("The city was hit by several attacks, | the last of which killed five": the same city.)
    """
    own = _beginning_in(annotated.places, ranges)
    if not own and thread.kind != "main":
        whole = [annotated.prose.sentences[n] for n in sorted(thread.sentences())]
        own = _beginning_in(annotated.places, whole)
    if thread.kind == "main":
        lines = (p for p in annotated.places if p.kind == "dateline")
        own = tuple(dict.fromkeys((*own, *lines)))
    return own


def _dates_of(
    prose: Prose, dates: tuple[DateMention, ...], thread: Thread, ranges: tuple[Range, ...]
) -> tuple[DateMention, ...]:
    """The dates inside the ranges; those of captions are the main attack's as well."""
    captions = [s for s in prose.sentences if s.zone == "caption"] if thread.kind == "main" else []
    found = {*_beginning_in(dates, ranges), *_beginning_in(dates, captions)}
    return tuple(sorted(found, key=lambda d: d.start))


def _beginning_in(found: tuple[Found, ...], stretches: Iterable[Range]) -> tuple[Found, ...]:
    return tuple(one for at in stretches for one in starting_in(found, at))


def _joined(clauses: Iterable[Clause]) -> tuple[Range, ...]:
    """The ranges of clauses in order, those that touch made one."""
    out: list[Range] = []
    for clause in sorted(clauses, key=lambda c: c.start):
        if out and clause.start <= out[-1].end:
            out[-1] = Range(out[-1].start, max(clause.end, out[-1].end))
        else:
            out.append(Range(clause.start, clause.end))
    return tuple(out)
