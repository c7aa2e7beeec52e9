"""An attacker whom a pronoun tells of: "A suicide bomber attacked a bus. He died at once."

Rules
-----
1. "He" or "she" who is harmed is the attacker where the sentence before tells of one, and of no other
   person alone: neither by a trade ("a bomber killed a general"), nor by a name.
2. Whoever blows himself up is an attacker, whatever he is called ("a man crept under a bus and blew
   himself up").

(Read as a victim, he made a bomb that killed nobody a deadly one.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from worker.core.annotate.counts import CountMention
from worker.core.annotate.events import EventSentence
from worker.core.lang.cascade import PERPETRATOR
from worker.core.lang.tokens import Token

_HARMED = frozenset({"killed", "injured", "shot"})
_TOLD_BEFORE = "SAME_PERSON"
_PRONOUN = "PRON"
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
        if _is_pronoun(count, known.get(count.sentence))
        and _tells_one_attacker(known.get(count.sentence - 1), counts)
        else count
        for count in counts
    )


def _is_pronoun(count: CountMention, sentence: EventSentence | None) -> bool:
    """Whether one person is harmed whom nothing but a pronoun tells of, the first of the sentence."""
    if sentence is None or not count.is_single or count.what not in _HARMED:
        return False
    if _TOLD_BEFORE not in count.tags or count.names or count.noun is not None:
        return False
    first = sentence.tokens[0]
    return _PRONOUN in first.tags and first.start == count.number.start


def _tells_one_attacker(before: EventSentence | None, counts: Sequence[CountMention]) -> bool:
    """Whether a sentence tells of one attacker, and of nobody else alone."""
    if before is None or before.zone == "title":
        return False
    if any(c.is_single and not c.is_attackers and c.sentence == before.index for c in counts):
        return False
    tokens = before.tokens
    people = [i for i, t in enumerate(tokens) if t.tags & {"PERSON", "ATTACKER"}]
    one = [i for i in people if _is_alone(tokens, i)]
    if len(one) != 1 or one[0] != people[0] or _names_somebody(tokens):
        return False
    sure = "ATTACKER" in tokens[one[0]].tags and "MAYBE_ATTACKER" not in tokens[one[0]].tags
    return sure or any("BLOWS_HIMSELF_UP" in t.tags for t in tokens[one[0] :])


def _is_alone(tokens: Sequence[Token], index: int) -> bool:
    """Whether a noun is of one person, by the article before it."""
    before = tokens[max(0, index - _NOUN_TOKENS) : index]
    return "NUM" not in tokens[index].tags and any(t.tags & _ARTICLES for t in before)


def _names_somebody(tokens: Sequence[Token]) -> bool:
    """Whether two words in capitals stand together that name no place, day or people."""
    return any(
        {"CAP", "WORD"} <= a.tags and {"CAP", "WORD"} <= b.tags and not (a.tags | b.tags) & _PLACED
        for a, b in pairwise(tokens[1:])
    )
