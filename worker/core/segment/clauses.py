"""Cuts a sentence into clauses, each of which reports one attack, or none.

Rules
-----
1. A clause is ``plain`` unless a sign says otherwise: a date that is not the main attack's, or a
   phrase of the lexicon (``background_cue``, ``aggregate_cue``, ``threat_cue``, ``separate_cue``).
2. What stands before a sign stays plain only if it holds something fresh: the main attack's date,
   or a definite trigger ("The blast comes two weeks after | gunmen stormed …"). In a lead an attack is
   enough. Words that put it among many open a clause ("killed six | in the latest of many attacks").
3. A sign without a trigger or harm beside it makes the clause ``aside``: no attack's clause.
4. A day in a relative clause that tells of no attack is no sign: "officials, who took office last
   month, said …", "the figure of 14 dead that they gave a day earlier".
5. What stands before a cue of another attack is cut off behind "the attack": "Four were hurt in the
   attack | timed to fall on a service for a man killed in a similar incident".
6. So is what an attack is said to answer, whatever stands before: "they called it revenge | for an air
   strike last week".
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.dates import DateMention
from worker.core.annotate.triggers import Trigger, triggers_in
from worker.core.domain.light_value import light_value
from worker.core.domain.report import IncidentDate
from worker.core.lang.normalise import Range, holding, inside, starting_in
from worker.core.lang.tokens import UNSPACED
from worker.core.segment.abduction import began_with, is_lead_sentence
from worker.core.segment.main_date import Timeline
from worker.core.text.prose import Sentence

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
_LOOK_AHEAD_CHARS = 48
_MOST_SIGNS = 12
"""A sentence turns a few times at most; a page that is one endless sentence must not be costly."""
_CONJUNCTION_CHARS = 9
_HEAD_CHARS = 12
_PART = re.compile(r"[;:](?=\s)|\s-\s")
"""What parts a sentence into two that tell of one matter each."""
_INSERTED_WORDS = 3
"""So many words before a day tell more than the day: "built there in 1969"."""
_COMMA = re.compile(rf"[,;:](?:\s|(?=[{UNSPACED}]))|\s-\s")


@light_value
class Clause(Range):
    """A stretch of one sentence that tells of one thing; ``date`` is the sign's, if it is one."""

    sentence: int
    kind: ClauseKind
    triggers: tuple[Trigger, ...]
    harm: bool
    date: DateMention | None = None


@light_value
class _Sign(Range):
    kind: ClauseKind
    date: DateMention | None = None


def split_clauses(
    annotated: Annotated, sentence: Sentence, timeline: Timeline
) -> tuple[Clause, ...]:
    """The clauses of a sentence, in order, covering it."""
    return _Splitter(annotated, sentence, timeline).clauses()


class _Splitter:
    """One sentence being cut, with the dates as they are counted from the main attack."""

    def __init__(self, annotated: Annotated, sentence: Sentence, timeline: Timeline) -> None:
        self._annotated, self._text = annotated, annotated.prose.text
        self._sentence, self._dates, self._main = sentence, timeline.dates, timeline.main
        self._leads = sentence.zone in ("title", "lead")

    def clauses(self) -> tuple[Clause, ...]:
        edges: list[tuple[int, _Sign | None]] = [(self._sentence.start, None)]
        for sign in self._signs():
            if edges[-1][1] is None:
                opened = self._opening(sign, edges[-1][0])
            else:
                opened = self._boundary(sign, edges[-1][0])
            if opened <= edges[-1][0]:
                if _is_stronger(sign, edges[-1][1]):
                    edges[-1] = (edges[-1][0], sign)
            elif _is_stronger(sign, edges[-1][1]) or edges[-1][1] is None:
                edges.append((opened, sign))
            resumed = self._resumed(sign)
            if resumed is not None and edges[-1][1] is sign:
                edges.append((resumed, None))
        ends = [start for start, _ in edges[1:]] + [self._sentence.end]
        return tuple(
            self._clause(Range(start, end), sign)
            for (start, sign), end in zip(edges, ends, strict=True)
            if end > start
        )

    def _triggers(self, at: Range) -> tuple[Trigger, ...]:
        return triggers_in(self._annotated.triggers, at)

    def _tells_harm(self, at: Range) -> bool:
        return bool(inside(self._annotated.harm, at))

    def _clause(self, at: Range, sign: _Sign | None) -> Clause:
        triggers, harm = self._triggers(at), self._tells_harm(at)
        kind: ClauseKind = sign.kind if sign is not None else "plain"
        if kind == "background" and self._is_plural(at, sign, triggers):
            kind = "aggregate"
        if sign is not None and kind != "threat" and not triggers and not harm:
            kind = "aside"
        date = sign.date if sign is not None else None
        return Clause(at.start, at.end, self._sentence.index, kind, triggers, harm, date)

    def _is_plural(self, at: Range, sign: _Sign | None, triggers: tuple[Trigger, ...]) -> bool:
        """Whether a vaguely dated clause counts attacks together: "In 2013 … in 10 attacks"."""
        vague = sign is None or sign.date is None or sign.date.precision in ("year", "month")
        if not triggers:  # "1,600 civilians were killed in 2018": a count of a year, no attack
            return vague and sign is not None and sign.date is not None
        plurals = tuple(map(Range.of, self._annotated.find("plural_event", at)))
        singular = any(
            holding(plurals, t.start) is None and holding(plurals, t.end - 1) is None
            for t in triggers
        )
        return vague and bool(plurals) and not singular

    def _signs(self) -> list[_Sign]:
        """Dates and phrases that turn away from the main attack, by position."""
        sentence = self._sentence
        # Of each kind the first few are enough to know the first few of all.
        dates = (
            d
            for d in starting_in(self._dates, sentence)
            if self._is_other_day(d) and not self._is_aside(d)
        )
        out = [_Sign(d.start, d.end, "background", d) for d in islice(dates, _MOST_SIGNS)]
        if sentence.zone != "title":
            for category, kind in _SIGNS:
                words = map(Range.of, self._annotated.find(category, sentence))
                free = (
                    w
                    for w in words
                    if not any(s.holds(w.start) for s in out) and not self._opens_the_news(w)
                )
                out += [_Sign(w.start, w.end, kind) for w in islice(free, _MOST_SIGNS)]
        else:
            found = self._annotated.first("threat_cue", sentence)
            out += [_Sign(found.start(), found.end(), "threat")] if found else []
        return sorted(out, key=lambda s: (s.start, -_STRENGTH[s.kind]))[:_MOST_SIGNS]

    def _opens_the_news(self, at: Range) -> bool:
        """Whether "hours after a bomb …" tells the attack for the first time, at the top of the text.

        ("Students lit candles on Tuesday evening, hours after a bomb at their gate killed three.")
        """
        before = Range(self._sentence.start, at.start)
        if not is_lead_sentence(self._annotated, self._sentence):
            return False
        if self._triggers(before) or self._tells_harm(before):
            return False
        return any(d.anaphoric and at.holds(d.start) and d.first == d.last for d in self._dates)

    def _is_other_day(self, mention: DateMention) -> bool:
        if began_with(self._annotated, mention, self._sentence, self._main):
            return False
        return is_foreign(mention, self._main) or self._is_day_before(mention)

    def _is_aside(self, mention: DateMention) -> bool:
        """Whether a day stands in a relative clause that tells of no attack, and is about none."""
        before = Range(self._sentence.start, mention.start)
        if self._is_after_the_day(mention, before) or self._is_inserted(mention, before):
            return True
        opened = max((m.start() for m in self._annotated.find("relative", before)), default=None)
        if opened is None or _COMMA.search(self._text, opened, mention.start):
            return False
        about = max(self._boundaries(before.start, max(before.start, opened - 2)), default=None)
        closed = _COMMA.search(self._text, mention.end, self._sentence.end)
        inner = Range(opened, closed.start() if closed else self._sentence.end)
        told = self._triggers(inner) or self._tells_harm(inner)
        return not told and not self._triggers(Range(about or before.start, opened))

    def _is_inserted(self, mention: DateMention, before: Range) -> bool:
        """Whether a day closes what a subject is told to be, between commas, and no attack is told there.

        ("The group, driven from power in 2001, said …". Not "the group, in 2001, said …".)
        """
        opened = self._text.rfind(", ", before.start, before.end)
        closed = _COMMA.search(self._text, mention.end, self._sentence.end)
        if opened < 0 or closed is None:
            return False
        words = self._text[opened + 2 : mention.start].split()
        told = Range(before.start, closed.start())
        return len(words) >= _INSERTED_WORDS and not (
            self._triggers(told) or self._tells_harm(told)
        )

    def _is_after_the_day(self, mention: DateMention, before: Range) -> bool:
        """Whether the attack has its day before this one, and nobody is harmed behind that.

        ("They were found shot dead on Monday in the house that they had bought a week ago.")
        """
        main, days = self._main, starting_in(self._dates, before)
        if mention.anaphoric or main.start is None or main.end is None:
            return False
        own = [d for d in days if d.precision == "day" and d.meets(main.start, main.end)]
        if not own or not self._triggers(Range(before.start, own[-1].start)):
            return False
        rest = Range(own[-1].end, self._sentence.end)
        counted = starting_in(self._annotated.counts, rest)
        return not (counted or self._triggers(rest) or self._tells_harm(rest))

    def _is_day_before(self, mention: DateMention) -> bool:
        """Whether a sentence tells a new attack of the day before: "On Tuesday a bomb killed five."

        One day is also what clocks and long nights differ by, so "the attack began on Tuesday" and
        headlines are not meant.
        """
        main = self._main
        dated = main.start is not None and main.basis in ("weekday", "stated")
        if main.start is None or not dated or self._sentence.zone == "title":
            return False
        if mention.precision != "day" or mention.last != main.start - dt.timedelta(days=1):
            return False
        parted = list(_PART.finditer(self._text, self._sentence.start, mention.start))
        own = Range(parted[-1].end() if parted else self._sentence.start, self._sentence.end)
        opens = mention.start - own.start <= _HEAD_CHARS
        if opens and not is_lead_sentence(self._annotated, self._sentence):
            return self._is_told_anew(own) or (bool(parted) and self._harms_somewhere_named(own))
        return self._is_told_anew(own) and bool(parted or self._sentence.zone == "body")

    def _is_told_anew(self, at: Range) -> bool:
        """Whether a stretch tells of "a bomb", and not of "the bomb"."""
        triggers = self._triggers(at)
        return any(t.indefinite for t in triggers) and not any(t.definite for t in triggers)

    def _harms_somewhere_named(self, at: Range) -> bool:
        """Whether attackers without an article harm people: "on Thursday gunmen killed nine in X"."""
        triggers = self._triggers(at)
        placed = any(m.kind == "here" for m in inside(self._annotated.places, at))
        return placed and self._tells_harm(at) and not any(t.definite for t in triggers)

    def _is_fresh(self, at: Range) -> bool:
        """Whether a stretch speaks of the main attack: its day, or "the attack"."""
        main = self._main
        if main.start is not None and main.end is not None:
            for date in starting_in(self._dates, at):
                if date.meets(main.start, main.end) and date.precision in ("day", "days"):
                    return True
        return any(t.definite for t in self._triggers(at))

    def _opening(self, sign: _Sign, floor: int) -> int:
        """Where the clause of a sign begins, not before ``floor``."""
        motive = next(self._annotated.find("motive", Range(floor, sign.start)), None)
        if motive is not None:
            return motive.end()
        boundary = self._boundary(sign, floor)
        before = Range(floor, boundary)
        apart = self._leads or sign.kind == "separate"
        told = apart and bool(self._triggers(before) or self._tells_harm(before))
        return boundary if told or self._is_fresh(before) else floor

    def _boundary(self, sign: _Sign, floor: int) -> int:
        """The start of the clause that a sign stands in or opens."""
        if sign.date is not None and sign.date.anaphoric and self._leads_clause(sign):
            return sign.end
        if sign.kind == "threat":
            triggers = self._triggers(Range(floor, sign.start))
            if triggers:  # "A strike | prevented another attack": the strike happened.
                after = self._boundaries(triggers[-1].end, sign.start)
                return max(after, default=sign.start)
        opened = max(self._boundaries(floor, sign.start), default=None)
        if sign.kind == "separate" and self._is_half(sign):
            return sign.start
        if opened is None and sign.kind == "background" and sign.date is None:
            told = (t.end for t in self._triggers(Range(floor, sign.start)) if t.definite)
            return max(told, default=floor)
        return floor if opened is None else opened

    def _is_half(self, sign: _Sign) -> bool:
        """Whether "and the second" opens a clause of its own, which tells of harm."""
        second = self._annotated.first("second_cue", sign)
        event = holding(self._annotated.events, sign.start)
        if second is None or second.start() != sign.start or event is None:
            return False
        before = [t for t in event.tokens if t.end <= sign.start][-1:]
        joined = any("CONJ" in token.tags for token in before)
        return joined and self._tells_harm(Range(sign.end, self._sentence.end))

    def _leads_clause(self, sign: _Sign) -> bool:
        """Whether the mention itself ends in the conjunction: "two weeks after | gunmen …"."""
        tail = Range(max(sign.start, sign.end - _CONJUNCTION_CHARS), sign.end)
        return self._annotated.has("clause_open", tail)

    def _boundaries(self, start: int, end: int) -> Iterator[int]:
        """Starts of the clauses that open in ``[start, end]``."""
        # The end is left open a little: "and" opens a clause by what follows it.
        for words in ("clause_open", "clause_among_many"):
            for found in self._annotated.find(words, Range(start, end + _LOOK_AHEAD_CHARS)):
                if found.start() <= end:
                    yield found.start()
        for comma in _COMMA.finditer(self._text, start, end):
            yield comma.end()

    def _resumed(self, sign: _Sign) -> int | None:
        """Where the main attack comes back after an opening subordinate clause, if it does.

        ("Two days after a bomber killed thirty, | gunmen stormed a hotel on Monday.")
        """
        sentence = self._sentence
        head = Range(sentence.start, sentence.start + _HEAD_CHARS)
        early = not self._text[sentence.start : sign.start].strip()
        opens = ("clause_open", "clause_among_many")
        if not early and not any(self._annotated.has(category, head) for category in opens):
            return None
        if sign.kind in ("threat", "separate"):
            return None
        for comma in _COMMA.finditer(self._text, sign.end, sentence.end):
            if self._is_participle(comma.end()):
                continue
            rest = Range(comma.end(), sentence.end)
            if self._points_back(Range(sentence.start, comma.start()), rest):
                return None
            lead = self._leads and bool(self._triggers(rest)) and not self._dates_all(sign, comma)
            return comma.end() if lead or self._is_fresh(rest) else None
        return None

    def _points_back(self, before: Range, rest: Range) -> bool:
        """Whether "that attack" is the other one that was told before a semicolon."""
        told = self._triggers(before) and self._text[before.end] == ";"
        return bool(told) and self._annotated.has("anaphor_back", rest)

    def _dates_all(self, sign: _Sign, comma: re.Match[str]) -> bool:
        """Whether a mere day opens a sentence that goes on: "A day earlier, a bomb killed twelve".

        (With a dash or colon behind it a day is the label of an entry.)
        """
        if not comma.group().startswith(","):
            return False
        before = self._annotated.prose.sentences[: self._sentence.index]
        told_before = any(s.zone == "lead" for s in before)
        between = self._text[sign.end : comma.start()]
        return told_before and sign.date is not None and not between.strip()

    def _is_participle(self, start: int) -> bool:
        """Whether ", killing thirty" goes on with the clause before the comma."""
        lexicon = self._annotated.lexicon
        pattern = lexicon.pattern("participle") if lexicon is not None else None
        return pattern is not None and pattern.match(self._text, start) is not None


def _is_stronger(sign: _Sign, other: _Sign | None) -> bool:
    return other is None or _STRENGTH[sign.kind] > _STRENGTH[other.kind]


def is_foreign(mention: DateMention, main: IncidentDate) -> bool:
    """Whether a date is too early to be the main attack's: more than a day before it."""
    if main.start is None:
        return False
    return mention.last < main.start - dt.timedelta(days=1) or (
        mention.anaphoric and mention.last < main.start
    )
