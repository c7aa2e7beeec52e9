"""Which story an item belongs to, and which item a notice means, when no id says so.

Rules
-----
1. The key of a story is its keyword line without what tells versions and parts apart ("2nd Ld",
   "Writethru", "KILL"), folded. It identifies nothing alone: dpa heads several stories a day with
   one line.
2. A part ("2nd take", "1st Add") continues a story and is no version of it. A writethru stands for
   the story with all its parts.
3. A notice means an item when the keyword line is the same, the day and hour that it tells are those
   of a version, and, where several items are left, when it repeats the headline of one alone.
   Several that are left are none: to take back the wrong one is worse than to ask a person.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from worker.core.domain.document import Entry
from worker.core.knowledge.notices import Notices
from worker.core.lang.normalise import plain
from worker.core.sources.entries import Item

_WORD = re.compile(r"\w+")
_LEAST_WORD_CHARS = 3
_ORDER_CHARS = 40
"""A note so short is an order ("2ND TAKE"); a longer one tells editors what was done."""
_HEADLINE_SHARE = 0.6
"""Of the words of a headline, in a notice that does not print it whole."""
_NUMBERED = re.compile(r"(?P<agency>[\w-]+):(?P<number>\d+):(?P<day>\d{4}-\d\d-\d\d)")
NEAR = dt.timedelta(hours=36)
"""How far apart versions, parts and notices of one story are, when none names a day."""


@dataclass(frozen=True, slots=True)
class Known:
    """An item that was seen: its title, the words of that, and when its first and its newest version
    were made.
    """

    article_id: str
    title: str | None
    first_at: dt.datetime | None
    told_at: dt.datetime | None
    headline: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The text of one part of a story; number 0 is the lead. ``whole``: it stands for all before it."""

    number: int
    title: str | None
    body: str
    told_at: dt.datetime | None
    whole: bool = False


def whole(entry: Entry, parts: Sequence[Part]) -> Entry:
    """The entry with the text of all parts of its story, under the title of the lead."""
    if not parts or entry.part == 0 or entry.body is None:
        return entry
    number = entry.part or 0
    bodies = {part.number: part.body for part in parts} | {number: entry.body}
    lead = next((part.title for part in parts if part.number == 0), None) if number else None
    body = "\n\n".join(bodies[one] for one in sorted(bodies))
    return replace(entry, title=lead or entry.title, body=body)


def completes(entry: Entry, parts: Sequence[Part]) -> bool:
    """Whether an entry brings a part that was missing, however late it is."""
    number = entry.part or 0
    if not parts or any(part.number == number for part in parts):
        return False
    told = [part.told_at for part in parts if part.whole and part.told_at]
    return not told or entry.updated is None or entry.updated > told[0]


def with_story(item: Item, notices: Notices) -> Item:
    """The item with the key of its story, and the part of it that it is."""
    line = item.slugline or ""
    key = folded(notices.expression("versions").sub(" ", line))
    part = item.part
    orders = (note for note in item.notes if len(note) <= _ORDER_CHARS)
    told = (line, *orders) if part is None else ()
    for text in told:
        if found := notices.expression("part").search(text):
            part = int(next(filter(None, found.groups())))
        elif part is None and notices.expression("whole").search(text):
            part = 0
    return replace(item, story=key or None, headline=_headline(item, notices), part=part)


def _headline(item: Item, notices: Notices) -> str | None:
    title = notices.expression("orders").sub("", item.title or "")
    return " ".join(sorted(_words(notices.expression("numbers").sub(" ", title)))) or None


def folded(line: str) -> str:
    """A keyword line as words: case, signs and slashes do not count."""
    return " ".join(_WORD.findall(plain(line)))


def meant(entry: Entry, known: Sequence[Known], text: str) -> str | None:
    """The article that an entry means, of items with the keyword line it names; None: none, or several.

    ``text``: where the headline of the one that is meant may stand.
    """
    sent = entry.withdraws_sent
    if sent is not None:
        known = [one for one in known if _was_sent(one, sent)]
    else:
        known = [one for one in known if _is_near(one, entry.updated or entry.published)]
    articles = {one.article_id for one in known}
    for share in (1.0, _HEADLINE_SHARE) if len(articles) > 1 else ():
        articles = {one.article_id for one in known if _repeats(text, one.title, share)}
        if articles:
            break
    return articles.pop() if len(articles) == 1 else None


def is_same_headline(title: str | None, other: str | None) -> bool:
    """Whether two headlines, as ``Entry.headline`` has them, are of one story: every word of the shorter
    stands in the longer. "Bomb kills four in Portsmere" and "… in Northport" have all words but one.
    """
    shorter, longer = sorted((set((title or "").split()), set((other or "").split())), key=len)
    return bool(shorter) and shorter <= longer


def day_before(identity: str, own: str) -> str | None:
    """The identity with the same number on the day before, when the notice's own number is lower.

    Numbers begin anew each day: item 12 at five past midnight means number 157 of yesterday.
    """
    other, mine = _NUMBERED.fullmatch(identity), _NUMBERED.fullmatch(own)
    if other is None or mine is None or int(mine["number"]) > int(other["number"]):
        return None
    day = dt.date.fromisoformat(other["day"]) - dt.timedelta(days=1)
    return f"{other['agency']}:{other['number']}:{day.isoformat()}"


def _was_sent(one: Known, sent: str) -> bool:
    moments = (one.first_at, one.told_at)
    return any(m.astimezone(dt.UTC).isoformat().startswith(sent) for m in moments if m)


def _is_near(one: Known, moment: dt.datetime | None) -> bool:
    told = one.told_at or one.first_at
    return moment is None or told is None or abs(moment - told) <= NEAR


def _repeats(text: str, title: str | None, share: float) -> bool:
    words = _words(title or "")
    return bool(words) and len(words & _words(text)) >= share * len(words)


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(plain(text)) if len(word) >= _LEAST_WORD_CHARS}
