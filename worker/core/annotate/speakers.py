"""Who may be quoted: the profile's names in a text, and the speaker that some words stand for.

Rules
-----
1. A speaker is an institution of the profile where one is named, whoever speaks for it; else an armed
   group; else outlet and kind of person ("police", "witness"); else a person by name alone.
2. An official of a group speaks as an official ("a security official of the group").
3. A group that holds power (``Actor.in_power_from``) is the authorities: it is no party of the
   attack, unless it claims it, which is decided where claims are read.
4. "The official", "the ministry" is the speaker told of before, where that can be one ("the governor's
   office" is not). A ministry is no police and no hospital: it is the last of the government's that
   was told of, else its own. An outlet that names itself as the source is the outlet.
5. Of several kinds in one source the telling one counts: in "a police official" it is the police.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import attrgetter

from worker.core.annotate.actors import is_in_power
from worker.core.domain.light_value import light_value
from worker.core.knowledge.profile import Actor, Institution, Profile
from worker.core.lang.lexicon import any_of
from worker.core.lang.normalise import Range, plain, starting_in
from worker.core.lang.tokens import Token
from worker.core.text.prose import Prose

NARRATOR = "outlet_narrator"
GROUP_TYPE, POWER_TYPE, UNKNOWN = "armed_group", "government_unspecified", "unknown"
_PARTY = "non_state_armed_group"
_OFFICES = frozenset({"police", "security_forces", POWER_TYPE, "hospital"})
_GOVERNMENT = "government"
_OF_ACTOR = "actor:"
_VAGUE = (POWER_TYPE, "media_sources", UNKNOWN)
"""Kinds that say least, the more telling first."""
_CHARITIES = {"hospital", "international_organisation"}
"""An aid group that runs a hospital is called either."""
_ANONYMOUS_REACH_CHARS = 60
_ANONYMOUS_BEFORE_TOKENS = 2
_NAMES_BACK = 20
"""Among so many names before it "the group" is looked for."""
_MODIFIER_TOKENS = 3
_MODIFIERS = frozenset({"WORD", "THE", "ART", "SPEAKER_KIND"})
_OF_WHOM = frozenset({"GENITIVE", "OF"})
"""What stands behind "the governor" in "the governor's office", or "the chief" in "the chief of …"."""
_CLAUSE_EDGES = frozenset(
    {"COMMA", "DOT", "DASH", "COLON", "THAT", "CONTRAST", "HOWEVER", "ACCORDING", "CONJ", "QUOTED"}
)
"""After one of these a clause begins, and with it the words that describe its source."""
_PUBLISHERS = frozenset(
    {"police", "security_forces", "hospital", "international_organisation", "government_interior",
     "government_health", "government_defence"}
)  # fmt: skip
"""Kinds of institutions that publish news of an attack themselves."""
_OUTLET_WORDS = 3
"""So many words an outlet's name may have beside the institution's."""
_FOREIGN = "government_foreign"
_START = attrgetter("start")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who stands for a figure. ``name`` is as printed; None for the outlet itself."""

    name: str | None
    id: str
    type: str
    anonymous: bool = False
    perpetrator_party: bool = False


@light_value
class SpeakerName(Range):
    """A name of the profile: institution, armed group, or (``person``) somebody who speaks for it."""

    speaker: Speaker
    person: bool


def id_of_actor(actor: Actor) -> str:
    """The id of a group or state as a speaker."""
    return f"{_OF_ACTOR}{actor.id}"


def is_of_actor(speaker: Speaker) -> bool:
    """Whether a speaker is a group or state of the profile, or somebody who speaks for it."""
    return speaker.id.startswith(_OF_ACTOR)


def narrator(outlet: str | None) -> Speaker:
    """The outlet itself."""
    return Speaker(None, f"outlet:{plain(outlet or 'outlet')}", NARRATOR)


def find_narrator(outlet: str | None, profile: Profile, day: dt.date | None) -> Speaker:
    """Who speaks where nobody is quoted: the outlet, or the institution or group that it is.

    (A ministry's page, a mission's press office, a group's own agency: its words are its own.)
    """
    name = plain(outlet or "")
    pattern, owners = _names_of(profile, day)
    found = pattern.search(name) if pattern is not None else None
    if found is None:
        return narrator(outlet)
    speaker, person = owners[found.group()]
    beside = (name[: found.start()] + name[found.end() :]).split()
    own = speaker.type in _PUBLISHERS or speaker.perpetrator_party
    if person or not own or len(beside) > _OUTLET_WORDS:
        return narrator(outlet)
    return replace(speaker, name=outlet)


def _names_of(
    profile: Profile, day: dt.date | None
) -> tuple[re.Pattern[str] | None, dict[str, tuple[Speaker, bool]]]:
    ruling = frozenset(actor.id for actor in profile.actors if is_in_power(actor, day))
    return _index(profile.actors, profile.institutions, ruling)


def find_speaker_names(
    prose: Prose, profile: Profile, day: dt.date | None
) -> tuple[SpeakerName, ...]:
    """All names of speakers that a text has, in order. ``day``: the article's, for who is in power."""
    pattern, owners = _names_of(profile, day)
    if pattern is None:
        return ()
    return tuple(
        SpeakerName(m.start(), m.end(), *owners[m.group()]) for m in pattern.finditer(prose.text)
    )


@lru_cache(maxsize=8)
def _index(
    actors: tuple[Actor, ...], institutions: tuple[Institution, ...], ruling: frozenset[str]
) -> tuple[re.Pattern[str] | None, dict[str, tuple[Speaker, bool]]]:
    owners: dict[str, tuple[Speaker, bool]] = {}
    for actor in actors:
        party = actor.actor_class == _PARTY and actor.id not in ruling
        kind = POWER_TYPE if actor.id in ruling else GROUP_TYPE
        speaker = Speaker(actor.name, id_of_actor(actor), kind, False, party)
        owners |= {plain(v): (speaker, False) for v in (actor.name, *actor.variants)}
        owners |= {plain(v): (speaker, True) for v in actor.speakers}
    for institution in institutions:
        speaker = Speaker(institution.name, institution.id, institution.speaker_type)
        owners |= {plain(v): (speaker, False) for v in (institution.name, *institution.variants)}
        owners |= {plain(v): (speaker, True) for v in institution.people}
    return any_of(owners), owners


class SpeakerDirectory:
    """The speakers of one article as they are introduced: by institution, kind, name or surname."""

    def __init__(self, prose: Prose, outlet: str | None, names: tuple[SpeakerName, ...]) -> None:
        self._prose = prose
        self._outlet = plain(outlet or "outlet")
        self._names = names
        self._people: dict[str, Speaker] = {}
        self._ministry: Speaker | None = None

    def speaker(
        self, source: Range, described: Range, tokens: Sequence[Token], last: Speaker | None
    ) -> Speaker:
        """Who a source is. ``described``: it with the words that describe it; ``tokens``: those of its
        sentence; ``last``: the speaker before.
        """
        described = self._without_aside(described, tokens)
        within = [t for t in tokens if described.start <= t.start < described.end]
        named = _of_the_area(list(starting_in(self._names, described)), within)
        is_inside = _is_inside(within)
        kind = "media_sources" if is_inside else _kind(within)
        found = self._named(named, kind) or self._introduced(within)
        by_anaphor = found is None and kind == GROUP_TYPE
        if by_anaphor:
            found = self._group_before(source.start)
        if found is None and not is_inside:
            if last is not None and _points_back(within, _behind(tokens, described), kind, last):
                return last
            if any("THE_MINISTRY" in t.tags for t in within):
                found = self._ministry
        if found is None and kind is None and self._is_outlet(source):
            return narrator(self._outlet)
        if found is None:
            name = kind if kind is not None else self._words(source)
            found, by_anaphor = Speaker(None, f"{self._outlet}/{name}", kind or UNKNOWN), False
        anonymous = found.anonymous or _is_anonymous(tokens, described)
        named_person = self.names_person(described, tokens)
        printed = self._printed(described if named_person else _with_modifiers(source, tokens))
        found = replace(found, name=found.name if by_anaphor else printed, anonymous=anonymous)
        self._remember(within, found)
        if found.type.startswith(_GOVERNMENT):
            self._ministry = found
        return found

    def _without_aside(self, described: Range, tokens: Sequence[Token]) -> Range:
        """A group without what is told of it: "the Taliban, who fight the president's government" is
        no government. (A person's aside says what he is: "Amiri, who runs the city's hospitals".)
        """
        first = next(iter(starting_in(self._names, described)), None)
        if first is None or first.person or not first.speaker.id.startswith(_OF_ACTOR):
            return described
        before = [t for t in _starting(tokens, described) if t.start < first.start]
        behind = _behind(tokens, first)
        opens = all(t.tags & _MODIFIERS for t in before)
        is_head = opens and behind is not None and "COMMA" in behind.tags
        return Range(described.start, first.end) if is_head else described

    def names_person(self, described: Range, tokens: Sequence[Token]) -> bool:
        """Whether some words name a person: one of the profile's, or by two capitals."""
        if any(n.person for n in starting_in(self._names, described)):
            return True
        return any(_surnames([t for t in tokens if described.start <= t.start < described.end]))

    def _named(self, named: Sequence[SpeakerName], kind: str | None) -> Speaker | None:
        """A speaker that the profile names; none if an official of a group is meant."""
        if not named:
            return None
        people = [n for n in named if n.person]
        official = [n for n in named if not n.speaker.id.startswith(_OF_ACTOR)]
        chosen = (people or official or list(named))[-1]
        group = chosen.speaker.id.startswith(_OF_ACTOR) and not chosen.person
        return None if group and kind in _OFFICES else chosen.speaker

    def _group_before(self, position: int) -> Speaker | None:
        """The group that "the group" is: the last one named that holds no power, else any."""
        index = bisect_left(self._names, position, key=_START)
        named = [n.speaker for n in self._names[max(0, index - _NAMES_BACK) : index]]
        groups = [speaker for speaker in named if speaker.id.startswith(_OF_ACTOR)]
        armed = [speaker for speaker in groups if speaker.type == GROUP_TYPE]
        return next(reversed(armed or groups), None)

    def _introduced(self, within: Sequence[Token]) -> Speaker | None:
        """The person who was introduced by this surname, if nothing else describes him here."""
        if any("SPEAKER" in t.tags for t in within):
            return None
        for token in within:
            if token.word in self._people:
                return self._people[token.word]
        return None

    def _remember(self, within: Sequence[Token], speaker: Speaker) -> None:
        """Remember a person's surname, for "Samim said" later on."""
        for surname in _surnames(within):
            self._people.setdefault(surname, speaker)

    def _is_outlet(self, source: Range) -> bool:
        """Whether the outlet speaks of itself by its name, or a part of it ("PORT, Harbour Voice: …")."""
        words = plain(self._words(source)).split()
        own = self._outlet.split()
        is_part = any(own[i : i + len(words)] == words for i in range(len(own)))
        return is_part and (len(words) > 1 or words == own)

    def _words(self, source: Range) -> str:
        return " ".join(self._prose.of(source).split())

    def _printed(self, at: Range) -> str:
        return " ".join(self._prose.span(at).quote.split())


def is_known_by_kind(speaker_id: str) -> bool:
    """Whether a speaker is known by his kind alone ("outlet/police"), and by no name."""
    return "/" in speaker_id


def is_introduction(first: Speaker, second: Speaker, several: bool) -> bool:
    """Whether the second names the first: "an official said" and then the official by name.

    ``several``: the first are more than one. "Officials" are no single person, "police" may be. Neither
    witnesses, agencies, hospitals ("an official said. At the hospital, staff said …") nor groups are officials.
    """
    if first.type not in _OFFICES | {UNKNOWN} or not is_known_by_kind(first.id) or first.anonymous:
        return False
    same = not several if first.type in _VAGUE else second.type == first.type
    return same and second.type not in ("witness", "media_sources", "hospital", GROUP_TYPE)


def _of_the_area(named: Sequence[SpeakerName], within: Sequence[Token]) -> list[SpeakerName]:
    """The names but for those inside another country's office: "the German foreign ministry"."""
    abroad = [t for t in within if t.meaning.get("speaker") == _FOREIGN]
    return [n for n in named if not any(t.start < n.start < t.end for t in abroad)]


def _with_modifiers(source: Range, tokens: Sequence[Token]) -> Range:
    """A source with the words that stand before it in its clause: "Afghan officials", "the sources"."""
    start = source.start
    before = [t for t in tokens if t.end <= source.start]
    for token in reversed(before[-_MODIFIER_TOKENS:]):
        if not token.tags & _MODIFIERS or "COUNT" in token.tags:
            break
        start = token.start
    opens = [t for t in before if t.end <= start]
    is_clause = not opens or opens[-1].tags & _CLAUSE_EDGES
    return Range(start, source.end) if is_clause else source


def _kind(within: Sequence[Token]) -> str | None:
    """The most telling kind of speaker that the words name."""
    kinds = [t.meaning["speaker"] for t in within if "speaker" in t.meaning]
    telling = [kind for kind in kinds if kind not in _VAGUE]
    return telling[0] if telling else min(kinds, key=_VAGUE.index, default=None)


def _surnames(within: Sequence[Token]) -> Iterator[str]:
    """The last of each run of capitals that no list knows, where it has two at least."""
    names = [t if {"CAP", "WORD"} <= t.tags else None for t in within]
    for before, token, after in zip(names, names[1:], (*names[2:], None), strict=False):
        if before is not None and token is not None and after is None:
            yield token.word


def _is_inside(within: Sequence[Token]) -> bool:
    """Whether a source is only within an office: "sources inside the ministry" are not the ministry."""
    kinds = {t.meaning["speaker"] for t in within if "speaker" in t.meaning}
    return "media_sources" in kinds and any("THE_MINISTRY" in t.tags for t in within)


def _behind(tokens: Sequence[Token], at: Range) -> Token | None:
    return next((t for t in tokens if t.start >= at.end), None)


def _points_back(
    within: Sequence[Token], behind: Token | None, kind: str | None, last: Speaker
) -> bool:
    """Whether "the spokesman" is who spoke last. "The governor's office", "the spokesman for the
    union" are somebody else.
    """
    followed = zip(within, (*within[1:], behind), strict=True)
    ends = [after for token, after in followed if "THE_SPEAKER" in token.tags]
    if not any(after is None or not after.tags & _OF_WHOM for after in ends):
        return False
    if "THE_SPEAKER" in within[0].tags and any("SPEAKER" in t.tags for t in within[1:]):
        return kind == last.type  # "the spokesman for the council"
    of_government = last.type.startswith(_GOVERNMENT)
    if any("THE_MINISTRY" in t.tags for t in within):
        return of_government or last.type == UNKNOWN
    official = last.type in _OFFICES or of_government
    if {kind, last.type} == _CHARITIES:
        return True
    return kind in (None, UNKNOWN, last.type) or (kind in _VAGUE and official)


def _is_anonymous(tokens: Sequence[Token], at: Range) -> bool:
    """Whether the source, or what stands right before it or behind it, says that it has no name."""
    before = [t for t in tokens if t.start < at.start][-_ANONYMOUS_BEFORE_TOKENS:]
    behind = _starting(tokens, Range(at.start, at.end + _ANONYMOUS_REACH_CHARS))
    return any("ANONYMOUS" in t.tags for t in (*before, *behind))


def _starting(tokens: Sequence[Token], at: Range) -> Iterator[Token]:
    return (t for t in tokens if at.start <= t.start < at.end)
