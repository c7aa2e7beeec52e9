"""What the code asks every language for: the declared categories and tables of ``phrases.toml``.

A language's file may hold these names and no others. A misspelt one would silently be a category that
is never looked at, while the real one is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from worker.core.domain.declared import misfits
from worker.core.domain.errors import KnowledgeError

Kind = Literal["patterns", "tables"]
KINDS: tuple[Kind, ...] = ("patterns", "tables")


@dataclass(frozen=True, slots=True)
class Category:
    """One declared name. ``kind`` is the section of a language's file that it stands in."""

    name: str
    kind: Kind
    meaning: str
    example: str
    """A match in English, or "xx: …" for a match in another language."""
    required: bool


Categories = Mapping[str, Category]


def read_categories(data: Mapping[str, Any], source: str) -> dict[str, Category]:
    """The declared categories by name. Raises ``KnowledgeError`` for one without its fields."""
    out: dict[str, Category] = {}
    for kind in KINDS:
        for name, row in data[kind].items():
            wrong = misfits(row, ("meaning", "example", "required"), ("meaning", "example"))
            if wrong or name in out:
                raise KnowledgeError(
                    f"{source}: {name}: {'; '.join(wrong) or 'stands there twice'}"
                )
            out[name] = Category(
                name, kind, str(row["meaning"]), str(row["example"]), bool(row.get("required"))
            )
    return out


def check_names(
    data: Mapping[str, Any], categories: Categories, source: str, *, complete: bool = True
) -> None:
    """Hold a language's file against the declared names; ``complete``: it must have the required ones.

    Raises ``KnowledgeError`` with every name that is unknown (and the nearest known one), or missing
    though required.
    """
    problems: list[str] = []
    for kind in KINDS:
        known = [c.name for c in categories.values() if c.kind == kind]
        needed = [c.name for c in categories.values() if c.kind == kind and c.required and complete]
        problems += (f"[{kind}] {p}" for p in misfits(data.get(kind, {}), known, needed))
    if problems:
        raise KnowledgeError("\n".join(f"{source}: {problem}" for problem in problems))
