"""Sentences that open with another time: what they tell is of another attack, and what follows goes on.

Rules
-----
1. A sentence of the body opens another time with one of its first words: an old date, "last month",
   "weeks ago", "it is a year since" ("In June, a gathering in the same city was attacked; seven people
   died"). An evening is of that time as well ("on a January evening last year").
2. So does "earlier the same day", a day or two ago, and "last Saturday", with a new attack told behind
   it ("The same Friday, a bomber …", "Two days ago a magnetic bomb killed …"). So do days before what
   was to come ("Three days before the vote, a car bomb …"), where no day of these days stands behind.
   So does "rockets struck the city the same day", wherever it names the day: no word of it points back.
3. Where it tells an attack, or what happened in the area, what follows in its paragraph goes on with
   that ("At least ten others were injured there"), until a sentence has a day of these days or a place
   of the area. With what only happened there nobody goes on who is "he" or "she": they are somebody's
   life ("In 2015 he moved to the capital. He was killed with his driver").
4. So it does with an attack whose main clause bears an old date anywhere ("The bomber struck among the
   crowds on August 26, 2021. The blast killed …"), and with a court that judges: it comes months
   later. Not near the top, where it may be the target ("The judges had just convicted a commander").
5. Who was hit on an old day, and of whom the next sentence tells harm, was attacked ("A sports club was
   hit on October 26. Four people were killed").
6. "On Saturday four bombings killed two" is of other attacks, below the lead, where the top tells of one
   and does not name that day.
7. Who is told to be hurt in unrest ("in those riots", "as police broke up a rally") was hurt in nothing
   else, where the top tells of no unrest ("a bomb at a protest"). So is who died "in a plane crash".
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from worker.core.annotate.events import EventSentence
from worker.core.lang.tokens import Token

_NEW = frozenset({"INDEFINITE", "NUM"})
_OPENERS = frozenset({"COMMA", "DAY"})
_OPENING_TOKENS = 6
_OPENING_STOPS = frozenset({"EVENT", "HARM", "SAYS", "FRESH", "REL"})
"""What ends the opening of a sentence."""
_OTHER_TIME = frozenset({"OLD", "EARLIER", "LONG_AGO"})
_SUBJECT_TOKENS = 3
_BY_WHOM = frozenset({"WEAPON", "ATTACKER"})
_POINTS_BACK = frozenset({"ANAPHOR", "IS_DEF"})
_COMPARES = frozenset({"REL", "SUBORDINATOR"})
"""What goes on behind "the same day": "the same day that talks began"."""
_OF_A_DAY_TOKENS = 2
"""An evening is that of a year so far behind it."""
EARLY = range(1, 3)
"""Numbers of the sentences after the first that still belong to a lead."""
_LESSER_CLAUSE = frozenset({"IN_SUBORDINATE", "IN_ASIDE"})
_HAPPENED = frozenset({"REAL_EVENT", "COURT"})
_ATTACKED = frozenset({"REAL_EVENT", "WEAK_EVENT"})
_ARMED = frozenset({"ATTACKER", "REAL_EVENT", "WEAPON"})
_COMES_BACK = frozenset({"FRESH", "HERE"})
_TOLD = frozenset({"REAL_EVENT", "HARM"})
_SEVERAL = frozenset({"EVENT_NOUN", "PLURAL"})
_OTHERS = frozenset({"MORE_TO_COME", "REMAINING"})
"""Tags of "more" and "other" behind a number."""
_COUNTED_TOKENS = 2
"""How far a number may stand from the attacks it counts: "three large explosions"."""


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
    before: EventSentence | None = None
    calm = not any("UNREST" in s.tags for s in sentences if s.is_top)
    several = find_several_apart(sentences)
    for sentence in sentences:
        if sentence.body_number <= 0:
            continue
        apart = _tells_mishap(sentence) or (calm and "IN_UNREST" in sentence.tags)
        apart = apart or sentence.start in several
        if apart or _tells_beside(sentence) or _opens_other_time(sentence.tokens):
            opened.add(sentence.start)
            before = sentence
        elif before is not None and _goes_on(before, sentence):
            going_on.add(sentence.start)
        else:
            before = sentence if _tells_old_attack(sentence) else None
    return Frames(frozenset(opened), frozenset(going_on))


def find_several_apart(sentences: Sequence[EventSentence]) -> frozenset[int]:
    """Starts of the sentences that count several attacks of a day which the top does not name.

    The top tells of one attack. ("A bomb killed two, police said on Sunday. … Three explosions on
    Saturday killed five": nothing else says that Saturday is not the bomb's day.)
    """
    told = (s for s in sentences if s.body_number in range(EARLY.stop) and s.tags & _TOLD)
    lead = next(told, None)
    if lead is None:
        return frozenset()
    top = [s for s in sentences if s.is_top or s is lead]
    if any(t.tags >= _SEVERAL for s in top for t in s.tokens):
        return frozenset()
    days = {t.word for s in top for t in s.tokens if "WEEKDAY" in t.tags}
    later = (s for s in sentences if s.body_number > lead.body_number) if days else ()
    return frozenset(s.start for s in later if _counts_several(s, days, lead.body_number))


def _counts_several(sentence: EventSentence, days: AbstractSet[str], lead: int) -> bool:
    """Right behind the lead only "two more attacks": two blasts may be its one told again."""
    tokens = sentence.tokens
    own = [t.word for t in tokens if "WEEKDAY" in t.tags]
    if not own or not days.isdisjoint(own):
        return False
    for i, token in enumerate(tokens):
        before = tokens[max(0, i - _COUNTED_TOKENS) : i]
        if token.tags >= _SEVERAL and any("NUM" in t.tags for t in before):
            if any(t.tags & _OTHERS for t in before):
                return True
            return sentence.body_number > lead + 1 and not sentence.tags & _POINTS_BACK
    return False


def _tells_mishap(sentence: EventSentence) -> bool:
    """Whether people were harmed by an accident alone: "when their helicopter went down"."""
    return "IN_MISHAP" in sentence.tags and not sentence.tags & _ARMED


def _goes_on(before: EventSentence, sentence: EventSentence) -> bool:
    """Whether a sentence goes on with another time; ``before``: the one that opened it."""
    if sentence.paragraph != before.paragraph or sentence.tags & _COMES_BACK:
        return False
    if before.tags & _HAPPENED or ("WEAK_EVENT" in before.tags and "HARM" in sentence.tags):
        return True
    return "HERE" in before.tags and "PRON" not in sentence.tokens[0].tags


def _tells_old_attack(sentence: EventSentence) -> bool:
    """Whether the main clause of a sentence tells an attack with an old date, or of a court below the lead."""
    if "FRESH" in sentence.tags:
        return False
    main = [t.tags for t in sentence.tokens if not t.tags & _LESSER_CLAUSE]
    if any("COURT" in tags for tags in main):
        return sentence.body_number not in EARLY
    return any("OLD" in tags for tags in main) and any(tags & _ATTACKED for tags in main)


def opens_event(tokens: Sequence[Token], index: int) -> bool:
    """Whether a token is a new event or a new weapon ("a bomb", "a magnetic bomb", "23 rockets")."""
    tags = tokens[index].tags
    if "EVENT_NOUN" in tags and "IS_INDEF" in tags:
        return True
    if "WEAPON" not in tags:
        return False
    if any(t.tags & _NEW for t in tokens[max(0, index - 2) : index]):
        return True
    return "PROJECTILE" in tags and _opens_clause(tokens, index)


def _opens_clause(tokens: Sequence[Token], index: int) -> bool:
    """Whether a token is the subject of its clause: "yesterday, | rockets hit …"."""
    opened = index == 0 or bool(tokens[index - 1].tags & _OPENERS)
    return opened and any("REAL_EVENT" in t.tags for t in tokens[index + 1 : index + 3])


def _opens_other_time(tokens: Sequence[Token]) -> bool:
    for index, token in enumerate(tokens[:_OPENING_TOKENS]):
        if _is_days_ahead(tokens, index):
            new = next((i for i in range(index, len(tokens)) if opens_event(tokens, i)), None)
            return new is not None and not any("FRESH" in t.tags for t in tokens[new:])
        if _is_of_these_days(tokens, index):
            return any(opens_event(tokens, i) for i in range(len(tokens)))
        if token.tags & _OPENING_STOPS and not _is_of_other_time(tokens, index):
            return False
        if token.tags & _OTHER_TIME:
            return True
    return False


def _tells_beside(sentence: EventSentence) -> bool:
    """Whether a sentence opens with new attackers or weapons, and with an attack of the same day."""
    tokens = sentence.tokens
    if sentence.tags & _POINTS_BACK or "REAL_EVENT" not in sentence.tags:
        return False
    by = next((i for i, t in enumerate(tokens[:_SUBJECT_TOKENS]) if t.tags & _BY_WHOM), None)
    if by is None or any("DEFINITE" in t.tags for t in tokens[:by]):
        return False
    at = (i for i, t in enumerate(tokens) if "SAME_TIME" in t.tags)
    return any(not any(t.tags & _COMPARES for t in tokens[i + 1 : i + 2]) for i in at)


def _is_of_these_days(tokens: Sequence[Token], index: int) -> bool:
    """Whether a word counts back to a day of these days, which may be the news's own."""
    tags, behind = tokens[index].tags, tokens[index + 1 : index + 2]
    if "SAME_TIME" in tags or {"EARLIER", "FRESH"} <= tags:
        return True
    return "LAST" in tags and any("WEEKDAY" in token.tags for token in behind)


def _is_days_ahead(tokens: Sequence[Token], index: int) -> bool:
    """Whether a word counts days up to something that was to come: "three days before the vote"."""
    if "AHEAD" not in tokens[index].tags:
        return False
    span = tokens[max(0, index - 1) : index + 1]
    return any("TIME_SPAN" in t.tags and "HOURS" not in t.tags for t in span)


def _is_of_other_time(tokens: Sequence[Token], index: int) -> bool:
    """Whether a word of the day is that of an old date, or counts the days since ("two days ago")."""
    if "FRESH" not in tokens[index].tags:
        return False
    behind = tokens[index + 1 : index + 1 + _OF_A_DAY_TOKENS]
    return any(token.tags & _OTHER_TIME for token in behind)
