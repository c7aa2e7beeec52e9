"""The days of a week, told in order: "On Sunday … On Monday night … On Friday …", printed on a Sunday.

Rules
-----
1. Where the paragraphs of a round-up open with the days of a week in their order, and the first is
   called like the day of publication, that one is of a week ago.
2. It is a round-up where the headline or what stands before the list counts attacks together. News of
   the day is no list: "A bomb killed five on Sunday. On Monday …, on Friday …".
"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.date_mention import DateMention
from worker.core.lang.normalise import Range

_OPENING_CHARS = 8
_FEWEST_DAYS = 3
_WEEK = 7


def week_in_order(annotated: Annotated, document: dt.date) -> tuple[DateMention, ...]:
    """All dates, those of the list's first day moved to the week before where the list goes on from it."""
    listed = _listed(annotated)
    first = [d for d in listed if d.first == document]
    rest = [d for d in listed if d.first != document]
    days = [d.first for d in rest]
    if not first or listed[: len(first)] != first or len({*days, document}) < _FEWEST_DAYS:
        return annotated.dates
    in_order = all(a <= b for a, b in pairwise(days)) and days[-1] < document
    if not in_order or not _counts_together(annotated, first[0]):
        return annotated.dates
    until = rest[0].start
    return tuple(
        d.shifted(-_WEEK) if _is_of_list(d, document, first[0].start, until) else d
        for d in annotated.dates
    )


def _listed(annotated: Annotated) -> list[DateMention]:
    """The days of the week with which paragraphs of the text open."""
    opened: dict[int, DateMention] = {}
    for mention in annotated.dates:
        sentence = annotated.prose.sentence_at(mention.start)
        if sentence is None or sentence.zone in ("title", "caption"):
            continue
        opens = mention.start - sentence.start <= _OPENING_CHARS
        heads = annotated.prose.paragraph(sentence.paragraph)[0].start == sentence.start
        if opens and heads and mention.basis == "weekday" and mention.precision == "day":
            opened.setdefault(sentence.paragraph, mention)
    return list(opened.values())


def _counts_together(annotated: Annotated, first: DateMention) -> bool:
    """Whether attacks are counted together before the list, and none of its first day is told there."""
    before = Range(0, first.start)
    told = any(d.start < first.start and d.first == first.first for d in annotated.dates)
    cues = ("plural_event", "aggregate_cue", "several_events", "cue_digest")
    return not told and any(annotated.has(cue, before) for cue in cues)


def _is_of_list(mention: DateMention, document: dt.date, since: int, until: int) -> bool:
    day = mention.basis == "weekday" and mention.first == mention.last == document
    return day and since <= mention.start < until
