"""The dead of an attack: who of those told as hurt is one of them.

Rules
-----
A person told as hurt is a dead person where their words allow it (``may_be_one``) and one of these
says so:

1. Name or age: "Omid Rahimi, 19, was shot … the 19-year-old died"; "Rahimi was taken to a hospital".
   (A boy and a girl of nine are two.)
2. The later of the two is told as somebody told before (``is_told_again``), and nobody else who may be
   meant is told in between: "Rahimi was flown to a hospital, where he died"; "the girl was hit in the
   head. The child died". Where a death was told before, "he died" must stand near, and is never of
   "his father".
3. "He" who was hurt, and whoever was shot and has neither age nor name, is nobody new beside a death.
   Who was shot may be any of a number of dead as well. "His son", told after a dead person, is not he.
4. The text tells of one dead and one hurt person, and leaves open what became of the hurt one: he was
   shot, or taken to a hospital before a death is told of somebody without a name, or below a headline
   that tells of it. "The 2-year-old has died. Omid Rahimi was badly hurt" are one, too: who is told
   first as known is named after.

People told by a number are dead where all of them are told to have died, or where "all three", told
as hurt, are as many as the dead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from worker.core.annotate.counts import CountMention
from worker.core.extract.toll.told_apart import (
    ANOTHER,
    NEW,
    SAME,
    are_different,
    in_order,
    is_again,
    is_companion,
    is_of_somebody,
    is_somebody,
    is_told_again,
    may_be_one,
)
from worker.core.lang.cascade import UNSPECIFIED

HURT = ("injured", "shot")
_DEFINITE = "DEFINITE_PERSON"
_NEW_HARM = frozenset({ANOTHER, NEW, "ALSO"})
_ALL = frozenset({"ALL_OF_THEM"})
_CARE = frozenset({"hosp"})
_PRONOUN_REACH = 1
"""Sentences on that "he died" is of the one just told as hurt, where a death was told before."""
_HIS_REACH = 2
"""Sentences back in which "his son" finds the dead man whose son he is."""
_MOST_PERSONS = 30
"""Persons of one harm who are compared with each other; more are never one."""


@dataclass(frozen=True, slots=True)
class Dead:
    """The dead of an attack."""

    told: Sequence[CountMention]
    """Everybody told as harmed, one by one, in the order of the text."""
    persons: Sequence[CountMention]
    """The dead who are told one by one, also as parts of a list."""
    numbers: Sequence[CountMention]
    """The dead who are told by a number."""
    all_died: Sequence[CountMention]
    """Those of them who are all of some told elsewhere: "both died"."""
    lists: Sequence[Sequence[CountMention]]
    """The parts of each list of people who were hurt: "a doctor and a nurse"."""
    ages: Mapping[str | None, str]
    """Ages by surname."""
    is_one: bool
    """Whether the text tells of one dead person and of one who was hurt."""

    def hold(self, hurt: CountMention) -> bool:
        """Whether one who is told as hurt, or a number of people, is told as dead, too."""
        if hurt.what not in HURT or hurt.is_attackers:
            return False
        if hurt.parts and not self.living(hurt):
            return True
        if hurt.tags & _ALL or not hurt.is_single:
            return self._hold_all(hurt)
        if any(self._is(one, hurt) for one in self.persons):
            return True
        is_known = bool(hurt.tags & _NEW_HARM) or is_companion(hurt)
        return bool(self.numbers) and self._is_nameless_shot(hurt) and not is_known

    def other_than_all(self, dead: CountMention) -> bool:
        """Whether one who died is somebody hurt whom the text tells apart from each dead before him.

        ("Killed a guard and wounded a clerk … The clerk later died": he is not the guard. "Shot a doctor
        and a nurse. The doctor died at once. The nurse died later": she is not the doctor.)
        """
        before = [d for d in self.persons if d.number.end <= dead.number.start]
        hurt = [
            m
            for m in self.told
            if m.what in HURT and m.number.end <= dead.number.start and self._is_meant(dead, m)
        ]
        if not before:
            return False
        return any(all(are_different(d, m) for d in before) for m in hurt) or any(
            _is_another_of(parts, dead, before) for parts in self.lists
        )

    def living(self, hurt: CountMention) -> tuple[CountMention, ...]:
        """Those of a list of wounded people of whom no death is told."""
        return tuple(p for p in hurt.parts if not any(is_again(p, one) for one in self.persons))

    def _is(self, dead: CountMention, hurt: CountMention) -> bool:
        person = person_of(hurt, self.ages)
        if person and person == person_of(dead, self.ages):
            return not are_different(dead, hurt)
        if (is_companion(hurt) and not is_again(hurt, dead)) or not may_be_one(dead, hurt):
            return False
        is_nobody_new = not is_somebody(hurt) and not self._is_his(hurt)
        if SAME in hurt.tags or (self._is_nameless_shot(hurt) and is_nobody_new):
            return True
        if self._is_meant(dead, hurt) or self._is_first(dead, hurt):
            return True
        return self.is_one and _is_left_open(hurt, dead)

    def _is_first(self, dead: CountMention, hurt: CountMention) -> bool:
        """Whether one who was shot is told by a name alone, as the nameless one of the news is named.

        ("A prosecutor was shot dead … Mr Rahimi was shot in the head.")
        """
        told = (d for d in self.persons if not d.is_headline)
        is_first = dead is min(told, key=lambda d: d.number.start, default=None)
        by_name = (
            hurt.what == "shot" and bool(hurt.names) and hurt.noun is None and NEW not in hurt.tags
        )
        return is_first and by_name and not dead.names and dead.number.start < hurt.number.start

    def _is_meant(self, dead: CountMention, hurt: CountMention) -> bool:
        """Whether the later of the two is the earlier one, and nobody told in between."""
        first, second = in_order(dead, hurt)
        if not is_told_again(second, first) or (
            second is dead and self._may_be_another(hurt, dead)
        ):
            return False
        between = (m for m in self.told if first.number.end <= m.number.start < second.number.start)
        others = (m for m in between if SAME not in m.tags and not is_told_again(m, first))
        return not any(may_be_one(m, second) for m in others)

    def _may_be_another(self, hurt: CountMention, dead: CountMention) -> bool:
        """Whether "he died" may be of somebody whose death was told before the hurt one."""
        before = [
            d for d in self.persons if d.number.end <= hurt.number.start and not d.is_headline
        ]
        if not before or dead.noun is not None:  # "the driver", after a driver, is he
            return False
        return is_of_somebody(hurt) or dead.sentence - hurt.sentence > _PRONOUN_REACH

    def _is_his(self, hurt: CountMention) -> bool:
        """Whether one is told as somebody's of a dead person told right before: "his son"."""
        near = range(hurt.sentence - _HIS_REACH, hurt.sentence + 1)
        told = (d for d in self.persons if d.sentence in near and not d.is_headline)
        before = (d for d in told if d.number.start < hurt.number.start)
        return is_of_somebody(hurt) and any(_may_have(d, hurt) for d in before)

    def _is_nameless_shot(self, hurt: CountMention) -> bool:
        return hurt.what == "shot" and person_of(hurt, self.ages) == ""

    def _hold_all(self, hurt: CountMention) -> bool:
        """Whether as many died: "wounded two. Both died"; "three dead. All three had gunshot wounds"."""
        if hurt.tags & _ALL and any(_are_those(dead, hurt) for dead in self.numbers):
            return True
        later = (dead for dead in self.all_died if dead.number.start > hurt.number.start)
        return any(_are_those(hurt, dead) for dead in later)


def find_dead(mentions: Sequence[CountMention], ages: Mapping[str | None, str]) -> Dead:
    """The dead among the mentions of one attack. ``ages``: by surname."""
    dead = [m for m in mentions if m.what == "killed" and not m.is_attackers]
    hurt = [m for m in mentions if m.what in HURT and not m.is_attackers]
    persons = [part for m in dead for part in (m.parts or (m,)) if part.is_single]
    others = [m for m in (*dead, *hurt) if not m.is_single and m.what != "shot" and m.value != 1]
    numbers = [m for m in dead if not m.is_single and m.value is not None]
    return Dead(
        told=[m for m in (*hurt, *persons) if m.is_single],
        persons=persons,
        numbers=numbers,
        lists=[m.parts for m in hurt if m.parts],
        all_died=[m for m in numbers if m.tags & _ALL],
        ages=ages,
        is_one=not others and _is_one(persons) and _is_one(m for m in hurt if m.is_single),
    )


def person_of(mention: CountMention, ages: Mapping[str | None, str]) -> str | None:
    """The person that a mention tells of: age or surname; "" for a nameless one; None for a number."""
    if not mention.is_single:
        return None
    age = mention.age or ages.get(mention.name)
    return age or mention.name or ""


def _is_another_of(
    parts: Sequence[CountMention], dead: CountMention, before: Sequence[CountMention]
) -> bool:
    """Whether one who died is another of a list of hurt people than each of the dead before him."""
    own = [p for p in parts if is_again(p, dead)]
    others = [p for p in parts if p.noun != dead.noun]
    return bool(own) and all(any(is_again(p, d) for p in others) for d in before)


def _is_one(mentions: Iterable[CountMention]) -> bool:
    """Whether persons told one by one may all be the same."""
    told = list(mentions)[:_MOST_PERSONS]
    return not any(
        are_different(a, b) or bool(a.names and b.names and not a.names & b.names)
        for a, b in combinations(told, 2)
    )


def _are_those(told: CountMention, again: CountMention) -> bool:
    """Whether "all three", or "both", are a number of people told elsewhere with another harm."""
    same_class = again.victim_class in (UNSPECIFIED, told.victim_class)
    return bool(again.tags & _ALL) and same_class and again.value == told.value


def _may_have(dead: CountMention, hurt: CountMention) -> bool:
    """Whether one told as somebody's may be this dead person's: who died is told as no relative himself.

    ("killed her brother … the girl shot her brother": he is the dead one, told again.)
    """
    if is_of_somebody(dead) or dead.noun == hurt.noun is not None:
        return False
    return dead.victim_class != "children"


def _is_left_open(hurt: CountMention, dead: CountMention) -> bool:
    """Whether what became of the hurt one is left open beside this death."""
    if hurt.sentence == dead.sentence or is_of_somebody(hurt):
        return False
    if hurt.noun is not None and dead.noun is not None and hurt.noun != dead.noun:
        return False
    if hurt.what == "shot" or hurt.is_headline:
        return True
    if dead.number.start < hurt.number.start:
        known = dead.age is not None and _DEFINITE in dead.tags
        return known or (dead.is_headline and bool(hurt.flags & _CARE))
    return bool(hurt.flags & _CARE) and dead.name is None
