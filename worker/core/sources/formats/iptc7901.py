r"""IPTC 7901, the text format of European agencies: dpa, ATS and others.

::

    \\x01eca0003 3 i 380  dpa 0045        source, number, priority, category, words, agency's number

    Westmark/explosion/                  keywords
    \\x02REFILE                           orders, each on a line of its own
    1ST LEAD
    Blast at quayside kills four
    By Ada Lind, dpa =                   the last line of the heading ends with =

    Portsmere (dpa) - A bomb …
    \\x03081430 GMT May 31                 day, time, month, year

Rules
-----
1. Control characters may be missing, and CR LF too. The encoding is UTF-8 or Latin-1.
2. The identity is agency, number and day: notices say "kill item dpa 157". Keywords do not identify:
   one line of them heads several stories a day.
3. Months are printed in the agency's language; three letters tell all of them apart.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from worker.core.domain.errors import FeedError
from worker.core.knowledge.notices import month_of
from worker.core.sources.entries import Found, Hint, Item, bounded
from worker.core.sources.head import Head
from worker.core.sources.instant import read_news_instant
from worker.core.sources.wire_text import lines_of, numbered_id, paragraphs_of

_HEADER = re.compile(
    r"[\x00-\x20\x7f\ufeff]{0,40}(?P<source>[A-Za-z]{2,4})(?P<number>\d{2,6}) {1,4}(?P<urgency>[1-9])"
    r" {1,4}(?P<category>[A-Za-z]{1,4}) {1,4}(?P<words>\d{1,5})\b(?P<rest>[^\r\n]{0,80})"
)
_SERVICE = re.compile(r"(?P<agency>[a-z][a-z-]{1,11}) +(?P<number>\d{1,6})\s*$", re.IGNORECASE)
_TRAILER = re.compile(
    r"(?:\x03|^)[ \t]*(\d\d)(\d\d)(\d\d) *(?:GMT|UTC|Z)? *([^\W\d_]{3,9})\.? *(?:20)?(\d\d)\s*$",
    re.MULTILINE,
)
_BYLINE = re.compile(r"(?:By|Von|Par|Por|Di) \S")
_DATELINE = re.compile(r"[^\n.]{2,60}?\([^()\n]{2,30}\)")
_CODES = re.compile(r"[a-z]{2,4}(?: [a-z0-9]{2,4}){1,6}\s*$")


@dataclass(frozen=True, slots=True)
class _Heading:
    """What stands between header and text, line by line."""

    keywords: str | None
    orders: tuple[str, ...]
    title: str | None
    byline: str | None


def matches(head: Head) -> str | None:
    """By the header line."""
    return "iptc7901" if head.kind != "json" and _HEADER.match(head.text) else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The items; messages that follow one another begin with SOH. Raises ``FeedError`` (no_entries)."""
    text = lines_of(data)
    starts = [m.start() for m in re.finditer(r"\x01(?=[A-Za-z]{2,4}\d{2,6} )", text)] or [0]
    parts = (text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True))
    some, problem = bounded(parts)
    items = [item for part in some if (item := _item(part, hint)) is not None]
    if not items:
        raise FeedError("no_entries", "an iptc7901 document without items")
    return Found(items, problem)


def _item(text: str, hint: Hint) -> Item | None:
    header = _HEADER.match(text)
    if header is None:
        return None
    trailer = next(reversed(list(_TRAILER.finditer(text, header.end()))), None)
    sent = _moment(trailer, hint)
    inside = text[header.end() : trailer.start() if trailer else len(text)]
    above, below = _divided(inside)
    heading = _heading(above)
    body = paragraphs_of(below)
    dateline = _DATELINE.match(body or "")
    agency, number = _service(header)
    return Item(
        guid=_identity(agency, number, sent, hint),
        title=heading.title,
        body=body,
        published=sent,
        updated=sent,
        urgency=int(header["urgency"]),
        slugline=heading.keywords,
        dateline=dateline[0] if dateline else None,
        byline=heading.byline,
        genre=header["category"],
        provider=agency,
        notes=heading.orders,
        plain=True,
    )


def _service(header: re.Match[str]) -> tuple[str, str]:
    found = _SERVICE.search(header["rest"])
    pair = (found["agency"], found["number"]) if found else (header["source"], header["number"])
    return pair[0].lower(), pair[1]


def _identity(agency: str, number: str, sent: dt.datetime | None, hint: Hint) -> str | None:
    day = sent or hint.received
    return numbered_id(agency, number, day) if day else None


def _moment(trailer: re.Match[str] | None, hint: Hint) -> dt.datetime | None:
    month = month_of(trailer[4], hint.months) if trailer else None
    if trailer is None or month is None:
        return None
    day, hour, minute, year = trailer[1], trailer[2], trailer[3], trailer[5]
    zone = "Z" if re.search("GMT|UTC|Z", trailer[0]) else ""
    return read_news_instant(
        f"20{year}-{month:02d}-{day}T{hour}:{minute}:00{zone}", hint.default_tz
    )


def _divided(inside: str) -> tuple[str, str]:
    """Heading and text: the heading's last line ends with ``=``; without one it is the first block."""
    end = re.search(r"=[ \t]*\r?\n", inside[:4000])
    if end:
        return inside[: end.start()], inside[end.end() :]
    begin = max(inside.find("\x02"), 0)
    block = re.search(r"\S[^\n]*\n[ \t\r]*\n", inside[begin:4000])
    cut = begin + block.end() if block else len(inside)
    return inside[:cut], inside[cut:]


def _heading(above: str) -> _Heading:
    before, _, after = above.partition("\x02") if "\x02" in above else _keywords_first(above)
    keywords = " ".join(before.split()) or None
    lines = [" ".join(one.split()) for one in after.splitlines() if one.strip()]
    orders: list[str] = []
    while len(lines) > 1 and _is_order(lines[0]):
        orders.append(lines.pop(0))
    byline = lines.pop() if len(lines) > 1 and _BYLINE.match(lines[-1]) else None
    return _Heading(keywords, tuple(orders), " ".join(lines) or None, byline)


def _keywords_first(above: str) -> tuple[str, str, str]:
    """Without STX: the lines with slashes at an end are keywords."""
    lines = above.strip().splitlines()
    count = 0
    while count < len(lines) and (lines[count].strip().endswith("/") or not lines[count].strip()):
        count += 1
    return "\n".join(lines[:count]), "\x02", "\n".join(lines[count:])


def _is_order(one: str) -> bool:
    """Short, and in capitals or brackets: REFILE, 1ST LEAD, (Eil)."""
    bracketed = one.startswith("(") and one.endswith(")")
    return len(one) <= 40 and (bracketed or (one.isupper() and len(one.split()) <= 4))
