"""The words by which an article tells its main attack, and the place and day that they are given.

    main event   … when gunmen [stormed] a hostel …
    where        Herat, outside the area
    when         2031-03-04  (weekday)

A report says where and when itself. Of an article that makes none the text is read once more, as
``analyze`` reads it: then place and day are those beside the words, true or not for any attack here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from worker.core.annotate.annotate import annotate
from worker.core.annotate.place_mention import PlaceMention
from worker.core.domain.caps import readable
from worker.core.domain.document import Span
from worker.core.domain.report import Analysis, IncidentDate, Place, Report, Verdict
from worker.core.domain.vocabulary import Role
from worker.core.knowledge.knowledge import Knowledge
from worker.core.segment.segment import Segment, find_segments, segment_at
from worker.core.text.prose import Prose, compose

_TELLING = (
    "event.real", "event.harm", "time.old", "segment.inside", "segment.elsewhere", "kind.item",
)  # fmt: skip
"""Reasons that lie on the words by which an attack is told, the surest first."""
_NEWS: tuple[Role, ...] = ("primary", "roundup")
_OUTSIDE = {"elsewhere": ", outside the area", "near": ", near the area"}


@dataclass(frozen=True, slots=True)
class MainMention:
    """The main attack as it is told: its word, its place and its day, with the words of both."""

    at: Span
    where: str
    where_at: tuple[Span, ...]
    when: str
    when_at: tuple[Span, ...]


def find_main_mention(analysis: Analysis, knowledge: Knowledge) -> MainMention | None:
    """The main attack of an analysed article; None where it tells of none."""
    article = analysis.article
    prose = compose(article.title, readable(article.text), article.lang)
    segments = find_segments(annotate(article, prose, knowledge), knowledge)
    at = _telling(analysis.verdict, prose, segments)
    if at is None:
        return None
    news = (r for r in analysis.reports if r.role in _NEWS)
    report = max(news, key=lambda r: r.probability or 0.0, default=None)
    if report is not None:
        return _of_report(at, report)
    return _of_segment(at, prose, segments)


def _telling(verdict: Verdict, prose: Prose, segments: tuple[Segment, ...]) -> Span | None:
    """The words of the surest reason, else those of the main segment."""
    spans = {reason.code: reason.span for reason in verdict.reasons if reason.span}
    told = next((spans[code] for code in _TELLING if code in spans), None)
    main = next((s for s in segments if s.kind == "main"), None)
    return told if told is not None or main is None else prose.span(main.anchor)


def _of_report(at: Span, report: Report) -> MainMention:
    where = say_place(report.place) if report.place else "not said"
    when = say_day(report.date, report.time)
    return MainMention(
        at,
        where,
        _nearest(report.evidence.get("place", ()), at, where),
        when,
        _nearest(report.evidence.get("date", ()), at, when),
    )


def _nearest(spans: Iterable[Span], at: Span, value: str) -> tuple[Span, ...]:
    """Spans in the order in which they show a value: those that print it, then those near the event."""
    return tuple(sorted(spans, key=lambda s: (s.quote not in value, abs(s.start - at.start))))


def _of_segment(at: Span, prose: Prose, segments: tuple[Segment, ...]) -> MainMention:
    """Where and when the words stand: the nearest place of their sentence, the day of their segment."""
    word = prose.norm.range_of(at)
    segment = segment_at(segments, word.start)
    mentions = [] if segment is None else list(_places(prose, segment, word.start))
    place = min(mentions, key=lambda m: (m.gap(word), m.start), default=None)
    dates = () if segment is None else segment.dates[:1]
    return MainMention(
        at,
        "not said" if place is None else place.entry.name + _OUTSIDE.get(place.kind, ""),
        () if place is None else (prose.span(place),),
        "not said" if segment is None else say_day(segment.date),
        tuple(prose.span(date) for date in dates),
    )


def _places(prose: Prose, segment: Segment, position: int) -> Iterator[PlaceMention]:
    """The places of the sentence that tells it, else those of its segment."""
    named = [m for m in segment.places if m.kind not in ("confused", "dateline")]
    sentence = prose.sentence_at(position)
    beside = [m for m in named if sentence is not None and sentence.holds(m.start)]
    yield from beside or named


def say_day(date: IncidentDate, time: str | None = None) -> str:
    """A day, or its interval, and what it rests on: "2031-03-04  (weekday)"."""
    if date.start is None:
        return "not said"
    until = f" to {date.end}" if date.end and date.end != date.start else ""
    clock = f" {time}" if time else ""
    return f"{date.start}{until}{clock}  ({date.basis})"


def say_place(place: Place) -> str:
    """A place as printed, and what it is known as: "Taimani  (PD 4)"."""
    extra = [place.neighbourhood, place.landmark]
    extra.append(f"PD {place.police_district}" if place.police_district else None)
    known = ", ".join(part for part in extra if part and part != place.name)
    return place.name + (f"  ({known})" if known else "")
