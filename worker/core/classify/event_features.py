"""Features of event words: what the events of an article say of themselves, where and when they were.

Rules
-----
1. Of each sentence the main event word speaks (``segment/event_mention``), by its traits. The article
   as a whole has those of its headline (``head``) and first sentence (``lead``), and what title and the
   first ``TOP_SENTENCES`` sentences say together of place, time and kind. An attack told further down
   has those of its own sentence (``item``).
2. An event is placed by the place beside it, not by any name in the article: ``place.close`` is an
   attack told here, ``away.only`` one that is told elsewhere and nowhere here.
3. Words tell what the article is besides: reaction, accident, operation, comment, pictures. A frame of
   speech ("bowlers were ambushed") shows in several words of another field, so these are counted.
4. What a language has no words for cannot speak against an article: a pack without the classes of
   ``NEEDED`` has ``events.unread`` and nothing else from here.

Which clause an event stands in, and whether it is definite, was measured to tell nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.events import FRESH_DAYS, EventSentence, label_of
from worker.core.classify.event_place import measure_away, measure_place
from worker.core.classify.features import Feature
from worker.core.classify.told import ABOUT, Told, Top, range_of, read_told, with_tag
from worker.core.knowledge.weights import EventWeights
from worker.core.lang.normalise import Range
from worker.core.lang.tokens import Token
from worker.core.segment.event_mention import event_tokens, read_event, tells_harm

TOP_SENTENCES = 3
"""Sentences of the body that, with the title, may tell what an article is about."""
NEEDED = frozenset({"ATTACKER", "HARM", "KILL", "POLITICS", "REACTION", "THREAT"})
_TRAITS = (
    "harm_main", "noun", "sub", "threat", "many", "earlier", "weeks", "year", "old", "known", "harm",
    "actor", "reaction", "politics", "harm_only", "remembered",
)  # fmt: skip
_WORDS = {
    "ACCIDENT": "accident", "CRIME": "crime", "OPERATION": "operation", "COMBAT": "combat",
    "ANNIVERSARY": "anniversary", "COURT": "court", "HISTORY": "history", "MILITANT_KILLED": "militant_killed",
}  # fmt: skip
_FRAMES = {"HEADLINE_FRAME": "frame", "COMMENT_FRAME": "comment"}
_NEWS = {"CLAIMED": "claimed", "TOLL_ROSE": "toll_rose", "SIEGE_END": "siege"}
_ITEM_TRAITS = (*_TRAITS, "here", "away", "here_far", "fresh")
_FIGURATIVE = 2
"""So many words of another field make a figure of speech certain."""
_SETTING = "SETTING"
"""Tag of what went on where an attack happened: no word of what the article is about."""
_VIDEO_TOKENS = 2
_COUNTED_SENTENCES = 14
"""Sentences of the body in which a story that begins slowly comes to its count."""
_COUNTED_DAYS = 2
_NOT_NOW = frozenset({"OLD", "MANY_EVENTS", "COUNTED_OVER", "EARLIER"})
_PERIODIC = "PERIODIC"
"""Tag of a report that counts the attacks of months: its day is not theirs."""
_LATE = 6
_MOST_LATE = 2
_REACTING = frozenset({"REACTION", "TALK", "POLITICS"})
_PAST = frozenset({"old", "weeks", "year", "earlier"})
EVENT_FEATURES = frozenset({
    *(f"{zone}.event_{name}" for zone in ("head", "lead") for name in (*_TRAITS, "none", "figure")),
    *(f"item.event_{name}" for name in (*_ITEM_TRAITS, "figure", "late", "separate", "roundup", "dates")),
    *(f"{zone}.word_{name}" for zone in ("head", "lead", "item") for name in _WORDS.values()),
    *(f"new.{name}" for name in _NEWS.values()),
    "head.frame", "head.comment", "head.origin", "lead.origin", "head.attack_first",
    "lead.day_after", "head.what_we_know", "head.video", "top.figurative", "top.source",
    "event.real", "event.harm", "event.none", "event.state", "event.kidnapping",
    "place.close", "place.told", "place.twice", "place.further", "place.sentence", "place.top",
    "place.body", "place.none", "away.event", "away.only", "away.told", "away.first", "away.top",
    "away.filed", "time.fresh", "time.fresh_here", "time.near", "time.old", "time.old_only",
    "time.many_only",
    "time.old_nearer", "head.located_away", "lead.located_away",
    "new.own_count", "reaction.bare", "reaction.both", "share.events", "share.here", "events.short", "events.unread",
    "segment.digest", "head.event_whole", "lead.event_whole", "lead.event_retold",
    "away.put", "away.dates", "place.filed_city", "body.event_counted",
})  # fmt: skip
"""Every feature that is measured here, all only where the place matters."""


def measure_article(
    annotated: Annotated, weights: EventWeights, only: tuple[EventSentence, ...] = ()
) -> dict[str, Feature]:
    """The features of an article as a whole, or of those of its sentences alone. Pure; raises nothing."""
    if not _reads_events(annotated):
        return {"events.unread": Feature(1.0)}
    told = [t for t in read_told(annotated, weights) if not only or t.sentence in only]
    title = () if only else tuple(t for t in told if t.sentence.zone == "title")[:1]
    body = tuple(t for t in told if t.sentence.body_number >= 0) or tuple(
        t for t in told if t.sentence.zone == "caption"
    )
    body = tuple(t for t in body if not _fills_in_form(t)) or body
    top = Top(title, body[:TOP_SENTENCES], body[TOP_SENTENCES:])
    for zone, part in (("head", top.title), ("lead", top.body[:1])):
        for each in part:
            _measure_sentence(top.found, zone, each)
    _measure_headline(top)
    _measure_order(top)
    _measure_whole(top)
    _measure_kind(top)
    measure_place(top)
    measure_away(annotated, top)
    _measure_time(top)
    _measure_news(top)
    _measure_share(top)
    _measure_counted(top)
    return top.found


def _fills_in_form(told: Told) -> bool:
    """Whether a line only fills in a form: "Location: PD 10". What it tells of is told below."""
    label = label_of(told.sentence.tokens)
    return told.event is None and any("FORM_LABEL" in t.tags for t in label[:1])


def measure_item(annotated: Annotated, weights: EventWeights, anchor: Range) -> dict[str, Feature]:
    """The features of an attack told further down, by the sentence of its first word."""
    if not _reads_events(annotated):
        return {"events.unread": Feature(1.0)}
    told = read_told(annotated, weights)
    own = next((t for t in told if t.sentence.holds(anchor.start)), None)
    if own is None:
        return {}
    found: dict[str, Feature] = {}
    _measure_sentence(found, "item", own, _ITEM_TRAITS)
    found.pop("item.event_none", None)
    number = own.sentence.body_number
    found["item.event_late"] = Feature(min(_MOST_LATE, max(0, number) / _LATE))
    if any({"SEPARATELY", "MEANWHILE"} & t.tags for t in own.sentence.tokens[:_LEADING]):
        found["item.event_separate"] = Feature(1.0, own.first("SEPARATELY"))
    _measure_figurative(found, [t for t in told if t.sentence.is_top])
    lead = next((t for t in told if t.sentence.body_number == 0), None)
    is_away = lead is not None and lead.has("away") and lead.has(*ABOUT)
    if is_away and _only_dates(own):
        found["item.event_dates"] = Feature(1.0, own.at)
    elif own.sentence.item or is_away:
        found["item.event_roundup"] = Feature(1.0, own.at)
    return found


def _only_dates(told: Told) -> bool:
    """Whether an attack says when something else was: "the day after bombs killed 12 in the city"."""
    before = told.sentence.tokens[: told.event.index] if told.event is not None else ()
    return any(
        (_is_days(span) or "HOURS" in span.tags) and "SUBORDINATOR" in after.tags
        for span, after in pairwise(before)
    )


_LEADING = 4
_VIOLENT = frozenset({"EVENT", "WEAK_EVENT", "HARM", "KILL", "WEAPON", "ATTACKER"})


def _reads_events(annotated: Annotated) -> bool:
    language = annotated.language
    return language is not None and language.listed >= NEEDED and bool(annotated.events)


def _measure_sentence(
    found: dict[str, Feature], zone: str, told: Told, traits: Iterable[str] = _TRAITS
) -> None:
    """What the event of one sentence says of itself, and what its words say besides."""
    if told.event is None:
        found[f"{zone}.event_none"] = Feature(1.0, told.sentence)
        for tag in ("REACTION", "TALK"):
            if tag in told.sentence.tags:
                found[f"{zone}.event_reaction"] = Feature(1.0, told.first(tag))
    for name in traits:
        if told.has(name):
            word = {"reaction": "REACTION", "politics": "POLITICS"}.get(name, "")
            found[f"{zone}.event_{name}"] = Feature(1.0, told.first(word) if word else told.at)
    for word, name in _WORDS.items():
        if at := _about(told, word):
            found[f"{zone}.word_{name}"] = Feature(1.0, at)
    if tells_harm(told.sentence, told.counts, main=False):
        found[f"{zone}.event_figure"] = Feature(1.0, told.sentence)


def _about(told: Told, word: str) -> Range | None:
    """The first word of a class that says what a sentence is about: "gunmen attack a drill" is no drill."""
    found = (range_of(t) for t in told.sentence.tokens if word in t.tags and _SETTING not in t.tags)
    return next(found, None)


def _measure_headline(top: Top) -> None:
    """Frames of headlines: comment, summary, pictures."""
    for told in top.title:
        tokens = told.sentence.tokens
        opening = [tokens[0]]
        opening += [b for a, b in pairwise(tokens) if a.word == ":"][:1]
        # "The Long Shift review: a tense drama"
        closing = [a for a, b in pairwise(tokens) if "BREAK" in b.tags][:1]
        opening += [token for token in closing if "COMMENT_FRAME" in token.tags]
        for token in opening:
            for tag, name in _FRAMES.items():
                if tag in token.tags:
                    top.add(f"head.{name}", range_of(token))
        for token in (*tokens[:_VIDEO_TOKENS], *tokens[-_VIDEO_TOKENS:]):
            if "VIDEO" in token.tags:
                top.add("head.video", range_of(token))
        if "WHAT_WE_KNOW" in told.sentence.tags:
            top.add("head.what_we_know", told.first("WHAT_WE_KNOW"))


def _measure_order(top: Top) -> None:
    """What comes first in a headline is its news: "Blasts in the city; officials blame rebels".

    And what the lead calls a day old is still fresh, though another clause is its main one.
    """
    for told in top.title:
        event = told.event
        if event is None or event.is_bad or not (told.has("here") and told.has(*ABOUT)):
            continue
        before, after = told.sentence.tokens[: event.index], told.sentence.tokens[event.index + 1 :]
        first = not any(t.tags & _REACTING for t in before)
        if first and not any("BREAK" in t.tags for t in after[:1]):
            top.add("head.attack_first", told.at)
    is_away = any(told.has("away") and told.has(*ABOUT) for told in top.title)
    for told in top.body[:1] if not is_away else ():
        span = find_day_after(told.sentence.tokens) if told.event is not None else None
        if span is not None:
            top.add("lead.day_after", span)
            if _is_retold(told):
                top.add("lead.event_retold", told.at)
        harmed = any(tells_harm(t.sentence, t.counts, main=False) for t in top.all)
        of_day = any("IS_OF_DAY" in token.tags for token in told.sentence.tokens)
        if of_day and told.has("here") and harmed:
            top.add("lead.event_retold", told.at)


def _is_retold(told: Told) -> bool:
    """Whether any event of a sentence is told here, with who did it or whom it hit."""
    harm = tells_harm(told.sentence, told.counts, main=False)
    events = (read_event(told.sentence, i, told.counts) for i, _ in event_tokens(told.sentence))
    return any("here" in event.traits and (harm or "actor" in event.traits) for event in events)


def find_day_after(tokens: Sequence[Token]) -> Range | None:
    """A short span before or after an attack ("a day after", "hours earlier", "the previous night")."""
    for before, span, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if "HOURS" in span.tags or ("INDEFINITE" in before.tags and _is_days(span)):
            if after.tags & {"SUBORDINATOR", "AGO"} and (before.value or 1) <= FRESH_DAYS:
                return Range(span.start, after.end)
        is_earlier = "EARLIER" in before.tags and "OLD" not in span.tags
        if is_earlier and (_is_days(span) or "FRESH_WORD" in span.tags):
            return Range(before.start, span.end)
    return None


def _is_days(token: Token) -> bool:
    return "TIME_SPAN" in token.tags and "LONG_SPAN" not in token.tags


def _measure_whole(top: Top) -> None:
    """A sentence that tells the whole news: an attack here, its harm, and in the first sentence its day.

    Only all of it together speaks against a reaction beside it ("UN condemns …, gunmen killed six in
    the city on Monday"), so it is counted together.
    """
    for zone, part in (("head", top.title), ("lead", top.body[:1])):
        for told in part:
            event = told.event
            if event is None or event.is_bad or told.has("reaction", "politics", "known", "sub"):
                continue
            harmed = told.has("harm_main") or tells_harm(told.sentence, told.counts, main=True)
            dated = zone == "head" or told.has("fresh")
            if harmed and dated and told.has("here"):
                top.add(f"{zone}.event_whole", told.at)


def _measure_kind(top: Top) -> None:
    """Which kind of event is told: an attack, a death, one by a state; or a figure of speech."""
    told = top.told
    real = [t for t in told if not t.has("harm_only")]
    if real:
        top.add("event.real", real[0].at)
    elif told:
        top.add("event.harm", told[0].at)
    else:
        top.add("event.none", None)
    for each in with_tag(told, "STATE_STRIKE"):
        top.add("event.state", each.first("STATE_STRIKE"))
    if told and told[0].event is not None and "KIDNAPPING" in told[0].event.token.tags:
        top.add("event.kidnapping", told[0].at)
    _measure_figurative(top.found, top.all)
    if told and any("SAYS" in t.sentence.tags for t in top.all):
        top.add("top.source", next(t for t in top.all if "SAYS" in t.sentence.tags).first("SAYS"))


def _measure_figurative(found: dict[str, Feature], told: Sequence[Told]) -> None:
    """Words of another field: the more, the surer its attacks are figures of speech."""
    tokens = (t for s in told for t in s.sentence.tokens)
    literal = {_SETTING, *(("GAME",) if _counts_victims(told) else ())}
    words = {t.word: t for t in tokens if "FIGURATIVE" in t.tags and not t.tags & literal}
    if words:
        first = min(words.values(), key=lambda t: t.start)
        found["top.figurative"] = Feature(min(1.0, len(words) / _FIGURATIVE), range_of(first))


def _counts_victims(told: Sequence[Told]) -> bool:
    """Whether victims are counted beside what did it: a match may be where a bomb exploded."""
    return any(
        t.has("actor", "main") and not t.has("harm_only") for t in told if t.event is not None
    ) and any(tells_harm(t.sentence, t.counts, main=True) for t in told)


def _distance(told: Told, tag: str) -> int:
    """Tokens between the event and the nearest word with a tag; very many if there is none."""
    tokens = told.sentence.tokens
    index = told.event.index if told.event is not None else 0
    return min((abs(i - index) for i, t in enumerate(tokens) if tag in t.tags), default=len(tokens))


def _measure_time(top: Top) -> None:
    """Whether an event is of these days, or of another time."""
    fresh = [t for t in top.told if t.has("fresh") and _PERIODIC not in t.sentence.tags]
    if fresh:
        top.add("time.fresh", fresh[0].at)
        if "place.close" in top.found:
            top.add("time.fresh_here", fresh[0].at)
        if _distance(fresh[0], "OLD") < _distance(fresh[0], "FRESH"):
            top.add("time.old_nearer", fresh[0].first("OLD"))
    else:
        for each in with_tag(top.all, "FRESH"):
            top.add("time.near", each.first("FRESH"))
        counted = [t for t in top.first if _is_count_of_many(t)]
        for many in counted[:1]:
            top.add("time.many_only", many.at)
    past = [t for t in top.all if t.has(*_PAST)]
    if past:
        top.add("time.old", past[0].at)
        if not fresh:
            top.add("time.old_only", past[0].at)


def _is_count_of_many(told: Told) -> bool:
    """Whether a sentence counts attacks over months, or how many there were, and tells none itself."""
    tags = told.sentence.tags
    many = told.has("many") or _PERIODIC in tags
    if not many and told.event is None and "MANY_EVENTS" in tags:
        # "Twice this month she changed her route" counts nothing of the kind.
        tokens = told.sentence.tokens
        counted = ("MANY_EVENTS" in t.tags and "COUNTED_OVER" not in t.tags for t in tokens)
        many = bool(tags & _VIOLENT) or any(counted)
    return many and "COUNTED_OVER" in told.sentence.tags


def _measure_news(top: Top) -> None:
    """New facts of an attack, or a reaction that tells none."""
    events = any(t.event is not None for t in top.all)
    for tag, name in _NEWS.items() if events else ():
        for each in with_tag(top.all, tag):
            top.add(f"new.{name}", each.first(tag))
    _measure_own_count(top)
    reactions = [n for n in ("head.event_reaction", "lead.event_reaction") if n in top.found]
    if reactions and not any(t.has(*ABOUT) for t in top.told):
        top.add("reaction.bare", top.found[reactions[0]].at)
    if len(reactions) > 1:
        top.add("reaction.both", top.found[reactions[0]].at)


def _measure_own_count(top: Top) -> None:
    """Who reacts to an attack of these days and has counted its victims himself brings a new toll."""
    if not any(t.has("fresh") and t.has("here") for t in top.told):
        return
    for told in (*top.body, *top.later)[:_COUNTED_SENTENCES]:
        counts = tells_harm(told.sentence, told.counts, main=False)
        if counts and "OWN_COUNT" in told.sentence.tags:
            top.add("new.own_count", told.first("OWN_COUNT"))
            return


def _measure_share(top: Top) -> None:
    """How much of a longer article tells of events, and of events here."""
    body = (*top.body, *top.later)
    if len(body) <= TOP_SENTENCES:
        top.add("events.short", None)
        return
    events = [t for t in body if t.event is not None]
    here = [t for t in events if "HERE" in t.sentence.tags]
    for name, part in (("share.events", events), ("share.here", here)):
        if part:
            top.found[name] = Feature(len(part) / len(body), part[0].at)


def _measure_counted(top: Top) -> None:
    """A story that opens with a scene and comes to its count: somebody says how many, on these days.

    "The machines were still warm yesterday … In all, 17 were killed, the minister said on Thursday."
    What looks back names another time, and what is told of elsewhere or of a game is none.
    """
    body = (*top.body, *top.later)[:_COUNTED_SENTENCES]
    if any(t.has(*_PAST) for t in body) or any("OLD" in t.sentence.tags for t in top.all):
        return
    if {"time.old", "top.figurative", "away.only"} & set(top.found):
        return
    days = sum("FRESH" in t.sentence.tags for t in body)
    here = any("HERE" in t.sentence.tags for t in (*top.title, *body))
    for told in body if here and days >= _COUNTED_DAYS else ():
        tags = told.sentence.tags
        if (
            "SAYS" in tags
            and not tags & _NOT_NOW
            and tells_harm(told.sentence, told.counts, main=True)
        ):
            top.add("body.event_counted", told.sentence)
            return
