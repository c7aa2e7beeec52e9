"""An abduction that ended in a killing: which days are those of the abduction.

Rules
-----
1. Where a body is found, the day of the abduction is not that of the attack: it is told as how it began.
2. It opens no attack of its own: "the body of a cook who was kidnapped two days ago was found on
   Thursday". Nor does a later sentence: "he was taken outside his shop on Tuesday".
3. Another person's does: "another cook was kidnapped last week", "two guards were taken on Monday".
"""

from __future__ import annotations

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.date_mention import DateMention
from worker.core.domain.report import IncidentDate
from worker.core.lang.normalise import Range, holding, inside
from worker.core.text.prose import Sentence

_ABDUCTIONS = frozenset({"hostage_taking_kidnapping", "hostage_taking_barricade"})
_BESIDE_CHARS = 4
_HELD_DAYS = 31
"""Whoever was taken longer ago is told of as another matter."""
_TOP_SENTENCES = 2
"""Headline and first sentence."""
_NEW = frozenset({"INDEFINITE", "NUM"})


def is_lead_sentence(annotated: Annotated, sentence: Sentence) -> bool:
    """Whether a sentence is the first of the body."""
    first = next((s for s in annotated.prose.sentences if s.zone != "title"), None)
    return first is sentence


def is_of_abduction(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a date is that of an abduction whose end is told: "taken nine days ago, found dead"."""
    if not annotated.has("body_found", sentence):
        if sentence.zone == "title" or is_lead_sentence(annotated, sentence):
            return False
        taken = annotated.has("abducted", sentence) and _ends_in_death(annotated)
        return taken or annotated.has("body_found", annotated.prose.sentences[0])
    if _is_of_the_taken(annotated, mention, sentence):
        return True
    spots = inside(annotated.triggers, sentence)
    abducted = [spot for spot in spots if spot.type in _ABDUCTIONS]
    if abducted:  # "abducted by gunmen": who did it is no other attack
        others = (s for s in spots if not annotated.has("attackers", s))
        spots = tuple(dict.fromkeys([*abducted, *others]))
    nearest = min(spots, default=None, key=lambda spot: (mention.gap(spot), spot.start))
    found = annotated.first("body_found", sentence)
    if nearest is None or nearest.type not in _ABDUCTIONS or found is None:
        return False
    if not mention.anaphoric and found.end() <= mention.start < nearest.start:
        return False  # "was found dead on Monday, two days after he was kidnapped"
    ends = Range(found.end() - 1, found.end())
    if (
        nearest.end <= mention.start
        and Range.of(found).holds(nearest.start)
        and mention.end < ends.start
    ):
        return True  # "the body of a man seized by gunmen five days ago was found"
    return mention.anaphoric or mention.gap(nearest) < mention.gap(ends)


def _ends_in_death(annotated: Annotated) -> bool:
    """Whether headline or first sentence tell that a body was found."""
    top = annotated.prose.sentences[:_TOP_SENTENCES]
    return any(annotated.has("body_found", each) for each in top)


def _is_of_the_taken(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a day stands between the two: "who was seized in the city on Friday has been found dead"."""
    taken, found = annotated.first("abducted", sentence), annotated.first("body_found", sentence)
    if taken is None or found is None:
        return False
    return taken.end() <= mention.start and mention.end < found.start() - _BESIDE_CHARS


def began_with(
    annotated: Annotated, mention: DateMention, sentence: Sentence, main: IncidentDate
) -> bool:
    """Whether a day is that of the abduction with which the killing that is told began."""
    if main.start is None or not 0 <= (main.start - mention.last).days <= _HELD_DAYS:
        return False
    if not _ends_in_death(annotated):
        return False
    taken, found = annotated.first("abducted", sentence), annotated.first("body_found", sentence)
    if taken is not None and found is not None:
        before = taken.end() <= mention.start and mention.end <= found.end()
        return before or found.end() <= mention.start < taken.start()
    return taken is not None and not _is_of_others(annotated, Range(sentence.start, taken.start()))


def _is_of_others(annotated: Annotated, before: Range) -> bool:
    """Whether the words before "was kidnapped" bring in somebody else: "another", "two"."""
    event = holding(annotated.events, before.start)
    if event is None or annotated.has("another_cue", before):
        return True
    opening = [t for t in event.tokens if t.end <= before.end][:1]
    return any(t.tags & _NEW for t in opening) or bool(inside(annotated.triggers, before))
