"""Where the events at the top of an article are: in the area, outside, or nowhere near a name.

Rules
-----
1. An event is placed by the place beside it, not by any name in the article.
2. "in" decides before nearness: who comes from the area and is killed "in" another town is killed
   there (``located_away``, ``away.put``).
3. An attack here that only says when one elsewhere was is none of the news (``away.dates``): "killed four
   in another town, a day after a bomb in the capital".
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.events import EventSentence
from worker.core.classify.features import is_locative
from worker.core.classify.told import ABOUT, Told, Top, range_of, with_tag
from worker.core.lang.normalise import Range
from worker.core.lang.tokens import Token

_PLACES = frozenset({"HERE", "AWAY"})
_CITY = frozenset({"CITY_WORD", "CAPITAL_CITY"})
_BETWEEN = _PLACES | {"EVENT", "DOT", "COMMA", "BREAK"}
_EVENTS = frozenset({"EVENT", "WEAK_EVENT", "HARM", "KILL"})
_SPANS = frozenset({"TIME_SPAN", "HOURS"})
_PAUSES = frozenset({"COMMA", "BREAK"})
_SPOKEN = 3
_OPENING = 2
"""Tokens before "after" that open a sentence: "A day after"."""
_BEFORE_NAME = 4
"""Tokens before a name among which "in" may stand: "in the Shahjoy district of …"."""


def measure_place(top: Top) -> None:
    """Where an event is told here: beside it, in its sentence, somewhere."""
    here = [t for t in top.told if t.has("here")]
    close = [t for t in here if t in top.first]
    if not close and not top.title and not any(t.has("away") for t in top.first):
        close, here = here, []
    if close:
        top.add("place.close", close[0].at)
        if any(t.has(*ABOUT) for t in close):
            top.add("place.told", close[0].at)
        if len(close) > 1:
            top.add("place.twice", close[1].at)
    elif here:
        top.add("place.further", here[0].at)
    else:
        _measure_loose_place(top)


def _measure_loose_place(top: Top) -> None:
    """The area is named, but not beside an event of the top."""
    far = next((t for t in top.told if t.has("here_far")), None)
    named = next((t for t in top.all if "HERE" in t.sentence.tags), None)
    later = (t for t in top.later if t.event is not None and "HERE" in t.sentence.tags)
    if far is not None:
        top.add("place.sentence", far.at)
    elif (city := _filed_city(top)) is not None:
        top.add("place.filed_city", city)
    elif named is not None:
        top.add("place.top", named.first("HERE"))
    elif (below := next(later, None)) is not None:
        top.add("place.body", below.at)
    else:
        top.add("place.none", None)


def _filed_city(top: Top) -> Range | None:
    """A city without a name, in a story that was filed here, names no other place at its top.

    "CAPITAL — A recruit shot two instructors in the west of the city": where else?
    """
    first = any(told.sentence.tags & _PLACES for told in top.body[:1])
    if first or any("AWAY" in told.sentence.tags for told in top.title):
        return None
    for told in top.body[:1]:
        if told.event is not None and not told.event.is_bad and "DATELINE" in told.sentence.tags:
            return next((range_of(t) for t in told.sentence.tokens if t.tags & _CITY), None)
    return None


def measure_away(annotated: Annotated, top: Top) -> None:
    """Where an event is told elsewhere."""
    events = [t for t in top.all if t.event is not None]
    away = [t for t in events if t.has("away")]
    is_close = "place.close" in top.found
    if away:
        top.add("away.event", away[0].at)
        if not is_close:
            top.add("away.only", away[0].at)
        elif "place.told" not in top.found and any(t.has(*ABOUT) for t in away):
            top.add("away.told", away[0].at)
        if away[0] is events[0] or (away[0] in top.body[:1] and not is_close):
            top.add("away.first", away[0].at)
    else:
        for each in with_tag(top.first, "AWAY"):
            top.add("away.top", each.first("AWAY"))
    for zone, part in (("head", top.title), ("lead", top.body[:1])):
        for each in part:
            for name, at in (
                ("located_away", _located_away(annotated, each.sentence)),
                ("origin", _origin(each.sentence)),
            ):
                if at is not None:
                    top.add(f"{zone}.{name}", at)
    _measure_put(annotated, top)
    for each in top.body[:1] or top.title:
        if (joint := _dates_another(each.sentence.tokens)) is not None:
            top.add("away.dates", range_of(joint))
    for each in with_tag(top.all, "DATELINE_AWAY"):
        top.add("away.filed", each.first("DATELINE_AWAY"))


def _dates_another(tokens: Sequence[Token]) -> Token | None:
    """The "after" of "a day after", where the area is named behind it alone, beside an attack elsewhere.

    It opens the sentence and goes on to a comma, or ends it.
    """
    for i, (span, joint) in enumerate(pairwise(tokens)):
        if not span.tags & _SPANS or "SUBORDINATOR" not in joint.tags:
            continue
        comma = (j for j in range(i + 2, len(tokens)) if tokens[j].tags & _PAUSES)
        end = next(comma, len(tokens)) if i <= _OPENING else len(tokens)
        within, beside = tokens[i + 2 : end], (*tokens[:i], *tokens[end:])
        here = _tells_at(within, "HERE") and not any("HERE" in t.tags for t in beside)
        if here and _tells_at(beside, "AWAY"):
            return joint
    return None


def _tells_at(tokens: Sequence[Token], place: str) -> bool:
    """Whether a stretch tells of an attack or harm and names a place of one kind."""
    return any(place in t.tags for t in tokens) and any(t.tags & _EVENTS for t in tokens)


def _measure_put(annotated: Annotated, top: Top) -> None:
    """Whether "in" puts the event itself in another place, and nowhere here."""
    put = [token for told in top.first if (token := _put(annotated, told)) is not None]
    if put and not any("HERE" in token.tags for token in put):
        top.add("away.put", range_of(put[0]))


def _put(annotated: Annotated, told: Told) -> Token | None:
    """The place that its event is "in": the first behind the event, else the last before it."""
    tokens = told.sentence.tokens
    index = told.event.index if told.event is not None else 0
    located = [
        i
        for i in range(len(tokens))
        if _is_located(annotated, tokens, i) and not _is_spoken_in(tokens, i)
    ]
    behind = [i for i in located if i > index]
    chosen = behind[:1] or located[-1:]
    return tokens[chosen[0]] if chosen else None


def _is_spoken_in(tokens: Sequence[Token], index: int) -> bool:
    """Whether somebody only speaks there: "the charity said in London"."""
    return any("SAYS" in t.tags for t in tokens[max(0, index - _SPOKEN) : index])


def _is_located(annotated: Annotated, tokens: Sequence[Token], index: int) -> bool:
    """Whether a place stands behind "in", with no other place and no event between."""
    if not tokens[index].tags & _PLACES:
        return False
    for token in reversed(tokens[max(0, index - _BEFORE_NAME) : index]):
        if is_locative(annotated, token.word):
            return True
        if token.tags & _BETWEEN:
            return False
    return False


def _located_away(annotated: Annotated, sentence: EventSentence) -> Range | None:
    """A place outside that something is "in", in a sentence where nothing is "in" the area.

    "Capital University graduate killed in another town": the area is named, and not as the place.
    """
    found: dict[str, Token] = {}
    for before, token in pairwise(sentence.tokens):
        for tag in ("HERE", "AWAY"):
            if tag in token.tags and is_locative(annotated, before.word):
                found.setdefault(tag, token)
    return range_of(found["AWAY"]) if "AWAY" in found and "HERE" not in found else None


def _origin(sentence: EventSentence) -> Range | None:
    """The area as the name of something else, or as where somebody comes from, and never otherwise."""
    tokens = sentence.tokens
    here = [i for i, t in enumerate(tokens) if "HERE" in t.tags]
    beside = [i for i in here if any("ORIGIN" in t.tags for t in tokens[max(0, i - 1) : i + 2])]
    return range_of(tokens[here[0]]) if here and len(beside) == len(here) else None
