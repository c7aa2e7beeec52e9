"""When it happened: the segment's day with the words that say so, and the time of the clock.

Rules
-----
1. The day was chosen when the text was cut into segments; here it only gets its evidence.
2. A clock time counts when it stands in a sentence with a trigger, or in the lead; a time that
   opens a paragraph is the stamp of a live blog's entry, not of the attack.
3. The time at which it was over is not when it was: "the siege ended at 5 a.m.", "was over by noon".
4. Nor is a time beside a later day: "stormed it at 3 a.m. on Wednesday", where Tuesday's siege is told.
"""

from __future__ import annotations

from worker.core.annotate.clock import ClockMention
from worker.core.extract.passage import Passage, Spans
from worker.core.lang.normalise import Range

_STAMP_REACH_CHARS = 2
_END_REACH_CHARS = 80
_BESIDE_CHARS = 6
"""Between a time and its day: "at 3 a.m. on Wednesday"."""
_LATE_SENTENCES = 8
"""A time of day first given after so many sentences is that of something else."""


def date_evidence(passage: Passage) -> Spans:
    """The mentions that agree with the segment's day."""
    date = passage.segment.date
    if date.start is None or date.end is None:
        return ()
    return passage.spans(
        m
        for m in passage.segment.dates
        if m.meets(date.start, date.end) and m.last - m.first <= date.end - date.start
    )


def find_time(passage: Passage) -> tuple[str | None, Spans]:
    """The clock time of the attack, HH:MM local, or None."""
    best: tuple[float, ClockMention] | None = None
    for mention in passage.times:
        score = _score(passage, mention)
        if score is not None and (best is None or score > best[0]):
            best = (score, mention)
    if best is None:
        return None, ()
    time = best[1].local(passage.profile.zone, passage.segment.date.start)
    return time, passage.spans([best[1]])


def _score(passage: Passage, mention: ClockMention) -> float | None:
    sentence = passage.sentence(mention.start)
    if sentence is None or sentence.zone == "caption":
        return None
    if mention.start - sentence.start < _STAMP_REACH_CHARS:
        return None
    if _is_of_the_end(passage, mention, Range(sentence.start, mention.end)):
        return None
    if _is_of_another_day(passage, mention):
        return None
    near = passage.triggers_in(passage.clause(mention.start))
    if not near and sentence.index > _LATE_SENTENCES:
        return None
    weights = passage.weights.when
    far = weights.far_chars
    gap = min((mention.gap(t) for t in near), default=far)
    return weights.beside_attack * bool(near) - gap / far + sentence.index * weights.per_sentence


def _is_of_another_day(passage: Passage, mention: ClockMention) -> bool:
    """Whether a day after the attack's stands right beside a time.

    (One before it may well be its day: then the attack's was chosen wrongly.)
    """
    date = passage.segment.date
    if date.start is None or date.end is None:
        return False
    beside = [
        d
        for d in passage.annotated.dates
        if d.precision == "day" and not d.anaphoric and d.gap(mention) <= _BESIDE_CHARS
    ]
    return bool(beside) and all(d.first > date.end for d in beside)


def _is_of_the_end(passage: Passage, mention: ClockMention, before: Range) -> bool:
    """Whether a time is that at which the attack was over."""
    reach = Range(max(before.start, mention.start - _END_REACH_CHARS), before.end)
    ends = (m for m in passage.find("ended") if reach.start <= m.start() < mention.start)
    return any(m.end() >= mention.start - 1 for m in ends)
