"""The day that a text speaks from: "on Monday", "two weeks ago" are counted from it.

Rules
-----
1. It is the document's own day on the area's clock, when it was published or first seen.
2. Outlets abroad still write of the evening before when the area is past midnight: a stamp with an
   offset of its own has the day of that clock, one of UTC the day before until three in the morning.
   Neither, when the head of the text names the area's new day ("on Thursday").
   (London, 8 p.m.: "a bomber struck today" is the day that ended half an hour ago in the area.)
3. Nor when the dateline is of one or two days before ("PORTSMERE, Jan. 9 - … today", printed on the
   10th), unless the head names the document's own day: then the day is the dateline's.
4. A document without a time has the day of its dateline, or of a caption, if written with its year.
5. Without that, dates are counted from a nominal day: it tells an earlier attack from the main one,
   and what rests on it is never reported.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from worker.core.annotate.dates import DateMention, DatePhrases
from worker.core.domain.moments import local_day
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import holding
from worker.core.text.prose import Prose

_ABROAD_HOUR = 3
"""Until that hour of the area's night a stamp of UTC is mostly of an evening farther west."""
_HEAD_SENTENCES = 6
_FILED_DAYS = 2
"""How long after it was filed an outlet abroad still prints a dispatch."""
_NOMINAL_YEAR = 2100
"""Later than any news, so that every date that carries its year is an earlier one."""


@dataclass(frozen=True, slots=True)
class ReferenceDay:
    """The day, and whether it is a nominal one."""

    day: dt.date
    nominal: bool = False


def reference_day(
    moment: dt.datetime | None, zone: ZoneInfo, prose: Prose, lexicon: Lexicon, phrases: DatePhrases
) -> ReferenceDay:
    """The day that a text speaks from; ``moment``: the document's time, ``zone``: the area's."""
    document = local_day(moment, zone)
    if moment is not None and document is not None:
        if _names(prose, phrases, document):
            return ReferenceDay(document)
        filed = _day_filed(prose, phrases, document)
        return ReferenceDay(filed or _day_abroad(moment, zone))
    stated = document or _stated_day(prose, phrases.seen_from(None))
    if stated is not None:
        return ReferenceDay(stated)
    return ReferenceDay(_nominal_day(prose, lexicon, phrases), nominal=True)


def _day_abroad(moment: dt.datetime, zone: ZoneInfo) -> dt.date:
    """The day on the outlet's clock where that is the day before the area's, else the area's."""
    offset = moment.utcoffset()
    if offset is None:
        return moment.date()
    local = moment.astimezone(zone)
    before = local.date() - dt.timedelta(days=1)
    if offset:
        return max(before, min(moment.date(), local.date()))
    return before if local.hour < _ABROAD_HOUR and moment.date() == before else local.date()


def _day_filed(prose: Prose, phrases: DatePhrases, day: dt.date) -> dt.date | None:
    """The day of the dateline, when that is one or two days before."""
    for mention in phrases.seen_from(day):
        is_filed = holding(prose.datelines, mention.start) is not None
        if is_filed and mention.precision == "day" and mention.basis == "stated":
            age = (day - mention.first).days
            return mention.first if 0 < age <= _FILED_DAYS else None
    return None


def _names(prose: Prose, phrases: DatePhrases, day: dt.date) -> bool:
    """Whether the head of a text names that very day by weekday or date."""
    for mention in phrases.seen_from(day):
        sentence = prose.sentence_at(mention.start)
        head = sentence is not None and sentence.index < _HEAD_SENTENCES
        if head and mention.basis != "relative" and mention.first == mention.last == day:
            return True
    return False


def _stated_day(prose: Prose, certain: tuple[DateMention, ...]) -> dt.date | None:
    """The day of the dateline or of a caption, when it is written with its year."""
    for mention in certain:
        sentence = prose.sentence_at(mention.start)
        filed = holding(prose.datelines, mention.start) is not None
        captioned = sentence is not None and sentence.zone == "caption"
        if mention.precision == "day" and (filed or captioned):
            return mention.first
    return None


def _nominal_day(prose: Prose, lexicon: Lexicon, phrases: DatePhrases) -> dt.date:
    """A day to count from: the month and day that head the text, in a year that never was.

    "Tuesday (Dec 25)" also tells which weekday it was, so the year is chosen to agree.
    """
    start = dt.date(_NOMINAL_YEAR, 1, 1)
    for mention in phrases.seen_from(start):
        sentence = prose.sentence_at(mention.start)
        head = sentence is None or sentence.zone in ("title", "lead")
        if mention.precision == "day" and mention.basis == "stated" and head:
            names = lexicon.table("weekday").find(prose.text, mention.start, mention.end)
            named = next((int(value) for _, value in names), None)
            return _with_weekday(mention.first, named)
    return start


def _with_weekday(day: dt.date, weekday: int | None) -> dt.date:
    """The same month and day in a nominal year in which it falls on that weekday."""
    years = (day.year + n for n in range(12))
    days = (day.replace(year=y) for y in years if not (day.month == 2 and day.day == 29))
    return next((d for d in days if weekday is None or d.weekday() == weekday), day)
