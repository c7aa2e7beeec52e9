"""Claims and denials of responsibility, with who spoke for the group.

Rules
-----
1. "claimed by X" takes the name after it, "X claimed" the nearest name before it in the sentence, or
   the one within it ("نفت طالبان ضلوعها", denied X its part); "the group claimed" the last group
   named before; one that does not hold power, where there is one ("the Taliban's police spokesman"
   speaks of what others did).
2. "No group has claimed" makes no claim, and the groups it mentions are not claimants.
3. A claim of other attacks is none of this one: "in a series claimed by X"; "a bomber killed two in
   another town, an attack claimed by X".
4. So is a claim told right behind another attack: behind a sentence that puts an attack elsewhere and
   tells no figure of this one ("A patrol was ambushed in another province. The group claimed it").
5. A state claims or denies only where the attack is told as a strike, or where the sentence before says
   that it organised it. (Many a report ends with what a neighbour "denies": that it shelters the group.)
6. "The dead were its men" claims nothing: what is a group's own must be the attack, or who made it.
7. A denial is kept as one (the group denied a blast that others blamed on it).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from re import Match
from typing import Literal

from worker.core.annotate.actors import STATES, ActorMention, is_in_power
from worker.core.annotate.places import PlaceMention
from worker.core.domain.report import Claim, Statement
from worker.core.extract.passage import Passage, Spans
from worker.core.knowledge.profile import Actor
from worker.core.lang.normalise import Range, holding, inside, starting_in
from worker.core.text.prose import Sentence

_AFTER_REACH_CHARS = 60
_ANAPHOR_REACH_CHARS = 34
_OPENING_CHARS = 16
_LEAD_CLAUSES = 4
_NEXT_WORD_CHARS = 2
_SENTENCES_BEFORE = 3


@dataclass(frozen=True, slots=True)
class _ClaimPhrase(Range):
    actor: Actor
    claimed: Literal["yes", "denied"]


def find_claims(
    passage: Passage, statements: Sequence[Statement] = ()
) -> tuple[tuple[Claim, ...], Spans]:
    """One claim or denial per group, in the order of the text. ``statements``: those of its report."""
    phrases = [p for p in _claim_phrases(passage) if not _is_behind_another(passage, p, statements)]
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
    others = tuple(passage.find_ranges("claim_of_others"))
    neither = tuple(passage.find_ranges("claim_undecided"))
    for match in passage.find("claim_passive"):
        actor = _claimant_after(passage, match)
        if (
            actor is None
            or _is_negated(passage, match, none)
            or _is_of_others(passage, match, others)
        ):
            continue
        if _may_claim(passage, actor.actor, match.start(), "yes"):
            yield _ClaimPhrase(match.start(), actor.end, actor.actor, "yes")
    for category, value in (("claim_verb", "yes"), ("claim_denied", "denied")):
        for match in passage.find(category):
            if category == "claim_verb" and (
                _is_negated(passage, match, none) or _is_negated(passage, match, denied)
            ):
                continue
            undecided = holding(neither, match.start()) is not None
            undecided |= passage.has("claim_of_people", Range(match.start(), match.end()))
            if undecided or _is_of_others(passage, match, others):
                continue
            for subject in _claimants_before(passage, match):
                start = min(subject.start, match.start())
                if _may_claim(passage, subject.actor, match.start(), value):
                    yield _ClaimPhrase(
                        start, match.end(), subject.actor, "yes" if value == "yes" else "denied"
                    )


def _is_negated(passage: Passage, match: Match[str], negations: tuple[Range, ...]) -> bool:
    """Whether a negation overlaps a claim, stands just before it, or follows: "said its men had no part"."""
    low = passage.clause(match.start()).start
    near = starting_in(negations, Range(low, match.end() + _NEXT_WORD_CHARS))
    return any(match.start() < s.end + 3 for s in near)


def _is_of_others(passage: Passage, match: Match[str], others: tuple[Range, ...]) -> bool:
    """Whether what is claimed are other attacks, or one that its sentence tells of elsewhere."""
    if any(match.start() <= s.end and s.start <= match.end() for s in others):
        return True
    sentence = passage.sentence(match.start())
    if sentence is None:
        return False
    places = inside(passage.annotated.places, sentence)
    if any(place.kind in ("here", "near") for place in places):
        return False
    for place in places:
        clause = passage.clause(place.start)
        told = Range(clause.start, min(clause.end, match.start()))
        harmed = passage.triggers_in(told) or passage.has("harm", told)
        if place.kind == "elsewhere" and harmed:
            return True
    return False


def _is_behind_another(
    passage: Passage, claim: _ClaimPhrase, statements: Sequence[Statement]
) -> bool:
    """Whether the sentences before a claim tell another attack than this report's.

    ("In a village in another province three policemen died. The group claimed responsibility for the
    attack. A rocket also landed in the capital": the claim is of the three.)
    """
    sentence = passage.sentence(claim.end - 1)
    if sentence is None or sentence.zone == "title" or claim.start < sentence.start:
        return False
    if any(p.kind in ("here", "near") for p in inside(passage.annotated.places, sentence)):
        return False
    first = max(0, sentence.index - _SENTENCES_BEFORE)
    for before in reversed(passage.prose.sentences[first : sentence.index]):
        other = _tells_another(passage, before, statements)
        if other is not None:
            return other
    return False


def _tells_another(
    passage: Passage, sentence: Sentence, statements: Sequence[Statement]
) -> bool | None:
    """Whether a sentence tells another attack, by where it was; None where it does not say."""
    if sentence.zone == "title":
        return False
    at = passage.prose.span(sentence)
    counts = (s for s in statements if s.value != 1 and at.start <= s.span.start < at.end)
    scopes = {s.scope for s in counts} - {"aggregate"}
    if scopes & {"incident", "hypothetical"}:
        return False
    before = passage.prose.sentences[sentence.index - 1].end if sentence.index else sentence.start
    filed = inside(passage.annotated.places, Range(before, sentence.start))
    places = (*filed, *inside(passage.annotated.places, sentence))
    if any(place.kind in ("here", "near") for place in places):
        return False
    away = any(_is_elsewhere(place) for place in places)
    told = passage.has("harm", sentence) or passage.has("region_phrase", sentence)
    return True if away and told and passage.triggers_in(sentence) else None


def _is_elsewhere(place: PlaceMention) -> bool:
    """Whether something is put outside the area, by a name or by the place that it was filed from."""
    filed = place.kind == "dateline" and place.entry.kind == "elsewhere"
    return place.kind == "elsewhere" or filed


def _may_claim(passage: Passage, actor: Actor, at: int, claimed: str) -> bool:
    """Whether an actor can be a claimant here: a state only where the attack is told as its deed."""
    if actor.actor_class not in STATES:
        return True
    if claimed == "denied" and _is_said_to_organise(passage, actor, at):
        return True
    told = passage.segment.ranges[:_LEAD_CLAUSES]
    return any(passage.has("cue_state", clause) for clause in told)


def _is_said_to_organise(passage: Passage, actor: Actor, at: int) -> bool:
    """Whether the sentence before lays this attack at a state's door."""
    sentence = passage.sentence(at)
    if sentence is None or not sentence.index:
        return False
    before = passage.prose.sentences[sentence.index - 1]
    named = any(mention.actor.id == actor.id for mention in inside(passage.actors, before))
    return named and passage.has("organised", before)


def _claimants_before(passage: Passage, match: Match[str]) -> tuple[ActorMention, ...]:
    """The subject of a claiming verb; all named before it where "both" did."""
    subject = _claimant_before(passage, match)
    if subject is None:
        return ()
    between = Range(subject.end, match.start())
    if between.start < between.end and passage.has("claim_both", between):
        clause = Range(passage.clause(match.start()).start, match.start())
        return inside(passage.actors, clause)
    return (subject,)


def _claimant_after(passage: Passage, match: Match[str]) -> ActorMention | None:
    limit = min(passage.clause(match.start()).end, match.end() + _AFTER_REACH_CHARS)
    return next(iter(starting_in(passage.actors, Range(match.end(), limit))), None)


def _claimant_before(passage: Passage, match: Match[str]) -> ActorMention | None:
    """The subject of a claiming verb: named in the sentence, or taken up by "the group".

    "X, who had called it a target, said …": what opens the sentence is the subject after an insertion.
    """
    low = passage.clause(match.start()).start
    named = inside(passage.actors, Range(low, match.start()))
    named = named or inside(passage.actors, Range(match.start(), match.end()))
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
        day = passage.annotated.spoken_day
        armed = [mention for mention in earlier if not is_in_power(mention.actor, day)]
        found = armed or list(earlier)
        return found[-1] if found else None
    return None


def _speaker(passage: Passage, item: _ClaimPhrase) -> str | None:
    """Who spoke for the group in the sentence of its claim, or elsewhere in the segment."""
    for people in (starting_in(passage.actors, passage.clause(item.start)), passage.actors):
        for person in people:
            if person.person and person.actor.id == item.actor.id:
                return passage.prose.span(person).quote
    return None
