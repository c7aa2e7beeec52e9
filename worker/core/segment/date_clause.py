"""Whether a day is that of the attack which its own sentence tells, or of what came after it.

Rules
-----
1. A title or a first sentence whose own clause tells an attack gives its day, however far the two stand
   from each other: "A bomb killed six people at a bank in the west of the city on Monday".
2. A day before an attack that only another clause tells is that of the aftermath: "Doctors were still
   operating on Tuesday on people hurt in a blast", "swept up glass on Tuesday after a bombing".

Theory: a day hangs on the verb of its clause. Of the aftermath's verbs there is no list; that the attack
is no subject and no verb of the clause is enough.
"""

from __future__ import annotations

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.date_mention import DateMention
from worker.core.segment.event_mention import EventMention, event_tokens, read_event
from worker.core.text.prose import Sentence

_ABOUT = frozenset({"main", "harm_main"})
_NOT_NEWS = frozenset({"reaction", "harm_only"})
_DAYS = frozenset({"day", "days"})


def is_own_day(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a day is the only one of a top sentence that tells an attack in its own clause."""
    if mention.anaphoric or not _is_top(annotated, sentence):
        return False
    days = [d for d in annotated.dates if sentence.holds(d.start) and d.precision in _DAYS]
    events = _events(annotated, sentence)
    return len(days) == 1 and any(
        e.traits & _ABOUT and not e.is_bad and not e.traits & _NOT_NEWS for e in events
    )


def is_of_aftermath(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a day stands before an attack that its clause is not about."""
    if mention.anaphoric or sentence.zone == "title":
        return False
    events = _events(annotated, sentence)
    if not events or any(e.traits & _ABOUT for e in events):
        return False
    return all(mention.end <= e.token.start for e in events)


def _is_top(annotated: Annotated, sentence: Sentence) -> bool:
    return any(e.is_top for e in annotated.events if e.index == sentence.index)


def _events(annotated: Annotated, sentence: Sentence) -> list[EventMention]:
    counts = [c for c in annotated.counts if c.sentence == sentence.index]
    return [
        read_event(run, index, counts)
        for run in annotated.events
        if run.index == sentence.index
        for index, _ in event_tokens(run)
    ]
