"""An attacker whom a pronoun tells of: "A suicide bomber attacked a bus. He died at once."

Rules
-----
1. "He" who is harmed is the attacker where the sentence before tells of one who dies of his attack, a
   suicide bomber, and of no other person alone: neither by a trade ("a bomber killed a general") nor by
   a name ("the car of Noori") nor by what is theirs ("his car").
2. Whoever blows himself up is one, whatever he is called ("a man crept under a bus and blew himself up").
3. A gunman need not die of his attack: he is meant where forces killed him ("he was killed by guards").
4. "The second was shot dead", behind a sentence that tells of an attacker first, and of nobody harmed, is
   another attacker.
5. What is told of somebody with anything of his own is a victim's end ("his family said").

(Read as a victim, the bomber made a bomb that killed nobody a deadly one.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from worker.core.annotate.counts import CountMention
from worker.core.annotate.events import EventSentence
from worker.core.lang.cascade import PERPETRATOR
from worker.core.lang.tokens import Token

_HARMED = frozenset({"killed", "injured", "shot"})
_TOLD_BEFORE = "SAME_PERSON"
_PRONOUN = "PRON"
_NEXT = "THE_SECOND"
_ANYBODY = frozenset({"PERSON", "PERSONS", "PEOPLE", "ATTACKER"})
_OF_SOMEBODY = frozenset({"POSS", "PRON"})
_DIES_OF_IT = "DIES_OF_IT"
_THEIRS = frozenset({"RIDE", "BUILDING", "PERSON", "PERSONS"})
_BY_TOKENS = 3
_PLACED = frozenset({"HERE", "AWAY", "DAY", "MONTH", "ATTACKER", "DEMONYM", "STATE_FORCES"})
"""Words in capitals that name no person."""
_ARTICLES = frozenset({"INDEFINITE", "DEFINITE"})
_NOUN_TOKENS = 3


def mark_lone_attackers(
    counts: Sequence[CountMention], sentences: Sequence[EventSentence]
) -> tuple[CountMention, ...]:
    """The counts, in their order, with a pronoun for a lone attacker as one."""
    known = {sentence.index: sentence for sentence in sentences}
    return tuple(
        replace(count, victim_class=PERPETRATOR)
        if _is_lone_attacker(count, known, counts)
        else count
        for count in counts
    )


def _is_lone_attacker(
    count: CountMention, known: Mapping[int, EventSentence], counts: Sequence[CountMention]
) -> bool:
    sentence, before = known.get(count.sentence), known.get(count.sentence - 1)
    if _is_pronoun(count, sentence):
        return _tells_one_attacker(before, sentence, counts)
    return _NEXT in count.tags and count.is_single and _tells_of_attackers(before, counts)


def _tells_of_attackers(before: EventSentence | None, counts: Sequence[CountMention]) -> bool:
    """Whether a sentence of the body tells of an attacker before anybody else, and of nobody harmed."""
    if before is None or before.zone == "title":
        return False
    if any(c.sentence == before.index and not c.is_attackers for c in counts):
        return False
    if any("BLOWS_HIMSELF_UP" in t.tags for t in before.tokens):
        return True
    first = next((t for t in before.tokens if t.tags & _ANYBODY), None)
    return first is not None and "ATTACKER" in first.tags and "MAYBE_ATTACKER" not in first.tags


def _is_pronoun(count: CountMention, sentence: EventSentence | None) -> bool:
    """Whether one person is harmed whom nothing but a pronoun tells of, the first of the sentence.

    Not with anything of his or hers ("his family said", "as she held her baby"): that tells of a victim.
    """
    if sentence is None or not count.is_single or count.what not in _HARMED:
        return False
    if _TOLD_BEFORE not in count.tags or count.names or count.noun is not None:
        return False
    first, *rest = sentence.tokens
    if _PRONOUN not in first.tags or first.start != count.number.start:
        return False
    return not any(t.tags & _OF_SOMEBODY for t in rest)


def _tells_one_attacker(
    before: EventSentence | None, sentence: EventSentence | None, counts: Sequence[CountMention]
) -> bool:
    """Whether a sentence tells of one attacker who is meant in the next, and of nobody else alone."""
    if before is None or before.zone == "title" or sentence is None:
        return False
    if any(c.is_single and not c.is_attackers and c.sentence == before.index for c in counts):
        return False
    tokens = before.tokens
    people = [i for i, t in enumerate(tokens) if t.tags & {"PERSON", "ATTACKER"}]
    one = [i for i in people if _is_alone(tokens, i)]
    if len(one) != 1 or one[0] != people[0] or _names_somebody(tokens):
        return False
    who = tokens[one[0]].tags
    if any("BLOWS_HIMSELF_UP" in t.tags for t in tokens[one[0] :]) or _DIES_OF_IT in who:
        return True
    return "ATTACKER" in who and "MAYBE_ATTACKER" not in who and _is_by_forces(sentence.tokens)


def _is_by_forces(tokens: Sequence[Token]) -> bool:
    """Whether forces did it: "he was killed by guards"."""
    return any(
        "BY" in token.tags
        and any("STATE_FORCES" in t.tags for t in tokens[index + 1 : index + 1 + _BY_TOKENS])
        for index, token in enumerate(tokens)
    )


def _is_alone(tokens: Sequence[Token], index: int) -> bool:
    """Whether a noun is of one person, by the article before it."""
    before = tokens[max(0, index - _NOUN_TOKENS) : index]
    return "NUM" not in tokens[index].tags and any(t.tags & _ARTICLES for t in before)


def _names_somebody(tokens: Sequence[Token]) -> bool:
    """Whether somebody is named, or something of somebody's: "the car of Noori", "his house"."""
    return any(
        ({"CAP", "WORD"} <= a.tags and not a.tags & _PLACED)
        or ("POSS" in a.tags and b.tags & _THEIRS)
        for a, b in pairwise(tokens[1:])
    )
