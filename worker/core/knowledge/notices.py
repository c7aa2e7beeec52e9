"""Words by which agencies order what to do with an item: compiled from ``sources/notices.toml``.

A notice stands at the beginning of a headline, a keyword line, a note or a paragraph. All notices of
one place are one regular expression too: nearly every text is none, and that is said at one look.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from worker.core.domain.errors import KnowledgeError
from worker.core.domain.vocabulary import EntryStatus

PLACES = ("title", "slugline", "note", "opening")
_KEYS = frozenset(
    {"lang", "status", "where", "pattern", "example", "counter", "replaces", "because"}
)


@dataclass(frozen=True, slots=True)
class Notice:
    """What one wording orders; ``replaces``: it may name an item that this one stands in for."""

    status: EntryStatus
    lang: str
    pattern: re.Pattern[str]
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Notices:
    """All wordings. ``any_of``: what matches where a notice of the place does, for each of ``PLACES``."""

    by_place: Mapping[str, tuple[Notice, ...]]
    any_of: Mapping[str, re.Pattern[str]]
    address: re.Pattern[str]
    references: Mapping[str, re.Pattern[str]]
    filler: re.Pattern[str]
    utc: re.Pattern[str]

    def match(self, place: str, text: str) -> tuple[Notice, str] | None:
        """The notice at the beginning of a text, and what stands behind it."""
        if self.any_of[place].match(text) is None:
            return None
        for notice in self.by_place[place]:
            if found := notice.pattern.match(text):
                return notice, text[found.end() :]
        return None


def build_notices(data: Mapping[str, Any], name: str) -> Notices:
    """Compile the file. Raises ``KnowledgeError`` naming the entry that is wrong."""
    raw = data.get("notice", ())
    notices = [(one, _notice(one, f"{name}: notice {k}")) for k, one in enumerate(raw, 1)]
    by_place = {p: tuple(notice for one, notice in notices if p in one["where"]) for p in PLACES}
    any_of = {
        place: _compiled("|".join(n.pattern.pattern for n in found) or "(?!)", f"{name}: {place}")
        for place, found in by_place.items()
    }
    references = {
        one["kind"]: _compiled(one["pattern"], f"{name}: reference {one['kind']}")
        for one in data.get("reference", ())
    }
    until = data.get("until", {})
    return Notices(
        by_place,
        any_of,
        _compiled(data.get("address", {}).get("pattern", "(?!)"), f"{name}: address"),
        references,
        _compiled(until.get("filler", "(?!)"), f"{name}: until.filler"),
        _compiled(until.get("utc", "(?!)"), f"{name}: until.utc"),
    )


def _notice(one: Mapping[str, Any], name: str) -> Notice:
    unknown = sorted(one.keys() - _KEYS)
    if unknown:
        raise KnowledgeError(f"{name}: unknown key {unknown[0]!r}")
    status: Any = one.get("status")
    if status not in get_args(EntryStatus) or not set(one.get("where", ())) <= set(PLACES):
        raise KnowledgeError(f"{name}: status {status!r}, where {one.get('where')!r}")
    for key in ("example", "counter"):
        if not one.get(key):
            raise KnowledgeError(f"{name}: no {key}")
    pattern = _compiled(one["pattern"], name)
    return Notice(status, one.get("lang", ""), pattern, bool(one.get("replaces", False)))


def _compiled(pattern: str, name: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise KnowledgeError(f"{name}: {error}") from error
