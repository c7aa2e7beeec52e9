"""Names of other places that are none: a state that acts, where somebody comes from, a surname.

Rules
-----
1. Who speaks, strikes or is accused is a ``government``: "Brackwater insists", "accused Brackwater".
2. Where somebody comes from ("a recruit from …") or was brought to is an ``origin``.
3. What follows a given name is a surname: ``confused``. So is who has a driver: "Wardak's driver".
4. A road that is called by its two ends is none of both: "on the Portsmere-Brackwater highway" is
   ``confused`` as a place elsewhere, for the road begins here.
"""

from __future__ import annotations

import re

from worker.core.annotate.place_mention import MentionKind, PlaceMention
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range, overlapping
from worker.core.text.prose import Prose

_ACT_CHARS = 32
_JOINED = ("", " ", "'", "’")
"""What may stand between a name and what acts for it ("Portsmere says", "Portsmere's envoy")."""
_GIVEN = re.compile(r"([^\W\d_][\w'.-]*) $")
"""The word right before a position."""
_MOST_JOINT_CHARS = 5
_AGED = re.compile(r",? \(?\d{1,2}\b")


def foreign_kind(prose: Prose, lexicon: Lexicon, name: PlaceMention, cased: bool) -> MentionKind:
    """What the name of another place says: that something is there, or one of what is no place."""
    if _acts(prose, lexicon, name):
        return "government"
    if is_origin(prose, lexicon, name):
        return "origin"
    return "confused" if cased and _is_surname(prose, lexicon, name) else "elsewhere"


def is_end_of_road(
    prose: Prose, lexicon: Lexicon, name: PlaceMention, mentions: tuple[PlaceMention, ...]
) -> bool:
    """Whether a road from here to another place is called by it: "the Portsmere to Brackwater road"."""
    reach = _MOST_JOINT_CHARS + 1
    for other in overlapping(mentions, Range(name.start - reach, name.end + reach)):
        first, last = sorted((name, other), key=lambda m: m.start)
        if other.kind == "here" and 0 < last.start - first.end <= _MOST_JOINT_CHARS:
            joint = prose.text[first.end : last.start]
            joins = lexicon.pattern("road_joint")
            behind = lexicon.first("road_word", prose.text, last.end, last.end + _ACT_CHARS)
            if (
                joins is not None
                and joins.fullmatch(joint.strip())
                and _follows(prose.text, behind, last)
            ):
                return True
    return False


def _is_surname(prose: Prose, lexicon: Lexicon, name: PlaceMention) -> bool:
    """Whether a name goes on with it: "the spokesman, Khalid Wardak", not "Northern Wardak".

    Or somebody is told as his ("Wardak's driver"). Only in sentences of the text. A given name before
    it is asked for behind their first word, unless an age follows, and where a language lists what may
    stand before a place with a capital: German writes every noun with one.
    """
    qualifier, sentence = lexicon.pattern("name_qualifier"), prose.sentence_at(name.start)
    if qualifier is None or sentence is None or sentence.zone == "title":
        return False
    end = name.end + _ACT_CHARS
    if _follows(prose.text, lexicon.first("name_of_somebody", prose.text, name.end, end), name):
        return True
    given = _GIVEN.search(prose.text, sentence.start, name.start)
    if given is None or is_small(prose, given.start()):
        return False
    if given.start() == sentence.start and not _AGED.match(prose.text, name.end):
        return False
    return qualifier.fullmatch(given[1]) is None


def _acts(prose: Prose, lexicon: Lexicon, name: PlaceMention) -> bool:
    """Whether a name is that of a state which speaks, strikes or is accused, and no place here."""
    end = name.end + _ACT_CHARS
    if _follows(prose.text, lexicon.first("name_acts", prose.text, name.end, end), name):
        return True
    return lexicon.ends_with("name_accused", prose.text, name.start, _ACT_CHARS) is not None


def _follows(text: str, found: re.Match[str] | None, name: PlaceMention) -> bool:
    """Whether words that were found stand right behind a name."""
    return found is not None and text[name.end : found.start()] in _JOINED


def is_origin(prose: Prose, lexicon: Lexicon, name: PlaceMention) -> bool:
    """Whether a name is where somebody comes from, or was brought to."""
    return lexicon.ends_with("name_origin", prose.text, name.start, _ACT_CHARS) is not None


def is_small(prose: Prose, position: int) -> bool:
    """Whether a small letter is printed at a position."""
    return prose.norm.letter(position).islower()
