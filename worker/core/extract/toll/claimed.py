"""The toll of the attack that a group claims: the outlet tells it, not the group.

Rules
-----
1. "The group said it was behind the blast, which killed 12": what a relative clause tells of the attack
   is no word of the group's, though it stands in its sentence. Nor is it where the group denies it, or
   claims it behind ("a blast that killed 12 was its work, the group said").
2. Where somebody else gives another number, one that "at least 17" has no room for, nobody knows whose
   the clause is: it stays the group's, and with it all that the sentence tells ("it carried out the attack, which killed 60 apostates", beside
   the three that the police count).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from worker.core.annotate.counts import CountMention
from worker.core.annotate.speakers import POWER_TYPE, Speaker
from worker.core.extract.toll.placed import Placed
from worker.core.lang.lexicon import Lexicon
from worker.core.text.prose import Prose, Sentence

_CLAUSE_END = re.compile("[,،;؛；:]")


def told_by_outlet(
    placed: Sequence[Placed], outlet: Speaker, prose: Prose, lexicon: Lexicon
) -> list[Placed]:
    """The counts, with those told of a claimed attack given to the outlet."""
    told = [p for p in placed if _is_of_group(p.speaker) and _is_told(p, prose, lexicon)]
    doubted = {p.count.mention.sentence for p in told if _is_contradicted(p, placed)}
    return [
        replace(p, speaker=outlet) if p in told and p.count.mention.sentence not in doubted else p
        for p in placed
    ]


def _is_of_group(speaker: Speaker) -> bool:
    return speaker.perpetrator_party or speaker.type == POWER_TYPE


def _is_contradicted(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether somebody who is no group gives another number of the same harm, and still holds to it."""
    return any(
        p.side == item.side
        and p.scope == item.scope
        and not _is_of_group(p.speaker)
        and not p.count.mention.is_former
        and not _is_within(p.count.mention, item.count.mention)
        for p in placed
    )


def _is_within(other: CountMention, told: CountMention) -> bool:
    """Whether another number is the one told, or one that "at least 17", "over 70" leaves room for."""
    if told.value is None or other.value is None or told.high is not None:
        return other.value == told.value
    return (told.low or 0) <= other.value


def _is_told(item: Placed, prose: Prose, lexicon: Lexicon) -> bool:
    """Whether a count stands in a relative clause about the attack that its sentence says is claimed."""
    at = item.count.mention.number.start
    sentence = prose.sentence_at(at)
    if sentence is None:
        return False
    kinds = ("claim_verb", "claim_denied")
    first = (lexicon.first(kind, prose.text, sentence.start, sentence.end) for kind in kinds)
    starts = [claim.start() for claim in first if claim is not None and claim.start() < at]
    if not starts and _is_claimed_behind(sentence, at, prose, lexicon):
        starts = [sentence.start]
    if not starts:
        return False
    opened = [m.end() for m in lexicon.find("told_of_attack", prose.text, min(starts), at)]
    return bool(opened) and not _CLAUSE_END.search(prose.text, opened[-1], at)


def _is_claimed_behind(sentence: Sentence, at: int, prose: Prose, lexicon: Lexicon) -> bool:
    """Whether the claim, and who makes it, stand behind a count, and nobody speaks before it.

    ("A bombing that killed eleven people was the work of one of its fighters, the group said.")
    """
    if lexicon.first("claim_telling", prose.text, sentence.start, at) is not None:
        return False
    return lexicon.first("claim_deed", prose.text, at, sentence.end) is not None
