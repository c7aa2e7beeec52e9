"""Whether two mentions tell of two persons, or of one: what the words of each say by themselves.

Rules
-----
1. Two mentions are surely two persons (``are_different``) by their ages, by "another", as man and
   woman, as a soldier and a civilian (``are_of_other_kinds``), by two nouns both told as new ("a
   watchman" is new after "her guard" and "the driver", too), as a child beside a trade, as "his
   assistant" beside "his daughter", by the second as harmed "also", even after "she" (but "his brother,
   who was also hurt", may be the "Omid" of before), by "the driver" beside whom the text calls otherwise
   (but a policeman may be the driver of his car), as "one of his sons" beside somebody named, as "his
   brother, who was wounded and died" right behind somebody killed, and where
   one sentence tells the harm of each: "the clerk was killed while his son died later". A pronoun, and
   whatever else leaves it open, is nobody new.
2. Two may be one (``may_be_one``) where they are not surely two and nothing in their words speaks
   against it: other names, a child and a grown-up, or the second told as new ("a tailor died", after "a
   boy was shot"). A headline is told again by the body, so nobody in it is somebody new.
3. The second is told as somebody who was told before (``is_told_again``) by a pronoun, as "the child"
   or "the 2-year-old", or as "the guard" after "a guard".
"""

from __future__ import annotations

from worker.core.annotate.counts import CountMention
from worker.core.domain.victim_classes import (
    GROWN_UPS,
    OF_FORCES,
    OF_NO_FORCES,
    SOLDIERS_AND_POLICE,
    YOUNG,
)

SAME = "SAME_PERSON"
ANOTHER = "ANOTHER_PERSON"
NEW = "INDEFINITE_PERSON"
"""Tag of who is told as nobody told of before: "a shopkeeper"."""
_DEFINITE = "DEFINITE_PERSON"
_RELATIVE = "RELATIVE"
_WAS_WOUNDED = "WAS_WOUNDED"
_ALSO = "ALSO"
_DIED_THERE = "there"
"""Flag of who was wounded, and then died."""
_YOUNG_YEARS = 15
"""Years below which nobody has a trade."""
_GROWN_UP = 20
"""Years at which nobody is called a child, or a teenager, any more."""
_APPOSITION_CHARS = 2
"""What stands between a name and a trade of one person: "Karimi, a judge"."""


def in_order(one: CountMention, two: CountMention) -> tuple[CountMention, CountMention]:
    """Two mentions as the text has them."""
    return (one, two) if one.number.start <= two.number.start else (two, one)


def are_different(one: CountMention, two: CountMention) -> bool:
    """Whether two mentions are surely not of one person."""
    first, second = in_order(one, two)
    if SAME in second.tags or first.is_headline or second.is_headline:
        return False
    if _is_kin_who_died_later(first, second):
        return True
    if SAME in first.tags:  # "she was killed. Her watchman also died"
        return _ALSO in second.tags and second.noun is not None
    if second.start < first.end:  # "Karimi, a judge, was killed": one predicate tells both
        return False
    if _are_of_other_sex(first, second):
        return True
    if first.age and second.age and first.age.isdigit() and second.age.isdigit():
        return first.age != second.age
    if first.names & second.names:
        return False
    if min(len(first.names), len(second.names)) > 1:  # one word may be a first name, or no name
        return True
    alike = _words(first) == _words(second)
    if ANOTHER in second.tags and (not alike or ANOTHER not in first.tags):
        if not _is_told_before(first, second):
            return True
    if are_of_other_kinds(first, second):
        return True
    if _is_told_before(first, second):
        return False
    if alike:
        return False
    known = bool(first.tags & {NEW, _RELATIVE}) or first.beside == "companion"
    known |= first.age is not None and first.name is None
    sure = first.name is None or NEW in second.tags  # "his brother, who was also hurt" may be Omid
    told_new = second.noun is not None or NEW in second.tags
    also = _ALSO in second.tags and told_new and sure
    new = known and NEW in second.tags and first.noun is not None and second.noun is not None
    told = bool(second.tags & {NEW, _RELATIVE})
    new |= told and (_is_no_child(first, second) or _is_no_child(second, first))
    kin = first.name is not None and second.beside == "kin" and NEW in second.tags
    return (
        also
        or new
        or kin
        or _are_both_his(first, second)
        or _is_beside(first, second)
        or are_told_apart(first, second)
    )


def _is_kin_who_died_later(first: CountMention, second: CountMention) -> bool:
    """Whether "his brother was wounded and later died", right behind somebody who was killed."""
    is_kin = second.beside == "kin" and _RELATIVE in second.tags
    harms = first.what == second.what == "killed" and _DIED_THERE in second.flags
    follows = 0 < second.sentence - first.sentence <= 1
    return is_kin and harms and follows and _DIED_THERE not in first.flags and not _is_child(first)


def _are_both_his(first: CountMention, second: CountMention) -> bool:
    """Whether both are told as somebody's: "his assistant", "the driver" is not "his daughter"."""
    if first.noun == second.noun:
        return False
    apart = second.sentence - first.sentence
    if {first.beside, second.beside} == {"companion", "kin"}:
        kin, other = (first, second) if first.beside == "kin" else (second, first)
        known = bool(other.tags & {_RELATIVE, _DEFINITE})
        return known and _RELATIVE in kin.tags and apart > 0
    return _RELATIVE in first.tags & second.tags and apart <= 1 and first.beside == "kin"


def _is_no_child(one: CountMention, other: CountMention) -> bool:
    """Whether one is told by a trade, and the other as a child: "a child was hurt", after "a tailor"."""
    new = NEW in one.tags and one.noun is not None
    has_trade = new and one.beside != "kin" and one.victim_class not in YOUNG
    return _is_child(other) and has_trade


def _is_child(mention: CountMention) -> bool:
    """Whether one is told as a child, by that word alone or by the years."""
    is_young = mention.age is not None and mention.age.isdigit() and int(mention.age) < _YOUNG_YEARS
    return is_young or (mention.victim_class == "children" and mention.noun is None)


def _is_told_before(first: CountMention, second: CountMention) -> bool:
    """Whether "a third passenger" may be "a fourth person" of before: nobody is counted backwards."""
    one, two = first.ordinal, second.ordinal
    return one is not None and two is not None and two <= one


def are_of_other_kinds(one: CountMention, two: CountMention) -> bool:
    """Whether nobody can be of both: soldiers or policemen, and civilians or pupils."""
    kinds = (one.victim_class, two.victim_class)
    return any(a in OF_FORCES and b in OF_NO_FORCES for a, b in (kinds, kinds[::-1]))


def are_told_apart(first: CountMention, second: CountMention) -> bool:
    """Whether one sentence tells the harm of each, the second as somebody not told before."""
    if first.sentence != second.sentence or second.start < first.end:
        return False
    if first.noun == second.noun and first.victim_class == second.victim_class:
        return False
    if second.number.start - first.number.end <= _APPOSITION_CHARS:
        return False
    is_new = bool(second.tags & {NEW, _RELATIVE, ANOTHER}) or second.beside is not None
    return (is_new and second.name is None) or not second.is_single


def may_be_one(one: CountMention, two: CountMention) -> bool:
    """Whether nothing that two mentions say speaks against one person."""
    first, second = in_order(one, two)
    if are_different(first, second) or _are_of_other_sex(first, second):
        return False
    if are_of_other_kinds(first, second) or _are_of_other_age(first, second):
        return False
    if first.names and second.names and not first.names & second.names:
        return False
    return first.is_headline or not is_somebody(second)


def is_of_somebody(mention: CountMention) -> bool:
    """Whether one is told as another's relative, or beside another: "his father", "the driver"."""
    return mention.beside is not None and bool(mention.tags & {_RELATIVE, _DEFINITE})


def is_told_again(mention: CountMention, before: CountMention) -> bool:
    """Whether one is told as somebody told before: "he", "the child", "the guard" after "a guard".

    ("The wounded officer", who died, is "another" who was wounded before.)
    """
    if mention.names or mention.number.start < before.number.start or is_companion(mention):
        return False
    if SAME in mention.tags:
        return True
    nouns = (None, before.noun, mention.noun if _WAS_WOUNDED in mention.tags else None)
    return _DEFINITE in mention.tags and mention.noun in nouns


def is_again(hurt: CountMention, dead: CountMention) -> bool:
    """Whether "the guard" who died is "a guard" who was wounded before."""
    if hurt.noun is None or not hurt.is_single or not dead.is_single or hurt.is_attackers:
        return False
    told_again = _DEFINITE in dead.tags and dead.number.start > hurt.number.start
    return told_again and hurt.noun == dead.noun and ANOTHER not in hurt.tags


def is_somebody(mention: CountMention) -> bool:
    """Whether one is told as new: "a second man", "a neighbour who ran out"; "his son" may be anybody."""
    if ANOTHER in mention.tags:
        return True
    return mention.noun is not None and NEW in mention.tags


def is_companion(mention: CountMention) -> bool:
    """Whether one is told as somebody's: "their driver was hit" is none of the two who died."""
    return mention.beside == "companion" and _RELATIVE in mention.tags


def is_besides(mention: CountMention) -> bool:
    """Whether one is told as somebody besides those told before: "also", "another", "her brother"."""
    return mention.beside is not None or bool(mention.tags & {_ALSO, ANOTHER})


def _are_of_other_sex(one: CountMention, two: CountMention) -> bool:
    return bool(one.sex and two.sex and one.sex != two.sex)


def _are_of_other_age(one: CountMention, two: CountMention) -> bool:
    """Whether both have an age in digits, and not the same, or one is a child and one grown up."""
    pairs = ((one, two), (two, one))
    if any(a.victim_class == "children" and _is_grown_up(b) for a, b in pairs):
        return True
    ages = {m.age for m in (one, two) if m.age is not None and m.age.isdigit()}
    return len(ages) > 1


def _is_grown_up(mention: CountMention) -> bool:
    is_old = mention.age is not None and mention.age.isdigit() and int(mention.age) >= _GROWN_UP
    return is_old or mention.victim_class in GROWN_UPS


def _is_beside(first: CountMention, second: CountMention) -> bool:
    """Whether "his driver", or "the driver" behind another noun, is told after somebody."""
    if second.beside != "companion" or second.noun is None or may_be_called_alike(first, second):
        return False
    if _RELATIVE in second.tags and (first.name is not None or first.noun is None):
        return True
    # "the driver" may be the policeman told before
    if _DEFINITE in second.tags and first.victim_class in SOLDIERS_AND_POLICE:
        return False  # "a policeman was killed … the driver died on the spot"
    told = first.noun is not None and bool(first.tags & {NEW, _RELATIVE})
    return told and bool(second.tags & {_DEFINITE, _RELATIVE})


def _words(mention: CountMention) -> tuple[str | None, ...]:
    """By what a person is told: age, name, noun, sex."""
    return mention.age, mention.name, mention.noun, mention.sex


def may_be_called_alike(one: CountMention, two: CountMention) -> bool:
    """Whether the noun of one may be short for the other's: "the guard", after "his bodyguard"."""
    nouns = one.noun or "", two.noun or ""
    return one.noun is not None and (nouns[0].endswith(nouns[1]) or nouns[1].endswith(nouns[0]))
