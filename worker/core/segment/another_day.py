"""Whether a day is that of another attack, told behind the news and its day.

Rules
-----
1. "A bomb killed seven people on Monday, police said. On 3 January gunmen shot dead a judge": a day
   further down, of days before the one that the news has, is of another attack, however near to its
   words it stands.
2. The news has a day where the attack stands before it in its sentence, or where it is counted from
   another ("closed on Tuesday, one day after gunmen …"). The day of a speaker is none, nor is that of
   an end, or of a late death: a siege that was over on Monday may have begun on Saturday.
3. Who goes on with "the attack" may put its day right, and a day before may be that of the same night.
"""

from __future__ import annotations

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.date_mention import DateMention
from worker.core.lang.normalise import Range, inside
from worker.core.segment.date_clause import is_of_aftermath, names_an_attack, tells_an_attack
from worker.core.segment.said_day import is_end, is_spoken
from worker.core.text.prose import Sentence

_FEWEST_DAYS = 2
"""Between the two: an attack of Monday night may be one of Tuesday."""
_TOP_SENTENCES = 4


def is_of_another(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a sentence above tells an attack of days after this one."""
    if sentence.zone in ("title", "caption") or _points_back(annotated, mention, sentence):
        return False
    return any(
        (day.first - mention.last).days >= _FEWEST_DAYS and _is_of_the_news(annotated, day, told)
        for day, told in _days_above(annotated, sentence)
    )


def _points_back(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether "the attack" stands behind the day, or is all that the sentence tells.

    Not "the last such attack was on …".
    """
    if annotated.has("background_cue", Range(sentence.start, mention.start)):
        return False
    told = inside(annotated.triggers, sentence)
    behind = [trigger for trigger in told if trigger.start >= mention.end]
    return any(trigger.definite for trigger in behind or told)


def _days_above(annotated: Annotated, sentence: Sentence) -> list[tuple[DateMention, Sentence]]:
    found = []
    for day in annotated.dates:
        told = annotated.prose.sentence_at(day.start)
        if told is None or told.index >= min(sentence.index, _TOP_SENTENCES):
            continue
        if told.zone not in ("title", "caption") and day.precision in ("day", "days"):
            found.append((day, told))
    return found


def _is_of_the_news(annotated: Annotated, day: DateMention, told: Sentence) -> bool:
    """Whether an attack is told with this day, and not only spoken of, over or mourned on it."""
    before, behind = Range(told.start, day.start), Range(day.end, told.end)
    if day.anaphoric and inside(annotated.triggers, behind):
        return True
    if not tells_an_attack(annotated, before) or is_spoken(annotated, day, told):
        return False
    if annotated.has("late_death", told) and not names_an_attack(annotated, day):
        return False
    return not (is_end(annotated, day, told) or is_of_aftermath(annotated, day, told))
