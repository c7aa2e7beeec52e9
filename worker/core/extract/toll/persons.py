"""Persons told singly: who is the same person, and what a number of people shot comes to.

Rules
-----
1. Who is told twice counts once, as the worst told of him: by age, by surname, and by age where a
   name was given with one. ("A 19-year-old man was shot. The man, Omid Rahimi, 19, later died.")
2. Who is nameless and was shot may be who died: beside a death he is nobody more. So is "he" or
   "the man" who was hurt, and, where the dead have no names, the one named person who was shot.
3. A printed zero stays here; whether it counts beside other numbers is decided with the speakers.
4. "Five people were shot, two of them fatally" leaves three wounded, where no number of wounded is
   given; "five others were shot" are five.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from worker.core.annotate.counts import CountMention

_HURT = ("injured", "shot")
_SAME = "SAME_PERSON"
NEW_PERSON = "INDEFINITE_PERSON"
"""Tag of who is told as nobody told of before: "a shopkeeper"."""


def told_once(mentions: Sequence[CountMention]) -> tuple[CountMention, ...]:
    """The mentions of one attack with each person once, as the worst told of him."""
    ages: dict[str | None, str | None] = {m.name: m.age for m in mentions if m.name and m.age}
    killed = {
        person
        for m in mentions
        if m.what == "killed" and not m.is_attackers and (person := person_of(m, ages)) is not None
    }
    named = {m.name for m in mentions if m.what == "shot" and m.is_single and m.name}
    unnamed = killed == {""} and len(named) == 1
    seen: set[tuple[str, str]] = set()
    out: list[CountMention] = []
    for mention in mentions:
        person = person_of(mention, ages)
        if person and mention.what in _HURT and person in killed:
            continue
        if person and (mention.what, person) in seen:
            continue
        if killed and mention.is_single and _may_be_dead(mention, person, unnamed=unnamed):
            continue
        if person:
            seen.add((mention.what, person))
        out.append(mention)
    return tuple(_wounded_of_shot(m, out) for m in out if m.what != "shot" or _is_news(m, out))


def _may_be_dead(mention: CountMention, person: str | None, *, unnamed: bool) -> bool:
    """Whether one who is told as hurt may be the dead person told elsewhere."""
    if mention.what not in _HURT or mention.is_attackers:
        return False
    if mention.what == "shot" and (person == "" or unnamed):
        return not _is_somebody_else(mention)
    return person == "" and _SAME in mention.tags


def _is_somebody_else(mention: CountMention) -> bool:
    """Whether one is told as new: "a second man", "a neighbour who ran out"; "his son" may be anybody."""
    if "ANOTHER_PERSON" in mention.tags:
        return True
    return mention.noun is not None and NEW_PERSON in mention.tags


def person_of(mention: CountMention, ages: Mapping[str | None, str | None]) -> str | None:
    """The person that a mention tells of: age or surname; "" for a nameless one; None for a number."""
    if not mention.is_single:
        return None
    age = mention.age or ages.get(mention.name)
    return age or mention.name or ""


def _is_news(shot: CountMention, mentions: Sequence[CountMention]) -> bool:
    """Whether a number of people shot says more than the numbers of dead and wounded."""
    if shot.is_single:
        return True
    told = _numbers(mentions, "injured")
    return not told and ("FURTHER" in shot.tags or (shot.value or 0) > _dead(mentions))


def _wounded_of_shot(mention: CountMention, mentions: Sequence[CountMention]) -> CountMention:
    """A count of people shot, less those who are dead."""
    if mention.what != "shot" or mention.is_single or mention.value is None:
        return mention
    dead = 0 if "FURTHER" in mention.tags else _dead(mentions)
    return replace(
        mention,
        value=mention.value - dead,
        low=None if mention.low is None else mention.low - dead,
        high=None if mention.high is None else mention.high - dead,
    )


def _dead(mentions: Sequence[CountMention]) -> int:
    """How many of those shot are dead, as far as it is told."""
    numbers = _numbers(mentions, "killed")
    if numbers:
        return max(numbers)
    ages: dict[str | None, str | None] = {}
    persons = {
        person_of(m, ages) for m in mentions if m.what == "killed" and not m.is_attackers
    } - {None}
    return max(len(persons - {""}), bool(persons))


def _numbers(mentions: Sequence[CountMention], what: str) -> list[int]:
    return [
        m.value
        for m in mentions
        if m.what == what and not m.is_single and not m.is_attackers and m.value is not None
    ]
