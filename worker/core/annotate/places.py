"""Names of places in a text, matched against the profile's gazetteer.

Rules
-----
1. Longest name first: a university named after the city is not the city.
2. ``here``: inside the watched area. ``elsewhere``: a place that the gazetteer lists as another.
   ``near``: a direction or distance from the area ("30 km south of …"). ``confused``: the letters
   of a name in a phrase that means something else. ``dateline``: where the story was filed, which
   says nothing about where an attack was (631 military releases filed from one capital taught us).
   ``government``: a country or another capital that speaks or is accused ("Islamabad insists"), or
   whose envoy is told of. ``origin``: where somebody comes from ("the gunman, a recruit from …")
   or was brought ("she was flown to …").
   A surname in a place's letters ("spokesman Khalid Wardak") is ``confused``.
3. In a cased text a name starts with a capital letter ("Nice", not "nice").
4. A ``generic`` name ("parliament", "Company") counts only after a locative cue, and only in an
   article that also names the area itself.
5. In languages where the bare name is a common word the article must hold a context word.

Theory of operation
-------------------
Words become keys: a city's or a foreign name must match letter by letter, hyphens and blanks aside;
a name of several words, or a long one, matches by its sound, so that Pul-i-Mahmoud Khan, Puli
Mahmood Khan and Pul-e Mahmud Khan are one. Keys of adjacent words are joined, a linking "-e-", "-i-"
dropped, and looked up; so "Khairkhana" and "Khair Khana" are one as well. Joining stops where no key
begins so: of most words not even the second is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from worker.core.annotate.foreign_names import foreign_kind, is_end_of_road, is_origin, is_small
from worker.core.annotate.numbered_districts import numbered_districts, without_those_elsewhere
from worker.core.annotate.place_keys import LINKS, WORD, PlaceKeys, place_keys, sound_of
from worker.core.annotate.place_mention import PlaceMention
from worker.core.annotate.places_beside import (
    goes_beyond,
    in_title,
    is_located,
    is_part,
    story_place,
)
from worker.core.domain.vocabulary import WIDE_PLACES
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.profile import PlaceEntry, Profile
from worker.core.lang.lexicon import Lexicon, any_phrase
from worker.core.lang.normalise import Range, apart, holding, plain, starting_in
from worker.core.lang.phrases import normalise_pattern
from worker.core.text.prose import Prose

_Word = tuple[int, int, str]
"""Start, end and letters. No ``Range``: of a thousand words of an article few are names."""
_MAX_WORDS = 9
_LABEL_END = re.compile(r"(?: ?[(\[][^)\]]{2,40}[)\]])? ?:")
_WHO_CHARS = 32
"""Around a name that says who somebody is: "lecturer of the …", "… lecturer"."""
_CLITICS = re.compile(r"^[وف]?[بلک]?(?:ال|لل)?(?=\w{3})")


def find_places(prose: Prose, knowledge: Knowledge) -> tuple[PlaceMention, ...]:
    """All place mentions, left to right, none overlapping another."""
    profile = knowledge.profile
    if not profile.places:
        return ()
    lexicon = knowledge.lexicon(prose.lang)
    keys = place_keys(profile)
    needing = profile.confusers.needs_context
    found = [
        *_soft(prose, profile),
        *numbered_districts(prose.text, keys, lexicon),
        *_named(prose, keys, lexicon is None and prose.lang not in needing),
    ]
    judged = tuple(_judged(prose, profile, lexicon, _apart(found)))
    mentions = without_those_elsewhere(prose.text, keys, judged)
    if not _in_context(prose, profile):
        mentions = tuple(
            replace(m, kind="confused") if m.entry.kind == "city" and m.kind == "here" else m
            for m in mentions
        )
    about_here = any(
        m.kind in ("here", "dateline") and not m.entry.generic and m.entry.kind != "elsewhere"
        for m in mentions
    )
    kept = tuple(
        m
        for m in mentions
        if not m.entry.generic
        or _holds_city(prose, keys, m)
        or (
            about_here
            and is_located(prose, lexicon, m)
            and not _is_in_other(prose, lexicon, m, mentions)
        )
    )
    return _with_capital(prose, knowledge, kept)


def _holds_city(prose: Prose, keys: PlaceKeys, mention: PlaceMention) -> bool:
    """Whether a generic name is printed with the city's in it: "the X Polytechnic" is nowhere else."""
    words = (keys.exact.get(word) for word in WORD.findall(prose.of(mention))[:-1])
    return any(entry is not None and entry.kind == "city" for entry in words)


def _is_in_other(
    prose: Prose, lexicon: Lexicon | None, generic: PlaceMention, mentions: tuple[PlaceMention, ...]
) -> bool:
    """Whether a generic name goes on with another town: "the presidential palace in Brackwater"."""
    after = next((m for m in mentions if m.start >= generic.end), None)
    if lexicon is None or after is None or after.kind not in ("elsewhere", "near"):
        return False
    between = prose.text[generic.end : after.start]
    located = lexicon.first("locative", between)
    return (
        located is not None
        and not between[: located.start()].strip()
        and not between[located.end() :].strip()
    )


def _apart(found: list[PlaceMention]) -> tuple[PlaceMention, ...]:
    """In text order, the longest of those that begin together."""
    return tuple(apart(sorted(found, key=lambda m: (m.start, -m.end))))


def _named(prose: Prose, keys: PlaceKeys, inflected: bool) -> Iterator[PlaceMention]:
    """Names of the gazetteer; ``inflected`` allows the city's name a case ending."""
    text = prose.text
    words = [(m.start(), m.end(), m.group()) for m in WORD.finditer(text)]
    cased = not prose.raw.islower()
    after = 0
    for index, (start, end, word) in enumerate(words):
        if index < after:
            continue
        hit = _longest(words, index, text, keys, prose if cased else None)
        if hit is not None:
            last, entry = hit
            after = last + 1
            yield _mention(start, words[last][1], entry)
        else:
            single = _bare(word, keys, inflected)
            if single is not None and not (cased and is_small(prose, start)):
                yield _mention(start, end, single)
    if keys.unspaced is not None:
        for match in keys.unspaced.finditer(text):
            yield _mention(match.start(), match.end(), keys.names[match.group()])


def _bare(word: str, keys: PlaceKeys, inflected: bool) -> PlaceEntry | None:
    """A name with a clitic before it, or the city with an ending that we have no grammar for."""
    if not word.isascii():
        bare = _CLITICS.sub("", word)
        if bare != word:
            return keys.exact.get(bare)
    for end in range(len(word) - 1, max(4, len(word) - 6), -1) if inflected else ():
        entry = keys.exact.get(word[:end])
        if entry is not None and entry.kind == "city":
            return entry
    return None


def _mention(start: int, end: int, entry: PlaceEntry) -> PlaceMention:
    return PlaceMention(start, end, entry, "elsewhere" if entry.kind == "elsewhere" else "here")


def _longest(
    words: list[_Word],
    index: int,
    text: str,
    keys: PlaceKeys,
    cased: Prose | None,
) -> tuple[int, PlaceEntry] | None:
    """The longest name that begins at word ``index``: its last word and its row."""
    first = words[index][2]
    named = first in keys.begun or sound_of(first) in keys.sound_begun
    if len(first) > 1 and not named:
        return None
    small = cased is not None and is_small(cased, words[index][0])
    letters, sound, best = "", "", None
    for last in range(index, min(index + _MAX_WORDS, len(words))):
        start, _, word = words[last]
        if last > index and not _joins(text[words[last - 1][1] : start]):
            break
        possessive = last > index and word == "s" and text[start - 1] == "'"
        linking = possessive or (last > index and word in LINKS)
        letters += "" if possessive else word
        sound += "" if linking else sound_of(word)
        if small and letters not in keys.small_begun:
            break
        if letters not in keys.begun and sound not in keys.sound_begun:
            break
        if small and letters not in keys.small:
            continue
        entry = keys.exact.get(letters)
        if entry is not None and cased and last > index:
            printed = text[words[index][0] : words[last][1]]
            entry = None if _is_own_word(cased, entry, start, printed) else entry
        if entry is None and not linking:
            entry = keys.by_sound.get(sound)
            if entry is not None and cased and is_small(cased, start):
                entry = None
        if best is not None and entry is best[1] and cased and is_small(cased, start):
            continue  # "in Taimani in the north": Finnish writes the name with that ending
        if entry is not None and not possessive:
            best = (last, entry)
    return best


def _is_own_word(prose: Prose, entry: PlaceEntry, start: int, printed: str) -> bool:
    """Whether a small word behind a town's name is none of its: "killed in Lontown in a raid".

    Another language writes the name with that ending ("Lontownin").
    """
    if entry.kind not in ("city", "elsewhere") or prose.text[start - 1] != " ":
        return False
    return is_small(prose, start) and all(plain(v) != printed for v in entry.variants)


def _joins(between: str) -> bool:
    return between in (" ", "-", "'", "- ", " -", ". ", ".")


def _soft(prose: Prose, profile: Profile) -> Iterator[PlaceMention]:
    """Phrases that mean the city without naming it; the city is the first row of its kind."""
    city = next((p for p in profile.places if p.kind == "city"), None)
    pattern = _phrases(tuple(profile.soft_names.get(prose.lang, ())))
    if city is not None and pattern is not None:
        for found in pattern.finditer(prose.text):
            yield PlaceMention(found.start(), found.end(), city, "here")


@lru_cache(maxsize=64)
def _phrases(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    return any_phrase(map(normalise_pattern, patterns))


def _phrases_in(patterns: dict[str, tuple[str, ...]], prose: Prose) -> tuple[Range, ...]:
    pattern = _phrases((*patterns.get("*", ()), *patterns.get(prose.lang, ())))
    return tuple(map(Range.of, pattern.finditer(prose.text))) if pattern is not None else ()


def _judged(
    prose: Prose,
    profile: Profile,
    lexicon: Lexicon | None,
    mentions: tuple[PlaceMention, ...],
) -> Iterator[PlaceMention]:
    not_here = _phrases_in(profile.confusers.not_here, prose)
    proper = _phrases_in(profile.confusers.proper, prose)
    cased = not prose.raw.islower()
    proper = tuple(r for r in proper if not cased or not _ends_small(prose, r))
    confused = tuple(sorted((*not_here, *proper), key=lambda r: r.start))
    directions = _phrases_in(profile.confusers.direction, prose)
    vicinity = _phrases_in(profile.confusers.vicinity, prose)
    for m in mentions:
        if _covered(m, prose.datelines) or _labels(prose, m):
            yield replace(m, kind="dateline")
        elif m.kind == "here" and _is_confused(m, confused, not_here):
            yield replace(m, kind="confused")
        elif m.kind == "here" and m.entry.kind in WIDE_PLACES and _covered(m, directions):
            may_be_here = in_title(prose, m) or not _is_measured(prose, m, directions)
            told_here = may_be_here and story_place(prose, lexicon, m, mentions) == "here"
            part = is_part(m, mentions) or told_here
            yield m if part else replace(m, kind="near")
        elif m.kind == "here" and _comes_from(prose, lexicon, m, mentions):
            yield replace(m, kind="origin")
        elif m.kind == "here" and m.entry.kind in WIDE_PLACES and _covered(m, vicinity):
            away = story_place(prose, lexicon, m, mentions) == "elsewhere"
            beyond = away or goes_beyond(prose, m, mentions, directions)
            yield replace(m, kind="near") if beyond else m
        elif m.kind == "elsewhere" and lexicon is not None:
            by_road = is_end_of_road(prose, lexicon, m, mentions)
            kind = "confused" if by_road else foreign_kind(prose, lexicon, m, cased)
            yield replace(m, kind=kind)
        else:
            yield m


def _is_confused(
    mention: PlaceMention, confused: tuple[Range, ...], not_here: tuple[Range, ...]
) -> bool:
    """Whether a name means something else there; that of a quarter only where the phrase begins with it."""
    if mention.entry.kind in WIDE_PLACES:
        return _covered(mention, confused)
    phrase = holding(not_here, mention.start)
    return phrase is not None and phrase.start == mention.start


def _is_measured(prose: Prose, name: Range, directions: tuple[Range, ...]) -> bool:
    """Whether it is said how far away something was: "30 km south of the city", not "outside" it."""
    told = (prose.of(d) for d in directions if d.start <= name.start < d.end)
    return any(char.isdigit() for words in told for char in words)


def _comes_from(
    prose: Prose, lexicon: Lexicon | None, name: PlaceMention, mentions: tuple[PlaceMention, ...]
) -> bool:
    """Whether a name says who somebody is, in a clause that puts something in another place.

    "A trader from Portsmere was shot in Brackwater", "Portsmere Polytechnic lecturer killed in …". Not
    behind a comma: "… lecturers of Portsmere Polytechnic, a day after a blast in Brackwater".
    """
    sentence = prose.sentence_at(name.start)
    if lexicon is None or sentence is None or not _says_who(prose, lexicon, name):
        return False
    others = (m for m in starting_in(mentions, sentence) if m.kind == "elsewhere")
    near = (m for m in others if "," not in prose.text[name.end : m.start])
    return any(is_located(prose, lexicon, other) for other in near)


def _says_who(prose: Prose, lexicon: Lexicon, name: PlaceMention) -> bool:
    if name.entry.kind == "city" and is_origin(prose, lexicon, name):
        return True
    if lexicon.ends_with("person_of", prose.text, name.start, _WHO_CHARS) is not None:
        return True
    person = lexicon.first("place_person", prose.text, name.end, name.end + _WHO_CHARS)
    return person is not None and person.start() == name.end + 1


def _ends_small(prose: Prose, phrase: Range) -> bool:
    """Whether the last word of a phrase is printed small: "a Portsmere bank" is a bank there.

    Where a whole sentence is in capitals ("PORTSMERE BANK SIEGE OVER") they tell nothing.
    """
    sentence = prose.sentence_at(phrase.start)
    if sentence is not None and prose.span(sentence).quote.isupper():
        return True
    return is_small(prose, phrase.start + prose.of(phrase).rfind(" ") + 1)


def _covered(mention: PlaceMention, phrases: tuple[Range, ...]) -> bool:
    return holding(phrases, mention.start) is not None


def _labels(prose: Prose, mention: PlaceMention) -> bool:
    """A filing place set off by a colon in a body sentence: "Springfield: Two men …"."""
    sentence = prose.sentence_at(mention.start)
    if sentence is None or sentence.zone == "title" or mention.start > sentence.start + 2:
        return False
    return _LABEL_END.match(prose.text, mention.end, sentence.end) is not None


def _in_context(prose: Prose, profile: Profile) -> bool:
    patterns = tuple(profile.confusers.needs_context.get(prose.lang, ()))
    if not patterns:
        return True
    pattern = re.compile("|".join(normalise_pattern(p) for p in patterns))
    return pattern.search(prose.text) is not None


def _with_capital(
    prose: Prose, knowledge: Knowledge, mentions: tuple[PlaceMention, ...]
) -> tuple[PlaceMention, ...]:
    """Add "in the capital" where the article named the area's city, or was filed there, before.

    "50 km south of the capital" is near it, as it would be with the name.
    """
    city = next(
        (m for m in mentions if m.entry.kind == "city" and m.kind in ("here", "dateline")), None
    )
    lexicon = knowledge.lexicon(prose.lang)
    if city is None or lexicon is None:
        return mentions
    directions = _phrases_in(knowledge.profile.confusers.direction, prose)
    added: list[PlaceMention] = []
    for found in lexicon.find("capital_word", prose.text, city.end):
        word = PlaceMention(found.start(), found.end(), city.entry, "here")
        beyond = _covered(word, directions) and not is_part(word, mentions)
        added.append(replace(word, kind="near") if beyond else word)
    return _apart([*mentions, *added]) if added else mentions
