"""Who did it, and how surely: groups and states of the profile on MUC-4's scale of confidence.

Rules
-----
1. A group is named as perpetrator only through a claim, a blame, or words that make it act
   ("X gunmen stormed", "attack by X"). Being mentioned is nothing: groups also talk and negotiate.
2. The strongest basis wins: claimed, reported as fact, accused by authorities, accused, possible.
3. A group that denies stays out unless somebody accuses it.
4. A state is a perpetrator only by a strike that is called its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from worker.core.domain.report import Claim, Perpetrator
from worker.core.domain.vocabulary import ATTRIBUTIONS, Attribution
from worker.core.extract.actors import ActorMention
from worker.core.extract.passage import Passage, Spans

_VERB_REACH_CHARS = 60
_BLAME_REACH_CHARS = 90
_STRIKE_REACH_CHARS = 24


def find_perpetrators(
    passage: Passage, actors: tuple[ActorMention, ...], claims: tuple[Claim, ...]
) -> tuple[tuple[Perpetrator, ...], Spans]:
    """The perpetrators, surest first, with the words that make them so."""
    best: dict[str, tuple[int, ActorMention]] = {}
    claimed = {c.group for c in claims if c.claimed == "yes"}
    for mention in actors:
        basis = "claimed_or_admitted" if mention.actor.name in claimed else _basis(passage, mention)
        if basis is None:
            continue
        rank = ATTRIBUTIONS.index(basis)
        if mention.actor.name not in best or rank < best[mention.actor.name][0]:
            best[mention.actor.name] = (rank, mention)
    ordered = sorted(best.values(), key=lambda item: (item[0], item[1].start))
    people = tuple(
        Perpetrator(m.actor.name, m.actor.actor_class, ATTRIBUTIONS[r]) for r, m in ordered
    )
    return people, passage.spans((m.start, m.end) for _, m in ordered)


def _basis(passage: Passage, mention: ActorMention) -> Attribution | None:
    low, high = passage.clause(mention.start)
    if passage.has("claim_none", low, high):
        return None
    if mention.actor.actor_class in ("state", "foreign_state"):
        return "reported_as_fact" if _is_own_strike(passage, mention, low, high) else None
    if _is_blamed(passage, mention, low, high):
        official = passage.has("authority", low, high)
        return "suspected_or_accused_by_authorities" if official else "suspected_or_accused"
    if not _acts(passage, mention, low, high):
        return None
    return "possible" if passage.has("possible", low, high) else "reported_as_fact"


def _is_own_strike(passage: Passage, mention: ActorMention, low: int, high: int) -> bool:
    after = (mention.end, min(high, mention.end + _STRIKE_REACH_CHARS))
    named = passage.has("state_strike", mention.start, mention.end) and bool(
        passage.triggers_in(low, high)
    )
    return named or passage.has("state_strike", *after) or _is_agent(passage, mention, low)


def _is_agent(passage: Passage, mention: ActorMention, low: int) -> bool:
    found = passage.ends_with("actor_by", mention.start)
    return found is not None and found.start() >= low


def _is_blamed(passage: Passage, mention: ActorMention, low: int, high: int) -> bool:
    reach = (
        max(low, mention.start - _BLAME_REACH_CHARS),
        min(high, mention.end + _BLAME_REACH_CHARS),
    )
    return passage.has("blame", *reach)


def _acts(passage: Passage, mention: ActorMention, low: int, high: int) -> bool:
    """Whether the group itself attacks here: "X fighters", "attack by X", "X attacked"."""
    if _is_agent(passage, mention, low):
        return True
    if mention.person:
        return False
    after = list(_first_words(passage, mention, high))
    return (
        bool(after)
        and bool(passage.triggers_in(mention.end, after[-1]))
        and not passage.has("says", mention.end, after[-1])
    )


def _first_words(passage: Passage, mention: ActorMention, high: int) -> Iterator[int]:
    """Ends of the first few words after a mention: there the verb of its deed must stand."""
    position = mention.end
    for word in passage.prose.text[
        mention.end : min(high, mention.end + _VERB_REACH_CHARS)
    ].split()[:4]:
        position = passage.prose.text.index(word, position) + len(word)
        yield position
