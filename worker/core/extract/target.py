"""What was aimed at or hit: GTD target types, with the best name that the text gives.

Rules
-----
1. A thing is a target by what leads to it: "targeting", "stormed", "against" strongly; "near",
   "outside" weakly; who speaks, counts or treats never (``bystanders``), nor a street or a square.
2. Mentions of one thing are one target: same institution of the profile, else same name, else
   same type when only one of them has a name. The fullest name stands for it.
3. People at large stand behind every thing that was hit ("people were killed outside a bank").
   First the primary; others that were aimed at are secondary; those that merely stand near and
   came to harm are incidental. (EFE, 1 July 2019: the ministry's department is the target, the
   television station next door is incidental.)
4. ``id`` is the name's words without order, spelling variants and site words, so that "defence
   ministry logistics building" and "logistics department of the Ministry of Defense" meet.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from worker.core.domain.light_value import light_value
from worker.core.domain.report import Target
from worker.core.domain.vocabulary import ANYBODY, PEOPLE, WIDE_PLACES, TargetRole
from worker.core.extract.bystanders import is_bystander, is_way
from worker.core.extract.noun_phrase import is_name, name_within, noun_phrase, words_between
from worker.core.extract.passage import Passage, Spans
from worker.core.knowledge.profile import Institution, Profile
from worker.core.knowledge.weights import TargetWeights
from worker.core.lang.lexicon import Lexicon, any_of
from worker.core.lang.names import words_of
from worker.core.lang.normalise import Range, overlapping, plain, starting_in

_LEAD_REACH_CHARS = 60
_PLACE_REACH_CHARS = 30
_MOST_TARGETS = 3
_MOST_THINGS = 300
"""Mentions that are put together, the likeliest first; no article has as many of one attack."""
_AT_LARGE = "unknown"
_QUARTERS = ("neighbourhood", "district")
_NO_THING = PEOPLE | {"unknown"}
"""Subtypes that are rarely what was aimed at. A civilian with a name is: that is an assassination.
(``merge.facts`` counts him among people for another reason: that he was hit tells no attack apart.)"""


@light_value
class Thing(Range):
    """Words that name what may have been aimed at. ``proper``: they are a name, not a noun only."""

    name: str
    type: str
    subtype: str | None
    score: float
    strong: bool
    led: bool
    proper: bool
    parent: Institution | None
    id: str
    joined: bool = False
    """Whether it is only told beside another that was aimed at."""

    @property
    def words(self) -> frozenset[str]:
        """The words that tell it apart."""
        return _words_of(self.id)

    @property
    def likeness(self) -> Hashable:
        """All that is looked at to tell whether two mentions are of one thing."""
        return (self.id, self.type, self.subtype, self.proper, self.parent and self.parent.id)


_Institutions = tuple[re.Pattern[str] | None, dict[str, Institution]]
"""Their names as a pattern, and whose each is."""
Things = tuple[Thing, ...]
"""All that may be a target, in the order of the text."""


def find_things(passage: Passage) -> Things:
    """Everything inside the segment that may have been aimed at or hit."""
    things: list[Thing] = []
    for thing in _mentions(passage):
        before = things[-1] if things else None
        things.append(_beside(passage, thing, before) if before is not None else thing)
    return tuple(things)


def _beside(passage: Passage, thing: Thing, before: Thing) -> Thing:
    """A thing that a joint ties to one that was aimed at: "stormed a court | and a bank"."""
    words = passage.prose.text[before.end : thing.start].split()
    joint, determiner = (passage.lexicon.pattern(c) for c in ("list_and", "determiner"))
    if not before.strong or not words or joint is None or not joint.fullmatch(words[0]):
        return thing
    if not _is_led_at_once(passage, before):
        return thing
    if not words[1:] or not all(
        determiner is not None and determiner.fullmatch(w) for w in words[1:]
    ):
        return thing  # "stormed a hotel and hospitals were put on alert"
    verb, text = passage.lexicon.pattern("np_verb"), passage.prose.text
    if verb is not None and verb.match(text, thing.end + 1):
        return thing
    loosened = before.score + passage.weights.target.per_word_between
    return replace(thing, score=max(thing.score, loosened), strong=True, led=True, joined=True)


def _is_led_at_once(passage: Passage, thing: Thing) -> bool:
    """Whether a lead stands right before it, an article aside: not "fire on a crowd near | a shrine"."""
    at = passage.before_article(thing.start, thing.start - _LEAD_REACH_CHARS)
    return passage.ends_with("target_lead", at) is not None


def find_targets(passage: Passage, things: Things) -> tuple[tuple[Target, ...], Spans]:
    """Up to three targets, the primary first, and where they are named."""
    hit = (thing for thing in things if not _is_only_way(passage, thing))
    best_first = sorted(hit, key=lambda m: -m.score)
    groups = _grouped(best_first[:_MOST_THINGS])
    weights = passage.weights.target
    ranked = sorted(groups, key=lambda g: (_is_anybody(g), -_weight(g, weights), g[0].start))
    targets: list[Target] = []
    proof: list[Range] = []
    for group in ranked:
        if len(targets) == _MOST_TARGETS:
            break
        if _weight(group, weights) < weights.least:
            continue
        role = _role(passage, group, bool(targets))
        if role is None or (targets and not _may_be_second(group)):
            continue
        targets.append(_target(group, role, passage.lexicon.lang))
        proof += group[:3]
    return tuple(targets), passage.spans(proof)


def canonical_id(name: str, lexicon: Lexicon) -> str:
    """The words of a name that tell it apart: sorted, spelling and site words evened out."""
    generic = lexicon.pattern("site_generic")
    return word_key(name, tuple(lexicon.words["spelling"].items()), generic)


@lru_cache(maxsize=4096)
def word_key(
    name: str, spelling: tuple[tuple[str, str], ...], generic: re.Pattern[str] | None
) -> str:
    """``canonical_id`` with all that it rests on, so that it can be remembered."""
    canonical = dict(spelling)
    words = {canonical.get(w, w) for w in words_of(name)}
    kept = {w for w in words if generic is None or not generic.fullmatch(w)}
    return "-".join(sorted(kept or words))


def _mentions(passage: Passage) -> Iterator[Thing]:
    spokesmen = tuple(a for a in passage.actors if a.person)
    for found, value in passage.find_in_table("target_type"):
        head = Range.of(found)
        if _is_part_of_place(passage, head):
            continue
        at = noun_phrase(passage, head)
        if overlapping(spokesmen, at) or is_bystander(passage, at):
            continue
        score, strong, led = _context_score(passage, at, head.start)
        if score <= 0:
            continue
        thing = _thing(passage, name_within(passage, at, head), head, value)
        if thing.type == _AT_LARGE and not strong and score < passage.weights.target.passive:
            continue  # "a bomb hidden in a truck"
        yield replace(thing, score=thing.score + score, strong=strong, led=led)


def _thing(passage: Passage, at: Range, head: Range, value: str) -> Thing:
    """The thing that a phrase names, as far as its own words tell, and what they are worth."""
    weights = passage.weights.target
    city = _area(passage.profile, passage.lexicon.lang)
    kind, _, subtype = value.partition("/")
    if kind == "unknown":
        kind, subtype = _of_riders(passage, Range(head.end, at.end)) or (kind, subtype)
    name = passage.prose.span(at).quote
    parent = _institution(passage, at, _institutions(passage.profile.institutions))
    proper = any(
        is_name(passage, Range.of(m)) and m.group() not in city for m in _words(passage, at)
    )
    zone = passage.zone(at.start)
    score = weights.zone.of(zone) + weights.proper * proper + weights.owned * (parent is not None)
    score += weights.people * (subtype in _NO_THING) + weights.unknown * (kind == "unknown")
    score += weights.other_attack * (zone == "body" and passage.is_named_elsewhere(name))
    if at == head and passage.ends_with("definite", at.start):
        score += weights.bare
    if parent is not None and parent.target_type:
        same = kind == parent.target_type
        kind, subtype = parent.target_type, parent.target_subtype or (subtype if same else "")
    words = name if proper else _without(name, city)
    key = canonical_id(words, passage.lexicon)
    return Thing(
        at.start, at.end, name, kind, subtype or None, score, False, False, proper, parent, key
    )


def _of_riders(passage: Passage, rest: Range) -> tuple[str, str] | None:
    """The type of a thing that tells none, by whose it is: a "convoy | of foreign forces" is military."""
    found = passage.lexicon.table("target_type").find(passage.prose.text, rest.start, rest.end)
    own = next((value for _, value in found), None)
    if own is None:
        return None
    kind, _, subtype = own.partition("/")
    return kind, subtype


def _is_part_of_place(passage: Passage, head: Range) -> bool:
    """Whether it is a word in the name of a quarter ("in the Company area"), which nobody aims at."""
    named = (p for p in overlapping(passage.annotated.places, head) if p.entry.kind in _QUARTERS)
    return any(p.start <= head.start and head.end <= p.end for p in named) and is_name(
        passage, head
    )


def _without(name: str, area: frozenset[str]) -> str:
    """A noun without the area's own names before it: the "Afghan mosque" is the mosque of all others."""
    words = name.split()
    kept = [w for w in words[:-1] if not area.issuperset(words_of(w))]
    return " ".join((*kept, *words[-1:]))


def _words(passage: Passage, at: Range) -> Iterator[re.Match[str]]:
    return re.compile(r"[^\W\d_]{2,}").finditer(passage.prose.text, at.start, at.end)


@lru_cache(maxsize=8)
def _area(profile: Profile, lang: str) -> frozenset[str]:
    """Names of the whole watched area, and words of what it is called: they tell no thing in it apart.

    ("the Afghan capital": so an "Afghan mosque" is a mosque without a name.)
    """
    wide = (p for p in profile.places if p.kind in WIDE_PLACES)
    called = (plain(word) for name in profile.soft_names.get(lang, ()) for word in name.split())
    return frozenset((*(plain(v) for place in wide for v in place.variants), *called))


def _is_harmed(passage: Passage, end: int) -> bool:
    """Whether a passive follows: "the deputy governor | was killed", "a station | in <city> was hit"."""
    pattern, text, ends = passage.lexicon.pattern("passive_harm"), passage.prose.text, [end]
    for place in starting_in(passage.annotated.places, Range(end, end + _PLACE_REACH_CHARS))[:1]:
        lead = passage.lexicon.first("locative", text, end, place.start)
        if lead is not None and lead.start() == end + 1:
            ends.append(place.end)
    return any(_is_passive(passage, pattern, at) for at in ends)


def _is_passive(passage: Passage, pattern: re.Pattern[str] | None, end: int) -> bool:
    """Whether a passive stands right behind a position: not "police | shot dead two men"."""
    text = passage.prose.text
    found = pattern.match(text, end + (text[end : end + 1] == " ")) if pattern is not None else None
    if found is None or " " in found.group().strip():
        return found is not None
    return not _follows(passage.lexicon.pattern("harms_others"), text, found.end())


def _follows(pattern: re.Pattern[str] | None, text: str, end: int) -> bool:
    """Whether words of a category stand right behind a position, a blank aside."""
    return pattern is not None and bool(pattern.match(text, end + (text[end : end + 1] == " ")))


def _context_score(passage: Passage, phrase: Range, head: int) -> tuple[float, bool, bool]:
    """How strongly the words before a phrase make it a target; whether it was aimed at, or led to."""
    weights, start = passage.weights.target, phrase.start
    if _is_harmed(passage, phrase.end):
        return weights.passive, False, True
    damaged = passage.lexicon.pattern("passive_damage")
    if _follows(damaged, passage.prose.text, phrase.end):  # maybe only by what hit another
        return weights.passive, False, False
    clause = passage.clause(head)
    low = max(clause.start, start - _LEAD_REACH_CHARS)
    text = passage.prose.text
    leads = (
        ("target_lead", weights.aimed_at),
        ("harm", weights.harmed),
        ("target_near", weights.near),
    )
    for category, score in leads:
        last = max(
            (m.end() for m in passage.lexicon.find(category, text, low, start)), default=None
        )
        between = Range(last, start) if last is not None else None
        if between is not None and _is_close(passage, between):
            said = category == "target_lead" and passage.has("aim", Range(low, between.start))
            bonus = weights.said_aim * said
            bonus += weights.per_word_between * words_between(passage, between)
            return score + bonus, category == "target_lead", True
    if passage.triggers_in(clause):
        return weights.in_clause, False, False
    return 0.0, False, False


def _is_close(passage: Passage, between: Range) -> bool:
    """Only determiners and a couple of words may stand between a lead and its thing."""
    text = passage.prose.of(between)
    return words_between(passage, between) <= 2 and not any(c in text for c in '.;:,"')


def _institution(passage: Passage, at: Range, known: _Institutions) -> Institution | None:
    pattern, owners = known
    found = pattern.search(passage.prose.text, at.start, at.end) if pattern is not None else None
    if found is None or _goes_on(passage, Range(found.end(), at.end)):
        return None
    return owners[found.group()]


def _goes_on(passage: Passage, rest: Range) -> bool:
    """Whether a longer name goes on after a match: a person's name in that of an airport."""
    after = re.match(r"\s+", passage.prose.of(rest))
    return after is not None and is_name(passage, Range(rest.start + after.end(), rest.end))


@lru_cache(maxsize=8)
def _institutions(institutions: tuple[Institution, ...]) -> _Institutions:
    owners = {plain(v): i for i in institutions for v in i.variants if len(v) > 2}
    return any_of(owners), owners


def _grouped(mentions: Iterable[Thing]) -> list[list[Thing]]:
    groups: list[list[Thing]] = []
    kinds: list[dict[Hashable, Thing]] = []  # of those that are alike, one of each group
    for mention in mentions:
        same = (g for g, kind in enumerate(kinds) if _is_any_of(mention, kind))
        number = next(same, len(groups))
        if number == len(groups):
            groups.append([])
            kinds.append({})
        groups[number].append(mention)
        kinds[number].setdefault(mention.likeness, mention)
    return groups


def _is_any_of(mention: Thing, known: Mapping[Hashable, Thing]) -> bool:
    return mention.likeness in known or any(_is_same_thing(mention, m) for m in known.values())


def _is_same_thing(one: Thing, two: Thing) -> bool:
    if one.parent is not None and two.parent is not None:
        return one.parent.id == two.parent.id
    if one.words <= two.words or two.words <= one.words:
        return True
    return one.type == two.type and one.subtype == two.subtype and not (one.proper and two.proper)


@lru_cache(maxsize=4096)
def _words_of(key: str) -> frozenset[str]:
    return frozenset(key.split("-"))


def _weight(group: list[Thing], weights: TargetWeights) -> float:
    return max(m.score for m in group) + weights.repeated * min(len(group) - 1, 3)


def _may_be_second(group: list[Thing]) -> bool:
    """A further target needs a name of its own, or a joint; people and bare heads are no second target."""
    named = any(m.proper or m.parent or m.joined for m in group)
    return group[0].subtype not in _NO_THING and named


def _is_only_way(passage: Passage, thing: Thing) -> bool:
    """Whether it is where the attack happened, and nobody says that it was the target."""
    low = max(0, thing.start - _LEAD_REACH_CHARS)
    aimed = thing.strong and passage.has("aim", Range(low, thing.start))
    return is_way(passage, thing) and not aimed


def _is_anybody(group: list[Thing]) -> bool:
    """Whether it is only people at large who came to harm: any thing that was hit goes before them."""
    at_large = group[0].type == _AT_LARGE or group[0].subtype == ANYBODY
    return at_large and not any(m.strong for m in group)


def _role(passage: Passage, group: list[Thing], taken: bool) -> TargetRole | None:
    if not taken:
        return "primary"
    if any(m.strong for m in group):
        return "secondary"
    harmed = any(passage.has("harm", passage.clause(m.start)) and m.proper for m in group)
    return "incidental" if harmed else None


def _target(group: list[Thing], role: TargetRole, lang: str) -> Target:
    best = max(group, key=lambda m: (m.proper, m.strong, len(m.name.split()) <= 10, len(m.name)))
    owned = [m for m in group if m.parent is not None and m.parent.target_type]
    kind = max(owned, key=lambda m: m.score, default=best)
    parent = next((m.parent.id for m in group if m.parent is not None), None)
    return Target(
        name=best.name,
        type=kind.type,
        role=role,
        subtype=kind.subtype,
        id=best.id,
        parent=parent,
        lang=lang,
    )
