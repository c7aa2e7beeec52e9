"""Does this article freshly report an attack here? A verdict on the whole, a role for each segment.

Rules
-----
1. Each segment is scored by the same features; the verdict is that of the best one. So a brief with
   an attack here as its second item is a report, and says which sentence made it one.
2. Label ``attack_report`` if and only if some segment is ``primary`` or ``roundup``.
3. A segment outside the area gets no role: no report is made of it, and its place is named in the
   verdict. A segment that counts attacks together, or only threatens one, gets none either.
4. An attack told without its place belongs to the area when the article's own head or lead does.
5. A language we have no lexicon for is sent to a person when it names the area, never dropped.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from worker.core.classify.cues import SentenceCues, distance, read_sentence
from worker.core.classify.features import BODY_SENTENCES, Feature, View, age_features, measure
from worker.core.classify.score import Score, band, score, section_of, thresholds
from worker.core.knowledge import Knowledge
from worker.core.model import Article, Label, Reason, Role, Verdict
from worker.core.segment import Segment
from worker.core.text.normalise import plain
from worker.core.text.places import PlaceMention, find_places
from worker.core.text.prose import Prose

EVEN = 0.5
_OWN_DATE = ("stated", "caption", "weekday", "relative")
_ITEM_LEAD = 3


@dataclass(frozen=True, slots=True)
class Classification:
    """The verdict, and one role and probability per segment; role None: no report is made."""

    verdict: Verdict
    roles: tuple[Role | None, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """Everything about the article that all segments share."""

    article: Article
    prose: Prose
    knowledge: Knowledge
    cues: tuple[SentenceCues, ...]
    mentions: tuple[PlaceMention, ...]
    head: tuple[SentenceCues, ...]
    lead: tuple[SentenceCues, ...]


def classify(
    article: Article, prose: Prose, segments: tuple[Segment, ...], knowledge: Knowledge
) -> Classification:
    """Judge an article and each of its segments. Pure; raises nothing."""
    mentions = find_places(prose, knowledge)
    lexicon = knowledge.lexicon(prose.lang)
    if lexicon is None:
        verdict = _unread(prose, mentions, knowledge)
        return Classification(verdict, (None,) * len(segments), (0.0,) * len(segments))
    cues = tuple(read_sentence(prose, s, lexicon, mentions) for s in prose.sentences)
    lead = tuple(c for c in cues if c.sentence.zone == "lead")
    head = tuple(c for c in cues if c.sentence.zone == "title") or lead[:1]
    reading = _Reading(article, prose, knowledge, cues, mentions, head, lead)
    inside = tuple(_is_inside(reading, segment) for segment in segments)
    scores = tuple(_score(reading, s, i) for s, i in zip(segments, inside, strict=True))
    roles = tuple(
        _role(reading, s, i, p.probability) for s, i, p in zip(segments, inside, scores, strict=True)
    )
    verdict = _verdict(reading, segments, inside, scores, roles)
    return Classification(verdict, roles, tuple(p.probability for p in scores))


def _unread(prose: Prose, mentions: tuple[PlaceMention, ...], knowledge: Knowledge) -> Verdict:
    """A text in a language without a lexicon: for a person, if it names the area."""
    policy = knowledge.profile.policy
    here = next((m for m in mentions if m.kind in ("here", "dateline") and _is_area(m)), None)
    span = prose.span(here.start, here.end) if here is not None else None
    reasons = (Reason("lang_unsupported", 0.0, span),)
    if here is None and policy.require_place:
        return Verdict("other", 0.0, "drop", reasons)
    return Verdict("other", thresholds(policy, prose.lang)[1], "review", reasons)


def _is_area(mention: PlaceMention) -> bool:
    return mention.entry.kind != "elsewhere"


def _is_inside(reading: _Reading, segment: Segment) -> bool | None:
    """Whether a segment's attack is in the area: yes, no, or None when nothing says where."""
    if not reading.knowledge.profile.policy.require_place:
        return True
    own = [m for m in reading.mentions if segment.holds(m.start) and m.kind != "confused"]
    placed = [m for m in own if m.kind in ("here", "near", "elsewhere")]
    anchor = reading.prose.sentence_at(segment.anchor[0])
    beside = [m for m in placed if anchor and anchor.start <= m.start < anchor.end]
    pool = beside or placed
    if not pool:
        return None
    nearest = min(pool, key=lambda m: (distance(m, segment.anchor), m.start))
    here = [m for m in pool if m.kind == "here"]
    if here and (nearest.kind == "here" or not _is_located(reading, nearest)):
        return True
    return bool(here) and not beside


def _is_located(reading: _Reading, mention: PlaceMention) -> bool:
    """Whether a name stands where an event is put ("in X"), rather than as an actor or topic."""
    if mention.kind == "near":
        return True
    lexicon = reading.knowledge.lexicon(reading.prose.lang)
    if lexicon is None:
        return False
    start = max(0, mention.start - 40)
    before = reading.prose.text[start : mention.start].rstrip()
    words = before.split()
    return any(
        lexicon.first("locative", f" {word} ") is not None for word in words[-2:]
    )


def _view(reading: _Reading, segment: Segment) -> View:
    """The sentences that speak for a segment. The main one has the article's head and lead."""
    own = set(segment.sentences)
    if segment.kind == "main":
        top = {c.sentence.index for c in (*reading.head, *reading.lead)}
        rest = tuple(
            c for c in reading.cues
            if c.sentence.index not in top and c.sentence.zone in ("body", "caption")
        )  # fmt: skip
        return View(reading.head, reading.lead, rest[:BODY_SENTENCES])
    anchor = reading.prose.sentence_at(segment.anchor[0])
    first = anchor.index if anchor else min(own, default=0)
    told = [c for c in reading.cues if c.sentence.index in own and c.sentence.index >= first]
    return View(tuple(told[:1]), tuple(told[:_ITEM_LEAD]), tuple(told[_ITEM_LEAD:][:BODY_SENTENCES]))


def _score(reading: _Reading, segment: Segment, inside: bool | None) -> Score:
    policy = reading.knowledge.profile.policy
    features = measure(_view(reading, segment), policy.require_place)
    if policy.count_state_strikes:
        features = {k: v for k, v in features.items() if not k.endswith(".state")}
    if policy.count_crime:
        features = {k: v for k, v in features.items() if not k.endswith(".crime")}
    if segment.kind != "main":
        features[f"kind.{segment.kind}"] = Feature(1.0, segment.anchor)
    if policy.require_fresh:
        window = math.ceil(policy.fresh_hours / 24)
        features |= age_features(_age(reading, segment), window)
        features |= _known_past(reading, segment, window)
    if policy.require_place and inside is False:
        features["segment.elsewhere"] = Feature(1.0, segment.anchor)
    title = reading.head[0].sentence if reading.head else None
    if title is not None and segment.kind == "main" and reading.prose.of(title).rstrip().endswith("?"):
        features["head.question"] = Feature(1.0, (title.end - 1, title.end))
    if segment.kind == "main" and not _at_top(reading, segment):
        features["segment.late"] = Feature(1.0, segment.anchor)
    return score(features, reading.knowledge.classify_weights, section_of(policy))


def _at_top(reading: _Reading, segment: Segment) -> bool:
    top = {c.sentence.index for c in (*reading.head, *reading.lead)}
    return not top.isdisjoint(segment.sentences)


def _today(reading: _Reading) -> dt.date | None:
    """The document's day on the area's clock; None unless it said when it was published."""
    moment = reading.article.document_time
    if moment is None:
        return None
    zone = ZoneInfo(reading.knowledge.profile.zone)
    return (moment.astimezone(zone) if moment.tzinfo else moment).date()


def _age(reading: _Reading, segment: Segment) -> int | None:
    """Days between the attack and the document, where both are known; never negative."""
    today, date = _today(reading), segment.date
    if today is None or date.end is None or date.basis not in _OWN_DATE:
        return None
    return max(0, (today - date.end).days)


def _known_past(reading: _Reading, segment: Segment, window: int) -> dict[str, Feature]:
    """A past attack of the profile, named in the segment's head or lead."""
    today = _today(reading)
    if today is None:
        return {}
    view = _view(reading, segment)
    for cues in (*view.head, *view.lead):
        words = reading.prose.of(cues.sentence)
        for attack in reading.knowledge.profile.known:
            if (today - attack.date).days <= window:
                continue
            for name in attack.names:
                at = words.find(plain(name))
                if at >= 0:
                    start = cues.sentence.start + at
                    return {"known.past": Feature(1.0, (start, start + len(plain(name))))}
    return {}


def _role(reading: _Reading, segment: Segment, inside: bool | None, p: float) -> Role | None:
    policy = reading.knowledge.profile.policy
    if inside is False or segment.kind in ("aggregate", "threat"):
        return None
    if segment.retraction:
        return "retraction"
    located = inside or _area_at_top(reading)
    if not located:
        return None
    if p < min(EVEN, thresholds(policy, reading.prose.lang)[0]):
        return "background"
    if segment.kind == "background" and policy.require_main:
        return "background"
    return "roundup" if segment.kind == "item" and not _at_top(reading, segment) else "primary"


def _area_at_top(reading: _Reading) -> bool:
    return any(c.here for c in (*reading.head, *reading.lead))


def _verdict(
    reading: _Reading,
    segments: tuple[Segment, ...],
    inside: tuple[bool | None, ...],
    scores: tuple[Score, ...],
    roles: tuple[Role | None, ...],
) -> Verdict:
    policy, lang = reading.knowledge.profile.policy, reading.prose.lang
    places = _other_places(reading, segments, inside)
    ranked = sorted(
        range(len(segments)),
        key=lambda n: (roles[n] not in ("primary", "roundup"), -scores[n].probability, n),
    )
    if not ranked:
        return Verdict("other", 0.0, "drop", (), places)
    best = scores[ranked[0]]
    label = _label(segments, inside, roles)
    p = best.probability if label == "attack_report" else min(best.probability, EVEN - 1e-4)
    reasons = tuple(
        Reason(
            term.name,
            round(term.weight, 4),
            reading.prose.span(*term.feature.at) if term.feature.at is not None else None,
        )
        for term in best.terms
    )
    return Verdict(label, round(p, 4), band(p, policy, lang), reasons, places)


def _label(
    segments: tuple[Segment, ...], inside: tuple[bool | None, ...], roles: tuple[Role | None, ...]
) -> Label:
    if any(role in ("primary", "roundup") for role in roles):
        return "attack_report"
    if any(i is False and s.kind == "main" for s, i in zip(segments, inside, strict=True)):
        return "other_place"
    if any(role in ("background", "retraction") for role in roles):
        return "background_only"
    return "other_place" if False in inside else "other"


def _other_places(
    reading: _Reading, segments: tuple[Segment, ...], inside: tuple[bool | None, ...]
) -> tuple[str, ...]:
    """Names of the places of segments outside the area, in the order of the text."""
    names: list[str] = []
    for segment, here in zip(segments, inside, strict=True):
        if here is False:
            names += [
                m.entry.name
                for m in reading.mentions
                if m.kind == "elsewhere" and segment.holds(m.start)
            ]
    return tuple(dict.fromkeys(names))
