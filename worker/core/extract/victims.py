"""Names of victims as printed: weak evidence that two reports are of one incident.

A name is a run of capitals after a word that introduces a victim ("killed …", "identified as …"),
with titles left out. Texts without capitals yield none.
"""

from __future__ import annotations

import re

from worker.core.extract.passage import Passage
from worker.core.extract.phrase import is_name
from worker.core.text.normalise import plain

_MOST = 12


def find_victims(passage: Passage) -> tuple[str, ...]:
    """Victims' names in the order of the text, each once."""
    out: list[str] = []
    leads = list(passage.find("victim_lead"))
    names = _known(passage) if leads else set()
    for lead in leads:
        norm = passage.prose.norm
        start = norm.raw_start(lead.end())
        while start < len(norm.raw) and norm.raw[start] == " ":
            start += 1
        raw = norm.raw[start : norm.raw_end(passage.clause(lead.start())[1])]
        name = _capitals(raw)
        if name and plain(name) not in names and is_name(passage, lead.end() + 1, lead.end() + 2):
            out.append(name)
    return tuple(dict.fromkeys(out))[:_MOST]


def _capitals(raw: str) -> str | None:
    """The run of at least two capitalised words that opens ``raw``."""
    words: list[str] = []
    for word in re.split(r"\s+", raw)[:5]:
        bare = word.rstrip(",.;:")
        if not bare or not (
            (bare[0].isupper() and not bare.isupper()) or re.fullmatch(r"[A-Z]", bare)
        ):
            break
        words.append(bare)
        if bare != word:
            break
    return " ".join(words) if len(words) >= 2 else None


def _known(passage: Passage) -> set[str]:
    """Names that are places, groups or institutions of the profile, never victims."""
    profile = passage.profile
    names: set[str] = set()
    for place in profile.places:
        names |= {plain(v) for v in (place.name, *place.variants)}
    for actor in profile.actors:
        names |= {plain(v) for v in (actor.name, *actor.variants)}
    for institution in profile.institutions:
        names |= {plain(v) for v in (institution.name, *institution.variants)}
    return names
