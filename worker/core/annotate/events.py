"""Event words: the tokens of each sentence, tagged with what tells of an attack and of which one.

Rules
-----
1. The grammar ``events`` of the language tags words: what is an event, in which clause it stands,
   whether it is new, earlier, one of many, or only feared. Nothing is chosen here.
2. Places and dates are found elsewhere; before the rules run they become tags. ``HERE``: inside the
   watched area; ``AWAY``: outside, or near it; ``DATELINE``: where the story was filed, neither.
   ``FRESH``: a day within ``FRESH_DAYS`` of the document's; ``OLD``: more than ``OLD_DAYS`` before.
   What lies between is neither. Nor is a weekday that comes out old, nor "a week after …": it is
   counted from another attack, which the clause tells.
3. A demonym is no place ("two American soldiers"), and a word like "eastern" beside a place of the
   area is a part of it ("in the eastern district", "the western side of the city").
4. Names of the profile's armed groups are attackers; no pack lists them. One in power acts for the
   state ("the Taliban raided a house and killed two members of Islamic State").
5. Two or more sentences that open with a bullet, a number or a label of their own make a list
   ("TUNIS: …", "• …"): each is an ``item``. Not under a headline that tells an attack of the area:
   its bullets, and the entries of its live blog, are about that one. Nor is a form: it tells its
   casualties once under a label, and its labels name no place ("SUMMARY: … CASUALTIES: …"), or it
   has three of a form's own labels, each once ("Location: … Details: … Advice: …"), or two and no
   others.
6. A run of a long sentence (``cut_text``) is a value of its own.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from worker.core.annotate.cut_text import LONGEST_TOKENS, CutText
from worker.core.annotate.date_mention import DateMention
from worker.core.annotate.place_mention import PlaceMention
from worker.core.domain.light_value import light_value
from worker.core.domain.vocabulary import Zone
from worker.core.lang.language import Reader
from worker.core.lang.normalise import Range, starting_in
from worker.core.lang.tokens import NO_TAGS, Token, index_at, touched
from worker.core.text.prose import Sentence

FRESH_DAYS = 2
OLD_DAYS = 4
_TOMORROW = dt.timedelta(days=1)
_PRECISE = frozenset({"day", "days"})
_VAGUE = frozenset({"month", "year"})
_BESIDE_TOKENS = 2
"""How far an area's name may stand from "eastern" to be what it is a part of."""
_PLACE_TAGS = {"here": "HERE", "near": "AWAY", "elsewhere": "AWAY", "dateline": "DATELINE"}
_PLACED = frozenset({"HERE", "AWAY", "DATELINE", "DATELINE_AWAY"})
_LABEL_TOKENS = 4
_FORM_LABELS_ALONE = 2
"""So many of a form's labels, each once, make one where there are no others; else it takes more."""
_FORM_LABELS = 3
_NEWS = frozenset({"HERE", "AWAY", "EVENT"})
"""What a labelled sentence must have, or it fills in a form."""
_SEPARATOR, _LISTED_MATTERS = ";", 3
_BULLETS = frozenset("•▪·●■►*-")
_AFTER_NUMBER = frozenset(".)")
_ATTACKING = frozenset({"ATTACKER"})
NO_MATTER = frozenset({"SETTING", "NO_ACCIDENT"})
"""Tags of an accident that an attack came upon, that was thought of first, or that it was not."""
_OF_FORCES = "OF_FORCES"
_RAIDED_BEFORE = frozenset({_OF_FORCES, "IS_DEF"})
_BY_FORCES = frozenset({_OF_FORCES, "NOT_AN_EVENT"})
_Marks = dict[int, set[str]]
"""Index of a token → the tags that mentions give it."""


@light_value
class EventSentence(Range):
    """A sentence, or a run of a long one, with its tagged tokens; positions as in ``Prose.text``.

    ``index`` and ``paragraph`` are the sentence's. ``body_number`` counts the sentences of the body
    from 0; it is -1 in a title or a caption. ``tags`` are those of all tokens together, and of the
    dateline before it. ``item``: it opens an item of a list.
    """

    index: int
    paragraph: int
    zone: Zone
    body_number: int
    tokens: tuple[Token, ...]
    tags: frozenset[str]
    item: bool = False

    @property
    def is_top(self) -> bool:
        """Whether it is in the title or the first sentence of the body."""
        return self.zone == "title" or self.body_number == 0

    def token_at(self, position: int) -> int:
        """The index of the token that holds a position, or of the next one."""
        return min(index_at(self.tokens, position), len(self.tokens) - 1)


def event_sentence_at(sentences: Sequence[EventSentence], position: int) -> EventSentence | None:
    """The sentence, of those in the order of the text, that holds a position."""
    index = bisect_right(sentences, position, key=lambda s: s.start) - 1
    return sentences[index] if index >= 0 and sentences[index].holds(position) else None


@dataclass(frozen=True, slots=True)
class _Label:
    """What opens a sentence. ``matter``: it names a place, or is a mere number; ``harm``: "Casualties".

    ``form``: the label itself, where forms have such ones.
    """

    matter: bool
    harm: bool
    form: str = ""


@dataclass(frozen=True, slots=True)
class _Sides:
    """Where those are named who fight: armed groups, those in power, and fighters of theirs."""

    groups: tuple[Range, ...]
    ruling: tuple[Range, ...]
    own_fighters: tuple[Range, ...]


def find_events(
    text: CutText,
    places: tuple[PlaceMention, ...],
    dates: tuple[DateMention, ...],
    groups: tuple[Range, ...] = (),
    day: dt.date | None = None,
    own_fighters: tuple[Range, ...] = (),
    ruling: tuple[Range, ...] = (),
) -> tuple[EventSentence, ...]:
    """All sentences of a text with their event words; empty if the language has no such grammar.

    ``groups``: where armed groups of the profile are named. ``ruling``: where those in power are.
    ``own_fighters``: theirs.
    ``day``: the document's own day on the area's calendar. Mentions stand in the order of the text. Pure;
    raises nothing.
    """
    reader = text.language.reader("events")
    if reader is None:
        return ()
    out: list[EventSentence] = []
    lines = {line.end: line for line in text.prose.datelines}
    sides = _Sides(groups, ruling, own_fighters)
    labels: list[_Label] = []
    number = -1
    for sentence in text.sentences:
        number += sentence.zone in ("lead", "body")
        line = lines.get(sentence.start)
        filed = _place_tags(starting_in(places, line)) if line is not None else NO_TAGS
        if line is not None:
            read = _read(text, line, reader)
            labels += [_Label(bool(filed), _tells_harm(t), _form(t)) for t in read]
        for run in text.runs(sentence, reader):
            tokens, _ = reader.read(_marked(run, places, dates, sides, day))
            made = _sentence(sentence, number, tokens, filed)
            numbered, label = _is_numbered(tokens), label_of(tokens)
            opens = line is not None or numbered or _has_label(tokens, made.tags)
            begins = made.start == sentence.start
            if begins and line is None and (numbered or label):
                placed = any(t.tags & _PLACED for t in label)
                labels.append(_Label(placed or not label, _tells_harm(label), _form(label)))
            is_item = begins and opens and made.body_number >= 0
            out.append(replace(made, item=True) if is_item else made)
    out = _with_raids_again(out)
    is_list = _is_list(out) and not _is_form(labels)
    return tuple(replace(s, item=False) if s.item and not is_list else s for s in out)


def _with_raids_again(told: list[EventSentence]) -> list[EventSentence]:
    """The sentences; "the raids" are those of forces told before, where nobody else raids."""
    raids = [t.tags for s in told for t in s.tokens if "RAIDS" in t.tags]
    new = [tags for tags in raids if not tags & _RAIDED_BEFORE]
    if new or not any(_OF_FORCES in tags for tags in raids):
        return told
    return [
        replace(s, tokens=tuple(t.also(_BY_FORCES) if "RAIDS" in t.tags else t for t in s.tokens))
        for s in told
    ]


def _is_list(sentences: Sequence[EventSentence]) -> bool:
    """Whether items are several matters. A headline of an attack here is not, unless it lists matters."""
    title = [s for s in sentences if s.zone == "title"]
    listed = lists_matters(" ".join(token.word for s in title for token in s.tokens))
    if not listed and any({"HERE", "EVENT"} <= s.tags for s in title):
        return False
    return sum(s.item for s in sentences) > 1


def lists_matters(headline: str) -> bool:
    """Whether a headline lists matters: "Ferry talks collapse; blast in the capital; heat record"."""
    return headline.count(_SEPARATOR) + 1 >= _LISTED_MATTERS


def _is_form(labels: Sequence[_Label]) -> bool:
    """Whether labels are those of one attack's form, and not of several matters."""
    own = [label.form for label in labels if label.form]
    least = _FORM_LABELS_ALONE if len(own) == len(labels) else _FORM_LABELS
    if len(set(own)) == len(own) >= least:
        return True
    return sum(label.harm for label in labels) == 1 and not any(label.matter for label in labels)


def _read(text: CutText, line: Range, reader: Reader) -> Iterator[Sequence[Token]]:
    cut = text.language.cut(text.prose.text, line)
    tokens = reader.tokens(cut, lambda _: False, text.prose.norm.letter)
    if tokens:
        yield reader.read(tokens[:LONGEST_TOKENS])[0]


def _form(label: Sequence[Token]) -> str:
    """The label's word, where forms have such ones; else none."""
    return next((t.word for t in label[:1] if "FORM_LABEL" in t.tags), "")


def _tells_harm(label: Sequence[Token]) -> bool:
    return any("HARM" in t.tags for t in label[:1])


def _sentence(
    sentence: Sentence, number: int, tokens: Sequence[Token], filed: frozenset[str]
) -> EventSentence:
    return EventSentence(
        start=tokens[0].start,
        end=tokens[-1].end,
        index=sentence.index,
        paragraph=sentence.paragraph,
        zone=sentence.zone,
        body_number=number if sentence.zone in ("lead", "body") else -1,
        tokens=tuple(tokens),
        tags=filed.union(*(token.tags for token in tokens)),
    )


def _is_numbered(tokens: Sequence[Token]) -> bool:
    """Whether a sentence opens with a bullet or a number: "•", "2."."""
    words = [token.word for token in tokens[:2]]
    numbered = len(words) > 1 and words[0].isdecimal() and words[1] in _AFTER_NUMBER
    return "HARM" not in tokens[0].tags and (words[0] in _BULLETS or numbered)


def _has_label(tokens: Sequence[Token], tags: frozenset[str]) -> bool:
    """Whether a sentence opens with a label and tells news of its own: "Lima: …"; not "12:58".

    "Casualties: 2 x KIA" and "Initial information: two killed" go on with the item before.
    """
    if "HARM" in tokens[0].tags or not tags & _NEWS:
        return False
    return bool(label_of(tokens))


def label_of(tokens: Sequence[Token]) -> Sequence[Token]:
    """The tokens of the label that a sentence opens with; none where it has none."""
    for index, (a, b) in enumerate(pairwise(tokens[: _LABEL_TOKENS + 1])):
        if b.word == ":" and not a.word.isdecimal():
            return tokens[: index + 1]
    return ()


def _place_tags(places: Sequence[PlaceMention]) -> frozenset[str]:
    return frozenset(_place_tag(place) for place in places if _place_tag(place))


def _place_tag(place: PlaceMention) -> str:
    if place.kind == "dateline" and place.entry.kind == "elsewhere":
        return "DATELINE_AWAY"
    return _PLACE_TAGS.get(place.kind, "")


def _marked(
    tokens: Sequence[Token],
    places: tuple[PlaceMention, ...],
    dates: tuple[DateMention, ...],
    sides: _Sides,
    day: dt.date | None,
) -> list[Token]:
    """The tokens with the tags of what is mentioned at them."""
    marks: _Marks = {}
    run = Range(tokens[0].start, tokens[-1].end)
    for group in starting_in(sides.groups, run):
        _mark(marks, tokens, group, "ATTACKER")
    for ruler in starting_in(sides.ruling, run):
        _mark(marks, tokens, ruler, "STATE_FORCES")
    for place in starting_in(places, run):
        if _place_tag(place):
            _mark(marks, tokens, place, _place_tag(place))
    dated: set[int] = set()
    for date in starting_in(dates, run):
        dated.update(touched(tokens, date))
        tag = _age_tag(date, day)
        if tag is not None:
            _mark(marks, tokens, date, tag)
    _mark_words(marks, tokens, dated, day)
    own = {index for at in starting_in(sides.own_fighters, run) for index in touched(tokens, at)}
    told = [replace(t, tags=t.tags - _ATTACKING) if i in own else t for i, t in enumerate(tokens)]
    return [t.also(marks[i]) if i in marks else t for i, t in enumerate(told)]


def _mark_words(
    marks: _Marks, tokens: Sequence[Token], dated: set[int], day: dt.date | None
) -> None:
    """What a word says of place and time by itself."""
    for index, token in enumerate(tokens):
        if "DEMONYM" in token.tags:
            marks.get(index, set()).discard("AWAY")
        if "AWAY_WORD" in token.tags and not _is_part_of_area(marks, index):
            marks.setdefault(index, set()).add("AWAY")
        fresh = "FRESH_WORD" in token.tags and index not in dated
        if fresh and (day is None or "DAY" not in token.tags):
            marks.setdefault(index, set()).add("FRESH")


def _is_part_of_area(marks: _Marks, index: int) -> bool:
    near = range(index - _BESIDE_TOKENS, index + _BESIDE_TOKENS + 1)
    return any("HERE" in marks.get(other, ()) for other in near)


def _age_tag(date: DateMention, day: dt.date | None) -> str | None:
    """Whether a date is one of these days or an old one."""
    if day is None:
        return _age_by_wording(date)
    if date.precision in _PRECISE:
        if date.first <= day + _TOMORROW and date.last >= day - dt.timedelta(days=FRESH_DAYS):
            return "FRESH"
    is_long_past = date.last < day - dt.timedelta(days=OLD_DAYS)
    return "OLD" if is_long_past and date.basis != "weekday" and not date.anaphoric else None


def _age_by_wording(date: DateMention) -> str | None:
    """The same in a text without a day: "Monday" is fresh, "2019" old, "August 15" may be either."""
    if date.anaphoric:
        return None
    if date.precision in _VAGUE:
        return "OLD"
    return "FRESH" if date.basis in ("weekday", "relative") else None


def _mark(marks: _Marks, tokens: Sequence[Token], at: Range, tag: str) -> None:
    for index in touched(tokens, at):
        marks.setdefault(index, set()).add(tag)
