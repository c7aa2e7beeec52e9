"""From what a format module found to entries: identity, content hash, believable dates.

Rules
-----
1. Identity is layered and never empty: the publisher's id, else the link, else the content. An id
   that several different items of one document share identifies none of them.
2. ``content_hash`` leaves dates out: feeds rewrite dates without any change (BBC, 2026).
3. A date is believed between ten years before and a day after the document arrived; feedparser
   reads seconds since 1970 as the year 1557 and Solar Hijri years as Gregorian ones.
4. A link that stands for several different items (a home page) is the link of none of them.

Format modules yield ``Item``; none of them knows another, all of them know this module.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil import parser as dates

from worker.core.domain.document import Entry
from worker.core.domain.vocabulary import EntryStatus
from worker.core.text.markup import clean, one_line, text_of

MAX_ENTRIES = 1000
"""Of one document; the newest are kept and ``Parsed.problem`` says ``too_many``."""

_TITLE, _ID, _URL, _NAME = 500, 1000, 2000, 200
_SUMMARY, _BODY = 20_000, 1_000_000
_YEARS_BACK, _HOURS_AHEAD = 10, 24
_SHARED_BY = 3
_TWO_DEFAULTS = (dt.datetime(1999, 1, 1), dt.datetime(2003, 3, 5))  # noqa: DTZ001 - a probe
_EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
_LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
_ISO_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?)?(Z|[+-]\d\d:?\d\d)?$")


@dataclass(frozen=True, slots=True)
class Hint:
    """What is known of a document before it is parsed.

    ``url``: the address as configured, not as redirected (relative ids must not move).
    ``received``: when it arrived, the clock that dates are judged by; None judges by the calendar.
    ``full_text``: the feed is known to carry whole articles.
    """

    feed: str = ""
    url: str | None = None
    content_type: str | None = None
    kind: str = "auto"
    default_tz: str | None = None
    lang: str | None = None
    outlet: str | None = None
    received: dt.datetime | None = None
    full_text: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """The entries of a document. ``problem``: truncated, ill_formed, encoding, too_many, or None.

    ``next_hint_s``: how long the publisher asks to wait before the next poll, in seconds.
    """

    format: str
    entries: tuple[Entry, ...]
    problem: str | None = None
    next_hint_s: float | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One item as a format module found it: strings as printed, markup and all."""

    guid: str | None = None
    link: str | None = None
    title: str | None = None
    summary: str | None = None
    body: str | None = None
    published: dt.datetime | None = None
    updated: dt.datetime | None = None
    lang: str | None = None
    outlet: str | None = None
    version: str | None = None
    status: EntryStatus = "new"


@dataclass(frozen=True, slots=True)
class Found:
    """What a format module made of a document."""

    items: Sequence[Item]
    problem: str | None = None
    next_hint_s: float | None = None
    lang: str | None = None


def build(format_name: str, found: Found, hint: Hint) -> Parsed:
    """The entries of ``found``, in its order; doubles within the document are left out."""
    items, cut = _newest([_plain(item, hint) for item in found.items])
    items = _without_shared_links(items)
    guids = _ambiguous(items)
    entries: dict[str, Entry] = {}
    for item in items:
        entry = _entry(item, format_name, found, hint, guids)
        if entries.get(entry.id, entry).content_hash != entry.content_hash:
            entry = replace(entry, id=f"{entry.id}#{entry.content_hash[:16]}")
        entries.setdefault(entry.id, entry)
    problem = found.problem or ("too_many" if cut else None)
    return Parsed(format_name, tuple(entries.values()), problem, found.next_hint_s)


def instant(value: str | None, default_tz: str | None = None) -> dt.datetime | None:
    """A printed date as an aware instant; without an offset it is local in ``default_tz``, else UTC.

    None when it is no definite day, or no year between 1990 and 2100.
    """
    if not value or not 5 < len(value.strip()) < 100:
        return None
    try:
        found = _parsed(value.strip())
        if found is not None and found.tzinfo is None:
            found = found.replace(tzinfo=_zone(default_tz))
        return found if found is not None and _EARLIEST <= found < _LATEST else None
    except (ValueError, OverflowError, TypeError, AttributeError, IndexError):
        return None


def _parsed(text: str) -> dt.datetime | None:
    basic = _ISO_BASIC.match(text)
    if basic:
        year, month, day, hour, minute, second, zone = basic.groups()
        clock = f"T{hour}:{minute}:{second or '00'}{zone or ''}" if hour else ""
        return dt.datetime.fromisoformat(f"{year}-{month}-{day}{clock}")
    for read in (dt.datetime.fromisoformat, email.utils.parsedate_to_datetime):
        try:
            return read(text)
        except (ValueError, TypeError, IndexError):
            continue
    if not re.search(r"[0-9]", text):
        return None
    first, second_try = (dates.parse(text, default=default) for default in _TWO_DEFAULTS)
    return first if first == second_try else None


def _zone(name: str | None) -> dt.tzinfo:
    if not name:
        return dt.UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return dt.UTC


def _believable(moment: dt.datetime | None, hint: Hint) -> dt.datetime | None:
    if moment is None or not _EARLIEST <= moment < _LATEST:
        return None
    if hint.received is not None:
        earliest = hint.received - dt.timedelta(days=365.25 * _YEARS_BACK)
        if not earliest <= moment <= hint.received + dt.timedelta(hours=_HOURS_AHEAD):
            return None
    return moment


def _plain(item: Item, hint: Hint) -> Item:
    """The item with text for markup, absolute link, believable dates; empty strings are None."""
    return replace(
        item,
        guid=_short(clean(item.guid or "").strip(), _ID),
        link=_absolute(item.link, hint.url),
        title=one_line(item.title or "")[:_TITLE] or None,
        summary=text_of(item.summary or "")[:_SUMMARY] or None,
        body=text_of(item.body or "")[:_BODY] or None,
        published=_believable(item.published, hint),
        updated=_believable(item.updated, hint),
        lang=_short(clean(item.lang or "").strip().lower(), 35),
        outlet=one_line(item.outlet or "")[:_NAME] or None,
    )


def _short(text: str, limit: int) -> str | None:
    if len(text) > limit:
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return text or None


def _absolute(link: str | None, base: str | None) -> str | None:
    """The link as an http(s) address, or None."""
    link = clean(link or "").strip()
    if not link or len(link) > _URL or any(c.isspace() for c in link):
        return None
    try:
        joined = urljoin(base or "", link)
        parts = urlsplit(joined)
    except ValueError:
        return None
    return joined if parts.scheme in ("http", "https") and parts.hostname else None


def _newest(items: list[Item]) -> tuple[list[Item], bool]:
    if len(items) <= MAX_ENTRIES:
        return items, False
    oldest = _EARLIEST
    order = sorted(
        range(len(items)), key=lambda k: items[k].updated or items[k].published or oldest
    )
    kept = sorted(order[-MAX_ENTRIES:]) if any(i.published for i in items) else range(MAX_ENTRIES)
    return [items[k] for k in kept], True


def _without_shared_links(items: Sequence[Item]) -> list[Item]:
    titles: dict[str, set[str | None]] = {}
    for item in items:
        if item.link:
            titles.setdefault(item.link, set()).add(item.title)
    shared = {link for link, found in titles.items() if len(found) >= _SHARED_BY}
    return [replace(i, link=None) if i.link in shared else i for i in items]


def _ambiguous(items: Iterable[Item]) -> frozenset[str]:
    """Ids that different links share: they identify nothing."""
    pairs = {(i.guid, i.link) for i in items if i.guid and i.link}
    counts = Counter(guid for guid, _ in pairs)
    return frozenset(guid for guid, n in counts.items() if n > 1 and guid is not None)


def _entry(
    item: Item, format_name: str, found: Found, hint: Hint, ambiguous: frozenset[str]
) -> Entry:
    guid = None if item.guid in ambiguous else item.guid
    digest = content_hash(item.title, item.summary, item.body, item.status)
    return Entry(
        feed=hint.feed,
        id=guid or item.link or f"content:{digest[:32]}",
        format=format_name,
        version=item.version,
        title=item.title,
        summary=item.summary,
        body=item.body,
        url=item.link,
        published=item.published,
        updated=item.updated,
        lang=item.lang or hint.lang or found.lang,
        outlet=hint.outlet or item.outlet,
        status=item.status,
        content_hash=digest,
    )


def content_hash(
    title: str | None, summary: str | None, body: str | None, status: EntryStatus
) -> str:
    """SHA-256 over what an entry says; blanks do not count."""
    parts = (" ".join((part or "").split()) for part in (title, summary, body, status))
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()
