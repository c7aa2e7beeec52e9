"""Names of victims as printed: weak evidence that two reports are of one incident.

Rules
-----
1. A name is a run of capitals after a word that introduces a victim ("killed journalist …",
   "identified as …"), or before an age and a word of harm ("…, 24, was killed").
   Or it stands between a trade and what was done, alone or with others ("judge … and clerk … were shot"),
   or behind the trade of one whom attackers killed ("gunmen shot dead a judge, …, and a clerk"),
   or opens its sentence, with an age, a trade or "who …" between it and what was done.
2. So are the names that go on with it in a list, with ages, trades and asides ("as …, 24, a cook, his
   brother … and …"). The list must come to its end: what follows its last name may say when or where,
   and not what somebody did or said ("…, and … said").
   Kin in a list may have one name ("and her son …, 6"). "And three guards" ends a list, too.
3. "The dead were …", "gunmen killed …" and "they were …" behind a sentence of harm name somebody only
   where an age, an aside or a list follows.
4. A sentence about a suspect names no victim, but whom he killed is one ("gunmen killed journalist …").
   Nor is who is named as the one who did it: "one of its fighters, whom it named as …".
   Texts without capitals yield none.
5. A name that another one holds is the same person ("Haji Karim Noori", "Karim Noori").
6. Whom a figure of background holds is a victim of another time: "gunmen killed Karim Noori, a nurse, in
   2021".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from worker.core.domain.report import Statement
from worker.core.extract.passage import Passage
from worker.core.knowledge.profile import Profile
from worker.core.lang.names import without_parts
from worker.core.lang.normalise import Range, plain, starting_in

_MOST_NAMES = 12
_DAY_REACH_CHARS = 8
_AGED = re.compile(r"(?<![\w.'-])((?:[\w.'-]+ ){1,3}[\w.'-]+), (?:aged )?\d{1,2}(?=,| )")
_HARM_REACH_CHARS, _SUSPECT_REACH_CHARS = 60, 24
_DOER_REACH_CHARS = 56
_OBJECT_WORDS = 3
_WORD = re.compile(r"\s*([^\s,;:()]+)([,;:()]?)")
_AGE = re.compile(r",? ?\(?(?<=[ (])(?:\w+ )?\d{1,2}\)?(?=[,;. ])")
_ASIDE = re.compile(r", (\w+)(?: [^\W\d_][\w'-]*){1,6}(?=[,;.]|$)")
_ENDS = ".;:)\n"


def find_victims(passage: Passage, statements: Sequence[Statement] = ()) -> tuple[str, ...]:
    """Victims' names in the order of the text, each once. ``statements``: those of its report."""
    ways = (_introduced, _aged, _told_of, _subjects)
    found = sorted({at for way in ways for at in way(passage)}, key=lambda r: (r.start, r.end))
    if not found:
        return ()
    known = _known(passage.profile)
    printed = (
        _printed(passage, at) for at in found if not _is_of_another_time(passage, at, statements)
    )
    return without_parts(n for n in printed if n and plain(n) not in known)[:_MOST_NAMES]


def _is_of_another_time(passage: Passage, at: Range, statements: Sequence[Statement]) -> bool:
    """Whether every figure that holds the name which opens a stretch is of an earlier attack."""
    named = _name(passage, at)
    if named is None:
        return False
    name = passage.prose.span(Range(at.start, named[1]))
    holds = [s for s in statements if s.start < name.end and name.start < s.end]
    return bool(holds) and all(s.scope == "background" for s in holds)


def _introduced(passage: Passage) -> Iterator[Range]:
    """Stretches that begin with a victim's name, behind what introduces it and within its list."""
    for category in ("victim_lead", "victim_hit", "victim_are", "victim_killed", "victim_they"):
        for lead in passage.find(category):
            clause = passage.clause(lead.start())
            if not _may_introduce(passage, category, Range.of(lead)):
                continue
            at = _behind_role(passage, Range(lead.end(), clause.end))
            listed = tuple(_listed(passage, at))
            if listed or _names_one(passage, category, at):
                yield from (at, *listed)


def _names_one(passage: Passage, category: str, at: Range) -> bool:
    """Whether a name without a list behind it is a victim's, by what introduces it."""
    if category in ("victim_lead", "victim_hit"):
        return True
    tells = _is_person if category == "victim_killed" else _is_described
    return tells(passage, at)


def _may_introduce(passage: Passage, category: str, lead: Range) -> bool:
    """Whether it is not suspects who are named: who killed somebody, or whom forces killed."""
    clause = passage.clause(lead.start)
    if passage.has("doer", Range(max(clause.start, lead.start - _DOER_REACH_CHARS), lead.end)):
        return False
    if category == "victim_hit":
        return True
    if category == "victim_killed":
        before = Range(clause.start, lead.start)
        attacked = passage.has("attackers", before) or bool(passage.triggers_in(before))
        return attacked or passage.has("body_of", lead)
    if category == "victim_they":
        return _is_told_of_dead(passage, lead)
    low = max(clause.start, lead.start - _SUSPECT_REACH_CHARS)
    return not passage.has("suspect", Range(low, lead.end))


def _is_told_of_dead(passage: Passage, lead: Range) -> bool:
    """Whether "they were" opens a sentence, and the one before it tells whom an attack hit."""
    sentence = passage.sentence(lead.start)
    if (
        sentence is None
        or not sentence.index
        or passage.prose.text[sentence.start : lead.start].strip()
    ):
        return False
    before = passage.prose.sentences[sentence.index - 1]
    return passage.has("harm", before) and not passage.has("suspect", before)


def _behind_role(passage: Passage, at: Range) -> Range:
    """The stretch behind the trade that stands before its first name: "named as | cleric | …"."""
    text = passage.prose.text
    start = at.start + (text[at.start : at.start + 1] in (" ", ":"))
    start += text[start : start + 1] == " "
    behind = _behind_trade(passage, Range(start, at.end))
    return Range(behind, at.end) if behind > start else at


def _told_of(passage: Passage) -> Iterator[Range]:
    """Stretches of a name between a trade and what was done: "journalist | …, a father of two, was shot".

    Not by the police: that may be who attacked.
    """
    for category in ("victim_trade", "victim_class"):
        for trade in passage.find(category):
            at = Range(trade.end() + 1, passage.clause(trade.start()).end)
            if _is_of_another(passage, Range.of(trade)):
                continue
            if at.end > at.start and _name(passage, at) is not None:
                names, end = _chain(passage, at)
                if _is_hit(passage, at, end):
                    yield from names
                elif _is_object(passage, Range.of(trade)):
                    yield at


def _is_object(passage: Passage, trade: Range) -> bool:
    """Whether attackers killed the one of a trade: "gunmen shot dead | a judge, …"."""
    clause, text = passage.clause(trade.start), passage.prose.text
    verbs = passage.lexicon.find("victim_killed", text, clause.start, trade.start)
    verb = max((Range.of(m) for m in verbs), key=lambda m: m.end, default=None)
    if verb is None or not _may_introduce(passage, "victim_killed", verb):
        return False
    words = text[verb.end : trade.start].split()
    return len(words) <= _OBJECT_WORDS and not any(c in w for w in words for c in ",.;:")


def _is_of_another(passage: Passage, trade: Range) -> bool:
    """Whether a name says whose people were hit: "relatives of the judge, …, were hurt"."""
    return passage.ends_with("victim_of", trade.start) is not None


def _subjects(passage: Passage) -> Iterator[Range]:
    """Names that open a sentence, with what tells of a person between them and what was done."""
    for index in passage.segment.sentences:
        at = passage.prose.sentences[index]
        named = _name(passage, at) if _behind_trade(passage, at) == at.start else None
        if named is None or not passage.segment.holds(at.start):
            continue
        end = _behind_asides(passage, Range(named[1], at.end))
        end = _behind_clause(passage, Range(end, at.end))
        if _is_person(passage, at) and _is_hit(passage, at, end):
            yield Range(at.start, at.end)


def _behind_clause(passage: Passage, rest: Range) -> int:
    """The end of a clause that tells who the person of a name is: ", who worked for a bank"."""
    text, who = passage.prose.text, passage.lexicon.pattern("claim_who")
    if who is None or not text.startswith(", ", rest.start) or not who.match(text, rest.start + 2):
        return rest.start
    comma = text.find(",", rest.start + 2, rest.end)
    return comma if comma > 0 else rest.start


def _is_hit(passage: Passage, at: Range, end: int) -> bool:
    """Whether behind the names that open a stretch, up to ``end``, stands that they were hit.

    Not by the police, nor what suspects were.
    """
    text, clause = passage.prose.text, passage.clause(at.start)
    behind = text[end : end + 2]
    start = end + len(behind) - len(behind.lstrip(", "))
    found = _match(passage.lexicon.pattern("passive_harm"), text, start)
    if found is not None and " " not in found.group().strip():  # "killed" alone may be his own deed
        found = None
    found = found or _match(passage.lexicon.pattern("victim_died"), text, start)
    if found is None:
        return False
    stop = min(clause.end, found.end() + _SUSPECT_REACH_CHARS)
    doer = Range(found.end(), found.end() + len(text[found.end() : stop].split(",")[0]))
    suspect = passage.has("suspect", Range(clause.start, end))
    return not suspect and not passage.has("authority", doer)


def _match(pattern: re.Pattern[str] | None, text: str, position: int) -> re.Match[str] | None:
    """A match of a category that begins at a position."""
    return pattern.match(text, position) if pattern is not None else None


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


def _is_person(passage: Passage, at: Range) -> bool:
    """Whether what follows a name tells of a person: an age, a trade, or "who …"."""
    named = _name(passage, at)
    if named is None:
        return False
    rest = Range(named[1], at.end)
    between = Range(
        rest.start, _behind_clause(passage, Range(_behind_asides(passage, rest), at.end))
    )
    if _AGE.match(passage.prose.text, rest.start, rest.end) is not None:
        return True
    return any(passage.has(category, between) for category in ("victim_trade", "claim_who"))


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
    end, whole = _behind_asides(passage, Range(first[1], at.end)), 0
    while True:
        start, closed = _next_name(passage, Range(end, at.end))
        named = _name(passage, Range(start, at.end)) if start > end else None
        if named is None:
            counted = closed and _counts_on(passage, Range(start, at.end))
            whole = len(names) if counted else whole
            break
        names.append(Range(start, named[1]))
        end = _behind_asides(passage, Range(named[1], at.end))
        if _is_at_its_end(passage, Range(end, at.end), closed=closed):
            whole = len(names)
    yield from names[:whole]


def _counts_on(passage: Passage, rest: Range) -> bool:
    """Whether a list ends with people who are only counted: "and | three guards"."""
    word = re.compile(r"\w+").match(passage.prose.text, rest.start, rest.end)
    return word is not None and any(
        c.number.start == word.start() for c in passage.annotated.counts
    )


def _next_name(passage: Passage, rest: Range) -> tuple[int, bool]:
    """Where the next name of a list begins, and whether a joint says that it is the last one."""
    text, joint = passage.prose.text, passage.lexicon.pattern("list_and")
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
    text, determiner = passage.prose.text, passage.lexicon.pattern("determiner")
    rest = Range(_behind_owner(passage, rest), rest.end)
    age = _AGE.match(text, rest.start, rest.end)
    end = age.end() if age is not None else rest.start
    aside = _ASIDE.match(text, end, rest.end)
    if aside is None or determiner is None or not determiner.fullmatch(aside[1]):
        return end
    person = _behind_trade(passage, Range(aside.start(1), rest.end))
    is_next = person > aside.start(1) and _name(passage, Range(person, rest.end)) is not None
    return end if is_next else aside.end()  # ", his wife Zarifa Noori": the next one


def _behind_owner(passage: Passage, rest: Range) -> int:
    """The end of whom the person of a name is of: " of Radio Karte"; where it begins if there is none."""
    if passage.prose.text[rest.start : rest.start + 1] != " ":
        return rest.start
    of = _match(passage.lexicon.pattern("victim_of"), passage.prose.text, rest.start + 1)
    if of is None:
        return rest.start
    end = of.end()
    for word in _WORD.finditer(passage.prose.text, of.end(), rest.end):
        if word.start() != end or not passage.prose.norm.letter(word.start(1)).isupper():
            break
        end = word.end(1)
        if word[2]:
            break
    return end if end > of.end() else rest.start


def _behind_trade(passage: Passage, rest: Range) -> int:
    """Where a name may begin behind who its person is: "his brother | …"."""
    trade = passage.lexicon.pattern("victim_trade")
    told = trade.match(passage.prose.text, rest.start, rest.end) if trade is not None else None
    return told.end() + 1 if told is not None else rest.start


def _is_at_its_end(passage: Passage, rest: Range, *, closed: bool) -> bool:
    """Whether nothing behind a list makes its last name a subject: it ends, or says when or where."""
    text, says = passage.prose.text, passage.lexicon.pattern("says")
    comma = text[rest.start : rest.start + 1] == ","
    start = rest.start + comma
    behind = text[start : rest.end].strip()
    if not behind or behind[0] in _ENDS:
        return True
    start += text[start : start + 1] == " "
    if not closed or (says is not None and says.match(text, start, rest.end)):
        return False
    day = starting_in(passage.annotated.dates, Range(start, start + _DAY_REACH_CHARS))
    place = passage.lexicon.pattern("locative")
    return comma or bool(day) or (place is not None and place.match(text, start) is not None)


def _printed(passage: Passage, at: Range) -> str | None:
    """The name that opens a stretch."""
    named = _name(passage, at)
    return named[0] if named is not None else None


def _name(passage: Passage, at: Range) -> tuple[str, int] | None:
    """The run of two to four capitalised words that opens a stretch, as printed, and its end.

    Behind kin one is enough: "his daughter | Laila".
    """
    words, end = _capitals(passage, at)
    enough = len(words) > 1 or (words and passage.ends_with("victim_kin", at.start) is not None)
    return (" ".join(words), end) if enough and not _is_capitalised(passage, at.start) else None


def _capitals(passage: Passage, at: Range) -> tuple[list[str], int]:
    """The capitalised words that open a stretch, up to four, and where they end."""
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
    return words, end


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
