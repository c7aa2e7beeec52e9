"""Cuts a sentence into clauses, each of which reports one attack, or none.

Rules
-----
1. A clause is ``plain`` unless a sign says otherwise: a date that is not the main attack's, or a
   phrase of the lexicon (``background_cue``, ``aggregate_cue``, ``threat_cue``, ``separate_cue``).
2. What stands before a sign stays plain only if it holds something fresh: the main attack's date,
   or a definite trigger ("The blast comes two weeks after | gunmen stormed …").
3. A sign without a trigger or harm beside it makes the clause ``aside``: no attack's clause.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from worker.core.annotate.dates import DateMention
from worker.core.domain.report import IncidentDate
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range, starting_in
from worker.core.text.prose import Prose, Sentence

ClauseKind = Literal["plain", "background", "aggregate", "threat", "separate", "aside"]

_SIGNS: tuple[tuple[str, ClauseKind], ...] = (
    ("background_cue", "background"),
    ("aggregate_cue", "aggregate"),
    ("threat_cue", "threat"),
    ("separate_cue", "separate"),
)
_STRENGTH: dict[ClauseKind, int] = {
    "background": 4, "separate": 3, "aggregate": 2, "threat": 1, "plain": 0, "aside": 0,
}  # fmt: skip
_BEFORE_CHARS = 48
_MOST_SIGNS = 12
"""A sentence turns a few times at most; a page that is one endless sentence must not be costly."""
_COMMA = re.compile(r"[,;:]\s|\s-\s")


@dataclass(frozen=True, slots=True)
class Trigger(Range):
    """A word that tells of an attack, with its GTD type; ``weak`` ones prove it only alone."""

    type: str
    weak: bool
    definite: bool
    indefinite: bool


@dataclass(frozen=True, slots=True)
class Clause(Range):
    """A stretch of one sentence that tells of one thing; ``date`` is the sign's, if it is one."""

    sentence: int
    kind: ClauseKind
    triggers: tuple[Trigger, ...]
    harm: bool
    date: DateMention | None = None


@dataclass(frozen=True, slots=True)
class _Sign(Range):
    kind: ClauseKind
    date: DateMention | None = None


def find_triggers(text: str, at: Range, lexicon: Lexicon) -> tuple[Trigger, ...]:
    """All attack words of a stretch."""
    out = []
    for found, value in lexicon.table("attack_type").find(text, at.start, at.end):
        before = text[max(at.start, found.start() - _BEFORE_CHARS) : found.start()]
        out.append(
            Trigger(
                found.start(),
                found.end(),
                value.rstrip("?"),
                value.endswith("?"),
                is_opened_by(lexicon, "definite", before),
                is_opened_by(lexicon, "indefinite", before),
            )
        )
    return tuple(out)


def is_opened_by(lexicon: Lexicon, category: str, before: str) -> bool:
    """Whether a word of the category opens the noun phrase that ends ``before``."""
    pattern = lexicon.patterns[category]
    if pattern is None:
        return False
    heads = [m.end() for m in pattern.finditer(before)]
    return any(re.fullmatch(r"\s(?:[\w'-]+\s){0,3}", before[end:]) for end in heads[-2:])


def split_clauses(
    prose: Prose,
    sentence: Sentence,
    lexicon: Lexicon,
    dates: tuple[DateMention, ...],
    main: IncidentDate,
) -> tuple[Clause, ...]:
    """The clauses of a sentence, in order, covering it."""
    signs = _signs(prose, sentence, lexicon, dates, main)
    edges: list[tuple[int, _Sign | None]] = [(sentence.start, None)]
    for sign in signs:
        if edges[-1][1] is None:
            opened = _opening(prose, sentence, lexicon, sign, edges[-1][0], dates, main)
        else:
            opened = _boundary(prose, lexicon, sign, edges[-1][0])
        if opened <= edges[-1][0]:
            if _stronger(sign, edges[-1][1]):
                edges[-1] = (edges[-1][0], sign)
        elif _stronger(sign, edges[-1][1]) or edges[-1][1] is None:
            edges.append((opened, sign))
        resumed = _resumed(prose, sentence, lexicon, sign, dates, main)
        if resumed is not None and edges[-1][1] is sign:
            edges.append((resumed, None))
    ends = [start for start, _ in edges[1:]] + [sentence.end]
    return tuple(
        _clause(prose, sentence, lexicon, Range(start, end), sign)
        for (start, sign), end in zip(edges, ends, strict=True)
        if end > start
    )


def _stronger(sign: _Sign, other: _Sign | None) -> bool:
    return other is None or _STRENGTH[sign.kind] > _STRENGTH[other.kind]


def _clause(
    prose: Prose, sentence: Sentence, lexicon: Lexicon, at: Range, sign: _Sign | None
) -> Clause:
    triggers = find_triggers(prose.text, at, lexicon)
    harm = lexicon.first("harm", prose.text, at.start, at.end) is not None
    kind: ClauseKind = sign.kind if sign is not None else "plain"
    if kind == "background" and _is_plural(prose, lexicon, at, sign, triggers):
        kind = "aggregate"
    if sign is not None and kind != "threat" and not triggers and not harm:
        kind = "aside"
    date = sign.date if sign is not None else None
    return Clause(at.start, at.end, sentence.index, kind, triggers, harm, date)


def _is_plural(
    prose: Prose,
    lexicon: Lexicon,
    at: Range,
    sign: _Sign | None,
    triggers: tuple[Trigger, ...],
) -> bool:
    """Whether a vaguely dated clause counts attacks together: "In 2013 … in 10 attacks"."""
    vague = sign is None or sign.date is None or sign.date.precision in ("year", "month")
    if not triggers:  # "1,600 civilians were killed in 2018": a count of a year, no attack
        return vague and sign is not None and sign.date is not None
    plurals = [Range.of(m) for m in lexicon.find("plural_event", prose.text, at.start, at.end)]
    singular = [
        t for t in triggers if not any(p.holds(t.start) or p.holds(t.end - 1) for p in plurals)
    ]
    return vague and bool(plurals) and not singular


def _signs(
    prose: Prose,
    sentence: Sentence,
    lexicon: Lexicon,
    dates: tuple[DateMention, ...],
    main: IncidentDate,
) -> list[_Sign]:
    """Dates and phrases that turn away from the main attack, by position."""
    here = starting_in(dates, sentence)
    out = [
        _Sign(d.start, d.end, "background", d)
        for d in here
        if is_foreign(d, main) or _is_day_before(prose, sentence, lexicon, d, main)
    ]
    if sentence.zone != "title":
        for category, kind in _SIGNS:
            for m in lexicon.find(category, prose.text, sentence.start, sentence.end):
                if not any(s.holds(m.start()) for s in out):
                    out.append(_Sign(m.start(), m.end(), kind))
    else:
        found = lexicon.first("threat_cue", prose.text, sentence.start, sentence.end)
        out += [_Sign(found.start(), found.end(), "threat")] if found else []
    return sorted(out, key=lambda s: (s.start, -_STRENGTH[s.kind]))[:_MOST_SIGNS]


def _is_day_before(
    prose: Prose, sentence: Sentence, lexicon: Lexicon, mention: DateMention, main: IncidentDate
) -> bool:
    """Whether a sentence tells a new attack of the day before: "On Tuesday a bomb killed five."

    One day is also what clocks and long nights differ by, so "the attack began on Tuesday" and
    headlines are not meant.
    """
    if main.start is None or main.basis not in ("weekday", "stated") or sentence.zone != "body":
        return False
    if mention.precision != "day" or mention.last != main.start - dt.timedelta(days=1):
        return False
    triggers = find_triggers(prose.text, sentence, lexicon)
    return any(t.indefinite for t in triggers) and not any(t.definite for t in triggers)


def is_foreign(mention: DateMention, main: IncidentDate) -> bool:
    """Whether a date is too early to be the main attack's: more than a day before it."""
    if main.start is None:
        return False
    return mention.last < main.start - dt.timedelta(days=1) or (
        mention.anaphoric and mention.last < main.start
    )


def _is_fresh(
    prose: Prose,
    lexicon: Lexicon,
    at: Range,
    dates: tuple[DateMention, ...],
    main: IncidentDate,
) -> bool:
    """Whether a stretch speaks of the main attack: its day, or "the attack"."""
    if any(
        at.holds(d.start) and main.start and main.end and d.meets(main.start, main.end)
        and d.precision in ("day", "days")
        for d in dates
    ):  # fmt: skip
        return True
    return any(t.definite for t in find_triggers(prose.text, at, lexicon))


def _opening(
    prose: Prose,
    sentence: Sentence,
    lexicon: Lexicon,
    sign: _Sign,
    floor: int,
    dates: tuple[DateMention, ...],
    main: IncidentDate,
) -> int:
    """Where the clause of a sign begins, not before ``floor``."""
    boundary = _boundary(prose, lexicon, sign, floor)
    before = Range(floor, boundary)
    main_lead = sentence.zone in ("title", "lead") and (
        bool(find_triggers(prose.text, before, lexicon))
        or lexicon.first("harm", prose.text, floor, boundary) is not None
    )
    if main_lead or _is_fresh(prose, lexicon, before, dates, main):
        return boundary
    return floor


def _boundary(prose: Prose, lexicon: Lexicon, sign: _Sign, floor: int) -> int:
    """The start of the clause that a sign stands in or opens."""
    if sign.date is not None and sign.date.anaphoric and _leads_clause(prose, lexicon, sign):
        return sign.end
    if sign.kind == "threat":
        triggers = find_triggers(prose.text, Range(floor, sign.start), lexicon)
        if triggers:  # "A strike | prevented another attack": the strike happened.
            after = _boundaries(prose, lexicon, triggers[-1].end, sign.start)
            return max(after, default=sign.start)
    return max(_boundaries(prose, lexicon, floor, sign.start), default=floor)


def _leads_clause(prose: Prose, lexicon: Lexicon, sign: _Sign) -> bool:
    """Whether the mention itself ends in the conjunction: "two weeks after | gunmen …"."""
    return (
        lexicon.first("clause_open", prose.text, max(sign.start, sign.end - 9), sign.end)
        is not None
    )


def _boundaries(prose: Prose, lexicon: Lexicon, start: int, end: int) -> Iterator[int]:
    """Starts of the clauses that open in ``[start, end]``."""
    # The end is left open a little: "and" opens a clause by what follows it.
    for found in lexicon.find("clause_open", prose.text, start, end + _BEFORE_CHARS):
        if found.start() <= end:
            yield found.start()
    for comma in _COMMA.finditer(prose.text, start, end):
        yield comma.end()


def _resumed(
    prose: Prose,
    sentence: Sentence,
    lexicon: Lexicon,
    sign: _Sign,
    dates: tuple[DateMention, ...],
    main: IncidentDate,
) -> int | None:
    """Where the main attack comes back after an opening subordinate clause, if it does.

    ("Two days after a bomber killed thirty, | gunmen stormed a hotel on Monday.")
    """
    early = not prose.text[sentence.start : sign.start].strip() or lexicon.first(
        "clause_open", prose.text, sentence.start, sentence.start + 12
    )
    if not early or sign.kind in ("threat", "separate"):
        return None
    for comma in _COMMA.finditer(prose.text, sign.end, sentence.end):
        if _is_participle(prose, lexicon, comma.end()):
            continue
        rest = Range(comma.end(), sentence.end)
        lead = sentence.zone in ("title", "lead") and bool(find_triggers(prose.text, rest, lexicon))
        return comma.end() if lead or _is_fresh(prose, lexicon, rest, dates, main) else None
    return None


def _is_participle(prose: Prose, lexicon: Lexicon, start: int) -> bool:
    """Whether ", killing thirty" goes on with the clause before the comma."""
    pattern = lexicon.patterns["participle"]
    return pattern is not None and pattern.match(prose.text, start) is not None
