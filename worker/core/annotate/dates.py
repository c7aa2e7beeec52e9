"""Dates as news writes them, turned into days of the watched place's calendar.

Rules
-----
1. A phrase is resolved against a day, mostly the document's *local* date. A weekday is the most
   recent one on or before it; a month and day without a year likewise. Without a day only phrases
   that carry their year are mentions.
2. An interval is never narrower than the words: "just over two weeks" is 14 to 18 days.
3. Dates after "since", "until" and the like bound a stretch of time; they are no mention, unless what
   happened then is told ("the third since June, when gunmen stormed a hotel").
4. "Earlier in the day" is of the day that its sentence has named ("said on Tuesday that …").
5. ``anaphoric`` mentions ("two weeks after …", "a day earlier") count from what the text was
   talking about. They are resolved against the same day; ``shifted`` moves them.

Theory of operation
-------------------
Words come from the lexicon (tables ``month``, ``weekday``, ``feast``, ``day_word``, ``period``, ``time_unit``,
``time_direction``, ``count_word``, ``vague_amount``; ``day_of_month``), shapes of digits stand here. A month name is
found first and day and year looked for on both sides, so "May 8, 2019", "8 de mayo de 2019" and
"18 Sawr 1398" are one piece of code. A month of another calendar is written ``calendar/number``.
The words are looked for once (``find_dates``); ``DatePhrases.seen_from`` turns them into mentions, and
only there the longest wins, since a phrase that names no day must not hide one that does.
(EFE, 1 July 2019, has no absolute date at all, only "on Monday" and "a month ago".)
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from convertdate import islamic, persian

from worker.core.annotate.ages import counted
from worker.core.annotate.date_joins import joined_dates
from worker.core.annotate.date_mention import (
    LOOK_CHARS,
    DateMention,
    DatePhrase,
    Interval,
    period,
    precision_of,
)
from worker.core.domain.vocabulary import DatePrecision
from worker.core.knowledge.knowledge import Knowledge
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range, apart
from worker.core.text.prose import Prose

__all__ = ["DateMention", "DatePhrases", "find_dates"]


def _of_solar_hijri(year: int, month: int, day: int) -> tuple[int, int, int]:
    """The same as ``persian.to_gregorian``, which works out an equinox (47 ms) for every day."""
    before = (month - 1) * 31 if month <= 7 else (month - 1) * 30 + 6
    found = _solar_new_year(year) + dt.timedelta(before + day - 1)
    return found.year, found.month, found.day


@lru_cache(maxsize=64)
def _solar_new_year(year: int) -> dt.date:
    return dt.date(*persian.to_gregorian(year, 1, 1))


_CALENDARS: dict[str, Callable[[int, int, int], tuple[int, int, int]]] = {
    "solar_hijri": _of_solar_hijri,
    "lunar_hijri": islamic.to_gregorian,
}
_ISO = re.compile(r"(?<![\d-])(\d{4})-(\d{1,2})-(\d{1,2})(?![\d-])")
_SLASHED = re.compile(r"(?<![\d./])(\d{1,2})([./])(\d{1,2})\2(\d{4}|\d{2})(?![\d/])")
_YEAR = re.compile(r"(?<![\d.,:$/-])((?:19|20)\d\d)(?![\d%:/]|[.,]\d|-\d)")
_DAY_BEFORE = (
    r"(?<![\d.:,])(\d{1,2})(?:\s?-\s?(\d{1,2}))?(?:st|nd|rd|th|er|\.|[ºª])?\s?(?:JOINT\s?)?$"
)
_DAY_AFTER = (
    r"\.?\s?(?:JOINT\s?)?(\d{1,2})(?:\s?-\s?(\d{1,2}))?(?:st|nd|rd|th)?(?![:.,]\d|\d|\s?[ap]\.?m)"
)
_YEAR_AFTER = (
    r"\.?\)?\s?[.,]?\s?(?:JOINT\s?)?((?:1[3-9]|2[01])\d\d(?![\dlz])|\d{2}(?=\s?(?:-|\(|\[)))"
)
"""Four digits are a year in either calendar, and not the clock of an alert ("27 FEB 0845L", "0810L 27 FEB")."""
_YEAR_BEFORE = re.compile(r"(?<!\d)((?:1[3-9]|2[01])\d\d)(?![a-z])\W{0,2}\w?\s?$")
_NUMBER_BEFORE = re.compile(r"(?<![\d.:,/-])(\d{1,2})$")
_LONGEST_MONTH_DAYS = 31
_TOLD_CHARS = 80
"""How far behind a day it may be told what happened then."""
_CENTURY_TURN = 50
_Days = tuple[int, int]
"""First and last day of a month, both included."""


@dataclass(frozen=True, slots=True)
class DatePhrases:
    """All words of a text that may name days, whichever day it speaks from."""

    prose: Prose
    lexicon: Lexicon | None
    phrases: tuple[DatePhrase, ...] = ()

    def seen_from(self, day: dt.date | None) -> tuple[DateMention, ...]:
        """All date mentions, left to right, the longest where they overlap."""
        if self.lexicon is None:
            return ()
        named = (phrase.seen_from(day) for phrase in self.phrases)
        found = [mention for mention in named if mention is not None]
        found.sort(key=lambda m: (m.start, -m.end, m.last - m.first))
        text = self.prose.text
        joined = _of_same_day(
            self.prose, self.lexicon, joined_dates(text, apart(found), self.lexicon)
        )
        return tuple(m for m in joined if not _bounds(text, self.lexicon, m))


def find_dates(prose: Prose, knowledge: Knowledge, clocks: Iterable[Range] = ()) -> DatePhrases:
    """All words that may name days; none in a language that we do not read.

    ``clocks``: where hours are told. "At 1940 hrs" names no year.
    """
    lexicon = knowledge.lexicon(prose.lang)
    if lexicon is None:
        return DatePhrases(prose, None)
    text, hours = prose.text, {clock.start for clock in clocks}
    phrases = (
        *_numeric(text),
        *_months(prose, lexicon, knowledge),
        *_days_of_month(text, lexicon),
        *_weekdays(text, lexicon),
        *_feasts(text, lexicon, knowledge),
        *_day_words(text, lexicon),
        *_periods(text, lexicon),
        *counted(text, lexicon),
        *(p for p in _years(text) if p.start not in hours),
    )
    return DatePhrases(prose, lexicon, phrases)


def _of_same_day(
    prose: Prose, lexicon: Lexicon, mentions: Sequence[DateMention]
) -> Iterator[DateMention]:
    """The mentions, with the day that its sentence named right before for "earlier in the day"."""
    last: DateMention | None = None
    for mention in mentions:
        one = mention
        if last is not None and lexicon.first("same_day", prose.text, mention.start, mention.end):
            sentence = prose.sentence_at(mention.start)
            if sentence is not None and sentence.holds(last.start):
                one = replace(mention, first=last.first, last=last.last, basis=last.basis)
        yield one
        last = one if one.precision == "day" and not one.anaphoric else None


def _bounds(text: str, lexicon: Lexicon, mention: DateMention) -> bool:
    if lexicon.ends_with("begun", text, mention.start, _TOLD_CHARS) is not None:
        return False
    if lexicon.ends_with("held_since", text, mention.start, _TOLD_CHARS) is not None:
        return False  # "freed guests held since Monday evening": the attack began then
    if lexicon.ends_with("date_bound", text, mention.start, LOOK_CHARS) is None:
        return False
    told = lexicon.first("told_then", text, mention.end, mention.end + _TOLD_CHARS)
    return told is None or text[mention.end : told.start()].strip(" ,،") != ""


def _day(year: int, month: int, day: int, calendar: str = "gregorian") -> dt.date | None:
    try:
        if calendar != "gregorian":
            year, month, day = _CALENDARS[calendar](year, month, day)
        return dt.date(year, month, day)
    except (ValueError, OverflowError, KeyError, IndexError):
        return None


def _numeric(text: str) -> Iterator[DatePhrase]:
    for found in _ISO.finditer(text):
        day = _day(int(found[1]), int(found[2]), int(found[3]))
        if day is not None:
            yield DatePhrase(*found.span(), _always(day, day, "day"))
    for found in _SLASHED.finditer(text):
        year = int(found[4]) + (2000 if len(found[4]) == 2 else 0)
        one, two = int(found[1]), int(found[3])
        day_first, month_first = _day(year, two, one), _day(year, one, two)
        either = tuple({d for d in (day_first, month_first) if d is not None})
        if either:
            yield DatePhrase(*found.span(), partial(_nearer, either, day_first))


def _always(
    first: dt.date, last: dt.date, precision: DatePrecision
) -> Callable[[dt.date | None], Interval]:
    """The days of words that carry their year: the same from wherever they are seen."""
    named = Interval(first, last, precision, "stated")
    return lambda _seen_from: named


def _nearer(
    either: tuple[dt.date, ...], day_first: dt.date | None, document: dt.date | None
) -> Interval:
    """05/08/2019 is two different days on two sides of an ocean.

    Taken is the one nearer to the document and not after it, else the day-first one that most of the
    world uses.
    """
    day = min(either, key=lambda d: (_distance(d, document), d != day_first))
    return Interval(day, day, "day", "stated")


def _distance(day: dt.date, document: dt.date | None) -> tuple[bool, int]:
    if document is None:
        return False, 0
    return day > document + dt.timedelta(days=1), abs((document - day).days)


def _months(prose: Prose, lexicon: Lexicon, knowledge: Knowledge) -> Iterator[DatePhrase]:
    connector = lexicon.pattern("date_connector")
    shapes = _shapes(connector.pattern if connector is not None else "(?!)")
    calendars = {"gregorian", *knowledge.profile.calendars}
    for found, value in lexicon.table("month").find(prose.text, 0, len(prose.text)):
        calendar, _, number = value.rpartition("/")
        if (calendar or "gregorian") not in calendars:
            continue
        written = _written(prose, lexicon, found, shapes)
        if written is None:
            continue
        at, days, year = written
        is_last = lexicon.ends_with("date_last", prose.text, at.start, LOOK_CHARS) is not None
        of = calendar or "gregorian"
        if is_last and days is None and year is None:
            yield DatePhrase(at.start, at.end, partial(_in_last_month, int(number), of))
            continue
        named = partial(_in_month, int(number), of, days, year)
        yield DatePhrase(at.start, at.end, named)


def _in_month(
    month: int, calendar: str, days: _Days | None, year: int | None, document: dt.date | None
) -> Interval | None:
    interval = _resolve(month, calendar, days, year, document)
    if interval is None:
        return None
    precision: DatePrecision = precision_of(*interval) if days else "month"
    return Interval(*interval, precision, "stated")


@lru_cache(maxsize=32)
def _in_last_month(month: int, calendar: str, document: dt.date | None) -> Interval | None:
    """A month called "last": of a year ago where the document is of that month itself ("last May")."""
    found = _in_month(month, calendar, None, None, document)
    if found is None or document is None or not found.first <= document <= found.last:
        return found
    before = document - dt.timedelta(days=_LONGEST_MONTH_DAYS)
    return _in_month(month, calendar, None, None, before) or found


def _shapes(joint: str) -> tuple[re.Pattern[str], ...]:
    """Day before, day after and year after a month, with a language's joining words."""
    return tuple(
        re.compile(shape.replace("JOINT", joint))
        for shape in (_DAY_BEFORE, _DAY_AFTER, _YEAR_AFTER)
    )


def _written(
    prose: Prose, lexicon: Lexicon, month: re.Match[str], shapes: tuple[re.Pattern[str], ...]
) -> tuple[Range, _Days | None, int | None] | None:
    """Extent, days and year of the date around a month's name, or None when it is no date."""
    text, (start, end) = prose.text, month.span()
    before, after, year_after = shapes
    left = before.search(text, max(0, start - LOOK_CHARS), start)
    right = None if left else after.match(text, end)
    day = left or right
    year = year_after.match(text, right.end() if right else end)
    first = left.start() if left else start
    prior = None if year else _YEAR_BEFORE.search(text, max(0, first - 8), first)
    if _ordinary_word(prose, lexicon, start, month.group()):
        return None
    if not (day or year) and not _is_date_alone(lexicon, text, start, end):
        return None
    stated = year or prior
    if prior and not left:
        first = prior.start()
    last = max(end, right.end() if right else 0, year.end() if year else 0)
    if lexicon.ends_with("date_due", text, first, LOOK_CHARS):
        return None
    days = (int(day[1]), int(day[2] or day[1])) if day else None
    return Range(first, last), days, _full_year(stated[1]) if stated else None


def _is_date_alone(lexicon: Lexicon, text: str, start: int, end: int) -> bool:
    """Whether the word beside a month without day or year makes a date of it: "in May", "मई में"."""
    if lexicon.ends_with("date_lead", text, start, LOOK_CHARS) is not None:
        return True
    behind = lexicon.first("date_tail", text, end, end + LOOK_CHARS)
    return behind is not None and not text[end : behind.start()].strip()


def _full_year(written: str) -> int:
    """The year of four digits, or of two as old wires' datelines have it ("3 JAN 90 --")."""
    year = int(written)
    if len(written) > 2:
        return year
    return year + (1900 if year >= _CENTURY_TURN else 2000)


def _ordinary_word(prose: Prose, lexicon: Lexicon, start: int, word: str) -> bool:
    """Whether a month's name stands here as a common word: "it may", "they march"."""
    small = prose.norm.letter(start).islower()
    return small and lexicon.first("month_ambiguous", word) is not None


def _resolve(
    month: int,
    calendar: str,
    days: _Days | None,
    year: int | None,
    document: dt.date | None,
) -> tuple[dt.date, dt.date] | None:
    """The interval of a month with or without days; the latest that is not in the future."""
    if year is not None:
        return _interval(year, month, days, calendar)
    if document is None:
        return None
    now = document.year
    offset = {"solar_hijri": 621, "lunar_hijri": 579}.get(calendar, 0)
    span = 2 if calendar != "lunar_hijri" else 40
    options = (_interval(y - offset, month, days, calendar) for y in range(now + 1, now - span, -1))
    tomorrow = document + dt.timedelta(days=1)
    return next((i for i in options if i is not None and i[0] <= tomorrow), None)


def _interval(
    year: int, month: int, days: _Days | None, calendar: str
) -> tuple[dt.date, dt.date] | None:
    if days is not None:
        first, last = _day(year, month, days[0], calendar), _day(year, month, days[1], calendar)
        return (first, max(first, last)) if first is not None and last is not None else None
    first = _day(year, month, 1, calendar)
    after = _day(year + month // 12, month % 12 + 1, 1, calendar)
    if first is None or after is None:
        return None
    return first, after - dt.timedelta(days=1)


def _days_of_month(text: str, lexicon: Lexicon) -> Iterator[DatePhrase]:
    """Days by their number alone, where a word beside it says so: "8日", the 8th."""
    for found in lexicon.find("day_of_month", text):
        number = _NUMBER_BEFORE.search(text, max(0, found.start() - 3), found.start())
        if number is not None:
            named = partial(_of_month, int(number[1]))
            yield DatePhrase(number.start(), found.end(), named)


def _of_month(number: int, document: dt.date | None) -> Interval | None:
    """The latest such day, tomorrow's included: zones differ."""
    if document is None:
        return None
    ahead = (document + dt.timedelta(days=1 - back) for back in range(_LONGEST_MONTH_DAYS))
    day = next((day for day in ahead if day.day == number), None)
    return Interval(day, day, "day", "stated") if day is not None else None


def _weekdays(text: str, lexicon: Lexicon) -> Iterator[DatePhrase]:
    for found, value in lexicon.table("weekday").find(text, 0, len(text)):
        if _is_ahead(lexicon, text, found.start()):
            continue
        past = lexicon.ends_with("date_last", text, found.start(), LOOK_CHARS) is not None
        yield DatePhrase(*found.span(), partial(_weekday, int(value), past))


def _is_ahead(lexicon: Lexicon, text: str, start: int) -> bool:
    """Whether a day is to come: "next Monday", "the vote due on Monday"."""
    led = (lexicon.ends_with(words, text, start, LOOK_CHARS) for words in ("date_next", "date_due"))
    return any(led)


def _feasts(text: str, lexicon: Lexicon, knowledge: Knowledge) -> Iterator[DatePhrase]:
    """Days that have a name, of a calendar that is used there: "New Year's Eve"."""
    calendars = {"gregorian", *knowledge.profile.calendars}
    for found, value in lexicon.table("feast").find(text, 0, len(text)):
        *calendar, month, day = value.split("/")
        of = calendar[0] if calendar else "gregorian"
        if of in calendars and not _is_ahead(lexicon, text, found.start()):
            days = (int(day), int(day))
            yield DatePhrase(*found.span(), partial(_in_month, int(month), of, days, None))


def _weekday(number: int, past: bool, document: dt.date | None) -> Interval | None:
    """The latest such weekday; ``past``: "last Monday" of a Monday is that of a week ago."""
    if document is None:
        return None
    back = (document.weekday() - number) % 7
    day = document - dt.timedelta(days=7 if back == 0 and past else back)
    return Interval(day, day, "day", "weekday")


def _day_words(text: str, lexicon: Lexicon) -> Iterator[DatePhrase]:
    """Words such as "last night": offsets in days, "-1" or "-1..0"; a trailing "*" is anaphoric."""
    for found, value in lexicon.table("day_word").find(text, 0, len(text)):
        low, _, high = value.rstrip("*").partition("..")
        named = partial(_away, int(low), int(high or low))
        yield DatePhrase(*found.span(), named, value.endswith("*"))


def _away(low: int, high: int, document: dt.date | None) -> Interval | None:
    """From ``low`` to ``high`` days after a day."""
    if document is None:
        return None
    first, last = document + dt.timedelta(days=low), document + dt.timedelta(days=high)
    return Interval(first, last, precision_of(first, last), "relative")


def _periods(text: str, lexicon: Lexicon) -> Iterator[DatePhrase]:
    """Words such as "last week": unit and how many units back."""
    for found, value in lexicon.table("period").find(text, 0, len(text)):
        unit, _, back = value.partition("/")
        yield DatePhrase(*found.span(), partial(_until_now, unit, int(back)))


def _until_now(unit: str, back: int, document: dt.date | None) -> Interval | None:
    if document is None:
        return None
    first, last = period(unit, back, document)
    precision: DatePrecision = "week" if unit == "week" else "month" if unit == "month" else "year"
    return Interval(first, min(last, document), precision, "relative")


def _years(text: str) -> Iterator[DatePhrase]:
    for found in _YEAR.finditer(text):
        year = int(found[1])
        yield DatePhrase(*found.span(), _always(dt.date(year, 1, 1), dt.date(year, 12, 31), "year"))
