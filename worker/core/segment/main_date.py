"""Finds the day of an article's main attack, before the text is cut into segments.

Rules
-----
1. A date beside a word of attack or harm counts; the nearer, the earlier in the text, the better.
   A date beside a verb of speech is the speaker's ("officials said Tuesday").
2. A caption's date counts when the text gives none, or when it agrees with a weekday.
3. Without any date the document's own day stands in (basis ``published`` or ``first_seen``).
4. A document without a time takes the day of its dateline or caption. Without that, mentions are
   resolved against a nominal day: it tells an earlier attack from the main one, and is never
   reported.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from worker.core.annotate.dates import DateMention, find_dates
from worker.core.domain.document import Article
from worker.core.domain.moments import local_day
from worker.core.domain.report import IncidentDate
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.weights import MainDateWeights
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range
from worker.core.segment.clauses import find_triggers
from worker.core.text.prose import Prose, Sentence

_HEAD_SENTENCES = 10
"""Sentences after which a date no longer dates the main attack."""
_ADJACENT_CHARS = 12
_SPEECH_REACH_CHARS = 32
_STAMP_REACH_CHARS = 12
_CONJUNCTION_CHARS = 9
_STALE_DAYS = 10
_MOST_MENTIONS = 60
_NARRATIVE_DAYS = 30
"""An anniversary piece speaks from its own day, not from that of the attack it remembers."""
_NOMINAL_YEAR = 2100
"""Later than any news, so that every date that carries its year is an earlier one."""


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
    article: Article, prose: Prose, lexicon: Lexicon, knowledge: Knowledge
) -> Timeline:
    """Date everything in an article once; cutting and extracting both use it."""
    certain = find_dates(prose, None, knowledge)
    document = local_day(article.document_time, ZoneInfo(knowledge.profile.zone)) or _stated_day(
        prose, certain
    )
    nominal = document is None
    day = document or _nominal_day(prose, lexicon, knowledge)
    dates = find_dates(prose, day, knowledge)
    main = main_date(article, prose, lexicon, dates, day, knowledge.segment_weights.main_date)
    return Timeline(
        anchored(dates, main, day), main, nominal, frozenset((m.first, m.last) for m in certain)
    )


def anchored(
    dates: tuple[DateMention, ...], main: IncidentDate, document: dt.date
) -> tuple[DateMention, ...]:
    """Anaphoric mentions ("a day after …") counted from the main attack, not the document."""
    itself = any(d.anaphoric and (d.first, d.last) == (main.start, main.end) for d in dates)
    move = (main.start - document).days if main.start is not None else 0
    if itself or -move > _NARRATIVE_DAYS:
        return dates
    return tuple(d.shifted(move) if d.anaphoric and not _meets(d, main) else d for d in dates)


def _meets(mention: DateMention, main: IncidentDate) -> bool:
    """Whether a mention, counted from the document, is the main attack's own day."""
    if main.start is None or main.end is None or mention.precision != "day":
        return False
    return mention.meets(main.start, main.end)


def _stated_day(prose: Prose, certain: tuple[DateMention, ...]) -> dt.date | None:
    """The day of the dateline or of a caption, when it is written with its year."""
    for mention in certain:
        sentence = prose.sentence_at(mention.start)
        filed = any(line.holds(mention.start) for line in prose.datelines)
        captioned = sentence is not None and sentence.zone == "caption"
        if mention.precision == "day" and (filed or captioned):
            return mention.first
    return None


def _nominal_day(prose: Prose, lexicon: Lexicon, knowledge: Knowledge) -> dt.date:
    """A day to count from: the month and day that head the text, in a year that never was.

    "Tuesday (Dec 25)" also tells which weekday it was, so the year is chosen to agree.
    """
    start = dt.date(_NOMINAL_YEAR, 1, 1)
    for mention in find_dates(prose, start, knowledge):
        sentence = prose.sentence_at(mention.start)
        head = sentence is None or sentence.zone in ("title", "lead")
        if mention.precision == "day" and mention.basis == "stated" and head:
            names = lexicon.table("weekday").find(prose.text, mention.start, mention.end)
            named = next((int(value) for _, value in names), None)
            return _with_weekday(mention.first, named)
    return start


def _with_weekday(day: dt.date, weekday: int | None) -> dt.date:
    """The same month and day in a nominal year in which it falls on that weekday."""
    years = (day.year + n for n in range(12))
    days = (day.replace(year=y) for y in years if not (day.month == 2 and day.day == 29))
    return next((d for d in days if weekday is None or d.weekday() == weekday), day)


def main_date(
    article: Article,
    prose: Prose,
    lexicon: Lexicon,
    dates: tuple[DateMention, ...],
    document: dt.date | None,
    weights: MainDateWeights,
) -> IncidentDate:
    """The day of the main attack, from the best mention, else from the document."""
    scored = _scored(prose, lexicon, dates, document, weights)
    best = max(scored, default=None, key=lambda s: s[0])
    if best is not None and best[0] > 0:
        mention = best[1]
        zone = prose.sentence_at(mention.start)
        basis = "caption" if zone is not None and zone.zone == "caption" else mention.basis
        return IncidentDate(mention.first, mention.last, mention.precision, basis)
    if document is None:
        return IncidentDate(None, None, "unknown", "none")
    if article.published is None:
        return IncidentDate(document, document, "unknown", "first_seen")
    return IncidentDate(document, document, "days", "published")


def _scored(
    prose: Prose,
    lexicon: Lexicon,
    dates: tuple[DateMention, ...],
    document: dt.date | None,
    weights: MainDateWeights,
) -> Iterator[tuple[float, DateMention]]:
    for mention in dates[:_MOST_MENTIONS]:
        sentence = prose.sentence_at(mention.start)
        if sentence is None or mention.precision not in ("day", "days"):
            continue
        if mention.anaphoric and _follows_another(prose, lexicon, mention, sentence):
            continue
        if document is not None and mention.first > document + dt.timedelta(days=1):
            continue
        if sentence.index > _HEAD_SENTENCES and sentence.zone != "caption":
            continue
        yield _score(prose, lexicon, mention, sentence, document, weights), mention


def _follows_another(
    prose: Prose, lexicon: Lexicon, mention: DateMention, sentence: Sentence
) -> bool:
    """Whether "a day after …" comes after an attack that the sentence told before it.

    ("Afghans mourned on Thursday, a day after a bomb …": nothing was told before, so the bomb is
    the very attack.)
    """
    after = lexicon.first("clause_open", prose.text, mention.end - _CONJUNCTION_CHARS, mention.end)
    if after is None:
        return False
    triggers = find_triggers(prose.text, Range(sentence.start, mention.start), lexicon)
    return bool(triggers) or sentence.zone not in ("title", "lead")


def _score(
    prose: Prose,
    lexicon: Lexicon,
    mention: DateMention,
    sentence: Sentence,
    document: dt.date | None,
    weights: MainDateWeights,
) -> float:
    score = weights.zone.of(sentence.zone) + sentence.index * weights.per_sentence
    score += _nearness(prose, lexicon, mention, sentence, weights)
    score += weights.anaphoric * mention.anaphoric
    low = max(sentence.start, mention.start - _SPEECH_REACH_CHARS)
    if any(
        m.end() >= mention.start - 1 for m in lexicon.find("speech", prose.text, low, mention.start)
    ):
        score += weights.spoken
    for category in ("background_cue", "aggregate_cue", "threat_cue"):
        if lexicon.first(category, prose.text, low, mention.start):
            score += weights.other_matter
    stamp = lexicon.first(
        "stamp",
        prose.text,
        max(sentence.start, mention.start - _STAMP_REACH_CHARS),
        mention.start,
    )
    if stamp is not None and not prose.text[stamp.end() : mention.start].strip(" :"):
        score += weights.stamp
    if prose.text.count('"', sentence.start, mention.start) % 2 or _in_single_quotes(
        prose.text[sentence.start : mention.start]
    ):
        score += weights.quoted
    if lexicon.first("late_death", prose.text, sentence.start, sentence.end):
        score += weights.late_death
    if _is_subordinate(prose, lexicon, mention, sentence):
        score += weights.subordinate
    if document is not None and (document - mention.last).days > _STALE_DAYS:
        score += weights.stale
    return score


def _in_single_quotes(before: str) -> bool:
    """Whether a headline's single quotation mark stands open: "'Today I saw …'"."""
    return len(re.findall(r"(?<!\w)'(?=\w)", before)) > len(
        re.findall(r"(?<=[\w.!?])'(?!\w)", before)
    )


def _is_subordinate(
    prose: Prose, lexicon: Lexicon, mention: DateMention, sentence: Sentence
) -> bool:
    """Whether a date stands in an opening clause: "After a bomber struck on Monday, gunmen …"."""
    opened = lexicon.first("clause_open", prose.text, sentence.start, sentence.start + 10)
    comma = prose.text.find(", ", mention.end, sentence.end)
    opens = mention.anaphoric or (opened is not None and opened.start() == sentence.start)
    if not opens or comma < 0:
        return False
    return bool(find_triggers(prose.text, Range(comma, sentence.end), lexicon))


def _nearness(
    prose: Prose,
    lexicon: Lexicon,
    mention: DateMention,
    sentence: Sentence,
    weights: MainDateWeights,
) -> float:
    """How well a date sits beside a word of attack, or less well of harm, in its sentence.

    ("wounded in a bombing on Thursday, died on Wednesday": the attack was on Thursday.)
    """
    attacks = find_triggers(prose.text, sentence, lexicon)
    found = lexicon.find("harm", prose.text, sentence.start, sentence.end)
    harms = tuple(Range.of(m) for m in found)
    best, far = weights.alone, weights.far_chars
    for positions, reward in ((attacks, weights.beside_attack), (harms, weights.beside_harm)):
        for spot in positions:
            gap = mention.gap(spot)
            best = max(best, reward if gap <= _ADJACENT_CHARS else -min(gap, far) / far)
    return best
