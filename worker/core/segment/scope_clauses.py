"""The clause that a count stands in: whether it tells another attack than the sentence, or the text.

Rules
-----
1. "A week after gunmen killed nine" is another attack in the body; at the top only if the clause
   before it tells one of its own ("the city mourned, a day after a bomb killed 80": it does not).
   Hours are no such span, unless a new weapon or attack comes in ("hours after a car bomb killed 12").
   Nor is there one where the clause before it only tells what is done for the victims ("buried victims
   of the bombing, a day after …"). "On the day when a siege ended with five dead" is another attack.
   What a relative clause tells of that attack belongs to it, however far behind ("…, where 11 died").
2. A clause in front of the sentence is another attack if what follows tells one, and the two are a
   span or a day apart ("After a bomber killed twenty on Monday, gunmen attacked on Wednesday").
3. So is a sentence of the body that opens with another day and tells something new ("On Tuesday, a
   magnetic bomb killed two"), and a new attack in one clause with a day of the week that the top does
   not name, or behind "Saturday, when". A day on which somebody only speaks is none. Where the top
   names no day, a day of the week that is not one of these days is another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from worker.core.annotate.events import EventSentence
from worker.core.lang.tokens import Token
from worker.core.segment.framing import EARLY, opens_event

CLAUSE_TOKENS = 16
_FAR_TOKENS = 32
_SPAN_TOKENS = 3
_DAY_TOKENS = 14
_SAYING_TOKENS = 3
_NEW_TOKENS = 7
_PART_MARKS = frozenset(";:；：؛")
_PARTS = frozenset({"COMMA", "SUBORDINATOR"})
_POSSESSIVE_TOKENS = 2
_OPENS_WORDS = frozenset({"REL", "MODAL"})
"""What somebody's words open with: "claimed on Monday that …", "claimed on Monday to have …"."""
_SAYING = frozenset({"SAYS", "TALK", "CLAIMED"})
_REACTING = frozenset({"REACTION", "DENIES"})
_OPENING_TOKENS = 4
_NOT_TOLD = frozenset({"IN_SUBORDINATE", "OBJECT_NOUN"})
_EVENTS_COUNTED_TOGETHER = 3


@dataclass(frozen=True, slots=True)
class CountContext:
    """Where a count stands: its sentence, its token, and whether the text has turned away."""

    sentence: EventSentence
    index: int
    turned: bool
    days: frozenset[str] = frozenset()
    """Names of days that the top prints."""
    together: bool = False
    """Whether the sentence goes on with many attacks that the one before counts together."""
    frame: str = ""
    """Whether the sentence opens another time ("frame_opened"), or goes on with one ("frame_going_on")."""

    @property
    def is_later(self) -> bool:
        """Whether it is in the body, after the first sentence."""
        return self.sentence.body_number > 0


def clause_terms(place: CountContext) -> Iterator[tuple[str, float]]:
    """What the count's clause says."""
    tokens, index = place.sentence.tokens, place.index
    first = max(0, index - CLAUSE_TOKENS)
    opened = [i for i in range(first, index) if "SUBORDINATOR" in tokens[i].tags]
    told = _span_of_relative(place) or max(opened, default=None)
    if told is not None:
        yield from _after_terms(place, told)
    elif _is_of_that_day(place):
        yield "after_span_event", 1.0
    if _is_fronted(place):
        yield "fronted", 1.0
    if place.is_later and _is_of_another_day(place):
        yield "other_day", 1.0
    elif place.is_later and _is_beside_another_day(place):
        yield "day_apart", 1.0
    if sum(opens_event(tokens, i) for i in range(index)) >= _EVENTS_COUNTED_TOGETHER:
        yield "events_together", 1.0


def _span_of_relative(place: CountContext) -> int | None:
    """What opens the clause about another time that a relative clause still belongs to.

    ("It comes two weeks after gunmen stormed an inn, a house on the hill, | where 11 died": one attack
    is told behind "after"; a second one there would be the news.)
    """
    tokens, index = place.sentence.tokens, place.index
    first = max(_OPENING_TOKENS, index - _FAR_TOKENS)
    opened = [i for i in range(first, index) if "SUBORDINATOR" in tokens[i].tags]
    spans = [i for i in opened if _has_span(tokens[max(0, i - _SPAN_TOKENS) : i])]
    if not spans or not any("COMMA" in t.tags for t in tokens[spans[-1] : index]):
        return None
    told = sum("REAL_EVENT" in t.tags for t in tokens[spans[-1] : index])
    return spans[-1] if told <= 1 else None


def _after_terms(place: CountContext, opened: int) -> Iterator[tuple[str, float]]:
    """``opened``: the index of the word that opens the clause."""
    tokens = place.sentence.tokens
    tells = _tells_attack(tokens[:opened])
    before = tokens[max(0, opened - _SPAN_TOKENS) : opened]
    if any("FORMERLY" in t.tags for t in tokens[opened : place.index]):
        return  # "the night before, he had put the toll at three": only when he spoke
    if _has_span(before):
        if tells:
            yield "after_span_event", 1.0
        yield ("after_span" if place.is_later else "after_span_top"), 1.0
        return
    hours = any("HOURS" in t.tags for t in before)
    if hours and tells and any(opens_event(tokens, i) for i in range(opened, place.index)):
        yield "after_span_event", 1.0
    if place.is_later:
        yield "after", 1.0


def _tells_attack(tokens: Sequence[Token]) -> bool:
    """Whether words tell an attack, and not only what is done for the victims of one.

    ("Hundreds buried victims of the bombing on Friday, | a day after a bomber killed 24": the same.)
    """
    told = [i for i, t in enumerate(tokens) if "REAL_EVENT" in t.tags]
    mourned = next((i for i, t in enumerate(tokens) if "MOURNS" in t.tags), len(tokens))
    return any(i < mourned or "IS_INDEF" in tokens[i].tags for i in told)


def _is_of_that_day(place: CountContext) -> bool:
    """Whether a count is of a new attack that only says on which day another was.

    ("The attack came on the day when a siege elsewhere ended with five dead", "… the day a bomb …".)
    """
    tokens, index = place.sentence.tokens, place.index
    for at in range(max(1, index - CLAUSE_TOKENS), index):
        definite = any("DEFINITE" in t.tags for t in tokens[max(0, at - 2) : at])
        if "TIME_SPAN" not in tokens[at].tags or not definite:
            continue
        behind = range(at + 1, min(index, at + _NEW_TOKENS))
        new = next((i for i in behind if opens_event(tokens, i)), None)
        if new is None or any(t.tags & _PARTS for t in tokens[at + 1 : new]):
            continue
        if _tells_attack(tokens[:at]):
            return True
    return False


def _has_span(tokens: Sequence[Token]) -> bool:
    return any("TIME_SPAN" in t.tags and "HOURS" not in t.tags for t in tokens)


def _is_fronted(place: CountContext) -> bool:
    """Whether the count is told in a clause in front, and another attack behind it."""
    tokens = place.sentence.tokens
    opened = next(
        (i for i, t in enumerate(tokens[:_OPENING_TOKENS]) if "SUBORDINATOR" in t.tags), None
    )
    if opened is None or opened > place.index:
        return False
    comma = next((i for i in range(place.index, len(tokens)) if "COMMA" in tokens[i].tags), None)
    if comma is None:
        return False
    front, rest = tokens[:comma], tokens[comma:]
    if not any("REAL_EVENT" in t.tags and not t.tags & _NOT_TOLD for t in rest):
        return False
    days = day_words(front), day_words(rest)
    return _has_span(tokens[:opened]) or (all(days) and not days[0] & days[1])


def _is_of_another_day(place: CountContext) -> bool:
    """Whether a sentence opens with a day that the top does not name, and tells a new event.

    So does its second part: "Nobody claimed the shelling; on Thursday gunmen killed nine in X".
    """
    tokens = place.sentence.tokens
    parted = [i + 1 for i in range(place.index) if tokens[i].word in _PART_MARKS]
    begin = max(parted, default=0)
    days = [t for t in tokens[begin : begin + _OPENING_TOKENS] if "DAY" in t.tags]
    if not days or not all(_is_another_day(place, day) for day in days):
        return False
    behind = range(begin, len(tokens))
    if begin and any(_is_told_anew(tokens, i) for i in behind):
        return True
    return any(opens_event(tokens, i) for i in behind)


def _is_another_day(place: CountContext, day: Token) -> bool:
    """Whether a day is none that the top names; where it names none, no day of these days."""
    if place.days:
        return day.word not in place.days
    return "WEEKDAY" in day.tags and "FRESH" not in day.tags


def _is_beside_another_day(place: CountContext) -> bool:
    """Whether a day that the top does not name stands near, and an attack told anew with it.

    ("… and on Saturday a van was blown up, with 11 deaths", in news of Friday. Not: "one of the wounded
    died on Saturday", nor what somebody said then; and not the day before, where the lead goes on:
    "Doctors were still operating on Wednesday. 25 people died when two blasts shook it on Tuesday".)
    """
    tokens = place.sentence.tokens
    near = range(max(0, place.index - _DAY_TOKENS), min(len(tokens), place.index + _DAY_TOKENS))
    days = [i for i in near if "WEEKDAY" in tokens[i].tags and not _is_day_of_saying(tokens, i)]
    if not days or not all(_is_another_day(place, tokens[i]) for i in days):
        return False
    if place.sentence.body_number in EARLY and any("FRESH" in tokens[i].tags for i in days):
        return False
    return any(
        _is_told_anew(tokens, i)
        for i in near
        if any(_in_one_clause(tokens, i, day) for day in days)
    )


def _is_told_anew(tokens: Sequence[Token], index: int) -> bool:
    """Whether an attack is told that need not be the news: "a bomb", or "Tuesday's raid" by its day."""
    if opens_event(tokens, index):
        return True
    if "REAL_EVENT" not in tokens[index].tags:
        return False
    before = tokens[max(0, index - _POSSESSIVE_TOKENS) : index]
    own = any("WEEKDAY" in t.tags and "FRESH" not in t.tags for t in before)
    return own or "IS_DEF" not in tokens[index].tags


def _in_one_clause(tokens: Sequence[Token], event: int, day: int) -> bool:
    """Whether no comma stands between an event and a day ("17 had died, a number he repeated on Monday").

    One before "when" parts nothing ("on edge since Saturday, when gunmen stormed a hotel").
    """
    between = range(min(event, day), max(event, day))
    return not any("COMMA" in tokens[i].tags and "WHEN" not in tokens[i + 1].tags for i in between)


def _is_day_of_saying(
    tokens: Sequence[Token], index: int, saying: frozenset[str] = _SAYING
) -> bool:
    """Whether somebody speaks on that day: "said on Monday", "on Monday night denied"."""
    after = index + 2 if "TIME_SPAN" in tokens[min(index + 1, len(tokens) - 1)].tags else index + 1
    beside = (*tokens[max(0, index - _SAYING_TOKENS) : index], *tokens[after : after + 1])
    opens_clause = any(token.tags & _OPENS_WORDS for token in tokens[index + 1 : index + 2])
    return opens_clause or any(token.tags & saying for token in beside)


def told_days(tokens: Sequence[Token]) -> frozenset[str]:
    """The names of days among tokens, without those on which somebody only speaks.

    To condemn or deny an attack, without a word of harm, is to speak ("on Friday condemned the bombing").
    """
    saying = _SAYING if any("HARM" in t.tags for t in tokens) else _SAYING | _REACTING
    days = (i for i, t in enumerate(tokens) if "DAY" in t.tags)
    return frozenset(tokens[i].word for i in days if not _is_day_of_saying(tokens, i, saying))


def day_words(tokens: Sequence[Token]) -> frozenset[str]:
    """The names of days among tokens."""
    return frozenset(t.word for t in tokens if "DAY" in t.tags)
