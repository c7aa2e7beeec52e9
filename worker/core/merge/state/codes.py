"""An incident in the words of other databases: GTD codes and ACLED names.

Rules
-----
1. Our own slots stay as printed; codes are a derived view. GTD's ``nkill`` counts attackers in,
   as its codebook demands; our figures never do.
2. A value without a code in the table gets none. Nothing is guessed.
3. ACLED: a clash outranks the explosion inside it ("Armed clash"), and "Suicide bomb" is used only
   in the absence of an armed clash (ACLED codebook).

The table is ``codes.toml``, in the order of GTD's hierarchy of attack types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from worker.core.domain.report import IncidentDate, Perpetrator, Target, Weapon
from worker.core.domain.snapshot import Casualties, Codes

Table = Mapping[str, Mapping[str, str]]


class Coded(Protocol):
    """What is coded: the slots of an incident or of a report."""

    @property
    def date(self) -> IncidentDate: ...
    @property
    def attack_types(self) -> tuple[str, ...]: ...
    @property
    def suicide(self) -> str | None: ...
    @property
    def weapons(self) -> tuple[Weapon, ...]: ...
    @property
    def targets(self) -> tuple[Target, ...]: ...
    @property
    def perpetrators(self) -> tuple[Perpetrator, ...]: ...


def code(slots: Coded, casualties: Casualties, table: Table) -> Codes:
    """The codes of an incident."""
    gtd = {**_gtd_slots(slots, table), **_gtd_counts(casualties)}
    return Codes(dict(sorted(gtd.items())), dict(sorted(_acled(slots, table).items())))


def _gtd_slots(slots: Coded, table: Table) -> dict[str, str]:
    codes: dict[str, str] = {}
    for k, name in enumerate(slots.attack_types[:3], start=1):
        _put(codes, f"attacktype{k}", table["attack_type"].get(name))
    for k, weapon in enumerate(slots.weapons[:4], start=1):
        _put(codes, f"weaptype{k}", table["weapon_type"].get(weapon.type))
        subtype = table["weapon_subtype"].get(f"{weapon.type}/{weapon.subtype}")
        _put(codes, f"weapsubtype{k}", subtype)
    for k, target in enumerate(slots.targets[:3], start=1):
        _put(codes, f"targtype{k}", table["target_type"].get(target.type))
        subtype = table["target_subtype"].get(f"{target.type}/{target.subtype}")
        _put(codes, f"targsubtype{k}", subtype)
    _put(codes, "suicide", {"yes": "1", "no": "0"}.get(slots.suicide or ""))
    if slots.date.start is not None and slots.date.start == slots.date.end:
        day = slots.date.start
        codes |= {"iyear": str(day.year), "imonth": str(day.month), "iday": str(day.day)}
    if slots.perpetrators:
        codes["gname"] = slots.perpetrators[0].name
        sure = slots.perpetrators[0].attribution in ("claimed_or_admitted", "reported_as_fact")
        codes["guncertain1"] = "0" if sure else "1"
    return codes


def _gtd_counts(casualties: Casualties) -> dict[str, str]:
    """``nkill`` includes attackers; without a figure of victims there is none."""
    codes: dict[str, str] = {}
    for name, victims, attackers in (
        ("kill", casualties.killed, casualties.attackers_killed),
        ("wound", casualties.injured, casualties.attackers_injured),
    ):
        own = victims.best if victims is not None else None
        theirs = attackers.best if attackers is not None else None
        if own is not None:
            codes[f"n{name}"] = str(own + (theirs or 0))
        if theirs is not None:
            codes["nkillter" if name == "kill" else "nwoundte"] = str(theirs)
    return codes


def _acled(slots: Coded, table: Table) -> dict[str, str]:
    """Event and sub-event type of the slots, when a rule of the table fits them."""
    facts = {f"attack:{name}" for name in slots.attack_types}
    facts |= {f"weapon:{w.type}/{w.subtype}" for w in slots.weapons}
    facts |= {f"actor:{p.actor_class}" for p in slots.perpetrators}
    facts |= {f"target:{t.type}" for t in slots.targets}
    if slots.suicide == "yes":
        facts.add("suicide:yes")
    for sub_event, needs in table["acled_rules"].items():
        if any(set(option.split("+")) <= facts for option in needs.split()):
            return {
                "event_type": table["acled_event_type"][sub_event],
                "sub_event_type": sub_event,
            }
    return {}


def _put(codes: dict[str, str], name: str, value: str | None) -> None:
    if value is not None:
        codes[name] = value
