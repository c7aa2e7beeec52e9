"""What one article offers the classifier: its cues, places and dates, and each segment's features.

Rules
-----
1. The age of an attack is known only when both the article's day and a date of its own are.
2. The main segment is judged by the article's head and lead, any other by its own words.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.events import EventSentence
from worker.core.classify.cues import SentenceCues, read_sentence
from worker.core.classify.deed_features import measure_deeds
from worker.core.classify.event_features import find_day_after, measure_article, measure_item
from worker.core.classify.features import (
    BODY_SENTENCES,
    Feature,
    SegmentZones,
    age_features,
    measure,
    told_whole,
)
from worker.core.knowledge.knowledge import Knowledge
from worker.core.lang.normalise import Range, holding, inside, plain, starting_in
from worker.core.segment.digest import is_digest, telling_sentences
from worker.core.segment.segment import Segment, SegmentKind
from worker.core.text.prose import Prose, Sentence

_OWN_DATE = ("stated", "caption", "weekday", "relative")
_ITEM_LEAD_SENTENCES = 3
_NEWER = frozenset({"LATER_COUNT"})
_RETOLD = frozenset({"lead.day_after", "lead.event_retold"})
_OF_BEFORE_LEAD = frozenset({"lead.retrospective", "lead.event_earlier", "lead.event_old"})
_OF_AWAY = frozenset({"lead.elsewhere", "lead.attack_elsewhere"})
_OF_BEFORE = frozenset({
    "head.retrospective", "lead.retrospective", "lead.event_earlier", "lead.event_old", "time.old",
    "time.old_only",
})  # fmt: skip
"""What tells that an attack was before: nothing against a new toll of it."""
_FOLLOWED_DAYS = 30
"""So long an incident stays open: a toll that grows later is a memory."""
_OF_PLACE = frozenset({
    "place.close", "place.told", "place.twice", "place.further", "place.sentence", "place.top",
    "place.body", "place.none",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Context:
    """Everything about the article that all segments share."""

    annotated: Annotated
    knowledge: Knowledge
    head: tuple[SentenceCues, ...]
    lead: tuple[SentenceCues, ...]
    is_digest: bool
    """Whether the article tells of many matters (``segment/digest``)."""
    deeds: Mapping[str, Feature]
    """What the whole text tells to be done to whom, where the place does not matter."""
    _read: dict[int, SentenceCues]
    """By number of sentence: those that somebody has asked for. Of most nobody does."""

    def cues(self, sentence: Sentence) -> SentenceCues:
        """The cues of a sentence."""
        if sentence.index not in self._read:
            self._read[sentence.index] = read_sentence(self.annotated, sentence)
        return self._read[sentence.index]

    @property
    def prose(self) -> Prose:
        """The article's text."""
        return self.annotated.prose

    def of(self, segment: Segment, first: int = 0) -> Iterator[SentenceCues]:
        """The cues of a segment's sentences in order, from a number on."""
        numbers = (n for n in segment.sentences if n >= first)
        return (self.cues(self.prose.sentences[n]) for n in numbers)

    @property
    def today(self) -> dt.date | None:
        """The document's day on the area's clock; None unless it said when it was published."""
        return self.annotated.day


def context_of(annotated: Annotated, knowledge: Knowledge) -> Context:
    """Find everything that the segments of an article are judged by."""
    sentences = annotated.prose.sentences
    read = {s.index: read_sentence(annotated, s) for s in sentences if s.zone in ("title", "lead")}
    lead = tuple(c for c in read.values() if c.sentence.zone == "lead")
    head = tuple(c for c in read.values() if c.sentence.zone == "title") or lead[:1]
    placed = knowledge.profile.policy.require_place
    digest = placed and is_digest(annotated)
    deeds = {} if placed else measure_deeds(annotated)
    return Context(annotated, knowledge, head, lead, digest, deeds, read)


def list_item(context: Context, segment: Segment) -> EventSentence | None:
    """The item of a list that holds a segment's first word, if one does."""
    event = holding(context.annotated.events, segment.anchor.start)
    return event if event is not None and event.item else None


def filed_here(context: Context) -> Range | None:
    """Where the area is named as the filing place of an article that names no other place at all.

    "CAPITAL — A recruit shot two instructors at the academy": where else?
    """
    places = context.annotated.places
    if any(m.kind in ("near", "elsewhere") or m.entry.kind == "elsewhere" for m in places):
        return None
    if any(c.regions for c in (*context.head, *context.lead)):
        return None
    return next((m for m in places if m.kind == "dateline"), None)


def told_in_digest(context: Context, segment: Segment) -> tuple[EventSentence, ...]:
    """The sentences that tell the main attack of a digest, here; none in any other article."""
    if not context.is_digest:
        return ()
    weights = context.knowledge.segment_weights.event
    told = telling_sentences(context.annotated, weights, frozenset(segment.sentences))
    return told if _is_main_thread(segment) or _is_told_in(segment, told) else ()


def _is_told_in(segment: Segment, told: tuple[EventSentence, ...]) -> bool:
    """Whether what the top of a digest does not tell is told for its own sake in these sentences."""
    return segment.kind == "background" and any(event.holds(segment.anchor.start) for event in told)


def _is_main_thread(segment: Segment) -> bool:
    """Whether a segment is what its article tells, or nothing else dates it than the article."""
    return segment.kind == "main" or segment.date.basis in ("published", "first_seen")


def _zones_of(context: Context, segment: Segment) -> SegmentZones:
    """The sentences that speak for a segment. The main one has the article's head and lead."""
    if digest := told_in_digest(context, segment):
        numbers = sorted({event.index for event in digest})
        told = tuple(context.cues(context.prose.sentences[number]) for number in numbers)
        return SegmentZones(told[:1], told, (), tuple(digest))
    if effective_kind(context, segment) == "main" and context.knowledge.profile.policy.require_main:
        top = {c.sentence.index for c in (*context.head, *context.lead)}
        later = (
            context.cues(s) for s in context.prose.sentences
            if s.index not in top and s.zone in ("body", "caption")
        )  # fmt: skip
        rest = tuple(islice(later, BODY_SENTENCES))
        return SegmentZones(context.head, context.lead, rest, segment.ranges)
    anchor = context.prose.sentence_at(segment.anchor.start)
    first = anchor.index if anchor else min(segment.sentences, default=0)
    own = context.of(segment, first)
    lead = tuple(islice(own, _ITEM_LEAD_SENTENCES))
    body = tuple(islice(own, BODY_SENTENCES))
    return SegmentZones(lead[:1], lead, body, segment.ranges)


def measure_segment(context: Context, segment: Segment, inside: bool | None) -> dict[str, Feature]:
    """All features of a segment, as the profile's policy lets them count."""
    policy = context.knowledge.profile.policy
    features = measure(_zones_of(context, segment), policy.require_place)
    features |= _event_features(context, segment) if policy.require_place else context.deeds
    ignored = (".state",) * policy.count_state_strikes + (".crime", "_crime") * policy.count_crime
    features = {k: v for k, v in features.items() if not k.endswith(ignored)}
    features |= _kind_features(context, segment, inside)
    if policy.require_fresh:
        window = math.ceil(policy.fresh_hours / 24)
        features |= _age_features(context, segment, window)
        if "age.new_toll" in features:
            features = {name: f for name, f in features.items() if name not in _OF_BEFORE}
        features |= _known_past(context, segment, window)
        if _RETOLD & features.keys() and "time.fresh" in features:
            features = _without_background(context, features)
        elif "age.stale" not in features:
            features |= _old_mention(context, segment, window)
        if "age.old_mention" in features and "head.reaction" in features:
            # An announcement of today about an attack of then: its weekday is not the attack's.
            features.setdefault("top.follow_up", features["head.reaction"])
    return features


def _event_features(context: Context, segment: Segment) -> dict[str, Feature]:
    """Those of the article for its main segment, of its own sentence for any other.

    Also for the main one when it is told in an item of a list: the article is about many things.
    """
    weights = context.knowledge.segment_weights.event
    if own := told_in_digest(context, segment):
        found = measure_article(context.annotated, weights, own)
        return _with_label(context, own[0], found) | {"segment.digest": Feature(1.0, own[0])}
    if effective_kind(context, segment) == "main" and list_item(context, segment) is None:
        return measure_article(context.annotated, weights)
    return measure_item(context.annotated, weights, segment.anchor)


def _with_label(
    context: Context, told: EventSentence, found: dict[str, Feature]
) -> dict[str, Feature]:
    """The features of a paragraph whose label is the area: "CAPITAL: A bomb …" is told here."""
    events = (e for e in context.annotated.events if e.paragraph == told.paragraph)
    if not any("DATELINE" in e.tags or _is_label(e, told) for e in events):
        return found
    kept = {name: feature for name, feature in found.items() if name not in _OF_PLACE}
    return kept | {"place.close": Feature(1.0, told), "place.told": Feature(1.0, told)}


def _is_label(event: EventSentence, told: EventSentence) -> bool:
    """Whether a sentence before the told one is nothing but the area's name: "2. Capital. A bomb …"."""
    words = [token for token in event.tokens if token.word.isalpha()]
    before = event.index < told.index and bool(words)
    return before and all("HERE" in token.tags for token in words)


def effective_kind(context: Context, segment: Segment) -> SegmentKind:
    """The kind of a segment; one that opens the article with a fresh date of its own is main.

    So is an item of a list an item ("3. Blast in the capital on Thursday"), whatever it is told with.

    "The group claimed on Tuesday a bombing that killed nine the day before" is news of a bombing.
    """
    if told_in_digest(context, segment):
        return "main"
    window = math.ceil(context.knowledge.profile.policy.fresh_hours / 24)
    age = age_of(context, segment)
    top = {c.sentence.index for c in (*context.head, *context.lead[:1])}
    opens = not top.isdisjoint(segment.sentences)
    if segment.kind == "background" and opens and _is_hours_after(context, segment):
        return "main"
    if segment.kind == "background" and age is not None and age <= window:
        if opens:
            return "main"
        if list_item(context, segment) is not None:
            return "item"
    return segment.kind


def _is_hours_after(context: Context, segment: Segment) -> bool:
    """Whether the only attack of an article dates its news: "condemned it, hours after gunmen …"."""
    if not _is_main_thread(segment):
        return False
    event = holding(context.annotated.events, segment.anchor.start)
    return event is not None and find_day_after(event.tokens) is not None


def _kind_features(context: Context, segment: Segment, inside: bool | None) -> dict[str, Feature]:
    """What the segment is within its article, and where it happened."""
    here = Feature(1.0, segment.anchor)
    features: dict[str, Feature] = {}
    kind = effective_kind(context, segment)
    if kind != "main":
        features[f"kind.{kind}"] = here
    if segment.date.basis in _OWN_DATE:
        features["kind.dated"] = here
    filed = filed_here(context) if inside is None else None
    if filed is not None:
        features["segment.filed_here"] = Feature(1.0, filed)
    country = _country_at_top(context) if inside is None else None
    if country is not None:
        features["top.country"] = Feature(1.0, country)
    if kind == "item" and segment.date.basis not in _OWN_DATE:
        features["kind.undated"] = here
        if not _is_announced(context, segment):
            features["kind.unannounced"] = here
    if inside is not None and context.knowledge.profile.policy.require_place:
        features["segment.inside" if inside else "segment.elsewhere"] = here
    if kind == "main" and not told_in_digest(context, segment):
        if not at_top(context, segment):
            features["segment.late"] = here
        title = context.head[0].sentence if context.head else None
        if title is not None and context.prose.of(title).rstrip().endswith("?"):
            features["head.question"] = Feature(1.0, Range(title.end - 1, title.end))
    return features


def _country_at_top(context: Context) -> Range | None:
    """A word of the gate (country, groups) in head or lead, when no place is named there at all.

    "Gunmen attack home of Afghan defence minister" may well be here: for a person to look at.
    """
    top = (*context.head, *context.lead)
    if any(c.here or c.near or c.elsewhere or c.regions for c in top):
        return None
    for cues in top:
        words = context.prose.of(cues.sentence)
        for word in context.knowledge.profile.gate.places:
            at = words.find(word)
            if at >= 0:
                start = cues.sentence.start + at
                return Range(start, start + len(word))
    return None


def _is_announced(context: Context, segment: Segment) -> bool:
    """Whether an item is brought in as news: "also on Sunday", "in a separate incident"."""
    anchor = context.prose.sentence_at(segment.anchor.start)
    return anchor is not None and any(
        context.annotated.has(name, anchor)
        for name in ("cue_recent", "separate_cue", "another_cue")
    )


def at_top(context: Context, segment: Segment) -> bool:
    """Whether a segment has a sentence of the title or the lead."""
    top = {c.sentence.index for c in (*context.head, *context.lead)}
    return not top.isdisjoint(segment.sentences)


def _without_background(context: Context, features: dict[str, Feature]) -> dict[str, Feature]:
    """What is told of other times and places behind an attack of yesterday is background to it.

    ("Schools stayed closed on Tuesday, a day after gunmen killed nine there. Last week two died in X".)
    """
    first = context.lead[0].sentence.end if context.lead else 0
    return {
        name: feature
        for name, feature in features.items()
        if name not in _OF_BEFORE_LEAD
        and not (name in _OF_AWAY and feature.at is not None and feature.at.start >= first)
    }


def _old_mention(context: Context, segment: Segment, window: int) -> dict[str, Feature]:
    """A date before the window beside the attack, at the top: "a strike in August killed …"."""
    zones = _zones_of(context, segment)
    if context.today is None or _is_fresh_at_top(context, zones, window):
        return {}
    for cues in told_whole((*zones.head, *zones.lead)):
        for date in starting_in(context.annotated.dates, cues.sentence) if cues.attack else ():
            if (context.today - date.last).days > window:
                return {"age.old_mention": Feature(1.0, date)}
    return {}


def _age_features(context: Context, segment: Segment, window: int) -> dict[str, Feature]:
    """How old the attack is; of weeks at most, it is news again when its top tells a new toll."""
    age = age_of(context, segment)
    if age is not None and window < age <= _FOLLOWED_DAYS and at_top(context, segment):
        top = (c.sentence for c in (*context.head, *context.lead[:1]))
        toll = next(filter(None, (_new_toll(context.annotated, s) for s in top)), None)
        if toll is not None:
            return {"age.new_toll": Feature(1.0, toll)}
    return age_features(age, window)


def _new_toll(annotated: Annotated, sentence: Sentence) -> Range | None:
    """The new number of a toll that a sentence is about: before the attack, or behind
    somebody who died of it.

    ("The toll of last week's blast rose to nine"; "a man hurt in it has died, raising the toll to nine";
    not "closed schools after the bombing, whose toll has risen to nine".)
    """
    own = [m for m in annotated.counts if m.sentence == sentence.index]
    for toll in own:
        newer = toll.tags & _NEWER or annotated.has("late_death", sentence)
        if "toll" not in toll.flags or not newer:
            continue
        attacks = inside(annotated.triggers, Range(sentence.start, toll.start))
        if not attacks or inside(annotated.harm, Range(attacks[-1].end, toll.start)):
            return toll.number
    return None


def age_of(context: Context, segment: Segment) -> int | None:
    """Days between the attack and the document, where both are known; never negative."""
    today, date = context.today, segment.date
    if today is None or date.end is None or date.basis not in _OWN_DATE:
        return None
    return max(0, (today - date.end).days)


def _is_fresh_at_top(context: Context, zones: SegmentZones, window: int) -> bool:
    """Whether the attack at the top has a fresh date: an old one is then about something else.

    "A bomb killed ten on Tuesday; the minister, who survived an attempt last year, was unhurt." Not
    so under a headline of reaction: "An inquiry said on Friday that the August strike was an error."
    """
    if context.today is None or any(c.has("reaction") for c in context.head):
        return False
    return any(
        0 <= (context.today - d.last).days <= window
        for c in (*zones.head, *zones.lead)
        if c.attack and c.here
        for d in starting_in(context.annotated.dates, c.sentence)
    )


def _known_past(context: Context, segment: Segment, window: int) -> dict[str, Feature]:
    """A past attack of the profile, named in the segment's head or lead."""
    today = context.today
    if today is None:
        return {}
    zones = _zones_of(context, segment)
    for cues in (*zones.head, *zones.lead):
        words = context.prose.of(cues.sentence)
        for attack in context.knowledge.profile.known:
            if (today - attack.date).days <= window:
                continue
            for name in attack.names:
                at = words.find(plain(name))
                if at >= 0:
                    start = cues.sentence.start + at
                    return {"known.past": Feature(1.0, Range(start, start + len(plain(name))))}
    return {}
