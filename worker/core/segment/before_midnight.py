"""An attack that began before midnight, told of after it: it is of the day before.

Rules
-----
1. A clock at which the attack is said to have begun, and which had not come yet when the text was
   printed, is of the day before: "were holding guests early on Tuesday in an assault that began at
   11:10 p.m.", printed on Tuesday at one in the morning.
2. In the small hours that holds for any hour of the evening before beside an attack: "after setting
   off a bomb at 10:40 p.m.".
3. So do hours counted back beyond midnight: "fighting went on past midnight, five hours after a car
   bomb tore open its gate", printed at one.
4. A clock with a day beside it is of that day ("at 11 p.m. on Tuesday"), and one at which it was over
   is no beginning.
5. Where the news is that a siege is over, an attack told with a clock of the day before is its
   beginning: "killed the last gunman early on Thursday, ending a siege … The attackers opened fire at
   about 9.45 p.m. on Wednesday", or "At around 9 p.m. on Wednesday, gunmen opened fire".
"""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.clock import ClockMention
from worker.core.domain.report import IncidentDate
from worker.core.lang.normalise import Range, inside
from worker.core.segment.abduction import is_lead_sentence
from worker.core.text.prose import Sentence

_SENTENCES = 5
_BESIDE_CHARS = 8
"""Between a clock and its day: "at 11 p.m. on Tuesday", "late on Tuesday, at 11 p.m."."""
_NIGHT_ENDS_HOUR = 6
_EVENING_HOUR = 18
_OPENING_CHARS = 16
"""How much may stand before a clock that opens its sentence: "At around"."""


def before_midnight(annotated: Annotated, main: IncidentDate) -> IncidentDate:
    """The main attack's day, or the one before where a clock says that it began then."""
    eve = _eve_of_siege(annotated, main)
    if eve is not None:
        return IncidentDate(eve, eve, "day", main.basis)
    now = _printed(annotated)
    if now is None or main.precision != "day" or main.start != now.date():
        return main
    for sentence in annotated.prose.sentences[:_SENTENCES]:
        clocks = (c for c in annotated.times if sentence.holds(c.start))
        counts = is_lead_sentence(annotated, sentence)
        if any(_is_of_the_evening_before(annotated, c, sentence, now) for c in clocks) or (
            counts and _hours_back(annotated, sentence) > now.hour + 1
        ):
            day = now.date() - dt.timedelta(days=1)
            return IncidentDate(day, day, "day", "relative")
    return main


def _eve_of_siege(annotated: Annotated, main: IncidentDate) -> dt.date | None:
    """The day before, where the top tells the end of a siege and a clock of that day its beginning."""
    top = [s for s in annotated.prose.sentences if is_lead_sentence(annotated, s)]
    over = any(annotated.has(words, s) for s in top for words in ("siege_over", "long_siege"))
    if not over or main.precision != "day" or main.start is None:
        return None
    eve = main.start - dt.timedelta(days=1)
    days = [d for d in annotated.dates if d.precision == "day" and d.first == eve == d.last]
    for sentence in annotated.prose.sentences[:_SENTENCES]:
        for clock in (c for c in annotated.times if sentence.holds(c.start)):
            told = _tells_beginning(annotated, sentence, clock)
            away = any(p.kind == "elsewhere" for p in inside(annotated.places, sentence))
            if told and not away and any(d.gap(clock) <= _BESIDE_CHARS for d in days):
                return eve
    return None


def _tells_beginning(annotated: Annotated, sentence: Sentence, clock: Range) -> bool:
    """Whether an attack is told before a clock, or behind one that opens its sentence.

    ("They opened fire at 9.45 p.m. on Wednesday", "At 9 p.m. on Wednesday, gunmen opened fire".)
    """
    before = Range(sentence.start, clock.start)
    if inside(annotated.triggers, before):
        return not _leads(annotated, "ended", before)
    rest = Range(clock.end, sentence.end)
    opens = clock.start - sentence.start <= _OPENING_CHARS
    ends = any(annotated.has(words, rest) for words in ("siege_over", "long_siege"))
    return opens and bool(inside(annotated.triggers, rest)) and not ends


def _hours_back(annotated: Annotated, sentence: Sentence) -> int:
    """How many hours before these the attack was that a sentence is about; 0 where it does not say."""
    lexicon, text = annotated.lexicon, annotated.prose.text
    if lexicon is None:
        return 0
    for mention in annotated.dates:
        if not sentence.holds(mention.start) or not mention.anaphoric:
            continue
        if inside(annotated.triggers, Range(sentence.start, mention.start)):
            return 0
        units = lexicon.table("time_unit").find(text, mention.start, mention.end)
        counts = lexicon.table("count_word").find(text, mention.start, mention.end)
        if any(unit == "hour" for _, unit in units):
            digits = re.search(r"\d+", text[mention.start : mention.end])
            return int(digits[0]) if digits else next((int(n) for _, n in counts), 0)
    return 0


def _printed(annotated: Annotated) -> dt.datetime | None:
    """When a text was printed, on the area's clock; a day without a time, stamped midnight, has none."""
    moment = annotated.article.document_time
    if moment is None or not annotated.zone or moment.time() == dt.time():
        return None
    return moment.astimezone(ZoneInfo(annotated.zone))


def _is_of_the_evening_before(
    annotated: Annotated, clock: ClockMention, sentence: Sentence, now: dt.datetime
) -> bool:
    if _has_a_day(annotated, clock) or not inside(annotated.triggers, sentence):
        return False
    time = dt.time.fromisoformat(clock.local(annotated.zone, now.date()))
    if time <= now.time():
        return False
    before = Range(sentence.start, clock.start)
    if _leads(annotated, "begun", before):
        return True
    night = now.hour < _NIGHT_ENDS_HOUR and time.hour >= _EVENING_HOUR
    return night and not _leads(annotated, "ended", before) and _is_beside(annotated, clock, before)


def _has_a_day(annotated: Annotated, clock: ClockMention) -> bool:
    """Whether a day stands right beside a clock."""
    return any(d.gap(clock) <= _BESIDE_CHARS for d in annotated.dates if d.precision == "day")


def _is_beside(annotated: Annotated, clock: ClockMention, before: Range) -> bool:
    """Whether an attack stands in the words before a clock, and no comma between the two."""
    told = inside(annotated.triggers, before)
    return bool(told) and "," not in annotated.prose.text[told[-1].end : clock.start]


def _leads(annotated: Annotated, category: str, before: Range) -> bool:
    """Whether words of a category lead up to a clock."""
    return any(m.end() >= before.end - 1 for m in annotated.find(category, before))
