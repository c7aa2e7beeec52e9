"""Finds the day of an article's main attack, before the text is cut into segments.

Rules
-----
1. A date beside a word of attack or harm counts; the nearer, the earlier in the text, the better.
   A date beside a verb of speech is the speaker's ("officials said Tuesday", "the group on Tuesday
   denied").
2. A caption's date counts when the text gives none, or when it agrees with a weekday.
3. "Overnight" is two days, unless a day or a time of the clock beside the attack says which: "The
   assault began at 9 p.m. on Saturday".
4. A siege is of the day on which it began, not of that on which it ended. Where only its end has a day
   it is of that day or the one before.
5. Without any date the document's own day stands in (``undated``), basis ``published`` or
   ``first_seen``. What rests on a nominal day (``annotate.reference_day``) is never reported.
6. "A day after", "the day before" count from the day that stands before them (``counted_from``).
7. A day that is denied is none ("not on Friday, as first reported").
8. In a digest only the paragraph that tells the attack dates it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.dates import DateMention
from worker.core.annotate.events import EventSentence, event_sentence_at
from worker.core.domain.report import IncidentDate
from worker.core.knowledge.weights import MainDateWeights
from worker.core.lang.normalise import Range, inside, starting_in
from worker.core.segment.abduction import is_lead_sentence, is_of_abduction
from worker.core.segment.another_day import is_of_another
from worker.core.segment.before_midnight import before_midnight
from worker.core.segment.counted_from import counted_from
from worker.core.segment.date_clause import (
    is_of_aftermath,
    is_of_burial,
    is_own_day,
    is_taken_up,
    names_an_attack,
    tells_an_attack,
)
from worker.core.segment.framing import find_several_apart
from worker.core.segment.said_day import before_end, is_begin, is_end, is_spoken, spoken_day
from worker.core.segment.undated import undated_interval
from worker.core.segment.week_in_order import week_in_order
from worker.core.text.prose import Sentence

_HEAD_SENTENCES = 10
"""Sentences after which a date no longer dates the main attack."""
_ADJACENT_CHARS = 12
_SPEECH_REACH_CHARS = 32
_STAMP_REACH_CHARS = 12
_JOINT_CHARS = 4
_CONJUNCTION_CHARS = 9
_JOINT_CLAUSE_CHARS = 14
_OPENING_CHARS = 4
_HEAD_CHARS = 10
"""A conjunction that opens a sentence stands whole in its first characters."""
_STALE_DAYS = 10
_PAST_DAYS = 3
_MOST_MENTIONS = 60
_NOON_HOUR = 12
_STAMP_WORDS = 8
_SIDE_AWAY = frozenset({"REGION", "AWAY"})
_NARRATIVE_DAYS = 30
"""An anniversary piece speaks from its own day, not from that of the attack it remembers."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The dates of an article: every mention, and the main attack's day.

    ``main`` and ``dates`` may rest on a nominal day; ``reportable`` turns a date into what may be said.
    """

    dates: tuple[DateMention, ...]
    main: IncidentDate
    nominal: bool
    certain: frozenset[tuple[dt.date, dt.date]]
    """Intervals that the text states with their year."""

    def reportable(self, date: IncidentDate) -> IncidentDate:
        """The date, or unknown when it only rests on the nominal day."""
        if not self.nominal or (date.start, date.end) in self.certain:
            return date
        return IncidentDate(None, None, "unknown", "none")


def find_timeline(
    annotated: Annotated, weights: MainDateWeights, told: tuple[EventSentence, ...] = ()
) -> Timeline:
    """The day of the main attack, and every date counted from it that is said to be.

    ``told``: in an article of many matters, the sentences that tell the attack.
    """
    reference = annotated.reference
    if reference is None:
        return Timeline((), IncidentDate(None, None, "unknown", "none"), False, frozenset())
    if not reference.nominal:  # an article without a day has none that others could count from
        annotated = replace(annotated, dates=week_in_order(annotated, reference.day))
        annotated = replace(annotated, dates=counted_from(annotated, reference.day))
    main = _main_date(annotated, reference.day, weights, {event.paragraph for event in told})
    dates = _anchored(annotated, main, reference.day)
    return Timeline(dates, main, reference.nominal, annotated.certain)


def _anchored(
    annotated: Annotated, main: IncidentDate, document: dt.date
) -> tuple[DateMention, ...]:
    """Anaphoric mentions ("a day after …") counted from the main attack, not the document.

    "A day earlier, …" opens a sentence after one that told the attack with its day: always so.
    """
    dates = annotated.dates
    move = (main.start - document).days if main.start is not None else 0
    if not move or -move > _NARRATIVE_DAYS:
        return dates
    earlier = {d for d in dates if d.anaphoric and not d.counted and _is_after_dated(annotated, d)}
    others = [d for d in dates if d.anaphoric and not d.counted and d not in earlier]
    itself = any((d.first, d.last) == (main.start, main.end) for d in others)
    moved = earlier if itself else earlier.union(d for d in others if not _meets(d, main))
    return tuple(d.shifted(move) if d in moved else d for d in dates)


def _is_after_dated(annotated: Annotated, mention: DateMention) -> bool:
    sentence = annotated.prose.sentence_at(mention.start)
    return sentence is not None and _opens_with_earlier(annotated, mention, sentence)


def _meets(mention: DateMention, main: IncidentDate) -> bool:
    """Whether a mention, counted from the document, is the main attack's own day."""
    if main.start is None or main.end is None or mention.precision != "day":
        return False
    return mention.meets(main.start, main.end)


def _main_date(
    annotated: Annotated, day: dt.date, weights: MainDateWeights, told: set[int]
) -> IncidentDate:
    """The day of the main attack, from the best mention, else from the document.

    ``told``: the paragraphs that may give it; all when there are none.
    """
    best = max(_scored(annotated, day, weights, told), default=None, key=lambda s: s[0])
    if best is not None and best[0] > 0:
        mention = _refined(annotated, best[1], weights)
        zone = annotated.prose.sentence_at(mention.start)
        basis = "caption" if zone is not None and zone.zone == "caption" else mention.basis
        found = IncidentDate(mention.first, mention.last, mention.precision, basis)
        return before_midnight(annotated, found)
    if annotated.article.published is None:
        return IncidentDate(day, day, "unknown", "first_seen")
    own = annotated.day or day
    return before_end(annotated, own) or undated_interval(
        annotated, own, spoken_day(annotated, own)
    )


def _refined(annotated: Annotated, night: DateMention, weights: MainDateWeights) -> DateMention:
    """The one day of "overnight" that another mention, or the clock, says beside the attack."""
    if night.precision != "days" or (night.last - night.first).days != 1:
        return night
    ended = None
    for mention in annotated.dates:
        sentence = annotated.prose.sentence_at(mention.start)
        if sentence is None or sentence.index > _HEAD_SENTENCES or mention.precision != "day":
            continue
        told = inside(annotated.triggers, sentence) or annotated.has("took_place", sentence)
        if told and not mention.anaphoric and is_end(annotated, mention, sentence):
            before = mention.first - dt.timedelta(days=1)  # "ended an overnight siege on Monday"
            ended = ended or replace(night, first=before, last=mention.last)
            continue
        within = night.first <= mention.first <= night.last and not mention.anaphoric
        spoken = is_spoken(annotated, mention, sentence)
        if told and within and not spoken and _is_as_near(annotated, mention, night, weights):
            return replace(night, first=mention.first, last=mention.last, precision="day")
    if ended is not None:
        return ended
    for clock in annotated.times:
        sentence = annotated.prose.sentence_at(clock.start)
        if sentence is None or sentence.index > _HEAD_SENTENCES or clock.utc:
            continue
        if inside(annotated.triggers, sentence) or annotated.has("took_place", sentence):
            day = night.last if int(clock.time[:2]) < _NOON_HOUR else night.first
            return replace(night, first=day, last=day, precision="day")
    return night


def _is_as_near(
    annotated: Annotated, mention: DateMention, night: DateMention, weights: MainDateWeights
) -> bool:
    """Whether a day stands as near to the attack as "overnight" does in its sentence.

    ("On Tuesday accused the group of the attack in which gunmen killed five overnight", "wounded in the
    overnight attack, died on Tuesday": Tuesday is of something else.)
    """
    sentence = annotated.prose.sentence_at(night.start)
    if sentence is None or not sentence.holds(mention.start):
        return True
    near, own = (_nearness(annotated, d, sentence, weights) for d in (mention, night))
    return near >= own


def _scored(
    annotated: Annotated, day: dt.date, weights: MainDateWeights, told: set[int]
) -> Iterator[tuple[float, DateMention]]:
    several = find_several_apart(annotated.events)
    for mention in annotated.dates[:_MOST_MENTIONS]:
        sentence = annotated.prose.sentence_at(mention.start)
        if sentence is None or mention.precision not in ("day", "days"):
            continue
        if sentence.start in several or _is_of_page(annotated, sentence):
            continue
        if mention.anaphoric and _follows_another(annotated, mention, sentence):
            continue
        if mention.anaphoric and _opens_with_earlier(annotated, mention, sentence):
            continue
        if mention.first > day + dt.timedelta(days=1):
            continue
        if _is_of_elsewhere(annotated, sentence) and _brings_in_another(annotated, sentence):
            continue
        if (day - mention.last).days > _PAST_DAYS and _tells_nothing(annotated, sentence):
            continue
        if told and sentence.paragraph not in told:
            continue
        if not told and sentence.index > _HEAD_SENTENCES and sentence.zone != "caption":
            continue
        in_digest = weights.zone.lead - weights.zone.of(sentence.zone) if told else 0.0
        yield in_digest + _score(annotated, mention, sentence, day, weights), mention


def _is_of_page(annotated: Annotated, sentence: Sentence) -> bool:
    """Whether a few words above the story only say when the page was printed: "22 Feb 2031 13:51"."""
    if sentence.zone != "caption" or len(annotated.prose.of(sentence).split()) > _STAMP_WORDS:
        return False
    found = (annotated.triggers, annotated.harm, annotated.places)
    return not any(inside(each, sentence) for each in found)


def _follows_another(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether "a day after …" comes after an attack that the sentence told before it.

    ("Afghans mourned on Thursday, a day after a bomb …": nothing was told before, so the bomb is
    the very attack.)
    """
    if not annotated.has("clause_open", Range(mention.end - _CONJUNCTION_CHARS, mention.end)):
        return False
    told = tells_an_attack(annotated, Range(sentence.start, mention.start))
    return told or sentence.zone not in ("title", "lead")


def _opens_with_earlier(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether "Hours earlier, …" opens a sentence after one that told an attack with its day."""
    if mention.start - sentence.start >= _OPENING_CHARS:
        return False
    earlier = (d for d in annotated.dates if d.end < sentence.start and d.precision == "day")
    for date in earlier:
        told = annotated.prose.sentence_at(date.start)
        if told is None or told.zone == "title" or date.anaphoric:
            continue
        if inside(annotated.triggers, told) and not is_spoken(annotated, date, told):
            return True
    return False


def _is_of_elsewhere(annotated: Annotated, sentence: Sentence) -> bool:
    """Whether a sentence names places outside the area, or a side of the country, and none of the area."""
    kinds = {m.kind for m in inside(annotated.places, sentence)}
    if kinds & {"here", "near"}:
        return False
    told = event_sentence_at(annotated.events, sentence.start)
    return "elsewhere" in kinds or (told is not None and told.tags >= _SIDE_AWAY)


def _tells_nothing(annotated: Annotated, sentence: Sentence) -> bool:
    """Whether a sentence of the text has no word of an attack or harm: its old day is of another matter."""
    if sentence.zone == "title" or is_lead_sentence(annotated, sentence):
        return False
    told = bool(inside(annotated.triggers, sentence) or inside(annotated.harm, sentence))
    return not (told or any(annotated.has(c, sentence) for c in ("took_place", "it_happened")))


def _brings_in_another(annotated: Annotated, sentence: Sentence) -> bool:
    """Whether this sentence brings in "a bomb", after one of the top that tells an attack in the area."""
    triggers = inside(annotated.triggers, sentence)
    if any(t.definite for t in triggers) or not any(t.indefinite for t in triggers):
        return False
    return any(
        inside(annotated.triggers, s) and any(m.kind == "here" for m in inside(annotated.places, s))
        for s in annotated.prose.sentences[: min(sentence.index, _HEAD_SENTENCES)]
    )


def _score(
    annotated: Annotated,
    mention: DateMention,
    sentence: Sentence,
    day: dt.date,
    weights: MainDateWeights,
) -> float:
    score = weights.zone.of(sentence.zone) + sentence.index * weights.per_sentence
    if _is_counted_from(annotated, mention, sentence):
        score += weights.alone + weights.other_matter
    else:
        score += _nearness(annotated, mention, sentence, weights)
    score += weights.anaphoric * mention.anaphoric
    if is_spoken(annotated, mention, sentence):
        score += weights.spoken
    before = Range(max(sentence.start, mention.start - _SPEECH_REACH_CHARS), mention.start)
    for category in ("background_cue", "aggregate_cue", "threat_cue"):
        score += weights.other_matter * annotated.has(category, before)
    score += weights.other_matter * _is_of_elsewhere(annotated, sentence)
    score += weights.stamp * _is_stamp(annotated, mention, sentence)
    score += weights.quoted * _is_quoted(annotated.prose.text[sentence.start : mention.start + 1])
    near = Range(max(sentence.start, mention.start - _STAMP_REACH_CHARS), mention.start)
    score += weights.denied * _leads(annotated.find("date_not", near), annotated, mention)
    if mention.basis == "weekday":
        score += weights.last * _leads(annotated.find("date_last", near), annotated, mention)
    if not names_an_attack(annotated, mention):
        score += weights.late_death * annotated.has("late_death", sentence)
    score += weights.abducted * is_of_abduction(annotated, mention, sentence)
    score += weights.subordinate * _is_subordinate(annotated, mention, sentence)
    score += weights.subordinate * _is_of_the_mourned(annotated, mention, sentence)
    score += weights.stale * ((day - mention.last).days > _STALE_DAYS)
    score += weights.ended * is_end(annotated, mention, sentence)
    score += weights.begun * is_begin(annotated, mention, sentence)
    score += weights.aftermath * is_of_aftermath(annotated, mention, sentence)
    score += weights.buried * is_of_burial(annotated, mention, sentence)
    score += weights.another * is_of_another(annotated, mention, sentence)
    return score


def _leads(found: Iterator[re.Match[str]], annotated: Annotated, mention: DateMention) -> bool:
    """Whether one of some words stands right before a day ("not on", "last")."""
    return any(not annotated.prose.text[m.end() : mention.start].strip() for m in found)


def _is_counted_from(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether the attack that follows has a day of its own: "buried on Thursday, a day after a bomb …".

    (However near it stands: "were suspended on Sunday after gunmen stormed a hall the previous day".)

    ("Dealers pulled down their shutters on Tuesday after grenades thrown the previous afternoon …")
    """
    before = Range(sentence.start, mention.start)
    if tells_an_attack(annotated, before) or annotated.has("body_found", before):
        return False
    after = Range(mention.end, mention.end + _JOINT_CHARS)
    counted = next((d for d in annotated.dates if d.anaphoric and after.holds(d.start)), None)
    if counted is not None:
        return bool(inside(annotated.triggers, Range(counted.end, sentence.end)))
    joint = Range(mention.end, min(sentence.end, mention.end + _JOINT_CLAUSE_CHARS))
    rest = Range(mention.end, sentence.end)
    if not annotated.has("clause_open", joint) or not inside(annotated.triggers, rest):
        return False
    days = (d for d in annotated.dates if rest.holds(d.start) and d.precision in ("day", "days"))
    return any(d.last < mention.first and not is_spoken(annotated, d, sentence) for d in days)


def _is_stamp(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a date is that of the page: "Updated: 3 March"."""
    low = max(sentence.start, mention.start - _STAMP_REACH_CHARS)
    stamp = annotated.first("stamp", Range(low, mention.start))
    between = annotated.prose.text[stamp.end() : mention.start] if stamp is not None else ""
    return stamp is not None and not between.strip(" :")


def _is_quoted(before: str) -> bool:
    """Whether a quotation mark stands open, also a headline's single one: "'Today I saw …'"."""
    opened = len(re.findall(r"(?<!\w)'(?=\w)", before))
    closed = len(re.findall(r"(?<=[\w.!?])'(?!\w)", before))
    return before.count('"') % 2 == 1 or opened > closed


def _is_subordinate(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a date stands in an opening clause: "After a bomber struck on Monday, gunmen …"."""
    head = Range(sentence.start, sentence.start + _HEAD_CHARS)
    opened = annotated.first("clause_open", head)
    comma = annotated.prose.text.find(", ", mention.end, sentence.end)
    opens = mention.anaphoric or (opened is not None and opened.start() == sentence.start)
    if not opens or comma < 0:
        return False
    return bool(inside(annotated.triggers, Range(comma, sentence.end)))


def _is_of_the_mourned(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a day is that of an earlier death: "a bomb at the funeral of a man shot on Friday"."""
    before = Range(sentence.start, mention.start)
    mourned = annotated.first("funeral_of", before)
    if mourned is None or not inside(annotated.triggers, Range(before.start, mourned.start())):
        return False
    return not starting_in(annotated.dates, Range(mourned.start() + 1, before.end))


def _nearness(
    annotated: Annotated, mention: DateMention, sentence: Sentence, weights: MainDateWeights
) -> float:
    """How well a date sits beside a word of attack, or less well of harm, in its sentence.

    ("wounded in a bombing on Thursday, died on Wednesday": the attack was on Thursday.)
    """
    attacks: tuple[Range, ...] = inside(annotated.triggers, sentence)
    attacks += tuple(annotated.ranges("it_happened", sentence))
    if inside(annotated.triggers, sentence):
        attacks += tuple(annotated.ranges("took_place", sentence))
    attacks += tuple(Range(r.end - 1, r.end) for r in annotated.ranges("body_found", sentence))
    harms = inside(annotated.harm, sentence)
    best, far = weights.alone, weights.far_chars
    spoken = is_spoken(annotated, mention, sentence)
    own = is_own_day(annotated, mention, sentence) or is_taken_up(annotated, mention, sentence)
    if own and not spoken:
        best = weights.beside_attack
    for positions, reward in ((attacks, weights.beside_attack), (harms, weights.beside_harm)):
        for spot in positions:
            gap = mention.gap(spot)
            best = max(best, reward if gap <= _ADJACENT_CHARS else -min(gap, far) / far)
    return best
