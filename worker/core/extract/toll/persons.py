"""Persons told singly: who is the same person, and what a number of people shot comes to.

Rules
-----
1. Who is told twice counts once, as the worst told of him: by age, by surname, by age where a name
   was given with one, and as "the guard" after "a guard". ("A 19-year-old man was shot. The man,
   Omid Rahimi, 19, later died.")
2. Who is nameless and was shot may be who died: beside a death he is nobody more. So is "he" or
   "the man" who was hurt, and, where the dead have no names, the one named person who was shot.
3. Two mentions are surely two persons (``are_different``) by their ages, by "another", as man and
   woman, as a soldier and a civilian (``are_of_other_kinds``), by two nouns both told as new, or the
   second as harmed "also", by "the driver" beside whom the text calls otherwise, as "one of his sons"
   beside somebody named, and where one sentence tells the harm of each: "the clerk was killed while
   his son died later". A pronoun, and whatever else leaves it open, is nobody new.
4. Persons are as many as are surely different, each from each other (``name_persons``). Each of
   those gets a name of its own; the others that of the one whom they must be, or none.
5. A printed zero stays here; whether it counts beside other numbers is decided with the speakers.
6. "Five people were shot, two of them fatally" leaves three wounded, unless as many are told to be
   wounded; "five others were shot" are five.
7. "All three had gunshot wounds", after three dead, are those. "She", who was shot, may be any of them.
8. Who is shot by age may be who is told as dead later, without age or name; who is in a hospital by name
   may be the only dead, told by age. One of each, and nothing that tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import count

from worker.core.annotate.counts import CountMention
from worker.core.lang.normalise import Range

_HURT = ("injured", "shot")
_SOME = "a"
"""Begins the name of a person told by a noun ("a shopkeeper")."""
_SAME = "SAME_PERSON"
_ANOTHER = "ANOTHER_PERSON"
_DEFINITE = "DEFINITE_PERSON"
_RELATIVE = "RELATIVE"
_ALSO = "ALSO"
_ALL = frozenset({"ALL_OF_THEM"})
_CARE = frozenset({"hosp"})
_NEW = "INDEFINITE_PERSON"
"""Tag of who is told as nobody told of before: "a shopkeeper"."""
_MOST_PERSONS = 60
"""Mentions that are compared with each other; a list of names is longer than any report of one."""
_FORCES = frozenset({"military", "police", "security_forces"})
_NO_FORCES = frozenset(
    {"civilians", "children", "students", "teachers", "medical", "media_workers"}
)
"""Classes of people of whom nobody is in the forces."""
_APPOSITION_CHARS = 2
"""What stands between a name and a trade of one person: "Karimi, a judge"."""


def told_once(mentions: Sequence[CountMention]) -> tuple[CountMention, ...]:
    """The mentions of one attack with each person once, as the worst told of him."""
    ages = _ages(mentions)
    dead = _dead_of(mentions, ages)
    seen: set[tuple[str, str]] = set()
    out: list[CountMention] = []
    for mention in mentions:
        person = person_of(mention, ages)
        if person and (mention.what, person) in seen:
            continue
        if mention.what in _HURT and dead.hold(mention, person):
            continue
        if person:
            seen.add((mention.what, person))
        out.append(_without_dead(mention, dead.nouns))
    return tuple(_wounded_of_shot(m, out) for m in out if m.what != "shot" or _is_news(m, out))


@dataclass(frozen=True, slots=True)
class _Dead:
    """The dead of an attack, and by what they may be known where they are told as hurt."""

    mentions: Sequence[CountMention]
    persons: AbstractSet[str]
    """Ages and surnames; "" for whoever is nameless."""
    numbers: AbstractSet[int]
    nouns: Mapping[str | None, Sequence[CountMention]]
    """Those who are told as "the guard", by their noun."""
    unnamed: bool
    """Whether nobody of them has a name, and of those shot one has."""
    shot: str | None
    """The only one who was shot, where the only dead one is told in another way."""

    def hold(self, hurt: CountMention, person: str | None) -> bool:
        """Whether one who is told as hurt is one of them. ``person``: see ``person_of``."""
        if person and (person in self.persons or (person == self.shot and not is_somebody(hurt))):
            return True
        may_be = self.persons and _may_be_dead(hurt, person, unnamed=self.unnamed)
        if may_be and not _is_none(hurt, self.mentions):
            return True
        if _are_counted_dead(hurt, person, self.numbers) or _all_died(hurt, self.mentions):
            return True
        return any(is_again(hurt, one) for one in self.nouns.get(hurt.noun, ()))


def _dead_of(mentions: Sequence[CountMention], ages: Mapping[str | None, str]) -> _Dead:
    dead = [m for m in mentions if m.what == "killed" and not m.is_attackers]
    nouns: dict[str | None, list[CountMention]] = {}
    for one in (part for m in dead for part in (m.parts or (m,))):
        if one.noun is not None and _DEFINITE in one.tags:
            nouns.setdefault(one.noun, []).append(one)
    persons = {person for m in dead if (person := person_of(m, ages)) is not None}
    persons |= {person for m in dead for p in m.parts if (person := person_of(p, ages))}
    named = {m.name for m in mentions if m.what == "shot" and m.is_single and m.name}
    numbers = set(_numbers(mentions, "killed"))
    return _Dead(
        mentions=dead,
        persons=persons,
        numbers=numbers,
        nouns=nouns,
        unnamed=persons == {""} and len(named) == 1,
        shot=_one_who_died(mentions, persons, ages) if numbers <= {1} else None,
    )


def _one_who_died(
    mentions: Sequence[CountMention], killed: AbstractSet[str], ages: Mapping[str | None, str]
) -> str | None:
    """The one person, shot or in a hospital, who is the only dead one told in another way.

    By age where the dead one is told by neither name nor age, and later; by name where the dead one
    is told by age alone.
    """
    by_age, only = killed == {""}, next(iter(killed), "")
    if len(killed) != 1 or (not by_age and (not only.isdigit() or only in ages.values())):
        return None
    hurt = [m for m in mentions if _may_have_died(m, shot_only=by_age)]
    persons = {person for m in hurt if (person := person_of(m, ages))}
    if len(persons) != 1 or next(iter(persons)).isdigit() != by_age:
        return None
    dead = [m for m in mentions if m.what == "killed" and m.is_single and not m.is_attackers]
    same = (d for d in dead for m in hurt if not by_age or m.number.start < d.number.start)
    fits = any(d.noun is None or not by_age for d in same)
    apart = any(are_different(d, m) for d in dead for m in hurt)
    return next(iter(persons)) if fits and not apart else None


def _may_have_died(mention: CountMention, *, shot_only: bool) -> bool:
    """Whether it is left open what became of one person who was shot, or taken to a hospital."""
    cared = mention.what == "injured" and bool(mention.flags & _CARE) and not shot_only
    return mention.is_single and not mention.is_attackers and (mention.what == "shot" or cared)


def _without_dead(
    hurt: CountMention, dead: Mapping[str | None, Sequence[CountMention]]
) -> CountMention:
    """Wounded people told by who they are, without the one of them who died later."""
    living = tuple(
        part
        for part in hurt.parts
        if not any(is_again(part, one) for one in dead.get(part.noun, ()))
    )
    less = len(hurt.parts) - len(living)
    if hurt.what not in _HURT or not less or hurt.value is None or hurt.value <= less:
        return hurt
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
        harms.setdefault((mention.what in _HURT, mention.is_attackers), []).append(mention)
    ages = _ages(singles)
    names: dict[Range, str] = {}
    for of_harm in harms.values():
        names |= _names(of_harm, ages)
    return names


def are_different(one: CountMention, two: CountMention) -> bool:
    """Whether two mentions of one harm are surely not of one person."""
    first, second = sorted((one, two), key=lambda m: m.number.start)
    if _SAME in first.tags | second.tags or first.is_headline or second.is_headline:
        return False
    if second.start < first.end:  # "Karimi, a judge, was killed": one predicate tells both
        return False
    if first.age and second.age and first.age.isdigit() and second.age.isdigit():
        return first.age != second.age
    if first.names & second.names:
        return False
    if min(len(first.names), len(second.names)) > 1:  # one word may be a first name, or no name
        return True
    alike = _words(first) == _words(second)
    if _ANOTHER in second.tags and (not alike or _ANOTHER not in first.tags):
        return True
    if (first.sex and second.sex and first.sex != second.sex) or are_of_other_kinds(first, second):
        return True
    if alike:
        return False
    new = (_NEW in first.tags and _NEW in second.tags) or _ALSO in second.tags
    told = first.noun is not None and second.noun is not None
    kin = first.name is not None and second.beside == "kin" and _NEW in second.tags
    return (new and told) or kin or _is_beside(first, second) or are_told_apart(first, second)


def are_of_other_kinds(one: CountMention, two: CountMention) -> bool:
    """Whether nobody can be of both: soldiers or policemen, and civilians or pupils."""
    kinds = (one.victim_class, two.victim_class)
    return any(a in _FORCES and b in _NO_FORCES for a, b in (kinds, kinds[::-1]))


def are_told_apart(first: CountMention, second: CountMention) -> bool:
    """Whether one sentence tells the harm of each, the second as somebody not told before."""
    if first.sentence != second.sentence or second.start < first.end:
        return False
    if first.noun == second.noun and first.victim_class == second.victim_class:
        return False
    if second.number.start - first.number.end <= _APPOSITION_CHARS:
        return False
    is_new = bool(second.tags & {_NEW, _RELATIVE, _ANOTHER}) or second.beside is not None
    return (is_new and second.name is None) or not second.is_single


def _is_beside(first: CountMention, second: CountMention) -> bool:
    """Whether "his driver", or "the driver" behind another noun, is told after somebody."""
    if second.beside != "companion" or second.noun in (None, first.noun):
        return False
    if _RELATIVE in second.tags and first.name is not None:
        return True
    told = first.noun is not None and _NEW in first.tags
    return told and bool(second.tags & {_DEFINITE, _RELATIVE})


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
    others = [[o for o in mentions if o is not m and are_different(m, o)] for m in mentions]
    order = sorted(range(len(mentions)), key=lambda i: (-len(others[i]), mentions[i].number.start))
    chosen: list[CountMention] = []
    for index in order:
        if all(any(o is c for o in others[index]) for c in chosen):
            chosen.append(mentions[index])
    return sorted(chosen, key=lambda m: m.number.start)


def _is_told_alike(one: CountMention, two: CountMention) -> bool:
    same_age = one.age is not None and one.age == two.age
    same_name = one.name is not None and one.name == two.name
    return same_age or same_name or (one.noun is not None and one.noun == two.noun)


def _name(
    own: Sequence[CountMention], ages: Mapping[str | None, str], taken: set[str], *, alone: bool
) -> str:
    """A name for one person that nobody has yet: age, surname, "a guard", "a guard 2"."""
    known = [person for m in own if (person := person_of(m, ages))]
    nouns = [f"{_SOME} {m.noun}" for m in own if m.noun is not None and _NEW in m.tags]
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


def _words(mention: CountMention) -> tuple[str | None, ...]:
    """By what a person is told: age, name, noun, sex."""
    return mention.age, mention.name, mention.noun, mention.sex


def is_again(hurt: CountMention, dead: CountMention) -> bool:
    """Whether "the guard" who died is "a guard" who was wounded before."""
    if hurt.noun is None or not hurt.is_single or not dead.is_single or hurt.is_attackers:
        return False
    told_again = _DEFINITE in dead.tags and dead.number.start > hurt.number.start
    return told_again and hurt.noun == dead.noun and _ANOTHER not in hurt.tags


def _may_be_dead(mention: CountMention, person: str | None, *, unnamed: bool) -> bool:
    """Whether one who is told as hurt may be the dead person told elsewhere."""
    if mention.what not in _HURT or mention.is_attackers or not mention.is_single:
        return False
    if _is_companion(mention):
        return False
    if mention.what == "shot" and (person == "" or unnamed):
        return not is_somebody(mention)
    return person == "" and _SAME in mention.tags


def _is_companion(mention: CountMention) -> bool:
    """Whether one is told as somebody's: "their driver was hit" is none of the two who died."""
    return mention.beside == "companion" and _RELATIVE in mention.tags


def _is_none(mention: CountMention, dead: Sequence[CountMention]) -> bool:
    """Whether one is surely none of the dead, who are told one by one: "his driver" beside a judge."""
    return all(d.is_single and are_different(d, mention) for d in dead)


def _are_counted_dead(mention: CountMention, person: str | None, numbers: AbstractSet[int]) -> bool:
    """Whether people who were hurt are told again as the dead: "all three", or "she" who was shot."""
    if mention.what not in _HURT or mention.is_attackers or not numbers or _is_companion(mention):
        return False
    if mention.tags & _ALL:
        return mention.value in numbers
    return mention.what == "shot" and person == "" and not mention.tags & {_ANOTHER, _NEW, _ALSO}


def _all_died(hurt: CountMention, dead: Sequence[CountMention]) -> bool:
    """Whether all of a number who were hurt are told to have died: "wounded two. Both died"."""
    if hurt.what not in _HURT or hurt.is_single or hurt.is_attackers:
        return False
    all_of_them = (d for d in dead if d.tags & _ALL and d.number.start > hurt.number.start)
    return any(d.value == hurt.value for d in all_of_them)


def is_somebody(mention: CountMention) -> bool:
    """Whether one is told as new: "a second man", "a neighbour who ran out"; "his son" may be anybody."""
    if _ANOTHER in mention.tags:
        return True
    return mention.noun is not None and _NEW in mention.tags


def person_of(mention: CountMention, ages: Mapping[str | None, str]) -> str | None:
    """The person that a mention tells of: age or surname; "" for a nameless one; None for a number."""
    if not mention.is_single:
        return None
    age = mention.age or ages.get(mention.name)
    return age or mention.name or ""


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
    persons = {person_of(m, {}) for m in mentions if m.what == "killed" and not m.is_attackers} - {
        None
    }
    return max(len(persons - {""}), bool(persons))


def _numbers(mentions: Sequence[CountMention], what: str) -> list[int]:
    return [
        m.value
        for m in mentions
        if m.what == what and not m.is_single and not m.is_attackers and m.value is not None
    ]
