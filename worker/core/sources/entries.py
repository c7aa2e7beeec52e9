"""From what a format module found to entries: identity, content hash, believable dates.

Rules
-----
1. Identity is layered and never empty: the publisher's id, else the link, else the content. An id
   that several different items of one document share identifies none of them.
   Versions of one item of a wire are one entry: the newest.
2. ``content_hash`` leaves dates out: feeds rewrite dates without any change (BBC, 2026). The end of
   an embargo is no date of publication: when it moves, the entry has changed.
3. A date is believed between ten years before and a day after the document arrived; feedparser
   reads seconds since 1970 as the year 1557 and Solar Hijri years as Gregorian ones.
4. A relative link counts from where the document was found. Blanks in a link are ``%20``; line breaks
   are none of it, as browsers have it.
5. A link that stands for several different items (a home page) is the link of none of them.

Format modules yield ``Item``; none of them knows another, all of them know this module.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from worker.core.domain.document import Entry
from worker.core.domain.vocabulary import EntryStatus
from worker.core.sources.instant import EARLIEST, LATEST
from worker.core.text.markup import clean, text_of

MAX_ENTRIES = 1000
"""Of one document; the newest are kept and ``Parsed.problem`` says ``too_many``."""

MAX_ITEMS = 2 * MAX_ENTRIES
"""What a format module makes of one document, however many items stand in it: each costs time."""
_T = TypeVar("_T")

_TITLE, _ID, _URL, _NAME, _VERSION = 500, 1000, 2000, 200, 100
_SUMMARY, _BODY, _NOTE = 20_000, 1_000_000, 2000
_CODE, _CODES, _NOTES = 100, 200, 50
LINE_BREAKS = re.compile(r"[\t\r\n]+ *")
"""What is none of an address, with the blanks that indent its next line."""
_YEARS_BACK, _HOURS_AHEAD = 10, 24
_SHARED_BY = 3


@dataclass(frozen=True, slots=True)
class Hint:
    """What is known of a document before it is parsed.

    ``url``: the address as configured; ``base``: the one where it was found, after redirects.
    ``received``: when it arrived, the clock that dates are judged by; None judges by the calendar.
    ``full_text``: the feed is known to carry whole articles.
    ``months``: numbers of months by the beginnings of their names in the languages of agencies.
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
    base: str | None = None
    months: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Identity:
    """What an item of a document is known by, before the others of it are looked at. ``lasting``: read
    again tomorrow, it would mean the same.
    """

    guid: str | None
    link: str | None
    published: dt.datetime | None
    lasting: bool


@dataclass(frozen=True, slots=True)
class Parsed:
    """The entries of a document. ``problem``: truncated, ill_formed, encoding, too_many, or None.

    ``next_hint_s``: how long the publisher asks to wait before the next poll, in seconds. ``follow``:
    the documents that hold the entries, when this one is an index of them; the newest first.
    ``identities``: of all items, in the order of the document. ``known``: items that were left out,
    because nothing of them has changed (``unseen``).
    """

    format: str
    entries: tuple[Entry, ...]
    problem: str | None = None
    next_hint_s: float | None = None
    follow: tuple[str, ...] = ()
    identities: tuple[Identity, ...] = ()
    known: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One item as a format module found it: strings as printed, markup and all.

    ``guid``: the publisher's id, of a wire without the version. ``title``, ``summary``, ``body``,
    ``outlet`` may be HTML; a format of plain text passes them through ``html.escape``.
    ``published``: of the first version; ``updated``: of this one. ``version``: as printed, set by
    formats that send one item several times. ``status``: what the agency says has to be done with it;
    ``kill`` and ``hold`` may come without any text. ``embargo_until``: while it
    is to come, the status is ``embargo``; None with status ``embargo`` is held until another version
    releases it. ``withdraws``: the ``guid`` of *another* item that this one
    kills; ``story``, ``headline``, ``part``, ``continues``: as in ``Entry``. ``urgency``: 1 (flash) to 9; anything else is none. ``plain``: the texts are plain text,
    paragraphs divided by an empty line, and nothing in them is markup. ``notes``: what the agency tells
    editors. ``slugline``, ``dateline``, ``byline``, ``genre``, ``located``, ``provider`` (the agency
    credited) and ``subjects`` (``prefix:code``) are plain text always.
    """

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
    embargo_until: dt.datetime | None = None
    withdraws: str | None = None
    withdraws_slugline: str | None = None
    withdraws_sent: str | None = None
    urgency: int | None = None
    slugline: str | None = None
    story: str | None = None
    headline: str | None = None
    part: int | None = None
    continues: str | None = None
    dateline: str | None = None
    byline: str | None = None
    genre: str | None = None
    located: str | None = None
    provider: str | None = None
    subjects: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a format module made of a document. ``follow``: of an index, what it lists."""

    items: Sequence[Item]
    problem: str | None = None
    next_hint_s: float | None = None
    lang: str | None = None
    follow: Sequence[str] = ()


def bounded(found: Iterable[_T]) -> tuple[list[_T], str | None]:
    """The first ``MAX_ITEMS`` of what a document holds, and ``too_many`` when there are more."""
    some = list(islice(found, MAX_ITEMS + 1))
    return some[:MAX_ITEMS], "too_many" if len(some) > MAX_ITEMS else None


def build(
    format_name: str,
    found: Found,
    hint: Hint,
    orders: Callable[[Item], Item] = lambda item: item,
) -> Parsed:
    """The entries of ``found``, in its order; doubles within the document are left out.

    ``orders``: adds to an item, markup gone, what its own words order.
    """
    items, cut = _newest([orders(_plain(item, hint)) for item in found.items])
    identities = tuple(map(_identity, items))
    items = _without_shared_links(items)
    guids = _ambiguous(items)
    entries: dict[str, Entry] = {}
    for item in items:
        _add(entries, _entry(item, format_name, found, hint, guids))
    problem = found.problem or ("too_many" if cut else None)
    links = (_absolute(link, hint.url) for link in found.follow)
    follow = tuple(dict.fromkeys(link for link in links if link))
    kept = tuple(entries.values())
    return Parsed(format_name, kept, problem, found.next_hint_s, follow, identities)


def _identity(item: Item) -> Identity:
    lasting = item.status in ("new", "update") and item.embargo_until is None
    return Identity(item.guid, item.link, item.published, lasting)


def _add(entries: dict[str, Entry], entry: Entry) -> None:
    """Keep an entry beside those of the same document."""
    other = entries.setdefault(entry.id, entry)
    if entry.version is not None and other.version is not None:
        entries[entry.id] = max(other, entry, key=_age)
    elif other.content_hash != entry.content_hash:
        entry = replace(entry, id=f"{entry.id}#{entry.content_hash[:16]}")
        entries.setdefault(entry.id, entry)


def _age(entry: Entry) -> tuple[dt.datetime, int]:
    """Orders versions: by time first, because Reuters' numbers are no 1, 2, 3."""
    number = (entry.version or "").rpartition(".")[2]
    counted = int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else 0
    return entry.updated or entry.published or EARLIEST, counted


def _believable(moment: dt.datetime | None, hint: Hint) -> dt.datetime | None:
    if moment is None or not EARLIEST <= moment < LATEST:
        return None
    if hint.received is not None:
        earliest = hint.received - dt.timedelta(days=365.25 * _YEARS_BACK)
        if not earliest <= moment <= hint.received + dt.timedelta(hours=_HOURS_AHEAD):
            return None
    return moment


def _plain(item: Item, hint: Hint) -> Item:
    """The item with text for markup, absolute link, believable dates; empty strings are None."""
    text = clean if item.plain else text_of
    return replace(
        item,
        guid=_short(clean(item.guid or "").strip(), _ID),
        link=_absolute(item.link, hint.base or hint.url),
        title=_name(text(item.title or ""), _TITLE),
        summary=text(item.summary or "")[:_SUMMARY].strip() or None,
        body=text(item.body or "")[:_BODY].strip() or None,
        published=_believable(item.published, hint),
        updated=_believable(item.updated, hint),
        lang=_short(clean(item.lang or "").strip().lower(), 35),
        outlet=_name(text(item.outlet or ""), _NAME),
        version=_short(clean(item.version or "").strip(), _VERSION),
        withdraws=_short(clean(item.withdraws or "").strip(), _ID),
        urgency=item.urgency if item.urgency in range(1, 10) else None,
        slugline=_name(clean(item.slugline or ""), _TITLE),
        dateline=_name(clean(item.dateline or ""), _NAME),
        byline=_name(clean(item.byline or ""), _NAME),
        genre=_name(clean(item.genre or ""), _NAME),
        located=_name(clean(item.located or ""), _NAME),
        provider=_name(clean(item.provider or ""), _NAME),
        subjects=tuple(clean(code)[:_CODE] for code in item.subjects[:_CODES]),
        notes=tuple(filter(None, (clean(note).strip() for note in item.notes[:_NOTES]))),
    )


def _name(text: str, limit: int) -> str | None:
    """A text on one line."""
    return " ".join(text.split())[:limit].rstrip() or None


def _short(text: str, limit: int) -> str | None:
    if len(text) > limit:
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return text or None


def _absolute(link: str | None, base: str | None) -> str | None:
    """The link as an http(s) address, or None."""
    link = LINE_BREAKS.sub("", clean(link or "")).strip()
    link = "".join("%20" if c.isspace() else c for c in link)
    if not link or len(link) > _URL:
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
    oldest = EARLIEST
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
    item = _held(item, hint)
    digest = content_hash(item)
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
        embargo_until=item.embargo_until,
        withdraws=item.withdraws,
        withdraws_slugline=item.withdraws_slugline,
        withdraws_sent=item.withdraws_sent,
        urgency=item.urgency,
        slugline=item.slugline,
        story=item.story,
        headline=item.headline,
        part=item.part,
        continues=item.continues,
        dateline=item.dateline,
        byline=item.byline,
        genre=item.genre,
        located=item.located,
        provider=item.provider,
        subjects=item.subjects,
        note="\n".join(item.notes)[:_NOTE] or None,
        content_hash=digest,
    )


def _held(item: Item, hint: Hint) -> Item:
    """The item with status ``embargo`` while its embargo lasts, and with its own status afterwards."""
    until = item.embargo_until
    if until is None or item.status in ("kill", "hold"):
        return item
    seen = hint.received or item.updated or item.published
    over = seen is not None and until <= seen
    if over:
        return replace(item, status="new") if item.status == "embargo" else item
    return replace(item, status="embargo")


def content_hash(item: Item) -> str:
    """SHA-256 over what an item says and what is to be done with it; blanks do not count."""
    said = [item.title, item.summary, item.body, item.status]
    if item.withdraws or item.embargo_until:
        until = item.embargo_until.astimezone(dt.UTC).isoformat() if item.embargo_until else ""
        said += [item.withdraws, until]
    parts = (" ".join((part or "").split()) for part in said)
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()
