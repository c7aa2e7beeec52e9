"""Sentences that open with another time: what they tell is of another attack, and what follows goes on.

Rules
-----
1. A sentence of the body opens another time with one of its first words: an old date, "last month",
   "weeks ago" ("In June, a gathering in the same city was attacked; seven people died").
2. So does "earlier the same day", with a new attack told behind it ("The same Friday, a bomber …").
3. Where it tells an attack, what follows in its paragraph goes on with that ("At least ten others were
   injured there"), until a sentence has a day of these days or a place of the area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.core.annotate.events import EventSentence
from worker.core.lang.tokens import Token

_OPENING_TOKENS = 6
_OPENING_STOPS = frozenset({"EVENT", "HARM", "SAYS", "FRESH", "REL"})
"""What ends the opening of a sentence."""
_OTHER_TIME = frozenset({"OLD", "EARLIER"})
_COMES_BACK = frozenset({"FRESH", "HERE"})


@dataclass(frozen=True, slots=True)
class Frames:
    """Starts of the sentences that open another time, and of those that go on with one."""

    opened: frozenset[int]
    going_on: frozenset[int]

    def of(self, start: int) -> str:
        """The term of a sentence that starts there; "" for one of the main time."""
        if start in self.opened:
            return "frame_opened"
        return "frame_going_on" if start in self.going_on else ""


def find_frames(sentences: Sequence[EventSentence]) -> Frames:
    """The sentences of a text that tell of another time."""
    opened: set[int] = set()
    going_on: set[int] = set()
    open_paragraph = -1
    for sentence in sentences:
        if sentence.body_number <= 0:
            continue
        if _opens_other_time(sentence.tokens):
            opened.add(sentence.start)
            open_paragraph = sentence.paragraph if "REAL_EVENT" in sentence.tags else -1
        elif sentence.paragraph != open_paragraph or sentence.tags & _COMES_BACK:
            open_paragraph = -1
        else:
            going_on.add(sentence.start)
    return Frames(frozenset(opened), frozenset(going_on))


def opens_event(tokens: Sequence[Token], index: int) -> bool:
    """Whether a token is a new event or a new weapon ("a bomb", "a magnetic bomb")."""
    tags = tokens[index].tags
    if "EVENT_NOUN" in tags and "IS_INDEF" in tags:
        return True
    return "WEAPON" in tags and any(
        "INDEFINITE" in t.tags for t in tokens[max(0, index - 2) : index]
    )


def _opens_other_time(tokens: Sequence[Token]) -> bool:
    for token in tokens[:_OPENING_TOKENS]:
        if token.tags & _OPENING_STOPS:
            return False
        if token.tags & _OTHER_TIME:
            return True
        if "SAME_TIME" in token.tags:
            return any(opens_event(tokens, i) for i in range(len(tokens)))
    return False
