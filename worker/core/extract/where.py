"""Where it happened: the place of the profile that the attack is told at, and its printed phrase.

Rules
-----
1. The finest place wins that stands with the attack: landmark, neighbourhood, district, city. Where
   the wounded were taken and who speaks is no place ("officials at the city's hospital"), nor is what
   was only to be attacked ("a threat to the airport"), nor where somebody lives, works, speaks, sets
   out from or is bound for ("a driver from X", "was due at the court").
2. ``name`` is the neighbourhood's phrase as printed, else the landmark's, else words that no
   gazetteer lists: a site ("police checkpoint"), the name of a quarter ("Afzal Khan area") unless
   the site has a name itself, else "central <city>" or the city. A site that only says where a
   named place is ("at the square, close to the embassy") is not printed for it.
3. A coordinate comes from the gazetteer with its trust, or not at all. A quarter without one does not
   get that of the city; a site without one gets that of its quarter, with less trust.
   A site with a name that was hit next to a landmark keeps its name.
4. Attacks in several quarters that are told as one ("bombs in X and Y killed nine") are in the city.
   One of "a wave of killings in X" is in X, where its own words name no place.
5. A place near which it happened counts as its place; a place only passed by does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from worker.core.annotate.place_mention import PlaceMention
from worker.core.domain.report import Place, Target
from worker.core.domain.vocabulary import FINE_PLACES, WIDE_PLACES, PlacePrecision, Trust
from worker.core.extract.bystanders import closes_with_source, does_as_office, is_of_speaker
from worker.core.extract.joint import find_joined_sites
from worker.core.extract.noun_phrase import is_name
from worker.core.extract.passage import Passage, Spans
from worker.core.extract.site import find_site
from worker.core.extract.target import Thing, Things, word_key
from worker.core.extract.unlisted import find_unlisted
from worker.core.knowledge.profile import PlaceEntry, Profile
from worker.core.lang.normalise import Range, inside, plain

_RANK: dict[str, int] = {kind: n for n, kind in enumerate((*FINE_PLACES, *WIDE_PLACES))}
_RECEPTION_REACH_CHARS = 44
_SAYS_REACH_CHARS = 26
_LOCATIVE_REACH_CHARS = 40
_FREE_PLACE_REACH_CHARS = 48
_NAME_GAP_CHARS = 2
_LAUNCH_REACH_CHARS = 140
_TAKEN_REACH_CHARS = 28
_PROPER = re.compile(
    r"\s(?:the |central |downtown |north\w* |south\w* |east\w* |west\w* ){0,2}(\w)"
)
_WORDS = re.compile(r"[\w'.-]+")


@dataclass(frozen=True, slots=True)
class _Scored:
    mention: PlaceMention
    score: float


def find_place(
    passage: Passage, targets: tuple[Target, ...], things: Things
) -> tuple[Place | None, Spans]:
    """The place of the attack, or None when the text names none of the watched area.

    ``things``: what the attack's words name besides places, for a site without a name of its own.
    """
    scored = [s for s in _scored(passage, targets) if s.score > 0]
    fine = [s.mention for s in scored if s.mention.entry.kind in FINE_PLACES]
    scored += _target_landmark(passage, targets, fine)
    if not scored:
        return _fallback_place(passage, targets, things)
    entries = {e.id: e for e in passage.profile.places}
    least = passage.weights.where.landmark_least
    if find_joined_sites(passage):
        return _place_of_all(passage, scored, entries)
    landmark = _best([s for s in scored if s.score >= least], ("landmark",))
    quarter = _best(scored, ("neighbourhood",)) or _best(scored, ("district",))
    city = _best(scored, WIDE_PLACES)
    finest = landmark or quarter or city
    if finest is None:
        return None, ()
    path = _path(finest.mention.entry, entries)
    if landmark is not None and quarter is not None and quarter.mention.entry.id not in path:
        path = (landmark.mention.entry.id, *_path(quarter.mention.entry, entries))
    kept = [s.mention for s in (quarter, landmark, city) if s is not None]
    name = _printed(passage, kept, targets, things)
    return _place(name, path, entries), passage.spans(kept)


def _place_of_all(
    passage: Passage, scored: list[_Scored], entries: dict[str, PlaceEntry]
) -> tuple[Place | None, Spans]:
    """What holds several sites that are named in one breath: the city."""
    city = _best(scored, WIDE_PLACES)
    if city is not None:
        entry, name = city.mention.entry, passage.prose.span(city.mention).quote
        return _place(name, _path(entry, entries), entries), passage.spans([city.mention])
    first = max(scored, key=lambda s: s.score).mention
    wide = [i for i in _path(first.entry, entries) if entries[i].kind in WIDE_PLACES]
    if not wide:
        return None, ()
    return _place(entries[wide[0]].name, tuple(wide), entries), passage.spans([first])


def _scored(passage: Passage, targets: tuple[Target, ...]) -> Iterator[_Scored]:
    for mention in passage.segment.places:
        if mention.kind not in ("here", "near") or mention.entry.kind == "elsewhere":
            continue
        yield _Scored(mention, _score(passage, mention, targets))


def _target_landmark(
    passage: Passage, targets: tuple[Target, ...], fine: list[PlaceMention]
) -> list[_Scored]:
    """The landmark that the primary target is, whatever order its words stand in.

    Not one that only says where another place is; ``fine``: those that are named.
    """
    primary = next((t for t in targets if t.role == "primary"), None)
    entry = None if primary is None else _landmark_named(passage, primary.id or "")
    if primary is None or entry is None:
        return []
    wanted = plain(primary.name)
    for told in passage.segment.ranges:
        at = passage.prose.text.find(wanted, told.start, told.end)
        if at >= 0:
            mention = PlaceMention(at, at + len(wanted), entry, "here")
            if any(_only_says_where(passage, place, mention) for place in fine):
                return []
            return [_Scored(mention, passage.weights.where.is_target)]
    return []


def _landmark_named(passage: Passage, key: str) -> PlaceEntry | None:
    spelling = tuple(passage.lexicon.words["spelling"].items())
    generic = passage.lexicon.pattern("site_generic")
    return _landmarks(passage.profile, spelling, generic).get(key)


@lru_cache(maxsize=32)
def _landmarks(
    profile: Profile,
    spelling: tuple[tuple[str, str], ...],
    generic: re.Pattern[str] | None,
) -> dict[str, PlaceEntry]:
    """Landmarks by the words of their names."""
    names: dict[str, PlaceEntry] = {}
    for entry in profile.places:
        if entry.kind == "landmark":
            for name in (entry.name, *entry.variants):
                names.setdefault(word_key(name, spelling, generic), entry)
    return names


def _score(passage: Passage, mention: PlaceMention, targets: tuple[Target, ...]) -> float:
    sentence = passage.sentence(mention.start)
    if sentence is None:
        return 0.0
    weights = passage.weights.where
    clause = passage.clause(mention.start)
    triggered = bool(passage.triggers_in(clause))
    score = weights.named + weights.with_attack * triggered + weights.zone.of(sentence.zone)
    score += weights.per_sentence * sentence.index
    side = passage.ends_with("free_place", mention.start, _FREE_PLACE_REACH_CHARS)
    before = Range(max(clause.start, mention.start - _LOCATIVE_REACH_CHARS), mention.start)
    score += weights.located * (side is not None or passage.has("locative", before))
    after = Range(mention.end, min(clause.end, mention.end + _SAYS_REACH_CHARS))
    if mention.entry.kind == "landmark" and _is_an_office(passage, mention):
        score += weights.received
    elif _is_reception(passage, mention, after):
        score += weights.received_with_attack if triggered else weights.received
    if mention.entry.kind == "landmark":
        name = passage.prose.span(mention).quote
        aimed = [t for t in targets if name in t.name or t.name in name]
        if aimed:
            primary = aimed[0].role == "primary"
            score += weights.primary_target if primary else weights.other_target
    if mention.kind == "near":
        score += weights.near
    fine = mention.entry.kind in FINE_PLACES
    if fine and sentence.zone == "body" and mention.entry.id in passage.other_places:
        score += weights.other_attack
    found = passage.lexicon.first("body_found", passage.prose.text, clause.start, clause.end)
    if found is not None and mention.end < found.end():
        # "Seized outside his clinic in …, found dead in …": it ends where the body is found.
        score += weights.other_attack
    if passage.ends_with("threatened", mention.start, _RECEPTION_REACH_CHARS):
        score += weights.threatened
    start = side.start() if side is not None else mention.start
    if _has_another_role(passage, mention, start):
        score += weights.launched
    if fine and _is_of_arrest(passage, mention, start):
        score += weights.launched
    if fine and _is_perceived_from(passage, mention):
        score += weights.launched
    is_landmark = mention.entry.kind == "landmark"
    posted = is_landmark and passage.ends_with("post_at", mention.start)
    if posted or passage.has("not_site", after if is_landmark else _up_to_comma(passage, after)):
        score += weights.not_site
    if side is not None:
        score += weights.part_named
    return score


def _is_an_office(passage: Passage, landmark: Range) -> bool:
    """Whether a landmark only acts, or somebody of it speaks."""
    return does_as_office(passage, landmark) or is_of_speaker(passage, landmark)


def _up_to_comma(passage: Passage, after: Range) -> Range:
    """What a quarter's name goes on with, and not "in Y, where two died, officials said"."""
    comma = passage.prose.text.find(",", after.start, after.end)
    return after if comma < 0 else Range(after.start, comma)


def _has_another_role(passage: Passage, mention: PlaceMention, start: int) -> bool:
    """Whether a place is only a beginning, or of somebody's life beside the place of the attack.

    Not where it goes on with what happened there ("men from Lalpur, where a bomb killed five").
    """
    reach = _LAUNCH_REACH_CHARS
    behind = passage.clause(mention.end).end
    told = passage.lexicon.first("told_there", passage.prose.text, mention.end, behind)
    if told is not None and told.start() - mention.end <= _NAME_GAP_CHARS:
        return False
    if passage.has("abducted", Range(max(0, start - _TAKEN_REACH_CHARS), start)):
        return False  # "was taken by three men from Lalpur": it is where that happened
    if any(passage.ends_with(c, start, reach) for c in ("launched_from", "place_of_speech")):
        return True
    others = (m for m in passage.segment.places if m.entry.id != mention.entry.id)
    if not any(m.kind == "here" and m.entry.kind in FINE_PLACES for m in others):
        return False
    return passage.ends_with("place_of_other", start, reach) is not None


def _is_of_arrest(passage: Passage, mention: PlaceMention, start: int) -> bool:
    """Whether only an arrest is told there, and another place before: "police held two suspects in X"."""
    clause = passage.clause(start)
    told = any(m.kind == "here" and m.end < clause.start for m in passage.segment.places)
    if not told or passage.has("harm", clause) or passage.has("told_there", _behind(mention)):
        return False
    return passage.ends_with("arrested_in", start, _LAUNCH_REACH_CHARS) is not None


def _behind(mention: Range) -> Range:
    return Range(mention.end, mention.end + _LOCATIVE_REACH_CHARS)


def _is_perceived_from(passage: Passage, mention: PlaceMention) -> bool:
    """Whether it was only heard or seen there, and another place was told before."""
    told = any(m.kind == "here" and m.end < mention.start for m in passage.segment.places)
    return told and passage.ends_with("perceived_from", mention.start) is not None


def _is_reception(passage: Passage, mention: PlaceMention, after: Range) -> bool:
    """Whether the place is a speaker's, or where the wounded were taken."""
    low = max(0, mention.start - _RECEPTION_REACH_CHARS)
    leads = passage.lexicon.find("reception", passage.prose.text, low, mention.end)
    return (
        any(lead.end() <= mention.start for lead in leads)
        or closes_with_source(passage, mention)
        or (mention.entry.kind == "landmark" and passage.has("says", after))
    )


def _best(scored: list[_Scored], kinds: tuple[str, ...]) -> _Scored | None:
    of_kind = [s for s in scored if s.mention.entry.kind in kinds]
    return max(of_kind, key=lambda s: (s.score, -s.mention.start), default=None)


def _path(entry: PlaceEntry, entries: dict[str, PlaceEntry]) -> tuple[str, ...]:
    out = [entry.id]
    while entry.parent is not None and entry.parent in entries and entry.parent not in out:
        entry = entries[entry.parent]
        out.append(entry.id)
    return tuple(out)


def _place(name: str, path: tuple[str, ...], entries: dict[str, PlaceEntry]) -> Place:
    chain = [entries[i] for i in path]
    fine = [e for e in chain if e.kind in FINE_PLACES]
    located = next((e for e in fine or chain if e.lat is not None), None)
    district = next((e.police_district for e in chain if e.police_district is not None), None)
    kind = min((e.kind for e in chain), key=lambda k: _RANK.get(k, 9))
    precision: PlacePrecision = kind if kind != "elsewhere" else "city"
    return Place(
        name=name,
        neighbourhood=next((e.name for e in chain if e.kind == "neighbourhood"), None),
        police_district=district,
        landmark=next((e.name for e in chain if e.kind == "landmark"), None),
        lat=located.lat if located else None,
        lon=located.lon if located else None,
        precision=precision,
        trust=_trust(chain[0], located),
        path=path,
    )


def _trust(named: PlaceEntry, located: PlaceEntry | None) -> Trust | None:
    """How far the coordinate is believed: that of a quarter stands only roughly for a site in it."""
    if located is None or located is named or located.trust is None:
        return located.trust if located else None
    return "low" if located.trust == "verified" else located.trust


def _printed(
    passage: Passage, kept: list[PlaceMention], targets: tuple[Target, ...], things: Things
) -> str:
    """The finest place phrase as the outlet prints it."""
    first = kept[0]
    if first.entry.kind in FINE_PLACES:
        site = find_site(passage, things)
        if first.entry.kind == "landmark" and not _stands_beside(passage, site, first, things):
            site = None
        if site is not None and _only_says_where(passage, first, site):
            site = None
        if site is not None and site.proper and targets and site.name == targets[0].name:
            return site.name
        named = find_unlisted(passage) if first.entry.kind == "district" else None
        if named is not None and named.proper:
            return passage.prose.span(named).quote
        return passage.prose.span(first).quote
    free = _unlisted_name(passage, things)
    if free is not None:
        return free
    side = passage.ends_with("free_place", first.start, _FREE_PLACE_REACH_CHARS)
    start = side.start() if side is not None else first.start
    lead = passage.lexicon.first("locative", passage.prose.text, start, first.end)
    if side is None and lead is not None and lead.start() == start:  # "in the capital"
        start = lead.end() + 1
    return passage.prose.span(Range(start, first.end)).quote


def _stands_beside(passage: Passage, site: Thing | None, landmark: Range, things: Things) -> bool:
    """Whether the landmark only says where a site is: "the Arya Hotel, close to the Old Mosque"."""
    words = passage.ends_with("stands_beside", landmark.start)
    if site is None or words is None:
        return False
    ends = (thing.end for thing in things if thing.name == site.name and thing.end < words.start())
    return any(not passage.prose.text[end : words.start()].strip(" ,") for end in ends)


def _only_says_where(passage: Passage, place: Range, site: Range) -> bool:
    """Whether a site only says where a place is: "at Zanbaq Square, close to the German embassy"."""
    words = passage.ends_with("stands_beside", site.start)
    if words is None or words.start() < place.end:
        return False
    return not passage.prose.text[place.end : words.start()].strip(" ,")


def _unlisted_name(passage: Passage, things: Things) -> str | None:
    """A site with a name, else the name of a quarter, else a site or a road without one."""
    site, free = find_site(passage, things), find_unlisted(passage)
    if site is not None and (site.proper or free is None or not free.proper):
        return site.name
    return passage.prose.span(free).quote if free is not None else None


def _fallback_place(
    passage: Passage, targets: tuple[Target, ...], things: Things
) -> tuple[Place | None, Spans]:
    """Without a gazetteer's word: the filing place, a name after "in", or a site's own name."""
    lines = [m for m in passage.segment.places if m.kind == "dateline"]
    entries = {e.id: e for e in passage.profile.places}
    if lines and lines[0].entry.kind != "elsewhere":
        path = _path(lines[0].entry, entries)
        return _place(_printed(passage, lines[:1], targets, things), path, entries), ()
    named = None if passage.profile.places else _named_place(passage)
    if named is not None:
        quote = passage.prose.span(named).quote
        return Place(name=quote, precision="city"), passage.spans([named])
    among = _place_of_many(passage)
    if among is not None:
        path = _path(among.entry, entries)
        name = _printed(passage, [among], targets, things)
        return _place(name, path, entries), passage.spans([among])
    site = find_site(passage, things)
    return (Place(name=site.name, precision="landmark"), ()) if site is not None else (None, ())


def _place_of_many(passage: Passage) -> PlaceMention | None:
    """Where the many attacks are that its sentence counts it among: "adding to a wave of them in X".

    Not where the sentence names another place as well.
    """
    many = [r for s in passage.others if s.kind == "aggregate" for r in s.ranges]
    for number in passage.segment.sentences:
        places = inside(passage.annotated.places, passage.prose.sentences[number])
        if any(place.entry.kind == "elsewhere" for place in places):
            return None
        for place in places:
            told = place.kind == "here" and place.entry.kind in WIDE_PLACES
            if told and any(r.holds(place.start) for r in many):
                return place
    return None


def _named_place(passage: Passage) -> Range | None:
    """The first proper name after a word of place in a sentence that tells of the attack."""
    for found in passage.find("locative"):
        clause = passage.clause(found.start())
        if not passage.triggers_in(clause) and not passage.has("harm", clause):
            continue
        name = _PROPER.match(passage.prose.text, found.end(), clause.end)
        if name is None:
            continue
        capitals = _capitals(passage, name.start(1), clause.end)
        if capitals.end > capitals.start and not _is_time(passage, capitals):
            return capitals
    return None


def _capitals(passage: Passage, start: int, high: int) -> Range:
    """The run of capitalised words from ``start``, a comma and a second name included."""
    end = start
    for word in _WORDS.finditer(passage.prose.text, start, high):
        joined = passage.prose.text[end : word.start()]
        if joined.strip(", ") or not is_name(passage, Range.of(word)):
            break
        if "," in joined and end == start:
            break
        end = word.end()
    return Range(start, end)


def _is_time(passage: Passage, name: Range) -> bool:
    word = passage.prose.of(name).split()[0].strip(",.")
    tables = ("weekday", "month")
    patterns = (passage.lexicon.table(t).pattern for t in tables)
    return any(p is not None and p.fullmatch(word) for p in patterns)
