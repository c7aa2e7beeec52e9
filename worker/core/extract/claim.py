"""Claims and denials of responsibility, with who spoke for the group.

Rules
-----
1. "claimed by X" takes the name after it, "X claimed" the nearest name before it in the sentence;
   "the group claimed" the last group named before.
2. "No group has claimed" makes no claim, and the groups it mentions are not claimants.
3. A denial is kept as one (the group denied a blast that others blamed on it).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from re import Match
from typing import Literal

from worker.core.annotate.actors import ActorMention
from worker.core.domain.report import Claim
from worker.core.extract.passage import Passage, Spans
from worker.core.knowledge.profile import Actor
from worker.core.lang.normalise import Range, inside, starting_in

_AFTER_REACH_CHARS = 60
_ANAPHOR_REACH_CHARS = 34
_OPENING_CHARS = 16


@dataclass(frozen=True, slots=True)
class _ClaimPhrase(Range):
    actor: Actor
    claimed: Literal["yes", "denied"]


def find_claims(passage: Passage) -> tuple[tuple[Claim, ...], Spans]:
    """One claim or denial per group, in the order of the text."""
    phrases = list(_claim_phrases(passage))
    claims: dict[tuple[str, str], Claim] = {}
    for item in phrases:
        key = (item.actor.id, item.claimed)
        speaker = _speaker(passage, item)
        if key not in claims or (claims[key].speaker is None and speaker is not None):
            claims[key] = Claim(item.actor.name, item.claimed, speaker)
    return tuple(claims.values()), passage.spans(phrases)


def _claim_phrases(passage: Passage) -> Iterator[_ClaimPhrase]:
    none = tuple(passage.find_ranges("claim_none"))
    denied = tuple(passage.find_ranges("claim_denied"))
    for match in passage.find("claim_passive"):
        actor = _claimant_after(passage, match)
        if actor is not None and not _is_negated(passage, match, none):
            yield _ClaimPhrase(match.start(), actor.end, actor.actor, "yes")
    for category, value in (("claim_verb", "yes"), ("claim_denied", "denied")):
        for match in passage.find(category):
            if category == "claim_verb" and (
                _is_negated(passage, match, none) or _is_negated(passage, match, denied)
            ):
                continue
            subject = _claimant_before(passage, match)
            if subject is not None:
                start = min(subject.start, match.start())
                yield _ClaimPhrase(
                    start, match.end(), subject.actor, "yes" if value == "yes" else "denied"
                )


def _is_negated(passage: Passage, match: Match[str], negations: tuple[Range, ...]) -> bool:
    """Whether a negated claim overlaps, or stands in the same clause just before."""
    low = passage.clause(match.start()).start
    near = starting_in(negations, Range(low, match.end()))
    return any(match.start() < s.end + 3 for s in near)


def _claimant_after(passage: Passage, match: Match[str]) -> ActorMention | None:
    limit = min(passage.clause(match.start()).end, match.end() + _AFTER_REACH_CHARS)
    return next(iter(starting_in(passage.actors, Range(match.end(), limit))), None)


def _claimant_before(passage: Passage, match: Match[str]) -> ActorMention | None:
    """The subject of a claiming verb: named in the sentence, or taken up by "the group".

    "X, who had called it a target, said …": what opens the sentence is the subject after an insertion.
    """
    low = passage.clause(match.start()).start
    named = inside(passage.actors, Range(low, match.start()))
    if named:
        return named[-1]
    sentence = passage.sentence(match.start())
    if sentence is not None and passage.prose.text[low - 2 : low].startswith(","):
        opening = Range(sentence.start, sentence.start + _OPENING_CHARS)
        named = starting_in(passage.actors, opening)
        if named and named[0].end < low:
            return named[0]
    head = Range(max(low, match.start() - _ANAPHOR_REACH_CHARS), match.start())
    if not passage.prose.of(head).strip() or passage.has("group_anaphor", head):
        earlier = inside(passage.actors, Range(0, low))
        return earlier[-1] if earlier else None
    return None


def _speaker(passage: Passage, item: _ClaimPhrase) -> str | None:
    """Who spoke for the group in the sentence of its claim, or elsewhere in the segment."""
    for people in (starting_in(passage.actors, passage.clause(item.start)), passage.actors):
        for person in people:
            if person.person and person.actor.id == item.actor.id:
                return passage.prose.span(person).quote
    return None
