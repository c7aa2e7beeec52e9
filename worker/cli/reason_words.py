"""The reasons of a verdict in words: ``worker/core/classify/reasons.toml``, one sentence a feature.

    head.attack_here    the headline names an attack and a place of the area

A sentence says what was found; whether it speaks for or against a report is the sign of its weight.
What a zone is called depends on where the words stand: the head of a segment is its headline, or its
own first sentence where the attack is told further down.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

import worker
from worker.core.domain.vocabulary import Zone

REASONS = Path(worker.__file__).parent / "core" / "classify" / "reasons.toml"
_USUAL: dict[str, Zone] = {"head": "title", "lead": "lead"}
"""Where the words of a zone stand, when nothing says where."""


def say(code: str, zone: Zone | None = None) -> str:
    """A feature in words, by the zone of the text that its words stand in; an unknown code as it is."""
    data = _read()
    own, _, name = code.partition(".")
    sentence: str = data["reasons"].get(code) or data["reasons"].get(f"*.{name}", code)
    if "{zone}" not in sentence:
        return sentence
    return sentence.format(zone=data["zones"][own][zone or _USUAL.get(own, "body")])


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    return tomllib.loads(REASONS.read_text("utf-8"))
