"""The people whom an attack hit, as its target: where it was aimed at nothing else that is told.

Rules
-----
1. Where no thing was aimed at or hit, those who were killed are the target; for want of dead, the
   wounded; for want of them, who was abducted. (GTD's target of an assassination is the person.)
2. They are called what the text calls them, without number and article: "British adviser to the
   Afghan government", "Karim Noori". Of a list the first: "a tribal elder and his son".
3. The phrase must tell who they were: "two people", "a man", "him" name nobody. Nor does "his driver":
   it was aimed at somebody else.
4. Nor is he one who died of it later ("a clerk wounded in Saturday's bombing died"): the attack was on
   something else. Of one who was shot that is so where the toll has others.
5. Their type is that of their trade or of whose people they are, else private citizens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from worker.core.annotate.counts import CountMention
from worker.core.domain.report import Statement, Target
from worker.core.domain.vocabulary import ANYBODY, PEOPLE, Measure
from worker.core.extract.noun_phrase import is_name
from worker.core.extract.passage import Passage, Spans
from worker.core.extract.target import canonical_id
from worker.core.lang.normalise import Range

_WORST_FIRST: tuple[Measure, ...] = ("killed", "injured", "hostages")
_HARMS = {"shot": "killed"}
_NAMED = "named_civilian"
_CITIZENS = f"private_citizens_property/{ANYBODY}"
_TELL_NOBODY = ("anybody", "np_stop", "determiner")
_DIED_SINCE = frozenset({"DIED_SINCE", "WAS_WOUNDED", "RAISED_TOLL", "DIED_OF_WOUNDS"})
_ON_A_PERSON = frozenset({"armed_assault", "assassination"})
_MOST_WORDS = 9
_PAUSE = re.compile(r" ?[,;:(]")


def find_people_hit(
    passage: Passage, statements: Sequence[Statement], types: Sequence[str]
) -> tuple[tuple[Target, ...], Spans]:
    """The people hit as the only target, and where they are told; nothing if nobody says who they were.

    ``types``: of the attack.
    """
    alone = not _ON_A_PERSON.isdisjoint(types) and not _are_several_dead(statements)
    for measure in _WORST_FIRST:
        counted = list(_counted(passage, statements, measure))
        if not alone and any(map(_died_since, counted)):
            break
        told = [at for c in counted if (at := _phrase(passage, c))]
        best = max(
            told, key=lambda at: (passage.zone(at.start) != "title", -at.start), default=None
        )
        if best is not None:
            return (_target(passage, best),), passage.spans([best])
    return (), ()


def _died_since(count: CountMention) -> bool:
    """Whether somebody is told for having died of an attack that is over."""
    return not count.tags.isdisjoint(_DIED_SINCE)


def _are_several_dead(statements: Sequence[Statement]) -> bool:
    """Whether more than one victim of the attack is told to be dead."""
    own = (s for s in statements if s.scope == "incident" and s.measure == "killed")
    return any((s.low or 0) > 1 and s.victim_class != "perpetrator" for s in own)


def _counted(
    passage: Passage, statements: Sequence[Statement], measure: Measure
) -> Iterator[CountMention]:
    """The counts of this attack's victims of one harm, in the order of the text."""
    own = [s for s in statements if s.scope == "incident" and s.measure == measure]
    for count in passage.annotated.counts:
        if count.is_attackers or count.value == 0 or _HARMS.get(count.what, count.what) != measure:
            continue
        at = passage.prose.span(count.number)
        if any(s.start <= at.start and at.end <= s.end for s in own):
            yield count


def _phrase(passage: Passage, count: CountMention) -> Range | None:
    """What the counted are called, without number and article; None where that tells nobody."""
    first = count.parts[0].number if count.parts else count.number
    own = passage.lexicon.pattern("others_people")
    if own is not None and own.match(passage.prose.text, first.start, first.end):
        return None
    at = _without_opening(passage, _first_part(passage, first))
    told = passage.prose.of(at)
    anybody, stop, determiner = (passage.lexicon.pattern(c) for c in _TELL_NOBODY)
    if (
        anybody is None
        or anybody.fullmatch(told)
        or (determiner is not None and determiner.fullmatch(told))
    ):
        return None
    if stop is not None and stop.fullmatch(told.partition(" ")[0]):  # "killed 10 | of a family"
        return None
    return at if len(passage.prose.of(at).split()) <= _MOST_WORDS else None


def _first_part(passage: Passage, at: Range) -> Range:
    """The stretch up to its first comma, joint or place: "a tribal elder | and his son"."""
    text = passage.prose.text
    joints = (passage.lexicon.first(c, text, at.start, at.end) for c in ("list_and", "locative"))
    found = (*joints, _PAUSE.search(text, at.start, at.end))
    end = min((m.start() for m in found if m is not None and m.start() > at.start), default=at.end)
    return Range(at.start, at.start + len(text[at.start : end].rstrip(" .")))


def _without_opening(passage: Passage, at: Range) -> Range:
    """The stretch behind its articles and numbers: "at least two | prosecutors"."""
    text, start = passage.prose.text, at.start
    openings = [passage.lexicon.pattern(c) for c in ("determiner", "number_lead")]
    while (found := _match(openings, text, start, at.end)) is not None:
        if text[found.end() : found.end() + 1] != " " or found.end() >= at.end:
            break
        start = found.end() + 1
    return Range(start, at.end)


def _match(
    patterns: Sequence[re.Pattern[str] | None], text: str, start: int, end: int
) -> re.Match[str] | None:
    """The first of some patterns that matches at a position."""
    found = (p.match(text, start, end) for p in patterns if p is not None)
    return next((m for m in found if m is not None), None)


def _target(passage: Passage, at: Range) -> Target:
    lexicon = passage.lexicon
    name = passage.prose.span(at).quote
    kind, _, subtype = _type_of(passage, at).partition("/")
    if is_name(passage, at):
        subtype = _NAMED
    elif subtype not in PEOPLE:
        subtype = ANYBODY
    key = canonical_id(name, lexicon)
    return Target(name=name, type=kind, role="primary", subtype=subtype, id=key, lang=lexicon.lang)


def _type_of(passage: Passage, at: Range) -> str:
    """GTD's type by the first word of a trade or an owner that tells one."""
    found = passage.lexicon.table("target_type").find(passage.prose.text, at.start, at.end)
    return next((value for _, value in found), _CITIZENS)
