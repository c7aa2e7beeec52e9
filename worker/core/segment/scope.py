"""Does a figure belong to the attack that the article is about? Log-odds, by default yes.

Rules
-----
1. Every count gets a score; above 0 it belongs to the main attack. What speaks for and against is
   near the count, in tokens: words of another time ("last month"), of many attacks ("this year"), a
   place outside the area, the event word that it hangs on, the clause it stands in.
2. The article is read from left to right. A sentence that opens another piece of news ("meanwhile",
   a new attack elsewhere) turns away, and what follows stays turned until something turns back: a
   definite event here, or in another paragraph a word that points back ("the blast").
3. Counts told in one breath ("left five dead and around 10 wounded") share what is said of time and
   of many attacks.
4. A figure of the headline or first sentence that comes again is the same figure; a large number is
   more surely so.
5. A number at the top that only adds up what is then told of several places is no attack's.
6. The attack may be told by a later sentence (a brief, a round-up): ``find_anchor`` names it, and
   figures are then the attack's from that sentence to the next turn, and nowhere else.
7. A profile that asks for no place, or for no fresh attack, is not about an area or these days: then
   neither a place outside nor an old date speaks against a figure (``anywhere``).

Weights are those of ``[scope]`` and ``[event]`` in ``weights.toml``. Each ``ScopedCount`` keeps its
terms, so that an answer can be explained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from worker.core.annotate.counts import CountMention
from worker.core.annotate.events import EventSentence, event_sentence_at
from worker.core.domain.vocabulary import Scope
from worker.core.knowledge.profile import Policy
from worker.core.knowledge.weights import EventWeights, ScopeWeights, SegmentWeights
from worker.core.lang.tokens import Token
from worker.core.segment.framing import Frames, find_frames
from worker.core.segment.scope_clauses import CountContext, told_days
from worker.core.segment.scope_terms import count_terms, find_terms
from worker.core.segment.turns import (
    begins_with_another,
    find_counted_together,
    find_turns,
    turns_away,
)

_BREATH_TOKENS = 8
_SHARED = (
    "earlier_near", "many_count", "event_earlier", "event_weeks", "event_old", "event_year",
    "date_old", "date_year", "many_over_time", "other_day", "day_apart",
    "many_near",
)  # fmt: skip
"""What one count of a breath says of the other."""
_SUM = "sum_of_places"
_REPEATED = ("repeated", "repeated_large")
_OF_ANOTHER_DAY = frozenset({"other_day", "day_apart", "frame_opened", "frame_going_on"})
"""What says that a small number, which comes again by chance, is of another attack."""
_MOST_PLACES = 4
_NEW_EVENT = frozenset({"EVENT_NOUN", "IS_INDEF"})
_TWO_TOKENS = 4
_OF_ITEM = frozenset({"HERE", "ANAPHOR"})
"""What goes on with an item of a digest, in the first sentence of a paragraph."""
_FIRED = frozenset({"PROJECTILE"})
_EARLY_SENTENCES = 3
_LARGE = 10
"""Smaller numbers come again by chance."""
_BREAKS = frozenset({"BREAK", "DOT", "SUBORDINATOR", "REL"})
_POLICY = Policy()
_KINDS: Mapping[str, Scope] = {
    "many_count": "aggregate", "many_near": "aggregate", "many_stated": "aggregate", "many_over_time": "aggregate", "many_later": "aggregate", "event_many": "aggregate", "event_plural": "aggregate",
    "events_together": "aggregate", "sum_of_places": "aggregate", "date_year": "aggregate", "event_threat": "hypothetical", "in_scenario": "hypothetical",
    "place_away": "other_incident", "place_next": "other_incident", "place_put": "other_incident", "places_joint": "aggregate", "place_beside": "other_incident", "event_away": "other_incident", "event_rival": "other_incident",
    "thousands": "aggregate", "turned": "other_incident",
    "separate": "other_incident", "event_new": "other_incident", "nobody_by_new": "other_incident",
    "item_outside": "other_incident",
}  # fmt: skip
"""What a figure is instead, by the term that speaks most against it; any other: background."""
_OF_PLACE = frozenset({
    "event_away", "event_rival", "place_away", "place_beside", "place_next", "place_put", "places_joint",
})  # fmt: skip
"""Terms by which an attack outside the area speaks against a figure."""
_OF_AGE = frozenset({
    "earlier_near", "event_earlier", "event_old", "event_past", "event_year", "sentence_earlier",
    "date_old", "date_year", "frame_opened", "frame_going_on",
})  # fmt: skip
"""Terms by which an attack of another time does."""
_ADDS_NOTHING = _OF_AGE | {"after_span", "after_span_event"}
"""Terms of counts that make no sum with others of the news."""


@dataclass(frozen=True, slots=True)
class ScopedCount:
    """A count with the log-odds that it belongs to the main attack, and the terms that add up to it."""

    count: CountMention
    score: float
    terms: tuple[tuple[str, float], ...]

    @property
    def is_main(self) -> bool:
        """Whether it belongs to the main attack."""
        return self.score > 0

    @property
    def scope(self) -> Scope:
        """What it is about: the incident, or what the strongest term against it says."""
        if self.is_main:
            return "incident"
        against = min(self.terms, default=("", 0.0), key=lambda term: term[1])
        return _KINDS.get(against[0], "background")


@dataclass(slots=True)
class _Told:
    """A count while its terms are gathered; ``context`` is None when its sentence was not read."""

    count: CountMention
    context: CountContext | None
    terms: dict[str, float]


def score_counts(
    sentences: tuple[EventSentence, ...],
    counts: Sequence[CountMention],
    weights: SegmentWeights,
    anchor: EventSentence | None = None,
    *,
    digest: bool = False,
    policy: Policy = _POLICY,
) -> tuple[ScopedCount, ...]:
    """One score for each count, in their order. ``anchor``: see ``find_anchor``; None is the top.

    ``digest``: whether the article tells of many matters (``is_digest``). ``policy``: what the profile
    asks for.
    """
    item: range | None = None
    if anchor is not None:
        item = (_digest_item if digest else _item)(sentences, anchor, weights.event)
    turned = frozenset[int]()
    if anchor is None:
        turned = find_turns(sentences, weights.event, digest=digest)
    days = _main_days(sentences)
    together = find_counted_together(sentences)
    frames = find_frames(sentences)
    told = [_told(count, sentences, turned, together, frames, item, days) for count in counts]
    unasked = _unasked(policy)
    for each in told:
        each.terms = {name: value for name, value in each.terms.items() if name not in unasked}
    breaths = [(one, two) for one, two in pairwise(told) if _in_one_breath(one, two)]
    for one, two in breaths:
        _share(one.terms, two.terms, _SHARED)
        if "place_beside" in one.terms:  # "in the south, a bomber killed four and wounded 13"
            two.terms["place_beside"] = 1.0
    _find_sums(told)
    _carry_sums(breaths)
    _find_repeated(told, weights.scope)
    for one, two in breaths:
        _share(one.terms, two.terms, _REPEATED)
    return tuple(_scored(each, weights.scope) for each in told)


def _main_days(sentences: Sequence[EventSentence]) -> frozenset[str]:
    """The days that the top tells of; where it tells of no time, those of the first of the next that does."""
    top = [s for s in sentences if s.is_top]
    days = frozenset[str]().union(*(told_days(s.tokens) for s in top))
    if any("FRESH" in s.tags for s in top):
        return days
    early = (told_days(s.tokens) for s in sentences if 0 < s.body_number <= _EARLY_SENTENCES)
    return days or next(filter(None, early), frozenset())


def _unasked(policy: Policy) -> frozenset[str]:
    """The terms that do not count: those of a place or an age that the profile does not ask for."""
    place = frozenset[str]() if policy.require_place else _OF_PLACE
    return place | (frozenset[str]() if policy.require_fresh else _OF_AGE)


def _item(
    sentences: tuple[EventSentence, ...], anchor: EventSentence, weights: EventWeights
) -> range:
    """Numbers of the body's sentences from the anchor to the next turn."""
    later = (s for s in sentences if s.body_number > anchor.body_number)
    end = next((s.body_number for s in later if turns_away(s, weights)), len(sentences))
    return range(anchor.body_number, end)


def _digest_item(
    sentences: tuple[EventSentence, ...], anchor: EventSentence, weights: EventWeights
) -> range:
    """The same from the head of the anchor's paragraph; in a digest that told another matter before,
    to the next paragraph that does not go on with it.
    """
    own = (s for s in sentences if s.paragraph == anchor.paragraph)
    begin = next(s.body_number for s in own if s.body_number >= 0)
    item = _item(sentences, anchor, weights)
    if not begins_with_another(sentences, anchor):
        return range(begin, item.stop)
    opening = (b for a, b in pairwise(sentences) if a.paragraph != b.paragraph)
    later = (s for s in opening if s.body_number > anchor.body_number)
    end = next((s.body_number for s in later if not s.tags & _OF_ITEM), item.stop)
    return range(begin, min(end, item.stop))


def _told(
    count: CountMention,
    sentences: tuple[EventSentence, ...],
    turned: frozenset[int],
    together: frozenset[int],
    frames: Frames,
    item: range | None,
    days: frozenset[str],
) -> _Told:
    held = event_sentence_at(sentences, count.number.start)
    if held is None:
        return _Told(count, None, count_terms(count))
    index = held.token_at(count.number.start)
    context = CountContext(
        held, index, held.start in turned, days, held.start in together, frames.of(held.start)
    )
    return _Told(count, context, count_terms(count) | find_terms(context, count, item))


def _find_sums(told: Sequence[_Told]) -> None:
    """Numbers of the top that only add up what the text then tells of each of several places.

    ("Two bombings killed five", "… in one ward, killing three", "… in another, killing two".) So where
    the top tells two attacks, and the text turns from one to the other ("a bombing and a shooting killed
    four … the bomb killed three … also in the city, a guard was shot"). The dead of an older attack and
    of one elsewhere make no sum, whatever they come to. What is fired at a city in one salvo comes down
    in several places ("six rockets fell on the old town, killing three"): that is one attack.
    """
    for what in {each.count.what for each in told}:
        counted = [e for e in told if e.count.what == what and e.context and e.count.value]
        placed = [e for e in counted if _is_placed(e) and not e.terms.keys() & _ADDS_NOTHING]
        if placed and all(_is_of_salvo(e) for e in placed):
            placed = []
        sums = set(accumulate(e.count.value or 0 for e in placed[:_MOST_PLACES]))
        sums -= {e.count.value for e in placed[:1]}
        both = _sums_of_two(counted)
        for each in counted:
            if each.context is None or not each.context.sentence.is_top:
                continue
            two = _tells_two(each.context.sentence.tokens) and each.count.value in both
            if two or each.count.value in sums:
                each.terms[_SUM] = 1.0


def _carry_sums(breaths: Sequence[tuple[_Told, _Told]]) -> None:
    """Mark the wounded told in one breath with dead who are a sum: "killed seven and wounded 20".

    Not the dead beside wounded who are one: nobody may have died at the other site.
    """
    for dead, hurt in breaths:
        is_both = (dead.count.what, hurt.count.what) == ("killed", "injured")
        if is_both and _SUM in dead.terms:
            hurt.terms[_SUM] = dead.terms[_SUM]


def _sums_of_two(counted: Sequence[_Told]) -> set[int]:
    """What a number of the attack and one of another that the text turns to add up to."""
    later = [e for e in counted if e.context and e.context.is_later and "PART" not in e.count.tags]
    others = [e for e in later if e.context and e.context.turned]
    own = [e for e in later if e.context and not e.context.turned]
    return {(a.count.value or 0) + (b.count.value or 0) for a in own for b in others}


def _tells_two(tokens: Sequence[Token]) -> bool:
    """Whether two new attacks are told in one breath: "a bombing and a shooting"."""
    new = [i for i, t in enumerate(tokens) if t.tags >= _NEW_EVENT]
    return any(
        b - a <= _TWO_TOKENS and any("CONJ" in t.tags for t in tokens[a:b])
        for a, b in pairwise(new)
    )


def _is_placed(told: _Told) -> bool:
    """Whether a count stands in a sentence of the body that names a place."""
    context = told.context
    if context is None or not context.is_later or "PART" in told.count.tags:
        return False
    return bool({"HERE", "AWAY"} & context.sentence.tags)


def _is_of_salvo(told: _Told) -> bool:
    """Whether the sentence of a count tells of rockets or shells."""
    return told.context is not None and any(t.tags & _FIRED for t in told.context.sentence.tokens)


def _find_repeated(told: Sequence[_Told], weights: ScopeWeights) -> None:
    """Numbers that the top prints, printed again: of its attack, or of another that it tells.

    ("A bomb killed two people, a week after gunmen killed nine": nine again is the gunmen's.)
    """
    main: dict[tuple[str, int], set[int]] = {}
    other: dict[tuple[str, int], set[int]] = {}
    for each in told:
        count, context = each.count, each.context
        if context is not None and context.sentence.is_top and count.value is not None:
            printed = main if _scored(each, weights).is_main else other
            printed.setdefault((count.what, count.value), set()).add(count.sentence)
    for each in told:
        value, sentence = each.count.value, {each.count.sentence}
        if value is None or (value < _LARGE and each.terms.keys() & _OF_ANOTHER_DAY):
            continue
        if main.get((each.count.what, value), set()) - sentence:
            each.terms["repeated"] = 1.0
            if value >= _LARGE:
                each.terms["repeated_large"] = 1.0
        elif other.get((each.count.what, value), set()) - sentence:
            each.terms["repeated_other"] = 1.0


def _scored(told: _Told, weights: ScopeWeights) -> ScopedCount:
    terms = [("default", weights.default)]
    terms += [(name, getattr(weights, name) * value) for name, value in told.terms.items()]
    return ScopedCount(told.count, sum(value for _, value in terms), tuple(terms))


def _in_one_breath(first: _Told, second: _Told) -> bool:
    one, two = first.context, second.context
    if one is None or two is None or one.sentence is not two.sentence:
        return False
    between = one.sentence.tokens[one.index + 1 : two.index]
    return len(between) <= _BREATH_TOKENS and not any(t.tags & _BREAKS for t in between)


def _share(one: dict[str, float], two: dict[str, float], names: Sequence[str]) -> None:
    for name in names:
        value = max(one.get(name, 0.0), two.get(name, 0.0))
        if value:
            one[name] = two[name] = value
