"""Who did it, and how surely: groups and states of the profile on MUC-4's scale of confidence.

Rules
-----
1. A group is named as perpetrator only through a claim, a blame, or words that make it act
   ("X gunmen stormed", "attack by X", "X mounted an attack"). Being mentioned is nothing: groups also
   talk and negotiate, condemn an attack, and are in the habit of some.
2. The strongest basis wins: claimed, reported as fact, accused by authorities, accused, possible.
3. A group that denies stays out unless somebody accuses it.
4. A state is a perpetrator only by a strike that is called its own, or that its forces carry out.
5. Authorities accuse in their sentence, or in the next one as "it" or "they".
   Those who keep a ruling group's order are no attackers: "shot dead by Taliban guards".
6. Nor is who is harmed by name: "killed two X fighters", "an X official was shot dead".
7. Who answers a question is not blamed by its words: "asked whether Y was behind it, X said no".
"""

from __future__ import annotations

import re

from worker.core.annotate.actors import ActorMention, is_in_power
from worker.core.annotate.triggers import Trigger
from worker.core.domain.report import Claim, Perpetrator
from worker.core.domain.vocabulary import ATTRIBUTIONS, Attribution
from worker.core.extract.passage import Passage, Spans
from worker.core.lang.normalise import Range, starting_in

_VERB_REACH_CHARS = 60
_BLAME_REACH_CHARS = 90
_STRIKE_REACH_CHARS = 24
_HARMED = frozenset({"killed", "injured", "shot"})
_OUTWEIGHS_DENIAL = (
    "claimed_or_admitted", "suspected_or_accused_by_authorities", "suspected_or_accused",
)  # fmt: skip


def find_perpetrators(
    passage: Passage, claims: tuple[Claim, ...]
) -> tuple[tuple[Perpetrator, ...], Spans]:
    """The perpetrators, surest first, with the words that make them so."""
    best: dict[str, tuple[int, ActorMention]] = {}
    claimed = {c.group for c in claims if c.claimed == "yes"}
    denied = {c.group for c in claims if c.claimed == "denied"}
    for mention in passage.actors:
        denies = mention.actor.name in denied
        is_claimed = mention.actor.name in claimed
        basis = "claimed_or_admitted" if is_claimed else _basis(passage, mention, denies)
        if basis is None or (denies and basis not in _OUTWEIGHS_DENIAL):
            continue
        rank = ATTRIBUTIONS.index(basis)
        if mention.actor.name not in best or rank < best[mention.actor.name][0]:
            best[mention.actor.name] = (rank, mention)
    ordered = sorted(best.values(), key=lambda item: (item[0], item[1].start))
    people = tuple(
        Perpetrator(m.actor.name, m.actor.actor_class, ATTRIBUTIONS[r]) for r, m in ordered
    )
    return people, passage.spans(m for _, m in ordered)


def _basis(passage: Passage, mention: ActorMention, denies: bool) -> Attribution | None:
    clause = passage.clause(mention.start)
    if passage.has("claim_none", clause):
        return None
    if mention.actor.actor_class in ("state", "foreign_state"):
        return "reported_as_fact" if _is_own_strike(passage, mention, clause) else None
    if _is_blamed(passage, mention, clause, denies):
        official = passage.has("authority", clause) or _is_said_on(passage, clause)
        return "suspected_or_accused_by_authorities" if official else "suspected_or_accused"
    if not _acts(passage, mention, clause):
        return None
    return "possible" if passage.has("possible", clause) else "reported_as_fact"


def _is_own_strike(passage: Passage, mention: ActorMention, clause: Range) -> bool:
    after = Range(mention.end, min(clause.end, mention.end + _STRIKE_REACH_CHARS))
    named = passage.has("state_strike", mention) and bool(passage.triggers_in(clause))
    if named or passage.has("state_strike", after) or _is_agent(passage, mention, clause):
        return True
    told = passage.triggers_in(_first_words(passage, mention, clause))
    return any(passage.has("state_strike", t) and _is_its_deed(passage, mention, t) for t in told)


def _is_agent(passage: Passage, mention: ActorMention, clause: Range) -> bool:
    """Whether what was done by somebody leads to the name."""
    return _is_led_to(passage, clause, passage.ends_with("actor_by", mention.start))


def _is_led_to(passage: Passage, clause: Range, lead: re.Match[str] | None) -> bool:
    """Whether the words that lead to a name stand in its clause, and tell what was done, not what was not."""
    if lead is None or lead.start() < clause.start:
        return False
    return passage.ends_with("not_done", lead.start()) is None


def _is_blamed(passage: Passage, mention: ActorMention, clause: Range, denies: bool) -> bool:
    """Whether words of blame stand about a name; of a group that denies only those before it."""
    low = max(_behind_question(passage, mention, clause), mention.start - _BLAME_REACH_CHARS)
    high = min(clause.end, mention.end + _BLAME_REACH_CHARS)
    if denies:  # "X denied that it was behind the attack" blames nobody
        high = mention.start
    return passage.has("blame", Range(low, high))


def _behind_question(passage: Passage, mention: ActorMention, clause: Range) -> int:
    """Where the words about a group begin: behind the question that it answers, if there is one."""
    asked = passage.annotated.first("claim_asks", Range(clause.start, mention.start))
    comma = passage.prose.text.find(",", asked.end(), mention.start) if asked is not None else -1
    return max(clause.start, comma)


def _is_said_on(passage: Passage, clause: Range) -> bool:
    """Whether who blames is an authority of the sentence before: "the ministry said. It blamed …"."""
    sentence = passage.sentence(clause.start)
    if sentence is None or not sentence.index or not passage.has("blame_goes_on", sentence):
        return False
    before = passage.prose.sentences[sentence.index - 1]
    return passage.has("authority", before) and passage.has("says", before)


def _acts(passage: Passage, mention: ActorMention, clause: Range) -> bool:
    """Whether the group itself attacks here: "X fighters", "attack by X", "X attacked"."""
    if _keeps_order(passage, mention):
        return False
    harmed = passage.ends_with("harmed_by", mention.start)
    if _is_agent(passage, mention, clause) or _is_led_to(passage, clause, harmed):
        return True
    if mention.person or _is_harmed(passage, mention):
        return False
    after = _first_words(passage, mention, clause)
    if passage.has("says", after) or passage.has("actor_habit", Range(mention.end, clause.end)):
        return False
    if _kills(passage, mention, clause):
        return True
    return any(_is_its_deed(passage, mention, trigger) for trigger in passage.triggers_in(after))


def _keeps_order(passage: Passage, mention: ActorMention) -> bool:
    """Whether it is the guards, the police or the officials of a group in power."""
    office = passage.lexicon.pattern("in_office")
    ruling = is_in_power(mention.actor, passage.annotated.spoken_day)
    return ruling and office is not None and bool(office.match(passage.prose.text, mention.end + 1))


def _is_harmed(passage: Passage, mention: ActorMention) -> bool:
    """Whether a group's name is of those who were harmed: "killed two X fighters", "X official shot dead"."""
    return any(
        count.what in _HARMED and count.start <= mention.start and mention.end <= count.end
        for count in passage.annotated.counts
    )


def _is_subject(passage: Passage, mention: ActorMention, clause: Range) -> bool:
    """Whether a name opens its clause, or stands behind words that a subject may follow.

    Not "a strike targeting | X killed ten", "a bus carrying | X hit a mine", "three | X killed".
    """
    at = passage.before_article(mention.start, clause.start, "definite")
    lead = passage.lexicon.pattern("before_subject")
    last = passage.prose.text[clause.start : at].rpartition(" ")[2]
    is_behind_mark = not last or not last[-1].isalnum()
    return is_behind_mark or (lead is not None and lead.fullmatch(last) is not None)


def _kills(passage: Passage, mention: ActorMention, clause: Range) -> bool:
    """Whether it killed or struck, right behind its name: "X fighters killed a judge".

    On this attack's day, that is, or on none: in a list of a week's attacks each is told by its day.
    """
    text, date = passage.prose.text, passage.segment.date
    if not _is_subject(passage, mention, clause):
        return False
    if date.start is not None and date.end is not None:
        days = starting_in(passage.annotated.dates, clause)
        if days and not any(day.meets(date.start, date.end) for day in days):
            return False
    for category in ("actor_kills", "actor_strikes"):
        found = passage.lexicon.first(category, text, mention.end, clause.end)
        if found is not None and not text[mention.end : found.start()].strip():
            return True
    return False


def _is_its_deed(passage: Passage, mention: ActorMention, trigger: Trigger) -> bool:
    """Whether an attack word behind a group's name tells what it did: not "X condemned the attack".

    An attack with a determiner of its own is an object: a verb of doing must lead to it.
    """
    between = Range(mention.end, trigger.start)
    if passage.has("actor_reacts", between):
        return False
    opened = (trigger.definite_at, trigger.indefinite_at)
    is_object = any(at is not None and at >= mention.end for at in opened)
    if not is_object or passage.lexicon.pattern("actor_does") is None:
        return True
    return passage.has("actor_does", between) or passage.has("harm", between)


def _first_words(passage: Passage, mention: ActorMention, clause: Range) -> Range:
    """The first few words after a mention: there the verb of its deed must stand."""
    text, end = passage.prose.text, mention.end
    for word in text[end : min(clause.end, end + _VERB_REACH_CHARS)].split()[:4]:
        end = text.index(word, end) + len(word)
    return Range(mention.end, end)
