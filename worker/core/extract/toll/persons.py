"""Persons told singly: who is the same person, and what a number of people shot comes to.

Rules
-----
1. Who is told twice counts once, as the worst told of him: by age, by surname, and by age where a name
   was given with one. ("A 19-year-old man was shot. The man, Omid Rahimi, 19, later died.") Who of the
   hurt is dead is decided in ``the_dead``, from what two mentions say of each other (``told_apart``).
2. Persons are as many as are surely different, each from each other (``name_persons``). Each of
   those gets a name of its own; the others that of the one whom they must be, or none.
   "Killed a guard and wounded a clerk. The clerk later died": he is not the guard.
3. A printed zero stays here; whether it counts beside other numbers is decided with the speakers.
4. "Five people were shot, two of them fatally" leaves three wounded, unless as many are told to be
   wounded; "five others were shot" are five.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from worker.core.annotate.counts import CountMention
from worker.core.extract.toll.the_dead import HURT, Dead, find_dead, person_of
from worker.core.extract.toll.told_apart import (
    ANOTHER,
    NEW,
    SAME,
    are_different,
)
from worker.core.lang.normalise import Range

_SOME = "a"
"""Begins the name of a person told by a noun ("a shopkeeper")."""
_MOST_PERSONS = 60
"""Mentions that are compared with each other; a list of names is longer than any report of one."""


def told_once(mentions: Sequence[CountMention]) -> tuple[CountMention, ...]:
    """The mentions of one attack with each person once, as the worst told of him."""
    ages = _ages(mentions)
    dead = find_dead(mentions, ages)
    seen: set[tuple[str, str]] = set()
    out: list[CountMention] = []
    for mention in mentions:
        person = person_of(mention, ages)
        if person and (mention.what, person) in seen:
            continue
        if dead.hold(mention):
            continue
        if person:
            seen.add((mention.what, person))
        out.append(_without_dead(_told_apart(mention, dead), dead))
    return tuple(_wounded_of_shot(m, out) for m in out if m.what != "shot" or _is_news(m, out))


def _told_apart(mention: CountMention, dead: Dead) -> CountMention:
    """One who died, told as another where the text tells him apart from all the dead before him."""
    if mention.what != "killed" or not mention.is_single or not dead.other_than_all(mention):
        return mention
    return replace(mention, tags=mention.tags - {SAME} | {ANOTHER})


def _without_dead(hurt: CountMention, dead: Dead) -> CountMention:
    """Wounded people told by who they are, without the one of them who died later."""
    living = dead.living(hurt)
    less = len(hurt.parts) - len(living)
    if hurt.what not in HURT or not less or hurt.value is None or hurt.value <= less:
        return hurt
    if hurt.what == "shot":  # its number is taken off with all the other dead
        return replace(hurt, parts=living)
    return replace(
        hurt,
        value=hurt.value - less,
        low=None if hurt.low is None else hurt.low - less,
        high=None if hurt.high is None else hurt.high - less,
        parts=living,
    )


def name_persons(mentions: Iterable[CountMention]) -> dict[Range, str]:
    """What to call each person told singly, by the place of the mention.

    Of one harm, as many names as are surely different persons. "" is somebody who may be any of
    several.
    """
    harms: dict[tuple[bool, bool], list[CountMention]] = {}
    singles = [m for m in mentions if m.is_single]
    for mention in singles:
        harms.setdefault((mention.what in HURT, mention.is_attackers), []).append(mention)
    ages = _ages(singles)
    names: dict[Range, str] = {}
    for of_harm in harms.values():
        names |= _names(of_harm, ages)
    return names


def _names(mentions: Sequence[CountMention], ages: Mapping[str | None, str]) -> dict[Range, str]:
    persons = _apart(mentions[:_MOST_PERSONS])
    members: list[list[CountMention]] = [[one] for one in persons]
    for mention in mentions:
        fits = [known for known in members if not are_different(known[0], mention)]
        same = fits if len(fits) == 1 else [f for f in fits if _is_told_alike(f[0], mention)]
        if same and all(mention is not m for m in same[0]):
            same[0].append(mention)
    names = {m.number: "" for m in mentions}
    taken: set[str] = set()
    for person in members:
        name = _name(person, ages, taken, alone=len(members) == 1)
        taken.add(name)
        names |= {m.number: name for m in person}
    return names


def _apart(mentions: Sequence[CountMention]) -> list[CountMention]:
    """A largest set of mentions that are surely different persons, as far as is found at once."""
    mentions = list({_told_by(m): m for m in reversed(mentions)}.values())[::-1]
    others = [[o for o in mentions if o is not m and are_different(m, o)] for m in mentions]
    order = sorted(range(len(mentions)), key=lambda i: (-len(others[i]), mentions[i].number.start))
    chosen: list[CountMention] = []
    for index in order:
        if all(any(o is c for o in others[index]) for c in chosen):
            chosen.append(mentions[index])
    return sorted(chosen, key=lambda m: m.number.start)


def _told_by(mention: CountMention) -> tuple[object, ...]:
    """All by which one is told: who is told so twice is one ("the driver died … the driver died")."""
    words = mention.age, mention.name, mention.noun, mention.sex, mention.beside, mention.ordinal
    return *words, mention.victim_class, mention.names, mention.tags, mention.is_headline


def _is_told_alike(one: CountMention, two: CountMention) -> bool:
    same_age = one.age is not None and one.age == two.age
    same_name = one.name is not None and one.name == two.name
    return same_age or same_name or (one.noun is not None and one.noun == two.noun)


def _name(
    own: Sequence[CountMention], ages: Mapping[str | None, str], taken: set[str], *, alone: bool
) -> str:
    """A name for one person that nobody has yet: age, surname, "a guard", "a guard 2"."""
    known = [person for m in own if (person := person_of(m, ages))]
    nouns = [f"{_SOME} {m.noun}" for m in own if m.noun is not None and NEW in m.tags]
    if alone:
        return next(iter([*sorted(known, key=str.isalpha), *nouns]), "")
    first = own[0]
    plain = f"{_SOME} {first.noun or first.sex or first.victim_class}"
    free = (name for name in [*sorted(known, key=str.isalpha), *nouns, plain] if name not in taken)
    return next(free, None) or next(n for i in count(2) if (n := f"{plain} {i}") not in taken)


def name_alone(mention: CountMention) -> str:
    """What to call one of a list: age, surname, "a shopkeeper"; "the shopkeeper" may be anybody."""
    return _name([mention], {}, set(), alone=True)


def _ages(mentions: Iterable[CountMention]) -> dict[str | None, str]:
    return {m.name: m.age for m in mentions if m.name and m.age}


def _is_news(shot: CountMention, mentions: Sequence[CountMention]) -> bool:
    """Whether a number of people shot says more than the numbers of dead and wounded together."""
    if shot.is_single:
        return True
    dead = 0 if "FURTHER" in shot.tags else count_dead(mentions)
    return (shot.value or 0) > dead + max(_numbers(mentions, "injured"), default=0)


def _wounded_of_shot(mention: CountMention, mentions: Sequence[CountMention]) -> CountMention:
    """A count of people shot, less those who are dead."""
    if mention.what != "shot" or mention.is_single or mention.value is None:
        return mention
    dead = 0 if "FURTHER" in mention.tags else count_dead(mentions)
    return replace(
        mention,
        value=mention.value - dead,
        low=None if mention.low is None else mention.low - dead,
        high=None if mention.high is None else mention.high - dead,
    )


def count_dead(mentions: Sequence[CountMention]) -> int:
    """How many of those shot are dead, as far as it is told."""
    numbers = _numbers(mentions, "killed")
    if numbers:
        return max(numbers)
    persons = [m for m in mentions if m.what == "killed" and m.is_single and not m.is_attackers]
    return len(_apart(persons[:_MOST_PERSONS]))


def _numbers(mentions: Sequence[CountMention], what: str) -> list[int]:
    return [
        m.value
        for m in mentions
        if m.what == what and not m.is_single and not m.is_attackers and m.value is not None
    ]
