"""Articles of many matters (bulletins, round-ups, newsletters): the sentences that tell the attack.

Rules
-----
1. An article is a digest when its headline or its opening says so ("Evening bulletin", "World in
   brief", "Good morning. Here is what you may have missed"), when its headline lists three matters
   ("Ferry talks collapse; blast in the capital; heat record"), or when
   its paragraphs are a list. So is a live page ("… live", "as it happened") whose headline tells no
   attack of the area. Bars separate sections, not matters ("ALERT | Country | Blast …").
2. A digest is not about its top. The paragraph that tells the attack is read as an article of its
   own, without a headline, by the weights of a first sentence.
3. That paragraph is the one whose event is told here, best with its day and its harm; of equals the
   first. Its own first ``TOLD_SENTENCES`` sentences count; a paragraph of one sentence (a script of
   television news) goes on with the next.

("A knifeman attacks worshippers in the capital" is the third of four headlines that a radio reads,
and the second of its news. By its top that bulletin is about lorries at a border.)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.counts import CountMention
from worker.core.annotate.events import EventSentence, lists_matters
from worker.core.knowledge.weights import EventWeights
from worker.core.segment.event_mention import event_score, main_event, tells_harm
from worker.core.segment.turns import begins_with_another

TOLD_SENTENCES = 3
_OPENING_SENTENCES = 2
_HERE_TAGS = frozenset({"HERE", "DATELINE"})
_ATTACK_HERE = frozenset({"HERE", "EVENT"})
_TOLD_HERE = frozenset({"HERE", "REAL_EVENT"})
_WITH_HARM, _WITH_DAY = 1.0, 1.0
"""How much a paragraph gains by its harm and by a day of these days: as much as any trait."""


def is_digest(annotated: Annotated) -> bool:
    """Whether an article says of itself that it tells of many matters, or is a list."""
    if len({event.paragraph for event in annotated.events if event.item}) > 1:
        return True
    opened = 0
    for sentence in annotated.prose.sentences:
        if sentence.zone == "title":
            words = annotated.prose.of(sentence)
            if lists_matters(words) or annotated.has("cue_digest", sentence):
                return True
            if annotated.has("live_headline", sentence) and not _tells_attack_here(annotated):
                return True
        elif sentence.zone == "lead":
            opened += 1
            if opened <= _OPENING_SENTENCES and annotated.has("digest_opening", sentence):
                return True
    return False


def _tells_attack_here(annotated: Annotated) -> bool:
    """Whether the headline tells an attack of the area: the entries below are about that one."""
    return any(e.zone == "title" and e.tags >= _ATTACK_HERE for e in annotated.events)


def telling_sentences(
    annotated: Annotated, weights: EventWeights, numbers: Collection[int] | None = None
) -> tuple[EventSentence, ...]:
    """The sentences of a digest that tell its attack here, among those with these numbers.

    Empty when no paragraph tells one, or when the language has no words of events.
    """
    body = [event for event in annotated.events if event.body_number >= 0]
    placed = {event.paragraph for event in body if event.tags & _HERE_TAGS}
    best: tuple[float, int] | None = None
    for at, sentence in enumerate(body):
        is_asked = numbers is None or sentence.index in numbers
        if not is_asked or sentence.paragraph not in placed:
            continue
        score = _told(annotated, sentence, weights)
        if score is not None and (best is None or score > best[0]):
            best = score, at
    if best is None:
        return ()
    return _from(body, _first_told(annotated, body, best[1], weights))


def find_item(annotated: Annotated, weights: EventWeights) -> EventSentence | None:
    """The sentence that tells a digest's attack, where people of another paragraph are counted, too."""
    told = first_telling(annotated, weights)
    return told if told is not None and _counts_others(annotated, told) else None


def first_telling(annotated: Annotated, weights: EventWeights) -> EventSentence | None:
    """The sentence that tells a digest's attack, if nothing above it does.

    None where its own top, or a sentence before, tells it: "Flash report: bomb in the capital … Other
    incidents".
    """
    told = next(iter(telling_sentences(annotated, weights)), None)
    if told is None:
        return None
    before = (sentence for sentence in annotated.events if sentence.start < told.start)
    if any((s.zone == "title" and "HERE" in s.tags) or s.tags >= _TOLD_HERE for s in before):
        return None
    return told


def _counts_others(annotated: Annotated, told: EventSentence) -> bool:
    """Whether people are counted before a sentence; behind it, if another paragraph was before it.

    A digest that begins with its attack goes on with it.
    """
    own = {e.index for e in annotated.events if e.paragraph == told.paragraph}
    behind = begins_with_another(annotated.events, told)
    others = (c for c in annotated.counts if not c.is_headline and c.sentence not in own)
    return any(c.number.start < told.start or behind for c in others)


def _first_told(
    annotated: Annotated, body: Sequence[EventSentence], best: int, weights: EventWeights
) -> int:
    """The first sentence of the best one's paragraph that tells an attack here.

    "A man has blown himself up in the capital. Six people are dead": the harm comes after the attack.
    """
    for at in range(best):
        same = body[at].paragraph == body[best].paragraph and "REAL_EVENT" in body[at].tags
        if same and _told(annotated, body[at], weights) is not None:
            return at
    return best


def _told(annotated: Annotated, sentence: EventSentence, weights: EventWeights) -> float | None:
    """How well a sentence tells an attack of these days; None if it tells none, or one elsewhere."""
    counts: list[CountMention] = [c for c in annotated.counts if c.sentence == sentence.index]
    event = main_event(sentence, weights, counts)
    if event is None or event.is_bad or "away" in event.traits:
        return None
    has_harm = tells_harm(sentence, counts, main=False)
    return (
        event_score(event, weights) + _WITH_HARM * has_harm + _WITH_DAY * ("fresh" in event.traits)
    )


def _from(body: Sequence[EventSentence], at: int) -> tuple[EventSentence, ...]:
    """The sentence at an index and those that go on with it, from the head of its paragraph."""
    paragraph = body[at].paragraph
    own = [event for event in body if event.paragraph == paragraph]
    if len({event.index for event in own}) > 1:
        after = [event for event in own if event.index >= body[at].index]
        return tuple(after[:TOLD_SENTENCES])
    return tuple(body[at : at + TOLD_SENTENCES])
