"""On which day the article's main attack was, before anything else is known about it.

Rules
-----
1. A date beside a word of attack or harm counts; the nearer, the earlier in the text, the better.
   A date beside a verb of speech is the speaker's ("officials said Tuesday").
2. A caption's date counts when the text gives none, or when it agrees with a weekday.
3. Without any date the document's own day stands in (basis ``published`` or ``first_seen``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from worker.core.discourse import find_triggers
from worker.core.lexicon import Lexicon
from worker.core.model import Article, IncidentDate
from worker.core.text.dates import DateMention
from worker.core.text.prose import Prose, Sentence

_ZONE_WEIGHT = {"title": 3.0, "lead": 2.0, "caption": 0.5, "body": 0.5}
_HEAD = 10
"""Sentences after which a date no longer dates the main attack unless nothing else does."""
_ADJACENT = 12
_SPEECH_REACH = 32
_STALE_DAYS = 10


def local_date(article: Article, zone: str) -> dt.date | None:
    """The document's day on the watched place's calendar, or None when it has no time."""
    moment = article.document_time
    if moment is None:
        return None
    return (moment.astimezone(ZoneInfo(zone)) if moment.tzinfo else moment).date()


def main_date(
    article: Article,
    prose: Prose,
    lexicon: Lexicon,
    dates: tuple[DateMention, ...],
    document: dt.date | None,
) -> IncidentDate:
    """The day of the main attack, from the best mention, else from the document."""
    best = max(_scored(prose, lexicon, dates, document), default=None, key=lambda s: s[0])
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
    prose: Prose, lexicon: Lexicon, dates: tuple[DateMention, ...], document: dt.date | None
) -> Iterator[tuple[float, DateMention]]:
    for mention in dates:
        sentence = prose.sentence_at(mention.start)
        if sentence is None or mention.anaphoric or mention.precision not in ("day", "days"):
            continue
        if document is not None and mention.first > document + dt.timedelta(days=1):
            continue
        if sentence.index > _HEAD and sentence.zone != "caption":
            continue
        yield _score(prose, lexicon, mention, sentence, document), mention


def _score(
    prose: Prose,
    lexicon: Lexicon,
    mention: DateMention,
    sentence: Sentence,
    document: dt.date | None,
) -> float:
    distance = _distance_to_attack(prose, lexicon, mention, sentence)
    score = _ZONE_WEIGHT[sentence.zone] - sentence.index * 0.05
    if distance is None:
        score -= 1.5
    else:
        score += 1.0 if distance <= _ADJACENT else -min(distance, 200) / 200
    low = max(sentence.start, mention.start - _SPEECH_REACH)
    if any(
        m.end() >= mention.start - 1 for m in lexicon.find("speech", prose.text, low, mention.start)
    ):
        score -= 2.0
    for category in ("background_cue", "aggregate_cue", "threat_cue"):
        if lexicon.first(category, prose.text, low, mention.start):
            score -= 1.0
    if document is not None and (document - mention.last).days > _STALE_DAYS:
        score -= 1.0
    return score


def _distance_to_attack(
    prose: Prose, lexicon: Lexicon, mention: DateMention, sentence: Sentence
) -> int | None:
    """Characters between a date and the nearest word of attack or harm in its sentence."""
    spots = [
        (t.start, t.end) for t in find_triggers(prose.text, sentence.start, sentence.end, lexicon)
    ]
    spots += [m.span() for m in lexicon.find("harm", prose.text, sentence.start, sentence.end)]
    gaps = (max(start - mention.end, mention.start - end, 0) for start, end in spots)
    return min(gaps, default=None)
