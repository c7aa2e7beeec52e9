"""What a case expects: frozen values, read from a table of TOML and judged strictly.

Rules
-----
1. The names are those of the line that ``kabulwire analyze`` prints.
2. Only what is named is expected; what is named is exact.
3. ``"none"`` says that nothing may be reported. "not X" says: anything but X.
4. A list is the whole list, in any order, unless it ends in ``"..."``. A list of statements that
   ends in ``"repeats"`` is whole but for the same figures printed again.
5. A misspelt key, a word outside the vocabulary, an impossible number is an error, never silence.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import worker
from worker.core.domain.vocabulary import (
    Attribution,
    Band,
    DateBasis,
    DatePrecision,
    Label,
    Measure,
    PlacePrecision,
    Qualifier,
    Role,
    Scope,
    StatementStatus,
    Trust,
    WhyDerived,
    Zone,
)

NONE = "none"
"""Stands where TOML has no null: this must not be reported."""
OPEN = "..."
"""Last in a list: others may follow."""
REPEATS = "repeats"
"""Last in a list of statements: the listed figures may be printed again, and no others."""
NOT = "not "

Table = Mapping[str, Any]
Check = Callable[[Any], bool]

_CODES = tomllib.loads(
    (Path(worker.__file__).parent / "core" / "merge" / "state" / "codes.toml").read_text("utf-8")
)


class CorpusError(ValueError):
    """A case that cannot be meant: the message names what is wrong."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An expected list. ``whole``: nothing else may stand there, but ``repeats`` of what is listed."""

    items: tuple[Table, ...]
    whole: bool
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Absent:
    """What no statement, place or group of a report may hold."""

    quotes: tuple[str, ...] = ()
    values: tuple[int, ...] = ()
    places: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportExpectation:
    """What one report must say. A field that is not asked for is no key of ``fields``.

    ``fields`` holds, by the report's own names: words (``role``, ``time``, ``suicide`` …), tables
    (``date``, ``place``, ``killed`` …, or ``NONE``), ``attack_types`` as a tuple, and ``Listed``.
    """

    fields: Table
    absent: Absent = Absent()


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an answer must say: the verdict, its first report, or all its reports in order."""

    verdict: Table
    """``label``, ``band``, ``places`` (other places the article is about), as far as asked for."""
    first: ReportExpectation
    reports: tuple[ReportExpectation, ...] | None = None
    """All reports by prominence, when the case lists them; then ``first`` is empty."""


def read_expectation(table: Table) -> Expectation:
    """The expectation of a case. Raises ``CorpusError``."""
    rest = dict(table)
    verdict = {
        key: _judged(key, rest.pop(key), check) for key, check in _VERDICT.items() if key in rest
    }
    listed = rest.pop("reports", None)
    if listed is None:
        return Expectation(MappingProxyType(verdict), read_report(rest))
    if rest:
        raise CorpusError(f"with `reports`, write {', '.join(sorted(rest))} into its entries")
    if not isinstance(listed, list):
        raise CorpusError("reports: a list of tables")
    reports = tuple(read_report(one) for one in listed)
    return Expectation(MappingProxyType(verdict), ReportExpectation(MappingProxyType({})), reports)


def read_report(table: Table) -> ReportExpectation:
    """The expectation of one report. Raises ``CorpusError``."""
    fields: dict[str, Any] = {}
    absent = Absent()
    for key, value in table.items():
        if key == "absent":
            absent = _absent(value)
        elif key in _WORDS:
            fields[key] = _judged(key, value, _WORDS[key])
        elif key in _FIGURES:
            fields[key] = _figure(key, value)
        elif key in _TABLES:
            fields[key] = _table(key, value)
        elif key in _LISTS:
            fields[key] = _listed(key, value)
        elif key == "attack_types":
            fields[key] = _types(value)
        else:
            raise CorpusError(f"unknown key {key!r}; known: {', '.join(sorted(KEYS))}")
    return ReportExpectation(MappingProxyType(fields), absent)


def _one_of(words: Any) -> Check:
    """One word of a vocabulary, "none", or "not" and such a word."""
    known = frozenset(words) | {NONE}

    def check(value: Any) -> bool:
        return isinstance(value, str) and value.removeprefix(NOT) in known

    return check


def _word(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _number(value: Any) -> bool:
    return value == NONE or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _words(value: Any) -> bool:
    return isinstance(value, list) and all(_word(item) for item in value)


def _day(value: Any) -> bool:
    return value == NONE or _parses(dt.date.fromisoformat, value)


def _clock(value: Any) -> bool:
    return value == NONE or (_parses(dt.time.fromisoformat, value) and len(value) == len("08:20"))


def _parses(parse: Callable[[str], Any], value: Any) -> bool:
    try:
        parse(value)
    except (TypeError, ValueError):
        return False
    return True


def _degrees(value: Any) -> bool:
    return value == NONE or isinstance(value, float)


_VERDICT: Mapping[str, Check] = {
    "label": _one_of(get_args(Label)),
    "band": _one_of(get_args(Band)),
    "places": _words,
}
VERDICT_KEYS = frozenset(_VERDICT)
_WORDS: Mapping[str, Check] = {
    "role": _one_of(get_args(Role)),
    "time": _clock,
    "suicide": _one_of(("yes", "no")),
    "incident_status": _one_of(("ongoing", "ended", "unknown")),
    "n_attacks": _number,
    "n_blasts": _number,
}
_FIGURES = ("killed", "injured", "attackers_killed", "attackers_injured")
_BOUNDS: Mapping[str, Check] = {"low": _number, "best": _number, "high": _number}
_FIGURE: Mapping[str, Check] = {**_BOUNDS, "open_upper": _flag, "conflict": _flag}
_TABLES: Mapping[str, Mapping[str, Check]] = {
    "date": {
        "start": _day,
        "end": _day,
        "precision": _one_of(get_args(DatePrecision)),
        "basis": _one_of(get_args(DateBasis)),
    },
    "place": {
        "name": _word,
        "neighbourhood": _word,
        "police_district": _number,
        "landmark": _word,
        "lat": _degrees,
        "lon": _degrees,
        "precision": _one_of(get_args(PlacePrecision)),
        "trust": _one_of(get_args(Trust)),
        "id": _word,
    },
}
_TARGET_TYPES = _one_of((*_CODES["target_type"], "unknown", "private_citizens_property"))
_LISTS: Mapping[str, Mapping[str, Check]] = {
    "weapons": {
        "type": _one_of(_CODES["weapon_type"]),
        "subtype": _one_of({name.partition("/")[2] for name in _CODES["weapon_subtype"]}),
    },
    "targets": {
        "name": _word,
        "type": _TARGET_TYPES,
        "role": _one_of(("primary", "secondary", "incidental")),
        "subtype": _word,
        "id": _word,
        "parent": _word,
    },
    "perpetrators": {
        "name": _word,
        "actor_class": _word,
        "attribution": _one_of(get_args(Attribution)),
    },
    "claims": {"group": _word, "claimed": _one_of(("yes", "denied")), "speaker": _word},
    "by_category": {"measure": _one_of(get_args(Measure)), "victim_class": _word, **_BOUNDS},
    "other_counts": {"kind": _one_of(get_args(Measure)), **_BOUNDS},
    "victims": {"name": _word},
    "statements": {
        "measure": _one_of(get_args(Measure)),
        "victim_class": _word,
        "value": _number,
        "low": _number,
        "high": _number,
        "qualifier": _one_of(get_args(Qualifier)),
        "speaker": _word,
        "speaker_id": _word,
        "speaker_type": _word,
        "anonymous": _flag,
        "scope": _one_of(get_args(Scope)),
        "status": _one_of(get_args(StatementStatus)),
        "subset": _flag,
        "replaces": _number,
        "derived": _flag,
        "why_derived": _one_of(get_args(WhyDerived)),
        "zone": _one_of(get_args(Zone)),
        "quote": _word,
    },
}
_MAIN_KEY = {
    "targets": "name",
    "perpetrators": "name",
    "claims": "group",
    "victims": "name",
}
"""In these lists a word stands for a table that holds only it."""
KEYS = frozenset({*_WORDS, *_FIGURES, *_TABLES, *_LISTS, "attack_types", "absent"})
"""What can be asked of a report."""


def _judged(key: str, value: Any, check: Check) -> Any:
    if not check(value):
        raise CorpusError(f"{key}: {value!r} is not possible")
    return tuple(value) if isinstance(value, list) else value


def _fields(key: str, value: Any, checks: Mapping[str, Check]) -> Table:
    if not isinstance(value, dict) or not value:
        raise CorpusError(f"{key}: {value!r} is no table of {', '.join(checks)}")
    for name, item in value.items():
        if name not in checks:
            raise CorpusError(f"{key}: unknown key {name!r}; known: {', '.join(sorted(checks))}")
        _judged(f"{key}.{name}", item, checks[name])
    return MappingProxyType(dict(value))


def _figure(key: str, value: Any) -> Table | str:
    """A number is the best value; "none" means that no figure may be reported."""
    if value == NONE:
        return NONE
    if _number(value):
        return MappingProxyType({"best": value})
    return _bounded(key, _fields(key, value, _FIGURE))


def _bounded(key: str, found: Table) -> Table:
    bounds = [found[name] for name in ("low", "best", "high") if isinstance(found.get(name), int)]
    if bounds != sorted(bounds):
        raise CorpusError(f"{key}: low, best, high {bounds} are out of order")
    return found


def _table(key: str, value: Any) -> Table | str:
    """A date may be one day, a place its name; "none" means that it may not be reported."""
    if value == NONE:
        return NONE
    if key == "date" and isinstance(value, str):
        value = {"start": value, "end": value}
    if key == "place" and isinstance(value, str) and _word(value):
        return MappingProxyType({"called": value})
    return _fields(key, value, _TABLES[key])


def _types(value: Any) -> tuple[str, ...]:
    known = (*_CODES["attack_type"],)
    if not isinstance(value, list) or any(item not in known for item in value):
        raise CorpusError(f"attack_types: {value!r}; known: {', '.join(known)}")
    return tuple(value)


def _listed(key: str, value: Any) -> Listed:
    if not isinstance(value, list):
        raise CorpusError(f"{key}: a list, empty when there must be none")
    end = value[-1] if value else None
    marked = end == OPEN or (end == REPEATS and key == "statements")
    items = tuple(_item(key, one) for one in (value[:-1] if marked else value))
    return Listed(items, whole=end != OPEN, repeats=end == REPEATS)


def _item(key: str, value: Any) -> Table:
    if isinstance(value, str) and key in _MAIN_KEY:
        value = {_MAIN_KEY[key]: value}
    if isinstance(value, str) and key == "weapons":
        value = dict(zip(("type", "subtype"), value.split("/"), strict=False))
    return _bounded(key, _fields(key, value, _LISTS[key]))


def _absent(value: Any) -> Absent:
    known = {"quotes": _word, "values": _number, "places": _word, "groups": _word}
    if not isinstance(value, dict):
        raise CorpusError("absent: a table of quotes, values, places, groups")
    for key, items in value.items():
        if key not in known or not isinstance(items, list) or not all(map(known[key], items)):
            raise CorpusError(f"absent.{key}: {items!r}; known: {', '.join(known)}, each a list")
    return Absent(**{key: tuple(items) for key, items in value.items()})
