"""Who says it: attributions in a sentence, and the speaker that governs a position.

Rules
-----
1. An attribution governs what follows its verb ("X said that …") when words follow, else what stands
   before it ("…, X said"). "According to X" at the head governs the sentence.
2. With several in one sentence each governs up to the next one's subject. (EFE 2019-07-01: the
   ministry's "at least one" and an unnamed officer's 11 stand in one sentence.)
3. "He said", "it added" take the last speaker of the sentences before. A surname takes the person
   who was introduced by it.
4. A speaker is an institution of the profile where one is named, whoever speaks for it; else an armed
   group, which is the perpetrator's party; else outlet and kind of person.
5. What nobody is quoted for is the outlet's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.profile import Actor, Institution, Profile
from worker.core.lang.lexicon import Lexicon, any_of
from worker.core.lang.normalise import Range, plain
from worker.core.text.prose import Prose, Sentence

NARRATOR = "outlet_narrator"
_SUBJECT_REACH_CHARS = 150
_OBJECT_REACH_CHARS = 110
_MESSAGE_CHARS = 18
"""Fewer characters than this after a verb of saying are no message ("X said on Monday.")."""
_OFFICES = ("police", "security_forces", "government_unspecified", "hospital")
"""An official of a group in power speaks as an official: "a security official of the group"."""
_PARTY = ("non_state_armed_group",)
_SURNAME = re.compile(r"[^\W\d_]{3,}")
_FULL_NAME = re.compile(r"[A-Z][\w'-]+(?: [A-Z][\w'-]+){1,3}")
_CLAUSE_END = re.compile(r"[;\u061b]")
"""What ends the words of an attribution in every script."""
_CLAUSE_EDGE = re.compile(r"[;:\u061b]|, (?:and|but|although|while) |\" |^\"")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who stands for a figure. ``name`` is as printed; None for the outlet itself."""

    name: str | None
    id: str
    type: str
    anonymous: bool = False
    perpetrator_party: bool = False


@dataclass(frozen=True, slots=True)
class AttributionPhrase(Range):
    """Subject and verb of saying, and the words that they govern."""

    speaker: Speaker
    governs: Range


@dataclass(frozen=True, slots=True)
class _Subject(Range):
    """The words that name who is quoted."""

    speaker: Speaker


@dataclass(frozen=True, slots=True)
class _Spoken(_Subject):
    """A verb of saying with its subject; ``cited``: "according to X"."""

    cited: bool


@dataclass(frozen=True, slots=True)
class _Named(_Subject):
    """A name of the profile: institution or armed group, person or not."""

    person: bool


class SpeakerIndex:
    """All attributions of one article, asked by position. Built once for each text."""

    def __init__(self, prose: Prose, outlet: str | None, knowledge: Knowledge) -> None:
        self._prose = prose
        self._outlet = outlet or "outlet"
        self._profile = knowledge.profile
        self._lexicon = knowledge.lexicon(prose.lang)
        self._people: dict[str, Speaker] = {}
        self._attributions: dict[int, list[AttributionPhrase]] = {}
        last: Speaker | None = None
        for sentence in prose.sentences if self._lexicon is not None else ():
            found = self._attributions_in(sentence, last)
            self._attributions[sentence.index] = found
            if found:
                last = found[-1].speaker
            elif sentence.zone == "title":
                last = None

    @property
    def narrator(self) -> Speaker:
        """The outlet itself."""
        return Speaker(None, f"outlet:{plain(self._outlet)}", NARRATOR)

    def at(self, position: int) -> Speaker:
        """Whoever is quoted for the words at a position of ``Prose.text``."""
        sentence = self._prose.sentence_at(position)
        if sentence is None:
            return self.narrator
        governing = [
            a for a in self._attributions.get(sentence.index, ()) if a.governs.holds(position)
        ]
        return governing[-1].speaker if governing else self._quotation_speaker(sentence)

    def _quotation_speaker(self, sentence: Sentence) -> Speaker:
        """A sentence inside a quotation that was opened before belongs to who opened it."""
        text = self._prose.of(sentence).strip()
        if self._attributions.get(sentence.index) or not (text[:1] == '"' or text[-1:] == '"'):
            return self.narrator
        for other in reversed(self._prose.paragraph(sentence.paragraph)):
            found = self._attributions.get(other.index)
            if found:
                return found[0].speaker
        return self.narrator

    def _attributions_in(self, sentence: Sentence, last: Speaker | None) -> list[AttributionPhrase]:
        verbs = sorted(self._verbs_of_saying(sentence, last), key=lambda s: s.start)
        out: list[AttributionPhrase] = []
        for index, said in enumerate(verbs):
            following = verbs[index + 1].start if index + 1 < len(verbs) else sentence.end
            governs = self._governed(sentence, said, following, out)
            out.append(AttributionPhrase(said.start, said.end, said.speaker, governs))
        return out

    def _governed(
        self,
        sentence: Sentence,
        said: _Spoken,
        following: int,
        earlier: list[AttributionPhrase],
    ) -> Range:
        """What an attribution governs: what follows it, or all back to the one before."""
        start, end = said.start, said.end
        rest = self._prose.text[end:following].strip(" .,\"'")
        head = self._prose.text[sentence.start : start].strip(" ,\"'")
        back = earlier[-1].governs.end if earlier else sentence.start
        if said.cited:
            return Range(start, following) if not head else Range(back, sentence.end)
        after = Range(end, following)
        says = len(rest) >= _MESSAGE_CHARS or self._tells_harm(after)
        if says and not self._is_aside(after):
            paused = bool(head) and self._prose.text[end : end + 2] == ", "
            return Range(min(back, start) if paused else start, following)
        return Range(min(back, start), max(end, start))

    def _tells_harm(self, at: Range) -> bool:
        lexicon = self._lexicon
        table = lexicon.table("harm_measure") if lexicon is not None else None
        return table is not None and any(table.find(self._prose.text, at.start, at.end))

    def _is_aside(self, after: Range) -> bool:
        """Whether only circumstances follow the verb: "said on Twitter", "said, who did not …"."""
        return self._prose.of(after).lstrip().startswith((", who", "who ", "on condition"))

    def _verbs_of_saying(self, sentence: Sentence, last: Speaker | None) -> Iterator[_Spoken]:
        """Each verb of saying whose subject is known."""
        lexicon, text = self._lexicon, self._prose.text
        if lexicon is None:
            return
        used: list[Range] = []
        floor = sentence.start
        for found in lexicon.find("according_phrase", text, sentence.start, sentence.end):
            named = self._subject_after(found.end(), sentence, lexicon)
            if named is not None:
                said = _Spoken(found.start(), named.end, named.speaker, cited=True)
                used.append(said)
                yield said
        for found in lexicon.find("said_verb", text, sentence.start, sentence.end):
            if any(u.holds(found.start()) for u in used):
                continue
            subject = self._inverted(found.end(), sentence, lexicon)
            if subject is None:
                subject = self._subject_before(found.start(), floor, lexicon, last)
            if subject is not None:
                start, floor = min(subject.start, found.start()), max(subject.end, found.end())
                said = _Spoken(start, floor, subject.speaker, cited=False)
                used.append(said)
                yield said

    def _subject_before(
        self, verb: int, floor: int, lexicon: Lexicon, last: Speaker | None
    ) -> _Subject | None:
        text = self._prose.text
        low = max(floor, verb - _SUBJECT_REACH_CHARS)
        edges = [m.end() for m in _CLAUSE_EDGE.finditer(text, low, verb)]
        low = edges[-1] if edges else low
        before = Range(low, verb)
        named = self._named(before, lexicon)
        if named is not None:
            return named
        for pronoun in lexicon.find("said_pronoun", text, low, verb):
            if last is not None and len(text[pronoun.end() : verb].split()) <= 2:
                return _Subject(pronoun.start(), verb, last)
        return self._speaker_noun(before, lexicon) or self._unlisted_person(before)

    def _inverted(self, verb_end: int, sentence: Sentence, lexicon: Lexicon) -> _Subject | None:
        """As in "…, said the spokesman": the subject follows a verb that closes the words before."""
        before = self._prose.text[sentence.start : verb_end]
        if re.search(r"[,\"'] ?\w+$", before) is None:
            return None
        return self._subject_after(verb_end, sentence, lexicon)

    def _subject_after(self, start: int, sentence: Sentence, lexicon: Lexicon) -> _Subject | None:
        reach = min(sentence.end, start + _OBJECT_REACH_CHARS)
        end = _CLAUSE_END.search(self._prose.text, start, reach)
        after = Range(start, end.start() if end is not None else reach)
        return (
            self._named(after, lexicon)
            or self._speaker_noun(after, lexicon, first=True)
            or self._unlisted_person(after)
        )

    def _named(self, at: Range, lexicon: Lexicon) -> _Subject | None:
        """A speaker that the profile names, or a person introduced before."""
        names = list(_names_in(self._prose.text, at, self._profile))
        if not names:
            return self._surname(at)
        chosen = _preferred(names)
        if chosen.speaker.perpetrator_party and not chosen.person:
            official = self._speaker_noun(at, lexicon)
            if official is not None and official.speaker.type in _OFFICES:
                return official
        self._remember_surname(at, chosen.speaker)
        whole = Range(min(n.start for n in names), max(n.end for n in names))
        anonymous = self._is_anonymous(at, lexicon)
        speaker = replace(chosen.speaker, name=self._printed(whole), anonymous=anonymous)
        return _Subject(whole.start, whole.end, speaker)

    def _speaker_noun(self, at: Range, lexicon: Lexicon, *, first: bool = False) -> _Subject | None:
        """A speaker known by kind only: "police", "witnesses", "a security official"."""
        kinds = list(lexicon.table("speaker_noun").find(self._prose.text, at.start, at.end))
        if not kinds:
            return None
        found, kind = kinds[0] if first else kinds[-1]
        name = self._printed(Range.of(found))
        identity = f"{plain(self._outlet)}/{kind}"
        anonymous = self._is_anonymous(at, lexicon)
        return _Subject(*found.span(), Speaker(name, identity, kind, anonymous))

    def _is_anonymous(self, at: Range, lexicon: Lexicon) -> bool:
        return lexicon.first("toll_anonymous", self._prose.text, at.start, at.end + 60) is not None

    def _remember_surname(self, at: Range, speaker: Speaker) -> None:
        """Remember the person's surname, for "Samim said" later on."""
        for person in self._capitals(at):
            self._people.setdefault(person.split()[-1], speaker)

    def _surname(self, at: Range) -> _Subject | None:
        for found in _SURNAME.finditer(self._prose.text, at.start, at.end):
            speaker = self._people.get(found.group())
            if speaker is not None:
                name = self._printed(Range.of(found))
                return _Subject(*found.span(), replace(speaker, name=name))
        return None

    def _unlisted_person(self, at: Range) -> _Subject | None:
        """A person by two capitals that no list knows."""
        people = self._capitals(at)
        if not people:
            return None
        name = people[-1]
        start = self._prose.text.rfind(name, at.start, at.end)
        printed = self._printed(Range(start, start + len(name)))
        speaker = Speaker(printed, f"{plain(self._outlet)}/{name}", "unknown")
        self._people.setdefault(name.split()[-1], speaker)
        return _Subject(start, start + len(name), speaker)

    def _capitals(self, at: Range) -> list[str]:
        """Full names, in normalised form, inside a stretch."""
        return [plain(m.group()) for m in _FULL_NAME.finditer(self._prose.printed(at))]

    def _printed(self, at: Range) -> str:
        return " ".join(self._prose.span(at).quote.split())


def _preferred(names: list[_Named]) -> _Named:
    """A person before an institution before a group: the more specific says who speaks."""
    people = [n for n in names if n.person]
    official = [n for n in names if not n.speaker.perpetrator_party]
    return (people or official or names)[-1]


def _names_in(text: str, at: Range, profile: Profile) -> Iterator[_Named]:
    pattern, owners = _index(profile.actors, profile.institutions)
    if pattern is None:
        return
    for found in pattern.finditer(text, at.start, at.end):
        speaker, person = owners[found.group()]
        yield _Named(*found.span(), speaker, person)


@lru_cache(maxsize=8)
def _index(
    actors: tuple[Actor, ...], institutions: tuple[Institution, ...]
) -> tuple[re.Pattern[str] | None, dict[str, tuple[Speaker, bool]]]:
    owners: dict[str, tuple[Speaker, bool]] = {}
    for actor in actors:
        party = actor.actor_class in _PARTY
        speaker = Speaker(actor.name, f"actor:{actor.id}", "armed_group", False, party)
        owners |= {plain(v): (speaker, False) for v in (actor.name, *actor.variants)}
        owners |= {plain(v): (speaker, True) for v in actor.speakers}
    for institution in institutions:
        speaker = Speaker(institution.name, institution.id, institution.speaker_type)
        owners |= {plain(v): (speaker, False) for v in (institution.name, *institution.variants)}
        owners |= {plain(v): (speaker, True) for v in institution.people}
    return any_of(owners), owners
