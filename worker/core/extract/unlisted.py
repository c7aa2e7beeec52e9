"""A place that no gazetteer lists, by its printed name: "the Afzal Khan area", "a busy main road".

Rules
-----
1. A name is a place by the noun beside it (``place_noun``: "area", "crossroads"), or by what
   the watched area's name does after it: "near Sorkhab, in the capital", "in Afzal Khan, west of the city".
   So is one that looks like the name of a quarter (``place_form``: "in Deh-e Bala").
   For want of such a one, by the attack right before it: "died in the blast at Sorkhab".
2. It stands after a word of place, in a clause that tells of the attack. A name goes before a
   mere noun, then head and lead before what follows.
3. Names of the gazetteer, weekdays and months are none.

Only ``Place.name`` may hold such words. They name no row, so nothing canonical and no coordinate
follows from them, and merging does not compare them. Where a script has no capitals a name is only
known by its quotation marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.core.domain.light_value import light_value
from worker.core.extract.noun_phrase import (
    is_building,
    is_name,
    is_time,
    with_complement,
    with_goal,
    words_between,
)
from worker.core.extract.passage import Passage
from worker.core.lang.normalise import Range, overlapping

_BEFORE_CHARS = 90
_LEAD_CHARS = 60
_TELLING = ("harm", "took_place", "passive_harm", "abducted")
_MOST_WORDS = 6
_MOST_SMALL_WORDS = 4
_AREA_REACH_CHARS = 34
_WORD = re.compile(r"([\w'’.-]+)")
_WORD_BEFORE = re.compile(r"([\w'’.-]+)([ -])$")
_WORD_AFTER = re.compile(r" ([\w'’.-]+)")
_QUOTED_AFTER = re.compile(r" ?[\"«“']([^\"»”'\n]{2,40})[\"»”']")


@light_value
class Unlisted(Range):
    """Words that name a place; ``proper``: with a name, not only "a main road"."""

    proper: bool
    score: float


def find_unlisted(passage: Passage) -> Unlisted | None:
    """The likeliest place of the attack that is no row of the gazetteer, or None."""
    found = [*_beside_nouns(passage), *_before_area(passage), *_in_form(passage)]
    found = found or list(_behind_attacks(passage))
    return max(found, key=lambda u: (u.proper, u.score, -u.start), default=None)


def _beside_nouns(passage: Passage) -> Iterator[Unlisted]:
    for match in passage.find("place_noun"):
        noun = Range.of(match)
        if not _tells(passage, noun):
            continue
        named = _name_before(passage, noun) or _name_after(passage, noun)
        at = named or _plain(passage, noun)
        if named is None and at is not None and is_building(passage, passage.prose.of(noun)):
            at = with_complement(passage, at)
        elif named is None and at is not None:
            at = Range(at.start, with_goal(passage, noun).end)
        if at is not None and not _is_listed(passage, at) and _located(passage, at):
            yield _judged(passage, at, named is not None)


def _before_area(passage: Passage) -> Iterator[Unlisted]:
    """Names after a word of place that the area's own name or a district follows."""
    text = passage.prose.text
    for lead in passage.find("locative"):
        clause = passage.clause(lead.start())
        at = _capitals(passage, lead.end() + 1, clause.end)
        if at is None or not _tells(passage, at) or _is_listed(passage, at):
            continue
        near = Range(at.end, min(clause.end, at.end + _AREA_REACH_CHARS))
        area = next((m for m in passage.segment.places if near.holds(m.start)), None)
        between = text[at.end : area.start] if area is not None else ""
        if area is not None and area.kind == "here" and between.startswith(","):
            if "," not in between[1:] and not passage.triggers_in(near):
                yield _judged(passage, at, True)


def _in_form(passage: Passage) -> Iterator[Unlisted]:
    """Names after a word of place that look like those of quarters: "in Deh-e Bala"."""
    text = passage.prose.text
    for found in passage.find("place_form"):
        at = Range.of(found)
        low = max(passage.clause(at.start).start, at.start - _LEAD_CHARS)
        leads = (
            m
            for c in ("locative", "target_near")
            for m in passage.lexicon.find(c, text, low, at.start)
        )
        led = any(not text[lead.end() : at.start].strip() for lead in leads)
        if led and is_name(passage, at) and _tells(passage, at) and not _is_listed(passage, at):
            yield _judged(passage, at, True)


def _behind_attacks(passage: Passage) -> Iterator[Unlisted]:
    """Names to which a word of place leads right behind an attack word, below the headline."""
    text = passage.prose.text
    for trigger in passage.triggers:
        clause = passage.clause(trigger.start)
        lead = passage.lexicon.first("locative", text, trigger.end, clause.end)
        if lead is None or lead.start() > trigger.end + 1 or passage.zone(trigger.start) == "title":
            continue
        at = _capitals(passage, lead.end() + 1, clause.end)
        if at is None or _is_listed(passage, at):
            continue
        name = passage.prose.of(at)
        if not name.endswith(("'s", "'")):
            yield _judged(passage, Range(at.start, at.end - name.endswith(".")), True)


def _judged(passage: Passage, at: Range, proper: bool) -> Unlisted:
    sentence = passage.sentence(at.start)
    weights = passage.weights.where
    zone = weights.zone.of(sentence.zone) if sentence is not None else 0.0
    order = weights.per_sentence * sentence.index if sentence is not None else 0.0
    return Unlisted(at.start, at.end, proper, zone + order)


def _tells(passage: Passage, at: Range) -> bool:
    """Whether the clause tells of the attack, and nobody is quoted or cared for at that place."""
    clause = passage.clause(at.start)
    told = any(passage.has(words, clause) for words in _TELLING)
    if not (told or passage.triggers_in(clause)):
        return False
    before = Range(max(clause.start, at.start - _LEAD_CHARS), at.start)
    return not passage.has("reception", before)


def _name_before(passage: Passage, noun: Range) -> Range | None:
    """The noun with the capitals before it; None when there are none."""
    start, names = noun.start, 0
    low = max(passage.clause(noun.start).start, noun.start - _BEFORE_CHARS)
    for _ in range(_MOST_WORDS):
        found = _WORD_BEFORE.search(passage.prose.text, low, start)
        if found is None or found[1].endswith(("'s", "'")):
            break
        at = Range.of(found, 1)
        if _is_listed(passage, at):
            break
        if not is_name(passage, at) and not (names and found[2] == "-"):
            break
        start, names = at.start, names + 1
    return (
        Range(start, noun.end) if names and not is_time(passage, Range(start, noun.start)) else None
    )


def _name_after(passage: Passage, noun: Range) -> Range | None:
    """The noun with the name after it: "barrio de X", "Cinema Pamir"; or one in quotation marks."""
    text, clause = passage.prose.text, passage.clause(noun.start)
    joint = passage.lexicon.pattern("place_joint")
    joined = joint.match(text, noun.end + 1, clause.end) if joint is not None else None
    start = joined.end() + 1 if joined is not None else noun.end + 1
    quoted = _QUOTED_AFTER.match(text, start - 1, clause.end)
    if quoted is not None and joint is not None:
        return Range(noun.start, quoted.end(1))
    if joined is None:
        return None
    name = _capitals(passage, start, clause.end)
    return Range(noun.start, name.end) if name is not None and name.start == start else None


def _plain(passage: Passage, noun: Range) -> Range | None:
    """The noun with its small modifiers, after a determiner: "a | busy main road"."""
    text, start = passage.prose.text, noun.start
    low = max(passage.clause(noun.start).start, noun.start - _BEFORE_CHARS)
    determiner = passage.lexicon.pattern("determiner")
    for _ in range(_MOST_SMALL_WORDS + 1):
        found = _WORD_BEFORE.search(text, low, start)
        if found is None or determiner is None:
            return None
        if determiner.fullmatch(found[1]):
            return Range(start, noun.end)
        start = found.start(1)
    return None


def _located(passage: Passage, at: Range) -> bool:
    """Whether a word of place leads to the words, at most a determiner, an owner and a side between."""
    text = passage.prose.text
    low = max(passage.clause(at.start).start, at.start - _LEAD_CHARS)
    leads = (
        m.end()
        for category in ("locative", "target_near", "target_lead")
        for m in passage.lexicon.find(category, text, low, at.start)
    )
    last = max(leads, default=None)
    if last is None:
        return False
    between = Range(last, at.start)
    few = words_between(passage, between) < _MOST_SMALL_WORDS
    return few and not any(c in passage.prose.of(between) for c in ",.;:")


def _capitals(passage: Passage, start: int, high: int) -> Range | None:
    """The run of names that begins at ``start``, a month or a weekday none of them."""
    text, end = passage.prose.text, start
    while True:
        found = (_WORD_AFTER if end > start else _WORD).match(text, end, high)
        if found is None or not is_name(passage, Range.of(found, 1)):
            break
        end = found.end(1)
    if end == start or is_time(passage, Range(start, end)):
        return None
    return Range(start, end)


def _is_listed(passage: Passage, at: Range) -> bool:
    """Whether the words hold a name of the gazetteer, of this attack's place or of another."""
    return bool(overlapping(passage.annotated.places, at))
