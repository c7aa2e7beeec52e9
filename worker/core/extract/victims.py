"""Names of victims as printed: weak evidence that two reports are of one incident.

Rules
-----
1. A name is a run of capitals after a word that introduces a victim ("killed journalist …",
   "identified as …"), or before an age and a word of harm ("…, 24, was killed").
2. A sentence about a suspect names no victim. Texts without capitals yield none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from worker.core.extract.passage import Passage
from worker.core.knowledge.profile import Profile
from worker.core.lang.normalise import Range, plain

_MOST_NAMES = 12
_AGED = re.compile(r"(?<![\w.'-])((?:[\w.'-]+ ){1,3}[\w.'-]+), (?:aged )?\d{1,2}(?=,| )")
_HARM_REACH_CHARS, _SUSPECT_REACH_CHARS = 60, 24


def find_victims(passage: Passage) -> tuple[str, ...]:
    """Victims' names in the order of the text, each once."""
    found = sorted({*_introduced(passage), *_aged(passage)}, key=lambda r: (r.start, r.end))
    if not found:
        return ()
    known = _known(passage.profile)
    names = (_printed(passage, at) for at in found)
    return tuple(dict.fromkeys(n for n in names if n and plain(n) not in known))[:_MOST_NAMES]


def _introduced(passage: Passage) -> Iterator[Range]:
    """Stretches that begin with a name after "identified as" and the like."""
    for lead in passage.find("victim_lead"):
        clause = passage.clause(lead.start())
        low = max(clause.start, lead.start() - _SUSPECT_REACH_CHARS)
        if not passage.has("suspect", Range(low, lead.end())):
            yield Range(lead.end(), clause.end)


def _aged(passage: Passage) -> Iterator[Range]:
    """Stretches of a name before an age, when harm follows."""
    for at in passage.segment.ranges:
        for match in _AGED.finditer(passage.prose.text, at.start, at.end):
            clause = passage.clause(match.start())
            stop = min(clause.end, match.end() + _HARM_REACH_CHARS)
            harmed = passage.has("harm", Range(match.end(), stop))
            if harmed and not passage.has("suspect", clause):
                yield _capitals_of(passage, Range.of(match, 1))


def _capitals_of(passage: Passage, words: Range) -> Range:
    """The name that a few words end with."""
    first = words.end
    found = re.compile(r"[\w.'-]+").finditer(passage.prose.text, words.start, words.end)
    for word in reversed(list(found)):
        if not passage.prose.norm.letter(word.start()).isupper():
            break
        first = word.start()
    return Range(first, words.end)


def _printed(passage: Passage, at: Range) -> str | None:
    """The run of two to four capitalised words that opens a stretch, as printed."""
    words: list[str] = []
    for match in re.compile(r"\s*([^\s,;:]+)(,?)").finditer(passage.prose.text, at.start, at.end):
        word = passage.prose.span(Range.of(match, 1)).quote.rstrip(".")
        word, owner = re.sub(r"['’]s$", "", word), word
        initial = len(word) == 1 and word.isupper()
        if not word or not (initial or (word[0].isupper() and not word.isupper())):
            break
        words.append(word)
        if match.group(2) or word != owner or len(words) == 4:
            break
    enough = len(words) >= 2 and not _is_capitalised(passage, at.start)
    return " ".join(words) if enough else None


def _is_capitalised(passage: Passage, position: int) -> bool:
    """Whether a position stands in a title, or in a sentence that is all capitals.

    Two capitals in a row are no full name there. (A single name may still be one: ``noun_phrase.is_name``
    looks at how many words of the sentence begin with a capital.)
    """
    sentence = passage.sentence(position)
    if sentence is None or sentence.zone == "title":
        return True
    return passage.prose.span(sentence).quote.isupper()


@lru_cache(maxsize=8)
def _known(profile: Profile) -> frozenset[str]:
    """Names that are places, groups or institutions of the profile, never victims."""
    names: set[str] = set()
    for place in profile.places:
        names |= {plain(v) for v in (place.name, *place.variants)}
    for actor in profile.actors:
        names |= {plain(v) for v in (actor.name, *actor.variants, *actor.speakers)}
    for institution in profile.institutions:
        names |= {plain(v) for v in (institution.name, *institution.variants, *institution.people)}
    return frozenset(names)
