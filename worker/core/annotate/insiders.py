"""Who is on which side against his name: a guard who turns his rifle on others, a party that is bombed.

Rules
-----
1. Who is told as new, by a trade, and opens fire in the same breath is the attacker ("an Afghan policeman
   opened fire on his trainers").
2. "The policeman", told as harmed within a few sentences, is he, and no victim. Another trade, a name or
   "a policeman" is somebody else. Where other attackers were told before, he fires back.
3. Members of an armed group, counted as such, are victims where others do the deed: "a bomb killed two
   members of the party", "were shot by gunmen".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from worker.core.annotate.counts import CountMention
from worker.core.annotate.events import EventSentence, event_sentence_at
from worker.core.lang.cascade import PERPETRATOR, UNSPECIFIED
from worker.core.lang.tokens import Token

_REACH_SENTENCES = 6
_ARTICLE_TOKENS = 3
"""Between an article and the trade: "an off-duty Afghan policeman"."""
_HARMED = frozenset({"killed", "injured", "shot"})
_TOLD_BEFORE = "DEFINITE_PERSON"
_OPENS_FIRE = "OPENS_FIRE"
_ARTICLES = frozenset({"INDEFINITE", "DEFINITE"})
_OTHERS = frozenset({"ATTACKER"})
_ACTS = frozenset({"ATTACKER", "WEAPON"})
_NAMED = frozenset({"CAP", "VEHICLE", "MAYBE_ATTACKER"})
"""A group by its name is no other attacker, nor is a car a weapon."""


def mark_insiders(
    counts: Sequence[CountMention], sentences: Sequence[EventSentence]
) -> tuple[CountMention, ...]:
    """The counts, in their order, with the attacker who is harmed and told by his trade alone as one."""
    known = list(_insiders(sentences))
    out = []
    for count in counts:
        if _is_one(count, known):
            out.append(replace(count, victim_class=PERPETRATOR))
        elif count.is_attackers and _are_members_hit(count, sentences):
            out.append(replace(count, victim_class=UNSPECIFIED))
        else:
            out.append(count)
    return tuple(out)


def _are_members_hit(count: CountMention, sentences: Sequence[EventSentence]) -> bool:
    """Whether members of a group are counted in a sentence in which a weapon or other attackers act."""
    sentence = event_sentence_at(sentences, count.number.start)
    if sentence is None:
        return False
    own = range(count.number.start, count.end)
    members = [t for t in sentence.tokens if "MEMBERS" in t.tags and t.start in own]
    others = [t for t in sentence.tokens if not count.number.start <= t.start < count.number.end]
    new = any("INDEFINITE" in a.tags and "REAL_EVENT" in b.tags for a, b in pairwise(others))
    acts = any(t.tags & _ACTS and not t.tags & _NAMED for t in others)
    return bool(members) and (new or acts)


def _is_one(count: CountMention, known: Sequence[tuple[str, int]]) -> bool:
    if not count.is_single or count.what not in _HARMED or _TOLD_BEFORE not in count.tags:
        return False
    if count.names or count.noun is None:
        return False
    return any(
        count.noun == trade and 0 < count.sentence - index <= _REACH_SENTENCES
        for trade, index in known
    )


def _insiders(sentences: Sequence[EventSentence]) -> Iterator[tuple[str, int]]:
    """The trades of those who open fire, and the sentences that tell it."""
    for sentence in sentences:
        if sentence.zone == "title":
            continue
        if any(t.tags & _OTHERS and "MAYBE_ATTACKER" not in t.tags for t in sentence.tokens):
            return
        for index, token in enumerate(sentence.tokens):
            if "PERSON" in token.tags and _opens_fire(sentence.tokens, index):
                yield token.word, sentence.index


def _opens_fire(tokens: Sequence[Token], index: int) -> bool:
    """Whether a new person opens fire: an article stands before, and the deed right behind."""
    before = tokens[max(0, index - _ARTICLE_TOKENS) : index]
    behind = [t for t in tokens[index + 1 : index + 3] if "HAVE" not in t.tags]
    articles = [t for t in before if t.tags & _ARTICLES]
    is_new = bool(articles) and "INDEFINITE" in articles[-1].tags
    return is_new and bool(behind) and _OPENS_FIRE in behind[0].tags
