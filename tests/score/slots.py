"""When, where, what, with what, against whom, by whom, claimed by whom; and spans word for word.

Rules
-----
1. One report is judged: the one the article is about (``main_report``).
2. A slot that the gold leaves empty and the program fills is an invention, except the date: gold
   without a date means that no day follows from the text, and is unsure.
3. A place is right when both name one place of the gazetteer, or one wording holds the other. The
   city alone is no place: nothing is wanted where the gold has no more than that.
4. Attack types are compared one by one, by GTD's names; kinds of hostage taking count as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.score.front_door import Answer, full_text, main_report
from tests.score.marks import Mark, compare
from tests.score.names import alike, fold, group_key, is_actor, is_fine, place_keys

Report = dict[str, Any]
Gold = dict[str, Any]
_COARSE = ("city", "province")
_HOSTAGE = "hostage_taking"
_TYPE_SIGNS = (
    ("bombing_explosion", ("bomb", "explosion", "rocket", "airstrike", "blast")),
    ("armed_assault", ("shooting", "armed_assault", "siege")),
)
"""Signs of GTD types in the free words of kabul_dev."""
_WEAPONS: dict[str, tuple[str, ...]] = {
    "suicide bomb": ("explosives/suicide",),
    "suicide vest": ("explosives/suicide",),
    "vehicle bomb": ("explosives/vehicle",),
    "motorcycle bomb": ("explosives/vehicle",),
    "magnetic bomb": ("explosives/sticky_bomb",),
    "grenade": ("explosives/grenade",),
    "rocket": ("explosives/projectile",),
    "airstrike": ("explosives/aerial", "explosives/projectile"),
    "drone strike": ("explosives/aerial", "explosives/projectile"),
    "roadside bomb": ("explosives/unknown_explosive_type", "explosives/remote_trigger"),
    "firearm": ("firearms",),
}
"""The gold's words for weapons; what is not here is some explosive."""


def mark_date(day: str | None, found: Answer) -> Iterator[Mark]:
    """The one day of the attack."""
    if day is None:
        return
    date = (main_report(found) or {}).get("date") or {}
    start, end = date.get("start"), date.get("end")
    yield compare("date", [day], [start if start == end else f"{start}..{end}"] if start else [])


def mark_time(time: str | None, found: Answer) -> Iterator[Mark]:
    """The minute, as HH:MM."""
    got = (main_report(found) or {}).get("time")
    yield compare("time", filter(None, [time]), filter(None, [got]))


def mark_place(words: str | None, found: Answer) -> Iterator[Mark]:
    """The place within the city."""
    place = (main_report(found) or {}).get("place")
    got = _shown(place) if place is not None and _tells_more_than_city(place) else ""
    wanted = words if words and is_fine(words) else ""
    if place and wanted and got and same_place(wanted, place):
        yield Mark("place", right=1)
    elif wanted or got:
        note = f"wanted {wanted or 'nothing'}, found {got or 'nothing'}"
        yield Mark("place", missed=int(bool(wanted)), invented=int(bool(got)), note=note)


def _tells_more_than_city(place: Report) -> bool:
    """By row of the gazetteer, or by name: ``precision`` is that of the row and its coordinate."""
    return place["precision"] not in _COARSE or is_fine(place["name"])


def _shown(place: Report) -> str:
    district = place["police_district"]
    names = (
        place["name"],
        place["neighbourhood"],
        place["landmark"],
        district and f"pd {district}",
    )
    return " / ".join(dict.fromkeys(filter(None, names)))


def same_place(words: str, place: Report) -> bool:
    """Whether a reported place is the one that ``words`` name."""
    names = [place[key] for key in ("name", "neighbourhood", "landmark") if place[key]]
    if any(alike(words, name) for name in names):
        return True
    keys = place_keys(words)
    own = set().union(*(place_keys(name) for name in names)) | set(place.get("path", ()))
    if place["police_district"]:
        own.add(f"pd-{place['police_district']}")
    return bool(keys & own)


def mark_types(gold: list[str], found: Answer) -> Iterator[Mark]:
    """Attack types by GTD's names."""
    got = (main_report(found) or {}).get("attack_types") or ()
    wanted, reported = {gtd_name(t) for t in gold}, {gtd_name(t) for t in got}
    yield compare("attack_types", wanted - {"unknown"}, reported - {"unknown"})


def gtd_name(words: str) -> str:
    """``Bombing/Explosion`` as ``bombing_explosion``; one name for all hostage taking."""
    name = re.sub(r"[^a-z]+", "_", words.lower()).strip("_")
    if name.startswith(_HOSTAGE):
        return _HOSTAGE
    return name.removesuffix("_attack")


def types_in_words(words: str | None) -> list[str]:
    """GTD types of a free wording such as ``suicide_car_bomb+armed_assault``."""
    return [name for name, signs in _TYPE_SIGNS if any(sign in (words or "") for sign in signs)]


def mark_weapons(gold: list[str], found: Answer) -> Iterator[Mark]:
    """Each weapon of the gold needs one reported of its kind; one of no such kind is invented."""
    weapons = (main_report(found) or {}).get("weapons") or ()
    got = [f"{weapon['type']}/{weapon['subtype'] or ''}" for weapon in weapons]
    wanted = [_WEAPONS.get(word, ("explosives",)) for word in gold]
    right = sum(any(_is_kind(g, kinds) for g in got) for kinds in wanted)
    groups = {kind.partition("/")[0] for kinds in wanted for kind in kinds}
    made_up = [g for g in got if g.partition("/")[0] not in groups]
    note = f"wanted {', '.join(gold) or 'nothing'}, found {', '.join(got) or 'nothing'}"
    yield Mark("weapons", right, len(wanted) - right, len(made_up), note)


def _is_kind(weapon: str, kinds: tuple[str, ...]) -> bool:
    return any(weapon == kind or weapon.startswith(f"{kind}/") for kind in kinds)


def mark_targets(gold: list[str], found: Answer) -> Iterator[Mark]:
    """Targets as printed: one wording holds the other, or they share their last telling word."""
    targets = (main_report(found) or {}).get("targets") or ()
    got = [t["name"] for t in targets if t["role"] != "incidental"]
    right = sum(any(_same_target(words, name) for name in got) for words in gold)
    made_up = [name for name in got if not any(_same_target(words, name) for words in gold)]
    note = f"wanted {', '.join(gold) or 'nothing'}, found {', '.join(got) or 'nothing'}"
    yield Mark("targets", right, len(gold) - right, len(made_up) if gold else 0, note)


def _same_target(words: str, name: str) -> bool:
    if alike(words, name):
        return True
    own = set(fold(words).split()) & set(fold(name).split())
    return any(len(word) > 3 for word in own)


def mark_perpetrator(gold: str | None, found: Answer) -> Iterator[Mark]:
    """Who did it, by the profile's names of groups and states."""
    got = {p["name"] for p in (main_report(found) or {}).get("perpetrators") or ()}
    right = {name for name in got if gold and is_actor(gold, name)}
    note = f"wanted {gold or 'nobody'}, found {', '.join(sorted(got)) or 'nobody'}"
    hit = int(bool(right))
    yield Mark("perpetrators", hit, int(bool(gold)) - hit, len(got - right), note)


def mark_claims(gold: list[dict[str, Any]], found: Answer) -> Iterator[Mark]:
    """Which groups claim or deny it."""
    claims = (main_report(found) or {}).get("claims") or ()
    yield compare("claims", map(_claim, gold), map(_claim, claims))


def _claim(claim: dict[str, Any]) -> str:
    said = "denied" if claim["claimed"] == "denied" else "claimed"
    return f"{group_key(claim['group'])} {said}"


def mark_spans(given: dict[str, Any], found: Answer) -> Iterator[Mark]:
    """Every quote stands in the given text where its offsets say; no answer is one that does not."""
    if "error" in found:
        yield Mark("spans", missed=1, note=str(found["error"]))
        return
    text = "\n\n".join(filter(None, (given.get("title"), given.get("text"))))
    if text != full_text(found):
        yield Mark("spans", missed=1, note="the text is not the one that was given")
        return
    spans = list(_spans(found))
    wrong = [s["quote"] for s in spans if text[s["start"] : s["end"]] != s["quote"]]
    yield Mark("spans", len(spans) - len(wrong), len(wrong), note="; ".join(wrong[:3]))


def _spans(found: Answer) -> Iterator[dict[str, Any]]:
    yield from (reason for reason in found["verdict"]["reasons"] if "quote" in reason)
    for report in found["reports"]:
        yield from report["statements"]
        for spans in report["evidence"].values():
            yield from spans
