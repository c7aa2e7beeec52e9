"""A fresh attack that is told behind a look back: it is judged for its own sake.

"Families gathered to remember the victims of the 2021 bombing. In a new attack on Tuesday, gunmen killed
seven": headline and first sentence are about the old one, and say nothing against the new one. The
article's main day is that of the new one, so its thread holds the headline, and only that.
"""

from __future__ import annotations

import math
from dataclasses import replace

from worker.core.classify.context import Context, age_of
from worker.core.lang.normalise import Range, inside, starting_in
from worker.core.segment.segment import Segment


def judge_apart(context: Context, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The segments as they are judged: what is told behind a look back is an item."""
    policy = context.knowledge.profile.policy
    if not (policy.require_main and policy.require_fresh and context.lead):
        return segments
    opening = context.lead[0].sentence.index
    window = math.ceil(policy.fresh_hours / 24)
    if not any(_looks_back(context, s, opening, window) for s in segments):
        return segments
    return tuple(_as_item(context, s, opening, window) for s in segments)


def _looks_back(context: Context, segment: Segment, opening: int, window: int) -> bool:
    """Whether the first sentence tells an attack of long ago, or counts many ("have killed 60 since")."""
    if opening not in segment.sentences:
        return False
    age = age_of(context, segment)
    old = segment.kind == "background" and age is not None and age > window
    return old or (segment.kind == "aggregate" and not segment.joint)


def _as_item(context: Context, segment: Segment, opening: int, window: int) -> Segment:
    """The main thread from the sentence on that tells an attack of these days, if there is one."""
    if segment.kind != "main" or opening in segment.sentences or context.today is None:
        return segment
    for number in segment.sentences:
        sentence = context.prose.sentences[number]
        own = (r for r in segment.ranges if sentence.holds(r.start) and number > opening)
        told = [trigger for r in own for trigger in inside(context.annotated.triggers, r)]
        days = starting_in(context.annotated.dates, sentence)
        if told and any(0 <= (context.today - day.last).days <= window for day in days):
            rest = tuple(n for n in segment.sentences if n >= number)
            anchor = Range(told[0].start, told[0].end)
            return replace(segment, kind="item", anchor=anchor, sentences=rest)
    return segment
