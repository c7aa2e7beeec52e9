"""Which figures an article overtakes: somebody has given a newer number since.

Rules
-----
1. What a speaker says later ("in a second statement", "now says", "by nightfall") replaces what he said.
2. It replaces smaller numbers of nobody in particular wherever they stand, and those of anybody that
   stand before it: tolls rise. ("Police said nine people were killed. The ministry later put the number
   at 16.") What stands behind it is another opinion.
3. Whoever only puts his own number right says nothing of another's ("four, the ministry said. Police
   said six. The ministry later said seven": six to seven). Who repeats the number that he overtakes
   does ("the nine had become 12"), and people who died besides are no number of his.
4. "Hours later seven died when fire swept a camp" is no toll of before: it replaces no number that
   somebody is quoted for.
5. A party of the attack overtakes nobody, and neither does who says that he killed them, nor who
   counts those brought to him ("by noon 19 people were being treated").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.core.annotate.speakers import NARRATOR, POWER_TYPE
from worker.core.extract.toll.placed import Opinion, Placed
from worker.core.figures.decide import MIXED

_LATER = "LATER_COUNT"
"""Tag of a number that is told to be newer than what was told before."""

_NEWER = "NEWER_TOLL"
_FURTHER = "FURTHER"
"""Tag of people who come on top of those counted before: no number of the whole."""
_IN_CARE = frozenset({"hosp", "received"})
_RECEIVED = frozenset({"AT_HOSPITAL", "SEEN"})
_SOME_OF_A_KIND = frozenset({"OF_A_KIND", "SEEN"})


@dataclass(frozen=True, slots=True)
class Newer:
    """The newer numbers of an article: the last of each speaker, and all of no party of the attack."""

    last: Mapping[Opinion, int]
    said: Sequence[Placed]
    placed: Sequence[Placed]
    """All figures, in the order of the text."""

    def overtakes(self, item: Placed) -> bool:
        """Whether a figure is older than one of these."""
        return self._is_outdated(item) or self._is_overtaken(item)

    def _is_outdated(self, item: Placed) -> bool:
        value = item.count.mention.value
        return item.count.parent is None and self.last.get(item.opinion, value) != value

    def _is_overtaken(self, item: Placed) -> bool:
        mention = item.count.mention
        if not item.is_whole or item.speaker.perpetrator_party or _LATER in mention.tags:
            return False
        vague = item.speaker.type in (NARRATOR, POWER_TYPE)
        most = mention.high or mention.low or 0
        return any(
            p.side == item.side
            and p.number > most
            and (
                vague
                or (_is_a_toll(p) and _is_told_before(item, p) and not self._had_another(p, most))
            )
            for p in self.said
        )

    def _had_another(self, item: Placed, overtaken: int) -> bool:
        """Whether its speaker gave another number before, which is not the one that is overtaken."""
        return any(
            p.opinion == item.opinion
            and p.is_whole
            and _FURTHER not in p.count.mention.tags
            and p.number not in (0, item.number, overtaken)
            and _is_told_before(p, item)
            for p in self.placed
        )


def find_newer(placed: Sequence[Placed], addends: set[int]) -> Newer:
    """The newer numbers, without those that only add up to a total (``addends``: their indexes).

    Of several newer ones of a speaker the largest is the newest: tolls rise, and those that fall are
    told as such. ("At least 31 … By nightfall 27 bodies had been counted in one morgue, with four more
    at a clinic": 27 is newer than none.)
    """
    last: dict[Opinion, int] = {}
    said: list[Placed] = []
    for index, item in enumerate(placed):
        tags = item.count.mention.tags
        is_newer = _LATER in tags and "REPLACED_COUNT" not in tags
        if index in addends or not (is_newer and item.is_whole and item.number):
            continue
        if tags >= _SOME_OF_A_KIND:  # "nine died … the number of dead children has risen to three"
            continue
        if item.count.victim_class == MIXED:  # "11, including the bomber": the ten are told as well
            continue
        last[item.opinion] = max(item.number, last.get(item.opinion, 0))
        if not (item.speaker.perpetrator_party or item.own_killing or _is_of_one_hospital(item)):
            said.append(item)
    return Newer(last, said, placed)


def _is_of_one_hospital(item: Placed) -> bool:
    """Whether it only counts those who were brought somewhere, or lie there."""
    mention = item.count.mention
    return bool(mention.flags & _IN_CARE or mention.tags & _RECEIVED)


def _is_a_toll(item: Placed) -> bool:
    """Whether a number is told as the toll of later on, not as what happened later."""
    mention = item.count.mention
    return mention.is_told_as_toll or _NEWER in mention.tags


def _is_told_before(item: Placed, other: Placed) -> bool:
    return item.count.mention.number.end <= other.count.mention.number.start
