"""Where else a claim of the main attack may stand: in sentences that tell no attack of their own.

Rules
-----
1. A sentence that a group opens and claims or denies in is the main attack's, if it belongs to no
   other one: it only turns aside to what the group does elsewhere ("X, whose envoys are in talks
   abroad, had denied any role").
   So is what it claims or denies behind a semicolon ("officials blamed X, as for most such attacks; X
   denied it"), and what it claims behind what it is told to be besides ("X, which has bombed the city
   before, claimed the attack").
2. Where the main attack's own words say nothing of who did it, a group that opens a sentence of
   another paragraph, with no attack told before it there, no other place and no earlier day, speaks of
   the main attack, though the paragraph before it told another ("In May, 90 people were killed by a
   lorry bomb. | X boasted that it had killed 40 invaders"). Not where the text says that nobody claimed.
3. Where one sentence tells two attacks ("the first hit a bus in X, and the second a shop in Y"), what a
   group claims or denies right behind it is both's, and so is what it says of "both" or "the attacks".
   Not what it says of one of them ("claimed the second").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter

from worker.core.extract.passage import Passage
from worker.core.lang.normalise import Range, starting_in
from worker.core.text.prose import Sentence

_CLAIMING = (
    "claim_verb", "claim_passive", "claim_denied", "claim_denied_passive", "claim_telling",
)  # fmt: skip
_PLAIN = _CLAIMING[:-1]
_ACTIVE = ("claim_verb", "claim_denied")
_TWINS = ("main", "item")
_OF_OTHERS = ("background", "item")
_OPENING_CHARS = 24
_WHO_REACH_CHARS = 16
_BRANCH_CHARS = 60
_AT_ONCE_CHARS = 14
"""Before a verb that opens a part: "later", "has since"."""
_OPENING_BEHIND_CHARS = 48


def with_asides(passage: Passage) -> Passage:
    """The main attack with the sentences that turn aside to what its claimant does elsewhere."""
    if passage.segment.kind != "main":
        return passage
    told = [r for s in (passage.segment, *passage.others) if s.kind != "threat" for r in s.ranges]
    asides = [s for s in _opened(passage) if not _meets(s, told)]
    counted = [r for s in passage.others if s.kind == "aggregate" for r in s.ranges]
    taken = [r for r in told if r not in counted]
    behind = [s for s in _opened_behind(passage) if not _meets(s, taken)]
    behind += [s for s in _behind_asides(passage) if not _meets(s, taken)]
    claiming = (
        s for s in (*asides, *behind) if any(passage.has(category, s) for category in _PLAIN)
    )
    return _widened(passage, claiming)


def with_joint(passage: Passage) -> Passage:
    """An attack with the claims of it and another one that its own sentence tells as well."""
    twins = [s for s in passage.others if s.kind in _TWINS]
    if passage.segment.kind not in _TWINS or not twins:
        return passage
    told = {n for s in twins for n in s.sentences} & set(passage.segment.sentences)
    if not told:
        return passage
    theirs = [r for s in passage.others if s.kind not in _TWINS for r in s.ranges]
    joint = (
        s
        for s in passage.prose.sentences[min(told) + 1 :]
        if any(passage.has(category, s) for category in _PLAIN)
        and _is_joint(passage, s, right_behind=s.index - 1 in told)
        and not _meets(s, (*theirs, *passage.segment.ranges))
    )
    return _widened(passage, joint)


def _is_joint(passage: Passage, sentence: Sentence, *, right_behind: bool) -> bool:
    """Whether a sentence speaks of both attacks: in the plural, or of none behind the telling of both."""
    if passage.has("second_cue", sentence) or passage.has("claim_again", sentence):
        return False
    if passage.has("harm", sentence) or starting_in(passage.annotated.places, sentence):
        return False
    if passage.has("plural_event", sentence) or passage.has("claim_both", sentence):
        return True
    return right_behind and not starting_in(passage.annotated.triggers, sentence)


def with_apart(passage: Passage) -> Passage:
    """The main attack with the sentences of claimants that stand apart behind another attack."""
    if passage.segment.kind != "main" or passage.find_ranges("claim_none"):
        return passage
    apart = (
        s
        for s in _opened(passage)
        if not _meets(s, passage.segment.ranges)
        and any(passage.has(category, s) for category in _CLAIMING)
        and _is_apart(passage, s)
    )
    return _widened(passage, apart)


def _opened(passage: Passage) -> Iterable[Sentence]:
    """The sentences that a group opens."""
    for sentence in passage.prose.sentences:
        if sentence.zone in ("lead", "body") and _opens(passage, sentence.start):
            yield sentence


def _opened_behind(passage: Passage) -> Iterable[Range]:
    """What a group opens behind a semicolon: "officials blamed it, as for most of them; X denied it"."""
    for sentence in passage.prose.sentences:
        at = passage.prose.text.rfind("; ", sentence.start, sentence.end) + len("; ")
        if (
            at > sentence.start
            and sentence.zone in ("lead", "body")
            and _opens(passage, at, _OPENING_BEHIND_CHARS)
        ):
            yield Range(at, sentence.end)


def _behind_asides(passage: Passage) -> Iterable[Range]:
    """What a group that opens a sentence claims behind a relative clause: "X, which …, | claimed it"."""
    text = passage.prose.text
    for sentence in _opened(passage):
        name = starting_in(
            passage.annotated.actors, Range(sentence.start, sentence.start + _OPENING_CHARS)
        )[0]
        end = _end_of_name(passage, name)
        who = passage.annotated.first("relative", Range(end, end + _WHO_REACH_CHARS))
        closed = text.find(", ", who.end(), sentence.end) if who is not None else -1
        tail = Range(closed + len(", "), sentence.end)
        claims = closed > 0 and any(_claims_at_once(passage, words, tail) for words in _ACTIVE)
        if claims and not _goes_on_with_another(passage, sentence, tail):
            yield tail


def _end_of_name(passage: Passage, name: Range) -> int:
    """Where a group's name ends, with the part of it that is meant: "X's branch in the east"."""
    branch = passage.annotated.first("claim_branch", Range(name.end, name.end + _BRANCH_CHARS))
    if branch is None or passage.prose.text[name.end : branch.start()].strip("'\u2019 "):
        return name.end
    return branch.end()


def _goes_on_with_another(passage: Passage, sentence: Sentence, part: Range) -> bool:
    """Whether a part of a sentence has an earlier day, or its paragraph told another attack before it."""
    date = passage.segment.date.start
    days = starting_in(passage.annotated.dates, part)
    if date is not None and any(day.last < date for day in days):
        return True
    opened = passage.prose.paragraph(sentence.paragraph)[0].start
    told = (r for s in passage.others if s.kind in _OF_OTHERS for r in s.ranges)
    return any(opened <= r.start and r.end <= sentence.start for r in told)


def _claims_at_once(passage: Passage, category: str, part: Range) -> bool:
    """Whether a part of a sentence begins with a claim or a denial."""
    found = passage.annotated.first(category, part)
    return found is not None and found.start() - part.start <= _AT_ONCE_CHARS


def _opens(passage: Passage, at: int, reach: int = _OPENING_CHARS) -> bool:
    return bool(starting_in(passage.annotated.actors, Range(at, at + reach)))


def _is_apart(passage: Passage, sentence: Sentence) -> bool:
    """Whether a sentence is of no other day or place, and no attack stands before it in its paragraph."""
    annotated, date = passage.annotated, passage.segment.date
    days = starting_in(annotated.dates, sentence)
    if date.start is not None and any(day.last < date.start for day in days):
        return False
    if any(place.kind == "elsewhere" for place in starting_in(annotated.places, sentence)):
        return False
    paragraph = passage.prose.paragraph(sentence.paragraph)
    before = Range(paragraph[0].start, sentence.start)
    if before.start == 0 or starting_in(annotated.triggers, before):
        return False
    return not starting_in(annotated.harm, before)


def _meets(sentence: Range | Sentence, ranges: Iterable[Range]) -> bool:
    return any(r.start < sentence.end and sentence.start < r.end for r in ranges)


def _widened(passage: Passage, sentences: Iterable[Range | Sentence]) -> Passage:
    more = [Range(s.start, s.end) for s in sentences]
    if not more:
        return passage
    ranges = tuple(sorted((*passage.segment.ranges, *more), key=attrgetter("start")))
    return replace(passage, segment=replace(passage.segment, ranges=ranges))
