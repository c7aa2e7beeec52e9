"""Profile files, already parsed, become a ``Profile``: every mistake is named with its file.

Rules
-----
1. Pure: the shell reads the files (``worker.knowledge``), this module only judges and converts.
2. Unknown keys are refused. A typo in a switch must not silently mean the default.
3. All problems of a profile are reported at once, not the first alone.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import zoneinfo
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from worker.core.domain.errors import KnowledgeError
from worker.core.knowledge.profile import (
    Actor,
    Confusers,
    Gate,
    Institution,
    KnownAttack,
    PlaceEntry,
    Policy,
    Profile,
)
from worker.core.lang.normalise import plain
from worker.core.lang.phrases import normalise_pattern

T = TypeVar("T")
FILES = (
    "profile.toml",
    "places.csv",
    "actors.toml",
    "speakers.toml",
    "confusers.toml",
    "known.toml",
    "gate.toml",
)
PLACE_COLUMNS = (
    "id", "name", "kind", "parent", "police_district", "lat", "lon", "trust", "generic", "side",
    "variants",
)  # fmt: skip
_PLACE_KINDS = {"city", "province", "district", "neighbourhood", "landmark", "elsewhere"}
_TRUSTS = {None, "verified", "low", "unverified"}
_PROFILE_KEYS = {
    "title",
    "country",
    "zone",
    "calendars",
    "policy",
    "soft_names",
    "outlet_trust",
}


def build_profile(name: str, files: Mapping[str, Any]) -> Profile:
    """Judge and convert the files of one profile folder.

    ``files`` maps each name of ``FILES`` to its TOML table, or to rows of strings for the CSV.
    Raises ``KnowledgeError`` with one line per problem.
    """
    problems: list[str] = []
    head: Mapping[str, Any] = files["profile.toml"]
    _refuse_unknown(head, _PROFILE_KEYS, "profile.toml", problems)
    places = _each(files["places.csv"], _place, "places.csv", problems)
    profile = Profile(
        name=name,
        title=str(head.get("title", name)),
        country=str(head.get("country", "")),
        zone=_zone(head, problems),
        calendars=tuple(head.get("calendars", ("gregorian",))),
        policy=_policy(head.get("policy", {}), problems),
        places=places,
        actors=_each(_rows(files, "actors.toml", "actor"), _actor, "actors.toml", problems),
        institutions=_each(
            _rows(files, "speakers.toml", "institution"),
            _as(Institution),
            "speakers.toml",
            problems,
        ),
        known=_each(_rows(files, "known.toml", "attack"), _known, "known.toml", problems),
        confusers=_confusers(files["confusers.toml"], problems),
        gate=_gate(files["gate.toml"], problems),
        outlet_trust=dict(head.get("outlet_trust", {})),
        soft_names=_lists(head.get("soft_names", {})),
    )
    _check_references(profile, problems)
    if problems:
        raise KnowledgeError("\n".join(f"{name}/{problem}" for problem in problems))
    return profile


def _rows(files: Mapping[str, Any], file: str, key: str) -> Sequence[Mapping[str, Any]]:
    rows: Sequence[Mapping[str, Any]] = files[file].get(key, ())
    return rows


def _refuse_unknown(
    data: Mapping[str, Any], known: set[str], file: str, problems: list[str]
) -> None:
    problems.extend(f"{file}: unknown key {key!r}" for key in sorted(set(data) - known))


def _each(
    rows: Iterable[Mapping[str, Any]],
    convert: Callable[[Mapping[str, Any]], T],
    file: str,
    problems: list[str],
) -> tuple[T, ...]:
    out: list[T] = []
    for number, row in enumerate(rows, 1):
        try:
            out.append(convert(row))
        except (KeyError, TypeError, ValueError) as error:
            problems.append(f"{file}: entry {number} ({row.get('id', '?')}): {error}")
    return tuple(out)


def _as(kind: type[T]) -> Callable[[Mapping[str, Any]], T]:
    """A converter of a TOML table into a dataclass: lists become tuples, unknown keys an error."""
    optional = {"place": None, "killed": None}

    def convert(row: Mapping[str, Any]) -> T:
        names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
        unknown = set(row) - names
        if unknown:
            raise ValueError(f"unknown key {sorted(unknown)}")
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
        defaults = {k: v for k, v in optional.items() if k in names}
        return kind(**{**defaults, **values})

    return convert


def _actor(row: Mapping[str, Any]) -> Actor:
    since = row.get("in_power_from")
    if since is not None and not isinstance(since, dt.date):
        raise TypeError("in_power_from must be a TOML date such as 2031-02-01")
    return _as(Actor)(row)


def _known(row: Mapping[str, Any]) -> KnownAttack:
    if not isinstance(row.get("date"), dt.date):
        raise TypeError("date must be a TOML date such as 2019-05-08")
    return _as(KnownAttack)(row)


def _place(row: Mapping[str, str | None]) -> PlaceEntry:
    if set(row) != set(PLACE_COLUMNS):
        raise ValueError(f"columns must be {','.join(PLACE_COLUMNS)}")
    cell = {key: (value or "").strip() or None for key, value in row.items()}
    if cell["id"] is None or cell["name"] is None or cell["kind"] not in _PLACE_KINDS:
        raise ValueError(f"id, name and a kind of {sorted(_PLACE_KINDS)} are needed")
    if cell["trust"] not in _TRUSTS:
        raise ValueError(f"trust {cell['trust']!r} is none of verified, low, unverified")
    if (cell["lat"] is None) != (cell["lon"] is None) or (cell["lat"] and not cell["trust"]):
        raise ValueError("a coordinate needs lat, lon and a trust")
    variants = tuple(v.strip() for v in (cell["variants"] or "").split(";") if v.strip())
    return PlaceEntry(
        id=cell["id"],
        name=cell["name"],
        kind=cell["kind"],  # type: ignore[arg-type]
        variants=variants or (cell["name"],),
        parent=cell["parent"],
        police_district=int(cell["police_district"]) if cell["police_district"] else None,
        lat=float(cell["lat"]) if cell["lat"] else None,
        lon=float(cell["lon"]) if cell["lon"] else None,
        trust=cell["trust"],  # type: ignore[arg-type]
        generic=cell["generic"] == "yes",
        side=cell["side"],
    )


def _zone(head: Mapping[str, Any], problems: list[str]) -> str:
    zone = str(head.get("zone", "UTC"))
    if zone not in zoneinfo.available_timezones():
        problems.append(f"profile.toml: zone {zone!r} is no IANA time zone")
    return zone


def _policy(data: Mapping[str, Any], problems: list[str]) -> Policy:
    names = {field.name for field in dataclasses.fields(Policy)}
    _refuse_unknown(data, names, "profile.toml [policy]", problems)
    values = {key: value for key, value in data.items() if key in names}
    by_lang = values.get("thresholds_by_lang")
    if by_lang is not None:
        values["thresholds_by_lang"] = {k: (float(v[0]), float(v[1])) for k, v in by_lang.items()}
    policy = Policy(**values)
    if not 0 <= policy.review_at <= policy.report_at <= 1:
        problems.append("profile.toml [policy]: 0 <= review_at <= report_at <= 1 must hold")
    return policy


def _lists(data: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(values) for key, values in data.items()}


def _confusers(data: Mapping[str, Any], problems: list[str]) -> Confusers:
    sections = ("not_here", "proper", "needs_context", "direction", "vicinity")
    _refuse_unknown(data, set(sections), "confusers.toml", problems)
    for section in sections:
        for lang, patterns in data.get(section, {}).items():
            for pattern in patterns:
                try:
                    re.compile(normalise_pattern(pattern))
                except re.error as error:
                    problems.append(f"confusers.toml: {section}.{lang}: {pattern!r}: {error}")
    return Confusers(*(_lists(data.get(section, {})) for section in sections))


def _gate(data: Mapping[str, Any], problems: list[str]) -> Gate:
    _refuse_unknown(
        data, {"places", "attack_words", "always_outlets", "min_summary"}, "gate.toml", problems
    )
    return Gate(
        places=tuple(plain(word) for word in data.get("places", ())),
        attack_words=tuple(plain(word) for word in data.get("attack_words", ())),
        always_outlets=tuple(data.get("always_outlets", ())),
        min_summary=int(data.get("min_summary", 40)),
    )


def _check_references(profile: Profile, problems: list[str]) -> None:
    ids = [place.id for place in profile.places]
    problems.extend(
        f"places.csv: id {i!r} twice" for i in sorted({i for i in ids if ids.count(i) > 1})
    )
    known = set(ids)
    for place in profile.places:
        if place.parent is not None and place.parent not in known:
            problems.append(f"places.csv: {place.id}: no parent {place.parent!r}")
    for attack in profile.known:
        if attack.place is not None and attack.place not in known:
            problems.append(f"known.toml: {attack.id}: no place {attack.place!r}")
