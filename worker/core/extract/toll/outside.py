"""People told to be in no toll: "not counted are three vendors", "on top of the five".

Rules
-----
1. They are added to the number of that harm which stands before them: "Nine died. The toll does not
   include a cook" are ten dead. Those whom a toll leaves out, without a word of what became of them, have
   the harm of the toll; of "figures", that of the dead. "30 pupils who were sent home" have none.
2. Where the number from before stands again, in a headline or later, it is replaced by the sum. A
   number that holds both is the newer toll, and then nothing is added.
3. "He is not in the ministry's count", as a sentence, tells so of those harmed in the one before it.
4. Who was told as wounded and died is moved as well (``died_later``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.core.annotate.counts import CountMention
from worker.core.extract.toll.summed import CASUALTY, PLAIN, is_held, summed

OUTSIDE = "OUTSIDE_TOLL"
"""Tag of people who are in no number told before them."""
_LEFT_OUT = "outside"
"""Flag of people of whom nothing is told but that a toll is without them."""
_SAME = "SAME_PERSON"
_PART = "PART"
_WAS_WOUNDED = "WAS_WOUNDED"
_REPLACED = frozenset({"REPLACED_COUNT"})


def left_out(mentions: Sequence[CountMention]) -> list[CountMention]:
    """The mentions, with those whom a toll leaves out having its harm."""
    out: list[CountMention] = []
    for mention in mentions:
        if mention.what != "again" or _LEFT_OUT not in mention.flags:
            out.append(mention)
        elif mention.tags & {_SAME}:
            out = [_outside(m) if _is_told_before(m, mention) else m for m in out]
        elif not any(m.number.start == mention.number.start and m is not mention for m in mentions):
            out.append(replace(mention, what=_harm_before(out)))
    return out


def _harm_before(told: Sequence[CountMention]) -> str:
    """The harm that figures are of: that of the dead, where any are told."""
    harms = {m.what for m in told if m.what in CASUALTY and m.value != 0}
    return "injured" if harms == {"injured"} else "killed"


def _is_told_before(mention: CountMention, again: CountMention) -> bool:
    """Whether people were harmed in the sentence before one that only says that they are in no toll."""
    return mention.what in CASUALTY and again.sentence - mention.sentence == 1


def _outside(mention: CountMention) -> CountMention:
    return replace(mention, tags=mention.tags | {OUTSIDE})


def with_outside(mentions: Sequence[CountMention]) -> list[CountMention]:
    """The mentions, with those in no toll added to the number before them."""
    out: list[CountMention] = []
    gone: set[tuple[str, int | None]] = set()
    for mention in mentions:
        base = _toll_before(mention, out) if _may_be_added(mention) else None
        if _WAS_WOUNDED in mention.tags and any(m.what == "injured" for m in out):
            base = None
        if base is None or is_held(mention, base, mentions):
            out.append(_again(mention, gone))
            continue
        gone.add((base.what, base.value))
        at = out.index(base)
        out = [_again(m, gone) for m in out]
        out[at] = summed(base, mention)
    return out


def _may_be_added(mention: CountMention) -> bool:
    counted = mention.what in CASUALTY and mention.value and not mention.is_attackers
    return bool(counted) and OUTSIDE in mention.tags and _PART not in mention.tags


def _toll_before(mention: CountMention, told: Sequence[CountMention]) -> CountMention | None:
    """The number that they come on top of: the last one of their harm, where none is larger."""
    same = [
        m
        for m in told
        if m.what == mention.what and m.value and not (m.is_attackers or m.tags & _REPLACED)
    ]
    wholes = [m for m in same if _PART not in m.tags] or same  # "killing 16 of them" may be all
    body = [m for m in wholes if not m.is_headline] or wholes
    if not body or body[-1].qualifier not in PLAIN:
        return None
    most = max(m.value or 0 for m in body)
    largest = [m for m in body if m.value == most]
    return largest[-1]


def _again(mention: CountMention, gone: set[tuple[str, int | None]]) -> CountMention:
    """A mention, replaced where it gives the number of before once more."""
    is_number = not mention.is_attackers and (not mention.is_single or mention.is_headline)
    if not is_number or (mention.what, mention.value) not in gone or OUTSIDE in mention.tags:
        return mention
    return replace(mention, tags=mention.tags | _REPLACED)
