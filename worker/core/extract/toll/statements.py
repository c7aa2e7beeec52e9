"""Every figure of people that an article prints, as statements. Which of them counts: ``figures``.

Rules
-----
1. A number becomes a statement only beside harm: "11 people were killed", "killing seven",
   "15 wounded", "the toll rose to 12". Rescued, arrested and missing people are counted apart.
2. Who is counted decides the side: attackers are never victims.
3. "65 wounded, including nine children": the nine are a subset and say so. "Two policemen and three
   civilians" are two parts of the one figure that the clause prints; it has both in its quote.
4. ``derived`` is what is no opinion of its own: the outlet's repetition of what a speaker said, a
   headline's number beside the body's (also where it counts both sides together), an old figure that
   the article itself revises ("from 20 to 14", "the toll later rose to seven").
5. A figure belongs to the attack that it is about (``homes``), which is nearly always the main one.
   What might have been is ``hypothetical``.

Theory of operation
-------------------
The language's grammar says what counts whom (``annotate.counts``); ``counts`` decides what is whole
and what is part. Here each count meets its speaker and its segment, and becomes a statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.counts import CountMention
from worker.core.annotate.speakers import NARRATOR, POWER_TYPE, Speaker, find_narrator
from worker.core.domain.document import Article
from worker.core.domain.report import Statement
from worker.core.domain.vocabulary import Scope
from worker.core.extract.toll.count import Count
from worker.core.extract.toll.counts import decide_counts, is_perpetrator
from worker.core.extract.toll.homes import HomedCount, find_homes
from worker.core.knowledge.knowledge import Knowledge
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range, words_end
from worker.core.segment.segment import Segment
from worker.core.text.prose import Prose

_PART_END = re.compile("[;؛；]")
"""Between parts of a sentence that tell of several attacks: "two died in the bazaar; in Herat …"."""
_CUE_REACH_CHARS = 40
_NO_END = 1 << 40
_FURTHER = frozenset({"FURTHER", "ANOTHER_PERSON"})
_LETTER = {"killed": "k", "injured": "i", "casualties": "c"}


@dataclass(frozen=True, slots=True)
class _Placed:
    """A counted figure with what it is about, and its speaker."""

    count: Count
    scope: Scope
    speaker: Speaker
    own_killing: bool = False
    """Whoever says that he himself killed them ("the group says it killed 60")."""


def find_statements(
    annotated: Annotated, segments: tuple[Segment, ...], knowledge: Knowledge
) -> tuple[tuple[Statement, ...], ...]:
    """All statements, one tuple for each segment, each in the order of the text."""
    article, prose, lexicon = annotated.article, annotated.prose, annotated.lexicon
    if lexicon is None or not segments:
        return tuple(() for _ in segments)
    reference = annotated.reference
    spoken = None if reference is None or reference.nominal else reference.day
    outlet = find_narrator(article.outlet, knowledge.profile, spoken)
    homes = find_homes(annotated, segments, knowledge.segment_weights)
    out = []
    said = annotated.attributions.speaker_at

    def told_in(mention: CountMention) -> tuple[int, str]:
        at = mention.number.start
        parts = len(_PART_END.findall(prose.text, prose.sentences[mention.sentence].start, at))
        return parts, (said(prose, at) or outlet).id

    for segment in segments:
        placed = [
            _Placed(
                count,
                scope,
                said(prose, count.mention.number.start) or outlet,
                _is_own_killing(count, prose, lexicon),
            )
            for scope, counts in _by_scope(homes, segment)
            for count in decide_counts(counts, told_in)
        ]
        placed = [p for p in placed if not _is_idle_zero(p, placed)]
        placed.sort(key=lambda p: (p.count.start, p.count.mention.number.start, -p.count.end))
        replaced = _replaced(placed)
        told = tuple(_statements(article, prose, placed, lexicon))
        told = tuple(
            replace(s, derived=True) if gone else s for s, gone in zip(told, replaced, strict=True)
        )
        out.append(_mark_derived(told))
    return tuple(out)


def _is_idle_zero(item: _Placed, placed: Sequence[_Placed]) -> bool:
    """Whether a printed zero says nothing of the whole: "nobody else was hurt".

    It does where somebody is quoted for it who counts nobody ("the ministry said no one had died").
    """
    if item.count.mention.value != 0:
        return False
    others = [
        p
        for p in placed
        if p.count.measure == item.count.measure
        and p.scope == item.scope
        and p.count.mention.value != 0
        and not is_perpetrator(p.count.victim_class)
    ]
    if item.speaker.type == NARRATOR or item.speaker.perpetrator_party:
        return bool(others)
    return any(p.speaker.id == item.speaker.id for p in others)


def _by_scope(
    homes: Sequence[HomedCount], segment: Segment
) -> Iterator[tuple[Scope, list[CountMention]]]:
    """The counts of one report, those of one attack together: a part is of a whole of its own."""
    own = [home for home in homes if home.segment is segment]
    for scope in sorted({home.scope for home in own}):
        yield scope, [home.mention for home in own if home.scope == scope]


def _is_own_killing(count: Count, prose: Prose, lexicon: Lexicon) -> bool:
    if "AT_HOSPITAL" in count.mention.tags or is_perpetrator(count.victim_class):
        return False
    stop = words_end(prose.text, count.start)
    return lexicon.ending_at("self_killing", prose.text, max(0, stop - 30), stop) is not None


def _statements(
    article: Article, prose: Prose, placed: Sequence[_Placed], lexicon: Lexicon
) -> Iterator[Statement]:
    ids: dict[Range, str] = {}
    for number, item in enumerate(placed, 1):
        letter = _LETTER.get(item.count.measure, item.count.measure[0])
        ids[item.count.key] = f"{letter}{number}"
    for item in placed:
        yield _statement(article, prose, item, ids, lexicon)


def _statement(
    article: Article, prose: Prose, item: _Placed, ids: dict[Range, str], lexicon: Lexicon
) -> Statement:
    count, speaker = item.count, item.speaker
    mention = count.mention
    span = prose.span(count)
    sentence = prose.sentence_at(mention.number.start)
    return Statement(
        id=ids[count.key],
        measure=count.measure,
        victim_class=_victim_class(count, speaker),
        value=mention.value,
        low=mention.low,
        high=mention.high,
        qualifier=mention.qualifier,
        speaker=speaker.name,
        speaker_id=speaker.id,
        speaker_type=speaker.type,
        anonymous=speaker.anonymous,
        perpetrator_party=speaker.perpetrator_party or item.own_killing,
        said_at=article.version_time or article.document_time,
        scope=_scope(item, prose, lexicon),
        status="used",
        subset_of=ids.get(count.parent) if count.parent is not None else None,
        zone=sentence.zone if sentence is not None else "body",
        quote=span.quote,
        start=span.start,
        end=span.end,
        person=count.person,
    )


def _victim_class(count: Count, speaker: Speaker) -> str:
    """What a hospital received is a count of its own: a lower bound for the whole."""
    if count.victim_class == "unspecified" and (
        "AT_HOSPITAL" in count.mention.tags or speaker.type == "hospital"
    ):
        return "received_at_hospital"
    return count.victim_class


def _scope(item: _Placed, prose: Prose, lexicon: Lexicon) -> Scope:
    if item.scope == "incident" and _is_hypothetical(item.count, prose, lexicon):
        return "hypothetical"
    return item.scope


def _is_hypothetical(count: Count, prose: Prose, lexicon: Lexicon) -> bool:
    """Whether a toll is denied, feared or imagined: "denied reports that 12 …"."""
    sentence = prose.sentence_at(count.start)
    head = max(sentence.start if sentence else 0, count.start - _CUE_REACH_CHARS)
    return bool(
        lexicon.first("hypothetical_cue", prose.text, head, count.start)
        or lexicon.first("feared", prose.text, count.start, count.end)
    )


def _replaced(placed: Sequence[_Placed]) -> list[bool]:
    """Which figures the article itself replaces by newer ones of the same speaker.

    Of several newer ones the largest is the newest: tolls rise, and those that fall are told as such.
    """
    newest: dict[tuple[str, str, bool], int] = {}
    said: dict[tuple[str, bool], int] = {}
    for item in placed:
        value, tags = item.count.mention.value, item.count.mention.tags
        is_newer = "LATER_COUNT" in tags and "REPLACED_COUNT" not in tags
        if is_newer and item.scope == "incident" and value:
            newest[_opinion(item)] = max(value, newest.get(_opinion(item), 0))
            if not item.speaker.perpetrator_party:
                side = _opinion(item)[1:]
                said[side] = max(value, said.get(side, 0))
    gone = [p for p in placed if "REPLACED_COUNT" in p.count.mention.tags]
    return [
        "REPLACED_COUNT" in p.count.mention.tags
        or _is_outdated(p, newest)
        or _is_overtaken(p, said)
        or _is_named_old(p, gone)
        or _is_increase(p, placed)
        or _is_of_before(p, placed)
        for p in placed
    ]


def _is_named_old(item: _Placed, gone: Sequence[_Placed]) -> bool:
    """Whether a number is one that the article says is replaced, whoever gave it.

    ("The toll has gone up from three to six", above an earlier "three dead, doctors say".)
    """
    if item.scope != "incident" or item.count.parent is not None:
        return False
    mention = item.count.mention
    return any(
        p.count.measure == item.count.measure
        and p.scope == item.scope
        and "toll" in p.count.mention.flags
        and p.count.mention.value == mention.value
        and p.count.mention.number != mention.number
        and is_perpetrator(p.count.victim_class) == is_perpetrator(item.count.victim_class)
        for p in gone
    )


def _is_of_before(item: _Placed, placed: Sequence[_Placed]) -> bool:
    """Whether a number that "officials had said" is the smaller one: tolls rise. Of the wounded some
    die or go home, so any other number is the newer one.
    """
    mention = item.count.mention
    is_dead = item.count.measure == "killed"
    if "FORMER_COUNT" not in mention.tags or item.count.parent is not None:
        return False
    return any(
        p.count.measure == item.count.measure
        and p.scope == item.scope
        and p.count.parent is None
        and is_perpetrator(p.count.victim_class) == is_perpetrator(item.count.victim_class)
        and not p.count.mention.tags & {"FORMER_COUNT", "REPLACED_COUNT"}
        and (p.count.mention.low or 0) > (mention.value or 0) * is_dead
        for p in placed
    )


def _is_increase(item: _Placed, placed: Sequence[_Placed]) -> bool:
    """Whether "three more died" is what a number elsewhere grew by, and no opinion of the whole."""
    mention = item.count.mention
    if item.count.measure != "killed" or item.count.parent is not None or mention.value is None:
        return False
    if not mention.tags & _FURTHER:
        return False
    return any(
        p.count.measure == item.count.measure
        and p.scope == item.scope
        and p.count.parent is None
        and not p.count.mention.is_single
        and not p.count.mention.tags & _FURTHER
        and not is_perpetrator(p.count.victim_class)
        and (p.count.mention.low or 0) >= mention.value
        for p in placed
    )


def _is_outdated(item: _Placed, newest: Mapping[tuple[str, str, bool], int]) -> bool:
    value = item.count.mention.value
    return item.count.parent is None and newest.get(_opinion(item), value) != value


def _is_overtaken(item: _Placed, said: Mapping[tuple[str, bool], int]) -> bool:
    """Whether a number of nobody in particular is less than somebody gave later.

    ("At least seven died, officials said. The ministry later put the number at 16.")
    """
    mention = item.count.mention
    vague = item.speaker.type in (NARRATOR, POWER_TYPE) and not item.speaker.perpetrator_party
    if not vague or item.scope != "incident" or item.count.parent is not None:
        return False
    last = said.get(_opinion(item)[1:], 0)
    return "LATER_COUNT" not in mention.tags and last > (mention.high or mention.low or 0)


def _opinion(item: _Placed) -> tuple[str, str, bool]:
    """Whose number of what, on which side."""
    return item.speaker.id, item.count.measure, is_perpetrator(item.count.victim_class)


def _mark_derived(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The outlet's own words for a number that somebody stands for are a repetition, and so is its
    headline beside a number of the body.
    """
    attributed = {
        (*_side(s), s.value, s.qualifier == "more_than")
        for s in statements
        if s.speaker_type != NARRATOR
        and not (s.perpetrator_party or s.derived)
        and s.scope == "incident"
    }
    body = _most_by_side(statements)
    return tuple(
        replace(s, derived=True)
        if s.speaker_type == NARRATOR
        and (
            (s.value is not None and (*_side(s), s.value, s.qualifier == "more_than") in attributed)
            or (s.zone == "title" and (s.low or 0) <= body.get(_side(s), -1))
            or (s.zone == "title" and s.value is not None and s.value == _both_sides(s, body))
        )
        else s
        for s in statements
    )


def _both_sides(headline: Statement, body: Mapping[tuple[str, bool], int]) -> int | None:
    """The body's victims and attackers together, whom a headline may count as one: "five dead"."""
    if _side(headline)[1]:
        return None
    victims = body.get((headline.measure, False))
    attackers = body.get((headline.measure, True))
    return None if victims is None or attackers is None else victims + attackers


def _side(statement: Statement) -> tuple[str, bool]:
    return statement.measure, is_perpetrator(statement.victim_class)


def _most_by_side(statements: Sequence[Statement]) -> dict[tuple[str, bool], int]:
    """How many people the body's numbers leave room for, by measure and side.

    A headline's number within it is short for the body's, or old. A headline may also be the only sum
    of what the body tells one by one: that is larger.
    """
    most: dict[tuple[str, bool], int] = {}
    for s in statements:
        if s.zone in ("lead", "body") and _stands(s) and s.value is not None and s.person is None:
            value = _NO_END if s.high is None else s.value
            most[_side(s)] = max(value, most.get(_side(s), -1))
    return most


def _stands(statement: Statement) -> bool:
    """Whether a figure is an opinion about the attack's whole."""
    own = statement.scope == "incident" and not statement.perpetrator_party
    return own and not statement.derived and statement.subset_of is None
