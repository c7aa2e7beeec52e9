"""Whether a day is that of somebody's words, or of an attack's end or beginning.

Rules
-----
1. A day beside a verb of speech is the speaker's: "said on Tuesday", "police on Monday denied".
2. So is the day of a statement: "in a message posted on Wednesday, the group said".
3. An attack that is called by a day is of that day, whoever speaks: "claimed Monday's bombing".
4. "The siege ended at 5:30 a.m. on Thursday" gives the day of an end. "Since the assault began at 8pm on
   Monday" gives that of the beginning.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.date_mention import DateMention
from worker.core.domain.report import IncidentDate
from worker.core.lang.normalise import Range, inside
from worker.core.segment.date_clause import is_taken_up, names_an_attack
from worker.core.text.prose import Sentence

_SPEECH_REACH_CHARS = 32
_STATEMENT_REACH_CHARS = 96
_BEGUN_REACH_CHARS = 80
_ENDED_REACH_CHARS = 80
_LONG_REACH_CHARS = 160
_SIEGE_DAYS = 2
_ADJACENT_CHARS = 12
_SPOKEN_SENTENCES = 3
_SPOKEN_DAYS = 3
"""Speakers and ends of the first sentences, of so many days before, date what they speak of."""
_OWNED = re.compile(r"['\u2019]")
"""What makes a day the owner of what follows: "Monday's"."""


def is_spoken(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a day is that of a speaker: "said on Tuesday", "on Tuesday denied"."""
    if _owns_an_attack(annotated, mention):
        return False
    before = Range(max(sentence.start, mention.start - _SPEECH_REACH_CHARS), mention.start)
    spoken = any(m.end() >= mention.start - 1 for m in annotated.find("speech", before))
    return (
        spoken
        or _speaks_after(annotated, mention, sentence)
        or _is_of_statement(annotated, mention, sentence)
    )


def is_end(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a day is that on which an attack was over: "the siege ended late on Monday".

    Or: "shot the gunman on Monday, ending the siege", "forces on Monday ended an overnight siege". (A
    siege that was ended on a day may have begun on it: "ended a nine-hour siege"; one of half a day
    seldom has.)
    """
    before = Range(max(sentence.start, mention.start - _ENDED_REACH_CHARS), mention.start)
    if any(m.end() >= mention.start - 1 for m in annotated.find("ended", before)):
        return True
    if _ends_long(annotated, mention, sentence):
        return True
    after = Range(mention.end, min(sentence.end, mention.end + _ENDED_REACH_CHARS))
    over = annotated.first("siege_over", after)
    if over is None:
        return False
    between = annotated.prose.text[after.start : over.start()]
    return between == ", " or (between == " " and _is_of_a_night(annotated, Range.of(over)))


def _ends_long(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether an attack of half a day was over then, and neither began on that day nor ended late on it.

    ("Troops shot the last gunman on Monday, ending a 12-hour assault"; not "gunmen stormed it on Monday
    morning … ending a 12-hour assault", nor "at dusk on Monday".)
    """
    rest = Range(mention.end, min(sentence.end, mention.end + _LONG_REACH_CHARS))
    if not annotated.has("long_siege", rest) or _is_late(annotated, mention):
        return False
    return not annotated.has("attack_begins", Range(sentence.start, rest.end))


def _is_of_a_night(annotated: Annotated, siege: Range) -> bool:
    return any(siege.holds(m.start) and m.precision == "days" for m in annotated.dates)


def is_begin(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether an attack is said to have begun then: "since the assault began at 8pm on Monday"."""
    before = Range(max(sentence.start, mention.start - _BEGUN_REACH_CHARS), mention.start)
    if any(m.end() >= mention.start - 1 for m in annotated.find("begun", before)):
        return True
    reference = annotated.reference
    if reference is None or (reference.day - mention.first).days > _SIEGE_DAYS:
        return False  # who is held for longer is a captive, and no guest of a hotel
    return any(m.end() >= mention.start - 1 for m in annotated.find("held_since", before))


def before_end(annotated: Annotated, day: dt.date) -> IncidentDate | None:
    """The days on which an attack may have begun whose end alone has a day; None where none has.

    It is that of its end or the one before, and the same one where it was over late: "the siege ended
    late on Monday".
    """
    ends = [
        mention
        for mention, sentence in _at_the_top(annotated)
        if is_end(annotated, mention, sentence) and 0 <= (day - mention.last).days <= _SPOKEN_DAYS
    ]
    if not ends:
        return None
    last = max(ends, key=lambda mention: mention.last)
    if _is_late(annotated, last):
        return IncidentDate(last.first, last.last, "days", "published")
    return IncidentDate(last.first - dt.timedelta(days=1), last.last, "days", "published")


def _at_the_top(annotated: Annotated) -> Iterator[tuple[DateMention, Sentence]]:
    """The days of the first sentences, those counted from another day left out."""
    for mention in annotated.dates:
        sentence = annotated.prose.sentence_at(mention.start)
        if sentence is None or sentence.index > _SPOKEN_SENTENCES:
            continue
        if mention.precision == "day" and not mention.anaphoric:
            yield mention, sentence


def _is_late(annotated: Annotated, mention: DateMention) -> bool:
    """Whether a day is named with its evening or night."""
    sentence = annotated.prose.sentence_at(mention.start) or mention
    low = max(sentence.start, mention.start - _ADJACENT_CHARS)
    return annotated.has(
        "late_in_day", Range(low, min(sentence.end, mention.end + _ADJACENT_CHARS))
    )


def spoken_day(annotated: Annotated, day: dt.date) -> tuple[dt.date, bool] | None:
    """The last day on which somebody speaks at the top, and whether late that day.

    None if it is not before ``day``.
    """
    said = [
        (mention.first, _is_late(annotated, mention))
        for mention, sentence in _at_the_top(annotated)
        if is_spoken(annotated, mention, sentence)
    ]
    last = max(said, default=None)
    if last is None or not 0 < (day - last[0]).days <= _SPOKEN_DAYS:
        return None
    return last


def _owns_an_attack(annotated: Annotated, mention: DateMention) -> bool:
    """Whether an attack is called by a day in the possessive: "Monday's suicide bombing"."""
    owned = _OWNED.match(annotated.prose.text, mention.end) is not None
    return owned and names_an_attack(annotated, mention)


def _speaks_after(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a verb of speech follows at once: "police on Monday denied"; not "on Monday, police said"."""
    after = Range(mention.end + 1, min(sentence.end, mention.end + _SPEECH_REACH_CHARS))
    verb = annotated.first("speech", after)
    return verb is not None and verb.start() == after.start


def _is_of_statement(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a statement is of that day: "in a message that it sent out on Wednesday".

    Not the statement alone, where its sentence tells of "earlier that day" or "that day's bombing".
    """
    before = Range(max(sentence.start, mention.start - _STATEMENT_REACH_CHARS), mention.start)
    made = next(iter(annotated.find("stated_in", before)), None)
    if made is None or annotated.has("same_day", Range(mention.end, sentence.end)):
        return False
    if is_taken_up(annotated, mention, sentence):
        return False
    between = Range(made.end(), mention.start)
    if "," in annotated.prose.text[between.start : between.end]:
        return False
    return not inside(annotated.triggers, between) and not inside(annotated.harm, between)
