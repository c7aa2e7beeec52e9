"""Claims and denials of responsibility, with who spoke for the group.

Rules
-----
1. "Claimed by X" and "a charge that X denies" take the name after it, all others the subject before the
   verb (``claimant``). Claims in other words ("its fighters stormed …") are found by ``claim_told``,
   those of one word ("X said no; Y said yes") by ``claim_answers``.
   A headline may end in one ("…; X claims", "…, X denies").
2. "No group has claimed" makes no claim, and the groups it mentions are not claimants.
3. A claim of other attacks is none of this one: "in a series claimed by X"; "a bomber killed two in
   another town, an attack claimed by X".
4. So is a claim told right behind another attack: behind a sentence that puts an attack elsewhere and
   tells no figure of this one ("A patrol was ambushed in another province. The group claimed it").
5. A state claims or denies only where the attack is told as a strike, or where the sentence before says
   that it organised it. (Many a report ends with what a neighbour "denies": that it shelters the group.)
6. "The dead were its men" claims nothing: what is a group's own must be the attack, or who made it.
   One that was taken back is none.
7. A denial is kept as one (the group denied a blast that others blamed on it).
8. Sentences outside the attack's own words are searched too, where nothing else is told
   (``claim_asides``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from re import Match

from worker.core.annotate.actors import STATES, is_in_power
from worker.core.annotate.place_mention import PlaceMention
from worker.core.domain.report import Claim, Statement
from worker.core.extract.claim_answers import find_answers
from worker.core.extract.claim_asides import with_apart, with_asides, with_joint
from worker.core.extract.claim_told import find_not_done, find_told
from worker.core.extract.claimant import (
    Claimed,
    ClaimPhrase,
    claimant_after,
    claimants_before,
    claimants_joined,
    claimants_of_quote,
    is_told_as_strike,
)
from worker.core.extract.passage import Passage, Spans
from worker.core.knowledge.profile import Actor
from worker.core.lang.normalise import Range, holding, inside, starting_in
from worker.core.text.prose import Sentence

_CLOSING: tuple[tuple[str, Claimed], ...] = (
    ("claim_closing", "yes"),
    ("claim_closing_denied", "denied"),
)
_MARKS = frozenset(";,")
"""Before the name of who claims at the end of a headline."""
_NEXT_WORD_CHARS = 2
_NEGATED_CHARS = 3
"""How far behind a negation a claim may begin: a blank and a mark."""
_SENTENCES_BEFORE = 3
_PUT_REACH_CHARS = 40
_MESSAGE_REACH_CHARS = 24


def find_claims(
    passage: Passage, statements: Sequence[Statement] = ()
) -> tuple[tuple[Claim, ...], Spans]:
    """One claim or denial per group, in the order of the text. ``statements``: those of its report."""
    if not passage.annotated.actors and not any(s.perpetrator_party for s in statements):
        return (), ()  # nobody is there to claim or deny anything
    passage = with_joint(with_asides(passage))
    phrases = _phrases(passage, statements)
    if not phrases:
        passage = with_apart(passage)
        found = _phrases(passage, ())  # its figures tell of other attacks than what stands apart
        phrases = [p for p in found if not _is_told_of_another(passage, p, statements)]
    claims: dict[tuple[str, str], Claim] = {}
    for item in phrases:
        key = (item.actor.id, item.claimed)
        speaker = _speaker(passage, item)
        if key not in claims or (claims[key].speaker is None and speaker is not None):
            claims[key] = Claim(item.actor.name, item.claimed, speaker)
    return tuple(claims.values()), passage.spans(phrases)


def _phrases(passage: Passage, statements: Sequence[Statement]) -> list[ClaimPhrase]:
    """The words that claim or deny this attack."""
    found = [
        *_passive(passage, "claim_passive", "yes"),
        *_active(passage, "claim_verb", "yes"),
        *_acknowledged(passage),
        *_closing(passage),
        *(p for p in find_told(passage, statements) if _may_be_told(passage, p)),
        *find_answers(passage),
        *_passive(passage, "claim_denied_passive", "denied"),
        *_active(passage, "claim_denied", "denied"),
    ]
    phrases = [
        p
        for p in found
        if not _is_behind_another(passage, p, statements) and not _is_withdrawn(passage, p)
    ]
    claimed = {p.actor.id for p in phrases if p.claimed == "yes"}
    return [*phrases, *find_not_done(passage, claimed)]


def _acknowledged(passage: Passage) -> Iterator[ClaimPhrase]:
    """Attacks that a group acknowledged: its claim, unless it rules, and says what an office says."""
    if next(passage.find("claim_acknowledged"), None) is None:
        return
    reference = passage.annotated.reference
    spoken = None if reference is None or reference.nominal else reference.day
    for phrase in _active(passage, "claim_acknowledged", "yes"):
        if not is_in_power(phrase.actor, spoken):
            yield phrase


def _passive(passage: Passage, category: str, claimed: Claimed) -> Iterator[ClaimPhrase]:
    """Claims or denials whose group stands behind the words."""
    matches = [(m, actor) for m in passage.find(category) if (actor := claimant_after(passage, m))]
    if not matches:
        return
    none = tuple(passage.find_ranges("claim_none"))
    others = tuple(passage.find_ranges("claim_of_others"))
    for match, actor in matches:
        if _is_of_others(passage, Range.of(match), others):
            continue
        if claimed == "yes" and _is_negated(passage, match, none):
            continue
        if _may_claim(passage, actor.actor, match.start(), claimed):
            yield ClaimPhrase(match.start(), actor.end, actor.actor, claimed)


def _active(passage: Passage, category: str, claimed: Claimed) -> Iterator[ClaimPhrase]:
    """Claims or denials whose group stands before the words."""
    matches = tuple(passage.find(category))
    if not matches:
        return
    found = (passage.find_ranges(negation) for negation in ("claim_none", "claim_denied"))
    negations = tuple(chain.from_iterable(found))
    others = tuple(passage.find_ranges("claim_of_others"))
    neither = tuple(passage.find_ranges("claim_undecided"))
    for match in matches:
        at = Range.of(match)
        if claimed == "yes" and _is_negated(passage, match, negations):
            continue
        undecided = holding(neither, at.start) is not None
        undecided |= passage.has("claim_of_people", at)
        if undecided or _is_of_others(passage, at, others):
            continue
        subjects = claimants_before(passage, match) or claimants_of_quote(passage, match)
        for subject in (*subjects, *claimants_joined(passage, match)):
            if _may_claim(passage, subject.actor, at.start, claimed):
                yield ClaimPhrase(min(subject.start, at.start), at.end, subject.actor, claimed)


def _closing(passage: Passage) -> Iterator[ClaimPhrase]:
    """Claims and denials that end a headline, with the group alone before them: "…; IS claims"."""
    text = passage.prose.text
    untold = any(passage.ends_with("not_done", m.start()) for m in passage.find("claim_verb"))
    for category, claimed in _CLOSING:
        for match in passage.find(category):
            title = passage.sentence(match.start())
            if title is None or title.zone != "title":
                continue
            if claimed == "yes" and untold:  # "X did not claim it, as first reported"
                continue
            for name in inside(passage.actors, Range(title.start, match.start())):
                opens = text[title.start : name.start].strip()[-1:] in _MARKS
                if opens and not text[name.end : match.start()].strip():
                    yield ClaimPhrase(name.start, match.end(), name.actor, claimed)


def _may_be_told(passage: Passage, phrase: ClaimPhrase) -> bool:
    """Whether a deed that somebody tells can be this attack."""
    others = tuple(passage.find_ranges("claim_of_others"))
    if passage.has("claim_of_people", phrase) or _is_of_others(passage, phrase, others, whole=True):
        return False
    return _may_claim(passage, phrase.actor, phrase.start, "yes")


def _is_negated(passage: Passage, match: Match[str], negations: tuple[Range, ...]) -> bool:
    """Whether a negation overlaps a claim, stands just before it, or follows: "said its men had no part"."""
    low = passage.clause(match.start()).start
    near = starting_in(negations, Range(low, match.end() + _NEXT_WORD_CHARS))
    return any(match.start() < s.end + _NEGATED_CHARS for s in near)


def _is_of_others(
    passage: Passage, claim: Range, others: tuple[Range, ...], *, whole: bool = False
) -> bool:
    """Whether what is claimed are other attacks, or one that its sentence tells of elsewhere.

    ``whole``: places behind the claim count too ("its men had killed five soldiers in another province").
    """
    if any(claim.start <= s.end and s.start <= claim.end for s in others):
        return True
    sentence = passage.sentence(claim.start)
    if sentence is None:
        return False
    places = inside(passage.annotated.places, sentence)
    if any(place.kind in ("here", "near") for place in places):
        return False
    for place in places:
        if passage.has("claim_message", Range(place.start - _MESSAGE_REACH_CHARS, place.start)):
            continue  # "called agencies in another city to say"
        clause = passage.clause(place.start)
        until = clause.end if whole or _is_put_there(passage, claim, place) else claim.start
        told = Range(clause.start, min(clause.end, until))
        harmed = passage.triggers_in(told) or passage.has("harm", told)
        if place.kind == "elsewhere" and harmed:
            return True
    return False


def _is_put_there(passage: Passage, claim: Range, place: Range) -> bool:
    """Whether what is claimed is put elsewhere right behind: "claimed a bombing in another town"."""
    if place.start < claim.start:
        return False
    near = Range(max(claim.start, place.start - _PUT_REACH_CHARS), place.start)
    told = [*passage.triggers_in(near), *passage.annotated.ranges("harm", near)]
    motive = Range(claim.start, place.start)  # "in answer to a raid in …"
    return bool(told) and not any(passage.has(c, motive) for c in ("claim_deed", "motive"))


def _is_withdrawn(passage: Passage, claim: ClaimPhrase) -> bool:
    """Whether a claim is taken back: in its sentence, or in the next one by the group, which it names.

    ("X later withdrew it." But "the ministry retracted its statement" takes back nobody's claim.)
    """
    sentence = passage.sentence(claim.end - 1)
    if claim.claimed == "denied" or sentence is None:
        return False
    if passage.has("claim_withdrawn", Range(claim.start, sentence.end)):
        return True
    return any(
        name.actor.id == claim.actor.id and passage.has("claim_withdrawn", following)
        for following in passage.prose.sentences[sentence.index + 1 : sentence.index + 2]
        for name in inside(passage.actors, following)
    )


def _is_behind_another(
    passage: Passage, claim: ClaimPhrase, statements: Sequence[Statement]
) -> bool:
    """Whether the sentences before a claim tell another attack than this report's.

    ("In a village in another province three policemen died. The group claimed responsibility for the
    attack. A rocket also landed in the capital": the claim is of the three.)
    """
    sentence = passage.sentence(claim.end - 1)
    if sentence is None or sentence.zone == "title" or claim.start < sentence.start:
        return False
    if _is_told_of_another(passage, claim, statements):
        return True
    if any(p.kind in ("here", "near") for p in inside(passage.annotated.places, sentence)):
        return False
    first = max(0, sentence.index - _SENTENCES_BEFORE)
    for before in reversed(passage.prose.sentences[first : sentence.index]):
        other = _tells_another(passage, before, statements)
        if other is not None:
            return other
    return False


def _is_told_of_another(
    passage: Passage, claim: ClaimPhrase, statements: Sequence[Statement]
) -> bool:
    """Whether all figures of its sentence are another attack's: "…, killing eight; X claimed that one"."""
    sentence = passage.sentence(claim.start)
    before = Range(sentence.start, claim.start) if sentence is not None else claim
    if ";" not in passage.prose.of(before):
        return False
    at = passage.prose.span(before)
    scopes = {s.scope for s in statements if at.start <= s.span.start < at.end}
    return bool(scopes) and scopes <= {"background", "other_incident"}


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
    return is_told_as_strike(passage)


def _is_said_to_organise(passage: Passage, actor: Actor, at: int) -> bool:
    """Whether the sentence before lays this attack at a state's door."""
    sentence = passage.sentence(at)
    if sentence is None or not sentence.index:
        return False
    before = passage.prose.sentences[sentence.index - 1]
    named = any(mention.actor.id == actor.id for mention in inside(passage.actors, before))
    return named and passage.has("organised", before)


def _speaker(passage: Passage, item: ClaimPhrase) -> str | None:
    """Who spoke for the group in the sentence of its claim, or elsewhere in the segment."""
    for people in (starting_in(passage.actors, passage.clause(item.start)), passage.actors):
        for person in people:
            if person.person and person.actor.id == item.actor.id:
                return passage.prose.span(person).quote
    return None
