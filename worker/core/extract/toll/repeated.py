"""Which figures only say again what somebody stands for: no opinions of their own.

Rules
-----
1. The outlet's own words for a number that somebody is quoted for are a repetition, but not for another
   person than he tells of. So is its headline beside a number of the body, also where it adds up the
   body's victims and attackers.
2. "More than a dozen", by the outlet, is a round word for what others counted, if all of them counted
   more, and the least of them not twice as many: 13, or 15 and 19.
3. "Some 20" and "almost 20", by the outlet or another one, round what somebody counted within those
   bounds (18, or at least 19).
4. "At least six", by unnamed officials, sums up what named offices say where one of them gives six, and
   another more: the range is then 6 to 9, and not open.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from worker.core.annotate.speakers import NARRATOR, POWER_TYPE, UNKNOWN, is_known_by_kind
from worker.core.domain.report import Statement
from worker.core.domain.vocabulary import WhyDerived
from worker.core.extract.toll.counts import is_perpetrator
from worker.core.figures.bounds import NO_END
from worker.core.lang.cascade import UNSPECIFIED

_ROUND = frozenset({"around", "nearly"})
_TELLERS = frozenset({NARRATOR, "media_sources", UNKNOWN})
"""Who counts nobody: the outlet, and those that it cites, whom it may call by name alone."""


_Side = tuple[str, bool]
_Number = tuple[str, bool, int | None, bool]


@dataclass(frozen=True, slots=True)
class Said:
    """What an article's figures stand for together, beside which the outlet only repeats."""

    attributed: Collection[tuple[*_Number, str | None]]
    """Numbers that somebody is quoted for, each with the person he tells of."""
    besides: Collection[str]
    """Ids of statements that tell of one more ("her brother", "also")."""
    others: Collection[tuple[_Side, str | None]]
    """Persons who are told to be one more."""
    body: Mapping[_Side, int]
    """The most that the body's numbers leave room for."""
    known: Collection[_Side]
    """Sides of which the body has a number."""


def mark_repeated(
    statements: tuple[Statement, ...], besides: Collection[str]
) -> tuple[Statement, ...]:
    """The outlet's own words for a number that somebody stands for are a repetition, and so is its
    headline beside a number of the body; not beside a mere "as many as seven", which it makes sure.

    ``besides``: ids of those statements that tell of one more ("her brother", "also").
    """
    statements = tuple(
        s.as_derived("round_word") if _is_round_word(s, statements) else s for s in statements
    )
    said = _said(statements, besides)
    whys = (_why_repeated(s, said) if s.speaker_type == NARRATOR else None for s in statements)
    return tuple(
        s if why is None else s.as_derived(why) for s, why in zip(statements, whys, strict=True)
    )


def _said(statements: Sequence[Statement], besides: Collection[str]) -> Said:
    quoted = [s for s in statements if s.speaker_type != NARRATOR and not s.perpetrator_party]
    told = [s for s in statements if s.zone != "title" and s.low is not None]
    return Said(
        {(*_number(s), s.person) for s in quoted if _is_opinion(s)},
        besides,
        {(_side(s), s.person) for s in statements if s.person and s.id in besides},
        _most_by_side(statements),
        {_side(s) for s in told if _stands(s)},
    )


def _is_opinion(quoted: Statement) -> bool:
    """Whether somebody stands for a number; "the minister and six others" is none of six.

    A class of people whom he counts among others is one ("three of them children").
    """
    is_rest = quoted.subset_of is not None and quoted.victim_class == UNSPECIFIED
    is_rest &= quoted.person is None
    return quoted.scope == "incident" and not quoted.derived and not is_rest


def _why_repeated(own: Statement, said: Said) -> WhyDerived | None:
    """Why the outlet's figure is none of its own, if it is none."""
    is_title, is_known = own.zone == "title", _side(own) in said.known
    if own.value is not None and (is_known or not is_title) and _may_say(own, said):
        return "said_again"
    if is_title and is_known and (own.low or 0) <= said.body.get(_side(own), -1):
        return "headline"
    if is_title and own.value is not None and own.value == _both_sides(own, said.body):
        return "both_sides"
    return None


def _number(statement: Statement) -> _Number:
    """What a repetition has in common with what it repeats: measure, side, number, "more than"."""
    return (*_side(statement), statement.value, statement.qualifier == "more_than")


def _may_say(own: Statement, said: Said) -> bool:
    """Whether the outlet tells what somebody stands for; of one who is surely somebody, if it is he.

    ("Gunmen shot a teacher dead, police said. Her brother also died." He is one more, also where "the
    45-year-old died, a cousin said", who may be either.)
    """
    is_one_more = own.id in said.besides
    if own.person:
        apart = is_one_more or _is_one_of(own, said.others)
        persons = {own.person, None} if apart else {own.person, None, ""}
    else:
        persons = {None, ""} if is_one_more else {p for *_, p in said.attributed}
    return any((*_number(own), person) in said.attributed for person in persons)


def _is_one_of(own: Statement, others: Collection[tuple[_Side, str | None]]) -> bool:
    """Whether the outlet tells of somebody besides, who is surely another."""
    return any(side == _side(own) and person != own.person for side, person in others)


def _both_sides(headline: Statement, body: Mapping[tuple[str, bool], int]) -> int | None:
    """The body's victims and attackers together, whom a headline may count as one: "five dead"."""
    if _side(headline)[1]:
        return None
    victims = body.get((headline.measure, False))
    attackers = body.get((headline.measure, True))
    return None if victims is None or attackers is None else victims + attackers


def _side(statement: Statement) -> tuple[str, bool]:
    return statement.measure, is_perpetrator(statement.victim_class)


def _most_by_side(statements: Sequence[Statement]) -> dict[tuple[str, bool], int]:
    """How many people the body's numbers leave room for, by measure and side.

    A headline's number within it is short for the body's, or old. A headline may also be the only sum
    of what the body tells one by one: that is larger.
    """
    most: dict[tuple[str, bool], int] = {}
    for s in statements:
        if s.zone in ("lead", "body") and _stands(s) and s.value is not None and s.person is None:
            value = NO_END if s.high is None else s.value
            most[_side(s)] = max(value, most.get(_side(s), -1))
    return most


def _stands(statement: Statement) -> bool:
    """Whether a figure is an opinion about the attack's whole."""
    own = statement.scope == "incident" and not statement.perpetrator_party
    return own and not statement.derived and statement.subset_of is None


def _is_round_word(statement: Statement, statements: Sequence[Statement]) -> bool:
    """Whether a bound or a round number only sums up numbers of others (rules 2 to 4)."""
    bound = statement.low or 0
    if not _stands(statement) or statement.value is None:
        return False
    if statement.high is not None:
        is_round = statement.qualifier in _ROUND and statement.speaker_type in _TELLERS
        return is_round and any(_is_within(s, statement) for s in statements)
    counted = [s.value or 0 for s in statements if _is_counted_by_another(s, statement)]
    if statement.speaker_type == NARRATOR and statement.qualifier == "more_than":
        return bound <= min(counted, default=0) < 2 * bound
    officials = statement.speaker_type == POWER_TYPE and is_known_by_kind(statement.speaker_id)
    return officials and min(counted, default=0) == bound < max(counted, default=0)


def _is_within(counted: Statement, rounded: Statement) -> bool:
    """Whether somebody else who is quoted gives a number that a round one has room for."""
    if counted.value is None or counted.qualifier not in ("exact", "at_least"):
        return False
    has_room = (rounded.low or 0) <= counted.value <= (rounded.high or 0)
    return has_room and _is_of_another(counted, rounded)


def _is_of_another(statement: Statement, than: Statement) -> bool:
    """Whether somebody who is quoted gives a number for the same side, that stands."""
    if not _stands(statement) or _side(statement) != _side(than) or statement.person is not None:
        return False
    return statement.speaker_type != NARRATOR and statement.speaker_id != than.speaker_id


def _is_counted_by_another(statement: Statement, than: Statement) -> bool:
    """Whether somebody else, who is more than "officials", counts the same side exactly."""
    if statement.speaker_type == POWER_TYPE or statement.qualifier != "exact":
        return False
    return _is_of_another(statement, than)
