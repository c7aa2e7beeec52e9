"""What a story tells besides its figures: its label, the day of the attack, who claims or denies it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

KEYS = {"label", "day", "claims", "denies"}
"""The keys of a frame's head, and of a choice, that are read here."""
ATTACK = "attack_report"
NOT = "not "
_LABELS = {ATTACK, "background_only", "other_place", "other"}
Day = tuple[str, str]
"""First and last; both the same where it is one."""


@dataclass(frozen=True, slots=True)
class Facts:
    """None: nobody said anything of it, so nothing of it is judged; but for the label."""

    label: str | None = None
    """``attack_report`` where nobody says another; ``not attack_report`` is any but that one."""
    day: Day | None = None
    claims: frozenset[tuple[str, str]] | None = None
    """(group, ``yes`` or ``denied``): all that claim or deny, and no others."""

    def then(self, later: Facts) -> Facts:
        """With what is told behind it: another label and day take the place, claims are added."""
        claims = self.claims
        if later.claims is not None:
            claims = (claims or frozenset()) | later.claims
        return Facts(later.label or self.label, later.day or self.day, claims)

    @property
    def is_attack(self) -> bool:
        """The story is a report, so figures, day and claims are judged as well."""
        return self.label in (None, ATTACK)


NOTHING = Facts()
"""What most choices tell."""


def read_facts(table: Mapping[str, Any]) -> Facts:
    """Of a frame's head or of a choice. Raises ``ValueError`` for a label that there is not."""
    label = table.get("label")
    if label is not None and label.removeprefix(NOT) not in _LABELS:
        raise ValueError(f"no such label: {label}")
    day = table.get("day")
    one, other = (day, day) if isinstance(day, str) else day or (None, None)
    claims = None
    if "claims" in table or "denies" in table:
        yes = {(group, "yes") for group in table.get("claims", ())}
        claims = frozenset(yes | {(group, "denied") for group in table.get("denies", ())})
    return Facts(label, (one, other) if one and other else None, claims)


def wrong_facts(facts: Facts, verdict: Mapping[str, Any], report: Mapping[str, Any]) -> list[str]:
    """In words; empty when all that the story tells is found."""
    found = list(_wrong_label(facts.label or ATTACK, verdict["label"]))
    if facts.is_attack:
        found += _wrong_day(facts.day, report.get("date") or {})
        found += _wrong_claims(facts.claims, report.get("claims") or ())
    return found


def _wrong_label(wanted: str, label: str) -> Iterable[str]:
    right = label != wanted.removeprefix(NOT) if wanted.startswith(NOT) else label == wanted
    if not right:
        yield f"label: expected {wanted}, found {label}"


def _wrong_day(wanted: Day | None, date: Mapping[str, Any]) -> Iterable[str]:
    found = (date.get("start"), date.get("end"))
    if wanted and found != wanted:
        yield f"day: expected {' to '.join(wanted)}, found {found[0]} to {found[1]}"


def _wrong_claims(
    wanted: frozenset[tuple[str, str]] | None, printed: Iterable[Mapping[str, Any]]
) -> Iterable[str]:
    if wanted is None:
        return
    found = {(one["group"], one["claimed"]) for one in printed}
    for group, how in sorted(wanted - found):
        yield f"claims: {group} ({how}) is missing"
    for group, how in sorted(found - wanted):
        yield f"claims: {group} ({how}) is not told"
