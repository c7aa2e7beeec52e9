"""Values as bytes: the same value gives the same bytes, on every machine, every time.

Rules
-----
1. UTF-8, not escaped, no spaces; fields in the order of their dataclass, free-form keys sorted.
2. Floats to 4 places; sets sorted; instants as they are, with their offset.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import TypeAdapter


def plain(value: object, adapter: TypeAdapter[Any], fields: set[str] | None = None) -> Any:
    """A dataclass as JSON values: dictionaries, lists, strings, numbers.

    ``fields``: only these.
    """
    return json.loads(adapter.dump_json(value, include=fields), parse_float=_rounded)


def _rounded(number: str) -> float:
    return round(float(number), 4)


def encode(value: Any) -> bytes:
    """JSON values as bytes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace")


def digest(value: Any) -> str:
    """SHA-256 of JSON values, as hex."""
    return hashlib.sha256(encode(value)).hexdigest()
