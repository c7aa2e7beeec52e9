"""Names beside the area: whether "south of the city" or "near it" is the area after all.

Rules
-----
1. What lies in a direction from the area is a part of it where a quarter stands right before: "X
   district, south of the city".
2. "South of the city" and "outside it" are where the next sentences put something: in a district of
   the area, or in another town. A place says so only behind a locative cue. So is a headline's "30 km
   south of the city"; a text that says how far away it was means what it says.
3. "Near the city" is the area, unless the first sentences go on in another town, or say how far away it
   was.
"""

from __future__ import annotations

from worker.core.annotate.place_mention import MentionKind, PlaceMention
from worker.core.domain.vocabulary import FINE_PLACES
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range
from worker.core.text.prose import Prose

_STORY_SENTENCES = 3
"""Sentences in which a story says where it goes."""
_DISTRICTS = ("district", "neighbourhood")
_LOCATIVE_REACH_CHARS = 200
_PART_REACH_CHARS = 40
_MOST_WORDS_PASSED = 5


def is_part(name: Range, mentions: tuple[PlaceMention, ...]) -> bool:
    """Whether what lies in that direction is a part of the area itself: "X district, south of …"."""
    reach = Range(name.start - _PART_REACH_CHARS, name.start)
    return any(
        reach.holds(m.end) and m.kind == "here" and m.entry.kind in FINE_PLACES for m in mentions
    )


def story_place(
    prose: Prose,
    lexicon: Lexicon | None,
    mention: PlaceMention,
    mentions: tuple[PlaceMention, ...],
) -> MentionKind | None:
    """Where a story goes that begins near the area: "south of the city", then "in Musahi".

    The first place says so that the story puts something in; a hospital or an office would not.
    """
    last = _last_of_opening(prose, mention)
    for m in mentions:
        sentence = prose.sentence_at(m.start)
        if sentence is not None and sentence.index > last:
            break
        district = m.entry.kind in _DISTRICTS
        if m.start <= mention.start or in_title(prose, m):
            continue
        if not (district or m.kind == "elsewhere"):
            continue
        if (district and m.kind == "here") or is_located(prose, lexicon, m):
            return m.kind
    return None


def goes_beyond(
    prose: Prose,
    mention: PlaceMention,
    mentions: tuple[PlaceMention, ...],
    directions: tuple[Range, ...],
) -> bool:
    """Whether a story that begins "near" the area goes on with how far away it was.

    "Near the city", and then "on a road 50 km south of it"; not "in Musahi, 30 km south of it".
    """
    last = _last_of_opening(prose, mention)
    for direction in directions:
        sentence = prose.sentence_at(direction.start)
        if direction.start <= mention.end or sentence is None or sentence.zone == "title":
            continue
        if sentence.index <= last and not is_part(direction, mentions):
            return True
    return False


def _last_of_opening(prose: Prose, mention: PlaceMention) -> int:
    """The index of the last sentence in which a story says where it goes."""
    told = prose.sentence_at(mention.start)
    return _STORY_SENTENCES + (told.index if told is not None else 0)


def in_title(prose: Prose, mention: PlaceMention) -> bool:
    """Whether a name stands in a headline."""
    sentence = prose.sentence_at(mention.start)
    return sentence is not None and sentence.zone == "title"


def is_located(prose: Prose, lexicon: Lexicon | None, mention: PlaceMention) -> bool:
    """Whether a generic name stands right after a locative cue, "the gates of the" aside."""
    if lexicon is None:
        return False
    sentence = prose.sentence_at(mention.start)
    low = max(sentence.start if sentence else 0, mention.start - _LOCATIVE_REACH_CHARS)
    before = prose.text[low : mention.start]
    passed = [lexicon.pattern(c) for c in ("determiner", "site_generic")]
    for _ in range(_MOST_WORDS_PASSED):
        if any(m.end() >= len(before.rstrip()) for m in lexicon.find("locative", before)):
            return True
        last = before.split(" ")[-2:-1] or [""]
        if not any(p is not None and p.fullmatch(last[0]) for p in passed):
            return False
        before = before[: -len(last[0]) - 1]
    return False
