"""Dates that stand side by side and name one day.

Rules
-----
1. "Tuesday (May 8)" is one date. Where the two disagree, the written date counts.
2. "A Saturday afternoon last May", "one Monday in 2019" are of that May, that year: the weekday is
   some one of it. "A Saturday this month" stays the latest Saturday, where that lies in the month.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from worker.core.annotate.date_mention import LOOK_CHARS, DateMention
from worker.core.lang.lexicon import Lexicon

__all__ = ["joined_dates"]

_APPOSITION = re.compile(r"[ ,(]{0,3}")
_ARTICLE_CHARS = 4
"""The longest article with its blank: "Monday, a holiday", "Monday, the 8th"."""
_STRETCHES = frozenset({"month", "year"})


def _stand_together(text: str, start: int, end: int, lexicon: Lexicon) -> bool:
    """Whether nothing but marks and an article stands between two dates."""
    article = lexicon.ends_with("date_article", text, end, _ARTICLE_CHARS)
    if article is not None and article.start() >= start:
        end = article.start()
    return _APPOSITION.fullmatch(text, start, end) is not None


def joined_dates(text: str, mentions: Iterator[DateMention], lexicon: Lexicon) -> list[DateMention]:
    """One mention of "Tuesday (May 8)", and of "a Saturday in May"."""
    out: list[DateMention] = []
    for mention in mentions:
        last = out[-1] if out else None
        if last and _stand_together(text, last.end, mention.start, lexicon):
            if last.basis == "weekday" and mention.basis == "stated" and mention.precision == "day":
                out[-1] = replace(_agreed(mention, last), start=last.start)
                continue
            if mention.basis == "weekday" and last.basis == "stated" and last.precision == "day":
                out[-1] = replace(_agreed(last, mention), end=mention.end)
                continue
        if last and _is_some_day_of(text, last, mention, lexicon):
            out[-1] = replace(mention, start=last.start)
            continue
        out.append(mention)
    return out


def _agreed(stated: DateMention, weekday: DateMention) -> DateMention:
    """A date with a weekday that may disagree: a day beside it leaves both, else the date counts.

    The wrong year of an old page is no day of this week; then the weekday counts, if only the year
    parts the two.
    """
    apart_days = abs((stated.first - weekday.first).days)
    if apart_days == 1:
        first, last = sorted((stated.first, weekday.first))
        return replace(stated, first=first, last=last, precision="days")
    same_day = (stated.first.month, stated.first.day) == (weekday.first.month, weekday.first.day)
    if apart_days and same_day:
        return replace(stated, first=weekday.first, last=weekday.first)
    return stated


def _is_some_day_of(text: str, day: DateMention, stretch: DateMention, lexicon: Lexicon) -> bool:
    """Whether a weekday is only some one of a month or year in which the latest such day is not."""
    if day.basis != "weekday" or stretch.precision not in _STRETCHES or stretch.anaphoric:
        return False
    if stretch.first <= day.first <= stretch.last:
        return False
    if lexicon.ends_with("date_some", text, day.start, LOOK_CHARS) is None:
        return False
    between = text[day.end : stretch.start].strip()
    found = lexicon.first("date_some_of", between)
    return not between or (found is not None and found.group() == between)
