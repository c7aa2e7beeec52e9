"""News agencies by their spellings, as ``sources/agencies.toml`` lists them, and where one is credited.

A dateline has it in brackets before a dash ("PORTSMERE, July 1 (Reuters) -"), a signature is the last line,
or stands behind the last sentence in brackets or behind a dash. "Said the National Police (ANP)." is
none: its bracket is part of the sentence. "With inputs from AFP" credits facts, not the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from worker.core.domain.errors import KnowledgeError

_DATELINE_CHARS = 80
_SIGNATURE_CHARS = 60


@dataclass(frozen=True, slots=True)
class Agencies:
    """``names``: spelling → the name that is credited."""

    names: Mapping[str, str]

    def named(self, text: str | None) -> str | None:
        """The agency that a provider or outlet is: by its whole name, or the first of several."""
        first = re.split(r"[/,;&|]", text or "", maxsplit=1)[0].strip()
        return self.names.get(first) or _folded(self).get(first.casefold())

    def of_byline(self, byline: str | None) -> str | None:
        """The agency that stands as, or in, a byline."""
        found = _patterns(self)[2].search(byline or "")
        return self.names[found[1]] if found else None

    def of_text(self, body: str) -> str | None:
        """The agency of a text: in the brackets of its dateline, or as the signature below it."""
        dateline, signature, _ = _patterns(self)
        found = dateline.match(body.lstrip()[: 2 * _DATELINE_CHARS])
        if found is None:
            last = body.rstrip().rpartition("\n")[2]
            found = signature.search(last[-_SIGNATURE_CHARS:])
        return self.names[found[1] or found[2]] if found else None


def build_agencies(data: Mapping[str, Any], name: str) -> Agencies:
    """The file, judged. Raises ``KnowledgeError`` when a spelling is of two agencies, or is none."""
    names: dict[str, str] = {}
    for agency, spellings in data.get("spellings", {}).items():
        for spelling in spellings:
            if not isinstance(spelling, str) or not spelling.strip() or spelling in names:
                raise KnowledgeError(f"{name}: {agency}: spelling {spelling!r}")
            names[spelling] = agency
    return Agencies(names)


def _patterns(agencies: Agencies) -> tuple[re.Pattern[str], ...]:
    """Of a dateline, a signature and a byline."""
    return _compiled("|".join(map(re.escape, sorted(agencies.names, key=len, reverse=True))))


@cache
def _compiled(spelled: str) -> tuple[re.Pattern[str], ...]:
    if not spelled:
        never = re.compile("(?!)()()")
        return never, never, never
    return (
        re.compile(
            rf"(?:[^\n()!?]{{0,{_DATELINE_CHARS}}}?[(\[]({spelled})(?!\w)[^()\n]{{0,30}}[)\]]\s*[-–—:_]"
            rf"|[(\[]?({spelled})[)\]]?\s*[-–—/]\s)"
        ),
        re.compile(rf"(?:^[(\[]?|[.!?؟\"”»]\s*[(\[]|[-–—/]\s?)({spelled})()[)\]]?[.\s]*$"),
        re.compile(rf"(?<!\w)({spelled})(?!\w)"),
    )


@cache
def _folded_names(items: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return {spelling.casefold(): name for spelling, name in items}


def _folded(agencies: Agencies) -> Mapping[str, str]:
    return _folded_names(tuple(agencies.names.items()))
