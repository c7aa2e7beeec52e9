"""What the JSON formats of news agencies share: a loaded document, and strings out of it.

Strangers put a number where the standard has a string, a list where it has one value, and null
anywhere; every reader here takes what is there and gives None for the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import MAX_ITEMS

Object = Mapping[str, Any]
_WRAPPERS = ("_items", "items", "item", "entries", "results", "docs", "data")
"""Names under which answers of interfaces hold their items."""


def load(data: bytes) -> Any:
    """The document. Raises ``FeedError`` (parse_error) for what is no JSON."""
    try:
        return json.loads(data.decode(json.detect_encoding(data), "replace").lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise FeedError("parse_error", f"no JSON: {str(error)[:100]}") from error


def objects(loaded: Any, is_item: frozenset[str]) -> Iterator[Object]:
    """Objects that have one of the keys ``is_item``: the document, a list, or what an answer wraps."""
    found = 0
    levels = [loaded]
    for _ in range(4):
        deeper: list[Any] = []
        for one in levels:
            if isinstance(one, list):
                deeper.extend(one[:MAX_ITEMS])
            elif isinstance(one, dict) and not is_item.isdisjoint(one):
                found += 1
                yield one
            elif isinstance(one, dict):
                deeper.extend(
                    one[name] for name in _WRAPPERS if isinstance(one.get(name), list | dict)
                )
        levels = deeper[: MAX_ITEMS - found]


def text(raw: Any, *names: str) -> str | None:
    """The first of these fields that holds a string or a number."""
    for name in names:
        value = raw.get(name) if isinstance(raw, Mapping) else None
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return None


def listed(raw: Any, *names: str) -> list[Any]:
    """The first of these fields that holds something, as a list; of an object, its values."""
    for name in names:
        value = raw.get(name) if isinstance(raw, Mapping) else None
        if isinstance(value, list) and value:
            return value
        if isinstance(value, dict) and value:
            return list(value.values())
        if isinstance(value, str) and value.strip():
            return [value]
    return []


def name_of(value: Any) -> str | None:
    """The name of what may be a string or an object."""
    if isinstance(value, str):
        return value.strip() or None
    return text(value, "name", "value", "literal", "title", "code")


def names(raw: Any, *fields: str) -> list[str]:
    """Names of a list of strings or objects."""
    return [found for value in listed(raw, *fields) if (found := name_of(value))]
