"""Who claims or denies: the subject of a verb, named beside it or taken up again.

Rules
-----
1. The nearest name before the verb in its clause, or the one within the words ("نفت طالبان ضلوعها").
   What is only fought, blamed or helped there is no subject ("officials who blamed X said").
2. "X, who had called it a target, said …": what opens the sentence is the subject after an insertion.
   So is X where the insertion names another: "X, which Y says it has beaten, claimed the attack".
3. "The group", right before the verb or as what opens its clause, is the last group named before; one
   that does not hold power, where there is one.
   Not who goes on in a clause of his own: "blamed X, who said".
4. Where "both" did, all that are named before the verb; "X claimed the first, and Y the second" is both.
"""

from __future__ import annotations

from collections.abc import Sequence
from re import Match
from typing import Literal

from worker.core.annotate.actors import ActorMention, is_in_power
from worker.core.domain.light_value import light_value
from worker.core.extract.passage import Passage
from worker.core.knowledge.profile import Actor
from worker.core.lang.normalise import Range, inside, starting_in

_AFTER_REACH_CHARS = 60
_ANAPHOR_REACH_CHARS = 34
_TITLE_REACH_CHARS = 90
_TITLE_OPENS_CHARS = 40
_OPENING_CHARS = 40
_OBJECT_REACH_CHARS = 30
_BOTH_REACH_CHARS = 12
_AGAIN_REACH_CHARS = 48
_LEAD_CLAUSES = 4
_ARTICLE_CHARS = 3
"""Between a verb of saying and the name behind it: an article and blanks."""
_QUOTES = frozenset("\"'")
_ENDS_PART = "; "
ENDS_MESSAGE = frozenset(",\"'")
"""What stands between a message and the words that name who says it."""
_BEHIND_REACH_CHARS = 34
_WHO_REACH_CHARS = 6
_OTHER_NAME_CHARS = 48
_WHICH_REACH_CHARS = 8
_AUX_WORDS = 2
"""Words between what is inserted and the verb: "…, has since claimed"."""

Claimed = Literal["yes", "denied"]


@light_value
class ClaimPhrase(Range):
    """The words of a claim or a denial, and whose it is."""

    actor: Actor
    claimed: Claimed


def claimants_before(passage: Passage, match: Match[str]) -> tuple[ActorMention, ...]:
    """The subject of a claiming verb; all named before it where "both" did."""
    subject = _claimant_before(passage, match)
    if subject is None:
        return ()
    clause = Range(passage.clause(match.start()).start, match.start())
    named = inside(passage.actors, clause)
    between = Range(subject.end, match.start())
    if between.start < between.end and passage.has("claim_both", between):
        return named
    if named and passage.has("claim_both", _before(named[0], _BOTH_REACH_CHARS)):
        return named
    return (subject,)


def claimants_joined(passage: Passage, match: Match[str]) -> tuple[ActorMention, ...]:
    """Who claims another attack with the same verb: "X claimed the first, and Y the second"."""
    behind = Range(match.end(), passage.clause(match.start()).end)
    return tuple(
        actor
        for actor in starting_in(passage.actors, behind)
        if passage.ends_with("claim_and", actor.start) and _claims_again(passage, actor.end)
    )


def _claims_again(passage: Passage, at: int) -> bool:
    """Whether a name is followed by what else is claimed."""
    behind = Range(at, at + _AGAIN_REACH_CHARS)
    found = passage.annotated.first("claim_again", behind)
    return found is not None and not passage.prose.text[at : found.start()].strip()


def is_told_as_strike(passage: Passage) -> bool:
    """Whether the head of a report tells its attack as a state's strike."""
    return any(
        passage.has("cue_state", clause) for clause in passage.segment.ranges[:_LEAD_CLAUSES]
    )


def claimant_after(passage: Passage, match: Match[str]) -> ActorMention | None:
    """The first group named behind a passive; its article may end the passive ("par les …")."""
    limit = min(passage.clause(match.start()).end, match.end() + _AFTER_REACH_CHARS)
    named = starting_in(passage.actors, Range(match.start(), limit))
    return next((actor for actor in named if actor.end > match.end()), None)


def _claimant_before(passage: Passage, match: Match[str]) -> ActorMention | None:
    """The subject of a claiming verb: named in its clause, or taken up by "the group"."""
    aside = _before_an_aside(passage, match.start())
    if aside is not None:
        return aside
    low = part(passage, match.start()).start
    named = _subjects(passage, inside(passage.actors, Range(low, match.start())))
    named = named or inside(passage.actors, Range(match.start(), match.end()))
    return named[-1] if named else _opening(passage, low) or _taken_up(passage, low, match.start())


def _before_an_aside(passage: Passage, at: int) -> ActorMention | None:
    """Who is the subject before commas that tell of him: "X, which Y says it has beaten, claimed it"."""
    sentence, text = passage.sentence(at), passage.prose.text
    if sentence is None:
        return None
    closed = text.rfind(",", sentence.start, at)
    opened = text.rfind(",", sentence.start, max(sentence.start, closed))
    if opened < 0 or len(text[closed + 1 : at].split()) > _AUX_WORDS:
        return None
    opens = passage.annotated.first("claim_which", Range(opened, opened + _WHICH_REACH_CHARS))
    if opens is None or text[opened + 1 : opens.start()].strip():
        return None
    if not inside(passage.actors, Range(opened, closed)):
        return None  # nobody else is named there
    before = _subjects(passage, inside(passage.actors, Range(sentence.start, opened)))
    near = [m for m in before if len(text[m.end : opened].split()) <= 1]  # "the X group, which"
    return near[-1] if near and len(before) == 1 else None


def part(passage: Passage, at: int) -> Range:
    """The clause at a position, between its semicolons: behind one somebody else may speak."""
    clause, text = passage.clause(at), passage.prose.text
    opened = text.rfind(_ENDS_PART, clause.start, at)
    closed = text.find(_ENDS_PART, at, clause.end)
    low = clause.start if opened < 0 else opened + len(_ENDS_PART)
    return Range(low, clause.end if closed < 0 else closed)


def claimants_of_quote(passage: Passage, match: Match[str]) -> tuple[ActorMention, ...]:
    """Who is named right behind the quotation that the words stand in ("We did not do it," X said)."""
    end = passage.clause(match.start()).end
    reach = Range(match.end(), min(end, match.end() + _AFTER_REACH_CHARS))
    named = starting_in(passage.actors, reach)
    between = passage.prose.text[match.end() : named[0].start] if named else ""
    if not _QUOTES & set(between):
        return ()
    behind = Range(named[0].end, min(end, named[0].end + _ANAPHOR_REACH_CHARS))
    told = passage.has("claim_telling", behind)
    spoken = passage.annotated.ranges("claim_telling", Range(match.end(), named[0].start))
    told |= any(named[0].start - said.end <= _ARTICLE_CHARS for said in spoken)  # '," said X'
    return named[:1] if told else ()


def speaker_behind(passage: Passage, telling: Match[str]) -> ActorMention | None:
    """Who is named right behind a verb of saying: "…, said X in a statement", "…, said its spokesman"."""
    clause, at = passage.clause(telling.start()), telling.start()
    if passage.prose.text[max(clause.start, at - 2) : at].strip()[-1:] not in ("", *ENDS_MESSAGE):
        return None
    reach = Range(telling.end(), min(clause.end, telling.end() + _BEHIND_REACH_CHARS))
    named = starting_in(passage.actors, reach)[:1]
    if named:
        source = passage.ends_with("claim_source", named[0].start, _BEHIND_REACH_CHARS)
        begin, end = named[0].start if source is None else source.start(), named[0].end
    else:
        title = passage.annotated.first("group_title", reach)
        if title is None:
            return None
        begin, end = title.span()
        named = inside(passage.actors, Range(0, at))[-1:]
    follows = not passage.prose.text[telling.end() : begin].strip() or begin < telling.end()
    return named[0] if named and follows and _closes(passage, Range(end, clause.end)) else None


def _closes(passage: Passage, rest: Range) -> bool:
    """Whether nothing follows that a subject does: a mark, or how it was said ("in a statement")."""
    text = passage.prose.of(rest).strip()
    if not text or not text[0].isalnum():
        return True
    goes_on = passage.annotated.first("claim_goes_on", rest)
    return goes_on is not None and not passage.prose.text[rest.start : goes_on.start()].strip()


def _subjects(passage: Passage, named: Sequence[ActorMention]) -> Sequence[ActorMention]:
    """Those that nobody else's verb or preposition stands before."""
    return [m for m in named if not _is_object(passage, m)]


def _is_object(passage: Passage, mention: ActorMention) -> bool:
    behind = Range(mention.end, mention.end + _OTHER_NAME_CHARS)
    other = passage.annotated.first("claim_other_name", behind)
    if other is not None and not passage.prose.text[mention.end : other.start()].strip():
        return True  # "a gang of X fanatics calling itself Y"
    low = passage.clause(mention.start).start
    reach = min(_OBJECT_REACH_CHARS, mention.start - low)
    if passage.ends_with("claim_object", mention.start, reach) is None:
        return False
    goes_on = Range(mention.end, mention.end + _WHO_REACH_CHARS)
    who = passage.annotated.first("claim_who", goes_on)
    return who is None or "," not in passage.prose.text[mention.end : who.start()]


def _opening(passage: Passage, low: int) -> ActorMention | None:
    """The subject that opens a sentence, where an insertion of another time stands before the verb."""
    sentence = passage.sentence(low)
    if sentence is None or not passage.prose.text[low - 2 : low].startswith(","):
        return None
    opening = Range(sentence.start, min(low, sentence.start + _OPENING_CHARS))
    named = _subjects(passage, starting_in(passage.annotated.actors, opening))
    return named[0] if named and named[0].end < low else None


def _taken_up(passage: Passage, low: int, at: int) -> ActorMention | None:
    """The group that "the group" is, before a verb at ``at``."""
    head = Range(max(low, at - _ANAPHOR_REACH_CHARS), at)
    near = not passage.prose.of(head).strip() or passage.has("group_anaphor", head)
    if not near and not _is_titled(passage, low, at):
        return None
    titled = passage.ends_with("group_title", at, _ANAPHOR_REACH_CHARS)
    earlier = inside(passage.actors, Range(0, low if titled is None else titled.start()))
    day = passage.annotated.spoken_day
    armed = [mention for mention in earlier if not is_in_power(mention.actor, day)]
    found = armed or list(earlier)
    return found[-1] if found else None


def _is_titled(passage: Passage, low: int, at: int) -> bool:
    """Whether "the group" or "its spokesman" opens a clause and nobody of office stands behind it."""
    if at - low > _TITLE_REACH_CHARS:
        return False
    opens = Range(low, min(at, low + _TITLE_OPENS_CHARS))
    title = next(passage.annotated.find("group_title", opens), None)
    return title is not None and not passage.has("authority", Range(title.end(), at))


def _before(at: Range, reach: int) -> Range:
    return Range(max(0, at.start - reach), at.start)
