"""The site of the attack among the things that it hit: for want of a place that a gazetteer lists.

Rules
-----
1. A site is a thing that stays where it is: a school, not a bus. Whatever it is called, a compound,
   an office and a headquarters are sites ("the headquarters of the traffic police").
2. A mere noun must be led to ("outside a school") or be hit itself ("a school was attacked").
   "Hospitals cut the toll" names no site.
3. Whose a thing or a person is, is no site: "a bus carrying employees of the ministry", "two judges of
   the Supreme Court", "the ministry's drivers", "a woman who teaches at a school".
4. Its clause tells of the attack, unless it is what was aimed at.
5. What a headline calls "a gym" has the name that the text gives a site of that kind.
6. The site before the watched area's name wins ("a hotel in the capital").
"""

from __future__ import annotations

from worker.core.extract.bystanders import receives
from worker.core.extract.noun_phrase import head_word, is_building
from worker.core.extract.passage import Passage
from worker.core.extract.target import Thing, Things
from worker.core.lang.normalise import Range, starting_in

_AREA_REACH_CHARS = 40
_OWNER_REACH_CHARS = 40
_OWNER_WORDS = 4
_SITES = {
    "military_barracks_base_headquarters", "military_recruiting_station_academy",
    "military_checkpoint", "police_building", "police_checkpoint", "television_journalist_staff_facility", "place_of_worship",
    "school_university_educational_building", "embassy_consulate",
    "government_building_facility_office", "election_related", "intelligence", "hotel_resort",
    "restaurant_bar_cafe", "bank_commerce", "retail_grocery_bakery", "medical_pharmaceutical",
    "entertainment_cultural_stadium_casino", "house_apartment_residence", "airport",
}  # fmt: skip
"""Subtypes that name a place; a convoy, a bus and people do not."""


def find_site(passage: Passage, things: Things) -> Thing | None:
    """The best thing that is a place."""
    weights = passage.weights.target
    sites = [
        (m.score + weights.proper_site * m.proper + weights.in_area * _in_area(passage, m), m)
        for m in things
        if (m.subtype in _SITES or is_building(passage, head_word(passage, m)))
        and m.score >= weights.least
        and (m.led or (m.proper and " " in m.name))
        and (m.strong or _is_told(passage, m))
        and not receives(passage, m)
        and not _is_owner(passage, m)
    ]
    best = max(sites, key=lambda s: (s[0], -s[1].start), default=None)
    if best is None or best[1].proper or passage.zone(best[1].start) != "title":
        return best[1] if best is not None else None
    named = (
        s
        for s in sites
        if s[1].proper and s[1].subtype == best[1].subtype and passage.zone(s[1].start) != "title"
    )
    return max(named, key=lambda s: (s[0], -s[1].start), default=best)[1]


def _is_told(passage: Passage, site: Range) -> bool:
    """Whether the headline or a clause that tells of the attack names it: no club of a victim's home town."""
    clause = passage.clause(site.start)
    told = any(passage.has(c, clause) for c in ("harm", "took_place", "attackers"))
    armed = passage.lexicon.table("weapon").find(passage.prose.text, clause.start, clause.end)
    told = told or bool(passage.triggers_in(clause)) or any(True for _ in armed)
    return told or passage.zone(site.start) == "title"


def _in_area(passage: Passage, site: Range) -> int:
    """1 when the watched area is named right after it ("a hotel in the capital"), -1 for another place."""
    clause = passage.clause(site.start)
    near = Range(site.end, min(clause.end, site.end + _AREA_REACH_CHARS))
    if "," in passage.prose.of(near).split(" ")[0]:
        return 0
    kinds = {m.kind for m in starting_in(passage.annotated.places, near)}
    if "here" in kinds:
        return 1
    return -1 if "elsewhere" in kinds or passage.has("region_phrase", near) else 0


def _is_owner(passage: Passage, site: Range) -> bool:
    """Whether only what belongs to the site was there: as its head, before it, or right behind it."""
    clause, owned = passage.clause(site.start), passage.lexicon.pattern("site_owns")
    if owned is not None and owned.fullmatch(head_word(passage, site)):
        return True
    behind = passage.lexicon.first("site_owns", passage.prose.text, site.end, clause.end)
    if behind is not None and behind.start() == site.end + 1:
        return True
    low = max(clause.start, site.start - _OWNER_REACH_CHARS)
    return _leads(passage, "not_site", low, site) or _leads(passage, "post_at", low, site)


def _leads(passage: Passage, category: str, low: int, site: Range) -> bool:
    """Whether a category leads to the site, with a few words between and no word of place."""
    found = passage.lexicon.find(category, passage.prose.text, low, site.start)
    last = max((m.end() for m in found), default=None)
    between = Range(last, site.start) if last is not None else None
    if between is None or passage.has("locative", between):
        return False
    words = passage.prose.of(between).split()
    return len(words) <= _OWNER_WORDS and not any(c in w for w in words for c in ",.;:")
