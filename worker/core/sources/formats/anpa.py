r"""ANPA 1312, the text format of American agencies: AP, Kyodo.

::

    \\x16\\x16\\x01W2870\\x1f_asian             service and number, selector
    u i\\x13\\x11 BC-WM--Blast 1stLd-Writethru   05-08 0310    priority, category, slug, month, day, words
    \\x02^BC-WM--Portsmere Blast, 1st Ld-Writethru,310<
    ^Blast at quayside kills four<            headline
    ^Eds: Updates with toll.<                 notes, photos, bylines: lines with ^ before the text
    ^By ADA LIND=
    \\t   PORTSMERE, Westmark (AP) _ A bomb …   the text, indented
    \\x03AP-WM-05-08-31 1430GMT<

Rules
-----
1. Control characters may be missing; the second line tells the format.
2. The identity is the slug without version and length, and the day: AP sends every version of a story
   under one slug, and a slug means one story a day. "KILL" is no part of the slug. A take or an add
   has its number behind that identity, which it names as the story that it continues.
3. Without an indented text the lines with ``^`` are the text: an alert is its headlines.
4. `` and '' are quotes, a single _ is a dash.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Found, Hint, Item, bounded
from worker.core.sources.head import Head
from worker.core.sources.instant import read_news_instant
from worker.core.sources.wire_status import PRIORITIES
from worker.core.sources.wire_text import lines_of, paragraphs_of, without_controls

_HEADER = re.compile(
    r"[\x00-\x20\x7f\ufeff]{0,40}(?P<service>[A-Za-z]?)(?P<number>\d{3,4})(?P<selector>[^\n]{0,40})\n"
    r"(?P<priority>[A-Za-z]) ?(?P<category>[A-Za-z])[\x10-\x15]? ?[\x10-\x15]? ?(?P<slug>\S[^\n]{0,120}?)"
    r" +(?P<first>\d\d?)-(?P<second>\d\d?)(?: +(?P<words>\d{1,5}))? *(?=\n|$)"
)
_NEXT = re.compile(r"[\x16\x01]{1,4}[A-Za-z]?\d{3,4}[^\n]{0,40}\n[A-Za-z] ?[A-Za-z][\x10-\x15 ]")
_SENT = re.compile(
    r"(?P<agency>[A-Z]{2,4})-[A-Z]{2,4}-(?P<month>\d\d)-(?P<day>\d\d)-(?P<year>\d\d)"
    r" (?P<hour>\d\d)(?P<minute>\d\d) ?(?P<zone>GMT|[ECMP][DS]T)"
)
_KYODO = re.compile(
    r"(?P<agency>KWS)-(?P<hour>\d\d):(?P<minute>\d\d)-(?P<day>\d\d)-(?P<month>\d\d)-(?P<year>\d\d)"
)
_VERSION = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th) ?Ld\b|\b(?:Ld|Writethru)\b", re.IGNORECASE)
_NOT_SLUG = re.compile(
    r",? *\(?\b(?:\d{1,2}(?:st|nd|rd|th) ?(?:Ld|Add|Sub|Take)\b|Ld\b|Writethru|(?:Mandatory |Bulletin )?Kill\b"
    r"|Correct(?:ion|ive)\b|Elimination\b|Withhold\b|Advisory\b|\d{1,5}$).*$",
    re.IGNORECASE | re.DOTALL,
)
_PART = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th) ?(?:Add|Take)\b", re.IGNORECASE)
_LINE_CHARS = 600
_LENGTH = re.compile(r",\s*\d{1,5}\s*$")
_NUMBER = re.compile(r"^\s*\*?\d{4}<\s*\^?")
_NOTE = re.compile(
    r"\(?(?:Eds|EDS|Editors|EDITORS?'S? NOTE|Embargoed|EMBARGOED|HOLD|KILL|Hold for)\b"
)
_BYLINE = re.compile(r"By [^\d]{3,120}$")
_DATELINE = re.compile(r"[A-Z][^\n_—]{1,70}?(?:\(AP\)|\bKyodo\b)")


def matches(head: Head) -> str | None:
    """By the two header lines."""
    if head.kind == "json" or head.text[:1] == "<":
        return None
    return "anpa" if _HEADER.match(head.text[:600].replace("\r", "")) else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The items of one or several messages. Raises ``FeedError`` (no_entries)."""
    text = lines_of(data)
    starts = [m.start() for m in _NEXT.finditer(text)] or [0]
    parts = (text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True))
    some, problem = bounded(parts)
    items = [item for part in some if (item := _item(part, hint)) is not None]
    if not items:
        raise FeedError("no_entries", "an anpa document without items")
    return Found(items, problem)


def _item(text: str, hint: Hint) -> Item | None:
    header = _HEADER.match(text)
    if header is None:
        return None
    inside = text[header.end() :]
    found = _SENT.search(inside) or _KYODO.search(inside)
    sent = _moment(found, hint)
    inside = re.split(
        r"\x03|^[ \t]*(?=[A-Z]{2,4}-[A-Z]{2,4}-\d\d-\d\d-\d\d )",
        inside,
        maxsplit=1,
        flags=re.MULTILINE,
    )[0]
    above, below = _divided(inside)
    heading = _heading(above, _readable(header["slug"]))
    slugline, titles = heading.slugline, heading.titles
    version = _VERSION.search(slugline) or _VERSION.search(header["slug"])
    body = paragraphs_of(_readable_text(below)) or "\n\n".join(titles[1:]) or None
    dateline = _DATELINE.match(body or "")
    identity = _identity(slugline, sent, header, hint)
    part = _PART.search(slugline)
    return Item(
        guid=f"{identity}+{part[1]}" if part and identity else identity,
        part=int(part[1]) if part else None,
        continues=identity if part else None,
        version=(version[1] or "1") if version else "0",
        title=titles[0] if titles else None,
        summary=titles[1] if len(titles) > 1 and body and titles[1] not in body else None,
        body=body or (titles[0] if titles else None),
        published=sent,
        updated=sent,
        urgency=PRIORITIES.get(header["priority"].lower()),
        slugline=slugline.rstrip(", ") or None,
        dateline=dateline[0] if dateline else None,
        byline=heading.byline,
        genre=header["category"].lower(),
        provider={"KWS": "Kyodo"}.get(found["agency"], found["agency"]) if found else None,
        subjects=(f"a1312cat:{header['category'].lower()}",),
        notes=heading.notes,
        plain=True,
    )


@dataclass(frozen=True, slots=True)
class _Heading:
    """The lines above the text by what they are; the first is the slugline."""

    slugline: str
    titles: tuple[str, ...]
    byline: str | None
    notes: tuple[str, ...]


def _heading(above: Sequence[str], slug: str) -> _Heading:
    """The heading of an item. ``slug``: the slugline where there is none."""
    lines = [line for line in (_readable(raw[:_LINE_CHARS]) for raw in above) if line]
    slugline = _LENGTH.sub("", lines.pop(0)) if lines else slug
    notes = tuple(line for line in lines if _NOTE.match(line))
    bylines = [line for line in lines if _BYLINE.match(line)]
    others = (line for line in lines if line not in (*notes, *bylines))
    titles = tuple(line for line in others if not line.startswith("AP Photo"))
    return _Heading(slugline, titles, bylines[0] if bylines else None, notes)


def _divided(inside: str) -> tuple[list[str], str]:
    """Lines of the heading, and the text: it begins at the first indented line."""
    lines = _NUMBER.sub("^", without_controls(inside).lstrip("\n ^")).split("\n")
    for count, one in enumerate(lines):
        if re.match(r"[ \t]{2,}\S|\t", one):
            return [part for line in lines[:count] for part in line.split("< ^")], "\n".join(
                lines[count:]
            )
    return [part for line in lines for part in line.split("< ^")], ""


def _readable(line: str) -> str:
    """A line with typographic signs for AP's, without the marks at its ends."""
    return _typeset(without_controls(line).strip().lstrip("^").rstrip("<=+! "))


def _readable_text(text: str) -> str:
    """Lines of text; one that begins with ``^`` is a paragraph of its own."""
    lines = []
    for raw in text.split("\n"):
        line = raw.rstrip("<= \t")
        lines.append(f"\n    {line[1:]}\n" if line.startswith("^") else line)
    return _typeset("\n".join(lines))


def _typeset(text: str) -> str:
    text = text.replace("``", "\u201c").replace("''", "\u201d")
    return re.sub(r"(?<= )_(?= )", "\u2014", text)


def _identity(
    slugline: str, sent: dt.datetime | None, header: re.Match[str], hint: Hint
) -> str | None:
    slug = _NOT_SLUG.sub("", slugline).strip(" ,;-")
    if sent is not None:
        return f"{slug}:{sent:%Y-%m-%d}"
    if hint.received is None:
        return None
    return f"{slug}:{hint.received:%Y}-{header['first']:>02}-{header['second']:>02}"


def _moment(found: re.Match[str] | None, hint: Hint) -> dt.datetime | None:
    if found is None:
        return None
    zone = f" {found['zone']}" if "zone" in found.re.groupindex else ""
    day = f"20{found['year']}-{found['month']}-{found['day']}"
    return read_news_instant(f"{day}T{found['hour']}:{found['minute']}:00{zone}", hint.default_tz)
