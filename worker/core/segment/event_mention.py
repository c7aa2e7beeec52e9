"""Event mentions: the words of a sentence that tell of an attack, each with what is said of it.

Rules
-----
1. Only what the grammar calls a real event is a mention; a sentence without one may have a killing
   as its weakest ("deputy governor killed").
2. ``main``: the clause is about it. ``harm_main``: the clause is about its harm ("N killed in an
   attack"). ``sub``: it stands in a clause about something else ("… after the blast"). ``noun``: it
   is only the object of another matter ("condemned the attack").
3. It is ``here`` or ``away`` by the place that the grammar put beside it, else by the nearer place of
   its sentence within ``REACH_TOKENS``.
4. ``bad`` is a mention that is certainly not fresh news of one attack: feared, one of many, earlier.

Which of several is a sentence's main one is weighed (weights ``[event]``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from worker.core.annotate.counts import CountMention
from worker.core.annotate.events import EventSentence
from worker.core.knowledge.weights import EventWeights
from worker.core.lang.tokens import Token

REACH_TOKENS = 13
_MOST_EVENTS = 12
"""A sentence tells a few at most; a page that is one endless sentence must not be costly."""
_TOLD = {
    "IS_FRESH": "fresh", "IS_OLD": "old", "IS_DEF": "definite", "IS_INDEF": "indefinite",
    "IS_THREAT": "threat", "IS_AGG": "many", "IS_EARLIER": "earlier", "IS_WEEKS": "weeks",
    "IS_YEAR": "year", "IS_KNOWN": "known", "IS_HARM": "harm", "IS_ACTOR": "actor", "IS_OF_DAY": "of_day",
    "IS_REMEMBERED": "remembered",
}  # fmt: skip
"""Tags of the grammar that are traits as they are."""
_BAD = frozenset({"threat", "many", "earlier", "weeks", "year", "old"})
_ASIDE = frozenset({"IN_SUBORDINATE", "AFTER_REACTION"})
_NOT_COUNTED = frozenset({"OF_MANY", "NOBODY"})
_UNSURE = frozenset({"weak", "faint", "named"})
"""Rules that say somebody was killed without counting."""
_ACTING = frozenset({"ATTACKER", "WEAPON", "HARM"})
_REACTING = frozenset({"REACTION", "TALK"})
_NO_REACTION = frozenset({"REAL_EVENT", "IN_SUBORDINATE", "SETTING"})


@dataclass(frozen=True, slots=True)
class EventMention:
    """One event word: its token, where that stands in the sentence, and its traits by name."""

    index: int
    token: Token
    traits: frozenset[str]

    @property
    def is_bad(self) -> bool:
        """Whether it cannot be fresh news of one attack."""
        return bool(self.traits & _BAD)


def event_tokens(sentence: EventSentence) -> list[tuple[int, Token]]:
    """The real events of a sentence; without one, the first word of a death."""
    tokens = [(i, t) for i, t in enumerate(sentence.tokens) if "NOT_AN_EVENT" not in t.tags]
    real = [(i, t) for i, t in tokens if "REAL_EVENT" in t.tags]
    return real or [(i, t) for i, t in tokens if "KILL" in t.tags][:1]


def read_event(
    sentence: EventSentence, index: int, counts: Sequence[CountMention] = ()
) -> EventMention:
    """The mention at a token. ``counts``: those of the sentence."""
    token = sentence.tokens[index]
    traits = {name for tag, name in _TOLD.items() if tag in token.tags}
    traits |= set(_clause(sentence, token, counts)) | set(_place(sentence, index, token))
    if "fresh" in traits:
        traits.discard("old")
    if "REAL_EVENT" not in token.tags:
        traits.add("harm_only")
    if sentence.tags & _REACTING and any(map(_reacts, sentence.tokens[:index])):
        traits.add("reaction")
    if (
        "POLITICS" in sentence.tags
        and "main" not in traits
        and _is_politics(sentence.tokens[:index])
    ):
        traits.add("politics")
    return EventMention(index, token, frozenset(traits))


def main_event(
    sentence: EventSentence, weights: EventWeights, counts: Sequence[CountMention] = ()
) -> EventMention | None:
    """The mention that a sentence is about, or None; of equals, the first."""
    found = event_tokens(sentence)[:_MOST_EVENTS]
    mentions = [read_event(sentence, index, counts) for index, _ in found]
    return max(mentions, default=None, key=lambda m: (event_score(m, weights), -m.index))


def event_score(mention: EventMention, weights: EventWeights) -> float:
    """How much a mention is what its sentence is about."""
    return sum(getattr(weights, trait, 0.0) for trait in sorted(mention.traits))


def tells_harm(sentence: EventSentence, counts: Sequence[CountMention], *, main: bool) -> bool:
    """Whether victims are counted in a sentence; ``main``: and not in a clause about something else."""
    return any(
        count.what in ("killed", "injured")
        and not count.is_attackers
        and not count.tags & _NOT_COUNTED
        and not count.flags & _UNSURE
        and not (main and sentence.tokens[sentence.token_at(count.number.start)].tags & _ASIDE)
        for count in counts
    )


def _clause(sentence: EventSentence, token: Token, counts: Sequence[CountMention]) -> Iterator[str]:
    subordinate = "IN_SUBORDINATE" in token.tags
    is_object = "OBJECT_NOUN" in token.tags and "EVENT_VERB" not in token.tags
    if subordinate:
        yield "sub"
    elif not is_object:
        yield "main"
        return
    deaths = any("KILL" in t.tags and not t.tags & _ASIDE for t in sentence.tokens)
    if deaths or tells_harm(sentence, counts, main=True):
        yield "harm_main"
    elif not subordinate:
        yield "noun"


def _place(sentence: EventSentence, index: int, token: Token) -> Iterator[str]:
    here, away = (_distance(sentence, index, tag) for tag in ("HERE", "AWAY"))
    near = here is not None and here <= REACH_TOKENS and (away is None or here <= away)
    if "IS_HERE" in token.tags or near:
        yield "here"
    elif away is not None and (here is None or (away <= REACH_TOKENS and away < here)):
        yield "away"
    elif here is not None:
        yield "here_far"


def _distance(sentence: EventSentence, index: int, tag: str) -> int | None:
    if tag not in sentence.tags:
        return None
    found = (abs(i - index) for i, t in enumerate(sentence.tokens) if tag in t.tags)
    return min(found, default=None)


def _reacts(token: Token) -> bool:
    return bool(token.tags & _REACTING) and not token.tags & _NO_REACTION


def _is_politics(before: Sequence[Token]) -> bool:
    if not any("POLITICS" in t.tags for t in before):
        return False
    return not any(t.tags & _ACTING and "IN_SUBORDINATE" not in t.tags for t in before)
