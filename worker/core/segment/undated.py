"""The day of an attack in an article that gives none: from when it was printed, and what it tells.

Rules
-----
1. It is the document's own day, or that day and the one before where the article is of the small hours,
   or its headline a new toll, a claim or the end of a siege (not in the evening: by then yesterday is called so).
2. It is the day before alone in the first two hours of the night, and where the attack was at an hour
   that had not come yet: "at 8.30 a.m.", printed before dawn; "during evening prayers", at noon.
3. It is not later than the day of those who speak of it: "officials said on Sunday", printed on Monday.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from worker.core.annotate.annotate import Annotated
from worker.core.domain.report import IncidentDate
from worker.core.lang.normalise import inside

_CLOCK_SENTENCES = 4
_MIDNIGHT_ENDS_HOUR = 2
"""What is published before that hour is hardly of the day that has just begun."""
_NIGHT_ENDS_HOUR = 6
"""What is published before that hour, on the area's clock, may be of the evening before."""
_EVENING_HOUR = 18
"""From then on an undated new toll is of the same day: whoever tells of yesterday by then says so."""


def undated_interval(
    annotated: Annotated, day: dt.date, spoken: tuple[dt.date, bool] | None
) -> IncidentDate:
    """The day or two days of an article that gives none; ``day``: its own, on the area's clock.

    ``spoken``: the last day on which somebody speaks of it, if before, and whether late that day.
    """
    before = dt.timedelta(days=1)
    hour = _hour(annotated)
    if spoken is not None:
        last, late = spoken
        since = last - before if _is_told_later(annotated) and not late else last
        return IncidentDate(since, last, "days", "published")
    if hour is not None and _is_of_later_hour(annotated, hour):
        return IncidentDate(day - before, day - before, "days", "published")
    if hour is not None and hour < _NIGHT_ENDS_HOUR:
        last = day - before if hour < _MIDNIGHT_ENDS_HOUR else day
        return IncidentDate(day - before, last, "days", "published")
    evening = hour is not None and hour >= _EVENING_HOUR
    since = day - before if _is_told_later(annotated) and not evening else day
    return IncidentDate(since, day, "days", "published")


def _hour(annotated: Annotated) -> int | None:
    """The hour of publication on the area's clock; a day without a time, stamped midnight, has none."""
    moment = annotated.article.document_time
    if moment is None or not annotated.zone or moment.time() == dt.time():
        return None
    return moment.astimezone(ZoneInfo(annotated.zone)).hour


def _is_of_later_hour(annotated: Annotated, hour: int) -> bool:
    """Whether the attack is told at an hour, or in an evening, that had not come at publication."""
    for sentence in annotated.prose.sentences[:_CLOCK_SENTENCES]:
        if not inside(annotated.triggers, sentence):
            continue
        if hour < _EVENING_HOUR and annotated.has("in_the_evening", sentence):
            return True
        clocks = (c for c in annotated.times if sentence.holds(c.start) and not c.utc)
        if any(int(clock.time[:2]) > hour for clock in clocks):
            return True
    return False


def _is_told_later(annotated: Annotated) -> bool:
    """Whether an undated article may well be of the day after: a new toll, a claim or an end in its headline."""
    titles = [event for event in annotated.events if event.zone == "title"]
    return any(
        event.tags & {"TOLL_ROSE", "CLAIMED"} or annotated.has("siege_over", event)
        for event in titles
    )
