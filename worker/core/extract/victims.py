"""Names of victims as printed: weak evidence that two reports are of one incident.

Rules
-----
1. A name is a run of capitals after a word that introduces a victim ("killed journalist …",
   "identified as …"), or before an age and a word of harm ("…, 24, was killed").
   Or it stands between a trade and what was done, alone or with others ("judge … and clerk … were shot").
2. So are the names that go on with it in a list, with ages, trades and asides ("as …, 24, a cook, his
   brother … and …"). The list must come to its end: what follows its last name may say when or where,
   and not what somebody did or said ("…, and … said").
3. "The dead were …" names somebody only where an age, an aside or a list follows.
4. A sentence about a suspect names no victim, but whom he killed is one ("gunmen killed journalist …").
   Nor is who is named as the one who did it: "one of its fighters, whom it named as …".
   Texts without capitals yield none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from worker.core.extract.passage import Passage
from worker.core.knowledge.profile import Profile
from worker.core.lang.normalise import Range, plain, starting_in

_MOST_NAMES = 12
_DAY_REACH_CHARS = 8
_AGED = re.compile(r"(?<![\w.'-])((?:[\w.'-]+ ){1,3}[\w.'-]+), (?:aged )?\d{1,2}(?=,| )")
_HARM_REACH_CHARS, _SUSPECT_REACH_CHARS = 60, 24
_DOER_REACH_CHARS = 56
_WORD = re.compile(r"\s*([^\s,;:()]+)([,;:()]?)")
_AGE = re.compile(r",? ?\(?(?<=[ (])(?:\w+ )?\d{1,2}\)?(?=[,;. ])")
_ASIDE = re.compile(r", (\w+)(?: [^\W\d_][\w'-]*){1,6}(?=[,;.]|$)")
_ENDS = ".;:)\n"


def find_victims(passage: Passage) -> tuple[str, ...]:
    """Victims' names in the order of the text, each once."""
    found = sorted(
        {*_introduced(passage), *_aged(passage), *_told_of(passage)}, key=lambda r: (r.start, r.end)
    )
    if not found:
        return ()
    known = _known(passage.profile)
    names = (_printed(passage, at) for at in found)
    return tuple(dict.fromkeys(n for n in names if n and plain(n) not in known))[:_MOST_NAMES]


def _introduced(passage: Passage) -> Iterator[Range]:
    """Stretches that begin with a victim's name, behind what introduces it and within its list."""
    for category in ("victim_lead", "victim_hit", "victim_are"):
        for lead in passage.find(category):
            clause = passage.clause(lead.start())
            low = max(clause.start, lead.start() - _SUSPECT_REACH_CHARS)
            if category != "victim_hit" and passage.has("suspect", Range(low, lead.end())):
                continue
            if passage.has(
                "doer", Range(max(clause.start, lead.start() - _DOER_REACH_CHARS), lead.end())
            ):
                continue
            at = Range(lead.end(), clause.end)
            listed = tuple(_listed(passage, at))
            if category != "victim_are" or listed or _is_described(passage, at):
                yield from (at, *listed)


def _told_of(passage: Passage) -> Iterator[Range]:
    """Stretches of a name between a trade and what was done: "journalist | …, a father of two, was shot".

    Not by the police: that may be who attacked.
    """
    harmed, text = passage.lexicon.patterns["passive_harm"], passage.prose.text
    for trade in passage.find("victim_trade"):
        clause = passage.clause(trade.start())
        at = Range(trade.end() + 1, clause.end)
        named = _name(passage, at) if at.end > at.start else None
        if named is None or harmed is None:
            continue
        names, end = _chain(passage, at)
        behind = text[end : end + 2]
        found = harmed.match(text, end + len(behind) - len(behind.lstrip(", ")))
        if found is None or " " not in found.group().strip():  # "killed" alone may be his own deed
            continue
        stop = min(clause.end, found.end() + _SUSPECT_REACH_CHARS)
        doer = Range(found.end(), found.end() + len(text[found.end() : stop].split(",")[0]))
        suspect = passage.has("suspect", Range(clause.start, named[1]))
        if not suspect and not passage.has("authority", doer):
            yield from names


def _chain(passage: Passage, at: Range) -> tuple[list[Range], int]:
    """The names that follow each other from a stretch's first word on, and where what tells of them ends."""
    names: list[Range] = []
    start, end = at.start, at.start - 1
    while start > end and (named := _name(passage, Range(start, at.end))) is not None:
        names.append(Range(start, named[1]))
        end = _behind_asides(passage, Range(named[1], at.end))
        start, _ = _next_name(passage, Range(end, at.end))
    return names, end


def _is_described(passage: Passage, at: Range) -> bool:
    """Whether an age or an aside follows a name: "the dead were Shia Muslims" names nobody."""
    named = _name(passage, at)
    return named is not None and _behind_asides(passage, Range(named[1], at.end)) > named[1]


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


def _listed(passage: Passage, at: Range) -> Iterator[Range]:
    """The stretches of the names that go on with the first one of a stretch."""
    first = _name(passage, at)
    if first is None:
        return
    names: list[Range] = []
    end, closed = _behind_asides(passage, Range(first[1], at.end)), False
    while not closed:
        start, closed = _next_name(passage, Range(end, at.end))
        named = _name(passage, Range(start, at.end)) if start > end else None
        if named is None:
            closed = False
            break
        names.append(Range(start, named[1]))
        end = _behind_asides(passage, Range(named[1], at.end))
    if names and _is_at_its_end(passage, Range(end, at.end), closed=closed):
        yield from names


def _next_name(passage: Passage, rest: Range) -> tuple[int, bool]:
    """Where the next name of a list begins, and whether a joint says that it is the last one."""
    text, joint = passage.prose.text, passage.lexicon.patterns["list_and"]
    comma = re.compile(r",? *").match(text, rest.start, rest.end)
    start = comma.end() if comma is not None else rest.start
    found = joint.match(text, start, rest.end) if joint is not None else None
    if found is None and text[rest.start : rest.start + 1] != ",":
        return rest.start, False
    if found is not None:
        start = found.end() + 1
    return _behind_trade(passage, Range(start, rest.end)), found is not None


def _behind_asides(passage: Passage, rest: Range) -> int:
    """The end of what only says who the person of a name is: an age, "a cook at the hotel"."""
    text, determiner = passage.prose.text, passage.lexicon.patterns["determiner"]
    age = _AGE.match(text, rest.start, rest.end)
    end = age.end() if age is not None else rest.start
    aside = _ASIDE.match(text, end, rest.end)
    if aside is None or determiner is None or not determiner.fullmatch(aside[1]):
        return end
    person = _behind_trade(passage, Range(aside.start(1), rest.end))
    is_next = person > aside.start(1) and _name(passage, Range(person, rest.end)) is not None
    return end if is_next else aside.end()  # ", his wife Zarifa Noori": the next one


def _behind_trade(passage: Passage, rest: Range) -> int:
    """Where a name may begin behind who its person is: "his brother | …"."""
    trade = passage.lexicon.patterns["victim_trade"]
    told = trade.match(passage.prose.text, rest.start, rest.end) if trade is not None else None
    return told.end() + 1 if told is not None else rest.start


def _is_at_its_end(passage: Passage, rest: Range, *, closed: bool) -> bool:
    """Whether nothing behind a list makes its last name a subject: it ends, or says when or where."""
    text, says = passage.prose.text, passage.lexicon.patterns["says"]
    comma = text[rest.start : rest.start + 1] == ","
    start = rest.start + comma
    behind = text[start : rest.end].strip()
    if not behind or behind[0] in _ENDS:
        return True
    start += text[start : start + 1] == " "
    if not closed or (says is not None and says.match(text, start, rest.end)):
        return False
    day = starting_in(passage.annotated.dates, Range(start, start + _DAY_REACH_CHARS))
    place = passage.lexicon.patterns["locative"]
    return comma or bool(day) or (place is not None and place.match(text, start) is not None)


def _printed(passage: Passage, at: Range) -> str | None:
    """The name that opens a stretch."""
    named = _name(passage, at)
    return named[0] if named is not None else None


def _name(passage: Passage, at: Range) -> tuple[str, int] | None:
    """The run of two to four capitalised words that opens a stretch, as printed, and its end."""
    words: list[str] = []
    end = at.start
    for match in _WORD.finditer(passage.prose.text, at.start, at.end):
        if match.start() != end:
            break
        word = passage.prose.span(Range.of(match, 1)).quote.rstrip(".")
        word, owner = re.sub(r"['’]s$", "", word), word
        initial = len(word) == 1 and word.isupper()
        if not word or not (initial or (word[0].isupper() and not word.isupper())):
            break
        words.append(word)
        end = match.end(1)
        if match.group(2) or word != owner or len(words) == 4:
            break
    enough = len(words) >= 2 and not _is_capitalised(passage, at.start)
    return (" ".join(words), end) if enough else None


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
