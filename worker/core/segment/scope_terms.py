"""What speaks for a figure and against it: words near it, its event, its clause, its zone.

Each term is a name of ``[scope]`` in ``weights.toml`` with its strength, mostly 1. Distances are in
tokens, and none reaches beyond a full stop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from worker.core.annotate.counts import CountMention
from worker.core.annotate.events import EventSentence
from worker.core.lang.tokens import Token
from worker.core.segment.event_mention import EventMention, event_tokens, read_event
from worker.core.segment.framing import EARLY
from worker.core.segment.scope_clauses import CLAUSE_TOKENS, CountContext, clause_terms
from worker.core.segment.turns import opens_with

_FAR_SENTENCES = 12
_FARTHEST = 2
_EVENT_TOKENS = 14
"""An event word further off says nothing about a count."""
_BESIDE_TOKENS = 8
_PUT_TOKENS = 6
_JOINED_TOKENS = 5
_STRETCH_TOKENS = 16
_NOT_JOINED = frozenset({"NUM", "COMMA", "EVENT", "HARM", "SUBORDINATOR", "REL"})
"""What parts two places that are told one after the other."""
_THOUSAND = 1000
_FEW = 100
"""What an organisation "has recorded", if it is fewer than so many, may be of one attack."""
_SEVERAL = frozenset({"EVENT_NOUN", "PLURAL"})
_LONG_TIME = frozenset({"YEAR", "OLD", "EARLIER", "HISTORY"})
_OPENING_TOKENS = 6
_CLAUSE_STOPS = frozenset(";；؛")
_CLAUSE_MARKS = frozenset(",;،؛、；")
_PAST = frozenset({"earlier", "weeks", "year", "old"})
"""Traits of an event of another time …"""
_TIMES = frozenset({"IS_EARLIER", "IS_WEEKS", "IS_YEAR", "IS_OLD"})
"""… and the tags that give them."""
_OTHER_CLAUSE = frozenset({"after_span_event", "fronted", "other_day", "day_apart", "frame_opened"})
_OF_THE_OTHER = ("event_fresh", "event_here", "event_definite", "date_fresh", "points_back")
"""What is said of the main attack, in a sentence whose count is of another ("… a week after …")."""
_OTHER_FRAME = frozenset({"frame_going_on"})
_TO_THE_OTHER = ("event_definite", "points_back")
"""What points back to an attack told before: to that of another time, where its paragraph goes on."""


def count_terms(count: CountMention) -> dict[str, float]:
    """What a count says by itself."""
    terms = {}
    if "OF_MANY" in count.tags:
        terms["many_count"] = 1.0
    if "OF_ATTACKS" in count.tags:
        terms["many_stated"] = 1.0
    if "PART" in count.tags:
        terms["part"] = 1.0
    if count.is_told_as_toll:
        terms["toll"] = 1.0
    if count.value is not None and count.value >= _THOUSAND:
        terms["thousands"] = 1.0
    return terms


def find_terms(place: CountContext, count: CountMention, item: range | None) -> dict[str, float]:
    """The terms of a count. ``item``: numbers of the body's sentences that tell the attack, if not the top."""
    event = _governing(place.sentence, place.index)
    terms = dict(_zone_terms(place) if item is None else _item_terms(place, item))
    terms |= dict(clause_terms(place))
    if "OF_MANY" in count.tags and place.is_later:
        terms["many_later"] = 1.0
    if event is not None:
        terms |= dict(_event_terms(place, event))
        terms |= dict(_sentence_terms(place, event))
    if count.value == 0 and {"event_new", "event_plural"} <= terms.keys():
        terms["nobody_by_new"] = 1.0
    terms |= dict(_place_terms(place, event))
    terms |= dict(_date_terms(place, count))
    if opens_with(place.sentence, "SCENARIO"):
        terms["in_scenario"] = 1.0
    if place.frame and "earlier_near" not in terms and not _is_broken_off(place):
        terms[place.frame] = 1.0
    if item is None:
        terms |= dict(_turn_terms(place))
    for others, pointing in ((_OTHER_CLAUSE, _OF_THE_OTHER), (_OTHER_FRAME, _TO_THE_OTHER)):
        if terms.keys() & others:
            terms = {name: value for name, value in terms.items() if name not in pointing}
    return terms


def _item_terms(place: CountContext, item: range) -> Iterator[tuple[str, float]]:
    yield ("item_inside" if place.sentence.body_number in item else "item_outside"), 1.0


def _zone_terms(place: CountContext) -> Iterator[tuple[str, float]]:
    sentence = place.sentence
    if sentence.zone == "title":
        yield "title", 1.0
    elif sentence.body_number == 0:
        yield "first", 1.0
    elif sentence.body_number in EARLY:
        yield "early", 1.0
    else:
        yield "body", 1.0
        yield "far", min(_FARTHEST, max(0, sentence.body_number) / _FAR_SENTENCES)
    if sentence.zone == "caption":
        yield "caption", 1.0


def _event_terms(place: CountContext, event: EventMention) -> Iterator[tuple[str, float]]:
    """What is said of the event that the count hangs on."""
    sentence, traits, later = place.sentence, event.traits, place.is_later
    for trait in ("earlier", "weeks", "year", "old", "threat", "known", "away", "fresh"):
        if trait in traits:
            yield f"event_{trait}", 1.0
    if later and traits & _PAST:
        yield "event_past", 1.0
    if "many" in traits and not place.sentence.is_top:
        yield "event_many", 1.0
    if "here" in traits and not place.turned and not event.is_bad:
        yield "event_here", 1.0
    if "away" in traits and _has_rival(sentence, event):
        yield "event_rival", 1.0
    if "definite" in traits and "indefinite" not in traits:
        yield "event_definite", 1.0
    if "indefinite" in traits and later:
        yield "event_new", 1.0
    if "PLURAL" in event.token.tags and later:
        yield "event_plural", 1.0
    if "PLURAL" in event.token.tags and _are_all_over(sentence.tokens):
        yield "many_stated", 1.0  # at the top as well, where alone it does not outweigh
        yield "event_many", 1.0  # what speaks for a first sentence with a day of these days
    if (
        "sub" in traits
        and not place.sentence.is_top
        and near(sentence, event.index, "LONG_SPAN", 6, 3)
    ):
        yield "event_after_long", 1.0


def _are_all_over(tokens: Sequence[Token]) -> bool:
    """Whether several attacks were all over a land: "across Afghanistan", and nothing puts them here."""
    if any("HERE" in t.tags for t in tokens):
        return False
    return any(
        "ALL_OVER" in a.tags and "CAP" in b.tags and "AWAY" not in b.tags
        for a, b in pairwise(tokens)
    )


def _governing(sentence: EventSentence, index: int) -> EventMention | None:
    """The event that a count hangs on: the nearest, one before it preferred."""
    real = [i for i, token in event_tokens(sentence) if "REAL_EVENT" in token.tags]
    nearest = min(real, default=None, key=lambda i: abs(i - index) + (2 if i > index else 0))
    if nearest is None or abs(nearest - index) > _EVENT_TOKENS:
        return None
    return read_event(sentence, nearest)


def _sentence_terms(place: CountContext, event: EventMention) -> Iterator[tuple[str, float]]:
    """An earlier attack told before the count's event, in the same sentence.

    ("The last big attack there was at a school, where a bomber killed …")
    """
    before = place.sentence.tokens[: min(event.index, place.index)]
    if not place.is_later and _is_aside(before):
        yield "aside_earlier", 1.0
    if not place.is_later or event.traits & (_PAST | {"fresh"}):
        return
    if any(t.tags & _TIMES and "IS_FRESH" not in t.tags for t in before):
        yield "sentence_earlier", 1.0


def _is_aside(before: Sequence[Token]) -> bool:
    """Whether a relative clause of another time goes on to the event, behind an event of the main one.

    ("Gunmen raided an office in a city where, days earlier, a complex attack killed 14.")
    """
    opened = max((i for i, t in enumerate(before) if "REL" in t.tags), default=None)
    if opened is None or not any("REAL_EVENT" in t.tags for t in before[:opened]):
        return False
    return any(t.tags & _TIMES or "EARLIER" in t.tags for t in before[opened:])


def _has_rival(sentence: EventSentence, event: EventMention) -> bool:
    """Whether another event of the sentence is here, and this one is not."""
    others = (i for i, t in event_tokens(sentence) if i != event.index and "IS_HERE" in t.tags)
    return any("IS_AWAY" not in sentence.tokens[i].tags for i in others)


def _place_terms(place: CountContext, event: EventMention | None) -> Iterator[tuple[str, float]]:
    tags = place.sentence.tags
    if "AWAY" in tags and "HERE" not in tags:
        yield "place_away", 1.0
        if place.is_later and _is_beside_away(place):
            yield "place_beside", 1.0
    if {"HERE", "AWAY"} <= tags:
        if _is_next_in_list(place):
            yield "place_next", 1.0
        elif _is_first_in_list(place):
            yield "place_put", 1.0
        elif _is_of_both(place):
            yield "places_joint", 1.0
    elif "SEVERAL_PLACES" in tags and not tags & {"HERE", "AWAY"}:
        yield "places_joint", 1.0
    if "HERE" in tags and place.is_later and not place.turned:
        if event is None or not event.is_bad:
            yield "place_here", 1.0


def _is_beside_away(place: CountContext) -> bool:
    """Whether a place outside stands shortly before the count, and nobody there only says so."""
    before = place.sentence.tokens[max(0, place.index - _BESIDE_TOKENS) : place.index]
    away = [i for i, t in enumerate(before) if "AWAY" in t.tags]
    return bool(away) and not any("SAYS" in t.tags for t in before[away[-1] :])


def _is_first_in_list(place: CountContext) -> bool:
    """Whether a place outside stands right behind the count, and one of the area behind another number.

    ("Six were killed in Brackwater and four in the capital." Not: "six from Brackwater were killed".)
    """
    tokens = place.sentence.tokens
    behind = range(place.index + 1, min(len(tokens), place.index + 1 + _PUT_TOKENS))
    stop = next((i for i in behind if tokens[i].tags & {"HERE", "AWAY", "NUM", "COMMA"}), None)
    if stop is None or "AWAY" not in tokens[stop].tags:
        return False
    later = next((i for i in range(stop, len(tokens)) if "HERE" in tokens[i].tags), stop)
    return any("NUM" in t.tags for t in tokens[stop:later])


def _is_of_both(place: CountContext) -> bool:
    """Whether attacks are put in the area and outside in one breath: a sum over both is of neither.

    ("Bombs in the capital and Brackwater killed twelve". Not a road "between" them, and not where the
    count stands beside the area alone.)
    """
    tokens = place.sentence.tokens
    named = [i for i, t in enumerate(tokens) if t.tags & {"HERE", "AWAY"}]
    for one, two in pairwise(named):
        if bool(tokens[one].tags & {"HERE"}) == bool(tokens[two].tags & {"HERE"}):
            continue
        between = tokens[one + 1 : two]
        joined = any("CONJ" in t.tags for t in between) and len(between) <= _JOINED_TOKENS
        plain = not any(t.tags & _NOT_JOINED for t in between)
        before = tokens[one - 1].tags if one else frozenset()
        if joined and plain and before & {"AT_PLACE", "EVENT"}:
            return True
    return False


def _is_next_in_list(place: CountContext) -> bool:
    """Whether a place outside stands before the count, and one of the area in a clause before that.

    ("In the capital a doctor was killed; in Brackwater five soldiers were killed.")
    """
    tokens = place.sentence.tokens
    before = [i for i in range(place.index) if tokens[i].tags & {"HERE", "AWAY"}]
    if not before or "HERE" in tokens[before[-1]].tags or place.index - before[-1] > CLAUSE_TOKENS:
        return False
    here = [i for i in before if "HERE" in tokens[i].tags]
    return bool(here) and any(t.word in _CLAUSE_MARKS for t in tokens[here[-1] : before[-1]])


def _date_terms(place: CountContext, count: CountMention) -> Iterator[tuple[str, float]]:
    sentence, index = place.sentence, place.index
    if near(sentence, index, "HISTORY", 9, 9):
        yield "history", 1.0
    if near(sentence, index, "EARLIER", 8, 8):
        yield "earlier_near", 1.0
    if near(sentence, index, "OLD", 14, 14) and not near(sentence, index, "FRESH", 10, 10):
        yield "date_old", 1.0
    if near(sentence, index, "YEAR", 8, 8, but="FRESH"):
        yield "date_year", 1.0
    only_recorded = (count.value or 0) < _FEW and _is_recorded_alone(place)
    if only_recorded or not place.is_later:
        pass
    elif near(sentence, index, "MANY_EVENTS", 10, 6, but="OF_SUPERLATIVE"):
        yield "many_near", 1.0
    elif _is_counted_over_time(place):
        yield "many_over_time", 1.0
    if near(sentence, index, "FRESH", 12, 12):
        yield "date_fresh", 1.0


def _is_recorded_alone(place: CountContext) -> bool:
    """Whether nothing in the sentence counts many attacks but "recorded": "a hospital has recorded 7 deaths".

    (Nor names several attacks, or a time: "recorded 60 deaths in attacks on mosques".)
    """
    if any(t.tags >= _SEVERAL or t.tags & _LONG_TIME for t in place.sentence.tokens):
        return False
    many = [t.tags for t in place.sentence.tokens if "MANY_EVENTS" in t.tags]
    return bool(many) and all("RECORDED" in tags for tags in many)


def _is_counted_over_time(place: CountContext) -> bool:
    """Whether a stretch of time opens the sentence, or stands behind the count in its clause.

    ("Since May, by our count, bombs have killed 250"; "250 people died in the city's mosques since May".
    Not behind an attack: "killed five in the deadliest attack since May", nor of many to which it
    belongs: "killed five in the latest of a string of attacks".)
    """
    tokens = place.sentence.tokens
    if any("MANY_EVENTS" in t.tags for t in tokens[: min(_OPENING_TOKENS, place.index)]):
        return True
    if _goes_on_with_others(tokens[: place.index]):
        return True
    for token in tokens[place.index + 1 : place.index + 1 + _STRETCH_TOKENS]:
        if "MANY_EVENTS" in token.tags:
            return "OF_SUPERLATIVE" not in token.tags
        if "DOT" in token.tags or {"EVENT_NOUN", "REAL_EVENT"} <= token.tags:
            return False
    return False


def _goes_on_with_others(before: Sequence[Token]) -> bool:
    """Whether the sentence has counted others over a stretch of time, and no day of these days since.

    ("Two clerks were killed in the last four days, and a deputy's car was hit by a bomb that killed nine.")
    """
    at = max((i for i, t in enumerate(before) if "COUNTED_OVER" in t.tags), default=None)
    if at is None or any("FRESH" in t.tags for t in before[at:]):
        return False
    return any("HARM" in t.tags for t in before[:at])


def _is_broken_off(place: CountContext) -> bool:
    """Whether a semicolon or "now" stands between the opening of the sentence and the count."""
    before = place.sentence.tokens[_OPENING_TOKENS : place.index]
    return any(token.word in _CLAUSE_STOPS or "FRESH" in token.tags for token in before)


def _turn_terms(place: CountContext) -> Iterator[tuple[str, float]]:
    sentence = place.sentence
    if "ANAPHOR" in sentence.tags:
        yield "points_back", 1.0
    if opens_with(sentence, "SEPARATELY"):
        yield "separate", 1.0
    elif opens_with(sentence, "MEANWHILE"):
        yield "meanwhile", 1.0
    if place.turned:
        yield "turned", 1.0
    if place.together:
        yield "many_stated", 1.0
    if "SAYS" in sentence.tags:
        yield "speaker", 1.0


def near(
    sentence: EventSentence, index: int, tag: str, back: int, ahead: int, but: str = ""
) -> bool:
    """Whether a tag, without ``but``, stands within some tokens of one, with no full stop between.

    What only says more of somebody is not looked at ("the chief, who took office last month, said").
    """
    tokens = sentence.tokens
    for step, limit in ((-1, back), (1, ahead)):
        for distance in range(limit + 1):
            at = index + step * distance
            if not 0 <= at < len(tokens):
                break
            found = tokens[at].tags
            if tag in found and but not in found and "IN_ASIDE" not in found:
                return True
            if distance and "DOT" in tokens[at].tags:
                break
    return False
