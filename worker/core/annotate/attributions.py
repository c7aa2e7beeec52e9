"""Whose words they are: attributions, and the speaker that governs a position of a text.

Rules
-----
1. The grammar ``speakers`` says who speaks by which verb, and on which side of the verb the message
   stands. Word order is its business; here each source becomes a speaker, and gets its stretch.
2. Several attributions share a sentence: each has the part up to the next. A contrast between two
   ("while", "but", ";") is where they part. (EFE 2019-07-01: the ministry's "at least one" and an
   unnamed officer's 11 stand in one sentence.)
3. In its part an attribution governs what the message's side says: after the verb, before it, or both
   ("five died, the ministry said, and 13 were hurt").
4. "But" without a speaker of its own ends what is governed: the outlet goes on by itself, unless the
   part before it says who was not harmed, or "that" follows, and his message began with "that" or has
   not begun: "told reporters, however, that six died", "said that six died, but that two lived".
5. A pronoun, or a verb without a subject, takes the last speaker of the sentences before. A sentence
   inside a quotation belongs to whoever is quoted.
6. "An official said", and then an official by name: the two are one. Who was named already, by
   himself or by the words that "he said" goes on with, is nobody introduced later.
7. Whoever only claims the attack leaves the rest of his sentence to who is quoted behind it ("claimed a
   bombing that killed 11, according to the ministry"). Who denies or rejects something is the last who spoke, and nothing else is his ("police rejected
   the claim. He said five died"). A group that claims an attack is so for "it" and "they" in the next
   sentence, one of its people also for "he", and "a spokesman" behind a group's words is the group's.
8. What nobody is quoted for is the outlet's own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from operator import attrgetter

from worker.core.annotate.counts import CountMention
from worker.core.annotate.cut_text import CutText
from worker.core.annotate.speakers import (
    Speaker,
    SpeakerDirectory,
    SpeakerName,
    is_introduction,
    is_of_actor,
)
from worker.core.domain.light_value import light_value
from worker.core.lang.cascade import Finding
from worker.core.lang.language import Reader
from worker.core.lang.normalise import Range, apart, holding, overlapping
from worker.core.lang.tokens import Token, touched
from worker.core.text.prose import Prose, Sentence

_INTRODUCED_WITHIN = 2
"""How many sentences later somebody unnamed may be introduced by name."""
_TO_THAT = 2
"""Behind "however": a comma and "that" ("told reporters, however, that six died")."""
_QUOTE = '"'
_CONTRASTS = frozenset({"CONTRAST", "HOWEVER"})
_CLOSES = frozenset({"CONTRAST", "COLON"})
"""Tags of a semicolon: nothing before it belongs to who speaks behind it."""
_NEGATIONS = frozenset({"NEG", "SAFE", "NO_CASUALTIES", "NOBODY_HURT", "NOBODY_KILLED"})
_SENTENCE = attrgetter("sentence")


@light_value
class Attribution(Range):
    """Source and verb of saying, and the words that they govern. ``sentence``: its index.

    ``person``: somebody is named by it; ``several``: more than one are quoted ("officials").
    """

    speaker: Speaker
    governs: Range
    sentence: int
    person: bool
    several: bool = False
    known: bool = False
    """Whether it names somebody, or goes on with whoever was named."""
    claims: bool = False
    """Whether it only says that an attack was somebody's own."""


@light_value
class _Governed(Range):
    """A stretch of words, and whoever is quoted for them."""

    speaker: Speaker


@dataclass(frozen=True, slots=True)
class Attributions:
    """All attributions of a text, in its order, and what stands between quotation marks."""

    found: tuple[Attribution, ...] = ()
    quoted: tuple[Range, ...] = ()
    denials: tuple[Attribution, ...] = ()
    """Of those who are quoted for nothing: they deny or reject something."""
    governed: tuple[_Governed, ...] = ()
    """Whose words they are, in the order of the text, apart."""

    def speaker_at(self, prose: Prose, position: int) -> Speaker | None:
        """Whoever is quoted for the words at a position; None where the outlet speaks itself."""
        told = holding(self.governed, position)
        if told is not None:
            return told.speaker
        sentence = prose.sentence_at(position)
        if sentence is None or self._first_of(sentence.index) is not None:
            return None
        return self._quoted_speaker(prose, sentence, position)

    def denier_in(self, at: Range) -> Speaker | None:
        """Whoever denies or rejects something in a stretch."""
        return next((d.speaker for d in self.denials if d.overlaps(at)), None)

    def _quoted_speaker(self, prose: Prose, sentence: Sentence, position: int) -> Speaker | None:
        """A sentence of a quotation belongs to who is quoted in another sentence of it."""
        quotation = holding(self.quoted, position)
        if quotation is None:
            return None
        begun = bisect_right(
            self.found, quotation.end, key=lambda said: prose.sentences[said.sentence].start
        )
        if begun == 0:
            return None
        last = prose.sentences[self.found[begun - 1].sentence]
        if last.paragraph != sentence.paragraph or last.end < quotation.start:
            return None
        first = self._first_of(last.index)
        return first.speaker if first is not None else None

    def _first_of(self, sentence: int) -> Attribution | None:
        """The first attribution of a sentence, by its index."""
        at = bisect_left(self.found, sentence, key=_SENTENCE)
        found = self.found[at : at + 1]
        return found[0] if found and found[0].sentence == sentence else None


NOTHING_SAID = Attributions()


@light_value
class _Said(Range):
    """An attribution as the grammar found it. ``before`` and ``after``: where the message stands."""

    source: Range
    described: Range
    before: bool
    after: bool
    again: bool
    """Whether it goes on with the last speaker: a pronoun, or no subject at all."""
    of_previous: bool
    """Whether the message is the sentence before ("so the police said")."""
    mute: bool
    """Whether nothing that is told is his ("police denied that"): he is who "he" is afterwards."""
    claims: bool
    """Whether it only says that an attack was his."""
    other: bool
    """Whether he is surely not who spoke before ("police said five, the governor seven")."""


def find_attributions(
    text: CutText,
    outlet: str | None,
    names: tuple[SpeakerName, ...],
    counts: tuple[CountMention, ...],
    takes_back: bool = False,
) -> Attributions:
    """The attributions of a text that gives figures, or may take an attack back. Pure; raises nothing."""
    reader, prose = text.language.reader("speakers"), text.prose
    if reader is None or not (counts or takes_back):
        return NOTHING_SAID
    directory = SpeakerDirectory(prose, outlet, names)
    marks = Marks.of(prose, names, counts)
    out: list[Attribution] = []
    denials: list[Attribution] = []
    last: Attribution | None = None
    claim: Attribution | None = None
    before: Sentence | None = None
    for sentence in text.sentences:
        concerned = reader.concerns(sentence.pieces)
        for run in text.runs(sentence, reader) if concerned else ():
            goes_on = claim is not None and _goes_on_with_claim(claim, sentence, run)
            previous = claim if goes_on else last
            for made in _attributions(reader, marks.on(run), directory, sentence, before, previous):
                if made.claims:
                    told = last is not None and last.sentence == made.sentence
                    claim = None if told else made
                    continue
                last, claim = made, None
                if made.governs.start == made.governs.end:
                    denials.append(made)
                    continue
                if made.sentence == sentence.index or not out or out[-1].sentence < made.sentence:
                    out.append(made)
        before = None if sentence.zone == "title" else sentence
        if before is None:
            last = None
    found = tuple(_introduced(out))
    return Attributions(found, marks.quoted, tuple(denials), tuple(_without_overlaps(found)))


def _attributions(
    reader: Reader,
    tokens: Sequence[Token],
    directory: SpeakerDirectory,
    sentence: Sentence,
    before: Sentence | None,
    previous: Attribution | None,
) -> Iterator[Attribution]:
    """The attributions of a sentence; ``before``: the one that "so the police said" speaks of."""
    said = _said(reader, tokens)
    last = previous.speaker if previous is not None else None
    known = previous is not None and previous.known
    for here, governs in zip(said, _governed(said, tokens), strict=True):
        speaker = last
        if not here.again and not _is_their_spokesman(here, tokens, previous, sentence):
            before_him = None if here.other else last
            speaker = directory.speaker(here.source, here.described, tokens, before_him)
        if speaker is not None:
            person = not here.again and directory.names_person(here.described, tokens)
            if here.of_previous and before is not None:
                yield Attribution(before.start, before.end, speaker, before, before.index, person)
            at = [t for t in tokens if here.described.holds(t.start)]
            several = any("SPEAKERS" in t.tags for t in at)
            if here.claims:  # "Islamic State" looks like somebody's name
                told = (t for t in tokens if here.holds(t.start) or here.described.holds(t.start))
                person = any("SPOKESMAN" in t.tags for t in told)
            known = (here.again and known) or person or _is_name(here.source, tokens)
            index = sentence.index
            yield Attribution(
                here.start, here.end, speaker, governs, index, person, several, known, here.claims
            )
            last = last if here.claims else speaker


def _goes_on_with_claim(claim: Attribution, sentence: Sentence, tokens: Sequence[Token]) -> bool:
    """Whether "it", "they" or a spokesman goes on with the group that claimed the attack right before.

    "He" does where one of its people claimed it.
    """
    if not is_of_actor(claim.speaker) or sentence.index - claim.sentence != 1:
        return False
    opens = tokens[0].tags
    return any("SPOKESMAN" in t.tags for t in tokens[:2]) or (
        "SPEAKER_PRON" in opens and (claim.person or "PRON" not in opens)
    )


def _is_their_spokesman(
    here: _Said, tokens: Sequence[Token], previous: Attribution | None, sentence: Sentence
) -> bool:
    """Whether "a spokesman", with no word of whom, speaks right after a group."""
    if previous is None or not is_of_actor(previous.speaker):
        return False
    words = [t for t in tokens if here.described.holds(t.start)]
    plain = len(words) == 1 and "SPOKESMAN" in words[0].tags
    return plain and sentence.index - previous.sentence == 1


def _is_name(source: Range, tokens: Sequence[Token]) -> bool:
    """Whether a source is a name that says nothing of who it is ("Kohsar News")."""
    words = [t for t in tokens if source.holds(t.start)]
    return all("CAP" in t.tags and "SPEAKER" not in t.tags for t in words)


def _quotations(prose: Prose) -> Iterator[Range]:
    """What stands between quotation marks, a paragraph at a time; an open one ends with it."""
    for _, sentences in groupby(prose.sentences, attrgetter("paragraph")):
        whole = list(sentences)
        start, end = whole[0].start, whole[-1].end
        marks = [start + i for i, c in enumerate(prose.text[start:end]) if c == _QUOTE]
        for opens, closes in zip(marks[::2], [*marks[1::2], end], strict=False):
            yield Range(opens, closes)


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known of a text before its attributions are read."""

    names: tuple[SpeakerName, ...]
    numbers: tuple[Range, ...]
    quoted: tuple[Range, ...]

    @staticmethod
    def of(prose: Prose, names: tuple[SpeakerName, ...], counts: tuple[CountMention, ...]) -> Marks:
        """The marks of a text; ``names`` and ``counts`` in its order."""
        # a person told singly may be who speaks ("including nine children, a member of the forces told …")
        plain = (c.number for c in counts if not c.is_single)
        numbers = sorted(plain, key=lambda r: (r.start, -r.end))
        return Marks(names, tuple(apart(numbers)), tuple(_quotations(prose)))

    def on(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens with the tags of names, counts and quotations that they stand in."""
        every = (("NAMED_SPEAKER", self.names), ("COUNT", self.numbers), ("QUOTED", self.quoted))
        run = Range(tokens[0].start, tokens[-1].end)
        kinds = [(tag, here) for tag, found in every if (here := overlapping(found, run))]
        if not kinds:
            return list(tokens)
        tags: dict[int, set[str]] = {}
        for tag, found in kinds:
            for index in (index for at in found for index in touched(tokens, at)):
                tags.setdefault(index, set()).add(tag)
        return [t.also(tags[index]) if index in tags else t for index, t in enumerate(tokens)]


def _said(reader: Reader, tokens: Sequence[Token]) -> list[_Said]:
    """The attributions of a sentence, in order: of several about one verb or source the first."""
    _, findings = reader.read(tokens)
    taken: list[Range] = []
    out: list[_Said] = []
    for finding in findings:
        said = _made(finding)
        parts = [Range(t.start, t.end) for k in ("v", "who") for t in finding.labels.get(k, ())]
        if any(a.start < b.end and b.start < a.end for a in parts for b in taken):
            continue
        taken += parts
        out.append(said)
    return sorted(out, key=lambda said: said.start)


def _made(finding: Finding) -> _Said:
    verbs = finding.labels["v"]
    who = finding.labels.get("who", ())
    also = finding.labels.get("also", ())
    source = Range(who[0].start, who[-1].end) if who else Range(verbs[0].start, verbs[-1].end)
    described = Range(
        min([source.start, *(t.start for t in also)]), max([source.end, *(t.end for t in also)])
    )
    parts = [*verbs, *who]
    before = any("MESSAGE_BEFORE" in t.tags for t in verbs)
    after = any("MESSAGE_AFTER" in t.tags for t in verbs)
    either = "either" in finding.flags or not (before or after)
    return _Said(
        min(t.start for t in parts),
        max(t.end for t in parts),
        source,
        described,
        before or either,
        after or either,
        "last" in finding.flags,
        "previous" in finding.flags,
        "mute" in finding.flags,
        "claims" in finding.flags,
        "other" in finding.flags,
    )


def _governed(said: Sequence[_Said], tokens: Sequence[Token]) -> list[Range]:
    """What each attribution of a sentence governs."""
    edges = [tokens[0].start]
    edges += [_parting(a, b, tokens) for a, b in pairwise(said)]
    edges.append(tokens[-1].end)
    out = []
    for index, here in enumerate(said):
        low, high = edges[index], edges[index + 1]
        high = min([high, *_turns(here.end, tokens)])
        closed = (t.end for t in tokens if t.end <= here.start and t.tags >= _CLOSES)
        low = max([low, *closed])
        if here.mute:
            out.append(Range(here.start, here.start))
            continue
        start = low if here.before else min(here.start, high)
        out.append(Range(start, high if here.after else max(here.end, start)))
    return out


def _turns(start: int, tokens: Sequence[Token]) -> Iterator[int]:
    """Where "but" ends what is governed; "nobody died, but two were hurt" is one message."""
    turns = (t for t in tokens if t.start >= start and "HOWEVER" in t.tags)
    for turn in turns:
        before = [t for t in tokens if start <= t.start < turn.start]
        behind = [t for t in tokens if t.start >= turn.end][:_TO_THAT]
        goes_on = any("THAT" in t.tags for t in behind)
        if goes_on and (
            any("THAT" in t.tags for t in before) or not any("COUNT" in t.tags for t in before)
        ):
            continue
        if not any(t.tags & _NEGATIONS for t in before):
            yield turn.start


def _parting(first: _Said, second: _Said, tokens: Sequence[Token]) -> int:
    """Where the part of one attribution ends and that of the next begins."""
    between = [t for t in tokens if first.end <= t.start < second.start]
    turns = [t.start for t in between if t.tags & _CONTRASTS]
    if turns:
        return turns[-1]
    if not second.before:
        return second.start
    if not first.after or first.claims:
        return first.end
    counted = [t.start for t in between if "COUNT" in t.tags]
    commas = [t.start for t in between if "COMMA" in t.tags and t.start < max(counted, default=0)]
    return commas[-1] if commas else first.end if not counted else second.start


def _introduced(found: Sequence[Attribution]) -> Iterator[Attribution]:
    """Attributions to somebody unnamed, given to the person who is introduced right after."""
    sentences = [tuple(said) for _, said in groupby(found, _SENTENCE)]
    for said, later in pairwise((*sentences, ())):
        named = later[0] if later else None
        yield from (here if named is None else _introduced_as(here, named) for here in said)


def _introduced_as(here: Attribution, named: Attribution) -> Attribution:
    """An attribution, to whom the next sentence of anybody names where that introduces its speaker."""
    if (
        not here.known
        and not here.speaker.anonymous  # who asks for that is not named in the next sentence
        and named.person
        and named.sentence - here.sentence <= _INTRODUCED_WITHIN
        and is_introduction(here.speaker, named.speaker, here.several)
    ):
        return replace(here, speaker=named.speaker)
    return here


def _without_overlaps(found: Iterable[Attribution]) -> list[_Governed]:
    """What each governs, apart: words that two govern are the second's."""
    out: list[_Governed] = []
    for here in found:
        own, behind = here.governs, []
        while out and out[-1].end > own.start:
            other = out.pop()
            if other.end > own.end:
                behind.append(_Governed(max(other.start, own.end), other.end, other.speaker))
            if other.start < own.start:
                out.append(_Governed(other.start, own.start, other.speaker))
                break
        if own.start < own.end:
            out.append(_Governed(own.start, own.end, here.speaker))
        out += reversed(behind)
    return out
