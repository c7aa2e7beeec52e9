"""Counts of people: every number, list or single person that an article says was harmed.

Rules
-----
1. The grammar ``figures`` of the language says what counts whom and what became of them; here its
   findings become ``CountMention``s, in the order of the text. Whose attack it was is not asked.
2. Names of the profile's armed groups are people of the attacking side ("five Red Tide"), and so are
   their members ("five members of the Red Tide"); those of a group that holds power are its security
   forces, and so are "fighters" beside the name.
3. "No one was hurt" is a printed zero, and only that is one; "no civilian was hurt" is none. Behind
   "the third blast hit a car" it is told of that blast.
4. A list that adds up ("two policemen and a boy") is one count, with its ``parts``. What "including"
   introduces is a part of the count before it.
5. Bounds follow the wording (docs/method.md, Figures): exact N → N/N; at least N → N/-; more than N
   → N+1/-; nearly N → floor(.85 N)/N-1; around N → ±20 %; up to N → -/N; N to M → N/M; several,
   many → 3/-; a number of → 2/-; a score → 20/-; scores → 40/-; dozens → 24/-; hundreds → 200/-.
6. A number told alone ("residents say eight") is of nobody where the sentence before has any number
   besides those of people harmed: it may be of that. So may "twice that number", first in its sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast, get_args

from worker.core.annotate.cut_text import CutText
from worker.core.domain.light_value import light_value
from worker.core.domain.vocabulary import Qualifier
from worker.core.lang.cascade import ATTACKING_SIDE, PERPETRATOR, UNSPECIFIED, Finding
from worker.core.lang.declared import ELSE, OF_ACT, ONCE, STATED
from worker.core.lang.normalise import Range, holding
from worker.core.lang.tokens import NO_TAGS, Token
from worker.core.text.prose import Sentence

SECURITY_FORCES = "security_forces"
_NEARLY = 0.85
_AROUND = 0.2
_MOST_PEOPLE = 100_000
_LEAST: dict[Qualifier, int] = {
    "several": 3, "many": 3, "a_number_of": 2, "score": 20, "scores": 40, "dozens": 24,
    "hundreds": 200,
}  # fmt: skip
"""What a wording without a number stands for at least."""
_LESS: frozenset[Qualifier] = frozenset({"nearly", "up_to", "fewer_than"})
"""Wordings for less than a number: a sum with one of them is bounded by all of its parts."""
_FEWEST_PARTS = 2
_GOES_ON_WITH = frozenset({
    "ADV", "AT_SITE", "BUT", "BY", "COLON", "COMMA", "CONJ", "DASH", "DAY", "DOING", "DOT", "FROM", "NEXT_TO", "NP_END",
    "OF", "PREP", "REL", "RPAR", "TO",
})  # fmt: skip
"""What may stand behind people without being their verb."""
_OF_HARM = frozenset({"killed", "injured", "casualties", "shot", "part", "again"})
"""What is counted of those who were harmed, and of nobody arrested or rescued."""
ALONE = frozenset({"alone"})
"""Flag of a number told without its harm, and of nothing that says so: "the hospital said seven"."""
OPENS = frozenset({"opens"})
"""Flag of "twice that number", first in its sentence, where the one before has no number of other things."""
SAME_NUMBER = "SAME_NUMBER"
"""Tag of people counted by the number of others: "as many", "twice that number"."""
_NUMBERS = frozenset({"NUM", "OTHERNUM", "BARE", "COUNT"})
_COUNTED = STATED - {"nobody"}
NTH_DEAD = "NTH_DEAD"
"""Tag of one who is told by the number of the dead that he makes."""
SINGLE_TAGS = frozenset({"SINGLE", "ONE_PERSON"})
"""Tags of one person told singly."""
_FORMER = frozenset({"FORMER_COUNT", "REPLACED_COUNT"})
"""Tags of what was counted before."""
_OPENING_TOKENS = 3
"""How far into a sentence, or behind "another", one of several acts is named: "another heavy blast"."""
_SOMEBODY = frozenset({"PEOPLE", "PERSON", "GENERIC", "COUNT", "SINGLE", "BARE"})
"""Tags of people: "another policeman" is no act."""
_MEMBERS = frozenset({"MEMBERS", "PEOPLE"})
"""Tags, all of them, of who belongs to a group, and so is of its side."""
_TO_GROUP_TOKENS = 3
"""How far behind them it may be named: "of the Red Tide"."""


@light_value
class CountMention(Range):
    """A count of people and what became of them: "at least seven civilians were killed".

    ``start`` to ``end`` is the count with the words that say so; ``number`` the count alone. ``what``:
    a measure, or "shot" (dead or not), or "part" (of another count, whatever became of them), or
    "again" (another number for the count before).
    ``tags`` are the count's tags, ``flags`` the rule's ("toll", "hosp").
    """

    what: str
    number: Range
    value: int | None
    low: int | None
    high: int | None
    qualifier: Qualifier
    victim_class: str
    sentence: int
    tags: frozenset[str]
    flags: frozenset[str]
    rules: tuple[str, ...]
    """The rules that made it, the one that states it last."""
    is_headline: bool = False
    """Whether it stands in the title, which the body tells again."""
    age: str | None = None
    name: str | None = None
    noun: str | None = None
    """What is counted, in a word that not everybody could be called by ("shopkeeper", not "man")."""
    names: frozenset[str] = NO_TAGS
    """All words of the name."""
    sex: str | None = None
    beside: str | None = None
    """As what somebody is told whom a word names by others: "companion" (driver), "kin" (wife)."""
    times: int = 1
    """How many times as many they are as those told before: 2 for "twice as many"."""
    bound: Qualifier | None = None
    """How that number bounds them: "at_least" for "at least twice as many"."""
    ordinal: int | None = None
    """The how many-th of those harmed one person is: 4 for "a fourth"."""
    whole: int | None = None
    """The number that they are some of: 9 for "two of the nine"."""
    parts: tuple[CountMention, ...] = ()

    @property
    def is_single(self) -> bool:
        """Whether it is one person told singly, without a numeral."""
        return bool(self.tags & SINGLE_TAGS)

    @property
    def is_told_as_toll(self) -> bool:
        """Whether it is told as a number of the dead or wounded, not as what happened: "the toll is six"."""
        return "toll" in self.flags

    @property
    def is_former(self) -> bool:
        """Whether it is told as what was counted before: "an earlier toll of six"."""
        return not self.tags.isdisjoint(_FORMER)

    @property
    def is_attackers(self) -> bool:
        """Whether the attacking side is counted."""
        return self.victim_class == PERPETRATOR


def find_counts(
    text: CutText, groups: tuple[Range, ...] = (), ruling: tuple[Range, ...] = ()
) -> tuple[CountMention, ...]:
    """All counts of people of a text, in the order of the text.

    ``groups``: where armed groups of the profile are named, in the order of the text; ``ruling``: those
    of them that hold power.
    """
    reader = text.language.reader("figures")
    if reader is None:
        return ()
    found: list[CountMention] = []
    numbered = -1  # the last sentence with numbers of other things
    of_act = -1  # the last that tells of one of several acts
    for sentence in text.sentences:
        if not reader.concerns(sentence.pieces):
            continue
        for run in text.runs(sentence, reader):
            tokens, findings = reader.read(with_groups(run, groups, ruling))
            counts = [_without_subject(c, tokens) for c in _counts(findings, sentence)]
            if of_act == sentence.index - 1:
                counts = [
                    replace(c, flags=c.flags | {OF_ACT}) if c.value == 0 else c for c in counts
                ]
            behind_numbers = numbered == sentence.index - 1
            found += _none_alone(counts) if behind_numbers else _opening(counts)
            if _gives_others(tokens, counts):
                numbered = sentence.index
            if _tells_one_act(tokens):
                of_act = sentence.index
    return tuple(sorted(found, key=lambda c: (c.number.start, c.start, c.end)))


def _without_subject(count: CountMention, tokens: Sequence[Token]) -> CountMention:
    """A sum without a last vague member who does something himself: he opens a clause of his own.

    ("Killed a soldier and hundreds of people | fled"; not "killed a soldier and several of his men".)
    """
    if len(count.parts) < _FEWEST_PARTS or count.parts[-1].value is not None:
        return count
    behind = next((t for t in tokens if t.start >= count.parts[-1].end), None)
    if behind is None or behind.tags & _GOES_ON_WITH:
        return count
    parts = count.parts[:-1]
    low, high = _bounds_of_sum(parts)
    whole = replace(count, value=sum(p.value or 0 for p in parts), low=low, high=high)
    return replace(whole, qualifier=parts[0].qualifier, parts=parts if len(parts) > 1 else ())


def _none_alone(counts: Sequence[CountMention]) -> list[CountMention]:
    """Counts behind numbers of other things, which a lone "eight" may mean."""
    return [c for c in counts if not c.flags & ALONE]


def _opening(counts: Sequence[CountMention]) -> list[CountMention]:
    """Counts of a sentence with no such numbers before it: "twice that number" may open it."""
    first = min((c.number.start for c in counts), default=0)
    return [
        replace(c, flags=c.flags | OPENS)
        if SAME_NUMBER in c.tags and c.number.start == first
        else c
        for c in counts
    ]


def _gives_others(tokens: Sequence[Token], counts: Sequence[CountMention]) -> bool:
    """Whether a sentence has a number that counts nobody who was harmed: a distance, shops, an hour.

    A number told alone behind it may be of that: "five were killed, 300 metres from the palace. Police
    say 500."
    """
    counted = [c.number for c in counts if c.what in _OF_HARM]
    numbers = (t for t in tokens if t.tags & _NUMBERS)
    return any(not any(c.start <= t.start < c.end for c in counted) for t in numbers)


def bounds(value: int, qualifier: Qualifier) -> tuple[int | None, int | None]:
    """Lower and upper bound of a wording with a number."""
    match qualifier:
        case "at_least":
            return value, None
        case "more_than":
            return value + 1, None
        case "nearly":
            return int(value * _NEARLY), max(value - 1, int(value * _NEARLY))
        case "fewer_than":
            return None, max(value - 1, 0)
        case "around":
            return round(value * (1 - _AROUND)), round(value * (1 + _AROUND))
        case "up_to":
            return None, value
        case _:
            return value, value


def with_groups(
    tokens: Sequence[Token], groups: tuple[Range, ...], ruling: tuple[Range, ...] = ()
) -> Sequence[Token]:
    """The tokens with those that name a group as people of its side, as in ``find_counts``."""
    if not groups:
        return tokens
    named = [holding(groups, t.start) is not None for t in tokens]
    in_power = [holding(ruling, t.start) is not None for t in tokens]
    armed = [one and not rules for one, rules in zip(named, in_power, strict=True)]
    out = []
    for index, token in enumerate(tokens):
        beside = any(in_power[max(0, index - 1) : index + 2])
        if in_power[index] or (beside and token.meaning.get("people") == PERPETRATOR):
            out.append(_with_people(token, SECURITY_FORCES, NO_TAGS))
        elif named[index]:
            out.append(_with_people(token, PERPETRATOR, frozenset({ATTACKING_SIDE})))
        elif _is_member(tokens, index, armed):
            out.append(_with_people(token, PERPETRATOR, NO_TAGS))
        else:
            out.append(token)
    return out


def _is_member(tokens: Sequence[Token], index: int, armed: Sequence[bool]) -> bool:
    """Whether a token counts members of an armed group: "X members", "members of X", "of the X"."""
    if not tokens[index].tags >= _MEMBERS:
        return False
    if index and armed[index - 1]:
        return True
    behind = range(index + 1, min(len(tokens), index + 1 + _TO_GROUP_TOKENS))
    if not behind or "OF" not in tokens[behind[0]].tags:
        return False
    return next((armed[i] for i in behind[1:] if "THE" not in tokens[i].tags), False)


def _with_people(token: Token, people: str, tags: frozenset[str]) -> Token:
    meaning = {**token.meaning, "people": people}
    kept = token.tags - {ATTACKING_SIDE}
    return replace(token, tags=kept | tags | {"PEOPLE"}, meaning=meaning)


def _counts(findings: Sequence[Finding], sentence: Sentence) -> Iterator[CountMention]:
    for finding in _each_once(findings):
        if finding.what == "nobody":
            yield from _nobody(finding, sentence)
        elif finding.what in _COUNTED and finding.token is not None:
            mention = _mention(finding, finding.token, sentence)
            if mention is not None:
                yield mention


def _each_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """A count is stated once for each measure, by the first rule that did."""
    seen: set[tuple[str, int, int]] = set()
    for finding in findings:
        at = finding.token if finding.token is not None else finding
        key = (finding.what, at.start, at.end)
        if key not in seen:
            seen.add(key)
            yield finding


def _tells_one_act(tokens: Sequence[Token]) -> bool:
    """Whether a sentence opens with one of several acts: "the third blast", "another rocket".

    What harmed nobody in the next one is that act ("There were no casualties").
    """
    opening = tokens[:_OPENING_TOKENS]
    if any("ONE_OF_BLASTS" in t.tags for t in opening):
        return True
    other = next((i for i, t in enumerate(opening) if "ANOTHER" in t.tags), None)
    named = tokens[other : other + _OPENING_TOKENS] if other is not None else ()
    return bool(named) and not any(t.tags & _SOMEBODY for t in named)


def _nobody(finding: Finding, sentence: Sentence) -> Iterator[CountMention]:
    """A printed zero for each measure that the rule names: "no one was hurt".

    One of a class ("no civilian was hurt") says nothing of everybody. Flag ``once``: it was said before
    ("initially reported no casualties"); ``of_act``: it is told of one act;
    ``else``: of all but those who are told.
    """
    of = [token.meaning.get("people", UNSPECIFIED) for token in finding.labels.get("who", ())]
    if set(of) - {UNSPECIFIED}:
        return
    at = Range(finding.start, finding.end)
    once = ONCE in finding.flags
    for measure in sorted(finding.flags - {ONCE, OF_ACT, ELSE}):
        yield CountMention(
            *(at.start, at.end, measure, at, 0, 0, 0, "exact", UNSPECIFIED, sentence.index),
            tags=frozenset({"REPLACED_COUNT"}) if once else NO_TAGS,
            flags=frozenset({"nobody"}) | (finding.flags & {OF_ACT, ELSE}),
            rules=(finding.rule,),
            is_headline=sentence.zone == "title",
        )


def _mention(finding: Finding, token: Token, sentence: Sentence) -> CountMention | None:
    """The count that a finding states of a token; None where it says of no number of people."""
    number = _number_of(token)
    if number is None:
        return None
    parts = tuple(
        made
        for part in token.parts
        if (made := _mention(replace(finding, start=part.start, end=part.end), part, sentence))
    )
    vague = next((p for p in parts if p.value is None and p.low is not None), None)
    if vague is not None:  # "a minister and several of his guards": four or more
        number = _Number(None, _bounds_of_sum(parts)[0], None, vague.qualifier)
    low, high = number.low, number.high
    if number.qualifier in _LESS and len(parts) == len(token.parts) > 1:
        low, high = _bounds_of_sum(parts)
    return CountMention(
        start=min(finding.start, token.start),
        end=max(finding.end, token.end),
        what=_what(finding),
        number=Range(token.start, token.end),
        value=number.value,
        low=low,
        high=high,
        qualifier=number.qualifier,
        victim_class=_people(token),
        sentence=sentence.index,
        tags=token.tags,
        flags=finding.flags,
        rules=(*token.rules, finding.rule),
        is_headline=sentence.zone == "title",
        age=token.meaning.get("age"),
        name=token.meaning.get("name"),
        noun=token.meaning.get("noun"),
        names=frozenset(token.meaning.get("names", "").split()),
        sex=token.meaning.get("sex"),
        beside=token.meaning.get("beside"),
        times=int(token.meaning.get("times", 1)),
        bound=cast("Qualifier | None", token.meaning.get("bound")),
        ordinal=int(token.meaning.get("ordinal", 0)) or None,
        whole=int(token.meaning.get("whole", 0)) or None,
        parts=parts,
    )


@dataclass(frozen=True, slots=True)
class _Number:
    """A printed number of people: its value, its bounds (None: open), and how it is worded."""

    value: int | None
    low: int | None
    high: int | None
    qualifier: Qualifier


def _number_of(token: Token) -> _Number | None:
    """The number of a counted token; None where it has none that people may have."""
    qualifier = _qualifier(token)
    value = int(token.meaning["ordinal"]) if NTH_DEAD in token.tags else token.value
    if value is not None and value > _MOST_PEOPLE:
        return None
    if qualifier == "range":
        return _Number(token.low, token.low, value, qualifier)
    if value is None:
        least = _LEAST.get(qualifier)
        return None if least is None else _Number(None, least, None, qualifier)
    qualifier = _beside_number(qualifier, several=bool(token.parts))
    return _Number(value, *bounds(value, qualifier), qualifier)


def _bounds_of_sum(parts: Sequence[CountMention]) -> tuple[int | None, int | None]:
    """Lower and upper bound of a sum: the lower one of those that have one, where some have none."""
    low, high = _summed(p.low for p in parts), _summed(p.high for p in parts)
    return (sum(p.low or 0 for p in parts) or None) if low is None else low, high


def _beside_number(qualifier: Qualifier, *, several: bool) -> Qualifier:
    """What a wording for a number means behind one: "30多人", thirty and some. A sum stays a sum."""
    if qualifier == "several" and not several:
        return "more_than"
    return "exact" if qualifier in _LEAST else qualifier


def _people(token: Token) -> str:
    """Who is counted; those told after the attackers' total are some of them."""
    if "ATTACKER_COUNT" in token.tags:
        return PERPETRATOR
    return token.meaning.get("people", UNSPECIFIED)


def _summed(bounds_of_parts: Iterable[int | None]) -> int | None:
    """The bound of a sum: that of its parts ("nearly 60 pupils and two teachers": 51 and 2)."""
    total = 0
    for bound in bounds_of_parts:
        if bound is None:
            return None
        total += bound
    return total


def _what(finding: Finding) -> str:
    """The measure; of other fates (missing, rescued …) what their word says."""
    fate = finding.labels.get("fate")
    return fate[0].meaning["fate"] if finding.what == "fate" and fate else finding.what


def _qualifier(token: Token) -> Qualifier:
    given = token.meaning.get("qualifier", "exact")
    return cast("Qualifier", given) if given in get_args(Qualifier) else "exact"
