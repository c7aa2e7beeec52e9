"""Keeps a snapshot small enough to publish: 256 KiB of UTF-8, whatever happened; a text, to read.

Rules
-----
1. Of statements the newest per speaker, measure and class, and those that carry a low, best or
   high of a total. All of them are in the reports topic.
2. At most 200 reports and 20 supports a slot; quotes of 300 characters, URLs of 500.
3. If it is still too large, in this order, oldest first: superseded and stale statements, the
   timeline, reports. ``reports_total`` keeps the true count; ``truncated`` names what was cut.
4. Of a text the first 200,000 characters are read, which is a book's chapter and no article. What is
   left out is kept with the article, and counted in the log (``text_cut``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from worker.core.domain.moments import aware
from worker.core.domain.published import joined, keep, parts_of
from worker.core.domain.remembered import WORST_DAY_REPORTS, Remembered
from worker.core.domain.report import Figure, Statement
from worker.core.domain.snapshot import Casualties, Member, Snapshot, Support

MAX_BYTES = 256 * 1024
MAX_REPORTS = 200
MAX_SUPPORTS = 20
MAX_QUOTE = 300
MAX_URL = 500
MAX_TIMELINE = 400
MAX_NAMES = 200
MAX_TEXT_CHARS = 200_000
_RESERVE = 8 * 1024
"""Room for change note and background links, which are set after the caps."""


def cap_snapshot(snapshot: Snapshot) -> Snapshot:
    """The snapshot within all limits."""
    trimmed = _trim(snapshot)
    room = MAX_BYTES - _RESERVE
    while size(trimmed) > room:
        smaller = _shrink(trimmed)
        if smaller == trimmed:
            break
        trimmed = smaller
    return trimmed


def size(snapshot: Snapshot) -> int:
    """Bytes of the snapshot as published."""
    parts = parts_of(snapshot)
    keep(snapshot, parts)
    return len(joined(parts))


def cut(text: str | None, limit: int) -> str | None:
    """A text of at most ``limit`` characters; None stays None."""
    return text if text is None or len(text) <= limit else text[: limit - 1] + "…"


def readable(text: str) -> str:
    """The part of a text that is read: all of it, or what of whole words is within the limit."""
    if len(text) <= MAX_TEXT_CHARS:
        return text
    words = text[:MAX_TEXT_CHARS].rsplit(maxsplit=1)
    return words[0] if len(words) > 1 else text[:MAX_TEXT_CHARS]


def _trim(snapshot: Snapshot) -> Snapshot:
    casualties, reports = snapshot.casualties, snapshot.reports[-MAX_REPORTS:]
    short, victims = _SHORT_CASUALTIES.of(casualties), snapshot.victims[:MAX_NAMES]
    lost = {
        "statements": len(short.statements) < len(casualties.statements),
        "timeline": len(short.timeline) < len(casualties.timeline),
        "reports": len(reports) < len(snapshot.reports),
        "victims": len(victims) < len(snapshot.victims),
    }
    return replace(
        snapshot,
        casualties=short,
        support=_SHORT_SUPPORT.of(snapshot.support),
        reports=tuple(_SHORT_MEMBERS.all(reports)),
        victims=victims,
        truncated=tuple(name for name, cut_off in lost.items() if cut_off),
    )


def keep_short(casualties: Casualties, needed: Sequence[Statement]) -> None:
    """Keep the short form of figures of which it is known what may be in it: of their statements, in
    order, the last of each speaker, measure and class, those that are used, and perhaps others.
    """
    _SHORT_CASUALTIES.keep(casualties, _short_of(casualties, needed))


def _short_casualties(casualties: Casualties) -> Casualties:
    return _short_of(casualties, casualties.statements)


def _short_of(casualties: Casualties, statements: Sequence[Statement]) -> Casualties:
    return replace(
        casualties,
        statements=tuple(map(_short_statement, _needed(casualties, statements))),
        timeline=casualties.timeline[-MAX_TIMELINE:],
    )


_SHORT_CASUALTIES = Remembered(_short_casualties, 64)


def _shrink(snapshot: Snapshot) -> Snapshot:
    """One step smaller: about a fifth off the first part that still has something to give."""
    casualties = snapshot.casualties
    weak = [s for s in casualties.statements if s.status != "used"]
    if weak:
        gone = set(_oldest(weak))
        left = tuple(s for s in casualties.statements if s not in gone)
        return _without(
            replace(snapshot, casualties=replace(casualties, statements=left)), "statements"
        )
    if casualties.timeline:
        left_points = casualties.timeline[_step(len(casualties.timeline)) :]
        return _without(
            replace(snapshot, casualties=replace(casualties, timeline=left_points)), "timeline"
        )
    if len(snapshot.reports) > 1:
        left_reports = snapshot.reports[_step(len(snapshot.reports)) :]
        return _without(replace(snapshot, reports=left_reports), "reports")
    if len(casualties.statements) > 1:
        gone = set(_oldest(casualties.statements))
        left = tuple(s for s in casualties.statements if s not in gone)
        return _without(
            replace(snapshot, casualties=replace(casualties, statements=left)), "statements"
        )
    return snapshot


def _step(count: int) -> int:
    return max(1, count // 5)


def _oldest(statements: Sequence[Statement]) -> list[Statement]:
    ordered = sorted(statements, key=lambda s: (_instant(s.said_at), s.report_id or "", s.id))
    return ordered[: _step(len(ordered))]


def _without(snapshot: Snapshot, name: str) -> Snapshot:
    if name in snapshot.truncated:
        return snapshot
    return replace(snapshot, truncated=(*snapshot.truncated, name))


def _needed(casualties: Casualties, statements: Sequence[Statement]) -> list[Statement]:
    """The newest per speaker, measure and class, and those that carry a bound of a total."""
    newest: dict[tuple[str, str, str], int] = {}
    for k in sorted(range(len(statements)), key=lambda k: said_when(statements[k])):
        s = statements[k]
        newest[s.speaker_id, s.measure, s.victim_class] = k
    totals = {
        "killed": (casualties.killed, casualties.attackers_killed),
        "injured": (casualties.injured, casualties.attackers_injured),
    }
    used = [(k, s) for k, s in enumerate(statements) if s.status == "used"]
    bounds = [k for k, s in used if any(_sets_a_bound(s, f) for f in totals.get(s.measure, ()))]
    return [statements[k] for k in sorted({*bounds, *newest.values()})]


def said_when(statement: Statement) -> tuple[float, str]:
    """When a statement was said, of one moment by report."""
    return _instant(statement.said_at), statement.report_id or ""


def _sets_a_bound(statement: Statement, figure: Figure | None) -> bool:
    if figure is None:
        return False
    bounds = (figure.low, figure.best, figure.high)
    given = (statement.low, statement.value, statement.high)
    return any(a is not None and a == b for a, b in zip(bounds, given, strict=True))


def _short_statement(statement: Statement) -> Statement:
    """A long quote is cut and its span with it: the text at the span is still the quote."""
    speaker = cut(statement.speaker, MAX_QUOTE)
    if len(statement.quote) <= MAX_QUOTE:
        same = speaker == statement.speaker
        return statement if same else replace(statement, speaker=speaker)
    quote = statement.quote[:MAX_QUOTE]
    return replace(statement, quote=quote, end=statement.start + MAX_QUOTE, speaker=speaker)


def _short_support(support: Mapping[str, Sequence[Support]]) -> dict[str, tuple[Support, ...]]:
    return {slot: tuple(map(_short_span, s[:MAX_SUPPORTS])) for slot, s in sorted(support.items())}


_SHORT_SUPPORT = Remembered(_short_support, 64)


def _short_span(support: Support) -> Support:
    if support.quote is None or support.start is None or len(support.quote) <= MAX_QUOTE:
        return support
    return replace(support, quote=support.quote[:MAX_QUOTE], end=support.start + MAX_QUOTE)


def _short_member(member: Member) -> Member:
    url, title = cut(member.url, MAX_URL), cut(member.title, MAX_QUOTE)
    if url == member.url and title == member.title:
        return member
    return replace(member, url=url, title=title)


_SHORT_MEMBERS = Remembered(_short_member, 2 * WORST_DAY_REPORTS)


def _instant(moment: dt.datetime | None) -> float:
    if moment is None:
        return 0.0
    return aware(moment).timestamp()
