"""How many attacks a report tells of as one: a toll of several, and no site for each of them.

Rules
-----
1. Only the top counts them ("nine people were killed in two bombings in the city"), and only where no
   other attack of the area is told apart. Two blasts at one site are one attack.
2. Several sites named in one breath with attacks in the plural are as many attacks at least ("bombs in X
   and Y killed nine"). They have no place but what holds them all. Where the top counts attacks and names
   no site, they may stand below, if they are as many ("the first exploded in X and the second in Y").

Such a report may be of several incidents: its toll is no single one's (``merge.cluster.partition``).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from worker.core.annotate.place_mention import PlaceMention
from worker.core.domain.vocabulary import FINE_PLACES, WIDE_PLACES
from worker.core.extract.passage import Passage
from worker.core.extract.site import find_site
from worker.core.extract.target import Things
from worker.core.extract.unlisted import find_unlisted
from worker.core.lang.normalise import Range, holding, starting_in
from worker.core.lang.tokens import touched
from worker.core.text.prose import Sentence

_TOP = ("title", "lead")
_FEWEST = 2
_JOINED_CHARS = 24
"""Between two places of one breath: ", and ", "area and in the"."""


def count_attacks(passage: Passage, things: Things) -> int | None:
    """Of how many attacks the figures of a report are; None: of one, as far as anybody says."""
    if passage.segment.kind != "main" or any(s.kind == "item" for s in passage.others):
        return None
    sites = find_joined_sites(passage)
    counted = max(map(int, _counted(passage)), default=1)
    if len(sites) > 1:
        return max(len(sites), counted)
    return counted if counted > 1 and not _is_sited(passage, things) else None


def find_joined_sites(passage: Passage) -> list[PlaceMention]:
    """Sites of the area that one breath names for attacks in the plural, none inside another."""
    for sentence in _top(passage):
        if passage.has("plural_event", sentence) or passage.has("several_events", sentence):
            found = _joined(passage, sentence)
            if len(found) > 1:
                return found
    return _joined_below(passage)


def _joined_below(passage: Passage) -> list[PlaceMention]:
    """The same of the first sentence that names a site, under a top that counts as many attacks."""
    counted = max(map(int, _counted(passage)), default=1)
    own = (s for s in passage.prose.sentences if passage.segment.holds(s.start))
    first = next((s for s in own if _names_site(passage, s)), None)
    if counted < _FEWEST or first is None:
        return []
    told = passage.triggers_in(first) or passage.has("second_cue", first)
    found = _joined(passage, first) if told else []
    return found if len(found) == counted else []


def _names_site(passage: Passage, sentence: Sentence) -> bool:
    return any(_is_here(passage, m) for m in starting_in(passage.segment.places, sentence))


def _top(passage: Passage) -> Iterator[Sentence]:
    """The sentences of title and lead that belong to the attack."""
    for sentence in passage.prose.sentences:
        if sentence.zone in _TOP and passage.segment.holds(sentence.start):
            yield sentence


def _counted(passage: Passage) -> Iterator[str]:
    table, text = passage.lexicon.table("blast_count"), passage.prose.text
    for sentence in _top(passage):
        for told in passage.lexicon.find("several_events", text, sentence.start, sentence.end):
            yield from (value for _, value in table.find(text, told.start(), told.end()))


def _is_sited(passage: Passage, things: Things) -> bool:
    """Whether anything says where it was, finer than the city."""
    fine = (m.entry.kind in FINE_PLACES and m.kind != "elsewhere" for m in passage.segment.places)
    return any(fine) or find_site(passage, things) is not None or find_unlisted(passage) is not None


def _joined(passage: Passage, sentence: Sentence) -> list[PlaceMention]:
    """The first places of a sentence that follow each other in one breath, each outside the others."""
    fine = [m for m in starting_in(passage.segment.places, sentence) if _is_here(passage, m)]
    found = fine[:1]
    for one, two in pairwise(fine):
        if not _is_one_breath(passage, Range(one.end, two.start)):
            break
        if not any(_lie_together(passage, two, other) for other in found):
            found.append(two)
    return found


def _is_here(passage: Passage, place: PlaceMention) -> bool:
    heard = passage.ends_with("perceived_from", place.start) is not None
    return place.kind == "here" and place.entry.kind in FINE_PLACES and not heard


def _is_one_breath(passage: Passage, between: Range) -> bool:
    """Whether two places are parted by "and" or a comma, and by no attack, harm or number."""
    if between.end - between.start > _JOINED_CHARS:
        return False
    told = passage.triggers_in(between) or passage.has("harm", between)
    counted = starting_in(passage.annotated.counts, between)
    event = holding(passage.annotated.events, between.start)
    if told or counted or event is None:
        return False
    return any(event.tokens[at].tags & {"CONJ", "COMMA"} for at in touched(event.tokens, between))


def _lie_together(passage: Passage, a: PlaceMention, b: PlaceMention) -> bool:
    return bool(_within(passage, a) & _within(passage, b))


def _within(passage: Passage, place: PlaceMention) -> set[str]:
    """A place and all that it lies in, below the city."""
    entries = {e.id: e for e in passage.profile.places}
    found: set[str] = set()
    entry = entries.get(place.entry.id)
    while entry is not None and entry.kind not in WIDE_PLACES and entry.id not in found:
        found.add(entry.id)
        entry = entries.get(entry.parent or "")
    return found
