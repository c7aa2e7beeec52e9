"""Words by which agencies order what to do with an item, as ``sources/notices.toml`` lists them.

A notice stands at the beginning of a headline, a keyword line, a note or a paragraph. All notices of
one place are one regular expression too: nearly every text is none, and that is said at one look.

Expressions are compiled when they are first needed: most commands read no documents. They are part of
the program, and tests compile them all (``compile_all``); what is wrong is found before it is shipped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from worker.core.domain.errors import KnowledgeError
from worker.core.domain.vocabulary import EntryStatus

PLACES = ("title", "slugline", "note", "opening")
_NEVER = "(?!)"
_NUMBERS = frozenset(map(str, range(1, 13)))
_KEYS = frozenset({
    "lang", "status", "where", "pattern", "example", "counter", "replaces", "because",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notice:
    """What one wording orders; ``replaces``: it may name an item that this one stands in for."""

    status: EntryStatus
    lang: str
    source: str
    replaces: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """The wording, to be matched at the beginning of a text."""
        return _compiled(self.source)


@dataclass(frozen=True, slots=True)
class Notices:
    """All wordings, by place; what names other items, and what may stand in the end of an embargo.

    ``months``: numbers of months by the beginnings of their names.
    """

    by_place: Mapping[str, tuple[Notice, ...]]
    any_of: Mapping[str, str]
    sources: Mapping[str, str]
    months: Mapping[str, int]

    def match(self, place: str, text: str) -> tuple[Notice, str] | None:
        """The notice at the beginning of a text, and what stands behind it."""
        if _compiled(self.any_of[place]).match(text) is None:
            return None
        for notice in self.by_place[place]:
            if found := notice.pattern.match(text):
                return notice, text[found.end() :]
        return None

    def expression(self, name: str) -> re.Pattern[str]:
        """``address``, ``filler``, ``utc``; ``id``, ``number``, ``slugline`` of another item, ``sent``
        before the moment at which it was; ``versions``, ``part`` and ``whole`` of a keyword line.
        """
        return _compiled(self.sources.get(name, _NEVER))


def month_of(name: str, months: Mapping[str, int]) -> int | None:
    """The number of a month by the beginning of its name, the longest that is listed."""
    plain = unicodedata.normalize("NFD", name.lower()).encode("ascii", "ignore").decode()
    return next((months[start] for size in (4, 3) if (start := plain[:size]) in months), None)


def build_notices(data: Mapping[str, Any], name: str) -> Notices:
    """The file, judged. Raises ``KnowledgeError`` naming the entry that is wrong."""
    raw = data.get("notice", ())
    notices = [(one, _notice(one, f"{name}: notice {k}")) for k, one in enumerate(raw, 1)]
    by_place = {p: tuple(notice for one, notice in notices if p in one["where"]) for p in PLACES}
    any_of = {
        place: "|".join(notice.source for notice in found) or _NEVER
        for place, found in by_place.items()
    }
    sources = {one["kind"]: one["pattern"] for one in data.get("reference", ())}
    sources |= data.get("until", {}) | data.get("story", {})
    sources["address"] = data.get("address", {}).get("pattern", _NEVER)
    return Notices(by_place, any_of, sources, _months(data.get("months", {}), name))


def _months(listed: Mapping[str, Any], name: str) -> Mapping[str, int]:
    """Beginnings of names, each of three or four letters of one month."""
    months: dict[str, int] = {}
    for number, starts in listed.items():
        for start in starts:
            is_start = re.fullmatch("[a-z]{3,4}", start) is not None
            if number not in _NUMBERS or not is_start or start in months:
                raise KnowledgeError(f"{name}: months: {number!r}, {start!r}")
            months[start] = int(number)
    return months


def compile_all(notices: Notices, name: str) -> None:
    """Compile every expression. Raises ``KnowledgeError`` with the first that is none."""
    wordings = [notice.source for found in notices.by_place.values() for notice in found]
    for source in (*wordings, *notices.any_of.values(), *notices.sources.values()):
        try:
            _compiled(source)
        except re.error as error:
            raise KnowledgeError(f"{name}: {source[:60]}: {error}") from error


def _notice(one: Mapping[str, Any], name: str) -> Notice:
    unknown = sorted(one.keys() - _KEYS)
    if unknown:
        raise KnowledgeError(f"{name}: unknown key {unknown[0]!r}")
    status: Any = one.get("status")
    if status not in get_args(EntryStatus) or not set(one.get("where", ())) <= set(PLACES):
        raise KnowledgeError(f"{name}: status {status!r}, where {one.get('where')!r}")
    for key in ("pattern", "example", "counter"):
        if not one.get(key):
            raise KnowledgeError(f"{name}: no {key}")
    return Notice(status, one.get("lang", ""), one["pattern"], bool(one.get("replaces", False)))


@cache
def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source)
