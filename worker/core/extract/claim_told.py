"""Claims in other words: what only who did it tells, and a group's own count of its victims.

Rules
-----
1. A group that tells an attack as its own claims it: "its fighters had stormed the house", "soldiers of
   the caliphate", "whom it named as X", "was revenge for". So does one that says what was wrong with
   the victims ("a nest of spies"), or tells their harm in the words of a party ("20 invaders dead").
2. So does one that counts those killed, unless it speaks of civilians or of one: who mourns accuses.
   Not where the attack is told as a state's strike: then it counts its own.
3. What may be, should be or shall be is no deed, nor what nobody knows: words of doubt before it.
4. A group in power tells what others did, as all authorities do: it claims in plain words only.
5. A state that tells of its strike claims it. Its own words are "a precise strike", "destroyed a camp".
6. A group that says it does no such thing denies, unless it claims as well; so does one that is quoted
   for it ("we do not harm teachers").
7. What is told may stand first: "one of its fighters did it, X said", "…, said X", "…, a statement by X
   read".
8. What a party's enemies did is no deed of its own: "puppets of foreign powers were behind it".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from re import Match

from worker.core.annotate.actors import STATES, ActorMention, is_in_power
from worker.core.annotate.speakers import id_of_actor
from worker.core.domain.report import Statement
from worker.core.domain.victim_classes import UNARMED
from worker.core.extract.claimant import (
    ENDS_MESSAGE,
    ClaimPhrase,
    claimants_before,
    claimants_of_quote,
    is_told_as_strike,
    part,
    speaker_behind,
)
from worker.core.extract.passage import Passage
from worker.core.knowledge.profile import Actor
from worker.core.lang.normalise import Range, inside
from worker.core.text.prose import Sentence

_SUBJECT_REACH_CHARS = 110
_ACT_REACH_CHARS = 90
_DEATHS = ("killed", "casualties")
_SOURCE_REACH_CHARS = 70
_NAME_GAP_CHARS = 26
"""Between two names of one speaker: "the group's spokesman, So-and-so"."""


def find_told(passage: Passage, statements: Sequence[Statement]) -> Iterator[ClaimPhrase]:
    """What groups and states tell as their own deed, in the order of the text."""
    for telling in passage.find("claim_telling"):
        for subject, messages in _told(passage, telling):
            deed = _deed(passage, subject, messages)
            if deed is not None:
                start = min(subject.start, deed.start)
                yield ClaimPhrase(start, max(deed.end, telling.end()), subject.actor, "yes")
    yield from _counted(passage, statements)


def find_not_done(passage: Passage, claimed: set[str]) -> Iterator[ClaimPhrase]:
    """Denials of who says that it does no such thing; none of groups (``claimed``: ids) that claim."""
    for category, itself in (("claim_not_done", False), ("claim_spurned", True)):
        for match in passage.find(category):
            before = [
                subject
                for subject in claimants_before(passage, match)
                if itself or passage.has("claim_telling", Range(subject.end, match.start()))
            ]
            for subject in before or claimants_of_quote(passage, match):
                if subject.actor.id not in claimed and _is_party(passage, subject.actor):
                    start, end = min(subject.start, match.start()), max(subject.end, match.end())
                    yield ClaimPhrase(start, end, subject.actor, "denied")


def _told(passage: Passage, telling: Match[str]) -> Iterator[tuple[ActorMention, list[Range]]]:
    """Who speaks, before a verb of saying or right behind it, and where what he says may stand."""
    clause, said = passage.clause(telling.start()), part(passage, telling.start())
    if any(passage.has(denial, said) for denial in ("claim_denied", "claim_none")):
        return
    behind = speaker_behind(passage, telling)
    if behind is not None:
        after = Range(max(behind.end, telling.end()), clause.end)
        yield behind, [Range(clause.start, telling.start()), after]
        return
    for subject in claimants_before(passage, telling):
        if telling.start() - subject.end > _SUBJECT_REACH_CHARS:
            continue
        source = _source(passage, subject, telling, clause.start)
        before = [Range(clause.start, source)] if _ends_message(passage, source) else []
        yield subject, [Range(telling.end(), clause.end), *before]


def _deed(passage: Passage, subject: ActorMention, messages: Iterable[Range]) -> Range | None:
    """The words that make what is told the speaker's own deed."""
    found = (_own_words(passage, subject, message) for message in messages)
    return next((deed for deed in found if deed is not None), None)


def _source(passage: Passage, subject: ActorMention, telling: Match[str], low: int) -> int:
    """Where the words begin that name who speaks: "a spokesman for the group, So-and-so"."""
    titled = passage.ends_with("group_title", telling.start(), _SOURCE_REACH_CHARS)
    if titled is not None:
        return titled.start()
    start = subject.start
    for name in reversed(inside(passage.actors, Range(low, subject.start))):
        if name.actor.id != subject.actor.id or start - name.end > _NAME_GAP_CHARS:
            break
        start = name.start
    words = passage.ends_with("claim_source", start, _SOURCE_REACH_CHARS)
    return start if words is None else max(low, words.start())


def _ends_message(passage: Passage, at: int) -> bool:
    """Whether a comma or a quotation mark stands before what names the speaker."""
    return passage.prose.text[max(0, at - 2) : at].strip()[-1:] in ENDS_MESSAGE


def _own_words(passage: Passage, subject: ActorMention, message: Range) -> Range | None:
    """What in a message only who did it says."""
    ranges = passage.annotated.ranges
    if subject.actor.actor_class in STATES:
        return _first(passage, ranges("claim_strike", message), message)
    if not _is_party(passage, subject.actor):
        return None
    told = [*ranges("claim_deed", message)]
    if passage.has("harm", message) or passage.triggers_in(message):
        scorned = ranges("claim_scorn", message)
        told += [found for found in scorned if not _is_of_theirs(passage, found, message)]
    return _first(passage, told, message) or _act(passage, subject, message)


def _first(passage: Passage, told: Iterable[Range], message: Range) -> Range | None:
    """The first of some words that no doubt stands before."""
    for found in told:
        if not _is_doubted(passage, message, found.start):
            return found
    return None


def _is_doubted(passage: Passage, message: Range, at: int) -> bool:
    """Whether a word of doubt stands before a deed ("not a school, and that it had hit": it does not)."""
    also = max(
        (
            m.end()
            for m in passage.lexicon.find("claim_also", passage.prose.text, message.start, at)
        ),
        default=message.start,
    )
    return passage.has("claim_doubt", Range(also, at))


def _is_of_theirs(passage: Passage, scorned: Range, message: Range) -> bool:
    """Whether those whom a party scorns are told to have done it."""
    behind = Range(scorned.end, min(message.end, scorned.end + _ACT_REACH_CHARS))
    deed = passage.annotated.first("claim_theirs", behind)
    return deed is not None and not passage.prose.text[behind.start : deed.start()].strip()


def _act(passage: Passage, subject: ActorMention, message: Range) -> Range | None:
    """What the group's own people did: "its fighters", or the group by its name, and then the deed."""
    named = [m for m in inside(passage.actors, message) if m.actor.id == subject.actor.id]
    for own in (*passage.annotated.ranges("claim_own", message), *named):
        end = min(message.end, own.end + _ACT_REACH_CHARS)
        act = passage.annotated.first("claim_act", Range(own.end, end))
        if act is None or passage.has("claim_passive_act", Range(own.end, act.start())):
            continue
        if not _is_doubted(passage, message, act.start()):
            return Range(own.start, act.end())
    return None


def _counted(passage: Passage, statements: Sequence[Statement]) -> Iterator[ClaimPhrase]:
    """A group's own count of those it killed."""
    if is_told_as_strike(passage):
        return
    actors = {id_of_actor(actor): actor for actor in passage.profile.actors}
    for said in statements:
        actor = actors.get(said.speaker_id)
        if actor is None or not said.perpetrator_party or not _is_of_victims(said):
            continue
        sentence = _sentence_of(passage, said)
        if sentence is None or passage.has("claim_denied", sentence):
            continue
        if not passage.has("mourned", sentence):
            yield ClaimPhrase(sentence.start, sentence.end, actor, "yes")


def _sentence_of(passage: Passage, said: Statement) -> Sentence | None:
    """The sentence that prints a figure, whose place is counted in the article's own characters."""
    for sentence in passage.prose.sentences:
        at = passage.prose.span(sentence)
        if at.start <= said.start < at.end:
            return sentence
    return None


def _is_of_victims(said: Statement) -> bool:
    if said.victim_class == "perpetrator" or said.victim_class in UNARMED:
        return False
    return said.measure in _DEATHS and said.scope == "incident" and said.value not in (0, 1)


def _is_party(passage: Passage, actor: Actor) -> bool:
    """Whether a group fights, and does not rule."""
    return actor.actor_class not in STATES and not is_in_power(actor, passage.annotated.spoken_day)
