"""What an item's own words order: a kill without a code, a correction in the headline, an embargo.

Rules
-----
1. Words only add to what codes say: the gravest counts, and a code's end of an embargo stands.
2. A kill, hold or replacement may name another item: by id, by the agency's number of that day, by
   its slug. The first two are identities; a slug is kept for who can look it up, with the day and
   the hour at which the notice says that the item was sent.
3. Until when an embargo lasts is read when time and day are told without a doubt ("0600 GMT, 9 May
   2031", "06.00 Uhr", the next one from when the item was sent). A weekday, or a zone that nobody
   knows, leaves it open: held until another version comes is wrong less than published too early.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from worker.core.knowledge.notices import Notice, Notices, month_of
from worker.core.sources.entries import Hint, Item
from worker.core.sources.wire_status import gravest
from worker.core.sources.wire_text import numbered_id
from worker.core.sources.wire_xml import without_revision

_LEADING = " \t\n\u00a0*+#>([{-–—/\"“«‹„'’"
_OPENING_PARAGRAPHS, _OPENING_CHARS = 3, 400
_REFERENCE_CHARS = 2000
_SENT_CHARS = 60
_CLOCK = re.compile(
    r"\b(\d{1,2})(?:[:.hH](\d\d)|(\d\d)(?=\s*(?:GMT|UTC|TU|Z|hrs|hours|h)\b)|(?=\s*(?:Uhr|[ap]\.?m|heures|h\b)))\s*([ap])?\.?(?:m\b\.?)?"
)
_ISO_DAY = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)T?")
_DOTTED_DAY = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./]?(20\d\d)?(?!\d)")
_DAY_MONTH = re.compile(
    r"\b(\d{1,2})(?:\.|st|nd|rd|th|er)?\s+(?:de\s+)?([^\W\d_]{3,10})\.?,?(?:\s+(?:de\s+)?(20\d\d))?"
)
_MONTH_DAY = re.compile(
    r"\b([^\W\d_]{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b,?(?:\s+(20\d\d))?(?![:.h]\d)"
)


def with_notices(item: Item, notices: Notices, hint: Hint) -> Item:
    """The item with what its words order."""
    found = list(_found(item, notices))
    if not found:
        return item
    status = gravest([item.status, *(notice.status for notice, _ in found)])
    item = replace(item, status=status)
    if status == "embargo" and item.embargo_until is None:
        behind = next((rest for notice, rest in found if notice.status == "embargo"), "")
        item = replace(item, embargo_until=_until(behind, item, notices, hint))
    names = status in ("kill", "hold") or any(notice.replaces for notice, _ in found)
    return _with_reference(item, notices) if names and item.withdraws is None else item


def _found(item: Item, notices: Notices) -> Iterator[tuple[Notice, str]]:
    for place, printed in _texts(item):
        text = _beginning(printed, notices)
        if text and (match := notices.match(place, text)):
            yield match


def _beginning(printed: str, notices: Notices) -> str:
    """A text without what stands before its first word."""
    text = printed.lstrip(_LEADING)
    addressed = notices.expression("address").match(text)
    return text[addressed.end() :].lstrip(_LEADING) if addressed else text


def _texts(item: Item) -> Iterator[tuple[str, str]]:
    yield "title", item.title or ""
    yield "slugline", item.slugline or ""
    for note in item.notes:
        yield "note", note[:_OPENING_CHARS]
    opening = (item.body or item.summary or "")[: 4 * _OPENING_CHARS]
    for paragraph in opening.split("\n\n", _OPENING_PARAGRAPHS)[:_OPENING_PARAGRAPHS]:
        yield "opening", paragraph[:_OPENING_CHARS]


def _with_reference(item: Item, notices: Notices) -> Item:
    """The item with the one that it names, when that is another."""
    texts = (item.title, *item.notes, (item.body or "")[:_REFERENCE_CHARS])
    told = "\n".join(filter(None, texts))
    printed = notices.expression("id").search(told)
    if printed and (other := without_revision(printed["id"].rstrip("."))) and other != item.guid:
        return replace(item, withdraws=other)
    numbered = notices.expression("number").search(told)
    if numbered and item.published:
        other = numbered_id(numbered["agency"], numbered["number"], item.published)
        return replace(item, withdraws=other) if other != item.guid else item
    slug = notices.expression("slugline").search(told)
    if slug and not (item.slugline or "").startswith(slug["slugline"]):
        item = replace(item, withdraws_slugline=slug["slugline"])
    return replace(item, withdraws_sent=_sent(told, item, notices))


def _sent(told: str, item: Item, notices: Notices) -> str | None:
    """When the item that a notice names was sent, as far as it says so: behind the keyword line, or
    behind a word for sending. An hour elsewhere may be that of an attack.
    """
    own = item.updated or item.published
    for name in ("slugline", "sent"):
        for found in notices.expression(name).finditer(told):
            behind = re.split(r"[\n.;]", told[found.end() : found.end() + _SENT_CHARS])[0]
            day, rest = _day(behind, own, notices.months)
            clock = _CLOCK.search(rest) if notices.expression("utc").search(rest) else None
            if clock is not None and own is not None:
                moment = _at(day or own.astimezone(dt.UTC).date(), clock, dt.UTC)
                return moment.isoformat()[:16] if moment else None
            if day is not None:
                return day.isoformat()
    return None


def _until(text: str, item: Item, notices: Notices, hint: Hint) -> dt.datetime | None:
    """The instant that the words behind "embargoed until" mean; None when they leave a doubt."""
    text = text[:120].split("\n", 1)[0]
    sent = item.updated or item.published or hint.received
    day, text = _day(text, sent, notices.months)
    clock = _CLOCK.search(text)
    rest = notices.expression("utc").sub(" ", _CLOCK.sub(" ", text, count=1))
    rest = notices.expression("filler").sub(" ", rest.partition(" - ")[0])
    if re.search(r"[^\W\d_]{2,}|\d", re.split(r"[.;)]", rest)[0]) or sent is None:
        return None
    zone = dt.UTC if notices.expression("utc").search(text) else _zone(hint)
    if clock is None or zone is None:
        return None
    moment = _at(day or sent.astimezone(zone).date(), clock, zone)
    if moment is not None and day is None and moment <= sent:
        moment += dt.timedelta(days=1)
    return moment


def _zone(hint: Hint) -> dt.tzinfo | None:
    try:
        return ZoneInfo(hint.default_tz) if hint.default_tz else dt.UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _at(day: dt.date, clock: re.Match[str], zone: dt.tzinfo) -> dt.datetime | None:
    hour, minute = int(clock[1]), int(clock[2] or clock[3] or 0)
    if clock[4]:
        hour = hour % 12 + (12 if clock[4].lower() == "p" else 0)
    try:
        return dt.datetime.combine(day, dt.time(hour, minute), zone)
    except ValueError:
        return None


def _day(
    text: str, sent: dt.datetime | None, months: Mapping[str, int]
) -> tuple[dt.date | None, str]:
    """The day that a text names, and the text without it."""
    year = str(sent.year) if sent else ""
    if found := _ISO_DAY.search(text):
        parts = (found[1], found[2], found[3])
    elif (found := _DAY_MONTH.search(text)) and month_of(found[2], months):
        parts = (found[3] or year, str(month_of(found[2], months)), found[1])
    elif (found := _MONTH_DAY.search(text)) and month_of(found[1], months):
        parts = (found[3] or year, str(month_of(found[1], months)), found[2])
    elif (found := _DOTTED_DAY.search(text)) and (found[3] or found[0].count(".") == 2):
        parts = (found[3] or year, found[2], found[1])
    else:
        return None, text
    try:
        day = dt.date(*map(int, parts))
    except ValueError:
        return None, text
    return day, f"{text[: found.start()]} {text[found.end() :]}"
