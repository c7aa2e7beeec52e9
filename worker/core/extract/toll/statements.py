"""Every figure of people that an article prints, as statements. Which of them counts: ``figures``.

Rules
-----
1. A number becomes a statement only beside harm: "11 people were killed", "killing seven",
   "15 wounded", "the toll rose to 12". Rescued, arrested and missing people are counted apart.
2. Who is counted decides the side: attackers are never victims.
3. "65 wounded, including nine children": the nine are a subset and say so. "Two policemen and three
   civilians" are two parts of the one figure that the clause prints; it has both in its quote.
4. ``derived`` is what is no opinion of its own: the outlet's repetition of what a speaker said, a
   headline's number beside the body's (also where it counts both sides together), a figure that the
   article itself replaces or tells as a step to another (``replaced``).
5. What a group says of its deed is a party's; the attack that it claims is told by the outlet itself
   (``claimed``).
6. A figure belongs to the attack that it is about (``homes``), which is nearly always the main one.
   What might have been is ``hypothetical``.

Theory of operation
-------------------
The language's grammar says what counts whom (``annotate.counts``); ``counts`` decides what is whole
and what is part. Here each count meets its speaker and its segment, and becomes a statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.counts import CountMention
from worker.core.annotate.speakers import (
    GROUP_TYPE,
    NARRATOR,
    POWER_TYPE,
    UNKNOWN,
    Speaker,
    find_narrator,
    is_known_by_kind,
    is_of_actor,
)
from worker.core.domain.document import Article
from worker.core.domain.report import Statement
from worker.core.domain.vocabulary import Scope
from worker.core.extract.toll.additions import NOBODY_QUOTED
from worker.core.extract.toll.claimed import told_by_outlet
from worker.core.extract.toll.count import Count
from worker.core.extract.toll.counts import AGAIN, decide_counts, is_perpetrator
from worker.core.extract.toll.doubted import bound_doubted
from worker.core.extract.toll.entries import find_entries
from worker.core.extract.toll.homes import HomedCount, find_homes
from worker.core.extract.toll.hospitals import HOSPITAL, RECEIVED_TAG, mark_hospitals
from worker.core.extract.toll.placed import Placed, Side
from worker.core.extract.toll.repeated import mark_repeated
from worker.core.extract.toll.replaced import find_replaced
from worker.core.extract.toll.summed import CASUALTY
from worker.core.extract.toll.takes_place import former_numbers
from worker.core.extract.toll.told_apart import is_besides
from worker.core.extract.toll.withdrawn import take_back
from worker.core.extract.toll.witnesses import SEEN_TAG, mark_seen
from worker.core.figures.bounds import RECEIVED
from worker.core.figures.decide import PART
from worker.core.knowledge.knowledge import Knowledge
from worker.core.lang.declared import ELSE, OF_ACT
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range, words_end
from worker.core.segment.segment import Segment
from worker.core.text.prose import Prose

_PART_END = re.compile("[;؛；]")
"""Between parts of a sentence that tell of several attacks: "two died in the bazaar; in Herat …"."""
_CUE_REACH_CHARS = 40
_QUOTES = " '\"“‘«"
_SOME = frozenset({SEEN_TAG, "DIED_AT_ONCE", "EMPLOYED"})
"""Tags of people beside whom there may be others: "saw four bodies", "two died on the spot", "three men
who work in the shop"."""
_IN_STATE = "IN_STATE"
"""Tag of people told by how they are ("20 remain in hospital"): some of those wounded."""
_HARM = CASUALTY | {"casualties"}
_MAY_SCORN = (GROUP_TYPE, POWER_TYPE, NARRATOR, UNKNOWN, "media_sources")
"""Who may print a party's words for its enemies; an army that counts "infidels" means who attacked."""
_LETTER = {"killed": "k", "injured": "i", "casualties": "c"}


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
    homes = find_homes(annotated, segments, knowledge)
    entries = find_entries(prose, annotated.times)
    out = []
    said = annotated.attributions.speaker_at

    def told_in(mention: CountMention) -> tuple[int, str]:
        at = mention.number.start
        parts = len(_PART_END.findall(prose.text, prose.sentences[mention.sentence].start, at))
        speaker = said(prose, at) or outlet
        return parts, NOBODY_QUOTED if speaker.type == NARRATOR else speaker.id

    for segment in segments:
        placed = []
        for scope, counts in _by_scope(homes, segment):
            for count in decide_counts(counts, told_in):
                at = count.mention.number.start
                speaker = said(prose, at) or outlet
                scorned = _is_scorned(count, prose, lexicon) and speaker.type in _MAY_SCORN
                if scorned and (speaker.type == UNKNOWN or is_known_by_kind(speaker.id)):
                    speaker = outlet  # "killed nine 'invaders'; officials silent": none of theirs
                own = scorned or _is_own_killing(count, speaker, prose, lexicon)
                placed.append(Placed(count, scope, speaker, own, entries.order_at(at)))
        placed = told_by_outlet(placed, outlet, prose, lexicon)
        placed = [p for p in placed if not _is_idle_zero(p, placed)]
        placed = take_back(bound_doubted(placed, prose, lexicon), prose, lexicon)
        placed = mark_seen(mark_hospitals(placed))
        placed.sort(key=lambda p: (p.count.start, p.count.mention.number.start, -p.count.end))
        replaced = find_replaced(placed)
        formers = former_numbers(placed)
        told = tuple(_statements(article, prose, placed, lexicon))
        told = tuple(
            replace(s if why is None else s.as_derived(why), replaces=former)
            for s, why, former in zip(told, replaced, formers, strict=True)
        )
        besides = {s.id for s, p in zip(told, placed, strict=True) if is_besides(p.count.mention)}
        out.append(_with_repeated_sums(mark_repeated(told, besides)))
    return tuple(out)


def _with_repeated_sums(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The same for sums over several attacks, among themselves: they are figures of a group."""
    sums = tuple(replace(s, scope="incident") for s in statements if s.scope == "aggregate")
    repeated = {s.id for s in mark_repeated(sums, ()) if s.derived}
    return tuple(s.as_derived("sum_again") if s.id in repeated else s for s in statements)


def _is_idle_zero(item: Placed, placed: Sequence[Placed]) -> bool:
    """Whether a printed zero says nothing of the whole: "nobody else was hurt".

    It does where somebody is quoted for it who counts nobody ("the ministry said no one had died"), of
    the attack, and not of what one act did ("they also shelled a hotel, causing no casualties"), nor of
    all but those who are told ("no one else was hurt").
    """
    mention = item.count.mention
    if mention.value != 0:
        return False
    is_of_act = OF_ACT in mention.flags
    denied = {p.count.measure for p in placed if p.count.mention.number == mention.number}
    told: set[str] = {item.count.measure}
    is_of_others = ELSE in mention.flags
    # "no casualties": but where some are told as wounded, nobody died
    if denied == CASUALTY and not is_of_others:
        told |= _HARM if is_of_act else _HARM - {"injured"}
    others = [
        p
        for p in placed
        if p.count.measure in told
        and p.scope == item.scope
        and p.count.mention.value != 0
        and not is_perpetrator(p.count.victim_class)
    ]
    is_aside = item.speaker.type == NARRATOR or item.speaker.perpetrator_party
    if is_aside or is_of_act or is_of_others:
        return bool(others)
    return any(p.speaker.id == item.speaker.id for p in others)


def _by_scope(
    homes: Sequence[HomedCount], segment: Segment
) -> Iterator[tuple[Scope, list[CountMention]]]:
    """The counts of one report, those of one attack together: a part is of a whole of its own."""
    own = [home for home in homes if home.segment is segment]
    for scope in sorted({home.scope for home in own}):
        yield scope, [home.mention for home in own if home.scope == scope]


def _is_own_killing(count: Count, speaker: Speaker, prose: Prose, lexicon: Lexicon) -> bool:
    if RECEIVED_TAG in count.mention.tags or is_perpetrator(count.victim_class):
        return False
    if speaker.type == HOSPITAL:  # "the hospital says it has seven bodies"
        return False
    stop = words_end(prose.text, count.start)
    low = max(0, stop - _CUE_REACH_CHARS)
    if lexicon.ending_at("self_killing", prose.text, low, stop) is not None:
        return True
    said = lexicon.find("own_killing", prose.text, low, count.end + _CUE_REACH_CHARS)
    if any(m.start() <= count.end + 1 and count.start < m.end() for m in said):
        return True
    if not is_of_actor(speaker) or count.mention.flags & AGAIN:
        return False  # "it killed four, officials said": a bomb did; "they lowered it to seven"
    itself = lexicon.ending_at("itself_killing", prose.text, low, stop)
    sentence = prose.sentence_at(count.start)
    # "It killed four, the group said", behind "a bomb went off"
    return itself is not None and (sentence is None or itself.start() > sentence.start)


def _is_scorned(count: Count, prose: Prose, lexicon: Lexicon) -> bool:
    """Whether those counted have a name that only who fights them uses: "killed nine 'invaders'"."""
    number = count.mention.number
    stop = number.end + _CUE_REACH_CHARS
    named = lexicon.first("scorned", prose.text, number.start, stop)
    return named is not None and not prose.text[number.end : named.start()].strip(_QUOTES)


def _statements(
    article: Article, prose: Prose, placed: Sequence[Placed], lexicon: Lexicon
) -> Iterator[Statement]:
    names = [_name(item, number) for number, item in enumerate(placed, 1)]
    ids: dict[tuple[Range, Side | None], str] = {}
    for item, name in zip(placed, names, strict=True):
        ids[item.count.key, item.side] = ids[item.count.key, None] = name
    for item, name in zip(placed, names, strict=True):
        parent = item.count.parent
        whole = None if parent is None else ids.get((parent, item.side)) or ids.get((parent, None))
        yield _statement(article, prose, item, name, whole, lexicon)


def _name(item: Placed, number: int) -> str:
    """What a statement is called: one clause may tell of both sides, and of dead and wounded."""
    measure = item.count.measure
    return f"{_LETTER.get(measure, measure[0])}{number}"


def _statement(
    article: Article, prose: Prose, item: Placed, name: str, whole: str | None, lexicon: Lexicon
) -> Statement:
    count, speaker = item.count, item.speaker
    mention = count.mention
    span = prose.span(count)
    sentence = prose.sentence_at(mention.number.start)
    return Statement(
        id=name,
        measure=count.measure,
        victim_class=_victim_class(count),
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
        subset_of=whole,
        zone=sentence.zone if sentence is not None else "body",
        quote=span.quote,
        start=span.start,
        end=span.end,
        person=count.person,
    )


def _victim_class(count: Count) -> str:
    """What a hospital received is a count of its own: a lower bound for the whole.

    Only words of receiving or treating say so: a hospital may well give the whole toll. What somebody
    saw are some of those killed or wounded ("a policeman saw four bodies", beside a ministry's nine),
    and so are those who died at once ("two died on the spot").
    """
    if count.victim_class != "unspecified":
        return count.victim_class
    if RECEIVED_TAG in count.mention.tags:
        return RECEIVED
    tags = count.mention.tags
    is_part = tags & _SOME or (count.measure == "injured" and _IN_STATE in tags)
    return PART if is_part and count.person is None else "unspecified"


def _scope(item: Placed, prose: Prose, lexicon: Lexicon) -> Scope:
    if item.scope == "incident" and _is_hypothetical(item.count, prose, lexicon):
        return "hypothetical"
    return item.scope


def _is_hypothetical(count: Count, prose: Prose, lexicon: Lexicon) -> bool:
    """Whether a toll is denied, feared or imagined: "denied reports that 12 …".

    Not if another clause begins in between: "had intended to enter, and that 17 people had died".
    """
    sentence = prose.sentence_at(count.start)
    head = max(sentence.start if sentence else 0, count.start - _CUE_REACH_CHARS)
    cues = lexicon.find("hypothetical_cue", prose.text, head, count.start)
    governing = (
        cue
        for cue in cues
        if lexicon.first("another_clause", prose.text, cue.end(), count.start) is None
    )
    feared = lexicon.first("feared", prose.text, count.start, count.end)
    return feared is not None or next(governing, None) is not None
