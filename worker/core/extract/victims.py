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

from worker.core.extract.passage import Passage
from worker.core.lang.normalise import plain

_MOST_NAMES = 12
_AGED = re.compile(r"((?:[\w.'-]+ ){1,3}[\w.'-]+), (?:aged )?\d{1,2}(?=,| )")
_HARM_REACH_CHARS, _SUSPECT_REACH_CHARS = 60, 24


def find_victims(passage: Passage) -> tuple[str, ...]:
    """Victims' names in the order of the text, each once."""
    found = sorted({*_introduced(passage), *_aged(passage)})
    if not found:
        return ()
    known = _known(passage)
    names = (_printed(passage, start, end) for start, end in found)
    return tuple(dict.fromkeys(n for n in names if n and plain(n) not in known))[:_MOST_NAMES]


def _introduced(passage: Passage) -> Iterator[tuple[int, int]]:
    """Stretches that begin with a name after "identified as" and the like."""
    for lead in passage.find("victim_lead"):
        low, high = passage.clause(lead.start())
        if not passage.has("suspect", max(low, lead.start() - _SUSPECT_REACH_CHARS), lead.end()):
            yield lead.end(), high


def _aged(passage: Passage) -> Iterator[tuple[int, int]]:
    """Stretches of a name before an age, when harm follows."""
    for low, high in passage.segment.ranges:
        for match in _AGED.finditer(passage.prose.text, low, high):
            start, end = passage.clause(match.start())
            harmed = passage.has("harm", match.end(), min(end, match.end() + _HARM_REACH_CHARS))
            if harmed and not passage.has("suspect", start, end):
                yield _first_capital(passage, *match.span(1)), match.end(1)


def _first_capital(passage: Passage, start: int, end: int) -> int:
    """Where the name begins in a few words that end with it."""
    first = end
    for word in reversed(list(re.compile(r"[\w.'-]+").finditer(passage.prose.text, start, end))):
        norm = passage.prose.norm
        if not norm.raw[norm.raw_start(word.start())].isupper():
            break
        first = word.start()
    return first


def _printed(passage: Passage, start: int, end: int) -> str | None:
    """The run of two to four capitalised words that opens a stretch, as printed."""
    words: list[str] = []
    for match in re.compile(r"\s*([^\s,;:]+)(,?)").finditer(passage.prose.text, start, end):
        word = passage.prose.span(match.start(1), match.end(1)).quote.rstrip(".")
        word, owner = re.sub(r"['’]s$", "", word), word
        initial = len(word) == 1 and word.isupper()
        if not word or not (initial or (word[0].isupper() and not word.isupper())):
            break
        words.append(word)
        if match.group(2) or word != owner or len(words) == 4:
            break
    enough = len(words) >= 2 and not _is_capitalised(passage, start)
    return " ".join(words) if enough else None


def _is_capitalised(passage: Passage, position: int) -> bool:
    """Whether a position stands in a title, or in a sentence that is all capitals.

    Two capitals in a row are no full name there. (A single name may still be one: ``noun_phrase.is_name``
    looks at how many words of the sentence begin with a capital.)
    """
    sentence = passage.sentence(position)
    if sentence is None or sentence.zone == "title":
        return True
    return passage.prose.span(sentence.start, sentence.end).quote.isupper()


def _known(passage: Passage) -> set[str]:
    """Names that are places, groups or institutions of the profile, never victims."""
    profile = passage.profile
    names: set[str] = set()
    for place in profile.places:
        names |= {plain(v) for v in (place.name, *place.variants)}
    for actor in profile.actors:
        names |= {plain(v) for v in (actor.name, *actor.variants, *actor.speakers)}
    for institution in profile.institutions:
        names |= {plain(v) for v in (institution.name, *institution.variants, *institution.people)}
    return names
