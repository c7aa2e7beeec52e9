"""Days that are counted from another day of the text: "shops reopened on Monday, two days after a bomb".

Rules
-----
1. It is the last day before them in their sentence, where no attack stands between the sentence's
   beginning and them; or the day of the sentence before, where they open theirs and that one tells no
   attack ("Flights resumed on Friday. The day before, a bomber had struck").
2. Or it is the day on which somebody says so, or does something about it: "said on Monday that four had
   died the day before", "on Monday claimed a bombing in which four had died a day earlier".
3. All others count from the day of publication, or later from that of the main attack.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.date_mention import DateMention
from worker.core.lang.normalise import Range, inside
from worker.core.segment.date_clause import is_of_aftermath, tells_an_attack
from worker.core.segment.said_day import is_spoken
from worker.core.text.prose import Sentence

_OPENING_CHARS = 4
_CONJUNCTION_CHARS = 9


def counted_from(annotated: Annotated, document: dt.date) -> tuple[DateMention, ...]:
    """All dates, those counted from another day of the text as that day has them."""
    return tuple(_counted(annotated, mention, document) for mention in annotated.dates)


def _counted(annotated: Annotated, mention: DateMention, document: dt.date) -> DateMention:
    if not mention.anaphoric or mention.precision not in ("day", "days"):
        return mention
    base = _base(annotated, mention, document)
    if base is None:
        return mention
    return replace(mention.shifted((base.first - document).days), counted=True)


def _base(annotated: Annotated, mention: DateMention, document: dt.date) -> DateMention | None:
    """The day that a mention counts from, None where the text before it gives none."""
    sentence = annotated.prose.sentence_at(mention.start)
    if sentence is None or sentence.zone == "title":
        return None
    before = Range(sentence.start, mention.start)
    day = _last_day(annotated, before, document)
    if day is not None:
        if not tells_an_attack(annotated, before):
            return day
        opens = Range(mention.end - _CONJUNCTION_CHARS, mention.end)
        beside = is_spoken(annotated, day, sentence) or is_of_aftermath(annotated, day, sentence)
        return day if beside and not annotated.has("clause_open", opens) else None
    if mention.start - sentence.start >= _OPENING_CHARS or not sentence.index:
        return None
    previous = annotated.prose.sentences[sentence.index - 1]
    if previous.zone == "title" or _tells(annotated, previous):
        return None
    return _last_day(annotated, previous, document)


def _last_day(annotated: Annotated, at: Range | Sentence, document: dt.date) -> DateMention | None:
    """The last day that is named in a stretch, by itself and not to come."""
    days = [d for d in annotated.dates if at.start <= d.start and d.end <= at.end]
    named = [d for d in days if not d.anaphoric and d.precision == "day" and d.first <= document]
    return named[-1] if named and len(named) == len(days) else None


def _tells(annotated: Annotated, at: Range | Sentence) -> bool:
    """Whether a stretch tells of an attack or of harm."""
    return bool(inside(annotated.triggers, at) or inside(annotated.harm, at))
