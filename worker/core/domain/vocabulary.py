"""The closed sets of words that kabulwire uses for what it finds.

The words are those of the field: MUC-4 for the confidence of an attribution, Atom and NewsML for
entries; design words (role, band, status) are explained in docs/glossary.md.
"""

from __future__ import annotations

from typing import Literal

Role = Literal["primary", "roundup", "background", "retraction"]
Label = Literal["attack_report", "background_only", "other_place", "other"]
Band = Literal["report", "review", "drop"]
EntryStatus = Literal["new", "update", "correction", "refile", "repeat", "kill", "hold", "embargo"]
PublishedBasis = Literal["feed", "jsonld", "meta", "first_seen", "none"]
Zone = Literal["title", "lead", "body", "caption"]
Measure = Literal["killed", "injured", "casualties", "rescued", "arrested", "missing", "hostages"]
"""``casualties`` is one figure for dead and wounded together ("70 killed and injured")."""
Qualifier = Literal[
    "exact",
    "at_least",
    "more_than",
    "nearly",
    "fewer_than",
    "around",
    "up_to",
    "range",
    "several",
    "a_number_of",
    "many",
    "score",
    "scores",
    "dozens",
    "hundreds",
]
VictimClass = Literal[
    "unspecified",
    "perpetrator",
    "adults",
    "children",
    "civilians",
    "employees",
    "foreigners",
    "media_workers",
    "medical",
    "military",
    "police",
    "security_forces",
    "students",
    "teachers",
    "women",
]
"""Who is counted, as a word for them says."""
SpeakerType = Literal[
    "armed_group",
    "government_defence",
    "government_foreign",
    "government_health",
    "government_interior",
    "government_unspecified",
    "hospital",
    "international_organisation",
    "media_sources",
    "outlet_narrator",
    "police",
    "security_forces",
    "unknown",
    "witness",
]
"""Who is quoted, by kind."""
Scope = Literal["incident", "background", "aggregate", "hypothetical", "other_incident"]
StatementStatus = Literal[
    "used", "stale", "superseded", "subset", "derived", "perpetrator_party", "background"
]
WhyDerived = Literal[
    "taken_back",
    "said_to_be_old",
    "newer",
    "named_old",
    "revised",
    "of_before",
    "increase",
    "earlier_entry",
    "within_total",
    "told_to_be_less",
    "of_one_blast",
    "before_a_death",
    "part_again",
    "some_of_those",
    "kind_of_people",
    "knows_a_part",
    "addend",
    "round_word",
    "said_again",
    "headline",
    "both_sides",
    "sum_again",
]
"""Why a figure is no opinion of its own."""
Attribution = Literal[
    "reported_as_fact",
    "claimed_or_admitted",
    "suspected_or_accused_by_authorities",
    "suspected_or_accused",
    "possible",
    "acquitted",
]
"""MUC-4's PERP: ORGANIZATION CONFIDENCE, word for word."""
DatePrecision = Literal["day", "days", "week", "month", "year", "unknown"]
DateBasis = Literal["stated", "caption", "weekday", "relative", "published", "first_seen", "none"]
PlacePrecision = Literal["landmark", "neighbourhood", "district", "city", "province"]
Trust = Literal["verified", "low", "unverified"]
TargetRole = Literal["primary", "secondary", "incidental"]


ATTRIBUTIONS: tuple[Attribution, ...] = (
    "claimed_or_admitted",
    "reported_as_fact",
    "suspected_or_accused_by_authorities",
    "suspected_or_accused",
    "possible",
    "acquitted",
)
"""The surest first."""


TARGET_ROLES: tuple[TargetRole, ...] = ("primary", "secondary", "incidental")
"""What the attack was aimed at first."""


PEOPLE = frozenset({
    "unnamed_civilian", "government_personnel", "military_personnel",
    "police_security_forces_officers", "teacher_professor_instructor",
})  # fmt: skip
"""GTD target subtypes that are people: victims of many an attack on something else."""


ANYBODY = "unnamed_civilian"
"""Target subtype of people by a noun alone: any attack may hit them."""


FINE_PLACES: tuple[PlacePrecision, ...] = ("landmark", "neighbourhood", "district")
"""The finest first. Inside the watched area these tell two places apart …"""


WIDE_PLACES: tuple[PlacePrecision, ...] = ("city", "province")
"""… and these are all of it."""
