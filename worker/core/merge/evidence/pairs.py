"""How much two reports speak for being one attack: signed terms, and which hard slots contradict.

Theory of operation
-------------------
Fellegi–Sunter: each slot adds a log-odds weight when it agrees or differs and nothing when one
side is silent. Place, target and clock are *hard*: two that contradict are a veto, whatever else
agrees (two sites struck on one morning share day, kind and claim). Dates apart are a veto alone.

Names contradict only where they are written alike, in one language and script. Two languages have
two names for most things; there the profile's ids speak, and a little the GTD type.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.core.lang.names import Wording, is_comparable
from worker.core.merge.evidence.facts import Facts, PlaceFacts, TargetFacts, overlap, window_of

Weights = Mapping[str, float]
_KM_PER_DEGREE = 111.2
"""Of latitude, anywhere on earth."""


MILLION = 1_000_000
"""Weights are rounded to its parts."""


def in_millionths(weight: float) -> float:
    """A weight as a whole number: sums of such are exact, in whatever order they are added."""
    return float(round(weight * MILLION))


@dataclass(frozen=True, slots=True)
class Pair:
    """The evidence between two reports. ``contradictions`` are hard slots; ``veto`` names why."""

    weight: float
    terms: tuple[tuple[str, float], ...]
    contradictions: tuple[str, ...]
    veto: str | None
    opposed: bool = field(init=False, compare=False)
    """Whether a slot speaks against it, claims apart."""
    bond: float = field(init=False, compare=False)
    """The weight in whole millionths, or ``-inf`` where a veto stands."""

    def __post_init__(self) -> None:
        """Both are asked of each pair of two cells."""
        bond = -math.inf if self.veto is not None else in_millionths(self.weight)
        object.__setattr__(self, "bond", bond)
        against = any(w < 0 and not code.startswith("claim.") for code, w in self.terms)
        object.__setattr__(self, "opposed", against)

    @property
    def agreeing(self) -> float:
        """The weight without the slots that contradict."""
        return round(sum(weight for code, weight in self.terms if code not in _HARD), 6)

    @property
    def possible(self) -> bool:
        """Whether nothing forbids that these two are one attack."""
        return self.veto is None


@dataclass(frozen=True, slots=True)
class Said:
    """What the slots of two reports say of each other: a few codes, the same ones for many pairs."""

    dates_meet: bool
    codes: tuple[str, ...]


def compare(a: Facts, b: Facts, weights: Weights) -> Pair:
    """Weigh two reports of different articles by their slots alone."""
    return weigh(said_of(a, b, weights), weights)


def weigh(said: Said, weights: Weights) -> Pair:
    """What is said, as evidence."""
    terms = tuple([(code, weights[code]) for code in said.codes])
    total = round(sum(weight for _, weight in terms), 6)
    hard = tuple([code.split(".")[0] for code in said.codes if code in _HARD])
    veto = None
    if not said.dates_meet:
        veto = "date"
    elif len(hard) >= weights["merge.contradictions"]:
        veto = "+".join(hard)
    elif total <= weights["merge.never"]:
        veto = "weight"
    return Pair(total, terms, hard, veto)


_HARD = ("place.differ", "target.differ", "target.other", "time.differ")


def said_of(a: Facts, b: Facts, weights: Weights) -> Said:
    """What two reports of different articles say of each other by their slots."""
    gap = _gap(a, b)
    codes = (
        None if gap is None else _date(a, b, gap, weights),
        _time(a, b, weights) if gap == 0 else None,
        _place(a.place, b.place, weights),
        _target(a, b, weights["target.close_share"]),
        _kinds(a.kinds, b.kinds),
        _claims(a.claims, b.claims),
        "victims.same" if a.victims & b.victims else None,
    )
    return Said(dates_meet(a, b, weights), tuple([code for code in codes if code is not None]))


def _gap(a: Facts, b: Facts) -> int | None:
    """Days between two date ranges: 0 when they touch; None when one is unknown."""
    if a.first is None or b.first is None or a.last is None or b.last is None:
        return None
    return max((a.first - b.last).days, (b.first - a.last).days, 0)


def dates_meet(a: Facts, b: Facts, weights: Weights) -> bool:
    """Whether two reports may be of one day; if not, nothing else matters."""
    gap = _gap(a, b)
    margin = weights["date.stated_margin_days"]
    if a.dated and b.dated and gap is not None:
        return gap <= margin
    if a.dated != b.dated and gap is not None:
        undated, dated = (b, a) if a.dated else (a, b)
        if undated.first and dated.first and (dated.first - undated.first).days > margin:
            return False
    return overlap(window_of(a, weights), window_of(b, weights))


def _date(a: Facts, b: Facts, gap: int, weights: Weights) -> str | None:
    if a.dated and b.dated:
        exact = a.first == a.last and b.first == b.last
        return ("date.same" if exact else "date.within") if gap == 0 else "date.adjacent"
    if not a.dated and not b.dated:
        close = {0: "date.both_inferred", 1: "date.both_inferred_late"}.get(gap)
        return close or _late(a, b, gap, weights)
    return _lag(a, b, weights) if b.dated else _lag(b, a, weights)


def _late(a: Facts, b: Facts, days: int, weights: Weights) -> str | None:
    """A report that states no day tells news: days later it is hardly of the same attack. (Two
    attacks on one airport within a week, both told in two lines, were one incident.)

    A page of unknown age may have waited for us: of it this says nothing.
    """
    if a.seen_only or b.seen_only or days < weights["date.apart_days"]:
        return None
    return "date.unstated_apart"


def _lag(undated: Facts, dated: Facts, weights: Weights) -> str | None:
    """An undated report against a stated day: it is published on it, after it, or before it."""
    if undated.first is None or dated.first is None or dated.last is None:
        return None
    if undated.first < dated.first:
        return "date.inferred_early"
    late = max((undated.first - dated.last).days, 0)
    return {0: "date.inferred", 1: "date.inferred_late"}.get(late) or _late(
        undated, undated, late, weights
    )


def _time(a: Facts, b: Facts, weights: Weights) -> str | None:
    if a.minutes is None or b.minutes is None:
        return None
    apart = abs(a.minutes - b.minutes)
    if apart <= weights["time.same_minutes"]:
        return "time.same"
    return "time.differ" if apart > weights["time.differ_minutes"] else None


def _target(a: Facts, b: Facts, close_share: float) -> str | None:
    """The best agreement between any two targets; a contradiction only when all contradict."""
    codes = [_one_target(x, y, close_share) for x in a.targets for y in b.targets]
    return next((code for code in _TARGET_ORDER if code in codes), None)


_TARGET_ORDER = (
    "target.same",
    "target.close",
    "target.related",
    "target.alike",
    "target.same_kind",
    None,
    "target.other_type",
    "target.other",
    "target.differ",
)


def _one_target(x: TargetFacts, y: TargetFacts, close_share: float) -> str | None:
    """What the profile knows, then words that agree, then what may contradict."""
    if x.sites and y.sites:
        return _by_site(x, y)
    agreed = _by_words(x, y, close_share)
    if agreed is not None or x.kind is None or y.kind is None or x.aside or y.aside:
        return agreed
    if is_comparable(x.written, y.written):
        return _by_name(x, y)
    return _by_kind(x, y)


def _by_site(x: TargetFacts, y: TargetFacts) -> str | None:
    """Two landmarks of the profile: one, one within or beside the other, or two."""
    if x.sites[0] == y.sites[0]:
        return "target.same"
    if not set(x.sites).isdisjoint(y.sites):
        return "target.related"
    return None if x.aside or y.aside else "target.differ"


def _by_words(x: TargetFacts, y: TargetFacts, close_share: float) -> str | None:
    """Words or owners in common; "a bus" and "a bus" are hardly evidence."""
    shared = _shared(x, y)
    named = x.named and y.named
    if shared == 1.0:
        return "target.same" if named else "target.alike"
    if not {*x.owners, *x.sites}.isdisjoint({*y.owners, *y.sites}):
        return "target.related"
    if x.words and y.words and (shared >= close_share or x.words < y.words or y.words < x.words):
        return "target.close" if named else "target.alike"
    return None


def _shared(x: TargetFacts, y: TargetFacts) -> float:
    """The words in common, as a share of all their words."""
    return len(x.words & y.words) / max(len(x.words | y.words), 1)


def _by_name(x: TargetFacts, y: TargetFacts) -> str | None:
    """Two names in one language: without a word in common two proper ones are two things."""
    if _shared(x, y) > 0:
        return None
    if x.proper and y.proper:
        return "target.differ"
    return None if x.kind == y.kind else "target.other"


def _by_kind(x: TargetFacts, y: TargetFacts) -> str | None:
    """Two names in two languages: only what kind of thing they are can be compared."""
    if x.kind == y.kind:
        return None if str(x.kind).endswith("/") else "target.same_kind"
    return "target.other_type" if x.type != y.type else None


def _kinds(a: frozenset[str], b: frozenset[str]) -> str | None:
    if not a or not b:
        return None
    return "attack.same" if a & b else "attack.differ"


def _claims(a: frozenset[Wording], b: frozenset[Wording]) -> str | None:
    if not a or not b:
        return None
    if {group.folded for group in a} & {group.folded for group in b}:
        return "claim.same"
    return "claim.differ" if all(x.differs(y) for x in a for y in b) else None


def _place(a: PlaceFacts | None, b: PlaceFacts | None, weights: Weights) -> str | None:
    if a is None or b is None:
        return None
    if a.area and b.area:
        if a.area.folded == b.area.folded:
            return "place.same_area"
        return "place.differ" if a.area.differs(b.area) else None
    return _by_path(a, b) or _by_district(a, b) or _by_outer(a, b) or _by_distance(a, b, weights)


def _by_path(a: PlaceFacts, b: PlaceFacts) -> str | None:
    if a.named & b.named:
        return "place.same"
    if not a.ids or not b.ids:
        return None
    if a.ids[0] == b.ids[0]:
        return "place.same_district" if a.district_only and b.district_only else "place.same"
    if a.ids[0] in b.ids or b.ids[0] in a.ids:
        return "place.contained"
    return None


def _by_district(a: PlaceFacts, b: PlaceFacts) -> str | None:
    if a.district is None or b.district is None or a.district != b.district:
        return None
    if a.district_only and b.district_only:
        return "place.same_district"
    return "place.contained" if a.district_only or b.district_only else "place.beside"


def _by_outer(a: PlaceFacts, b: PlaceFacts) -> str | None:
    """Districts beyond the city: two of them are two places, and none is a quarter of the city.

    (A bomb in Bagrami and another in the sixth district were one attack: nothing said how far apart.)
    """
    if not a.ids or not b.ids or a.outer == b.outer:
        return None
    if a.outer is not None and b.outer is not None:
        return "place.differ"
    return "place.outside" if _km(a, b) is None else None


def _by_distance(a: PlaceFacts, b: PlaceFacts, weights: Weights) -> str | None:
    if not a.ids or not b.ids:
        return None
    apart = _km(a, b)
    if apart is not None and apart <= weights["place.near_km"]:
        return "place.beside"
    if a.district is not None and b.district is not None:
        return "place.differ"
    if apart is not None:
        return "place.differ" if apart > weights["place.far_km"] else "place.unrelated"
    return _by_side(a, b)


def _by_side(a: PlaceFacts, b: PlaceFacts) -> str:
    """Sides of a city: opposite ones contradict; "centre" borders on all of them."""
    if a.side is None or b.side is None:
        return "place.unrelated"
    if a.side == b.side:
        return "place.beside"
    opposite = {a.side, b.side} in ({"east", "west"}, {"north", "south"})
    return "place.differ" if opposite else "place.unrelated"


def _km(a: PlaceFacts, b: PlaceFacts) -> float | None:
    """Great-circle distance, good enough within a province; None without two coordinates."""
    if a.lat is None or a.lon is None or b.lat is None or b.lon is None:
        return None
    mean = math.radians((a.lat + b.lat) / 2)
    north, east = a.lat - b.lat, (a.lon - b.lon) * math.cos(mean)
    return _KM_PER_DEGREE * math.hypot(north, east)
