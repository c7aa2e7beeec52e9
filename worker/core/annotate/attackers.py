"""Attackers counted again by a number alone: "three gunmen … all three were killed".

Rules
-----
1. A number without people, behind "all" or "the", counts those told last by that number. Where they
   are attackers, it counts no victims. "The other five" are some of those told last by a larger number
   ("six men stormed … one set off a bomb, and the other five were shot by guards").
2. Attackers are known by their noun ("four gunmen") or by what they did ("four men with rifles stormed").
3. "Three of them were killed" are of the attackers told in the sentence before, where nobody else there
   is more than three, or the numbers of the sentence add up to theirs ("three of them were shot and two
   fled", of five gunmen), or it was forces that killed them.
4. A number alone whom forces kill counts attackers, where any were told before ("two more were gunned down
   by guards", "commandos killed the other two"). One guard may be an attacker himself, a lone bomber
   leaves nobody to shoot, and those whom forces hit by mistake or in a crossfire are victims.
5. Attackers are told within ``_REACH_SENTENCES`` before, whatever became of them; victims by the same
   number, told nearer, are who is meant.

("Three gunmen raided a college and killed 25. All three were shot by guards": read as victims, the three
are another opinion of the toll.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from worker.core.annotate.counts import CountMention
from worker.core.annotate.events import EventSentence
from worker.core.domain.victim_classes import OF_FORCES
from worker.core.lang.cascade import PERPETRATOR, UNSPECIFIED
from worker.core.lang.tokens import Token

_BY_TOKENS = 3
"""Behind "by": as far as forces are looked for ("by the security forces")."""
_REACH_SENTENCES = 4
_NOUN_TOKENS = 2
"""How many words may stand between a number and its attackers ("three heavily armed gunmen")."""
_HARMED = frozenset({"killed", "injured", "shot"})
_ATTACKING = "ATTACKING"
"""Tag of a number whose people attack: "four men with rifles stormed a court"."""
_FELLED = frozenset({"killed", "shot"})
_ALONE = frozenset({"BARE", "FURTHER"})
_PEOPLE = frozenset({"PEOPLE", "PERSON", "ATTACKER"})
_NOT_ATTACKERS = frozenset({"HIT_BY_MISTAKE", "RESCUE"})
"""Beside whom forces killed nobody is taken for an attacker: whom they hit by mistake, or came to free."""
_DEFINITE = frozenset({"ALL", "THE"})
_REMAINING = "REMAINING"
_OF_THEM = frozenset({"BARE", "PART"})
_OF_THEM_SENTENCES = 1
_STATE = frozenset({"STATE_FORCES"})
_WORDS_BEFORE = 2


def mark_repeated_attackers(
    counts: Sequence[CountMention], sentences: Sequence[EventSentence]
) -> tuple[CountMention, ...]:
    """The counts, in their order, with numbers alone that repeat a number of attackers as theirs."""
    attackers = list(_attackers(sentences))
    known = {sentence.index: sentence for sentence in sentences}
    return tuple(
        replace(count, victim_class=PERPETRATOR)
        if _is_theirs(count, known, attackers, counts)
        else count
        for count in counts
    )


def _is_theirs(
    count: CountMention,
    known: Mapping[int, EventSentence],
    attackers: Sequence[tuple[int, int, int]],
    counts: Sequence[CountMention],
) -> bool:
    """Whether a number alone counts attackers who were told of before. ``known``: sentences by number."""
    sentence = known.get(count.sentence)
    if sentence is None:
        return False
    if count.tags >= _OF_THEM and count.what in _HARMED:
        before = known.get(count.sentence - _OF_THEM_SENTENCES)
        return _is_of_them(count, (before, sentence), attackers, counts)
    if _is_killed_by_forces(count, known):
        return True
    words = _words_before(count, sentence)
    return any(t.tags & _DEFINITE for t in words) and _repeats(count, words, attackers, counts)


def _is_killed_by_forces(count: CountMention, known: Mapping[int, EventSentence]) -> bool:
    """Whether people whom nothing but a number tells of fell to forces, of attackers told before."""
    alone = count.noun is None and count.victim_class == UNSPECIFIED and count.tags & _ALONE
    if not alone or count.what not in _FELLED:
        return False
    tokens = known[count.sentence].tokens
    if any(t.tags & _NOT_ATTACKERS for t in tokens):
        return False
    before = [t for t in tokens if t.end <= count.start]
    behind = [t for t in tokens if t.start >= count.end]
    killers = behind[1 : 1 + _BY_TOKENS] if behind and "BY" in behind[0].tags else before[-1:]
    first = next((t for t in killers if t.tags & _PEOPLE), None)
    if first is None or first.meaning.get("people") not in OF_FORCES or "PEOPLE" not in first.tags:
        return False
    earlier = (
        known[index].tokens
        for index in range(count.sentence - _REACH_SENTENCES, count.sentence)
        if index in known
    )
    return any(_is_attacker(t) and "PEOPLE" in t.tags for told in (*earlier, before) for t in told)


def _repeats(
    count: CountMention,
    words: Sequence[Token],
    attackers: Sequence[tuple[int, int, int]],
    counts: Sequence[CountMention],
) -> bool:
    """Whether "all three" are the attackers told last by that number, and no victims told nearer."""
    at = count.number.start
    victims = [
        c.number.start
        for c in counts
        if "COUNT" in c.tags
        and not c.is_attackers
        and c.number.start < at
        and _is_of(count, c.value or 0, words)
    ]
    told = [
        start
        for start, n, index in attackers
        if start < at and count.sentence - index <= _REACH_SENTENCES and _is_of(count, n, words)
    ]
    return bool(told) and told[-1] > max(victims, default=-1)


def _is_of(count: CountMention, told: int, words: Sequence[Token]) -> bool:
    """Whether a count says a number again, or, with these words before it, what is left of it."""
    own = count.value or 0
    return told > own if any(_REMAINING in t.tags for t in words) else told == own


def _is_of_them(
    count: CountMention,
    told_in: tuple[EventSentence | None, EventSentence],
    attackers: Sequence[tuple[int, int, int]],
    counts: Sequence[CountMention],
) -> bool:
    """Whether "three of them" are of the attackers that the sentence before told."""
    before, sentence = told_in
    own, first = count.value or 0, count.sentence - _OF_THEM_SENTENCES
    sides = {n for at, n, index in attackers if index >= first and at < count.number.start}
    victims = {
        c.value or 0
        for c in counts
        if first <= c.sentence <= count.sentence
        and c.number.start < count.number.start
        and not (c.is_attackers or c.tags >= _OF_THEM)
    }
    if not any(n > own for n in sides):
        return False
    if not any(n > own for n in victims) and not (before and _tells_a_crowd(before.tokens)):
        return True
    tokens = sentence.tokens
    told = sum(t.value for t in tokens if "NUM" in t.tags and t.value is not None)
    behind = [t for t in tokens if t.start >= count.end]
    forces = any(
        "BY" in t.tags and any(_STATE & b.tags for b in behind[at + 1 : at + 1 + _BY_TOKENS])
        for at, t in enumerate(behind)
    )
    return (told in sides and told not in victims) or forces


def _tells_a_crowd(tokens: Sequence[Token]) -> bool:
    """Whether people are told of whom no number is given: "fired on worshippers"."""
    return any(
        "PEOPLE" in token.tags
        and "ATTACKER" not in token.tags
        and not any("NUM" in t.tags for t in tokens[max(0, index - 1 - _NOUN_TOKENS) : index])
        for index, token in enumerate(tokens)
    )


def _attackers(sentences: Sequence[EventSentence]) -> Iterator[tuple[int, int, int]]:
    """Where numbers of attackers are told, the numbers, and the sentences they stand in."""
    for sentence in sentences:
        for index, token in enumerate(sentence.tokens):
            behind = sentence.tokens[index + 1 : index + 2 + _NOUN_TOKENS]
            if token.value is not None and "NUM" in token.tags:
                if _ATTACKING in token.tags or any(_is_attacker(t) for t in behind):
                    yield token.start, token.value, sentence.index


def _is_attacker(token: Token) -> bool:
    """Whether a noun is one of attackers alone: "four men in a shop" may be anybody."""
    return "ATTACKER" in token.tags and "MAYBE_ATTACKER" not in token.tags


def _words_before(count: CountMention, sentence: EventSentence) -> tuple[Token, ...]:
    """A number alone with the two words before it; nothing for any other count."""
    further = "FURTHER" in count.tags and count.noun is None and count.victim_class == UNSPECIFIED
    if not ("BARE" in count.tags or further) or count.what not in _HARMED or count.value is None:
        return ()
    tokens = sentence.tokens
    at = next((i for i, t in enumerate(tokens) if t.end == count.number.end), None)
    return () if at is None else tuple(tokens[max(0, at - _WORDS_BEFORE) : at + 1])
