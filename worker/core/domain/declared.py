"""Names in a data file held against the names that the code asks for.

A name that nobody asks for is a slip of the pen, and the code would silently do without what it means.
So both sides must agree, and a message names what was probably meant.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


def misfits(found: Iterable[str], known: Collection[str], needed: Collection[str]) -> list[str]:
    """What is wrong with the names of a file: unknown ones with the nearest, then missing ones."""
    names = list(found)
    unknown = [f"{name!r} is unknown{_hint(name, known)}" for name in names if name not in known]
    missing = [f"{name!r} is missing" for name in sorted(set(needed) - set(names))]
    return [*unknown, *missing]


def _hint(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
